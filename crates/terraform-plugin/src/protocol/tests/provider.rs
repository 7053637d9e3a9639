use super::*;
use crate::protocol::tfplugin6::{get_metadata, get_provider_schema, stop_provider, validate_provider_config};

fn capabilities() -> Option<wire::ServerCapabilities> {
    Some(wire::ServerCapabilities {
        plan_destroy: false,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
    })
}

#[tokio::test]
async fn metadata_names_everything() {
    let response = client().get_metadata(get_metadata::Request {}).await.unwrap().into_inner();
    let expected = get_metadata::Response {
        server_capabilities: capabilities(),
        resources: vec![get_metadata::ResourceMetadata { type_name: "sample_disk".into() }],
        data_sources: vec![get_metadata::DataSourceMetadata { type_name: "sample_disk".into() }],
        ephemeral_resources: vec![get_metadata::EphemeralMetadata { type_name: "sample_token".into() }],
        list_resources: vec![get_metadata::ListResourceMetadata { type_name: "sample_disk".into() }],
        actions: vec![get_metadata::ActionMetadata { type_name: "sample_format".into() }],
        functions: ["label", "repeat"].map(|name| get_metadata::FunctionMetadata { name: name.into() }).into(),
        ..Default::default()
    };
    assert_eq!(response, expected);
}

