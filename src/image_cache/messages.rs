//! What users are told of a cache: that it failed, why, and what to do. Where it is otherwise than was asked for,
//! [`verify`](super::verify) tells.

mod unsent;

use std::time::Duration;

pub(super) use self::unsent::{not_created, not_deleted, not_updated};
use crate::errors;
use crate::image_caches::WaitError;
use tencentcloud::Error;
use tencentcloud::tke::{Event, ImageCache, Status};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};
use terraform_plugin::framework::{Deadline, Operation};
use terraform_plugin::value::duration;

/// How many events a message shows.
const SHOWN_EVENTS: usize = 5;

/// After a creation that ended in an error although the build goes on.
const UNTAINT: &str = "Terraform marks it as tainted, which would build it again. To go on waiting for this build instead, \
                       run `terraform untaint` on the resource, and apply again.";

/// The last events of a cache that failed, a line each; `None` for one that did not.
pub(super) fn last_events_if_failed(cache: &ImageCache) -> Option<String> {
    matches!(cache.status, Status::Failed | Status::UpdateFailed).then(|| last_events(cache))
}

/// The events, newest first. The order of the API is not documented; times of one format can be compared.
fn by_age(cache: &ImageCache) -> impl Iterator<Item = &Event> {
    let mut events: Vec<_> = cache.events.iter().collect();
    if events.windows(2).all(|pair| pair[0].last_timestamp.len() == pair[1].last_timestamp.len()) {
        events.sort_by(|one, other| other.last_timestamp.cmp(&one.last_timestamp));
    }
    events.into_iter()
}

/// What went wrong first, then the newest.
fn last_events(cache: &ImageCache) -> String {
    let mut events: Vec<_> = by_age(cache).collect();
    events.sort_by_key(|event| event.kind == "Normal");
    let line =
        |event: &Event| format!("  {} {}: {} ({})", event.kind, event.reason, event.message, event.last_timestamp);
    let lines: Vec<_> = events.into_iter().take(SHOWN_EVENTS).map(line).collect();
    if lines.is_empty() { "  the API gives none".to_owned() } else { lines.join("\n") }
}

/// The request that told of a cache, for Tencent Cloud's support.
fn request(cache: &ImageCache) -> String {
    if cache.request_id.is_empty() { String::new() } else { format!(" (request {})", cache.request_id) }
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

/// The build ended without a usable cache.
pub(super) fn failed(operation: Operation, region: &str, cache: &ImageCache) -> Diagnostic {
    let id = &cache.image_cache_id;
    let (summary, next) = match operation {
        Operation::Update => (
            "Image cache update failed",
            "When the cause is removed, apply again: the update is tried again. If it fails although nothing is wrong \
                 any more, replace the cache, with terraform apply -replace.",
        ),
        _ => (
            "Image cache build failed",
            "When the cause is removed, apply again: the failed cache is deleted and made anew.",
        ),
    };
    Diagnostic::error(
        summary,
        format!(
            "Image cache {id} in {region} ended as {}{}. Its last events:\n{}\n\nCheck that image_cache_size holds the images, \
             compressed and unpacked; that the subnet reaches the registries (a NAT gateway, existed_eip_id or \
             auto_create_eip) and has a free address; that image_registry_credentials are right; and that registries with \
             private certificates or plain HTTP are in registry_skip_verify_list or registry_http_endpoint_list. {next}",
            cache.status,
            request(cache),
            last_events(cache),
        ),
    )
}

/// Ctrl-C ended the wait.
pub(super) fn interrupted(id: &str, status: Option<&str>) -> Diagnostic {
    Diagnostic::warning(
        "Stopped waiting for the image cache",
        format!(
            "The build of image cache {id} is not complete{}, although Terraform reports the resource as complete. The cache is \
             saved in the state and not tainted. Pods cannot use it before it is Ready: apply again to continue waiting.",
            in_status(status)
        ),
    )
}

/// The `timeouts` block ended the wait.
pub(super) fn timed_out(
    deadline: &Deadline,
    id: &str,
    region: &str,
    status: Option<&str>,
    last_error: Option<&Error>,
) -> Diagnostic {
    let last_error = last_error.map(|error| format!(" The last look at it failed: {}.", errors::chain(error)));
    let (name, next) = match deadline.operation {
        Operation::Create => ("create", UNTAINT),
        _ => ("update", "Apply again to go on waiting."),
    };
    Diagnostic::error(
        "Image cache is not Ready in time",
        format!(
            "Image cache {id} in {region} was not Ready after {}{}. The build goes on.{} {next} If builds of these images take \
             longer, set timeouts.{name}.",
            duration::show(deadline.timeout),
            in_status(status),
            last_error.unwrap_or_default()
        ),
    )
    .at(AttributePath::root("timeouts").attribute(name))
}

/// A look at the cache failed in a way that does not pass by itself.
pub(super) fn wait_failed(operation: Operation, id: &str, region: &str, error: &Error) -> Diagnostic {
    let mut diagnostic = errors::api("waiting for", id, region, error);
    if operation == Operation::Create {
        diagnostic.detail = format!("{} The build goes on. {UNTAINT}", diagnostic.detail);
    }
    diagnostic
}

/// The cache is not waited for, and the look at it failed.
pub(super) fn unread(id: &str, region: &str, error: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Image cache is saved without its status",
        format!(
            "The API accepted image cache {id} in {region}, but could not be asked about it: {}. The next plan or refresh reads it.",
            errors::chain(error)
        ),
    )
}

