use std::time::Duration;

use super::identity::identity;
use super::*;
use crate::framework::sample::Disk;
use crate::protocol::tfplugin6::{
    apply_resource_change, generate_resource_config, import_resource_state, move_resource_state, plan_resource_change,
    read_resource, stop_provider, upgrade_resource_state, validate_resource_config,
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
async fn validation_depends_on_what_the_client_can() {
    let name = || ("name", Value::from("a"));
    let detail = "accounts[\"x\"].password_wo is write-only: its value must never reach the state, which takes Terraform 1.11 \
                  or OpenTofu 1.11 and later. Upgrade, or use the attribute without _wo, whose value is stored in the state.";
    let refused = error("Write-only attribute not supported", detail, at([attribute("accounts")]));
    let detail = "name is required, but no value, or null, was given for it. Its name.";
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
        let answer = client().validate_resource_config(request).await.unwrap().into_inner();
        assert_eq!(answer, validate_resource_config::Response { diagnostics: expected });
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
        let answer = client().upgrade_resource_state(request).await.unwrap().into_inner();
        assert_eq!(answer, upgrade_resource_state::Response { upgraded_state, diagnostics }, "{version}");
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
async fn a_create_is_planned() {
    let mut client = configured().await;
    let config = disk([("name", Value::Unknown), ("labels", Value::List(vec![Value::Unknown])), accounts("p".into())]);
    let answer = plan(&mut client, null(), config.clone(), config).await;
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
        planned_identity: identity(Value::Unknown, Value::Unknown),
        ..Default::default()
    };
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_change_is_planned() {
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
        let answer = plan(&mut client, ready(), state(name, size, "Ready".into()), config).await;
        let expected = plan_resource_change::Response {
            planned_state,
            requires_replace: replace,
            planned_private: private.into(),
            planned_identity: identity("d-a".into(), name.into()),
            diagnostics,
            ..Default::default()
        };
        assert_eq!(answer, expected, "{name} {size}");
    }
    let answer = plan(&mut client, ready(), null(), null()).await;
    let expected =
        plan_resource_change::Response { planned_state: null(), planned_private: CREATED.into(), ..Default::default() };
    assert_eq!(answer, expected, "destroy");
}

#[tokio::test]
async fn a_plan_that_cannot_be_made_gives_back_what_it_got() {
    let prior = disk([("name", "a".into())]);
    let back = |diagnostic| plan_resource_change::Response {
        planned_state: prior.clone(),
        planned_private: CREATED.into(),
        diagnostics: vec![diagnostic],
        ..Default::default()
    };
    let config = || disk([("name", "a".into())]);
    let answer = plan(&mut client(), prior.clone(), config(), config()).await;
    assert_eq!(answer, back(unconfigured()));
    let answer = plan(&mut configured().await, prior.clone(), config(), bytes(b"\x80")).await;
    assert_eq!(answer, back(malformed("missing attribute \"accounts\"", None)));

    let config = || disk([("name", "panics".into())]);
    let answer = plan(&mut configured().await, null(), config(), config()).await;
    assert_eq!(answer.diagnostics, [crash("no plan")]);
}

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
async fn a_create_answers_what_there_is_however_it_ends() {
    let both = br#"{"created":"yes","planned":"yes"}"#;
    let begun = |name: &str| disk([("id", format!("d-{name}").into()), ("name", name.into()), ("wait", true.into())]);
    let ready = disk([
        ("id", "d-a".into()),
        ("name", "a".into()),
        ("size", 20_i64.into()),
        ("status", "Ready".into()),
        ("wait", true.into()),
    ]);
    let detail = "size is still unknown after the operation, which otherwise succeeded. It is null in the state. This is a \
                  bug in the provider; please report it.";
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
        let answer = create(&mut configured().await, name).await;
        let new_identity = (new_state != null()).then(|| identity(format!("d-{name}").into(), name.into())).flatten();
        let expected = apply_resource_change::Response {
            new_state,
            private: private.into(),
            diagnostics,
            new_identity,
            ..Default::default()
        };
        assert_eq!(answer, expected, "{name}");
    }
}

#[tokio::test]
async fn an_object_lives_and_ends() {
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

    let answer = apply(&mut client, created.new_state.clone(), null(), null()).await;
    let private = br#"{"planned":"yes"}"#.to_vec();
    let expected = apply_resource_change::Response { new_state: null(), private, ..Default::default() };
    assert_eq!(answer, expected);

    let gone = client.read_resource(request).await.unwrap().into_inner();
    let expected = read_resource::Response { new_state: null(), private: created.private, ..Default::default() };
    assert_eq!(gone, expected);
}

