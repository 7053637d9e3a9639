//! What is wrong with the provider block, beyond what its schema says.

use super::config::ProviderConfig;
use super::duration;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::tencentcloud::Endpoints;
use crate::tencentcloud::credentials::limits;
use crate::tencentcloud::endpoints::DEFAULT_DOMAIN;
use crate::value::Attr;

pub(super) fn validate(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    duration::validate(AttributePath::root("poll_interval"), &config.poll_interval, diagnostics);
    if !config.allowed_account_ids.is_null() && !config.forbidden_account_ids.is_null() {
        let detail = "allowed_account_ids and forbidden_account_ids exclude each other. Remove one of the two.";
        let at = AttributePath::root("forbidden_account_ids");
        diagnostics.push(Diagnostic::error("Two account lists", detail).at(at));
    }
    validate_endpoints(config, diagnostics);
    validate_credentials(config, diagnostics);
}

fn validate_endpoints(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    let mut check = |result: Result<Endpoints, _>, at: AttributePath| {
        if let Err(error) = result {
            diagnostics.push(Diagnostic::error("Invalid endpoint", format!("{error}.")).at(at));
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
