//! What is wrong with the configuration of a cache, beyond what its schema says.

use super::model::ImageCacheModel;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::provider::{duration, images};
use crate::value::Attr;

pub(super) fn validate(config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
    images::validate(AttributePath::root("images"), config.images.known().into_iter().flatten(), diagnostics);
    for (name, value) in [
        ("vpc_id", config.vpc_id.as_str()),
        ("subnet_id", config.subnet_id.as_str()),
        ("existed_eip_id", config.existed_eip_id.as_str()),
        ("region", config.region.as_str()),
        ("name", config.name.as_str()),
    ] {
        if value.is_some_and(|text| text.trim() != text || text.contains(char::is_control)) {
            let detail = format!("{name} begins or ends with white space, or holds a control character: {value:?}.");
            diagnostics
                .push(Diagnostic::error(format!("Invalid value for {name}"), detail).at(AttributePath::root(name)));
        }
    }
    if !config.existed_eip_id.is_null() && !config.auto_create_eip.is_null() {
        let detail = "existed_eip_id names an EIP and auto_create_eip makes one: the build uses one EIP only. Remove one of \
                      the two.";
        diagnostics.push(Diagnostic::error("Two EIPs", detail).at(AttributePath::root("auto_create_eip")));
    }
    validate_credentials(config, diagnostics);
    if let Some(timeouts) = config.timeouts.known() {
        let block = AttributePath::root("timeouts");
        for (name, value) in [("create", &timeouts.create), ("update", &timeouts.update), ("delete", &timeouts.delete)]
        {
            duration::validate(block.attribute(name), value, diagnostics);
        }
    }
}

fn validate_credentials(config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
    let root = AttributePath::root("image_registry_credentials");
    for (server, credentials) in config.image_registry_credentials.known().into_iter().flatten() {
        let at = root.key(server);
        if server.is_empty() || server.contains("://") || server.contains(char::is_whitespace) {
            let detail = format!(
                "The key {server:?} of {root} is not a registry server. Expected its host name, with a port if it has one, for \
                 example \"registry.example.com\" or \"registry.example.com:5000\"."
            );
            diagnostics.push(Diagnostic::error("Invalid registry server", detail).at(at.clone()));
        }
        let given = |name: &str, null: bool| (!null).then(|| name.to_owned());
        let passwords = [
            given("password", credentials.password.is_null()),
            given("password_wo", credentials.password_wo.is_null()),
        ];
        match passwords {
            [None, None] => {
                let detail = format!(
                    "{at} has no password. Set password_wo, which never reaches the state (Terraform 1.11 and later), or \
                     password."
                );
                diagnostics.push(Diagnostic::error("Missing password", detail).at(at.clone()));
            }
            [Some(_), Some(second)] => {
                let detail = format!("{at} has both password and password_wo. Remove one of the two.");
                diagnostics.push(Diagnostic::error("Two passwords", detail).at(at.attribute(second)));
            }
            _ => {}
        }
        if matches!(credentials.password_wo, Attr::Null) && !credentials.password_wo_version.is_null() {
            let detail =
                format!("{at} has a password_wo_version, which counts changes of password_wo, but no password_wo.");
            let at = at.attribute("password_wo_version");
            diagnostics.push(Diagnostic::error("Version without a write-only password", detail).at(at));
        }
    }
}
