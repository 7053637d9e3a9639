use super::*;
use terraform_plugin::diagnostics::AttributePath;
use terraform_plugin::framework::{AnyFunction, FunctionError, function};
use terraform_plugin::value::{Dynamic, Type, Value};

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
fn arguments_become_annotations() {
    let (root_disk, image_cache) = (function::<RootDiskAnnotations>(), function::<ImageCacheAnnotations>());
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
fn map_becomes_the_data_of_the_config_map() {
    let yaml = "eks.tke.cloud.tencent.com/root-cbs-size: \"50\"\n";
    for (argument, yaml) in [(annotations(&[("root-cbs-size", "50")]), yaml), (annotations(&[]), "{}\n")] {
        assert_eq!(call(&*function::<GlobalConfig>(), argument), Ok(Value::map([("pod.annotations", yaml)])));
    }
}

#[test]
fn reference_has_four_parts() {
    for (reference, expected) in [
        ("nginx".to_owned(), image("docker.io", "library/nginx", Some("latest"), None)),
        ("vllm/vllm-openai:v0.8.5".to_owned(), image("docker.io", "vllm/vllm-openai", Some("v0.8.5"), None)),
        (format!("a.example.com:5000/b/c@{DIGEST}"), image("a.example.com:5000", "b/c", None, Some(DIGEST))),
        (format!("a.example.com/b:1@{DIGEST}"), image("a.example.com", "b", Some("1"), Some(DIGEST))),
    ] {
        assert_eq!(call(&*function::<ParseImage>(), reference.as_str()), Ok(expected), "{reference}");
    }
}

#[test]
fn wrong_argument_is_an_error_with_the_expected_form() {
    let (root_disk, image_cache) = (function::<RootDiskAnnotations>(), function::<ImageCacheAnnotations>());
    for (result, expected) in [
        (call(&*root_disk, 19_i64), "expected a whole number from 20 to 32000, got 19"),
        (call(&*root_disk, 32_001_i64), "expected a whole number from 20 to 32000, got 32001"),
        (
            call(&*image_cache, "a cache"),
            "expected \"auto\", or the ID of an image cache, for example \"imc-1a2b3c4d\", got \"a cache\"",
        ),
        (
            call(&*function::<ParseImage>(), "nginx:"),
            "\"nginx:\" is not an image reference: the tag is missing after the colon; an example is \
             \"nginx:1.27\"",
        ),
    ] {
        assert_eq!(result, Err(FunctionError::at(0, expected)));
    }
}

fn known(value: Value) -> Value {
    Dynamic::implied(value).expect("a type").into()
}

#[test]
fn options_choose_the_disk_of_a_cache() {
    let function = function::<ImageCacheAnnotations>();
    let all = [
        ("use-image-cache", "imc-1"),
        ("image-cache-disk-size", "100"),
        ("image-cache-disk-type", "CLOUD_NEW"),
        ("image-cache-disk-retain-minute", "10"),
        ("root-cbs-size", "50"),
    ];
    let options = |entries: &[(&str, Value)]| Value::map(entries.iter().map(|(name, value)| (*name, value.clone())));
    let number = |number: i64| Value::from(number);
    let typed = |ty: Type, value: Value| Value::from(Dynamic::new(Type::Map(ty.into()), value).expect("conforms"));
    for (arguments, expected) in [
        (vec![], annotations(&all[..1])),
        (vec![Value::Null], annotations(&all[..1])),
        (vec![known(options(&[]))], annotations(&all[..1])),
        (
            vec![known(options(&[
                ("size", number(100)),
                ("disk_type", "CLOUD_NEW".into()),
                ("retain_minutes", number(10)),
                ("fallback_size", number(50)),
            ]))],
            annotations(&all),
        ),
        (vec![known(options(&[("size", "100".into()), ("disk_type", Value::Null)]))], annotations(&all[..2])),
        (vec![typed(Type::Number, options(&[("size", number(100))]))], annotations(&all[..2])),
        (vec![typed(Type::String, options(&[("size", "1e2".into())]))], annotations(&all[..2])),
    ] {
        let arguments: Vec<_> = [Value::from("imc-1")].into_iter().chain(arguments).collect();
        assert_eq!(function.call(arguments.clone()), Ok(expected), "{arguments:?}");
    }
}

#[test]
fn keys_are_known_before_the_values() {
    let (cache, root_disk, config) =
        (function::<ImageCacheAnnotations>(), function::<RootDiskAnnotations>(), function::<GlobalConfig>());
    let unknown =
        |keys: &[&str]| Value::map(keys.iter().map(|key| (format!("eks.tke.cloud.tencent.com/{key}"), Value::Unknown)));
    let size = |value: Value| {
        let ty = Type::Object([("size".to_owned(), Type::Number)].into());
        Value::from(Dynamic::new(ty, Value::map([("size", value)])).expect("conforms"))
    };
    let ours = annotations(&[("use-image-cache", "auto")]);
    let unknown_config = Value::map([("pod.annotations", Value::Unknown)]);
    for (function, arguments, expected) in [
        (&cache, vec![Value::Unknown], unknown(&["use-image-cache"])),
        (
            &cache,
            vec![Value::Unknown, size(Value::UnknownNotNull)],
            unknown(&["use-image-cache", "image-cache-disk-size"]),
        ),
        (&cache, vec!["auto".into(), size(Value::Unknown)], Value::Unknown),
        (&cache, vec!["auto".into(), Value::Unknown], Value::Unknown),
        (&root_disk, vec![Value::Unknown], unknown(&["root-cbs-size"])),
        (&config, vec![Value::Unknown], unknown_config.clone()),
        (&config, vec![unknown(&["root-cbs-size"])], unknown_config.clone()),
        (&config, vec![ours, Value::Unknown], unknown_config),
    ] {
        assert_eq!(function.call(arguments.clone()), Ok(expected), "{arguments:?}");
    }
}

#[test]
fn invalid_option_is_an_error_with_an_unknown_id() {
    let cache = function::<ImageCacheAnnotations>();
    let one = |name: &str, value: Value| known(Value::map([(name, value)]));
    let form = "an object with any of size, disk_type, retain_minutes and fallback_size, for example { size = 100 }";
    for (options, argument, expected) in [
        (vec![one("size", 19_i64.into())], 1, "size: expected a whole number from 20 to 32000, got 19".to_owned()),
        (
            vec![one("size", "20.5".into())],
            1,
            "size: expected a whole number from 20 to 32000, got \"20.5\"".to_owned(),
        ),
        (vec![one("size", true.into())], 1, "size: expected a whole number from 20 to 32000, got true".to_owned()),
        (
            vec![one("fallback_size", 32_001_i64.into())],
            1,
            "fallback_size: expected a whole number from 20 to 32000, got 32001".to_owned(),
        ),
        (
            vec![one("retain_minutes", 0_i64.into())],
            1,
            "retain_minutes: expected a whole number of at least 1, got 0".to_owned(),
        ),
        (
            vec![one("disk_type", "".into())],
            1,
            "disk_type: expected the name of a disk type, for example \"CLOUD_SSD\", got \"\"".to_owned(),
        ),
        (vec![one("disk_size", 50_i64.into())], 1, format!("unknown option \"disk_size\": expected {form}")),
        (vec![known(100_i64.into())], 1, format!("expected {form}")),
        (vec![known(Value::list(["size"]))], 1, format!("expected {form}")),
        (vec![Value::Null, Value::Null], 2, format!("expected at most one options object: {form}")),
    ] {
        let arguments: Vec<_> = [Value::Unknown].into_iter().chain(options).collect();
        assert_eq!(cache.call(arguments.clone()), Err(FunctionError::at(argument, expected)), "{arguments:?}");
    }
}

#[test]
fn existing_annotations_of_a_cluster_are_kept() {
    let config = function::<GlobalConfig>();
    let ours = Value::map([("a/x", Value::from("1")), ("a/y", Value::Null)]);
    for (existing, expected) in [
        (vec![], "a/x: \"1\"\n"),
        (vec![Value::Null], "a/x: \"1\"\n"),
        (vec!["".into()], "a/x: \"1\"\n"),
        (vec!["b/z: 0644\na/y: y\n".into()], "b/z: \"0644\"\na/x: \"1\"\n"),
    ] {
        let arguments: Vec<_> = [ours.clone()].into_iter().chain(existing).collect();
        assert_eq!(config.call(arguments), Ok(Value::map([("pod.annotations", expected)])));
    }
    for (existing, argument, expected) in [
        (vec!["a".into()], 1, "existing cannot be merged: document 1, line 1: expected a mapping of strings"),
        (vec!["a".into(), "b".into()], 2, "expected at most one existing value: the current one of pod.annotations"),
    ] {
        let arguments: Vec<_> = [ours.clone()].into_iter().chain(existing).collect();
        assert_eq!(config.call(arguments), Err(FunctionError::at(argument, expected)));
    }
}

#[test]
fn manifests_give_pods_images_and_objects() {
    let yaml = "kind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      initContainers: [{image: b}]\n      \
                containers: [{image: c}, {image: b}]\n      volumes: [{configMap: {defaultMode: 0644}}]\n";
    assert_eq!(call(&*function::<ManifestImages>(), yaml), Ok(Value::list(["b", "c"])));
    let pod = Value::map([
        ("kind", "Deployment".into()),
        ("namespace", Value::Null),
        ("name", "a".into()),
        ("path", "spec.template.spec".into()),
        ("images", Value::list(["b", "c"])),
        ("unresolved", Value::List(vec![])),
    ]);
    assert_eq!(call(&*function::<ManifestPods>(), yaml), Ok(Value::List(vec![pod])));
    let Ok(Value::Dynamic(objects)) = call(&*function::<ManifestObjects>(), yaml) else { panic!("a tuple") };
    let mode = AttributePath::default().index(0).attribute("spec").attribute("template").attribute("spec");
    let mode = mode.attribute("volumes").index(0).attribute("configMap").attribute("defaultMode");
    assert_eq!(objects.value().get(&mode), Some(&420_i64.into()));
    assert!(objects.ty().to_json().starts_with(r#"["tuple",[["object",{"kind":"string","#));
    let Ok(Value::Dynamic(none)) = call(&*function::<ManifestObjects>(), "# nothing\n") else { panic!("a tuple") };
    assert_eq!(none.ty(), &Type::Tuple(vec![]));
}

#[test]
fn manifests_and_objects_get_annotations() {
    let yaml = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}]}\n";
    let map = Value::map([("a/b", "1")]);
    let annotate = function::<AnnotateManifests>();
    let annotated =
        "metadata:\n  annotations:\n    a/b: \"1\"\napiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}]}\n";
    assert_eq!(annotate.call(vec![yaml.into(), map.clone()]), Ok(annotated.into()));
    let null = Value::map([("a/b", Value::Null)]);
    let error = "annotations[\"a/b\"] contains null. Remove the element, or set a value";
    assert_eq!(annotate.call(vec![yaml.into(), null.clone()]), Err(FunctionError::at(1, error)));

    let annotate = function::<AnnotateObject>();
    let pod = Value::map([
        ("apiVersion", "v1".into()),
        ("kind", "Pod".into()),
        ("spec", Value::map([("containers", Value::List(vec![Value::map([("image", Value::Unknown)])]))])),
    ]);
    let ty = Type::from_json(
        r#"["object",{"apiVersion":"string","kind":"string","spec":["object",{"containers":["tuple",[["object",{"image":"string"}]]]}]}]"#,
    );
    let pod = Value::from(Dynamic::new(ty.expect("a type"), pod).expect("conforms"));
    let Ok(Value::Dynamic(result)) = annotate.call(vec![pod.clone(), map.clone()]) else { panic!("an object") };
    let path = AttributePath::root("metadata").attribute("annotations");
    assert_eq!(result.value().get(&path), Some(&map));
    assert_eq!(annotate.call(vec![Value::Unknown, map.clone()]), Ok(Value::Unknown));
    assert_eq!(annotate.call(vec![pod, null]), Err(FunctionError::at(1, error)));
    let error = "expected an object, such as an element of manifest_objects";
    assert_eq!(annotate.call(vec![known(yaml.into()), map]), Err(FunctionError::at(0, error)));
}
