//! All secrets together, from plan to destroy: they are sent to the API only.

use tencentcloud_simulator::KeyPair;

use super::network::Proxy;
use super::{PRESCRIBED, encodings, no_keys, shown_secret};
use crate::harness::cli::Cli;
use crate::harness::config::{PROVIDER, cache};
use crate::harness::features::Feature;
use crate::harness::run::Run;
use crate::harness::workspace::Workspace;

/// Provider blocks whose secrets are ephemeral variables, which Terraform does not save.
const BLOCKS: [&str; 3] = [
    r#"
  secret_id  = "AKIDSIMULATOR"
  secret_key = var.secret_key
  mfa_certification = {
    serial_number = "qcs::cam:uin/100000000001::mfa/softToken"
    token_code    = var.mfa_code
  }
  assume_role = { role_arn = "qcs::cam::uin/100000000001:roleName/ci" }
"#,
    r#"
  assume_role_with_saml = {
    saml_assertion = var.saml_assertion
    principal_arn  = "qcs::cam::uin/100000000001:saml-provider/okta"
    role_arn       = "qcs::cam::uin/100000000001:roleName/ci"
  }
"#,
    r#"
  assume_role_with_web_identity = {
    web_identity_token = var.web_identity_token
    role_arn           = "qcs::cam::uin/100000000001:roleName/ci"
  }
"#,
];

/// A password whose encodings in JSON, URLs and base64 differ.
const PASSWORD: &str = "re\"gis\\try +/-secret";

#[test]
fn no_secret_is_in_log_output_plan_or_state() {
    // An older Terraform saves the values of variables itself.
    if Cli::get().skips(Feature::WriteOnly) {
        return;
    }
    let [assertion, code] = PRESCRIBED;
    let variables = [
        ("secret_key", KeyPair::default().secret_key),
        ("mfa_code", code.to_owned()),
        ("saml_assertion", assertion.to_owned()),
        ("web_identity_token", "web/identity=-secret".to_owned()),
        ("password", PASSWORD.to_owned()),
    ];
    let block = cache().set(
        "image_registry_credentials",
        r#"{ "registry.example.com" = { username = "ci", password_wo = var.password, password_wo_version = 1 } }"#,
    );
    let declared: String =
        variables.iter().map(|(name, _)| format!("variable {name:?} {{\n  ephemeral = true\n}}\n\n")).collect();
    for provider in BLOCKS {
        let mut workspace = Workspace::new();
        let proxy = Proxy::before(&workspace.cloud);
        no_keys(&mut workspace);
        workspace.environment("HTTP_PROXY", &proxy.url());
        workspace.environment("TF_LOG", "TRACE");
        for (name, value) in &variables {
            workspace.environment(&format!("TF_VAR_{name}"), value);
        }
        workspace.provider(&format!("{PROVIDER}{provider}"));
        workspace.write(format!("{declared}{block}"));

        let plan = workspace.plan().succeeds();
        let shown = workspace.run(&["show", "-json", "plan"]).succeeds();
        let apply = workspace.apply_planned().succeeds();
        assert!(apply.stderr.contains("provider.tencentcloud"), "there is a log to look at");
        let state = workspace.run(&["show", "-json"]).succeeds();
        let destroy = workspace.destroy();
        for run in [&plan, &shown, &apply, &state, &destroy] {
            assert_eq!(shown_secret(&workspace, run), None, "in {provider}");
        }
        let text = workspace.state_text();
        for form in ["-secret", PASSWORD, assertion, code].into_iter().flat_map(encodings) {
            assert!(!text.contains(&form), "{form} in {text}");
        }
        for form in encodings(PASSWORD) {
            let shows = |run: &Run| run.stdout.contains(&form) || run.stderr.contains(&form);
            assert!(![&plan, &shown, &apply, &state, &destroy].into_iter().any(shows), "{form} in {provider}");
        }
        let sent = &workspace.sent("CreateImageCache")[0]["ImageRegistryCredentials"][0]["Password"];
        assert_eq!(sent, PASSWORD);
    }
}
