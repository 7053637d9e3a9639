use std::sync::Arc;

use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::framework::conformance::{self, Terraform, complete};
use crate::framework::sample::{Disk, Disks, Sample};
use crate::framework::{Context, resource};
use crate::schema::Schema;

fn schema() -> Schema {
    Schema::of::<Disk>(1).unwrap()
}

/// An object of the sample's schema, with null for attributes that are not in `entries`.
fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    complete(Value::map(entries), &schema().ty)
}

fn plan(prior: &Value, config: &Value) -> (Value, Vec<String>) {
    let block = schema().block;
    let proposed = conformance::propose(&block, prior, config);
    let (planned, replace) = default_plan(&block, prior, proposed, config);
    (planned, replace.iter().map(ToString::to_string).collect())
}

fn with<const N: usize>(object: &Value, entries: [(&str, Value); N]) -> Value {
    let mut object = object.as_map().unwrap().clone();
    object.extend(entries.map(|(name, value)| (name.to_owned(), value)));
    Value::Map(object)
}

fn account(user: &str, password: Option<&str>, length: Value) -> Value {
    let password = password.map_or(Value::Null, Value::from);
    Value::map([("user", user.into()), ("password_wo", password), ("length", length)])
}

#[test]
fn new_object_has_defaults_and_unknown_computed_attributes() {
    let config = object([
        ("name", "a".into()),
        ("accounts", Value::map([("x", account("u", Some("secret"), Value::Null))])),
        ("mounts", Value::list([Value::map([("path", "/a")])])),
    ]);
    let config = complete(config, &schema().ty);
    let mount = Value::map([("path", "/a".into()), ("device", Value::Unknown)]);
    let expected = with(
        &config,
        [
            ("id", Value::Unknown),
            ("size", Value::Unknown),
            ("status", Value::Unknown),
            ("wait", true.into()),
            ("accounts", Value::map([("x", account("u", None, Value::Unknown))])),
            ("mounts", Value::list([mount])),
        ],
    );
    assert_eq!(plan(&Value::Null, &config), (expected, vec![]));
}

/// An object after an earlier apply.
fn state() -> Value {
    let mount = |path: &str, device: &str| Value::map([("path", path), ("device", device)]);
    object([
        ("id", "d-1".into()),
        ("name", "a".into()),
        ("size", 20_i64.into()),
        ("status", "Ready".into()),
        ("wait", true.into()),
        ("labels", Value::list(["x"])),
        ("accounts", Value::map([("x", account("u", None, 6_i64.into()))])),
        ("mounts", Value::list([mount("/a", "vda")])),
        ("timeouts", Value::map([("create", "1m")])),
    ])
}

/// The configuration of [`state`].
fn config() -> Value {
    let mount = |path: &str| Value::map([("path", path.into()), ("device", Value::Null)]);
    object([
        ("name", "a".into()),
        ("labels", Value::list(["x"])),
        ("accounts", Value::map([("x", account("u", Some("secret"), Value::Null))])),
        ("mounts", Value::list([mount("/a")])),
        ("timeouts", Value::map([("create", "1m")])),
    ])
}

#[test]
fn misspelled_attribute_panics() {
    let operations: [fn(&mut ResourcePlan<Disk>); 5] = [
        |plan| assert!(plan.changes("siez")),
        |plan| plan.set("siez", 1_i64),
        |plan| plan.set_unknown("siez"),
        |plan| plan.require_replace("siez"),
        |plan| plan.update_in_place("siez"),
    ];
    for (number, operation) in operations.into_iter().enumerate() {
        let planned = plan(&Value::Null, &config()).0;
        let mut plan = ResourcePlan::new(Value::Null, &config(), planned, BTreeSet::new(), Private::default()).unwrap();
        let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| operation(&mut plan)));
        assert!(panics.is_err(), "operation {number}");
    }
}

#[test]
fn unchanged_object_has_no_diff() {
    assert_eq!(plan(&state(), &config()), (state(), vec![]));
    let other_password = Value::map([("x", account("u", Some("other"), Value::Null))]);
    assert_eq!(plan(&state(), &with(&config(), [("accounts", other_password)])), (state(), vec![]));
}

