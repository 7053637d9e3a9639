//! A client in this process: the generated client and the generated server, without a socket.
//!
//! Tests compare whole responses.

mod action;
mod apply;
mod concurrency;
mod data_source;
mod deferral;
mod ephemeral;
mod function;
mod identity;
mod list;
mod provider;
mod resource;

use super::Service;
use super::tfplugin6::provider_client::ProviderClient;
use super::tfplugin6::provider_server::ProviderServer;
use super::tfplugin6::{self as wire, configure_provider};
use crate::framework::conformance::complete;
use crate::framework::sample::{SampleConfig, SampleProvider};
use crate::schema::{Model, Schema};
use crate::value::{Value, msgpack};

type Client = ProviderClient<ProviderServer<Service<SampleProvider>>>;

fn client() -> Client {
    ProviderClient::new(ProviderServer::new(Service::default()))
}

/// A client of a provider whose IDs begin with `d-`.
async fn configured() -> Client {
    let mut client = client();
    let response = configure(&mut client, "d-".into()).await;
    assert_eq!(response, configure_provider::Response::default());
    client
}

async fn configure(client: &mut Client, prefix: Value) -> configure_provider::Response {
    let config = object::<SampleConfig, 1>([("prefix", prefix)]);
    let request = configure_provider::Request { config, ..Default::default() };
    client.configure_provider(request).await.unwrap().into_inner()
}

/// An object of model `M`, with null for attributes that are not in `entries`.
fn object<M: Model, const N: usize>(entries: [(&str, Value); N]) -> Option<wire::DynamicValue> {
    let ty = Schema::of::<M>(0).unwrap().ty;
    bytes(&msgpack::encode(&complete(Value::map(entries), &ty), &ty))
}

fn bytes(msgpack: &[u8]) -> Option<wire::DynamicValue> {
    Some(wire::DynamicValue { msgpack: msgpack.to_vec(), json: Vec::new() })
}

fn null() -> Option<wire::DynamicValue> {
    bytes(&[0xc0])
}

fn error(summary: &str, detail: &str, attribute: Option<wire::AttributePath>) -> wire::Diagnostic {
    let severity = wire::diagnostic::Severity::Error.into();
    wire::Diagnostic { severity, summary: summary.into(), detail: detail.into(), attribute }
}

fn warning(summary: &str, detail: &str) -> wire::Diagnostic {
    wire::Diagnostic { severity: wire::diagnostic::Severity::Warning.into(), ..error(summary, detail, None) }
}

/// An attribute path.
fn at<const N: usize>(steps: [wire::attribute_path::step::Selector; N]) -> Option<wire::AttributePath> {
    let steps = steps.map(|step| wire::attribute_path::Step { selector: Some(step) });
    Some(wire::AttributePath { steps: steps.into() })
}

fn attribute(name: &str) -> wire::attribute_path::step::Selector {
    wire::attribute_path::step::Selector::AttributeName(name.into())
}

fn crash(message: &str) -> wire::Diagnostic {
    let detail = format!(
        "An operation of the provider ended unexpectedly: {message}. This is a bug in the provider. Please report it, with the \
        following stack trace and the configuration. The state contains what the operation had saved of the object."
    );
    error("The provider crashed", &detail, None)
}

fn malformed(problem: &str, attribute: Option<wire::AttributePath>) -> wire::Diagnostic {
    let detail = format!(
        "Terraform sent a value that does not fit the provider's schema: {problem}. Please report this, with the versions \
        of Terraform and the provider."
    );
    error("Malformed value", &detail, attribute)
}

fn unconfigured() -> wire::Diagnostic {
    let detail = "Terraform requested an operation before it configured the provider. Please report this, with the \
    versions of Terraform and the provider.";
    error("Provider not configured", detail, None)
}

fn unknown(what: &str) -> wire::Diagnostic {
    let detail =
        format!("This version of the provider has no {what} \"sample_none\". Check the name, or upgrade the provider.");
    error(&format!("Unknown {what}"), &detail, None)
}