/// The cache is not waited for, and is in no list yet.
pub(super) fn not_listed_yet(id: &str, region: &str) -> Diagnostic {
    Diagnostic::warning(
        "Image cache is not listed yet",
        format!(
            "The API accepted image cache {id} in {region}, and has not listed it since, for a minute. It is saved in the state. If \
             the next plan wants to create it, look for it in the console first, so that there will not be two."
        ),
    )
}

/// The API says something of which nobody knows what it means.
pub(super) fn unknown_status(region: &str, cache: &ImageCache) -> Diagnostic {
    Diagnostic::error(
        "Unknown status of an image cache",
        format!(
            "Image cache {} in {region} has the status {:?}, which this version of the provider does not know, so that it cannot \
             tell whether the cache will become Ready. Look at the cache in the console, and upgrade the provider.",
            cache.image_cache_id,
            cache.status.as_str()
        ),
    )
}

/// The cache went away while it was waited for.
pub(super) fn gone(id: &str, region: &str) -> Diagnostic {
    Diagnostic::error(
        "Image cache is gone",
        format!(
            "Image cache {id} in {region} is not there any more: something else deleted it, or its build failed and Tencent \
             Cloud removed it. Apply again to make it anew. If it goes again, see whether its images can be pulled, and whether \
             image_cache_size holds them."
        ),
    )
}

/// A new cache is in no list.
pub(super) fn never_listed(id: &str, region: &str) -> Diagnostic {
    Diagnostic::error(
        "Image cache is not listed",
        format!(
            "The API accepted image cache {id} in {region}, and has not listed it since, for a minute. It is listed late, or its \
             build failed at once and Tencent Cloud removed it. It stays in the state, tainted: apply again, and it is deleted if \
             it is there, and made anew. If it goes again, see whether its images can be pulled, and whether image_cache_size \
             holds them."
        ),
    )
}

/// Ctrl-C ended the wait for a build after which an update was to be sent.
pub(super) fn update_not_sent(id: &str, region: &str) -> Diagnostic {
    Diagnostic::error(
        "Image cache is not updated",
        format!(
            "Terraform was stopped while image cache {id} in {region} was still being built, and the update was to be sent when \
             that is over. It was not sent. Apply again."
        ),
    )
}

