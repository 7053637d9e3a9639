use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::schema::{BLOCK, COMPUTED, OPTIONAL, OPTIONAL_COMPUTED, REQUIRED, Schema};
use crate::value::{Attr, Secret};

/// A disk.
///
/// For Pods.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Disk {
    /// Images
    /// to hold.
    #[schemars(extend("x-terraform" = REQUIRED.requires_replace()), length(min = 1), inner(length(min = 2)))]
    images: Attr<BTreeSet<String>>,
    /// In GiB.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED.use_state_for_unknown()), range(min = 20, max = 32000))]
    size: Attr<u64>,
    /// Its kind.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    kind: Attr<DiskKind>,
    /// Waits.
    #[schemars(extend("x-terraform" = OPTIONAL.default_bool(true)))]
    wait: Attr<bool>,
    /// By server.
    #[schemars(extend("x-terraform" = OPTIONAL, "minProperties" = 1))]
    credentials: Attr<BTreeMap<String, Credential>>,
    /// What happened.
    #[schemars(extend("x-terraform" = COMPUTED))]
    events: Attr<Vec<Event>>,
    /// Waits.
    #[schemars(extend("x-terraform" = BLOCK))]
    timeouts: Attr<Timeouts>,
}

/// A kind of disk.
#[derive(Serialize, Deserialize, JsonSchema)]
enum DiskKind {
    /// Solid state.
    Ssd,
    Hdd,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Credential {
    /// The password.
    #[schemars(extend("x-terraform" = OPTIONAL.write_only().sensitive()))]
    password: Attr<Secret>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Event {
    /// Seconds.
    #[schemars(extend("x-terraform" = COMPUTED))]
    age: Attr<f64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Timeouts {
    /// Of create.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    create: Attr<String>,
}

fn attribute(description: &str, kind: Kind, behavior: Behavior) -> Attribute {
    let (checks, element_checks) = Default::default();
    Attribute { description: description.into(), kind, behavior, default: None, checks, element_checks }
}

fn named<T>(entries: impl IntoIterator<Item = (&'static str, T)>) -> BTreeMap<String, T> {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[test]
fn struct_is_a_schema() {
    let password = attribute("The password.", Kind::Plain(Type::String), OPTIONAL.write_only().sensitive());
    let age = attribute("Seconds.", Kind::Plain(Type::Number), COMPUTED);
    let create = attribute("Of create.", Kind::Plain(Type::String), OPTIONAL);
    let expected = Block {
        description: "A disk.\n\nFor Pods.".into(),
        attributes: named([
            (
                "images",
                Attribute {
                    checks: vec![Check::MinLength(1)],
                    element_checks: vec![Check::MinLength(2)],
                    ..attribute(
                        "Images to hold.",
                        Kind::Plain(Type::Set(Type::String.into())),
                        REQUIRED.requires_replace(),
                    )
                },
            ),
            (
                "size",
                Attribute {
                    checks: vec![Check::Integer(Some(20), Some(32000))],
                    ..attribute("In GiB.", Kind::Plain(Type::Number), OPTIONAL_COMPUTED.use_state_for_unknown())
                },
            ),
            (
                "kind",
                Attribute {
                    checks: vec![Check::OneOf(vec!["Hdd".into(), "Ssd".into()])],
                    ..attribute("Its kind.", Kind::Plain(Type::String), OPTIONAL)
                },
            ),
            (
                "wait",
                Attribute {
                    default: Some(Value::Bool(true)),
                    ..attribute("Waits.", Kind::Plain(Type::Bool), OPTIONAL.default_bool(true))
                },
            ),
            (
                "credentials",
                Attribute {
                    checks: vec![Check::MinLength(1)],
                    ..attribute("By server.", Kind::Nested(Nesting::Map, named([("password", password)])), OPTIONAL)
                },
            ),
            ("events", attribute("What happened.", Kind::Nested(Nesting::List, named([("age", age)])), COMPUTED)),
        ]),
        blocks: named([(
            "timeouts",
            Block { description: "Waits.".into(), attributes: named([("create", create)]), ..Block::default() },
        )]),
    };
    let object = |attributes| Type::Object(named(attributes));
    let ty = object(vec![
        ("images", Type::Set(Type::String.into())),
        ("size", Type::Number),
        ("kind", Type::String),
        ("wait", Type::Bool),
        ("credentials", Type::Map(object(vec![("password", Type::String)]).into())),
        ("events", Type::List(object(vec![("age", Type::Number)]).into())),
        ("timeouts", object(vec![("create", Type::String)])),
    ]);
    assert_eq!(Schema::of::<Disk>(3), Ok(Schema { version: 3, block: expected, ty }));
}

/// A provider.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Versioned {
    /// A version.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    version: Attr<String>,
}

#[test]
fn reserved_names_depend_on_the_block() {
    assert!(Schema::of::<Versioned>(0).is_ok());
    let error = Schema::of_provider::<Versioned>().unwrap_err();
    assert_eq!(error.to_string(), "version: Terraform reserves this name");
}

/// A property of type string.
fn string(behavior: Behavior) -> Json {
    serde_json::json!({ "type": "string", "description": "D.", "x-terraform": behavior })
}

/// A property that is an object, or a collection of objects, of one property `b`.
fn nested(behavior: Behavior, nesting: Nesting, b: Json) -> Json {
    let object = serde_json::json!({ "type": "object", "properties": { "b": b } });
    let mut property = match nesting {
        Nesting::Single => object,
        Nesting::List => serde_json::json!({ "type": "array", "items": object }),
        Nesting::Set => serde_json::json!({ "type": "array", "uniqueItems": true, "items": object }),
        Nesting::Map => serde_json::json!({ "type": "object", "additionalProperties": object }),
    };
    property["description"] = "D.".into();
    property["x-terraform"] = serde_json::to_value(behavior).unwrap();
    property
}

#[test]
fn schemas_that_terraform_would_refuse_are_refused() {
    let with = |property: Json, key: &str, value: Json| {
        let mut property = property;
        property[key] = value;
        property
    };
    let none = Behavior::default();
    let required_set = |b| nested(REQUIRED, Nesting::Set, b);
    for (property, expected) in [
        (string(none), "a: neither required, optional nor computed"),
        (string(Behavior { optional: true, ..REQUIRED }), "a: required and optional"),
        (string(Behavior { computed: true, ..REQUIRED }), "a: required and computed"),
        (string(COMPUTED.write_only()), "a: computed and write-only"),
        (string(COMPUTED.default_bool(true)), "a: a default, but not optional"),
        (string(OPTIONAL.use_state_for_unknown()), "a: keeps its state, but is not computed"),
        (string(COMPUTED.requires_replace()), "a: requires a replacement, but cannot be configured"),
        (string(OPTIONAL.optional_for_import().sensitive()), "a: a secret in the identity"),
        (string(BLOCK.sensitive()), "a: a block has no other behavior"),
        (with(string(OPTIONAL), "description", " ".into()), "a: no doc comment"),
        (with(string(OPTIONAL), "x-terraform", Json::Null), "a: invalid type: null, expected struct Behavior"),
        (with(string(OPTIONAL), "type", "null".into()), r#"a: no Terraform type for JSON type Some("null")"#),
        (with(string(OPTIONAL), "type", "array".into()), "a: no element type"),
        (with(string(OPTIONAL), "pattern", "x".into()), r#"a: "pattern" has no meaning here"#),
        (with(string(OPTIONAL), "maxLength", 3.into()), r#"a: "maxLength" has no meaning here"#),
        (
            with(string(OPTIONAL), "x-terraform-dynamic", true.into()),
            "a: a dynamic value is for parameters and results of functions",
        ),
        (required_set(string(REQUIRED.write_only())), "a.b: a set cannot hold write-only attributes"),
        (
            required_set(string(OPTIONAL_COMPUTED)),
            "a.b: a set from the configuration cannot hold computed attributes or defaults",
        ),
        (
            required_set(nested(OPTIONAL, Nesting::Single, string(COMPUTED))),
            "a.b.b: a set from the configuration cannot hold computed attributes or defaults",
        ),
        (
            nested(COMPUTED, Nesting::List, string(OPTIONAL)),
            "a.b: nested attributes of a computed attribute must be computed",
        ),
        (
            nested(OPTIONAL, Nesting::Map, string(REQUIRED.requires_replace())),
            "a.b: only an attribute at the root can require a replacement, or be part of the identity",
        ),
        (
            nested(BLOCK, Nesting::Single, string(REQUIRED.required_for_import())),
            "a.b: only an attribute at the root can require a replacement, or be part of the identity",
        ),
        (
            nested(OPTIONAL, Nesting::Single, nested(BLOCK, Nesting::Single, string(OPTIONAL))),
            "a.b: an attribute cannot contain a block",
        ),
    ] {
        assert_eq!(read(serde_json::json!({ "a": property })).unwrap_err().to_string(), expected, "{property}");
    }
}

#[test]
fn computed_set_may_contain_computed_attributes() {
    let block = read(serde_json::json!({ "a": nested(COMPUTED, Nesting::Set, string(COMPUTED)) })).unwrap();
    let b = attribute("D.", Kind::Plain(Type::String), COMPUTED);
    assert_eq!(block.attributes["a"].kind, Kind::Nested(Nesting::Set, named([("b", b)])));
}

#[test]
fn identity_is_part_of_the_attributes() {
    let identity_of = |properties: Json| identity(&read(properties).unwrap());
    let described = identity_of(serde_json::json!({
        "id": string(COMPUTED.use_state_for_unknown().required_for_import()),
        "region": string(OPTIONAL_COMPUTED.requires_replace().optional_for_import()),
        "size": string(OPTIONAL),
    }));
    let part = |behavior| attribute("D.", Kind::Plain(Type::String), behavior);
    assert_eq!(described.unwrap().attributes, named([("id", part(REQUIRED)), ("region", part(OPTIONAL))]));

    let set = nested(OPTIONAL.required_for_import(), Nesting::Set, string(OPTIONAL));
    for (properties, expected) in [
        (serde_json::json!({ "a": set }), "a: an identity has primitive attributes, and lists of them, only"),
        (serde_json::json!({ "a": string(OPTIONAL.optional_for_import()) }), ": no attribute is required for import"),
    ] {
        assert_eq!(identity_of(properties).unwrap_err().to_string(), expected);
    }
}

#[test]
fn invalid_names_are_refused() {
    for name in ["", "1a", "A", "a-b", "a.b", "ä"] {
        let error = read(serde_json::json!({ name: string(OPTIONAL) })).unwrap_err();
        assert_eq!(
            error.message, "a name has lower case letters, digits and underscores only, no digit first",
            "{name}"
        );
    }
    for name in ["a", "_a", "a1_b"] {
        assert!(read(serde_json::json!({ name: string(OPTIONAL) })).is_ok(), "{name}");
    }
}

#[test]
fn undocumented_block_is_refused() {
    let json = serde_json::json!({ "type": "object", "properties": {} });
    assert_eq!(read_block("", json.as_object().unwrap()).unwrap_err().to_string(), ": no doc comment");
}

fn read(properties: Json) -> Result<Block, SchemaError> {
    let json = serde_json::json!({ "type": "object", "description": "D.", "properties": properties });
    read_block("", json.as_object().unwrap())
}
