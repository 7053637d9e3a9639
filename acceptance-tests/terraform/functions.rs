//! Functions: their results without an account, and their known parts before a cache exists.

use serde_json::{Value, json};

use crate::harness::cli::Cli;
use crate::harness::config::{CacheBlock, cache};
use crate::harness::features::Feature;
use crate::harness::plan::Plan;
use crate::harness::workspace::Workspace;

/// A workspace without an account.
fn workspace() -> Workspace {
    let mut workspace = Workspace::new();
    workspace.provider("");
    for name in ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_ENDPOINT_URL"] {
        workspace.environment(name, "");
    }
    workspace
}

/// The configuration of an output with this value.
fn output(expression: &str) -> String {
    format!("output \"value\" {{\n  value = {expression}\n}}\n")
}

#[test]
fn function_results() {
    if Cli::get().skips(Feature::Functions) {
        return;
    }
    let workspace = workspace();
    let key = |key: &str| format!("eks.tke.cloud.tencent.com/{key}");
    for (expression, expected) in [
        ("root_disk_annotations(50)", json!({ key("root-cbs-size"): "50" })),
        ("image_cache_annotations(\"auto\")", json!({ key("use-image-cache"): "auto" })),
        (
            "global_config(provider::eks::image_cache_annotations(\"imc-1a2b3c4d\"))",
            json!({ "pod.annotations": "eks.tke.cloud.tencent.com/use-image-cache: \"imc-1a2b3c4d\"\n" }),
        ),
        (
            "image_cache_annotations(\"auto\", { size = \"100\", disk_type = null })",
            json!({ key("use-image-cache"): "auto", key("image-cache-disk-size"): "100" }),
        ),
        (
            "image_cache_annotations(\"auto\", tomap({ size = 100, fallback_size = 50 }))",
            json!({
                key("use-image-cache"): "auto",
                key("image-cache-disk-size"): "100",
                key("root-cbs-size"): "50",
            }),
        ),
        (
            "global_config({ \"a/b\" = \"1\", \"c/d\" = null }, \"c/d: 1\\ne/f: 0644\\n\")",
            json!({ "pod.annotations": "e/f: \"0644\"\na/b: \"1\"\n" }),
        ),
        (
            "manifest_objects(\"kind: A\\nmode: 0644\\n---\\nkind: B\\nlist: [1, {c: null}]\\n\")",
            json!([{ "kind": "A", "mode": 420 }, { "kind": "B", "list": [1, { "c": null }] }]),
        ),
        (
            "parse_image(\"nginx\")",
            json!({ "registry": "docker.io", "repository": "library/nginx", "tag": "latest", "digest": null }),
        ),
    ] {
        workspace.step(output(&format!("provider::eks::{expression}")));
        assert_eq!(*workspace.state().output("value"), expected, "{expression}");
    }
    assert_eq!(workspace.cloud.requests(), []);
}

#[test]
fn invalid_arguments_are_named() {
    if Cli::get().skips(Feature::Functions) {
        return;
    }
    let workspace = workspace();
    // Terraform prepends the parameter and appends a full stop.
    for (expression, expected) in [
        (
            "annotate_manifests(\"\", { a = null })",
            "\"annotations\" parameter: annotations[\"a\"] contains null. Remove the element, or set a value.",
        ),
        (
            "image_cache_annotations(\"auto\", { size = 10 })",
            "\"options\" parameter: size: expected a whole number from 20 to 32000, got 10.",
        ),
        ("manifest_images(\"kind: Service\")", "\"yaml\" parameter: no Pod in the text: it has only Service."),
        ("root_disk_annotations(19)", "\"size\" parameter: expected a whole number from 20 to 32000, got 19."),
        ("root_disk_annotations(20.5)", "\"size\" parameter: expected a whole number from 20 to 32000, got 20.5."),
        (
            "image_cache_annotations(\"a cache\")",
            "\"id_or_auto\" parameter: expected \"auto\", or the ID of an image cache, for example \"imc-1a2b3c4d\", got \"a \
             cache\".",
        ),
        (
            "parse_image(\"nginx:\")",
            "\"reference\" parameter: \"nginx:\" is not an image reference: the tag is missing after the colon; an example \
             is \"nginx:1.27\".",
        ),
    ] {
        workspace.write(output(&format!("provider::eks::{expression}")));
        let error = workspace.run(&["plan", "-input=false", "-json"]).error();
        error.says(&[expected]);
        assert!(!error.detail.contains(".."), "{}", error.detail);
    }
}

