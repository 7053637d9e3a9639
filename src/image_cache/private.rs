//! What the resource remembers in the private state, which users do not see.

use std::collections::BTreeSet;

use terraform_plugin::framework::Private;

/// The last events of a failed cache: left by a read for the plan to show.
pub(super) const LAST_EVENTS: &str = "last_events";

/// The last warnings of the container instance of a build that failed: left by the apply for the plan to show.
pub(super) const INSTANCE_WARNINGS: &str = "instance_warnings";

/// Set by the read that follows an import, removed by the first apply: until then, what the API does not return is adopted
/// from the configuration.
const IMPORTED: &str = "imported";

/// The region of an imported cache whose configuration names none: left by the first plan.
pub(super) const IMPORTED_REGION: &str = "imported_region";

/// A size that the API rounded up: what was requested and what was given.
const ROUNDED_SIZE: &str = "rounded_size";

/// Keys of tags of others that a warning has named, a line each.
const EXTRA_TAGS: &str = "extra_tags";

/// True for an object that was imported and not applied since.
pub(super) fn is_imported(private: &Private) -> bool {
    private.get(IMPORTED).is_some()
}

pub(super) fn set_imported(private: &mut Private, imported: bool) {
    private.set(IMPORTED, imported.then(|| "true".to_owned()));
}

/// The size that was requested, and the one that the API gave instead.
pub(super) fn rounded_size(private: &Private) -> Option<(u64, u64)> {
    let (requested, given) = private.get(ROUNDED_SIZE)?.split_once(' ')?;
    Some((requested.parse().ok()?, given.parse().ok()?))
}

pub(super) fn set_rounded_size(private: &mut Private, sizes: Option<(u64, u64)>) {
    private.set(ROUNDED_SIZE, sizes.map(|(requested, given)| format!("{requested} {given}")));
}

/// The keys of tags of others that a warning has named.
pub(super) fn extra_tags(private: &Private) -> BTreeSet<String> {
    private.get(EXTRA_TAGS).unwrap_or_default().lines().map(str::to_owned).collect()
}

pub(super) fn set_extra_tags(private: &mut Private, keys: &BTreeSet<String>) {
    let lines = keys.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    private.set(EXTRA_TAGS, Some(lines).filter(|lines| !lines.is_empty()));
}
