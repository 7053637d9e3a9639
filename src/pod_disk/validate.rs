//! Validation of the arguments beyond their schema. Unknown values are not errors.

use std::collections::{BTreeMap, BTreeSet};

use super::model::PodDiskModel;
use super::{image_gc, inspection};
use crate::{annotations, image_cache_id, images, regions};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::value::{self, Attr, duration};

pub(super) fn validate(config: &PodDiskModel, diagnostics: &mut Diagnostics) {
    images::validate(AttributePath::root("images"), config.images.known().into_iter().flatten(), diagnostics);
    regions::validate(AttributePath::root("region"), &config.region, diagnostics);
    validate_inspection(config, diagnostics);
    validate_image_cache(config, diagnostics);
    validate_registries("registry_skip_verify_list", &config.registry_skip_verify_list, diagnostics);
    validate_registries("registry_http_endpoint_list", &config.registry_http_endpoint_list, diagnostics);
    validate_credentials(config, diagnostics);
    validate_image_gc(config, diagnostics);
    if let Some(existing) = config.existing_pod_annotations.as_str()
        && let Err(error) = annotations::merged_config(existing, &BTreeMap::new())
    {
        diagnostics.push(invalid_existing(&error));
    }
    validate_purpose(config, diagnostics);
}

/// An error about text of a ConfigMap that does not contain annotations.
pub(super) fn invalid_existing(error: &str) -> Diagnostic {
    let detail = format!(
        "existing_pod_annotations: {error}. Expected the text of the key pod.annotations, for example \"a.example.com/team: ml\"."
    );
    Diagnostic::error("Invalid existing annotations", detail).at(AttributePath::root("existing_pod_annotations"))
}

fn validate_inspection(config: &PodDiskModel, diagnostics: &mut Diagnostics) {
    if config.inspect_images == Attr::Known(false) && config.size.is_null() && config.image_cache.is_null() {
        let detail = "inspect_images is false, so the size cannot be computed from images. Set size, for example 50, or image_cache, for \
        example \"auto\", or omit inspect_images.";
        diagnostics.push(Diagnostic::error("Missing size", detail).at(AttributePath::root("inspect_images")));
    }
    if let Err(error) = inspection::platform(config) {
        let detail = format!("platform: {error}.");
        diagnostics.push(Diagnostic::error("Invalid platform", detail).at(AttributePath::root("platform")));
    }
}

fn validate_image_cache(config: &PodDiskModel, diagnostics: &mut Diagnostics) {
    if let Some(choice) = config.image_cache.as_str() {
        let at = AttributePath::root("image_cache");
        match annotations::check_image_cache(choice) {
            Err(expected) => {
                diagnostics.push(Diagnostic::error("Invalid image cache", format!("image_cache: {expected}.")).at(at));
            }
            Ok(()) if choice != annotations::AUTO && !image_cache_id::is_id(choice) => {
                diagnostics.push(image_cache_id::unknown_form(at, choice));
            }
            Ok(()) => {}
        }
    }
    if !config.image_cache.is_null() {
        return;
    }
    for (name, is_given) in [
        ("disk_type", config.disk_type.is_known()),
        ("retain_minutes", config.retain_minutes.is_known()),
        ("fallback_size", config.fallback_size.is_known()),
    ] {
        if is_given {
            let instead = if name == "fallback_size" { "use size in place of" } else { "remove" };
            let detail = format!(
                "{name} has an effect only together with image_cache, which is not set. Set image_cache, for example to \"auto\", or \
                 {instead} {name}."
            );
            diagnostics.push(Diagnostic::error("Missing image cache", detail).at(AttributePath::root(name)));
        }
    }
}

/// Without any of these there is nothing to compute. The last check, because arguments that need others have their own errors.
fn validate_purpose(config: &PodDiskModel, diagnostics: &mut Diagnostics) {
    let is_known = value::to_value(config).is_ok_and(|value| value.is_wholly_known());
    let nothing = config.size.is_null()
        && config.images.is_null()
        && config.image_cache.is_null()
        && config.reuse_key.is_null()
        && config.registry_skip_verify_list.is_null()
        && config.registry_http_endpoint_list.is_null()
        && config.image_gc.is_null()
        && config.container_gc_threshold.is_null()
        && config.must_keep_last_container.is_null()
        && config.pod_eviction_threshold.is_null();
    if nothing && is_known && !diagnostics.has_errors() {
        let detail = "No argument states which disk the Pods need. Set images, size, for example 50, or image_cache, for example \
                      \"auto\".";
        diagnostics.push(Diagnostic::error("Missing argument", detail));
    }
}

fn validate_registries(name: &str, hosts: &Attr<BTreeSet<String>>, diagnostics: &mut Diagnostics) {
    for host in hosts.known().into_iter().flatten() {
        if let Err(expected) = images::check_registry(host) {
            let detail = format!("{name}: {expected}.");
            diagnostics.push(Diagnostic::error("Invalid registry", detail).at(AttributePath::root(name)));
        }
    }
}

fn validate_credentials(config: &PodDiskModel, diagnostics: &mut Diagnostics) {
    let root = AttributePath::root("image_registry_credentials");
    for server in config.image_registry_credentials.known().into_iter().flat_map(|map| map.keys()) {
        if let Err(expected) = images::check_registry(server) {
            let detail = format!("{root}: {expected}.");
            diagnostics.push(Diagnostic::error("Invalid registry", detail).at(root.key(server)));
        }
    }
}

fn validate_image_gc(config: &PodDiskModel, diagnostics: &mut Diagnostics) {
    let Some(gc) = config.image_gc.known() else { return };
    let root = AttributePath::root("image_gc");
    duration::validate(root.attribute("period"), &gc.period, diagnostics);
    if gc.low_threshold.is_unknown() || gc.high_threshold.is_unknown() {
        return;
    }
    if let Err(fault) = image_gc(gc).check_thresholds() {
        let at = if gc.low_threshold.is_null() { "high_threshold" } else { "low_threshold" };
        let detail = format!("{root}: {fault}.");
        diagnostics.push(Diagnostic::error("Invalid thresholds", detail).at(root.attribute(at)));
    }
}