const KEY: &str = "eks.tke.cloud.tencent.com/use-image-cache";

/// A cache, and its annotations as inputs of a resource of Terraform itself.
fn workloads(cache: CacheBlock) -> String {
    let workload =
        |name: &str, input: &str| format!("resource \"terraform_data\" \"{name}\" {{\n  input = {input}\n}}\n\n");
    let object = r#"{
    kind = "Deployment"
    spec = { replicas = 2, template = { spec = { containers = [{ name = "a", image = "nginx:1.27" }] } } }
  }"#;
    let id = "eks_image_cache.test.id";
    [
        cache.to_string(),
        workload("pinned", "eks_image_cache.test.annotations.pinned"),
        workload("auto", "eks_image_cache.test.annotations.auto"),
        workload("function", &format!("provider::eks::image_cache_annotations({id}, {{ size = 100 }})")),
        workload("config", "provider::eks::global_config(eks_image_cache.test.annotations.pinned, \"a/b: 1\")"),
        workload("object", &format!("provider::eks::annotate_object({object}, eks_image_cache.test.annotations.pinned)")),
        "resource \"terraform_data\" \"each\" {\n  for_each = eks_image_cache.test.annotations.pinned\n  input = each.key\n}\n".into(),
    ]
    .concat()
}

/// The unknown parts of the input of a workload.
fn unknown(plan: &Plan, name: &str) -> Value {
    plan.change(&format!("terraform_data.{name}")).after_unknown("input").clone()
}

#[test]
fn keys_are_known_before_the_cache_exists() {
    if Cli::get().skips(Feature::Functions) {
        return;
    }
    let workspace = Workspace::new();
    let annotations = json!({ "annotations": { KEY: true } });
    let planned = |plan: &Plan| {
        assert_eq!(unknown(plan, "pinned"), json!({ KEY: true }));
        assert_eq!(unknown(plan, "function"), json!({ KEY: true }));
        assert_eq!(unknown(plan, "config"), json!({ "pod.annotations": true }));
        let template = &unknown(plan, "object")["spec"]["template"];
        assert_eq!(template["metadata"], annotations);
        assert_eq!(plan.change("terraform_data.object").after("input")["spec"]["replicas"], json!(2));
    };
    planned(&workspace.planned(workloads(cache())));
    workspace.step(workloads(cache()));
    let id = workspace.state().id("eks_image_cache.test").to_owned();
    assert_eq!(workspace.state().attributes("terraform_data.pinned")["output"]["value"], json!({ KEY: id }));

    // A change of tags does not affect users of the cache.
    let plan = workspace.planned(workloads(cache().set("tags", r#"{ team = "ml" }"#)));
    for name in ["pinned", "auto", "function", "config", "object", &format!("each[\"{KEY}\"]")] {
        assert_eq!(plan.change(&format!("terraform_data.{name}")).actions(), ["no-op"], "{name}");
    }
    assert_eq!(plan.change("eks_image_cache.test").actions(), ["update"]);

    // A replacement has a new ID with the same key.
    let replaced = workloads(cache().set("subnet_id", r#""subnet-2""#));
    let plan = workspace.planned(&replaced);
    planned(&plan);
    assert_eq!(plan.change("terraform_data.auto").actions(), ["no-op"]);
    workspace.step(replaced);
    assert_ne!(workspace.state().id("eks_image_cache.test"), id);
    workspace.destroy();
}
