use super::*;
use terraform_plugin::framework::{AnyFunction, FunctionError, function};
use terraform_plugin::value::Value;

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn annotations(entries: &[(&str, &str)]) -> Value {
    Value::map(entries.iter().map(|&(key, value)| (format!("eks.tke.cloud.tencent.com/{key}"), value)))
}

fn image(registry: &str, repository: &str, tag: Option<&str>, digest: Option<&str>) -> Value {
    let optional = |part: Option<&str>| part.map_or(Value::Null, Value::from);
    Value::map([
        ("registry", registry.into()),
        ("repository", repository.into()),
        ("tag", optional(tag)),
        ("digest", optional(digest)),
    ])
}

/// Calls `function` with one argument.
fn call(function: &dyn AnyFunction, argument: impl Into<Value>) -> Result<Value, FunctionError> {
    function.call(vec![argument.into()])
}

#[test]
fn arguments_give_annotations() {
    let (root_disk, image_cache) = (function(RootDiskAnnotations), function(ImageCacheAnnotations));
    for (result, expected) in [
        (call(&*root_disk, 50_i64), annotations(&[("root-cbs-size", "50")])),
        (call(&*root_disk, 20_i64), annotations(&[("root-cbs-size", "20")])),
        (call(&*root_disk, 32_000_i64), annotations(&[("root-cbs-size", "32000")])),
        (call(&*image_cache, "auto"), annotations(&[("use-image-cache", "auto")])),
        (call(&*image_cache, "imc-1a2b3c4d"), annotations(&[("use-image-cache", "imc-1a2b3c4d")])),
    ] {
        assert_eq!(result, Ok(expected));
    }
}

#[test]
fn a_map_becomes_the_data_of_the_config_map() {
    let yaml = "eks.tke.cloud.tencent.com/root-cbs-size: \"50\"\n";
    for (argument, yaml) in [(annotations(&[("root-cbs-size", "50")]), yaml), (annotations(&[]), "{}\n")] {
        assert_eq!(call(&*function(GlobalConfig), argument), Ok(Value::map([("pod.annotations", yaml)])));
    }
}

#[test]
fn a_reference_has_four_parts() {
    for (reference, expected) in [
        ("nginx".to_owned(), image("docker.io", "library/nginx", Some("latest"), None)),
        ("vllm/vllm-openai:v0.8.5".to_owned(), image("docker.io", "vllm/vllm-openai", Some("v0.8.5"), None)),
        (format!("a.example.com:5000/b/c@{DIGEST}"), image("a.example.com:5000", "b/c", None, Some(DIGEST))),
        (format!("a.example.com/b:1@{DIGEST}"), image("a.example.com", "b", Some("1"), Some(DIGEST))),
    ] {
        assert_eq!(call(&*function(ParseImage), reference.as_str()), Ok(expected), "{reference}");
    }
}

#[test]
fn a_wrong_argument_is_told_with_what_was_expected() {
    let (root_disk, image_cache) = (function(RootDiskAnnotations), function(ImageCacheAnnotations));
    for (result, expected) in [
        (call(&*root_disk, 19_i64), "expected a whole number from 20 to 32000, got 19"),
        (call(&*root_disk, 32_001_i64), "expected a whole number from 20 to 32000, got 32001"),
        (
            call(&*image_cache, "cache"),
            "expected \"auto\", or the ID of an image cache, for example \"imc-1a2b3c4d\", got \"cache\"",
        ),
        (
            call(&*function(ParseImage), "nginx:"),
            "\"nginx:\" is not an image reference: the tag is missing after the colon; an example is \
             \"nginx:1.27\"",
        ),
        (
            call(&*function(GlobalConfig), Value::map([("a", Value::Null)])),
            "annotations[\"a\"] holds null. Remove the element, or give it a value",
        ),
    ] {
        assert_eq!(result, Err(FunctionError::at(0, expected)));
    }
}
