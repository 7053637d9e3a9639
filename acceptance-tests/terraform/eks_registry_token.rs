//! `eks_registry_token`: a password that is sent to the API, but not stored.

use crate::harness::cli::Cli;
use crate::harness::config::cache;
use crate::harness::features::Feature;
use crate::harness::workspace::Workspace;

/// A cache whose password is a token, and the token.
fn config(registry_id: &str) -> String {
    let credentials = r#"{
    "llm.tencentcloudcr.com" = {
      username            = "100000000001"
      password_wo         = ephemeral.eks_registry_token.test.token
      password_wo_version = 1
    }
  }"#;
    let cache = cache().set("image_registry_credentials", credentials);
    format!("ephemeral \"eks_registry_token\" \"test\" {{\n  registry_id = {registry_id:?}\n}}\n\n{cache}")
}

#[test]
fn token_is_sent_but_not_stored() {
    if Cli::get().skips(Feature::WriteOnly) {
        return;
    }
    let workspace = Workspace::new();
    let plan = workspace.planned(config("tcr-1a2b3c4d"));
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    let [create] = &workspace.sent("CreateImageCache")[..] else { panic!("not one create") };
    let credential = &create["ImageRegistryCredentials"][0];
    let token = credential["Password"].as_str().unwrap();
    assert_eq!((&credential["Username"], token.len()), (&"100000000001".into(), 64));
    assert!(!workspace.state_text().contains(token), "the token is in the state");
    assert!(
        !plan.0.to_string().contains("Password") && !plan.0.to_string().contains(token),
        "the token is in the plan"
    );
    let [first, ..] = &workspace.sent("CreateInstanceToken")[..] else { panic!("no token") };
    assert_eq!(*first, serde_json::json!({"RegistryId": "tcr-1a2b3c4d", "TokenType": "temp"}));
    workspace.destroy();
}

#[test]
fn missing_instance_is_named() {
    if Cli::get().skips(Feature::WriteOnly) {
        return;
    }
    let workspace = Workspace::new();
    workspace.write(config("ins-1"));
    let error = workspace.plan().fails().error();
    error.says(&[
        "Error creating registry token",
        "registry ins-1 in ap-guangzhou",
        "TcrResourceNotFound",
        "Check the ID",
    ]);
    assert_eq!(error.code(), "registry_id = \"ins-1\"");
}
