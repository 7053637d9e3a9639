use super::*;
use crate::framework::conformance::complete;
use crate::framework::resource;
use crate::framework::sample::{Disk, Disks, SampleConfig};
use crate::schema::{OPTIONAL, REQUIRED, Schema};
use crate::value::Attr;

fn config<const N: usize>(entries: [(&str, Value); N]) -> Value {
    complete(Value::map(entries), &Schema::of::<Disk>(0).unwrap().ty)
}

async fn found(config: &Value, client: WriteOnly) -> Vec<(String, String, String)> {
    let found = resource(Disks).validate(config, client).await;
    found.into_iter().map(|d| (d.path.to_string(), d.summary, d.detail)).collect()
}

fn texts(found: &[(String, String, String)]) -> Vec<(&str, &str, &str)> {
    found.iter().map(|(path, summary, detail)| (path.as_str(), summary.as_str(), detail.as_str())).collect()
}

fn account(user: Value, password: Value) -> Value {
    Value::map([("x.y", Value::map([("user", user), ("password_wo", password)]))])
}

#[tokio::test]
async fn every_error_has_its_path_and_detail() {
    let name = ("name", Value::from("a"));
    for (case, config, path, summary, detail) in [
        (
            "a required attribute is null",
            config([]),
            "name",
            "Missing required attribute",
            "name is required, but is null or not set.",
        ),
        (
            "a nested one is null",
            config([name.clone(), ("accounts", account(Value::Null, Value::Null))]),
            "accounts",
            "Missing required attribute",
            r#"accounts["x.y"].user is required, but is null or not set."#,
        ),
        (
            "what only the provider sets is configured",
            config([name.clone(), ("status", "x".into())]),
            "status",
            "Value for a read-only attribute",
            "status is set by the provider. Remove it from the configuration.",
        ),
        (
            "so it is when it is unknown",
            config([name.clone(), ("status", Value::Unknown)]),
            "status",
            "Value for a read-only attribute",
            "status is set by the provider. Remove it from the configuration.",
        ),
        (
            "a number is out of range",
            config([name.clone(), ("size", 101_i64.into())]),
            "size",
            "Invalid value for size",
            "size: expected a whole number from 1 to 100, got 101.",
        ),
        (
            "a string is empty",
            config([("name", "".into())]),
            "name",
            "Invalid value for name",
            "name: expected a non-empty string, got \"\".",
        ),
        (
            "an element of a set, which has no address",
            config([name.clone(), ("labels", Value::list(["", "x"]))]),
            "labels",
            "Invalid value for labels",
            "labels: expected a non-empty string, got \"\".",
        ),
        (
            "null in a set",
            config([name.clone(), ("labels", Value::List(vec![Value::Null, "x".into()]))]),
            "labels",
            "Null element",
            "labels contains null. Remove the element, or set a value.",
        ),
        (
            "null in a list of objects",
            config([name.clone(), ("mounts", Value::List(vec![Value::Null]))]),
            "mounts",
            "Null element",
            "mounts[0] contains null. Remove the element, or set a value.",
        ),
        (
            "null in an object in a set",
            config([name.clone(), ("owners", Value::List(vec![Value::map([("user", Value::Null)])]))]),
            "owners",
            "Missing required attribute",
            "owners.user is required, but is null or not set.",
        ),
        (
            "a map is empty",
            config([name.clone(), ("accounts", Value::Map(BTreeMap::new()))]),
            "accounts",
            "Invalid value for accounts",
            "accounts: expected at least one element, or null, got none.",
        ),
        (
            "what the resource itself finds",
            config([name.clone(), ("labels", Value::list(["1", "2", "3", "4"]))]),
            "labels",
            "Too many labels",
            "labels has more than 3 elements. Remove some.",
        ),
    ] {
        let found = found(&config, WriteOnly::Allowed).await;
        assert_eq!(texts(&found), [(path, summary, detail)], "{case}");
    }
}

#[tokio::test]
async fn all_errors_are_reported() {
    let config = config([("size", 0_i64.into()), ("id", "x".into()), ("accounts", account(Value::Null, Value::Null))]);
    let found = found(&config, WriteOnly::Allowed).await;
    let paths: Vec<_> = found.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["accounts", "id", "name", "size"]);
}

