use super::identity::identity;
use super::*;
use crate::framework::sample::Disk;
use crate::protocol::tfplugin6::{
    generate_resource_config, import_resource_state, move_resource_state, plan_resource_change, upgrade_resource_state,
    validate_resource_config,
};

pub(super) const DISK: &str = "sample_disk";
const CREATED: &[u8] = br#"{"created":"yes"}"#;

pub(super) fn disk<const N: usize>(entries: [(&str, Value); N]) -> Option<wire::DynamicValue> {
    object::<Disk, N>(entries)
}

fn accounts(password: Value) -> (&'static str, Value) {
    ("accounts", Value::map([("x", Value::map([("user", "u".into()), ("password_wo", password)]))]))
}

#[tokio::test]
async fn validation_depends_on_client_capabilities() {
    let name = || ("name", Value::from("a"));
    let detail = "accounts[\"x\"].password_wo is write-only, which requires Terraform 1.11 or OpenTofu 1.11 and later. \
        Upgrade, or use the attribute without _wo, whose value is stored in the state.";
    // At the attribute, the client would print the line with the secret.
    let refused = error("Write-only attribute not supported", detail, None);
    let detail = "name is required, but is null or not set.";
    let missing = error("Missing required attribute", detail, at([attribute("name")]));
    for (type_name, config, write_only, expected) in [
        (DISK, disk([name()]), false, vec![]),
        (DISK, disk([name(), accounts("secret".into())]), true, vec![]),
        (DISK, disk([name(), accounts("secret".into())]), false, vec![refused.clone()]),
        (DISK, disk([accounts("secret".into())]), false, vec![refused, missing]),
        (DISK, bytes(b"\x80"), true, vec![malformed("missing attribute \"accounts\"", None)]),
        ("sample_none", null(), true, vec![unknown("resource")]),
    ] {
        let capabilities = wire::ClientCapabilities { write_only_attributes_allowed: write_only, ..Default::default() };
        let request = validate_resource_config::Request {
            type_name: type_name.into(),
            config,
            client_capabilities: write_only.then_some(capabilities),
        };
        let response = client().validate_resource_config(request).await.unwrap().into_inner();
        assert_eq!(response, validate_resource_config::Response { diagnostics: expected });
    }
}

