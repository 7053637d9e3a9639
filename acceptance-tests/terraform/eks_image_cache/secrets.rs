//! Passwords and keys are sent to the API, but not shown or stored.

use tencentcloud_simulator::KeyPair;

use crate::harness::cli::Cli;
use crate::harness::config::{CacheBlock, cache};
use crate::harness::features::Feature;
use crate::harness::run::Run;
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

/// Asserts that the output and the log of a run do not contain any of `secrets`.
#[track_caller]
fn is_shown_nowhere(run: &Run, secrets: &[&str]) {
    for secret in secrets {
        for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            let line = text.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "a secret in {stream}: {line:?}");
        }
    }
}

/// A cache whose password is write-only and comes from the ephemeral variable `password`.
fn write_only(version: u32) -> String {
    let block = cache().set(
        "image_registry_credentials",
        format!(
            r#"{{
    "registry.example.com" = {{ username = "ci", password_wo = var.password, password_wo_version = {version} }}
  }}"#
        ),
    );
    format!("variable \"password\" {{\n  type = string\n  ephemeral = true\n}}\n\n{block}")
}

fn stored(password: &str) -> CacheBlock {
    let credentials = format!(r#"{{ "registry.example.com" = {{ username = "ci", password = {password:?} }} }}"#);
    cache().set("image_registry_credentials", credentials)
}

fn last_password_in_the_cloud(workspace: &Workspace) -> String {
    workspace.cloud_cache().image_registry_credentials[0].password.clone()
}

#[test]
fn write_only_password_is_sent_but_not_stored_or_shown() {
    let mut workspace = Workspace::new();
    if Cli::get().skips_part("write-only arguments", Feature::WriteOnly) {
        // An older Terraform would store the value: the provider refuses it.
        workspace
            .write(write_only(1).replace("  ephemeral = true\n", "").replace("string", "string\n  default = \"x\""));
        workspace.plan().error().says(&["password_wo", "1.11"]);
        return;
    }
    let (first, second) = ("wo-secret-first", "wo-secret-second");
    let key = KeyPair::default().secret_key;
    workspace.environment("TF_LOG", "TRACE");
    workspace.environment("TF_VAR_password", first);
    workspace.write(write_only(1));
    let plan = workspace.plan().succeeds();
    is_shown_nowhere(&plan, &[first, &key]);
    assert!(plan.stderr.contains("terraform-provider-eks"), "no log to look at");
    let shown = workspace.run(&["show", "-json", "plan"]).succeeds();
    is_shown_nowhere(&shown, &[first, &key]);
    let apply = workspace.apply_planned().succeeds();
    is_shown_nowhere(&apply, &[first, &key]);
    assert!(apply.stderr.contains("CreateImageCache"), "the log of the provider is written");
    assert_eq!(last_password_in_the_cloud(&workspace), first);
    assert!(!workspace.state_text().contains(first));
    let state = workspace.state();
    let credentials = &state.attributes(TEST)["image_registry_credentials"]["registry.example.com"];
    assert!(credentials["password_wo"].is_null());
    assert_eq!(credentials["password_wo_version"], 1);

    // Terraform cannot detect the change; the version changes, and the images are pulled with the new password.
    workspace.environment("TF_LOG", "");
    workspace.environment("TF_VAR_password", second);
    workspace.plan_is_empty();
    workspace.environment("TF_LOG", "TRACE");
    workspace.write(write_only(2));
    is_shown_nowhere(&workspace.apply().succeeds(), &[first, second, &key]);
    workspace.environment("TF_LOG", "");
    workspace.plan_is_empty();
    assert_eq!(last_password_in_the_cloud(&workspace), second);
    assert_eq!(workspace.cloud_cache().builds, 2);
    assert!(!workspace.state_text().contains(second));

    // Changed images are also pulled with it.
    workspace.step(write_only(2).replace("nginx:1.27", "nginx:1.28"));
    assert_eq!((last_password_in_the_cloud(&workspace).as_str(), workspace.cloud_cache().builds), (second, 3));
    workspace.destroy();
}

#[test]
fn stored_password_is_hidden_from_output_and_log() {
    let mut workspace = Workspace::new();
    let (first, second) = ("stored-secret-first", "stored-secret-second");
    let key = KeyPair::default().secret_key;
    workspace.step(stored(first));
    assert_eq!(last_password_in_the_cloud(&workspace), first);

    workspace.write(stored(second));
    workspace.environment("TF_LOG", "TRACE");
    let plan = workspace.run(&["plan", "-input=false", "-no-color"]).succeeds();
    is_shown_nowhere(&plan, &[first, second, &key]);
    assert!(plan.stdout.contains("(sensitive value)"), "{}", plan.stdout);
    is_shown_nowhere(&workspace.apply().succeeds(), &[first, second, &key]);
    workspace.environment("TF_LOG", "");
    workspace.plan_is_empty();
    assert_eq!((last_password_in_the_cloud(&workspace).as_str(), workspace.cloud_cache().builds), (second, 2));
    workspace.destroy();
}

#[test]
fn error_does_not_contain_the_password() {
    let workspace = Workspace::new();
    workspace.cloud.make_unpullable("nginx:1.27");
    workspace.write(stored("stored-secret"));
    is_shown_nowhere(&workspace.apply().fails(), &["stored-secret"]);
    workspace.cloud.fail_builds(|_| None);
    workspace.destroy();
}