/// Terraform prints the lines of the attribute that a diagnostic refers to.
#[tokio::test]
async fn path_ends_at_the_attribute_and_before_a_secret() {
    for (password, expected) in [(Value::Null, "accounts"), (Value::Unknown, "accounts"), (Value::from("secret"), "")] {
        let config = config([("name", "a".into()), ("accounts", account(Value::Null, password.clone()))]);
        let found = found(&config, WriteOnly::Allowed).await;
        let paths: Vec<_> = found.iter().map(|(path, ..)| path.as_str()).collect();
        assert_eq!(paths, [expected], "{password:?}");
    }
}

#[tokio::test]
async fn write_only_values_need_a_supporting_client() {
    for (password, client, expected) in [
        (Value::from("secret"), WriteOnly::Allowed, vec![]),
        (Value::from("secret"), WriteOnly::Refused, vec![""]),
        (Value::Unknown, WriteOnly::Refused, vec!["accounts"]),
        (Value::Null, WriteOnly::Refused, vec![]),
    ] {
        let config = config([("name", "a".into()), ("accounts", account("u".into(), password))]);
        let found = found(&config, client).await;
        let paths: Vec<_> = found.iter().map(|(path, ..)| path.as_str()).collect();
        assert_eq!(paths, expected);
        assert!(found.iter().all(|(.., detail)| detail.contains("Terraform 1.11") && !detail.contains("secret")));
    }
}

#[tokio::test]
async fn unknown_values_are_accepted() {
    let names = ["name", "size", "wait", "labels", "accounts", "mounts", "owners", "timeouts"];
    let unknown = config(names.map(|name| (name, Value::Unknown)));
    assert_eq!(found(&unknown, WriteOnly::Allowed).await, []);
    let deep = config([
        ("name", Value::Unknown),
        ("labels", Value::List(vec![Value::Unknown])),
        ("accounts", account(Value::Unknown, Value::Unknown)),
        ("mounts", Value::List(vec![Value::Unknown])),
    ]);
    assert_eq!(found(&deep, WriteOnly::Allowed).await, []);
}

#[tokio::test]
async fn panic_in_validation_is_an_error() {
    let found = found(&config([("name", "panics in validate".into())]), WriteOnly::Allowed).await;
    assert_eq!(found.iter().map(|(_, summary, _)| summary.as_str()).collect::<Vec<_>>(), ["The provider crashed"]);
}

/// A secret.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Secretive {
    /// The key.
    #[schemars(extend("x-terraform" = OPTIONAL.sensitive()), length(min = 8))]
    key: Attr<String>,
    /// The level.
    #[schemars(extend("x-terraform" = REQUIRED), range(min = 1))]
    level: Attr<u32>,
}

#[tokio::test]
async fn no_message_shows_a_sensitive_value() {
    let block = Schema::of::<Secretive>(0).unwrap().block;
    let config = Value::map([("key", Value::from("hunter2")), ("level", 0_i64.into())]);
    let found = validate::<Secretive>(&block, &config, WriteOnly::Allowed, |_, _| {}).await;
    let found: Vec<_> = found.into_iter().map(|d| (d.path.to_string(), d.detail)).collect();
    let expected = [
        // At "key", Terraform would print the line with the secret.
        ("", "key: expected at least 8 characters."),
        ("level", "level: expected a whole number from 1 to 4294967295, got 0."),
    ];
    assert_eq!(found, expected.map(|(path, detail)| (path.to_owned(), detail.to_owned())));
}

#[tokio::test]
async fn schema_is_checked_first() {
    let block = Schema::of_provider::<SampleConfig>().unwrap().block;
    let config = Value::map([("prefix", "")]);
    let found = validate::<SampleConfig>(&block, &config, WriteOnly::Allowed, |_, _| panic!("not asked")).await;
    assert_eq!(found.into_iter().map(|d| d.summary).collect::<Vec<_>>(), ["Invalid value for prefix"]);
}
