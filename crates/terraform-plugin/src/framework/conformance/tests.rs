use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::diagnostics::AttributePath;
use crate::framework::resource;
use crate::framework::sample::{Disk, Disks, Sample};
use crate::schema::Schema;

fn context() -> Context<Sample> {
    Context { session: Arc::new(Sample::default()), stop: CancellationToken::new() }
}

fn schema() -> Schema {
    Schema::of::<Disk>(1).unwrap()
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    complete(Value::map(entries), &schema().ty)
}

#[tokio::test]
async fn conforming_resource_passes() {
    let configs = [
        object([("name", "a".into())]),
        object([("name", "a".into()), ("size", 30_i64.into())]),
        object([("name", "b".into()), ("mounts", Value::list([Value::map([("path", "/a")])]))]),
    ];
    run(&*resource(Disks), &context(), &configs).await;
}

#[tokio::test]
async fn imported_object_is_read() {
    let context = context();
    let disks = resource(Disks);
    let mut first = Terraform::new(&*disks, &context);
    let config = object([("name", "a".into())]);
    first.apply(&config).await.unwrap();
    let mut second = Terraform::new(&*disks, &context);
    second.import(Import::Id("a")).await.unwrap();
    // The private state of a create is not in the cloud.
    assert_eq!((&second.object.value, &second.object.identity), (&first.object.value, &first.object.identity));
    second.assert_no_changes(&config).await;

    let mut third = Terraform::new(&*disks, &context);
    third.import(Import::Id("nowhere")).await.unwrap();
    assert_eq!(third.object, Stored::default());
}

#[tokio::test]
async fn failed_create_is_tainted_and_replaced() {
    let context = context();
    let disks = resource(Disks);
    let mut terraform = Terraform::new(&*disks, &context);
    let errors = terraform.apply(&object([("name", "half".into())])).await.unwrap_err();
    assert_eq!(errors.iter().map(|e| e.summary.as_str()).collect::<Vec<_>>(), ["Half"]);
    assert!(terraform.tainted);
    assert_eq!(terraform.object.value, object([("name", "half".into()), ("id", "half".into()), ("wait", true.into())]));
    terraform.apply(&object([("name", "a".into())])).await.unwrap();
    assert!(!terraform.tainted);
    assert_eq!(terraform.object.value.as_map().unwrap()["status"], "Ready".into());
}

