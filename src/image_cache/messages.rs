//! Diagnostics about a cache. Differences from the request are reported by [`verify`](super::verify).
//!
//! | file | subject |
//! | --- | --- |
//! | `build` | the end of a build, or of a wait |
//! | `events` | events as lines of a message |
//! | `causes` | known causes of failed builds, with advice |
//! | `unsent` | requests that were not sent, because of Ctrl-C or a timeout |

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

/// The configured image cache does not exist.
pub fn not_found(id: &str, region: &str) -> Diagnostic {
    let detail = format!(
        "There is no image cache {id} in {region}. A cache exists in one region only, and until it expires. Check the ID and \
        the region, which defaults to that of the provider."
    );
    Diagnostic::error("Image cache not found", detail)
}

/// `deletion_policy` kept the cache.
pub(super) fn retained(id: &str, region: &str) -> Diagnostic {
    Diagnostic::warning(
        "Image cache retained",
        format!(
            "deletion_policy is \"retain\": image cache {id} in {region} was not deleted, and is no longer managed by this resource. \
             It continues to be billed. To manage it again:\n  terraform import <address> {region}/{id}"
        ),
    )
}

/// Without `wait_for_ready`, and reading the cache failed.
pub(super) fn unread(id: &str, region: &str, error: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Image cache saved without its status",
        format!(
            "The API accepted image cache {id} in {region}, but reading it failed: {}. The next plan or refresh reads it.",
            errors::chain(error)
        ),
    )
}

/// Without `wait_for_ready`, and the cache is not listed yet.
pub(super) fn not_listed_yet(id: &str, region: &str) -> Diagnostic {
    Diagnostic::warning(
        "Image cache not listed yet",
        format!(
            "The API accepted image cache {id} in {region}, but has not listed it for a minute. It is saved in the state. If the next \
            plan creates it again, check first whether it exists in the console; otherwise there would be two."
        ),
    )
}

/// The API returned a status that is not documented.
pub(super) fn unknown_status(region: &str, cache: &ImageCache) -> Diagnostic {
    Diagnostic::error(
        "Unknown image cache status",
        format!(
            "Image cache {} in {region} has the status {:?}, which this version of the provider does not know. It is unknown \
            whether the cache will become Ready. Check it in the console, and upgrade the provider.",
            cache.image_cache_id,
            cache.status.as_str()
        ),
    )
}

/// The cache no longer exists. `instance` is what a wait has observed of its container instance, if there was a wait.
pub(super) fn gone(id: &str, region: &str, instance: Option<&BuildInstance>) -> Diagnostic {
    Diagnostic::error(
        "Image cache no longer exists",
        format!(
            "Image cache {id} in {region} no longer exists: it was deleted outside of Terraform, or its build failed and Tencent \
            Cloud removed it. Apply again to create it. If it disappears again, check that its images can be pulled and that \
            image_cache_size is large enough.{}",
            build::last_warnings(instance)
        ),
    )
}

/// A new cache was never listed.
pub(super) fn never_listed(id: &str, region: &str) -> Diagnostic {
    Diagnostic::error(
        "Image cache not listed",
        format!(
            "The API accepted image cache {id} in {region}, but has not listed it for a minute. It may be listed later, or its build \
            failed at once and Tencent Cloud removed it. It stays in the state, tainted: the next apply deletes it if it exists, \
            and creates it again. If it disappears again, check that its images can be pulled and that image_cache_size is large \
            enough."
        ),
    )
}

/// Ctrl-C ended the wait for a build that prevented an update.
pub(super) fn update_not_sent(id: &str, region: &str) -> Diagnostic {
    Diagnostic::error(
        "Image cache not updated",
        format!(
            "Terraform was interrupted while image cache {id} in {region} was being built. The update, which had to wait for the build, \
            was not sent. Apply again."
        ),
    )
}

/// The API refused an update of the cache `before`, to `size` GiB if the size changes.
pub(super) fn update_refused(region: &str, before: &ImageCache, size: Option<u64>, error: &Error) -> Diagnostic {
    let failed = errors::api("updating", &subject(&before.image_cache_id, region), error);
    let (advice, attribute) = match (size, before.image_cache_size) {
        (Some(size), Some(now)) if size < now => (
            format!(
                "The update reduces image_cache_size from {now} to {size}, which the API may not allow. If so, set it to {now} \
                again, or replace the cache with terraform apply -replace."
            ),
            "image_cache_size",
        ),
        _ if before.status == Status::UpdateFailed => (
            "The last update of this cache failed, and the API may not accept another in this status. If so, replace the \
            cache with terraform apply -replace."
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

/// The API reset fields that an update omitted, and all fields were sent again.
pub(super) fn reset(id: &str, region: &str, attributes: &[&str], built: bool) -> Diagnostic {
    let attributes = attributes.join(", ");
    let built = if built { " The images were pulled again in the process." } else { "" };
    Diagnostic::warning(
        "Update reset other attributes",
        format!(
            "An update of image cache {id} in {region} did not contain {attributes}, and the API reset it. A second update with \
            all attributes restored it.{built} Please report this to the provider's maintainers: this behavior of the API is not \
            documented."
        ),
    )
}

/// The API refused the deletion. If a build prevents it, the message says how long the wait for its end was.
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
        "{} The cache is {}: its build prevents the deletion, and did not end within {}. Run destroy or apply again after the \
        build. To wait longer, increase timeouts.delete (now {}).",
        refused.detail,
        cache.status,
        duration::show(deadline.elapsed()),
        duration::show(deadline.timeout)
    );
    Diagnostic { detail, ..refused }.at(deadline.operation.timeout_path())
}

/// The wait for the end of a deletion failed.
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

/// Ctrl-C ended a rebuild before the API accepted it.
pub(super) fn rebuild_unknown(id: &str) -> Diagnostic {
    let detail = format!(
        "Terraform was interrupted. It is unknown whether the rebuild of image cache {id} reached the API. Invoke the action again \
        unless the cache is Updating."
    );
    Diagnostic::error("Interrupted", detail)
}
