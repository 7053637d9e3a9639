//! The resource's private state, which users do not see.

use std::collections::BTreeSet;

use terraform_plugin::framework::Private;

/// The most recent events of a failed cache: saved by a read, shown by the plan.
pub(super) const LAST_EVENTS: &str = "last_events";

/// The most recent warnings of the container instance of a failed build: saved by the apply, shown by the plan.
pub(super) const INSTANCE_WARNINGS: &str = "instance_warnings";

/// Set by the read after an import, removed by the first apply: until then, attributes that the API does not return are adopted
/// from the configuration.
const IMPORTED: &str = "imported";

/// The region of an imported cache without `region` in the configuration: saved by the first plan.
pub(super) const IMPORTED_REGION: &str = "imported_region";

/// A size that the API rounded up: the requested and the actual one.
const ROUNDED_SIZE: &str = "rounded_size";

/// Keys of unmanaged tags that a warning has named, one per line.
const EXTRA_TAGS: &str = "extra_tags";

/// Whether the object was imported and not applied since.
pub(super) fn is_imported(private: &Private) -> bool {
    private.get(IMPORTED).is_some()
}

pub(super) fn set_imported(private: &mut Private, imported: bool) {
    private.set(IMPORTED, imported.then(|| "true".to_owned()));
}

/// The requested size, and the size that the API set instead.
pub(super) fn rounded_size(private: &Private) -> Option<(u64, u64)> {
    let (requested, given) = private.get(ROUNDED_SIZE)?.split_once(' ')?;
    Some((requested.parse().ok()?, given.parse().ok()?))
}

pub(super) fn set_rounded_size(private: &mut Private, sizes: Option<(u64, u64)>) {
    private.set(ROUNDED_SIZE, sizes.map(|(requested, given)| format!("{requested} {given}")));
}

/// The keys of unmanaged tags that a warning has named.
pub(super) fn extra_tags(private: &Private) -> BTreeSet<String> {
    private.get(EXTRA_TAGS).unwrap_or_default().lines().map(str::to_owned).collect()
}

pub(super) fn set_extra_tags(private: &mut Private, keys: &BTreeSet<String>) {
    let lines = keys.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    private.set(EXTRA_TAGS, Some(lines).filter(|lines| !lines.is_empty()));
}
