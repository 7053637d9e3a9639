use std::collections::BTreeMap;

use super::*;
use crate::protocol::tfplugin6::{call_function, get_functions};
use crate::value::Type;

pub(super) fn functions() -> BTreeMap<String, wire::Function> {
    let parameter = |name: &str, ty: &str, description: &str| wire::function::Parameter {
        name: name.into(),
        r#type: ty.into(),
        description: description.into(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    };
    let repeat = wire::Function {
        parameters: vec![
            parameter("text", "\"string\"", "The string. `panic` panics."),
            parameter("times", "\"number\"", "Number of repetitions."),
        ],
        r#return: Some(wire::function::Return { r#type: br#"["object",{"length":"number","text":"string"}]"#.into() }),
        summary: "Repeats a string.".into(),
        description: "Repeats a string.\n\nReturns its length as well.".into(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    };
    let label = wire::Function {
        parameters: vec![
            wire::function::Parameter {
                allow_null_value: true,
                allow_unknown_values: true,
                ..parameter("label", "\"string\"", "The label; null for none.")
            },
            parameter(
                "tags",
                r#"["map","string"]"#,
                "The tags. Null removes one. The tag `unknown` makes the result unknown.",
            ),
        ],
        variadic_parameter: Some(wire::function::Parameter {
            allow_unknown_values: true,
            ..parameter("values", "\"dynamic\"", "The values to label.")
        }),
        r#return: Some(wire::function::Return { r#type: br#""dynamic""#.into() }),
        summary: "Labels values.".into(),
        description: "Labels values.".into(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    };
    [("repeat".to_owned(), repeat), ("label".to_owned(), label)].into()
}

#[tokio::test]
async fn functions_have_signatures() {
    let response = client().get_functions(get_functions::Request {}).await.unwrap().into_inner();
    assert_eq!(response, get_functions::Response { functions: functions(), ..Default::default() });
}

#[tokio::test]
async fn call_needs_no_configured_provider() {
    let text = |text: &str| msgpack::encode(&text.into(), &Type::String);
    let times = |times: i64| msgpack::encode(&times.into(), &Type::Number);
    let result = bytes(b"\x82\xa6length\x04\xa4text\xa4abab");
    // Terraform adds the last full stop.
    let error = |text: &str, function_argument| {
        Some(wire::FunctionError { text: text.trim_end_matches('.').into(), function_argument })
    };
    let malformed = "Terraform sent a value that does not fit the provider's schema: expected a number. Please report this, \
    with the versions of Terraform and the provider.";
    let unknown = "This version of the provider has no function \"none\". Check the name, or upgrade the provider.";
    for (name, arguments, result, error) in [
        ("repeat", vec![text("ab"), times(2)], result, None),
        ("repeat", vec![text("ab"), times(9)], None, error("9 times is too often", Some(1))),
        ("repeat", vec![text(""), times(1)], None, error("expected a non-empty string, got \"\"", Some(0))),
        ("repeat", vec![text("ab"), vec![0xc0]], None, error("expected a known value, not null", Some(1))),
        ("repeat", vec![text("ab"), vec![0xc3]], None, error(malformed, Some(1))),
        ("repeat", vec![text("ab")], None, error("Expected 2 arguments, got 1", None)),
        ("repeat", vec![text("panic"), times(1)], None, error(&crash("no text").detail, None)),
        ("none", vec![], None, error(unknown, None)),
    ] {
        let arguments = arguments.iter().filter_map(|argument| bytes(argument)).collect();
        let request = call_function::Request { name: name.into(), arguments };
        let response = client().call_function(request).await.unwrap().into_inner();
        assert_eq!(response, call_function::Response { result, error });
    }
}

#[tokio::test]
async fn dynamic_value_is_passed_with_its_type() {
    let object = r#"["object",{"id":"string","size":"number"}]"#;
    // An object whose size is unknown, but not null, and a number in JSON.
    let half = [
        [0x92, 0xc4, object.len() as u8].as_slice(),
        object.as_bytes(),
        b"\x82\xa2id\xa1i\xa4size\xc7\x03\x0c\x81\x01\xc2",
    ]
    .concat();
    let json = wire::DynamicValue { msgpack: vec![], json: br#"{"type":"number","value":0.5}"#.into() };
    let ty =
        format!(r#"["object",{{"label":"string","tags":["map","string"],"values":["tuple",[{object},"number"]]}}]"#);
    let result = [
        [0x92, 0xc4, ty.len() as u8].as_slice(),
        ty.as_bytes(),
        b"\x83\xa5label\xc0\xa4tags\x80\xa6values\x92",
        b"\x82\xa2id\xa1i\xa4size\xc7\x03\x0c\x81\x01\xc2",
        b"\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00",
    ]
    .concat();
    let known = |msgpack: &[u8]| bytes(msgpack).unwrap();
    for (arguments, expected) in [
        (vec![known(b"\xc0"), known(b"\x80"), known(&half), json], known(&result)),
        (vec![known(b"\xc0"), known(b"\x80"), known(b"\xd4\x00\x00")], known(b"\xd4\x00\x00")),
    ] {
        let request = call_function::Request { name: "label".into(), arguments };
        let response = client().call_function(request).await.unwrap().into_inner();
        assert_eq!(response, call_function::Response { result: Some(expected), error: None });
    }
    let malformed = vec![known(b"\xc0"), known(b"\x80"), known(b"\x92\xc4\x08\"string\"\x01")];
    let request = call_function::Request { name: "label".into(), arguments: malformed };
    let error = client().call_function(request).await.unwrap().into_inner().error.unwrap();
    assert_eq!(error.function_argument, Some(2));
    assert!(error.text.contains("expected a string"), "{}", error.text);
}
