//! Validation of a cache's configuration beyond its schema. Unknown values may become valid, or null.
//!
//! Values that the API is known to refuse, or that cannot be intended, are errors. Unexpected formats are warnings.

use std::collections::{BTreeMap, BTreeSet};

use super::model::ImageCacheModel;
use crate::{images, regions, tags};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::Timeouts;
use terraform_plugin::value::Attr;

pub(super) fn validate(config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
    images::validate(AttributePath::root("images"), config.images.known().into_iter().flatten(), diagnostics);
    validate_strings(config, diagnostics);
    validate_eip(config, diagnostics);
    for (name, hosts) in [
        ("registry_skip_verify_list", &config.registry_skip_verify_list),
        ("registry_http_endpoint_list", &config.registry_http_endpoint_list),
    ] {
        for expected in hosts.known().into_iter().flatten().filter_map(|host| images::check_registry(host).err()) {
            let at = AttributePath::root(name);
            diagnostics.push(Diagnostic::error("Invalid registry", format!("{name}: {expected}.")).at(at));
        }
    }
    validate_keys("rebuild_triggers", &config.rebuild_triggers, diagnostics);
    validate_credentials(config, diagnostics);
    tags::validate(&AttributePath::root("tags"), &config.tags, diagnostics);
    Timeouts::validate(&config.timeouts, diagnostics);
}

/// Warns of likely mistakes, for the attributes in `changes` only: an unchanged cache is built already.
pub(super) fn warn(config: &ImageCacheModel, changes: &dyn Fn(&str) -> bool, diagnostics: &mut Diagnostics) {
    warn_of_ids(config, changes, diagnostics);
    if changes("region") {
        regions::validate(AttributePath::root("region"), &config.region, diagnostics);
    }
    if changes("auto_create_eip") {
        warn_of_delete_policy(config, diagnostics);
    }
    if changes("image_registry_credentials") || changes("images") {
        warn_of_unused_credentials(config, diagnostics);
    }
    if changes("images") {
        warn_of_moving_tags(config, diagnostics);
    }
}

fn validate_strings(config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
    for (name, value) in [
        ("vpc_id", config.vpc_id.as_str()),
        ("subnet_id", config.subnet_id.as_str()),
        ("existed_eip_id", config.existed_eip_id.as_str()),
        ("region", config.region.as_str()),
        ("name", config.name.as_str()),
    ] {
        if let Some(value) = value.filter(|text| text.trim() != *text || text.contains(char::is_control)) {
            let detail = format!("{name} begins or ends with white space, or contains a control character: {value:?}.");
            diagnostics
                .push(Diagnostic::error(format!("Invalid value for {name}"), detail).at(AttributePath::root(name)));
        }
    }
}

/// IDs of Tencent Cloud usually begin with a prefix for the kind of object.
fn warn_of_ids(config: &ImageCacheModel, changes: &dyn Fn(&str) -> bool, diagnostics: &mut Diagnostics) {
    let groups = config.security_group_ids.known();
    let groups = groups.into_iter().flatten().map(|id| ("security_group_ids", "sg-", id.as_str()));
    let single = [
        ("vpc_id", "vpc-", config.vpc_id.as_str()),
        ("subnet_id", "subnet-", config.subnet_id.as_str()),
        ("existed_eip_id", "eip-", config.existed_eip_id.as_str()),
    ];
    let single = single.into_iter().filter_map(|(name, prefix, id)| Some((name, prefix, id?)));
    for (name, prefix, id) in single.chain(groups).filter(|(name, ..)| changes(name)) {
        if !id.is_empty() && !id.starts_with(prefix) {
            let detail = format!(
                "{name}: expected an ID that begins with {prefix:?}, got {id:?}. The build fails if it does not exist."
            );
            diagnostics.push(Diagnostic::warning("Unusual ID", detail).at(AttributePath::root(name)));
        }
    }
}

fn validate_eip(config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
    let at = AttributePath::root("auto_create_eip");
    if config.existed_eip_id.is_known() && config.auto_create_eip.is_known() {
        let detail = "existed_eip_id and auto_create_eip are mutually exclusive. Remove one of them.";
        diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(at));
    }
}

fn warn_of_delete_policy(config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
    let policy = config.auto_create_eip.known().and_then(|eip| eip.delete_policy.as_str());
    if let Some(policy) = policy.filter(|policy| !KNOWN_POLICIES.contains(policy)) {
        let at = AttributePath::root("auto_create_eip").attribute("delete_policy");
        let detail = format!(
            "{at} is {policy:?}. Only \"Never\" keeps the EIP after the build; according to the API's documentation, any other \
            value releases it. Set \"Never\", or remove it."
        );
        diagnostics.push(Diagnostic::warning("Unusual delete policy", detail).at(at));
    }
}

