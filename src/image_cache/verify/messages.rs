//! Diagnostics where the API lists something other than what was sent.

use std::collections::BTreeSet;

use crate::image_cache::fields::Difference;
use tencentcloud::tke::ImageCache;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};

/// An update was accepted, and is not what the cache shows.
pub(super) fn not_updated(before: &ImageCache, found: &[Difference]) -> Diagnostic {
    let id = &before.image_cache_id;
    let lines: Vec<_> = found.iter().map(|difference| not_updated_line(before, difference)).collect();
    Diagnostic::error(
        "The API did not carry out an update",
        format!(
            "The API accepted an update of image cache {id}, and lists something else. The state holds what it lists.\n{}",
            lines.join("\n")
        ),
    )
}

fn not_updated_line(before: &ImageCache, difference: &Difference) -> String {
    let Difference { attribute, sent, listed, .. } = difference;
    let next = match *attribute {
        "image_cache_size" if before.image_cache_size.is_some_and(|size| *listed == size.to_string()) => {
            format!("The size stayed as it was. Write {listed}, or replace the cache, with terraform apply -replace.")
        }
        "image_cache_size" => format!("Write {listed}, or replace the cache, with terraform apply -replace."),
        _ => "Write what is listed, or replace the cache, with terraform apply -replace.".to_owned(),
    };
    format!("  {attribute}: requested {sent}, listed {listed}. {next}")
}

/// A new cache is not as requested.
pub(super) fn created_otherwise(id: &str, found: &[Difference]) -> Diagnostic {
    let line = |Difference { attribute, sent, listed, .. }: &Difference| {
        format!("  {attribute}: requested {sent}, listed {listed}.")
    };
    let lines: Vec<_> = found.iter().map(line).collect();
    Diagnostic::warning(
        "Image cache differs from the request",
        format!(
            "The API lists image cache {id} with other values than requested. The next plan shows the difference: write what is \
             listed, or apply again.\n{}",
            lines.join("\n")
        ),
    )
}

/// The size was rounded up.
pub(super) fn rounded(id: &str, asked: u64, given: u64) -> Diagnostic {
    Diagnostic::warning(
        "The API rounded the size up",
        format!(
            "The requested size of image cache {id} is {asked} GiB. It has {given} GiB, which are billed. Write image_cache_size = \
             {given}: until the next refresh, the state has {asked}, and so does everything computed from it."
        ),
    )
    .at(AttributePath::root("image_cache_size"))
}

/// A list was cleared that the API never returns.
pub(super) fn cleared_unseen(id: &str, attribute: &str) -> Diagnostic {
    Diagnostic::warning(
        "Cleared list cannot be verified",
        format!(
            "Image cache {id} was updated to have no {attribute}. The API never returns them, and whether it takes an empty list \
             for none is not documented. To be sure, replace the cache, with terraform apply -replace."
        ),
    )
    .at(AttributePath::root(attribute))
}

/// An update that should have pulled the images left no trace of it.
pub(super) fn no_build_seen(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "The images may not have been pulled again",
        format!(
            "The API accepted the update of image cache {id}, and shows no sign of a build: neither status nor snapshot nor \
             events changed. It may do nothing when images are the same as before. To have them pulled again for certain, \
             replace the cache, with terraform apply -replace, or set replace_on_rebuild and change rebuild_triggers."
        ),
    )
}

/// The cache has tags of others.
pub(super) fn extra_tags(id: &str, keys: &BTreeSet<String>) -> Diagnostic {
    let keys = keys.iter().map(|key| format!("{key:?}")).collect::<Vec<_>>().join(", ");
    Diagnostic::warning(
        "Image cache has other tags",
        format!(
            "Image cache {id} has tags with the keys {keys}, which are neither in tags nor in default_tags. The next plan \
             removes them. If something else manages them, add their keys to ignore_tags in the provider block; to keep them, \
             add them to tags. This warning is not repeated."
        ),
    )
    .at(AttributePath::root("tags"))
}
