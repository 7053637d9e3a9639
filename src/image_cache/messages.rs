//! Diagnostics about a cache: what happened, why, and what to do. Where it differs from what was requested,
//! [`verify`](super::verify) reports it.
//!
//! | file | subject |
//! | --- | --- |
//! | `build` | the end of a build, or of the wait for it |
//! | `events` | events as lines of a message |
//! | `causes` | reasons of failed builds that are known, and advice on them |
//! | `unsent` | what was not sent, because Ctrl-C or a timeout came first |

mod build;
mod causes;
mod events;
mod unsent;

pub(super) use self::build::{failed, rebuild, still_building, timed_out, wait_failed};
pub(super) use self::events::{if_failed as last_events_if_failed, of_instance as instance_warnings};
pub(super) use self::unsent::{not_created, not_deleted, not_updated};
use crate::errors;
use crate::image_caches::{BuildInstance, WaitError};
use tencentcloud::Error;
use tencentcloud::tke::{ImageCache, Status};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};
use terraform_plugin::framework::{Deadline, Subject};
use terraform_plugin::value::duration;

/// The image cache `id`, as messages name it.
pub fn subject(id: &str, region: &str) -> Subject {
    Subject { kind: "image cache", name: format!("{id} in {region}") }
}

/// All image caches of a region, as messages name them.
pub(super) fn all(region: &str) -> Subject {
    Subject { kind: "image caches", name: format!("in {region}") }
}

/// The configuration names an image cache that does not exist.
pub fn not_found(id: &str, region: &str) -> Diagnostic {
    let detail = format!(
        "There is no image cache {id} in {region}. A cache exists in one region only, and until it expires. Check the ID, and \
         region, which defaults to that of the provider."
    );
    Diagnostic::error("Image cache not found", detail)
}

/// `deletion_policy` kept the cache.
pub(super) fn retained(id: &str, region: &str) -> Diagnostic {
    Diagnostic::warning(
        "Image cache retained",
        format!(
            "deletion_policy is \"retain\": image cache {id} in {region} is no longer managed by this resource, and was not deleted. \
             It continues to be billed. To manage it again:\n  terraform import <address> {region}/{id}"
        ),
    )
}

/// The cache is not waited for, and reading it failed.
pub(super) fn unread(id: &str, region: &str, error: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Image cache saved without its status",
        format!(
            "The API accepted image cache {id} in {region}, and reading it failed: {}. The next plan or refresh reads it.",
            errors::chain(error)
        ),
    )
}

/// The cache is not waited for, and is not listed yet.
pub(super) fn not_listed_yet(id: &str, region: &str) -> Diagnostic {
    Diagnostic::warning(
        "Image cache not listed yet",
        format!(
            "The API accepted image cache {id} in {region}, and did not list it for a minute. It is saved in the state. If the next \
             plan creates it again, look for it in the console first: there would be two."
        ),
    )
}

/// The API returned a status that is not documented.
pub(super) fn unknown_status(region: &str, cache: &ImageCache) -> Diagnostic {
    Diagnostic::error(
        "Unknown image cache status",
        format!(
            "Image cache {} in {region} has the status {:?}, which this version of the provider does not know. Whether the cache \
             will become Ready is unknown. Look at the cache in the console, and upgrade the provider.",
            cache.image_cache_id,
            cache.status.as_str()
        ),
    )
}

/// The cache no longer exists, after a wait that saw what its container instance reported, or without one.
pub(super) fn gone(id: &str, region: &str, instance: Option<&BuildInstance>) -> Diagnostic {
    Diagnostic::error(
        "Image cache no longer exists",
        format!(
            "Image cache {id} in {region} no longer exists: something else deleted it, or its build failed and Tencent Cloud \
             removed it. Apply again to create it again. If it disappears again, check that its images can be pulled, and that \
             image_cache_size holds them.{}",
            build::last_warnings(instance)
        ),
    )
}

/// A new cache was never listed.
pub(super) fn never_listed(id: &str, region: &str) -> Diagnostic {
    Diagnostic::error(
        "Image cache not listed",
        format!(
            "The API accepted image cache {id} in {region}, and did not list it for a minute. It is listed late, or its build \
             failed at once and Tencent Cloud removed it. It stays in the state, tainted: the next apply deletes it if it exists, \
             and creates it again. If it disappears again, check that its images can be pulled, and that image_cache_size holds \
             them."
        ),
    )
}