#[tokio::test]
async fn stored_state_is_upgraded() {
    let detail = "The state is in a format that ended with Terraform 0.12. Run `terraform apply` with Terraform 0.13 once \
                  to convert it.";
    let old_format = error("State of Terraform 0.11", detail, None);
    let detail = "The stored state of this sample_disk cannot be read: size: expected a number. Restore the state from a \
                  backup, or remove the object from the state and import it again.";
    let unreadable = error("Unreadable state", detail, None);
    let raw = |json: &str| Some(wire::RawState { json: json.into(), ..Default::default() });
    let flatmap = Some(wire::RawState { flatmap: [("id".into(), "1".into())].into(), ..Default::default() });
    for (type_name, version, raw_state, upgraded_state, diagnostics) in [
        (DISK, 1, raw(r#"{"id":"1","gone":[]}"#), disk([("id", "1".into())]), vec![]),
        (DISK, 0, raw(r#"{"label":"x"}"#), disk([("labels", Value::list(["x"]))]), vec![]),
        (
            DISK,
            7,
            raw("{}"),
            None,
            vec![crash("assertion `left == right` failed: no way from there\n  left: 7\n right: 0")],
        ),
        (DISK, 1, raw(r#"{"size":[]}"#), None, vec![unreadable]),
        (DISK, 0, flatmap, None, vec![old_format.clone()]),
        (DISK, 1, None, None, vec![old_format]),
        ("sample_none", 0, raw("{}"), None, vec![unknown("resource")]),
    ] {
        let request = upgrade_resource_state::Request { type_name: type_name.into(), version, raw_state };
        let response = client().upgrade_resource_state(request).await.unwrap().into_inner();
        assert_eq!(response, upgrade_resource_state::Response { upgraded_state, diagnostics }, "{version}");
    }
}

async fn plan(
    client: &mut Client,
    prior_state: Option<wire::DynamicValue>,
    proposed_new_state: Option<wire::DynamicValue>,
    config: Option<wire::DynamicValue>,
) -> plan_resource_change::Response {
    let request = plan_resource_change::Request {
        type_name: DISK.into(),
        prior_state,
        proposed_new_state,
        config,
        prior_private: CREATED.into(),
        ..Default::default()
    };
    client.plan_resource_change(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn create_is_planned() {
    let mut client = configured().await;
    let config = disk([("name", Value::Unknown), ("labels", Value::List(vec![Value::Unknown])), accounts("p".into())]);
    let response = plan(&mut client, null(), config.clone(), config).await;
    let account = Value::map([("user", "u".into()), ("password_wo", Value::Null), ("length", Value::Unknown)]);
    let expected = plan_resource_change::Response {
        planned_state: disk([
            ("id", Value::Unknown),
            ("name", Value::Unknown),
            ("size", Value::Unknown),
            ("status", Value::Unknown),
            ("wait", true.into()),
            ("labels", Value::List(vec![Value::Unknown])),
            ("accounts", Value::map([("x", account)])),
        ]),
        planned_private: CREATED.into(),
        ..Default::default()
    };
    assert_eq!(response, expected);
}

#[tokio::test]
async fn update_is_planned() {
    let mut client = configured().await;
    let state = |name: &str, size: i64, status: Value| {
        disk([
            ("id", "d-a".into()),
            ("name", name.into()),
            ("size", size.into()),
            ("status", status),
            ("wait", true.into()),
        ])
    };
    let ready = || state("a", 20, "Ready".into());
    for (name, size, planned_state, replace, private, diagnostics) in [
        ("a", 20, ready(), vec![], CREATED, vec![]),
        (
            "a",
            30,
            state("a", 30, Value::Unknown),
            vec![],
            &br#"{"created":"yes","resized":"yes"}"#[..],
            vec![warning("Resized", "The size changes.")],
        ),
        ("b", 20, state("b", 20, Value::Unknown), at([attribute("name")]).into_iter().collect(), CREATED, vec![]),
    ] {
        let config = disk([("name", name.into()), ("size", size.into())]);
        let response = plan(&mut client, ready(), state(name, size, "Ready".into()), config).await;
        let expected = plan_resource_change::Response {
            planned_state,
            requires_replace: replace,
            planned_private: private.into(),
            planned_identity: identity("d-a".into(), name.into()),
            diagnostics,
            ..Default::default()
        };
        assert_eq!(response, expected, "{name} {size}");
    }
    let response = plan(&mut client, ready(), null(), null()).await;
    let expected =
        plan_resource_change::Response { planned_state: null(), planned_private: CREATED.into(), ..Default::default() };
    assert_eq!(response, expected, "destroy");
}

#[tokio::test]
async fn malformed_plan_returns_the_proposal() {
    let prior = disk([("name", "a".into())]);
    let back = |diagnostic| plan_resource_change::Response {
        planned_state: prior.clone(),
        planned_private: CREATED.into(),
        diagnostics: vec![diagnostic],
        ..Default::default()
    };
    let config = || disk([("name", "a".into())]);
    let response = plan(&mut client(), prior.clone(), config(), config()).await;
    assert_eq!(response, back(unconfigured()));
    let response = plan(&mut configured().await, prior.clone(), config(), bytes(b"\x80")).await;
    assert_eq!(response, back(malformed("missing attribute \"accounts\"", None)));

    let config = || disk([("name", "panics".into())]);
    let response = plan(&mut configured().await, null(), config(), config()).await;
    assert_eq!(response.diagnostics, [crash("no plan")]);
}

#[tokio::test]
async fn import_returns_one_object() {
    let imported = import_resource_state::ImportedResource {
        type_name: DISK.into(),
        state: disk([("id", "d-1".into())]),
        ..Default::default()
    };
    for (type_name, id, imported_resources, diagnostics) in [
        (DISK, "d-1", vec![imported], vec![]),
        (DISK, "", vec![], vec![error("Empty ID", "Give the ID of a disk.", None)]),
        (DISK, "panics", vec![], vec![crash("no import")]),
        ("sample_none", "d-1", vec![], vec![unknown("resource")]),
    ] {
        let request =
            import_resource_state::Request { type_name: type_name.into(), id: id.into(), ..Default::default() };
        let response = configured().await.import_resource_state(request).await.unwrap().into_inner();
        let expected = import_resource_state::Response { imported_resources, diagnostics, ..Default::default() };
        assert_eq!(response, expected, "{id}");
    }
}

#[tokio::test]
async fn object_of_another_type_is_moved() {
    let unsupported = "A third_disk of registry.terraform.io/other/other cannot become a sample_disk. Remove the moved block; \
                       import the object instead.";
    let unreadable = "The stored state of this other_disk cannot be read: EOF while parsing an object at line 1 column 1. \
                      Restore the state from a backup, or remove the object from the state and import it again.";
    let moved = || disk([("id", "d-1".into()), ("name", "a".into())]);
    for (source, json, target_state, target_identity, diagnostics) in [
        ("other_disk", r#"{"id":"d-1","title":"a","x":[]}"#, moved(), identity("d-1".into(), "a".into()), vec![]),
        ("other_disk", "{}", null(), None, vec![error("No title", "It cannot be moved without one.", None)]),
        ("other_disk", "{", null(), None, vec![error("Unreadable state", unreadable, None)]),
        ("third_disk", "{}", null(), None, vec![error("Unsupported move", unsupported, None)]),
    ] {
        let request = move_resource_state::Request {
            source_provider_address: "registry.terraform.io/other/other".into(),
            source_type_name: source.into(),
            source_state: Some(wire::RawState { json: json.into(), ..Default::default() }),
            target_type_name: DISK.into(),
            ..Default::default()
        };
        let response = client().move_resource_state(request).await.unwrap().into_inner();
        let target_private = Vec::new();
        let expected = move_resource_state::Response { target_state, target_private, target_identity, diagnostics };
        assert_eq!(response, expected, "{source} {json}");
    }
}

#[tokio::test]
async fn configuration_is_generated_from_state() {
    let owners = || ("owners", Value::list([Value::map([("user", "u")])]));
    let state = |entries| disk([("id", "d-1".into()), ("name", "a".into()), ("wait", true.into()), entries]);
    for (type_name, state, config, diagnostics) in [
        (
            DISK,
            state(("labels", Value::list(["x"]))),
            disk([("name", "a".into()), ("labels", Value::list(["x"]))]),
            vec![],
        ),
        (
            DISK,
            disk([("name", "a".into()), ("labels", Value::list(["x"])), owners()]),
            disk([("name", "a".into()), owners()]),
            vec![],
        ),
        ("sample_none", null(), None, vec![unknown("resource")]),
    ] {
        let request = generate_resource_config::Request { type_name: type_name.into(), state };
        let response = client().generate_resource_config(request).await.unwrap().into_inner();
        assert_eq!(response, generate_resource_config::Response { config, diagnostics });
    }
}