fn plain(name: &str, ty: &str, description: &str) -> wire::schema::Attribute {
    wire::schema::Attribute {
        name: name.into(),
        r#type: ty.into(),
        description: description.into(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    }
}

fn nested(
    name: &str,
    nesting: wire::schema::object::NestingMode,
    description: &str,
    attributes: Vec<wire::schema::Attribute>,
) -> wire::schema::Attribute {
    let object = wire::schema::Object { attributes, nesting: nesting.into(), ..Default::default() };
    wire::schema::Attribute { nested_type: Some(object), ..plain(name, "", description) }
}

fn block(description: &str, attributes: Vec<wire::schema::Attribute>) -> wire::schema::Block {
    wire::schema::Block {
        attributes,
        description: description.into(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    }
}

fn required(attribute: wire::schema::Attribute) -> wire::schema::Attribute {
    wire::schema::Attribute { required: true, ..attribute }
}

fn optional(attribute: wire::schema::Attribute) -> wire::schema::Attribute {
    wire::schema::Attribute { optional: true, ..attribute }
}

fn computed(attribute: wire::schema::Attribute) -> wire::schema::Attribute {
    wire::schema::Attribute { computed: true, ..attribute }
}

pub(super) fn disk_schema() -> wire::Schema {
    use wire::schema::object::NestingMode;
    let password = wire::schema::Attribute {
        write_only: true,
        sensitive: true,
        ..optional(plain("password_wo", "\"string\"", "Its password."))
    };
    let account = vec![
        computed(plain("length", "\"number\"", "Length of its password.")),
        password,
        required(plain("user", "\"string\"", "Its user.")),
    ];
    let mount = vec![
        computed(plain("device", "\"string\"", "Set by the cloud.")),
        required(plain("path", "\"string\"", "The path.")),
    ];
    let owner = vec![required(plain("user", "\"string\"", "The user."))];
    let attributes = vec![
        optional(nested("accounts", NestingMode::Map, "Accounts that may use it, by server.", account)),
        computed(plain("id", "\"string\"", "Its ID.")),
        optional(plain("labels", "[\"set\",\"string\"]", "Any labels.")),
        optional(nested("mounts", NestingMode::List, "Its mounts, in order.", mount)),
        required(plain("name", "\"string\"", "Its name.")),
        optional(nested("owners", NestingMode::Set, "Its owners.", owner)),
        computed(optional(plain("size", "\"number\"", "In GiB."))),
        computed(plain("status", "\"string\"", "Its status.")),
        computed(optional(plain("wait", "\"bool\"", "Whether to wait."))),
    ];
    let timeouts =
        block("Timeouts of its operations.", vec![optional(plain("create", "\"string\"", "Timeout of create."))]);
    let timeouts = wire::schema::NestedBlock {
        type_name: "timeouts".into(),
        block: Some(timeouts),
        nesting: wire::schema::nested_block::NestingMode::Single.into(),
        ..Default::default()
    };
    let block = wire::schema::Block { block_types: vec![timeouts], ..block("A disk.", attributes) };
    wire::Schema { version: 1, block: Some(block) }
}

#[tokio::test]
async fn schema_is_that_of_the_structs() {
    let response = client().get_provider_schema(get_provider_schema::Request {}).await.unwrap().into_inner();
    let prefix = "Prefix of every ID. `panic` panics, `refused` is refused.";
    let prefix = optional(plain("prefix", "\"string\"", prefix));
    let lookup = vec![
        required(plain("id", "\"string\"", "Its ID. `panics` panics, `vague` leaves the size unknown.")),
        computed(plain("size", "\"number\"", "In GiB.")),
    ];
    let token = vec![
        wire::schema::Attribute { sensitive: true, ..computed(plain("token", "\"string\"", "The token.")) },
        required(plain(
            "user",
            "\"string\"",
            "Its owner. `panics` panics in every operation, `refused` is refused in every one.",
        )),
    ];
    let filter = "Part of the name. `panics` panics after the first disk, `refused` ends there.";
    let filter = vec![optional(plain("name", "\"string\"", filter))];
    let format = "Its ID. `refused` is refused, `panics` panics, `waits` waits until Terraform is interrupted.";
    let format = vec![required(plain("id", "\"string\"", format))];
    let schema = |block| wire::Schema { version: 0, block: Some(block) };
    let format = schema(block("Formats a disk.", format));
    let expected = get_provider_schema::Response {
        provider: Some(schema(block("Simulated disks.", vec![prefix]))),
        resource_schemas: [("sample_disk".to_owned(), disk_schema())].into(),
        data_source_schemas: [("sample_disk".to_owned(), schema(block("Looks up a disk.", lookup)))].into(),
        ephemeral_resource_schemas: [("sample_token".to_owned(), schema(block("A token.", token)))].into(),
        list_resource_schemas: [("sample_disk".to_owned(), schema(block("Finds disks.", filter)))].into(),
        action_schemas: [("sample_format".to_owned(), wire::ActionSchema { schema: Some(format) })].into(),
        functions: super::function::functions(),
        server_capabilities: capabilities(),
        ..Default::default()
    };
    assert_eq!(response, expected);
}

#[tokio::test]
async fn provider_block_is_validated() {
    let prefix = |prefix: Value| object::<SampleConfig, 1>([("prefix", prefix)]);
    let path = at([attribute("prefix")]);
    for (config, expected) in [
        (prefix("d-".into()), vec![]),
        (prefix(Value::Null), vec![]),
        (prefix(Value::Unknown), vec![]),
        (bytes(b"\x81\xa6prefix\xc7\x05\x0c\x81\x01\xc2\xc0\xc0"), vec![]),
        (Some(wire::DynamicValue { json: br#"{"prefix":"d-"}"#.into(), msgpack: Vec::new() }), vec![]),
        (prefix("a b".into()), vec![error("Invalid prefix", "prefix holds a space. Remove it.", path.clone())]),
        (bytes(b"\x81\xa6prefix\x01"), vec![malformed("prefix: expected a string", path)]),
        (bytes(b"\x80"), vec![malformed("missing attribute \"prefix\"", None)]),
        (bytes(b"\xff"), vec![malformed("expected an object", None)]),
    ] {
        let request = validate_provider_config::Request { config: config.clone() };
        let response = client().validate_provider_config(request).await.unwrap().into_inner();
        assert_eq!(response, validate_provider_config::Response { diagnostics: expected }, "{config:?}");
    }
}

#[tokio::test]
async fn refused_configuration_is_an_error() {
    for (prefix, expected) in [
        (Value::Null, vec![warning("No prefix", "IDs begin with nothing.")]),
        (Value::Unknown, vec![]),
        ("refused".into(), vec![error("Refused", "This prefix is refused.", None)]),
        ("panic".into(), vec![crash("no prefix")]),
    ] {
        let response = configure(&mut client(), prefix).await;
        assert_eq!(response, configure_provider::Response { diagnostics: expected });
    }
    let request = configure_provider::Request { config: bytes(b"\x80"), ..Default::default() };
    let response = client().configure_provider(request).await.unwrap().into_inner();
    let diagnostics = vec![malformed("missing attribute \"prefix\"", None)];
    assert_eq!(response, configure_provider::Response { diagnostics });
}

#[tokio::test]
async fn stop_responds_at_once() {
    let response = client().stop_provider(stop_provider::Request {}).await.unwrap().into_inner();
    assert_eq!(response, stop_provider::Response::default());
}

#[tokio::test]
async fn requests_without_configuration_blame_the_client() {
    let mut client = client();
    for config in [None, null()] {
        let request = validate_provider_config::Request { config: config.clone() };
        let validated = client.validate_provider_config(request).await.unwrap().into_inner().diagnostics;
        let request = configure_provider::Request { config, ..Default::default() };
        let configured = client.configure_provider(request).await.unwrap().into_inner().diagnostics;
        for diagnostics in [validated, configured] {
            let [found] = &diagnostics[..] else { panic!("{diagnostics:?}") };
            assert_eq!(found.summary, "Missing configuration");
            assert!(found.detail.contains("a bug in the client"), "{}", found.detail);
        }
    }
}
