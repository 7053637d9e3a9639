//! Diagnostics about differences from the request.

use std::collections::BTreeSet;

use crate::image_cache::fields::Difference;
use tencentcloud::tke::ImageCache;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};

/// An update was accepted, but the cache does not show it.
pub(super) fn not_updated(before: &ImageCache, found: &[Difference]) -> Diagnostic {
    let id = &before.image_cache_id;
    let lines: Vec<_> = found.iter().map(|difference| not_updated_line(before, difference)).collect();
    Diagnostic::error(
        "Image cache update not applied",
        format!(
            "The API accepted an update of image cache {id}, but lists different values. The state contains the listed values.\n{}",
            lines.join("\n")
        ),
    )
}

fn not_updated_line(before: &ImageCache, difference: &Difference) -> String {
    let Difference { attribute, sent, listed, .. } = difference;
    let next = match *attribute {
        "image_cache_size" if before.image_cache_size.is_some_and(|size| *listed == size.to_string()) => {
            format!("The size did not change. Set it to {listed}, or replace the cache with terraform apply -replace.")
        }
        "image_cache_size" => format!("Set it to {listed}, or replace the cache with terraform apply -replace."),
        _ => "Use the listed value, or replace the cache with terraform apply -replace.".to_owned(),
    };
    format!("  {attribute}: requested {sent}, listed {listed}. {next}")
}

/// A new cache differs from the request.
pub(super) fn created_otherwise(id: &str, found: &[Difference]) -> Diagnostic {
    let line = |Difference { attribute, sent, listed, .. }: &Difference| {
        format!("  {attribute}: requested {sent}, listed {listed}.")
    };
    let lines: Vec<_> = found.iter().map(line).collect();
    Diagnostic::warning(
        "Image cache differs from the request",
        format!(
            "The API lists image cache {id} with different values than requested. The next plan shows the difference: use the \
            listed values, or apply again.\n{}",
            lines.join("\n")
        ),
    )
}

/// The size was rounded up.
pub(super) fn rounded(id: &str, asked: u64, given: u64) -> Diagnostic {
    Diagnostic::warning(
        "Image cache size rounded up",
        format!(
            "The requested size of image cache {id} is {asked} GiB. It has {given} GiB, which are billed. Set image_cache_size = \
            {given}: until the next refresh, the state, and values computed from it, have {asked}."
        ),
    )
    .at(AttributePath::root("image_cache_size"))
}

/// A list that the API does not return was cleared.
pub(super) fn cleared_unseen(id: &str, attribute: &str) -> Diagnostic {
    Diagnostic::warning(
        "Cleared list cannot be verified",
        format!(
            "Image cache {id} was updated to have no {attribute}. The API does not return them, and it is not documented whether an \
            empty list clears them. To be certain, replace the cache with terraform apply -replace."
        ),
    )
    .at(AttributePath::root(attribute))
}

/// There is no evidence that an update pulled the images.
pub(super) fn no_build_seen(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "Image pull cannot be verified",
        format!(
            "The API accepted the update of image cache {id}, but there is no evidence of a build: status, snapshot and events did \
            not change. The API may ignore an update with unchanged images. To be certain that they are pulled again, replace \
            the cache with terraform apply -replace, or set replace_on_rebuild and change rebuild_triggers."
        ),
    )
}

/// The cache has unmanaged tags.
pub(super) fn extra_tags(id: &str, keys: &BTreeSet<String>) -> Diagnostic {
    let keys = keys.iter().map(|key| format!("{key:?}")).collect::<Vec<_>>().join(", ");
    Diagnostic::warning(
        "Image cache has unmanaged tags",
        format!(
            "Image cache {id} has tags with the keys {keys}, which are neither in tags nor in default_tags. The next plan \
            removes them. If they are managed outside of Terraform, add their keys to ignore_tags in the provider block; to keep \
            them, add them to tags. This warning is not repeated."
        ),
    )
    .at(AttributePath::root("tags"))
}
