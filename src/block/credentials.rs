//! The arguments for credentials. Their limits and environment variables are defined in the client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::ProviderConfig;
use crate::session::PROGRAM;
use tencentcloud::credentials::{Caller, CredentialsConfig, Environment, overridden_by_keys};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::schema::OPTIONAL;
use terraform_plugin::value::{self, Attr, Secret, Value};

/// A role to assume.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssumeRole {
    /// The role, for example `qcs::cam::uin/100000000001:roleName/deployer`. Also `TENCENTCLOUD_ASSUME_ROLE_ARN`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub role_arn: Attr<String>,

    /// Name of the session, 2 to 128 letters, digits and `+=,.@_-`. Also `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub session_name: Attr<String>,

    /// Lifetime of the session in seconds, up to 43200. Default 7200. Also `TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub session_duration: Attr<u64>,

    /// Policy, as JSON, that restricts the permissions of the session.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub policy: Attr<String>,

    /// External ID that the role requires. Also `TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub external_id: Attr<String>,

    /// Identity of the caller, for the audit log. Also `TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub source_identity: Attr<String>,

    /// Serial number of the MFA device, for example `qcs::cam:uin/100000000001::mfa/softToken`. Also
    /// `TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub serial_number: Attr<String>,

    /// Code of the MFA device. Also `TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE`.
    #[schemars(extend("x-terraform" = OPTIONAL.sensitive()))]
    pub token_code: Attr<Secret>,
}

/// A role to assume with an OIDC token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssumeRoleWithWebIdentity {
    /// Name of the identity provider in CAM, for example `github`. Also `TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub provider_id: Attr<String>,

    /// The token. Also `TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN`. Conflicts with `web_identity_token_file`.
    #[schemars(extend("x-terraform" = OPTIONAL.sensitive()))]
    pub web_identity_token: Attr<Secret>,

    /// File with the token, raw or as JSON `{"web_identity_token": "..."}`; read again whenever a new session is needed. Also
    /// `TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub web_identity_token_file: Attr<String>,

    /// The role, for example `qcs::cam::uin/100000000001:roleName/ci`. Also `TENCENTCLOUD_ASSUME_ROLE_ARN`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub role_arn: Attr<String>,

    /// Name of the session. Also `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub session_name: Attr<String>,

    /// Lifetime of the session in seconds, up to 43200. Default 7200. Also `TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub session_duration: Attr<u64>,
}

/// A role to assume with a SAML assertion.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssumeRoleWithSaml {
    /// The assertion, base64. Also `TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION`.
    #[schemars(extend("x-terraform" = OPTIONAL.sensitive()))]
    pub saml_assertion: Attr<Secret>,

    /// The identity provider, for example `qcs::cam::uin/100000000001:saml-provider/okta`. Also
    /// `TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub principal_arn: Attr<String>,

    /// The role, for example `qcs::cam::uin/100000000001:roleName/ci`. Also `TENCENTCLOUD_ASSUME_ROLE_ARN`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub role_arn: Attr<String>,

    /// Name of the session. Also `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub session_name: Attr<String>,

    /// Lifetime of the session in seconds, up to 43200. Default 7200. Also `TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub session_duration: Attr<u64>,
}

/// A second factor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MfaCertification {
    /// Serial number of the device, for example `qcs::cam:uin/100000000001::mfa/softToken`. Also
    /// `TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub serial_number: Attr<String>,

    /// Code that the device shows. Also `TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE`.
    #[schemars(extend("x-terraform" = OPTIONAL.sensitive()))]
    pub token_code: Attr<Secret>,

    /// Lifetime of the session in seconds, up to 129600 (7200 for the account's owner). Default 1800. Also
    /// `TENCENTCLOUD_MFA_CERTIFICATION_DURATION_SECONDS`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub duration_seconds: Attr<u64>,
}

/// The client's configuration, which has the same names as the block. Unknown arguments are omitted.
pub(super) fn credentials(config: &ProviderConfig) -> CredentialsConfig {
    let block = value::to_value(config).map(Value::null_of_unknowns);
    let credentials = block.and_then(|block| value::from_value(&block));
    let credentials: CredentialsConfig = credentials.expect("arguments of both have the same types");
    let caller = Caller { configuration: "provider block", session_name: PROGRAM.name };
    CredentialsConfig { caller, ..credentials }
}

/// A warning for each argument that static keys override.
pub(super) fn not_used(config: &CredentialsConfig, environment: &Environment) -> Vec<Diagnostic> {
    let Some((source, arguments)) = overridden_by_keys(config, environment) else { return Vec::new() };
    let warning = |argument: &str| {
        let detail = format!(
            "The keys of the {source} take precedence; {argument} is ignored. To use it, remove the keys; to use the keys, \
            remove {argument}."
        );
        Diagnostic::warning("Ignored credentials", detail).at(AttributePath::root(argument))
    };
    arguments.into_iter().map(warning).collect()
}

pub(super) fn validate(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    for invalid in credentials(config).check() {
        let at = AttributePath::root(invalid.block).attribute(invalid.argument);
        let summary = format!("Invalid value for {}", invalid.argument);
        diagnostics.push(Diagnostic::error(summary, format!("{at}: {}.", invalid.problem)).at(at));
    }
    validate_combinations(config, diagnostics);
}

