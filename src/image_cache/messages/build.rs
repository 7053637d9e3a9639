//! Messages about the end of a build, or of the wait for it.

use std::time::Duration;

use super::{causes, events, subject, unknown_status};
use crate::errors;
use crate::image_caches::{BuildInstance, WaitError};
use tencentcloud::Error;
use tencentcloud::tke::ImageCache;
use terraform_plugin::diagnostics::Diagnostic;
use terraform_plugin::framework::{Deadline, Operation};

/// What to check if no event has a known cause.
const CHECKS: &str = "Check that image_cache_size is large enough for the images, compressed and unpacked; that the subnet can \
reach the registries (NAT gateway, existed_eip_id or auto_create_eip) and has a free address; that \
image_registry_credentials are correct; and that registries with private certificates or plain HTTP are in \
registry_skip_verify_list or registry_http_endpoint_list.";

/// The build ended without a usable cache.
pub(in crate::image_cache) fn failed(
    operation: Operation,
    region: &str,
    cache: &ImageCache,
    instance: Option<&BuildInstance>,
) -> Diagnostic {
    let (summary, next) = match operation {
        Operation::Update => (
            "Image cache update failed",
            "Remove the cause, and apply again: the update is retried. If it still fails, replace the cache with \
            terraform apply -replace.",
        ),
        _ => (
            "Image cache build failed",
            "Remove the cause, and apply again: the failed cache is deleted and created again.",
        ),
    };
    let advice = causes::advice(events::failures(Some(cache), instance));
    let advice = if advice.is_empty() { CHECKS.to_owned() } else { advice.join("\n") };
    Diagnostic::error(summary, format!("{}\n\n{advice} {next}", outcome(region, cache, instance)))
}

/// The wait for a rebuild ended, and the cache is not Ready.
pub(in crate::image_cache) fn rebuild(
    id: &str,
    region: &str,
    error: &WaitError,
    instance: Option<&BuildInstance>,
) -> Diagnostic {
    match error {
        WaitError::Failed(cache) | WaitError::UpdateFailed(cache) => {
            let mut advice = causes::advice(events::failures(Some(cache), instance));
            advice.push(
                "The action sends no credentials: for images of private registries, change rebuild_triggers of \
                eks_image_cache instead. Remove the cause, and invoke the action again.",
            );
            let detail = format!("{}\n\n{}", outcome(region, cache, instance), advice.join("\n"));
            Diagnostic::error("Image cache rebuild failed", detail)
        }
        WaitError::UnknownStatus(cache) => unknown_status(region, cache),
        WaitError::Api { source, .. } => errors::api("waiting for", &subject(id, region), source),
        WaitError::TimedOut { .. }
        | WaitError::Canceled { .. }
        | WaitError::Gone { .. }
        | WaitError::NeverListed { .. } => Diagnostic::error(
            "Image cache not Ready",
            format!(
                "While waiting for image cache {id} in {region}: {}.{} Check it in the console.",
                errors::chain(error),
                last_warnings(instance)
            ),
        ),
    }
}

/// The `timeouts` block ended the wait.
pub(in crate::image_cache) fn timed_out(
    deadline: &Deadline,
    id: &str,
    region: &str,
    status: Option<&str>,
    instance: Option<&BuildInstance>,
    last_error: Option<&Error>,
) -> Diagnostic {
    let last_error = last_error.map(|error| errors::chain(error));
    let mut diagnostic = subject(id, region).timed_out(deadline, status, last_error.as_deref());
    diagnostic.detail.push_str(&last_warnings(instance));
    diagnostic
}

/// A poll failed with a permanent error.
pub(in crate::image_cache) fn wait_failed(operation: Operation, id: &str, region: &str, error: &Error) -> Diagnostic {
    let subject = subject(id, region);
    let mut diagnostic = errors::api("waiting for", &subject, error);
    if operation == Operation::Create {
        diagnostic.detail =
            format!("{} The build continues in the background. {}", diagnostic.detail, subject.tainted());
    }
    diagnostic
}

/// The progress of a rebuild after `elapsed`.
pub(in crate::image_cache) fn still_building(
    region: &str,
    cache: &ImageCache,
    instance: Option<&BuildInstance>,
    elapsed: Duration,
) -> String {
    let event = events::newest(cache, instance).map(|event| format!(", most recent event: {event}"));
    format!(
        "{} in {region} is {}, {}s elapsed{}",
        cache.image_cache_id,
        cache.status,
        elapsed.as_secs(),
        event.unwrap_or_default()
    )
}

/// The outcome of a build, with events of the cache and its container instance.
fn outcome(region: &str, cache: &ImageCache, instance: Option<&BuildInstance>) -> String {
    let ImageCache { image_cache_id: id, status, request_id, .. } = cache;
    let request = if request_id.is_empty() { String::new() } else { format!(" (request {request_id})") };
    let of_instance = events::of_instance(instance).map(|lines| format!("\n\n{lines}")).unwrap_or_default();
    format!(
        "Image cache {id} in {region} entered the status {status}{request}. Most recent events:\n{}{of_instance}",
        events::of_cache(cache)
    )
}

/// The most recent warnings of the container instance, with advice; empty without warnings.
pub(super) fn last_warnings(instance: Option<&BuildInstance>) -> String {
    let Some(lines) = events::of_instance(instance) else { return String::new() };
    let advice = causes::advice(events::failures(None, instance));
    format!("\n\n{lines}\n\n{}", advice.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn instance(message: &str) -> BuildInstance {
        let event = json!({"Type": "Warning", "Reason": "Failed", "Message": message, "LastTimestamp": "t"});
        let events = vec![serde_json::from_value(event).unwrap()];
        BuildInstance { id: "eksci-1".to_owned(), name: "for-imc-1".to_owned(), events }
    }

    fn cache(status: &str, events: serde_json::Value) -> ImageCache {
        serde_json::from_value(json!({"ImageCacheId": "imc-1", "Status": status, "Events": events})).unwrap()
    }

    #[test]
    fn failure_has_the_cause_from_its_instance_and_advice() {
        let cache = cache("Failed", json!([{"Type": "Normal", "Reason": "DiskCreated", "Message": "m"}]));
        let bare = failed(Operation::Create, "ap-guangzhou", &cache, None).detail;
        assert!(bare.contains("registry_skip_verify_list") && bare.contains("DiskCreated"), "{bare}");
        let instance = instance("Failed to pull image \"a\": no space left on device");
        let known = failed(Operation::Create, "ap-guangzhou", &cache, Some(&instance)).detail;
        for part in ["DiskCreated", "eksci-1 (for-imc-1)", "no space left on device", "Increase image_cache_size"] {
            assert!(known.contains(part), "{part}: {known}");
        }
        assert!(!known.contains("registry_skip_verify_list"), "{known}");
    }

    #[test]
    fn still_building_names_status_time_and_the_most_recent_event() {
        let created = json!([
            {"Type": "Normal", "Reason": "EksciCreated", "LastTimestamp": "2026-11-23 10:00:02"},
            {"Type": "Normal", "Reason": "Begun", "LastTimestamp": "2026-11-23 10:00:01"},
        ]);
        let warned = instance("i/o timeout");
        for (events, instance, expected) in [
            (json!([]), None, ""),
            (created.clone(), None, ", most recent event: EksciCreated"),
            (created, Some(&warned), ", most recent event: Failed: i/o timeout"),
        ] {
            let line = still_building("ap-guangzhou", &cache("Updating", events), instance, Duration::from_secs(90));
            assert_eq!(line, format!("imc-1 in ap-guangzhou is Updating, 90s elapsed{expected}"));
        }
    }
}
