//! What is wrong with the configuration of a cache, beyond what its schema says. What is not known yet may become right, or
//! null.

use super::model::ImageCacheModel;
use crate::{duration, images};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};

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
    if config.existed_eip_id.is_known() && config.auto_create_eip.is_known() {
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
        if credentials.password.is_null() && credentials.password_wo.is_null() {
            let detail = format!(
                "{at} has no password. Set password_wo, which never reaches the state (Terraform 1.11 and later), or \
                 password."
            );
            diagnostics.push(Diagnostic::error("Missing password", detail).at(at.clone()));
        }
        if credentials.password.is_known() && credentials.password_wo.is_known() {
            let detail = format!("{at} has both password and password_wo. Remove one of the two.");
            diagnostics.push(Diagnostic::error("Two passwords", detail).at(at.attribute("password_wo")));
        }
        if credentials.password_wo.is_null() && credentials.password_wo_version.is_known() {
            let detail =
                format!("{at} has a password_wo_version, which counts changes of password_wo, but no password_wo.");
            let at = at.attribute("password_wo_version");
            diagnostics.push(Diagnostic::error("Version without a write-only password", detail).at(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_cache::model::{AutoCreateEip, RegistryCredentials};
    use terraform_plugin::value::{Attr, Secret};

    fn summaries(config: &ImageCacheModel) -> Vec<String> {
        let mut diagnostics = Diagnostics::default();
        validate(config, &mut diagnostics);
        diagnostics.into_iter().map(|error| error.summary).collect()
    }

    #[test]
    fn a_build_uses_one_eip_and_one_that_is_not_known_may_be_null() {
        let eip = || Attr::from("eip-1".to_owned());
        let made = || Attr::from(AutoCreateEip::default());
        for (existed_eip_id, auto_create_eip, expected) in [
            (eip(), made(), Some("Two EIPs")),
            (Attr::Unknown, made(), None),
            (eip(), Attr::Unknown, None),
            (Attr::Unknown, Attr::Unknown, None),
            (eip(), Attr::Null, None),
            (Attr::Null, made(), None),
            (Attr::Null, Attr::Null, None),
        ] {
            let config = ImageCacheModel { existed_eip_id, auto_create_eip, ..Default::default() };
            assert_eq!(summaries(&config), Vec::from_iter(expected), "{config:?}");
        }
    }

    #[test]
    fn one_password_is_needed_and_one_that_is_not_known_may_be_null() {
        let given = || Attr::Known(Secret::from("p"));
        let (missing, two) = (Some("Missing password"), Some("Two passwords"));
        let lone_version = Some("Version without a write-only password");
        for (password, password_wo, password_wo_version, expected) in [
            (Attr::Null, Attr::Null, Attr::Null, missing),
            (given(), given(), Attr::Null, two),
            (given(), Attr::Unknown, Attr::Null, None),
            (Attr::Unknown, given(), Attr::Null, None),
            (Attr::Unknown, Attr::Unknown, Attr::Null, None),
            (Attr::Null, Attr::Unknown, 1.into(), None),
            (Attr::Unknown, Attr::Null, Attr::Null, None),
            (given(), Attr::Null, Attr::Null, None),
            (Attr::Null, given(), 1.into(), None),
            (given(), Attr::Null, 1.into(), lone_version),
            (given(), Attr::Null, Attr::Unknown, None),
            (given(), Attr::Unknown, 1.into(), None),
        ] {
            let one = RegistryCredentials { password, password_wo, password_wo_version, ..Default::default() };
            let credentials = [("registry.example.com".to_owned(), one)];
            let image_registry_credentials = std::collections::BTreeMap::from(credentials).into();
            let config = ImageCacheModel { image_registry_credentials, ..Default::default() };
            assert_eq!(summaries(&config), Vec::from_iter(expected), "{config:?}");
        }
    }
}
