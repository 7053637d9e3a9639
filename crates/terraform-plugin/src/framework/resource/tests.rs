use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::framework::conformance::{complete, propose};
use crate::framework::sample::{Disk, Disks, Sample};

fn context() -> Context<Sample> {
    Context { session: Arc::new(Sample::default()), stop: CancellationToken::new() }
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    complete(Value::map(entries), &Schema::of::<Disk>(1).unwrap().ty)
}

fn stored(value: Value) -> Stored {
    Stored { value, ..Stored::default() }
}

fn summaries(found: &Diagnostics) -> Vec<&str> {
    found.iter().map(|d| d.summary.as_str()).collect()
}

async fn create(name: &str, context: &Context<Sample>) -> Applied {
    let disks = resource(Disks);
    let config = object([("name", name.into())]);
    let proposed = propose(&disks.schema().block, &Value::Null, &config);
    let planned = disks.plan(context, Stored::default(), proposed, &config).await;
    disks.apply(context, &Value::Null, planned.object, &config).await
}

/// The object as known before the cloud has responded.
fn begun(name: &str) -> Value {
    object([("name", name.into()), ("id", name.into()), ("wait", true.into())])
}

#[tokio::test]
async fn create_saves_the_known_state_however_it_ends() {
    let ready = [("size", 20_i64.into()), ("status", "Ready".into())];
    let object = |name: &str, entries: &[(&str, Value)]| {
        let mut object = begun(name).as_map().unwrap().clone();
        object.extend(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Value::Map(object)
    };
    for (name, expected, errors) in [
        ("a", object("a", &ready), vec![]),
        ("refused", Value::Null, vec!["Refused"]),
        ("half", begun("half"), vec!["Half"]),
        ("panics", begun("panics"), vec!["The provider crashed"]),
        ("forgets", Value::Null, vec!["Nothing to save"]),
        ("vague", begun("vague"), vec!["Value not known after the operation"]),
    ] {
        let context = context();
        let disks = resource(Disks);
        let planned = object(name, &[("id", Value::Unknown), ("size", Value::Unknown), ("status", Value::Unknown)]);
        let config = super::tests::object([("name", name.into())]);
        let applied = disks.apply(&context, &Value::Null, stored(planned), &config).await;
        assert_eq!((applied.object.value, summaries(&applied.diagnostics)), (expected, errors), "{name}");
    }
}

#[tokio::test]
async fn remaining_unknown_value_is_named() {
    let applied = create("vague", &context()).await;
    let paths: Vec<_> = applied.diagnostics.iter().map(|d| d.path.to_string()).collect();
    assert_eq!(paths, ["size"]);
}

#[tokio::test]
async fn stopped_create_saves_the_object_with_a_warning() {
    let context = context();
    context.stop.cancel();
    let applied = create("waits", &context).await;
    assert_eq!(applied.object.value.as_map().unwrap()["status"], "Pending".into());
    assert_eq!(summaries(&applied.diagnostics), ["Stopped"]);
    assert!(!applied.diagnostics.has_errors());
}

#[tokio::test]
async fn failed_delete_keeps_object_and_private_state() {
    let disks = resource(Disks);
    let context = context();
    for (name, gone) in [("a", true), ("stuck", false)] {
        let created = create(name, &context).await;
        let created = created.object;
        let planned = disks.plan(&context, created.clone(), Value::Null, &Value::Null).await;
        assert_eq!(planned.object, Stored { value: Value::Null, ..created.clone() });
        let applied = disks.apply(&context, &created.value, planned.object, &Value::Null).await;
        assert_eq!(applied.object.private.get("created"), Some("yes"));
        let (value, identity) = if gone { Default::default() } else { (created.value, created.identity) };
        assert_eq!((applied.object.value, applied.object.identity), (value, identity));
        assert_eq!(applied.diagnostics.has_errors(), !gone);
    }
}

#[tokio::test]
async fn private_state_is_passed_through() {
    let disks = resource(Disks);
    let context = context();
    let created = create("a", &context).await;
    let read = disks.read(&context, created.object).await.object;
    assert_eq!(read.private.get("created"), Some("yes"));
    let config = object([("name", "a".into()), ("size", 30_i64.into())]);
    let proposed = propose(&disks.schema().block, &read.value, &config);
    let planned = disks.plan(&context, read.clone(), proposed, &config).await;
    assert_eq!(summaries(&planned.diagnostics), ["Resized"]);
    let updated = disks.apply(&context, &read.value, planned.object, &config).await.object;
    assert_eq!([updated.private.get("created"), updated.private.get("resized")], [Some("yes"), Some("yes")]);
}

#[tokio::test]
async fn failed_plan_returns_its_error() {
    let disks = resource(Disks);
    for (name, expected) in [("panics", "The provider crashed"), ("refused in plan", "Refused")] {
        let config = object([("name", name.into())]);
        let planned = disks.plan(&context(), Stored::default(), config.clone(), &config).await;
        assert_eq!(summaries(&planned.diagnostics), [expected]);
    }
}

#[tokio::test]
async fn read_finds_drift_and_deleted_objects() {
    let disks = resource(Disks);
    let context = context();
    let created = create("a", &context).await.object;
    context.session.cloud.lock().unwrap().get_mut("a").unwrap().status = "Broken".to_owned().into();
    let read = disks.read(&context, created.clone()).await;
    assert_eq!(read.object.value.as_map().unwrap()["status"], "Broken".into());
    context.session.cloud.lock().unwrap().clear();
    assert_eq!(disks.read(&context, created).await.object.value, Value::Null);
    let read = disks.read(&context, stored(begun("panics"))).await;
    assert_eq!((read.object.value, summaries(&read.diagnostics)), (begun("panics"), vec!["The provider crashed"]));
}

#[tokio::test]
async fn import_returns_the_object_of_its_id() {
    let disks = resource(Disks);
    for (id, value, errors) in [
        ("d-1", object([("id", "d-1".into())]), vec![]),
        ("", Value::Null, vec!["Empty ID"]),
        ("panics", Value::Null, vec!["The provider crashed"]),
    ] {
        let imported = disks.import(&context(), Import::Id(id)).await;
        assert_eq!((imported.object.value, summaries(&imported.diagnostics)), (value, errors), "{id}");
    }
}

#[tokio::test]
async fn stored_state_is_upgraded() {
    let disks = resource(Disks);
    let current = r#"{"id":"1","name":"a","size":"7","gone":1,"accounts":{"x":{"user":"u","password_wo":"p"}}}"#;
    let account = Value::map([("user", "u".into()), ("password_wo", Value::Null), ("length", Value::Null)]);
    let state = |entries: &[(&str, Value)]| {
        let mut object = object([("id", "1".into())]).as_map().unwrap().clone();
        object.extend(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Value::Map(object)
    };
    for (version, json, expected) in [
        (
            1,
            current,
            Ok(state(&[("name", "a".into()), ("size", 7_i64.into()), ("accounts", Value::map([("x", account)]))])),
        ),
        (0, r#"{"id":"1","label":"x"}"#, Ok(state(&[("labels", Value::list(["x"]))]))),
        (1, "{", Err("Unreadable state")),
        (1, r#"{"size":[]}"#, Err("Unreadable state")),
        (0, "{", Err("Unreadable state")),
        (7, "{}", Err("The provider crashed")),
    ] {
        let upgraded = disks.upgrade(version, json.as_bytes()).await;
        let upgraded = upgraded.map_err(|errors| summaries(&errors).join(", "));
        assert_eq!(upgraded, expected.map_err(str::to_owned), "{version} {json}");
    }
}
