use futures_util::StreamExt;

use super::apply::create;
use super::identity::identity;
use super::resource::DISK;
use super::*;
use crate::framework::sample::DiskFilter;
use crate::protocol::tfplugin6::{list_resource, validate_list_resource_config};

fn filter(name: Value) -> Option<wire::DynamicValue> {
    object::<DiskFilter, 1>([("name", name)])
}

#[tokio::test]
async fn validation_needs_no_configured_provider() {
    for (type_name, config, expected) in [
        (DISK, filter("a".into()), vec![]),
        (DISK, filter("".into()), vec![error("Empty name", "Leave it out.", at([attribute("name")]))]),
        (DISK, bytes(b"\x80"), vec![malformed("missing attribute \"name\"", None)]),
        ("sample_none", null(), vec![unknown("list resource")]),
    ] {
        let request =
            validate_list_resource_config::Request { type_name: type_name.into(), config, ..Default::default() };
        let response = client().validate_list_resource_config(request).await.unwrap().into_inner();
        assert_eq!(response, validate_list_resource_config::Response { diagnostics: expected });
    }
}

async fn list(client: &mut Client, request: list_resource::Request) -> Vec<list_resource::Event> {
    let events = client.list_resource(request).await.unwrap().into_inner();
    events.map(|event| event.unwrap()).collect().await
}

fn request(name: Value, include_resource_object: bool, limit: i64) -> list_resource::Request {
    list_resource::Request { type_name: DISK.into(), config: filter(name), include_resource_object, limit }
}

/// A client of a provider with the disks a, b and c, and the complete event of each.
async fn filled() -> (Client, Vec<list_resource::Event>) {
    let mut client = configured().await;
    let mut events = Vec::new();
    for name in ["a", "b", "c"] {
        events.push(list_resource::Event {
            identity: identity(format!("d-{name}").into(), name.into()),
            display_name: name.into(),
            resource_object: create(&mut client, name).await.new_state,
            ..Default::default()
        });
    }
    (client, events)
}

fn without_object(events: &[list_resource::Event]) -> Vec<list_resource::Event> {
    events.iter().cloned().map(|event| list_resource::Event { resource_object: None, ..event }).collect()
}

fn trouble(diagnostic: wire::Diagnostic) -> list_resource::Event {
    list_resource::Event { diagnostic: vec![diagnostic], ..Default::default() }
}

#[tokio::test]
async fn list_returns_the_requested_objects() {
    let (mut client, all) = filled().await;
    let refused = trouble(error("Refused", "No more of them.", None));
    let with = |events: &[list_resource::Event], event| [events, &[event]].concat();
    for (name, whole, limit, expected) in [
        (Value::Null, true, 100, all.clone()),
        (Value::Null, false, 100, without_object(&all)),
        (Value::Null, false, 3, without_object(&all)),
        (Value::Null, false, 2, without_object(&all[..2])),
        (Value::Null, false, 0, without_object(&all)),
        ("refused".into(), true, 100, with(&all[..1], refused)),
        ("panics".into(), true, 100, with(&all[..1], trouble(crash("no list")))),
    ] {
        assert_eq!(list(&mut client, request(name, whole, limit)).await, expected, "{limit}");
    }
}

#[tokio::test]
async fn list_error_is_one_event() {
    let unknown_type = list_resource::Request { type_name: "sample_none".into(), ..Default::default() };
    let bad = list_resource::Request { config: bytes(b"\x80"), ..request(Value::Null, false, 1) };
    let mut client = client();
    for (request, expected) in [
        (unknown_type, unknown("list resource")),
        (bad, malformed("missing attribute \"name\"", None)),
        (request(Value::Null, false, 1), unconfigured()),
    ] {
        assert_eq!(list(&mut client, request).await, [trouble(expected)]);
    }
}

#[tokio::test]
async fn client_disconnect_ends_the_list() {
    let (mut client, all) = filled().await;
    let mut events = client.list_resource(request(Value::Null, true, 100)).await.unwrap().into_inner();
    assert_eq!(events.next().await.unwrap().unwrap(), all[0]);
    drop(events);
    assert_eq!(list(&mut client, request(Value::Null, true, 100)).await, all);
}