#[tokio::test]
async fn a_delete_that_fails_keeps_the_object() {
    let mut client = configured().await;
    let created = create(&mut client, "stuck").await;
    let answer = apply(&mut client, created.new_state.clone(), null(), null()).await;
    let expected = apply_resource_change::Response {
        new_state: created.new_state,
        private: br#"{"planned":"yes"}"#.into(),
        new_identity: created.new_identity,
        diagnostics: vec![error("Stuck", "It is still in use.", None)],
        ..Default::default()
    };
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_call_that_cannot_be_read_gives_back_what_it_got() {
    let state = disk([("id", "d-a".into())]);
    for (type_name, private, expected) in [
        ("sample_none", &b""[..], unknown("resource")),
        (
            DISK,
            b"!",
            error(
                "Unreadable private state",
                "The state holds private data that this provider did not write (expected value at line 1 column 1). \
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
        let answer = client.read_resource(request).await.unwrap().into_inner();
        let new_state = state.clone();
        let diagnostics = vec![expected.clone()];
        let private = private.to_vec();
        let back = read_resource::Response { new_state, private: private.clone(), diagnostics, ..Default::default() };
        assert_eq!(answer, back);

        let request = apply_resource_change::Request {
            type_name: type_name.into(),
            prior_state: state.clone(),
            planned_state: null(),
            config: null(),
            planned_private: private.clone(),
            ..Default::default()
        };
        let answer = client.apply_resource_change(request).await.unwrap().into_inner();
        let expected = apply_resource_change::Response {
            new_state: state.clone(),
            private,
            diagnostics: vec![expected],
            ..Default::default()
        };
        assert_eq!(answer, expected);
    }
}

#[tokio::test]
async fn an_import_answers_one_object() {
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
        let answer = configured().await.import_resource_state(request).await.unwrap().into_inner();
        let expected = import_resource_state::Response { imported_resources, diagnostics, ..Default::default() };
        assert_eq!(answer, expected, "{id}");
    }
}

#[tokio::test]
async fn an_object_of_another_type_is_taken_over() {
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
        let answer = client().move_resource_state(request).await.unwrap().into_inner();
        let target_private = Vec::new();
        let expected = move_resource_state::Response { target_state, target_private, target_identity, diagnostics };
        assert_eq!(answer, expected, "{source} {json}");
    }
}

#[tokio::test]
async fn a_configuration_is_generated_from_a_state() {
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
        let answer = client().generate_resource_config(request).await.unwrap().into_inner();
        assert_eq!(answer, generate_resource_config::Response { config, diagnostics });
    }
}

#[tokio::test(start_paused = true)]
async fn stop_ends_what_is_in_flight_and_not_what_comes_later() {
    let mut client = configured().await;
    let (mut waiting, mut stopping) = (client.clone(), client.clone());
    // Both begin before either can go on: one thread, and create runs until its wait.
    let (waited, _) = tokio::join!(create(&mut waiting, "waits"), async {
        tokio::task::yield_now().await;
        stopping.stop_provider(stop_provider::Request {}).await.unwrap()
    });
    assert_eq!(waited.diagnostics, [warning("Stopped", "The wait was ended.")]);
    assert_ne!(waited.new_state, null());

    let later = tokio::time::timeout(Duration::from_secs(3600), create(&mut client, "waits")).await;
    assert!(later.is_err(), "a call after the stop is not stopped");
    assert_eq!(create(&mut client, "a").await.diagnostics, []);
}

#[tokio::test]
async fn calls_run_side_by_side() {
    let client = configured().await;
    let names: Vec<_> = (0..20).map(|i| format!("n{i}")).collect();
    // One waits for ever; the others must not wait for it.
    let mut stuck = client.clone();
    let all = futures_util::future::join_all(names.iter().map(|name| {
        let mut client = client.clone();
        async move { create(&mut client, name).await }
    }));
    tokio::select! {
        biased;
        _ = create(&mut stuck, "waits") => panic!("nothing stopped it"),
        answers = all => assert!(answers.iter().all(|answer| answer.diagnostics.is_empty() && answer.new_state != null())),
    }
}
