use super::identity::identity;
use super::resource::{DISK, disk};
use super::*;
use crate::protocol::tfplugin6::{apply_resource_change, read_resource};

async fn apply(
    client: &mut Client,
    prior_state: Option<wire::DynamicValue>,
    planned_state: Option<wire::DynamicValue>,
    config: Option<wire::DynamicValue>,
) -> apply_resource_change::Response {
    let request = apply_resource_change::Request {
        type_name: DISK.into(),
        prior_state,
        planned_state,
        config,
        planned_private: br#"{"planned":"yes"}"#.into(),
        ..Default::default()
    };
    client.apply_resource_change(request).await.unwrap().into_inner()
}

fn planned(name: &str) -> Option<wire::DynamicValue> {
    disk([
        ("id", Value::Unknown),
        ("name", name.into()),
        ("size", Value::Unknown),
        ("status", Value::Unknown),
        ("wait", true.into()),
    ])
}

/// Creates a disk as planned.
pub(super) async fn create(client: &mut Client, name: &str) -> apply_resource_change::Response {
    apply(client, null(), planned(name), disk([("name", name.into())])).await
}

#[tokio::test]
async fn create_returns_the_known_state_however_it_ends() {
    let both = br#"{"created":"yes","planned":"yes"}"#;
    let begun = |name: &str| disk([("id", format!("d-{name}").into()), ("name", name.into()), ("wait", true.into())]);
    let ready = disk([
        ("id", "d-a".into()),
        ("name", "a".into()),
        ("size", 20_i64.into()),
        ("status", "Ready".into()),
        ("wait", true.into()),
    ]);
    let detail = "size is still unknown after an otherwise successful operation. It is null in the state. This is a bug in the \
        provider; please report it.";
    let vague = error("Value not known after the operation", detail, at([attribute("size")]));
    let detail = "The operation ended without an object and without an error. This is a bug in the provider; please report \
                  it.";
    let planned = &br#"{"planned":"yes"}"#[..];
    for (name, new_state, private, diagnostics) in [
        ("a", ready, &both[..], vec![]),
        ("refused", null(), planned, vec![error("Refused", "The cloud refused it.", None)]),
        ("half", begun("half"), both, vec![error("Half", "It failed halfway.", at([attribute("name")]))]),
        ("panics", begun("panics"), both, vec![crash("no disk")]),
        ("forgets", null(), planned, vec![error("Nothing to save", detail, None)]),
        ("vague", begun("vague"), both, vec![vague]),
    ] {
        let response = create(&mut configured().await, name).await;
        let new_identity = (new_state != null()).then(|| identity(format!("d-{name}").into(), name.into())).flatten();
        let expected = apply_resource_change::Response {
            new_state,
            private: private.into(),
            diagnostics,
            new_identity,
            ..Default::default()
        };
        assert_eq!(response, expected, "{name}");
    }
}

#[tokio::test]
async fn object_is_created_updated_and_deleted() {
    let mut client = configured().await;
    let created = create(&mut client, "a").await;
    let request = read_resource::Request {
        type_name: DISK.into(),
        current_state: created.new_state.clone(),
        private: created.private.clone(),
        current_identity: created.new_identity.clone(),
        ..Default::default()
    };
    let read = client.read_resource(request.clone()).await.unwrap().into_inner();
    let expected = read_resource::Response {
        new_state: created.new_state.clone(),
        private: created.private.clone(),
        new_identity: identity("d-a".into(), "a".into()),
        ..Default::default()
    };
    assert_eq!(read, expected);

    let response = apply(&mut client, created.new_state.clone(), null(), null()).await;
    let private = br#"{"planned":"yes"}"#.to_vec();
    let expected = apply_resource_change::Response { new_state: null(), private, ..Default::default() };
    assert_eq!(response, expected);

    let gone = client.read_resource(request).await.unwrap().into_inner();
    let expected = read_resource::Response { new_state: null(), private: created.private, ..Default::default() };
    assert_eq!(gone, expected);
}

#[tokio::test]
async fn failed_delete_keeps_the_object() {
    let mut client = configured().await;
    let created = create(&mut client, "stuck").await;
    let response = apply(&mut client, created.new_state.clone(), null(), null()).await;
    let expected = apply_resource_change::Response {
        new_state: created.new_state,
        private: br#"{"planned":"yes"}"#.into(),
        new_identity: created.new_identity,
        diagnostics: vec![error("Stuck", "It is still in use.", None)],
        ..Default::default()
    };
    assert_eq!(response, expected);
}

#[tokio::test]
async fn malformed_apply_returns_the_prior_state() {
    let state = disk([("id", "d-a".into())]);
    for (type_name, private, expected) in [
        ("sample_none", &b""[..], unknown("resource")),
        (
            DISK,
            b"!",
            error(
                "Unreadable private state",
                "The state contains private data that this provider did not write (expected value at line 1 column 1). \
                 Restore the state from a backup, or remove the object from the state and import it again.",
                None,
            ),
        ),
    ] {
        let mut client = configured().await;
        let request = read_resource::Request {
            type_name: type_name.into(),
            current_state: state.clone(),
            private: private.into(),
            ..Default::default()
        };
        let response = client.read_resource(request).await.unwrap().into_inner();
        let new_state = state.clone();
        let diagnostics = vec![expected.clone()];
        let private = private.to_vec();
        let back = read_resource::Response { new_state, private: private.clone(), diagnostics, ..Default::default() };
        assert_eq!(response, back);

        let request = apply_resource_change::Request {
            type_name: type_name.into(),
            prior_state: state.clone(),
            planned_state: null(),
            config: null(),
            planned_private: private.clone(),
            ..Default::default()
        };
        let response = client.apply_resource_change(request).await.unwrap().into_inner();
        let expected = apply_resource_change::Response {
            new_state: state.clone(),
            private,
            diagnostics: vec![expected],
            ..Default::default()
        };
        assert_eq!(response, expected);
    }
}