/// The API refused an update of the cache that was as `before`, to `size` GiB if that is part of it.
pub(super) fn update_refused(region: &str, before: &ImageCache, size: Option<u64>, error: &Error) -> Diagnostic {
    let failed = errors::api("updating", &before.image_cache_id, region, error);
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
    let refused = errors::api("deleting", id, region, error);
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

/// The cache was deleted, and is still there.
pub(super) fn delete_wait(id: &str, region: &str, timeout: Duration, error: &WaitError) -> Diagnostic {
    let what = match error {
        WaitError::Api { source: error, .. } => return errors::api("waiting for the deletion of", id, region, error),
        WaitError::Cancelled { .. } => "the wait was stopped".to_owned(),
        _ => format!("it is still listed after {}", duration::show(timeout)),
    };
    Diagnostic::error(
        "Image cache is not deleted yet",
        format!(
            "The API accepted the deletion of image cache {id} in {region}, but {what}. It stays in the state: run destroy or \
             apply again to see it gone. If that takes longer here, set timeouts.delete."
        ),
    )
}

/// A rebuild has taken `elapsed` until now.
pub(super) fn still_building(region: &str, cache: &ImageCache, elapsed: Duration) -> String {
    let event = by_age(cache).next().map(|event| format!(", most recent event: {}", event.reason)).unwrap_or_default();
    format!("{} in {region} is {}, {}s elapsed{event}", cache.image_cache_id, cache.status, elapsed.as_secs())
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

/// The wait for a rebuild ended without a cache that is Ready.
pub(super) fn rebuild(id: &str, region: &str, error: &WaitError) -> Diagnostic {
    match error {
        WaitError::Failed(cache) | WaitError::UpdateFailed(cache) => Diagnostic::error(
            "Image cache rebuild failed",
            format!(
                "Image cache {id} in {region} ended as {}{}. Its last events:\n{}\n\nThe action sends no credentials: for images \
                 of private registries, change rebuild_triggers of eks_image_cache instead. When the cause is removed, invoke \
                 the action again.",
                cache.status,
                request(cache),
                last_events(cache),
            ),
        ),
        WaitError::UnknownStatus(cache) => unknown_status(region, cache),
        WaitError::Api { source, .. } => errors::api("waiting for", id, region, source),
        WaitError::TimedOut { .. }
        | WaitError::Cancelled { .. }
        | WaitError::Gone { .. }
        | WaitError::NeverListed { .. } => Diagnostic::error(
            "Image cache is not Ready",
            format!(
                "While waiting for image cache {id} in {region}: {}. Look at it in the console.",
                errors::chain(error)
            ),
        ),
    }
}

fn in_status(status: Option<&str>) -> String {
    status.map(|status| format!(", its status is {status}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_events_begin_with_what_went_wrong() {
        let event = |kind: &str, reason: &str, time: &str| serde_json::json!({"Type": kind, "Reason": reason, "Message": "m", "LastTimestamp": time});
        let normal = |number: usize| event("Normal", &format!("step-{number}"), &format!("2026-11-23 10:00:0{number}"));
        let failure = event("Warning", "ImagePullFailed", "2026-11-23 10:00:07");
        let expected = ["ImagePullFailed", "step-9", "step-8", "step-6", "step-5"];
        let mut events: Vec<_> = [1, 2, 3, 4, 5, 6, 8, 9].map(normal).into();
        events.push(failure);
        for _ in ["oldest first", "newest first"] {
            events.reverse();
            let cache = serde_json::json!({"ImageCacheId": "imc-1", "Status": "Failed", "Events": events});
            let told = last_events(&serde_json::from_value(cache).unwrap());
            let reasons: Vec<_> = told.lines().map(|line| line.split([' ', ':']).nth(3).unwrap()).collect();
            assert_eq!(reasons, expected, "{told}");
        }
    }

    #[test]
    fn still_building_names_status_time_and_event() {
        for (events, expected) in [
            (serde_json::json!([]), "imc-1 in ap-guangzhou is Updating, 90s elapsed"),
            (
                serde_json::json!([
                    {"Type": "Normal", "Reason": "EksciCreated", "LastTimestamp": "2026-11-23 10:00:02"},
                    {"Type": "Normal", "Reason": "Begun", "LastTimestamp": "2026-11-23 10:00:01"},
                ]),
                "imc-1 in ap-guangzhou is Updating, 90s elapsed, most recent event: EksciCreated",
            ),
        ] {
            let cache = serde_json::json!({"ImageCacheId": "imc-1", "Status": "Updating", "Events": events});
            let cache = serde_json::from_value(cache).unwrap();
            assert_eq!(still_building("ap-guangzhou", &cache, Duration::from_secs(90)), expected);
        }
    }
}
