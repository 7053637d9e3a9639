//! Validation of the provider block beyond its schema. Unknown values may become valid, or null.

use super::config::{self, ProviderConfig};
use super::{credentials, endpoints, mirrors};
use crate::{regions, tags};
use tencentcloud::credentials::limits;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::value::duration;

pub fn validate(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    let config = &config.clone().without_empty_strings();
    regions::validate(AttributePath::root("region"), &config.region, diagnostics);
    duration::validate(AttributePath::root("poll_interval"), &config.poll_interval, diagnostics);
    validate_accounts(config, diagnostics);
    endpoints::validate(config, diagnostics);
    mirrors::validate(config, diagnostics);
    credentials::validate(config, diagnostics);
    let default_tags = AttributePath::root("default_tags");
    tags::validate(&default_tags, &config.default_tags, diagnostics);
    let policy = config::tag_policy(&config.default_tags, &config.ignore_tags);
    policy.validate_not_ignored(&default_tags, &config.default_tags, diagnostics);
}

fn validate_accounts(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    if config.allowed_account_ids.is_known() && config.forbidden_account_ids.is_known() {
        let detail = "allowed_account_ids and forbidden_account_ids are mutually exclusive. Remove one of them.";
        let at = AttributePath::root("forbidden_account_ids");
        diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(at));
    }
    for (name, ids) in
        [("allowed_account_ids", &config.allowed_account_ids), ("forbidden_account_ids", &config.forbidden_account_ids)]
    {
        for id in ids.known().into_iter().flatten() {
            if let Err(error) = limits::account_id(id) {
                let detail = format!("{name}: {error}, not {id:?}.");
                diagnostics.push(Diagnostic::error("Invalid account ID", detail).at(AttributePath::root(name)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::block::credentials::{AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, MfaCertification};
    use crate::block::endpoints::EndpointsConfig;
    use terraform_plugin::value::{Attr, Secret};

    const ROLE: &str = "qcs::cam::uin/100000000001:roleName/ci";

    fn known(text: &str) -> Attr<String> {
        Attr::from(text.to_owned())
    }

    fn ids(ids: &[&str]) -> Attr<BTreeSet<String>> {
        ids.iter().map(ToString::to_string).collect::<BTreeSet<_>>().into()
    }

    /// Path and detail of each error of a block modified by `change`.
    fn reported(change: impl FnOnce(&mut ProviderConfig)) -> Vec<(String, String)> {
        let (mut config, mut diagnostics) = (ProviderConfig::default(), Diagnostics::default());
        change(&mut config);
        validate(&config, &mut diagnostics);
        diagnostics.into_iter().map(|error| (error.path.to_string(), error.detail)).collect()
    }

    type Case = (fn(&mut ProviderConfig), &'static str, &'static str);

    #[test]
    fn mistakes_are_reported_at_their_argument() {
        let cases: [Case; 24] = [
            (|c| c.poll_interval = known("5"), "poll_interval", "\"30s\""),
            (|c| c.protocol = known("ftp"), "protocol", "expected HTTPS or HTTP"),
            (|c| c.domain = known("https://x"), "domain", "expected a host name"),
            (
                |c| c.endpoints = EndpointsConfig { tke: known("tke.internal"), ..Default::default() }.into(),
                "endpoints.tke",
                "the scheme is missing; write \"https://tke.internal\".",
            ),
            (
                // Not at the argument, because Terraform would print its line.
                |c| c.endpoints = EndpointsConfig { sts: known("http://joe:secret@sts"), ..Default::default() }.into(),
                "",
                "endpoint of sts: remove the user name and the password",
            ),
            (
                |c| c.endpoints = EndpointsConfig { metadata: known("http://m/x"), ..Default::default() }.into(),
                "endpoints.metadata",
                "a host and a port at most",
            ),
            (|c| c.allowed_account_ids = ids(&["1", "my-account"]), "allowed_account_ids", "not \"my-account\""),
            (|c| c.forbidden_account_ids = ids(&[ROLE]), "forbidden_account_ids", "digits only"),
            (
                |c| {
                    c.allowed_account_ids = ids(&["1"]);
                    c.forbidden_account_ids = ids(&["2"]);
                },
                "forbidden_account_ids",
                "mutually exclusive",
            ),
            (|c| c.secret_id = known("id"), "secret_key", "secret_id is set"),
            (|c| c.secret_key = Attr::Known(Secret::from("key")), "secret_id", "secret_key is set"),
            (
                |c| c.assume_role = AssumeRole { role_arn: known("ci"), ..Default::default() }.into(),
                "assume_role.role_arn",
                "for example \"qcs::cam::uin/",
            ),
            (
                |c| c.assume_role = AssumeRole { session_name: known("a b"), ..Default::default() }.into(),
                "assume_role.session_name",
                "2 to 128 letters",
            ),
            (
                |c| c.assume_role = AssumeRole { policy: known("[]"), ..Default::default() }.into(),
                "assume_role.policy",
                "a JSON object",
            ),
            (
                |c| c.assume_role = AssumeRole { external_id: known("a"), ..Default::default() }.into(),
                "assume_role.external_id",
                "2 to 128",
            ),
            (
                |c| c.assume_role = AssumeRole { session_duration: 43_201.into(), ..Default::default() }.into(),
                "assume_role.session_duration",
                "0 (the default, 7200) to 43200 seconds",
            ),
            (
                |c| {
                    let identity = AssumeRoleWithWebIdentity { session_duration: 43_201.into(), ..Default::default() };
                    c.assume_role_with_web_identity = identity.into();
                },
                "assume_role_with_web_identity.session_duration",
                "to 43200 seconds",
            ),
            (
                |c| {
                    let saml = AssumeRoleWithSaml { session_duration: 43_201.into(), ..Default::default() };
                    c.assume_role_with_saml = saml.into();
                },
                "assume_role_with_saml.session_duration",
                "to 43200 seconds",
            ),
            (
                |c| {
                    c.mfa_certification =
                        MfaCertification { duration_seconds: 129_601.into(), ..Default::default() }.into()
                },
                "mfa_certification.duration_seconds",
                "to 129600 seconds",
            ),
            (
                |c| {
                    c.mfa_certification =
                        MfaCertification { serial_number: known("phone"), ..Default::default() }.into()
                },
                "mfa_certification.serial_number",
                "::mfa/softToken",
            ),
            (
                |c| {
                    let saml = AssumeRoleWithSaml { principal_arn: known(ROLE), ..Default::default() };
                    c.assume_role_with_saml = saml.into();
                },
                "assume_role_with_saml.principal_arn",
                "saml-provider/",
            ),
            (
                |c| {
                    let identity = AssumeRoleWithWebIdentity { role_arn: known("ci"), ..Default::default() };
                    c.assume_role_with_web_identity = identity.into();
                },
                "assume_role_with_web_identity.role_arn",
                "roleName/",
            ),
            (
                |c| {
                    c.assume_role_with_web_identity = AssumeRoleWithWebIdentity::default().into();
                    c.assume_role_with_saml = AssumeRoleWithSaml::default().into();
                },
                "assume_role_with_saml",
                "mutually exclusive",
            ),
            (
                |c| {
                    let identity = AssumeRoleWithWebIdentity {
                        web_identity_token: Attr::Known(Secret::from("t")),
                        web_identity_token_file: known("token"),
                        ..Default::default()
                    };
                    c.assume_role_with_web_identity = identity.into();
                },
                "assume_role_with_web_identity.web_identity_token_file",
                "mutually exclusive",
            ),
        ];
        for (change, path, detail) in cases {
            let reported = reported(change);
            let [(at, text)] = &reported[..] else { panic!("{path}: {reported:?}") };
            assert_eq!(at, path);
            assert!(text.contains(detail), "{path}: {text}");
        }
        let token_alone = reported(|c| c.security_token = Attr::Known(Secret::from("token")));
        assert_eq!(token_alone.len(), 2, "{token_alone:?}");
    }

    #[test]
    fn valid_and_unknown_arguments_pass() {
        let cases: [fn(&mut ProviderConfig); 13] = [
            |_| (),
            |c| {
                c.secret_id = known("id");
                c.secret_key = Attr::Unknown;
            },
            |c| {
                c.allowed_account_ids = ids(&["100000000001"]);
                c.poll_interval = known("250ms");
                c.domain = known("intl.tencentcloudapi.com");
            },
            |c| {
                c.endpoints =
                    EndpointsConfig { sts: Attr::Unknown, tcr: known("http://127.0.0.1:1"), ..Default::default() }
                        .into();
            },
            // Unknown arguments may become null.
            |c| c.security_token = Attr::Unknown,
            |c| c.secret_key = Attr::Unknown,
            |c| {
                c.allowed_account_ids = ids(&["1"]);
                c.forbidden_account_ids = Attr::Unknown;
            },
            |c| {
                c.assume_role_with_web_identity = Attr::Unknown;
                c.assume_role_with_saml = AssumeRoleWithSaml::default().into();
            },
            |c| {
                let identity = AssumeRoleWithWebIdentity {
                    web_identity_token: Attr::Unknown,
                    web_identity_token_file: known("token"),
                    ..Default::default()
                };
                c.assume_role_with_web_identity = identity.into();
            },
            |c| {
                c.secret_id = Attr::Unknown;
                c.security_token = Attr::Unknown;
            },
            // The role may come from a variable.
            |c| c.assume_role = AssumeRole { external_id: known("team-a"), ..Default::default() }.into(),
            // Zero means the API's default.
            |c| c.mfa_certification = MfaCertification { duration_seconds: 0.into(), ..Default::default() }.into(),
            |c| {
                c.assume_role = AssumeRole { role_arn: Attr::Unknown, policy: known("{}"), ..Default::default() }.into()
            },
        ];
        for (number, change) in cases.into_iter().enumerate() {
            assert_eq!(reported(change), [], "case {number}");
        }
    }
}