/// Ctrl-C ended the wait for a build after which an update was to be sent.
pub(super) fn update_not_sent(id: &str, region: &str) -> Diagnostic {
    Diagnostic::error(
        "Image cache not updated",
        format!(
            "Terraform was stopped while image cache {id} in {region} was being built. The update was to follow the build, and was \
             not sent. Apply again."
        ),
    )
}

/// The API refused an update of the cache that was as `before`, to `size` GiB if that is part of it.
pub(super) fn update_refused(region: &str, before: &ImageCache, size: Option<u64>, error: &Error) -> Diagnostic {
    let failed = errors::api("updating", &subject(&before.image_cache_id, region), error);
    let (advice, attribute) = match (size, before.image_cache_size) {
        (Some(size), Some(now)) if size < now => (
            format!(
                "The update shrinks image_cache_size from {now} to {size}, which the API may not allow. If so, write {now} \
                 again, or replace the cache, with terraform apply -replace."
            ),
            "image_cache_size",
        ),
        _ if before.status == Status::UpdateFailed => (
            "The last update of this cache failed, and the API may not take another in this status. If so, replace the \
             cache, with terraform apply -replace."
                .to_owned(),
            "status",
        ),
        _ if before.status.is_building() => {
            ("The cache is being built. Apply again when it is Ready.".to_owned(), "status")
        }
        _ => return failed,
    };
    Diagnostic { detail: format!("{} {advice}", failed.detail), ..failed }.at(AttributePath::root(attribute))
}

/// The API reset what an update left out, and everything was sent again.
pub(super) fn reset(id: &str, region: &str, attributes: &[&str], built: bool) -> Diagnostic {
    let attributes = attributes.join(", ");
    let built = if built { " The images were pulled again on the way." } else { "" };
    Diagnostic::warning(
        "The API reset what an update left out",
        format!(
            "An update of image cache {id} in {region} did not touch {attributes}, and the API reset it. A second update with \
             everything put that right.{built} Please report this to the provider's authors: whether the API does so is not \
             documented."
        ),
    )
}

/// The API refused the deletion. Where a build forbids it, how long its end was waited for.
pub(super) fn delete_refused(
    id: &str,
    region: &str,
    listed: Option<&ImageCache>,
    deadline: &Deadline,
    error: &Error,
) -> Diagnostic {
    let refused = errors::api("deleting", &subject(id, region), error);
    let Some(cache) = listed.filter(|cache| cache.status.is_building()) else { return refused };
    let detail = format!(
        "{} The cache is {}: its build forbids the deletion, and did not end within {}. Run destroy or apply again after the \
         build. To wait longer, set timeouts.delete (now {}).",
        refused.detail,
        cache.status,
        duration::show(deadline.elapsed()),
        duration::show(deadline.timeout)
    );
    Diagnostic { detail, ..refused }.at(AttributePath::root("timeouts").attribute("delete"))
}

/// The wait for the end of a deletion ended before.
pub(super) fn delete_wait(id: &str, region: &str, deadline: &Deadline, error: &WaitError) -> Diagnostic {
    let subject = subject(id, region);
    match error {
        WaitError::Api { source, .. } => errors::api("deleting", &subject, source),
        error => subject.not_deleted(deadline, matches!(error, WaitError::Canceled { .. })),
    }
}

/// Ctrl-C ended the wait for a rebuild.
pub(super) fn rebuild_interrupted(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "Stopped waiting for the image cache",
        format!(
            "The rebuild of image cache {id} is not complete, although Terraform reports the action as complete. It continues in \
             the background."
        ),
    )
}

/// Ctrl-C ended a rebuild before the API had accepted it.
pub(super) fn rebuild_unknown(id: &str) -> Diagnostic {
    let detail = format!(
        "Terraform was asked to stop. Whether the rebuild of image cache {id} reached the API is unknown. Invoke the action again \
         unless the cache is Updating."
    );
    Diagnostic::error("Interrupted", detail)
}
