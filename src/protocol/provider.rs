//! Calls about the provider as a whole.

use super::convert::{decode, diagnostics};
use super::function::signature;
use super::schema::schema;
use super::tfplugin6::{
    self as wire, configure_provider, get_metadata, get_provider_schema, stop_provider, validate_provider_config,
};
use crate::framework::{Provider, Server};

/// What this server can do beyond the base protocol.
fn capabilities() -> wire::ServerCapabilities {
    // Terraform may keep the schema and skip the call that asks for it; nothing here is set up by that call.
    wire::ServerCapabilities { get_provider_schema_optional: true, ..Default::default() }
}

pub async fn metadata<P: Provider>(server: &Server<P>, _: get_metadata::Request) -> get_metadata::Response {
    let resource = |name: &str| get_metadata::ResourceMetadata { type_name: name.to_owned() };
    let data_source = |name: &str| get_metadata::DataSourceMetadata { type_name: name.to_owned() };
    let ephemeral = |name: &str| get_metadata::EphemeralMetadata { type_name: name.to_owned() };
    get_metadata::Response {
        server_capabilities: Some(capabilities()),
        resources: server.resources().map(|r| resource(r.type_name())).collect(),
        data_sources: server.data_sources().map(|d| data_source(d.type_name())).collect(),
        ephemeral_resources: server.ephemeral_resources().map(|e| ephemeral(e.type_name())).collect(),
        functions: server.functions().map(|f| get_metadata::FunctionMetadata { name: f.name().to_owned() }).collect(),
        ..Default::default()
    }
}

pub async fn schemas<P: Provider>(
    server: &Server<P>,
    _: get_provider_schema::Request,
) -> get_provider_schema::Response {
    get_provider_schema::Response {
        provider: Some(schema(server.schema())),
        resource_schemas: server.resources().map(|r| (r.type_name().to_owned(), schema(r.schema()))).collect(),
        data_source_schemas: server.data_sources().map(|d| (d.type_name().to_owned(), schema(d.schema()))).collect(),
        ephemeral_resource_schemas: server
            .ephemeral_resources()
            .map(|e| (e.type_name().to_owned(), schema(e.schema())))
            .collect(),
        functions: server.functions().map(|f| (f.name().to_owned(), signature(f))).collect(),
        server_capabilities: Some(capabilities()),
        ..Default::default()
    }
}

pub async fn validate<P: Provider>(
    server: &Server<P>,
    request: validate_provider_config::Request,
) -> validate_provider_config::Response {
    let found = match decode(request.config.as_ref(), &server.schema().ty) {
        Ok(config) => server.validate(&config).await,
        Err(error) => error.into(),
    };
    validate_provider_config::Response { diagnostics: diagnostics(found) }
}

pub async fn configure<P: Provider>(
    server: &Server<P>,
    request: configure_provider::Request,
) -> configure_provider::Response {
    let found = match decode(request.config.as_ref(), &server.schema().ty) {
        Ok(config) => server.configure(&config).await,
        Err(error) => error.into(),
    };
    configure_provider::Response { diagnostics: diagnostics(found) }
}

pub async fn stop<P: Provider>(server: &Server<P>, _: stop_provider::Request) -> stop_provider::Response {
    server.stop();
    stop_provider::Response::default()
}
