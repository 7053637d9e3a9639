use super::apply::create;
use super::resource::{DISK, disk};
use super::*;
use crate::framework::sample::Disk;
use crate::protocol::tfplugin6::{
    apply_resource_change, get_resource_identity_schemas, import_resource_state, plan_resource_change, read_resource,
    upgrade_resource_identity,
};

pub(super) fn identity(id: Value, name: Value) -> Option<wire::ResourceIdentityData> {
    let ty = Schema::of::<Disk>(0).unwrap().identity(0).unwrap().ty;
    let identity_data = bytes(&msgpack::encode(&Value::map([("id", id), ("name", name)]), &ty));
    Some(wire::ResourceIdentityData { identity_data })
}

#[tokio::test]
async fn identities_have_a_schema() {
    let request = get_resource_identity_schemas::Request {};
    let response = client().get_resource_identity_schemas(request).await.unwrap().into_inner();
    let attribute = |name: &str, required, description: &str| wire::resource_identity_schema::IdentityAttribute {
        name: name.into(),
        r#type: b"\"string\"".into(),
        required_for_import: required,
        optional_for_import: !required,
        description: description.into(),
    };
    let schema = wire::ResourceIdentitySchema {
        version: 1,
        identity_attributes: vec![attribute("id", true, "Its ID."), attribute("name", false, "Its name.")],
    };
    let identity_schemas = [(DISK.to_owned(), schema)].into();
    assert_eq!(response, get_resource_identity_schemas::Response { identity_schemas, ..Default::default() });
}

#[tokio::test]
async fn stored_identity_is_upgraded() {
    for (version, json, upgraded_identity, diagnostics) in [
        (1, r#"{"id":"1","name":"a"}"#, identity("1".into(), "a".into()), vec![]),
        (0, r#"{"disk":"1"}"#, identity("1".into(), Value::Null), vec![]),
        (7, "{}", None, vec![crash("assertion `left == right` failed: no way from there\n  left: 7\n right: 0")]),
        (
            1,
            r#"{"id":[]}"#,
            None,
            vec![error(
                "Unreadable state",
                "The stored state of this sample_disk cannot be read: id: expected a string. Restore the state from a \
                 backup, or remove the object from the state and import it again.",
                None,
            )],
        ),
    ] {
        let raw_identity = Some(wire::RawState { json: json.into(), ..Default::default() });
        let request = upgrade_resource_identity::Request { type_name: DISK.into(), version, raw_identity };
        let response = client().upgrade_resource_identity(request).await.unwrap().into_inner();
        assert_eq!(response, upgrade_resource_identity::Response { upgraded_identity, diagnostics }, "{version}");
    }
}

async fn read(
    client: &mut Client,
    current_state: Option<wire::DynamicValue>,
    current_identity: Option<wire::ResourceIdentityData>,
) -> read_resource::Response {
    let request =
        read_resource::Request { type_name: DISK.into(), current_state, current_identity, ..Default::default() };
    client.read_resource(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn read_sets_a_missing_identity() {
    let mut client = configured().await;
    let created = create(&mut client, "a").await;
    let whole = identity("d-a".into(), "a".into());
    assert_eq!(created.new_identity, whole);
    for before in [None, identity(Value::Null, Value::Null), identity("d-a".into(), Value::Null), whole.clone()] {
        let response = read(&mut client, created.new_state.clone(), before).await;
        let expected = read_resource::Response {
            new_state: created.new_state.clone(),
            new_identity: whole.clone(),
            ..Default::default()
        };
        assert_eq!(response, expected);
    }
}

#[tokio::test]
async fn changed_identity_is_a_bug() {
    let mut client = configured().await;
    let created = create(&mut client, "a").await;
    let other = identity("d-b".into(), "a".into());
    let response = read(&mut client, created.new_state.clone(), other.clone()).await;
    let detail = "The identity of this sample_disk has changed, although it is the same object. This is a bug in the \
                  provider; please report it.";
    let changed = || vec![error("Identity changed", detail, None)];
    let expected = read_resource::Response {
        new_state: created.new_state,
        new_identity: other,
        diagnostics: changed(),
        ..Default::default()
    };
    assert_eq!(response, expected);

    let created = create(&mut client, "moves").await;
    let request = apply_resource_change::Request {
        type_name: DISK.into(),
        prior_state: created.new_state.clone(),
        planned_state: created.new_state.clone(),
        config: disk([("name", "moves".into())]),
        planned_identity: created.new_identity.clone(),
        ..Default::default()
    };
    let response = client.apply_resource_change(request).await.unwrap().into_inner();
    assert_eq!((response.new_identity, response.diagnostics), (created.new_identity, changed()));
}

#[tokio::test]
async fn plan_returns_known_identities() {
    let mut client = configured().await;
    let state = || disk([("id", "d-a".into()), ("name", "a".into()), ("size", 20_i64.into()), ("wait", true.into())]);
    let whole = || identity("d-a".into(), "a".into());
    for (case, prior_state, prior_identity, name, expected) in [
        ("create", null(), None, "a", None),
        ("update", state(), whole(), "a", whole()),
        ("update of an object from before identities", state(), None, "a", whole()),
        ("replace", state(), whole(), "b", whole()),
    ] {
        let entries = || [("name", name.into()), ("labels", Value::list(["x"])), ("size", 20_i64.into())];
        let [first, second, third] = entries();
        let merged = disk([("id", "d-a".into()), first, second, third]);
        let request = plan_resource_change::Request {
            type_name: DISK.into(),
            proposed_new_state: if prior_state == null() { disk(entries()) } else { merged },
            prior_state,
            config: disk(entries()),
            prior_identity,
            ..Default::default()
        };
        let response = client.plan_resource_change(request).await.unwrap().into_inner();
        assert_eq!((response.planned_identity, response.diagnostics), (expected, vec![]), "{case}");
    }
}

#[tokio::test]
async fn import_by_identity_or_by_id() {
    let imported = |state, identity| import_resource_state::ImportedResource {
        type_name: DISK.into(),
        state,
        identity,
        ..Default::default()
    };
    let by_name = disk([("id", "d-1".into()), ("name", "a".into())]);
    let by_id = || disk([("id", "d-1".into())]);
    let filled_in = || disk([("id", "d-1".into()), ("name", "1".into())]);
    let not_filled_in = error(
        "Identity not complete",
        "The import of this sample_disk by its identity left name of the identity null. This is a bug in the provider; please \
         report it.",
        None,
    );
    let incomplete =
        error("Incomplete identity", "The identity has no id, which is required to import sample_disk.", None);
    for (id, given, imported_resources, diagnostics) in [
        ("", identity("d-1".into(), "a".into()), vec![imported(by_name, identity("d-1".into(), "a".into()))], vec![]),
        (
            "",
            identity("d-1".into(), Value::Null),
            vec![imported(filled_in(), identity("d-1".into(), "1".into()))],
            vec![],
        ),
        ("", identity("d-nameless".into(), Value::Null), vec![], vec![not_filled_in]),
        ("", identity(Value::Null, "a".into()), vec![], vec![incomplete]),
        ("d-1", None, vec![imported(by_id(), None)], vec![]),
    ] {
        let request = import_resource_state::Request {
            type_name: DISK.into(),
            id: id.into(),
            identity: given,
            ..Default::default()
        };
        let response = configured().await.import_resource_state(request).await.unwrap().into_inner();
        assert_eq!(response, import_resource_state::Response { imported_resources, diagnostics, ..Default::default() });
    }
}