#[test]
fn change_makes_computed_attributes_unknown() {
    let unknown = ("status", Value::Unknown);
    let entry = |path: &str, device: Value| Value::map([("path", path.into()), ("device", device)]);
    let mounts = |first, second| Value::list([entry("/a", first), entry("/b", second)]);
    let accounts =
        |password, x: Value, y: Value| Value::map([("x", account("v", password, x)), ("y", account("u", password, y))]);
    for (case, changed, expected, replace) in [
        ("a label", ("labels", Value::list(["y"])), ("labels", Value::list(["y"])), None),
        ("a label taken away", ("labels", Value::Null), ("labels", Value::Null), None),
        ("an unknown label", ("labels", Value::Unknown), ("labels", Value::Unknown), None),
        ("a size", ("size", 30_i64.into()), ("size", 30_i64.into()), None),
        ("an unknown size", ("size", Value::Unknown), ("size", Value::Unknown), None),
        ("a name", ("name", "b".into()), ("name", "b".into()), Some("name")),
        ("an unknown name", ("name", Value::Unknown), ("name", Value::Unknown), Some("name")),
        ("no default", ("wait", false.into()), ("wait", false.into()), None),
        ("a timeout", ("timeouts", Value::map([("create", "2m")])), ("timeouts", Value::map([("create", "2m")])), None),
        ("no timeouts", ("timeouts", Value::Null), ("timeouts", Value::Null), None),
        (
            "a further mount",
            ("mounts", mounts(Value::Null, Value::Null)),
            ("mounts", mounts("vda".into(), Value::Unknown)),
            None,
        ),
        (
            "a changed and a further account",
            ("accounts", accounts(Some("secret"), Value::Null, Value::Null)),
            ("accounts", accounts(None, 6_i64.into(), Value::Unknown)),
            None,
        ),
    ] {
        let config = with(&config(), [changed]);
        let expected = with(&state(), [unknown.clone(), expected]);
        assert_eq!(plan(&state(), &config), (expected, replace.into_iter().map(str::to_owned).collect()), "{case}");
    }
}

#[test]
fn write_only_values_become_null_at_every_depth() {
    let secret = || account("u", Some("secret"), Value::Null);
    let mut value = object([("accounts", Value::map([("x", secret()), ("y", Value::Unknown), ("z", Value::Null)]))]);
    null_write_only(&schema().block, &mut value);
    let accounts = [("x", account("u", None, Value::Null)), ("y", Value::Unknown), ("z", Value::Null)];
    assert_eq!(value, object([("accounts", Value::map(accounts))]));
}

/// A configuration, and the same with some unknown values.
fn configs() -> impl Strategy<Value = (Value, Value)> {
    let or_null = |values: BoxedStrategy<Value>| prop_oneof![1 => Just(Value::Null), 2 => values].boxed();
    let text = || prop::sample::select(vec!["a", "b", "c"]);
    let owner = || text().prop_map(|user| Value::map([("user", user)]));
    let account = (text(), prop::option::of(text())).prop_map(|(user, password)| account(user, password, Value::Null));
    let mount = text().prop_map(|path| Value::map([("path", path.into()), ("device", Value::Null)]));
    let known = (
        text().prop_map(Value::from),
        or_null((1..100_i64).prop_map(Value::from).boxed()),
        or_null(any::<bool>().prop_map(Value::from).boxed()),
        or_null(prop::collection::vec(text().prop_map(Value::from), 0..3).prop_map(Value::set).boxed()),
        or_null(prop::collection::btree_map(text(), account, 1..3).prop_map(Value::map).boxed()),
        or_null(prop::collection::vec(mount, 0..3).prop_map(Value::List).boxed()),
        or_null(prop::collection::vec(owner(), 0..3).prop_map(Value::set).boxed()),
        or_null(
            or_null(text().prop_map(Value::from).boxed()).prop_map(|create| Value::map([("create", create)])).boxed(),
        ),
    );
    (known, any::<[bool; 8]>(), any::<bool>()).prop_map(
        |((name, size, wait, labels, accounts, mounts, owners, timeouts), mask, deep)| {
            let known = object([
                ("name", name),
                ("size", size),
                ("wait", wait),
                ("labels", labels),
                ("accounts", accounts),
                ("mounts", mounts),
                ("owners", owners),
                ("timeouts", timeouts),
            ]);
            let mut later = known.clone();
            let names = ["name", "size", "wait", "labels", "accounts", "mounts", "owners"];
            for (name, _) in names.iter().zip(mask).filter(|(_, masked)| *masked) {
                let path = AttributePath::root(*name);
                let deeper = match *name {
                    "accounts" => path.key("a").attribute("user"),
                    "mounts" => path.index(0).attribute("path"),
                    _ => path.clone(),
                };
                if let Some(value) = later.get_mut(if deep { &deeper } else { &path }) {
                    *value = Value::Unknown;
                }
            }
            (later, known)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each step conforms to Terraform's rules, planning is idempotent, and a plan after the step has no changes.
    #[test]
    fn any_sequence_of_configurations_conforms(steps in prop::collection::vec(configs(), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let context = Context { session: Arc::new(Sample::default()), stop: CancellationToken::new() };
            let disks = resource(Disks);
            let mut terraform = Terraform::new(&*disks, &context);
            for (later, known) in steps {
                terraform.apply_later(&later, &known).await.unwrap();
                terraform.assert_no_changes(&known).await;
            }
            terraform.destroy().await.unwrap();
            assert!(context.session.cloud.lock().unwrap().is_empty());
        });
    }

    #[test]
    fn configured_values_are_planned((config, _) in configs(), (_, mut prior) in configs()) {
        null_write_only(&schema().block, &mut prior);
        let (planned, _) = plan(&prior, &config);
        for (name, attribute) in &schema().block.attributes {
            let value = &config.as_map().unwrap()[name];
            if matches!(attribute.kind, Kind::Plain(_)) && !(attribute.behavior.computed && value.is_null()) {
                prop_assert_eq!(&planned.as_map().unwrap()[name], value, "{}", name);
            }
        }
    }
}
