//! Checks of the provider block beyond its schema. Unknown values may become right, or null.

use super::config::{self, ProviderConfig};
use super::mirrors;
use crate::{errors, regions, tags};
use tencentcloud::Endpoints;
use tencentcloud::credentials::limits;
use tencentcloud::endpoints::DEFAULT_DOMAIN;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::value::{Attr, duration};

pub fn validate(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    let config = &config.clone().without_empty_strings();
    regions::validate(AttributePath::root("region"), &config.region, diagnostics);
    duration::validate(AttributePath::root("poll_interval"), &config.poll_interval, diagnostics);
    validate_accounts(config, diagnostics);
    validate_endpoints(config, diagnostics);
    mirrors::validate(config, diagnostics);
    validate_credentials(config, diagnostics);
    validate_combinations(config, diagnostics);
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

fn validate_endpoints(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    let mut check = |result: Result<Endpoints, _>, at: AttributePath| {
        if let Err(error) = result {
            diagnostics.push(errors::endpoint(&error, at));
        }
    };
    if let Some(protocol) = config.protocol.as_str() {
        check(Endpoints::new(protocol, DEFAULT_DOMAIN), AttributePath::root("protocol"));
    }
    if let Some(domain) = config.domain.as_str() {
        check(Endpoints::new("HTTPS", domain), AttributePath::root("domain"));
    }
    if let Some(endpoints) = config.endpoints.known() {
        for (service, url) in [
            ("tke", &endpoints.tke),
            ("sts", &endpoints.sts),
            ("tcr", &endpoints.tcr),
            ("metadata", &endpoints.metadata),
        ] {
            if let Some(url) = url.as_str() {
                let at = AttributePath::root("endpoints").attribute(service);
                check(Endpoints::default().with_override(service, url), at);
            }
        }
    }
}

fn validate_credentials(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    let mut check = |result: Result<(), limits::LimitError>, block: &str, attribute: &str| {
        if let Err(error) = result {
            let at = AttributePath::root(block).attribute(attribute);
            let summary = format!("Invalid value for {attribute}");
            diagnostics.push(Diagnostic::error(summary, format!("{at}: {error}.")).at(at));
        }
    };
    let text =
        |value: &Attr<String>, limit: fn(&str) -> Result<(), limits::LimitError>| value.as_str().map_or(Ok(()), limit);
    if let Some(role) = config.assume_role.known() {
        check(text(&role.role_arn, limits::role_arn), "assume_role", "role_arn");
        check(text(&role.session_name, limits::session_name), "assume_role", "session_name");
        check(text(&role.policy, limits::policy), "assume_role", "policy");
        check(text(&role.external_id, limits::external_id), "assume_role", "external_id");
        check(text(&role.serial_number, limits::mfa_serial_number), "assume_role", "serial_number");
    }
    if let Some(identity) = config.assume_role_with_web_identity.known() {
        let block = "assume_role_with_web_identity";
        check(text(&identity.role_arn, limits::role_arn), block, "role_arn");
        check(text(&identity.session_name, limits::session_name), block, "session_name");
    }
    if let Some(saml) = config.assume_role_with_saml.known() {
        let block = "assume_role_with_saml";
        check(text(&saml.principal_arn, limits::principal_arn), block, "principal_arn");
        check(text(&saml.role_arn, limits::role_arn), block, "role_arn");
        check(text(&saml.session_name, limits::session_name), block, "session_name");
    }
    if let Some(mfa) = config.mfa_certification.known() {
        check(text(&mfa.serial_number, limits::mfa_serial_number), "mfa_certification", "serial_number");
    }
}

/// Arguments that need each other or are mutually exclusive. Variables complete a block, except for keys.
fn validate_combinations(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    let given = [
        ("secret_id", config.secret_id.is_known()),
        ("secret_key", config.secret_key.is_known()),
        ("security_token", config.security_token.is_known()),
    ];
    // The token is optional.
    let absent = [("secret_id", config.secret_id.is_null()), ("secret_key", config.secret_key.is_null())];
    if let Some((present, _)) = given.iter().find(|(_, given)| *given) {
        // At the missing argument: Terraform prints the line, and a key is secret.
        for (missing, _) in absent.iter().filter(|(_, absent)| *absent) {
            let detail = format!(
                "{present} is set in the provider block, {missing} is not. A key pair comes from one place: set both \
                 here, or neither."
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
    use std::collections::BTreeSet;

    use super::*;
    use crate::block::config::{
        AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, Endpoints as OwnEndpoints, MfaCertification,
    };
    use terraform_plugin::value::Secret;

    const ROLE: &str = "qcs::cam::uin/100000000001:roleName/ci";

    fn known(text: &str) -> Attr<String> {
        Attr::from(text.to_owned())
    }

    fn ids(ids: &[&str]) -> Attr<BTreeSet<String>> {
        ids.iter().map(ToString::to_string).collect::<BTreeSet<_>>().into()
    }

    /// Path and detail of each error of the block that `change` makes.
    fn reported(change: impl FnOnce(&mut ProviderConfig)) -> Vec<(String, String)> {
        let (mut config, mut diagnostics) = (ProviderConfig::default(), Diagnostics::default());
        change(&mut config);
        validate(&config, &mut diagnostics);
        diagnostics.into_iter().map(|error| (error.path.to_string(), error.detail)).collect()
    }

    type Case = (fn(&mut ProviderConfig), &'static str, &'static str);

    #[test]
    fn mistakes_are_reported_at_their_argument() {
        let cases: [Case; 20] = [
            (|c| c.poll_interval = known("5"), "poll_interval", "\"30s\""),
            (|c| c.protocol = known("ftp"), "protocol", "expected HTTPS or HTTP"),
            (|c| c.domain = known("https://x"), "domain", "expected a host name"),
            (
                |c| c.endpoints = OwnEndpoints { tke: known("tke.internal"), ..Default::default() }.into(),
                "endpoints.tke",
                "the scheme is missing; write \"https://tke.internal\".",
            ),
            (
                // Not at the argument, whose lines Terraform would show.
                |c| c.endpoints = OwnEndpoints { sts: known("http://joe:secret@sts"), ..Default::default() }.into(),
                "",
                "endpoint of sts: a user and a password are of no use here",
            ),
            (
                |c| c.endpoints = OwnEndpoints { metadata: known("http://m/x"), ..Default::default() }.into(),
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
        let cases: [fn(&mut ProviderConfig); 12] = [
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
                    OwnEndpoints { sts: Attr::Unknown, tcr: known("http://127.0.0.1:1"), ..Default::default() }.into();
            },
            // What is not known yet may turn out null.
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
            |c| {
                c.assume_role = AssumeRole { role_arn: Attr::Unknown, policy: known("{}"), ..Default::default() }.into()
            },
        ];
        for (number, change) in cases.into_iter().enumerate() {
            assert_eq!(reported(change), [], "case {number}");
        }
    }
}
