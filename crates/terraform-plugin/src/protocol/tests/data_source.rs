use super::*;
use crate::framework::sample::DiskLookup;
use crate::protocol::tfplugin6::{read_data_source, validate_data_resource_config};

fn lookup(id: Value, size: Value) -> Option<wire::DynamicValue> {
    object::<DiskLookup, 2>([("id", id), ("size", size)])
}

#[tokio::test]
async fn validation_needs_no_configured_provider() {
    for (type_name, config, expected) in [
        ("sample_disk", lookup("d-1".into(), Value::Null), vec![]),
        ("sample_disk", lookup(Value::Unknown, Value::Null), vec![]),
        ("sample_disk", lookup("".into(), Value::Null), vec![error("Empty ID", "Give one.", at([attribute("id")]))]),
        ("sample_disk", bytes(b"\x80"), vec![malformed("missing attribute \"id\"", None)]),
        ("sample_none", null(), vec![unknown("data source")]),
    ] {
        let request = validate_data_resource_config::Request { type_name: type_name.into(), config };
        let response = client().validate_data_resource_config(request).await.unwrap().into_inner();
        assert_eq!(response, validate_data_resource_config::Response { diagnostics: expected });
    }
}

#[tokio::test]
async fn read_returns_the_object_or_errors() {
    let known = "Value not known after the operation";
    let detail = "size is still unknown after an otherwise successful operation. It is null in the state. This is a bug in the \
        provider; please report it.";
    for (type_name, id, state, diagnostics) in [
        (
            "sample_disk",
            "vague",
            lookup("vague".into(), Value::Null),
            vec![error(known, detail, at([attribute("size")]))],
        ),
        ("sample_disk", "panics", null(), vec![crash("no disk")]),
        (
            "sample_disk",
            "gone",
            null(),
            vec![error("No such disk", "There is no disk \"gone\".", at([attribute("id")]))],
        ),
        ("sample_none", "d-1", None, vec![unknown("data source")]),
    ] {
        let request = read_data_source::Request {
            type_name: type_name.into(),
            config: lookup(id.into(), Value::Null),
            ..Default::default()
        };
        let response = configured().await.read_data_source(request).await.unwrap().into_inner();
        assert_eq!(response, read_data_source::Response { state, diagnostics, ..Default::default() }, "{id}");
    }
}

#[tokio::test]
async fn read_before_configuration_is_an_error() {
    let config = lookup("d-1".into(), Value::Null);
    let request = read_data_source::Request { type_name: "sample_disk".into(), config, ..Default::default() };
    let response = client().read_data_source(request).await.unwrap().into_inner();
    let expected = read_data_source::Response { diagnostics: vec![unconfigured()], ..Default::default() };
    assert_eq!(response, expected);
}