#[test]
fn every_violation_of_a_plan_is_found() {
    let config = object([
        ("name", "a".into()),
        ("labels", Value::Unknown),
        ("accounts", Value::map([("x", Value::map([("user", "u")]))])),
        ("mounts", Value::list([Value::map([("path", "/a")])])),
        ("owners", Value::list([Value::map([("user", "u")])])),
    ]);
    let account = |user: Value, password: Value| {
        Value::map([("x", Value::map([("user", user), ("password_wo", password), ("length", Value::Null)]))])
    };
    let prior = object([("name", "z".into()), ("id", "1".into())]);
    for (name, value, expected) in [
        ("name", "b".into(), Some("name: differs from the configuration")),
        ("name", "z".into(), None),
        ("name", Value::Unknown, Some("name: differs from the configuration")),
        ("name", 1_i64.into(), Some("name: expected a string")),
        ("labels", Value::list(["x"]), Some("labels: is known, but its configuration is unknown")),
        ("size", Value::Unknown, None),
        ("size", 7_i64.into(), None),
        ("status", "x".into(), None),
        (
            "timeouts",
            Value::map([("create", "1m")]),
            Some("timeouts: a block must be there if and only if it is configured"),
        ),
        ("accounts", account("u".into(), Value::Null), None),
        ("accounts", account("u".into(), "secret".into()), Some("a write-only value is set")),
        ("accounts", account("v".into(), Value::Null), Some(r#"accounts["x"].user: differs from the configuration"#)),
        ("accounts", Value::Unknown, Some("accounts: nested objects differ from the configuration")),
        ("accounts", Value::Null, Some("accounts: nested objects differ from the configuration")),
        ("mounts", Value::List(vec![]), Some("mounts: nested objects differ from the configuration")),
        ("owners", Value::List(vec![]), Some("owners: nested objects differ from the configuration")),
    ] {
        let mut planned = config.as_map().unwrap().clone();
        planned.insert(name.into(), value.clone());
        let planned = Value::Map(planned);
        let found = plan_violations(&schema(), &prior, &config, &planned, &BTreeSet::new());
        assert_eq!(found.first().map(String::as_str), expected, "{name} {value:?}");
    }
    let found = plan_violations(&schema(), &prior, &Value::Null, &prior, &BTreeSet::new());
    assert_eq!(found, ["the plan must be null if and only if the configuration is"]);
    let unconfigured = object([("name", "a".into()), ("labels", Value::list(["x"]))]);
    let found = plan_violations(&schema(), &prior, &object([("name", "a".into())]), &unconfigured, &BTreeSet::new());
    assert_eq!(found, ["labels: has a value, but is neither configured nor computed"]);
    for (path, expected) in [
        ("name", vec![]),
        ("labels", vec!["labels: a replacement because of what does not change"]),
        ("nothing", vec!["nothing: a replacement because of what does not exist"]),
    ] {
        let replace = BTreeSet::from([AttributePath::root(path)]);
        let config = object([("name", "a".into())]);
        assert_eq!(plan_violations(&schema(), &prior, &config, &config, &replace), expected, "{path}");
    }
}

#[test]
fn every_violation_of_an_apply_is_found() {
    let unknown = || Value::set([Value::from("x"), Value::Unknown]);
    for (name, planned, applied, expected) in [
        ("size", Value::Unknown, 7_i64.into(), vec![]),
        ("size", 7_i64.into(), 7_i64.into(), vec![]),
        ("size", 7_i64.into(), 8_i64.into(), vec!["size: differs from the plan"]),
        ("size", 7_i64.into(), Value::Null, vec!["size: differs from the plan"]),
        ("size", Value::Null, 7_i64.into(), vec!["size: differs from the plan"]),
        ("size", Value::Unknown, Value::Unknown, vec!["a state has unknown values"]),
        ("labels", unknown(), Value::list(["x", "y"]), vec![]),
        ("labels", unknown(), Value::list(["x"]), vec![]),
        ("labels", unknown(), Value::list(["y"]), vec!["labels: set differs from the plan"]),
        ("labels", unknown(), Value::list(["x", "y", "z"]), vec!["labels: set differs from the plan"]),
        ("mounts", Value::List(vec![Value::Unknown]), Value::List(vec![]), vec!["mounts: differs from the plan"]),
        (
            "accounts",
            Value::map([("x", Value::Unknown)]),
            Value::Map([].into()),
            vec!["accounts: differs from the plan"],
        ),
    ] {
        let (before, after) = (object([(name, planned)]), object([(name, applied)]));
        assert_eq!(apply_violations(&schema(), &before, &after, false), expected, "{before:?}");
    }
    let (planned, applied) = (object([("size", 7_i64.into())]), object([("size", 8_i64.into())]));
    assert!(apply_violations(&schema(), &planned, &applied, true).is_empty());
    assert_eq!(apply_violations(&schema(), &planned, &Value::Null, false), [": differs from the plan"]);
}

#[test]
fn identity_with_an_unknown_value_is_found() {
    let identity = |id: Value| Value::map([("id", id), ("name", "a".into())]);
    for (identity, expected) in [
        (Value::Null, vec![]),
        (identity("1".into()), vec![]),
        (identity(Value::Null), vec![]),
        (identity(Value::Unknown), vec!["an identity has unknown values"]),
        (Value::Unknown, vec!["an identity has unknown values"]),
    ] {
        assert_eq!(identity_violations(&identity), expected, "{identity:?}");
    }
}

/// Cases of Terraform's merge: prior state, configuration, proposed new state.
#[test]
fn proposal_merges_configuration_and_prior_state() {
    let mount = |path: &str, device: Value| Value::map([("path", path.into()), ("device", device)]);
    let mounts = |elements: &[Value]| Value::List(elements.to_vec());
    for (case, name, prior, config, expected) in [
        ("computed keeps its state", "status", "Ready".into(), Value::Null, "Ready".into()),
        ("optional and computed keeps its state", "size", 7_i64.into(), Value::Null, 7_i64.into()),
        ("the configured value takes precedence", "size", 7_i64.into(), 8_i64.into(), 8_i64.into()),
        ("unknown wins", "size", 7_i64.into(), Value::Unknown, Value::Unknown),
        ("an omitted value is removed", "labels", Value::list(["x"]), Value::Null, Value::Null),
        (
            "elements of a list by index",
            "mounts",
            mounts(&[mount("/a", "vda".into())]),
            mounts(&[mount("/b", Value::Null), mount("/c", Value::Null)]),
            mounts(&[mount("/b", "vda".into()), mount("/c", Value::Null)]),
        ),
        ("an unknown list", "mounts", mounts(&[mount("/a", "vda".into())]), Value::Unknown, Value::Unknown),
    ] {
        let (prior, config) = (object([(name, prior)]), object([(name, config)]));
        assert_eq!(propose(&schema().block, &prior, &config), object([(name, expected)]), "{case}");
    }
    let config = object([("name", "a".into())]);
    assert_eq!(propose(&schema().block, &Value::Null, &config), config);
    assert_eq!(propose(&schema().block, &config, &Value::Null), Value::Null);
}
