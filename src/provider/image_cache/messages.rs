//! What users are told of a cache: that it failed, why, and what to do.

use std::time::Duration;

use super::Operation;
use crate::diagnostics::{AttributePath, Diagnostic};
use crate::provider::errors;
use crate::tencentcloud::Error;
use crate::tencentcloud::image_caches::WaitError;
use crate::tencentcloud::tke::{ImageCache, Status};

/// How many events a message shows: the end of the story.
const SHOWN_EVENTS: usize = 5;

/// After a creation that ended in an error although the build goes on.
const UNTAINT: &str = "Terraform marks it as tainted, which would build it again. To go on waiting for this build instead, \
                       run `terraform untaint` on the resource, and apply again.";

/// The last events of a cache that failed, a line each, newest first; `None` for one that did not.
pub(super) fn last_events_if_failed(cache: &ImageCache) -> Option<String> {
    matches!(cache.status, Status::Failed | Status::UpdateFailed).then(|| last_events(cache))
}

fn last_events(cache: &ImageCache) -> String {
    let lines: Vec<_> = cache
        .events
        .iter()
        .take(SHOWN_EVENTS)
        .map(|event| format!("  {} {}: {} ({})", event.kind, event.reason, event.message, event.last_timestamp))
        .collect();
    if lines.is_empty() { "  the API gives none".to_owned() } else { lines.join("\n") }
}

/// The build ended without a usable cache.
pub(super) fn failed(operation: Operation, region: &str, cache: &ImageCache) -> Diagnostic {
    let id = &cache.image_cache_id;
    let (summary, next) = match operation {
        Operation::Update => {
            ("Image cache update failed", "When the cause is removed, apply again: the update is tried again.")
        }
        _ => (
            "Image cache build failed",
            "When the cause is removed, apply again: the failed cache is deleted and made anew.",
        ),
    };
    Diagnostic::error(
        summary,
        format!(
            "Image cache {id} in {region} ended as {}. Its last events:\n{}\n\nCheck that image_cache_size holds the images, \
             compressed and unpacked; that the subnet reaches the registries (a NAT gateway, existed_eip_id or \
             auto_create_eip) and has a free address; that image_registry_credentials are right; and that registries with \
             private certificates or plain HTTP are in registry_skip_verify_list or registry_http_endpoint_list. {next}",
            cache.status,
            last_events(cache),
        ),
    )
}

/// Ctrl-C ended the wait.
pub(super) fn interrupted(id: &str, status: Option<&str>) -> Diagnostic {
    Diagnostic::warning(
        "Stopped waiting for the image cache",
        format!(
            "Image cache {id} is still being built{}. It is saved in the state and not tainted: the next apply goes on \
             waiting for it.",
            in_status(status)
        ),
    )
}

/// The `timeouts` block ended the wait.
pub(super) fn timed_out(
    operation: Operation,
    id: &str,
    region: &str,
    timeout: Duration,
    status: Option<&str>,
    last_error: Option<&Error>,
) -> Diagnostic {
    let last_error = last_error.map(|error| format!(" The last look at it failed: {}.", errors::chain(error)));
    let (name, next) = match operation {
        Operation::Create => ("create", UNTAINT),
        _ => ("update", "Apply again to go on waiting."),
    };
    Diagnostic::error(
        "Image cache is not Ready in time",
        format!(
            "Image cache {id} in {region} was not Ready after {}{}. The build goes on.{} {next} If builds of these images take \
             longer, set timeouts.{name}.",
            in_words(timeout),
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
            "Image cache {id} in {region} was being built, and is not there any more: something else deleted it. Apply again \
             to make it anew."
        ),
    )
}

/// The cache was deleted, and is still there.
pub(super) fn delete_wait(id: &str, region: &str, timeout: Duration, error: &WaitError) -> Diagnostic {
    let what = match error {
        WaitError::Api { source: error, .. } => return errors::api("waiting for the deletion of", id, region, error),
        WaitError::Cancelled { .. } => "the wait was stopped".to_owned(),
        _ => format!("it is still listed after {}", in_words(timeout)),
    };
    Diagnostic::error(
        "Image cache is not deleted yet",
        format!(
            "The API accepted the deletion of image cache {id} in {region}, but {what}. It stays in the state: run destroy or \
             apply again to see it gone. If that takes longer here, set timeouts.delete."
        ),
    )
}

fn in_status(status: Option<&str>) -> String {
    status.map(|status| format!(", its status is {status}")).unwrap_or_default()
}

/// `90m`, `1h30m`: as a configuration writes it.
fn in_words(duration: Duration) -> String {
    let (hours, minutes) = (duration.as_secs() / 3600, duration.as_secs() / 60 % 60);
    match (hours, minutes, duration.as_secs() % 60, duration.subsec_millis()) {
        (0, 0, 0, millis) => format!("{millis}ms"),
        (0, 0, seconds, _) => format!("{seconds}s"),
        (0, minutes, 0, _) => format!("{minutes}m"),
        (0, minutes, seconds, _) => format!("{minutes}m{seconds}s"),
        (hours, 0, ..) => format!("{hours}h"),
        (hours, minutes, ..) => format!("{hours}h{minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_a_configuration() {
        for (millis, expected) in [
            (250, "250ms"),
            (30_000, "30s"),
            (90_000, "1m30s"),
            (600_000, "10m"),
            (3_600_000, "1h"),
            (5_400_000, "1h30m"),
        ] {
            assert_eq!(in_words(Duration::from_millis(millis)), expected);
        }
    }
}
