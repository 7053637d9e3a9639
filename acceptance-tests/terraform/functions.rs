//! Functions: no account, no region, no request.

use serde_json::json;

use crate::harness::cli::Cli;
use crate::harness::features::Feature;
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
fn functions_give_annotations_and_parts_of_images() {
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
fn a_wrong_argument_is_named_with_what_was_expected() {
    if Cli::get().skips(Feature::Functions) {
        return;
    }
    let workspace = workspace();
    // Terraform puts the parameter before the provider's text, and a full stop behind it.
    for (expression, expected) in [
        (
            "global_config({ a = null })",
            "\"annotations\" parameter: annotations[\"a\"] holds null. Remove the element, or give it a value.",
        ),
        ("root_disk_annotations(19)", "\"size\" parameter: expected a whole number from 20 to 32000, got 19."),
        ("root_disk_annotations(20.5)", "\"size\" parameter: expected a whole number from 20 to 32000, got 20.5."),
        (
            "image_cache_annotations(\"nginx\")",
            "\"id_or_auto\" parameter: expected \"auto\", or the ID of an image cache, for example \"imc-1a2b3c4d\", got \
             \"nginx\".",
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