/// `Never`, and the empty value for the default.
const KNOWN_POLICIES: [&str; 2] = ["Never", ""];

fn validate_keys<V>(name: &str, map: &Attr<BTreeMap<String, V>>, diagnostics: &mut Diagnostics) {
    if map.known().is_some_and(|map| map.contains_key("")) {
        let detail = format!("{name}: expected non-empty keys, got \"\".");
        diagnostics.push(Diagnostic::error("Empty key", detail).at(AttributePath::root(name)));
    }
}

/// Credentials that no image needs usually belong to a misspelled registry.
fn warn_of_unused_credentials(config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
    let (Some(images), Some(credentials)) = (config.images.known(), config.image_registry_credentials.known()) else {
        return;
    };
    let Some(used) = images.iter().map(|image| images::registry(image)).collect::<Option<BTreeSet<_>>>() else {
        return;
    };
    let at = AttributePath::root("image_registry_credentials");
    for server in credentials.keys().filter(|server| !server.is_empty() && !used.contains(&images::server(server))) {
        let used = used.iter().map(|registry| format!("{registry:?}")).collect::<Vec<_>>().join(", ");
        let detail = format!(
            "No image is in the registry {server:?}, so its credentials are not used. The registries of images are: {used}."
        );
        diagnostics.push(Diagnostic::warning("Unused registry credentials", detail).at(at.key(server)));
    }
}