/// Checks arguments that require each other or are mutually exclusive. Variables complete a block, except for keys.
fn validate_combinations(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    let given = [
        ("secret_id", config.secret_id.is_known()),
        ("secret_key", config.secret_key.is_known()),
        ("security_token", config.security_token.is_known()),
    ];
    // The token is optional.
    let absent = [("secret_id", config.secret_id.is_null()), ("secret_key", config.secret_key.is_null())];
    if let Some((present, _)) = given.iter().find(|(_, given)| *given) {
        // At the missing argument, because Terraform prints the line, and a key is secret.
        for (missing, _) in absent.iter().filter(|(_, absent)| *absent) {
            let detail = format!(
                "{present} is set in the provider block, but {missing} is not. A key pair must come from one source: set \
                both here, or neither."
            );
            diagnostics.push(Diagnostic::error("Incomplete credentials", detail).at(AttributePath::root(*missing)));
        }
    }
    let mut exclude = |first: &str, second: &str, at: AttributePath| {
        let detail = format!("{first} and {second} are mutually exclusive. Remove one of them.");
        diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(at));
    };
    if config.assume_role_with_web_identity.is_known() && config.assume_role_with_saml.is_known() {
        let (first, second) = ("assume_role_with_web_identity", "assume_role_with_saml");
        exclude(first, second, AttributePath::root(second));
    }
    if let Some(identity) = config.assume_role_with_web_identity.known()
        && identity.web_identity_token.is_known()
        && identity.web_identity_token_file.is_known()
    {
        let (first, second) = ("web_identity_token", "web_identity_token_file");
        exclude(first, second, AttributePath::root("assume_role_with_web_identity").attribute(second));
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;
    use tencentcloud::credentials::{AssumeRoleConfig, MfaConfig, SamlConfig, WebIdentityConfig};

    use super::*;

    fn known(text: &str) -> Attr<String> {
        text.into()
    }

    fn secret(text: &str) -> Attr<Secret> {
        Attr::Known(text.into())
    }

    fn role() -> AssumeRole {
        AssumeRole {
            role_arn: known("arn"),
            session_name: known("ci"),
            session_duration: 60.into(),
            policy: known("{}"),
            external_id: known("id"),
            source_identity: known("uin"),
            serial_number: known("device"),
            token_code: secret("123456"),
        }
    }

    fn identity() -> AssumeRoleWithWebIdentity {
        AssumeRoleWithWebIdentity {
            provider_id: known("github"),
            web_identity_token: secret("token"),
            web_identity_token_file: known("path"),
            role_arn: known("arn"),
            session_name: known("ci"),
            session_duration: 60.into(),
        }
    }

    fn saml() -> AssumeRoleWithSaml {
        AssumeRoleWithSaml {
            saml_assertion: secret("assertion"),
            principal_arn: known("arn"),
            role_arn: known("arn"),
            session_name: known("ci"),
            session_duration: 60.into(),
        }
    }

    fn mfa() -> MfaCertification {
        MfaCertification { serial_number: known("device"), token_code: secret("123456"), duration_seconds: 60.into() }
    }

    #[test]
    fn every_argument_reaches_the_client() {
        let config = credentials(&ProviderConfig {
            secret_id: known("id"),
            secret_key: secret("key"),
            security_token: secret("token"),
            profile: known("ci"),
            shared_credentials_dir: known("path"),
            assume_role: role().into(),
            assume_role_with_web_identity: identity().into(),
            assume_role_with_saml: saml().into(),
            mfa_certification: mfa().into(),
            cam_role_name: known("builder"),
            ..Default::default()
        });
        assert!(!format!("{config:?}").contains("None"), "{config:?}");
        assert_eq!(config.secret_key.unwrap().expose_secret(), "key");
        let role = config.assume_role.unwrap();
        assert_eq!((role.role_arn.as_deref(), role.session_duration), (Some("arn"), Some(60)));
        assert_eq!(role.token_code.unwrap().expose_secret(), "123456");
    }

    /// The client refuses unknown names.
    #[test]
    fn client_has_every_argument_of_a_block() {
        serde_json::from_value::<AssumeRoleConfig>(json!(role())).unwrap();
        serde_json::from_value::<WebIdentityConfig>(json!(identity())).unwrap();
        serde_json::from_value::<SamlConfig>(json!(saml())).unwrap();
        serde_json::from_value::<MfaConfig>(json!(mfa())).unwrap();
    }

    #[test]
    fn unknown_arguments_are_absent() {
        let role = AssumeRole { role_arn: Attr::Unknown, session_name: known("ci"), ..Default::default() };
        let config = credentials(&ProviderConfig {
            secret_id: Attr::Unknown,
            assume_role: role.into(),
            assume_role_with_saml: Attr::Unknown,
            ..Default::default()
        });
        let role = config.assume_role.unwrap();
        assert_eq!((role.role_arn, role.session_name.as_deref()), (None, Some("ci")));
        assert!(config.secret_id.is_none() && config.assume_role_with_saml.is_none());
    }
}
