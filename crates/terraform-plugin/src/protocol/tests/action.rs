use futures_util::StreamExt;

use super::*;
use crate::framework::sample::FormatConfig;
use crate::protocol::tfplugin6::{invoke_action, plan_action, stop_provider, validate_action_config};

const FORMAT: &str = "sample_format";

fn config(id: Value) -> Option<wire::DynamicValue> {
    object::<FormatConfig, 1>([("id", id)])
}

#[tokio::test]
async fn validation_needs_no_configured_provider() {
    for (type_name, config, expected) in [
        (FORMAT, config("a".into()), vec![]),
        (FORMAT, config(Value::Unknown), vec![]),
        (FORMAT, config("".into()), vec![error("Empty ID", "Give one.", at([attribute("id")]))]),
        (FORMAT, bytes(b"\x80"), vec![malformed("missing attribute \"id\"", None)]),
        ("sample_none", null(), vec![unknown("action")]),
    ] {
        let request = validate_action_config::Request { type_name: type_name.into(), config };
        let response = client().validate_action_config(request).await.unwrap().into_inner();
        assert_eq!(response, validate_action_config::Response { diagnostics: expected });
    }
}

#[tokio::test]
async fn plan_returns_diagnostics() {
    for (action_type, id, diagnostics) in [
        (FORMAT, "a".into(), vec![warning("Planned", "It will be formatted.")]),
        (FORMAT, Value::Unknown, vec![warning("Planned", "It will be formatted.")]),
        (FORMAT, "refused".into(), vec![error("Refused", "It cannot be formatted.", None)]),
        (FORMAT, "panics".into(), vec![crash("no plan")]),
        ("sample_none", "a".into(), vec![unknown("action")]),
    ] {
        let request =
            plan_action::Request { action_type: action_type.into(), config: config(id), ..Default::default() };
        let response = configured().await.plan_action(request).await.unwrap().into_inner();
        assert_eq!(response, plan_action::Response { diagnostics, ..Default::default() });
    }
}

#[tokio::test]
async fn plan_is_deferred_until_the_provider_is_configured() {
    let mut client = client();
    configure(&mut client, Value::Unknown).await;
    let client_capabilities = Some(wire::ClientCapabilities { deferral_allowed: true, ..Default::default() });
    let request = plan_action::Request { action_type: FORMAT.into(), config: config("a".into()), client_capabilities };
    let response = client.plan_action(request).await.unwrap().into_inner();
    let deferred = Some(wire::Deferred { reason: wire::deferred::Reason::ProviderConfigUnknown.into() });
    assert_eq!(response, plan_action::Response { deferred, ..Default::default() });
}

async fn invoke(client: &mut Client, action_type: &str, id: &str) -> Vec<invoke_action::Event> {
    let (action_type, config) = (action_type.into(), config(id.into()));
    let request = invoke_action::Request { action_type, config, ..Default::default() };
    let events = client.invoke_action(request).await.unwrap().into_inner();
    events.map(|event| event.unwrap()).collect().await
}

fn progress(message: &str) -> invoke_action::Event {
    let progress = invoke_action::event::Progress { message: message.into() };
    invoke_action::Event { r#type: Some(invoke_action::event::Type::Progress(progress)) }
}

fn completed(diagnostics: Vec<wire::Diagnostic>) -> invoke_action::Event {
    let completed = invoke_action::event::Completed { diagnostics };
    invoke_action::Event { r#type: Some(invoke_action::event::Type::Completed(completed)) }
}

#[tokio::test]
async fn action_reports_progress_and_completes_once() {
    for (action_type, id, expected) in [
        (FORMAT, "a", vec![progress("begun"), progress("half done"), completed(vec![])]),
        (FORMAT, "refused", vec![progress("begun"), completed(vec![error("Refused", "It is in use.", None)])]),
        (FORMAT, "panics", vec![progress("begun"), completed(vec![crash("no disk")])]),
        ("sample_none", "a", vec![completed(vec![unknown("action")])]),
    ] {
        assert_eq!(invoke(&mut configured().await, action_type, id).await, expected, "{id}");
    }
    assert_eq!(invoke(&mut client(), FORMAT, "a").await, [completed(vec![unconfigured()])]);
}

#[tokio::test]
async fn stop_ends_an_action_cleanly() {
    let mut client = configured().await;
    let mut stopping = client.clone();
    let (events, _) = tokio::join!(invoke(&mut client, FORMAT, "waits"), async {
        tokio::task::yield_now().await;
        stopping.stop_provider(stop_provider::Request {}).await.unwrap()
    });
    assert_eq!(events, [progress("begun"), completed(vec![warning("Stopped", "The wait was ended.")])]);
}
