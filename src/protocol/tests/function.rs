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
            parameter("text", "\"string\"", "The text. `panic` panics."),
            parameter("times", "\"number\"", "How often."),
        ],
        r#return: Some(wire::function::Return { r#type: br#"["object",{"length":"number","text":"string"}]"#.into() }),
        summary: "Repeats a text.".into(),
        description: "Repeats a text.\n\nAnd counts.".into(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    };
    [("repeat".to_owned(), repeat)].into()
}

#[tokio::test]
async fn functions_have_signatures() {
    let answer = client().get_functions(get_functions::Request {}).await.unwrap().into_inner();
    assert_eq!(answer, get_functions::Response { functions: functions(), ..Default::default() });
}

#[tokio::test]
async fn a_call_needs_no_configured_provider() {
    let text = |text: &str| msgpack::encode(&text.into(), &Type::String);
    let times = |times: i64| msgpack::encode(&times.into(), &Type::Number);
    let result = bytes(b"\x82\xa6length\x04\xa4text\xa4abab");
    // Terraform adds the last full stop.
    let error = |text: &str, function_argument| {
        Some(wire::FunctionError { text: text.trim_end_matches('.').into(), function_argument })
    };
    let malformed = "Terraform sent a value that does not fit the provider's schema: expected a number. Please report this, \
                     with the versions of Terraform and of the provider.";
    let unknown = "This version of the provider has no function \"none\". Check the name, or upgrade the provider.";
    for (name, arguments, result, error) in [
        ("repeat", vec![text("ab"), times(2)], result, None),
        ("repeat", vec![text("ab"), times(9)], None, error("9 times is too often", Some(1))),
        ("repeat", vec![text(""), times(1)], None, error("expected a text that is not empty, got \"\"", Some(0))),
        ("repeat", vec![text("ab"), vec![0xc0]], None, error("expected a known value, not null", Some(1))),
        ("repeat", vec![text("ab"), vec![0xc3]], None, error(malformed, Some(1))),
        ("repeat", vec![text("ab")], None, error("Expected 2 arguments, got 1", None)),
        ("repeat", vec![text("panic"), times(1)], None, error(&crash("no text").detail, None)),
        ("none", vec![], None, error(unknown, None)),
    ] {
        let arguments = arguments.iter().filter_map(|argument| bytes(argument)).collect();
        let request = call_function::Request { name: name.into(), arguments };
        let answer = client().call_function(request).await.unwrap().into_inner();
        assert_eq!(answer, call_function::Response { result, error });
    }
}