/// A cache contains the image that a tag referred to at the time of the build.
fn warn_of_moving_tags(config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
    let moving: Vec<_> = config.images.known().into_iter().flatten().filter(|image| images::is_latest(image)).collect();
    if moving.is_empty() {
        return;
    }
    let names = moving.iter().map(|image| format!("{image:?}")).collect::<Vec<_>>().join(", ");
    let detail = format!(
        "images: {names} means the tag \"latest\" at the time of the build. If the tag moves, the cache is not updated, and Pods \
        pull the new image. Use a version, for example \"nginx:1.27\", or a digest."
    );
    diagnostics.push(Diagnostic::warning("Image without a version", detail).at(AttributePath::root("images")));
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
                "{at} has no password. Set password_wo, which is not stored in the state (Terraform 1.11 and later), or \
                password."
            );
            diagnostics.push(Diagnostic::error("Missing password", detail).at(at.clone()));
        }
        if credentials.password.is_known() && credentials.password_wo.is_known() {
            let detail = format!("{at}: password and password_wo are mutually exclusive. Remove one of them.");
            diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(at.attribute("password_wo")));
        }
        if credentials.password_wo.is_known()
            && credentials.password.is_null()
            && credentials.password_wo_version.is_null()
        {
            let detail = format!(
                "{at} has password_wo without password_wo_version. Terraform cannot detect changes of a write-only password: add \
                password_wo_version = 1, and increase it with each new password."
            );
            diagnostics
                .push(Diagnostic::error("Missing password version", detail).at(at.attribute("password_wo_version")));
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
    use serde_json::json;

    use crate::image_cache::model::{AutoCreateEip, RegistryCredentials};
    use terraform_plugin::diagnostics::Severity;
    use terraform_plugin::value::Secret;

    fn summaries(config: &ImageCacheModel) -> Vec<String> {
        let mut diagnostics = Diagnostics::default();
        validate(config, &mut diagnostics);
        diagnostics.into_iter().map(|error| error.summary).collect()
    }

    #[test]
    fn eip_arguments_are_mutually_exclusive() {
        let eip = || Attr::from("eip-1".to_owned());
        let made = || Attr::from(AutoCreateEip::default());
        for (existed_eip_id, auto_create_eip, expected) in [
            (eip(), made(), Some("Conflicting arguments")),
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
    fn exactly_one_password_is_required() {
        let given = || Attr::Known(Secret::from("p"));
        let (missing, two) = (Some("Missing password"), Some("Conflicting arguments"));
        let unversioned = Some("Missing password version");
        let lone_version = Some("Version without a write-only password");
        for (password, password_wo, password_wo_version, expected) in [
            (Attr::Null, Attr::Null, Attr::Null, missing),
            (given(), given(), Attr::Null, two),
            (given(), Attr::Unknown, Attr::Null, None),
            (Attr::Unknown, given(), 1.into(), None),
            (Attr::Null, given(), Attr::Null, unversioned),
            (Attr::Null, given(), Attr::Unknown, None),
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

    /// Severity, path and the start of the detail of each diagnostic for a configuration in JSON.
    fn reported(config: serde_json::Value) -> Vec<(Severity, String, String)> {
        let mut model = ImageCacheModel::default();
        let strings = |name: &str| -> Attr<BTreeSet<String>> {
            let list = config[name].as_array();
            list.map(|list| list.iter().map(|text| text.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()).into()
        };
        let string = |name: &str| -> Attr<String> { config[name].as_str().map(str::to_owned).into() };
        model.images = strings("images");
        model.security_group_ids = strings("security_group_ids");
        model.registry_http_endpoint_list = strings("registry_http_endpoint_list");
        model.registry_skip_verify_list = strings("registry_skip_verify_list");
        model.vpc_id = string("vpc_id");
        model.subnet_id = string("subnet_id");
        model.existed_eip_id = string("existed_eip_id");
        model.region = string("region");
        if let Some(policy) = config["delete_policy"].as_str() {
            let delete_policy = policy.to_owned().into();
            model.auto_create_eip = AutoCreateEip { delete_policy, ..Default::default() }.into();
        }
        if let Some(server) = config["server"].as_str() {
            let password = Attr::Known(Secret::from("p"));
            let one = RegistryCredentials { password, ..Default::default() };
            model.image_registry_credentials = BTreeMap::from([(server.to_owned(), one)]).into();
        }
        if let Some(trigger) = config["trigger"].as_str() {
            model.rebuild_triggers = BTreeMap::from([(trigger.to_owned(), "1".to_owned())]).into();
        }
        let mut diagnostics = Diagnostics::default();
        validate(&model, &mut diagnostics);
        warn(&model, &|_| false, &mut diagnostics);
        assert!(diagnostics.iter().all(|one| one.severity == Severity::Error));
        warn(&model, &|_| true, &mut diagnostics);
        diagnostics.into_iter().map(|one| (one.severity, one.path.to_string(), one.detail)).collect()
    }

    #[test]
    fn costly_mistakes_are_reported() {
        use Severity::{Error, Warning};
        let images = json!(["registry.example.com/app:1", "nginx:1.27"]);
        for (config, severity, path, detail) in [
            (
                json!({"registry_http_endpoint_list": ["host:99999"]}),
                Error,
                "registry_http_endpoint_list",
                "host:99999",
            ),
            (json!({"registry_skip_verify_list": ["host:"]}), Error, "registry_skip_verify_list", "\"host:\""),
            (json!({"trigger": ""}), Error, "rebuild_triggers", "non-empty keys"),
            (json!({"images": [""]}), Error, "images", "\"\""),
            (json!({"delete_policy": "Release"}), Warning, "auto_create_eip.delete_policy", "Release"),
            (json!({"vpc_id": "subnet-1"}), Warning, "vpc_id", "\"vpc-\""),
            (json!({"subnet_id": "vpc-1"}), Warning, "subnet_id", "\"subnet-\""),
            (json!({"existed_eip_id": "1.2.3.4"}), Warning, "existed_eip_id", "\"eip-\""),
            (json!({"security_group_ids": ["sg-1", "default"]}), Warning, "security_group_ids", "\"default\""),
            (json!({"region": "ap-guangzhou-3"}), Warning, "region", "availability zone"),
            (json!({"images": ["nginx"]}), Warning, "images", "\"nginx\""),
            (json!({"images": ["nginx:latest", "redis:7"]}), Warning, "images", "\"nginx:latest\" means"),
            (
                json!({"images": images, "server": "registry.exmaple.com"}),
                Warning,
                "image_registry_credentials[\"registry.exmaple.com\"]",
                "\"docker.io\", \"registry.example.com\"",
            ),
        ] {
            let reported = reported(config.clone());
            let [(kind, at, text)] = &reported[..] else { panic!("{config}: {reported:?}") };
            assert_eq!((*kind, at.as_str()), (severity, path), "{config}");
            assert!(text.contains(detail), "{config}: {text}");
        }
        for config in [
            json!({"registry_http_endpoint_list": ["10.0.0.8:5000"], "trigger": "month", "delete_policy": "Never"}),
            json!({"vpc_id": "vpc-1", "subnet_id": "subnet-1", "existed_eip_id": "eip-1", "security_group_ids": ["sg-1"]}),
            json!({"region": "ap-shanghai-fsi", "images": images, "server": "registry.example.com"}),
            json!({"images": images, "server": "index.docker.io"}),
            json!({"images": [format!("nginx@sha256:{}", "0".repeat(64))]}),
        ] {
            assert_eq!(reported(config.clone()), [], "{config}");
        }
    }
}
