//! Finds caches that a killed run left: created, billed, and in no state. The next create warns of them.
//!
//! A provider cannot see the state of other resources. So the warning is limited to caches that the same request would have
//! created, within the last day, and not by this run. A cache that is being replaced by one with the same name, images, size,
//! retention and tags cannot be distinguished; the message says so.

use std::time::{Duration, SystemTime};

use super::creation_time;
use crate::image_caches::differences;
use crate::session::Session;
use tencentcloud::tke::{CreateImageCache, ImageCache, Status};
use terraform_plugin::diagnostics::Diagnostic;

/// The age up to which a cache counts as left by a killed run.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Prefix of generated names; see [`unique_name`](super::request::unique_name).
const GENERATED: &str = "tf-";

/// The caches that a killed run could have left, if the name is generated; those with a configured name are known after the
/// create. To be called concurrently with the create.
pub(super) async fn candidates(session: &Session, region: &str, is_named: bool) -> Vec<ImageCache> {
    if is_named { Vec::new() } else { session.image_caches.listed_once(region).await }
}

/// A warning about caches that an earlier run may have left, besides the new cache `id`.
pub(super) fn warning(
    session: &Session,
    region: &str,
    request: &CreateImageCache,
    candidates: Vec<ImageCache>,
    id: &str,
) -> Option<Diagnostic> {
    let is_named = candidates.is_empty();
    let existing = if is_named { session.image_caches.existing_before(region, id) } else { candidates };
    let now = SystemTime::now();
    let left: Vec<_> = existing
        .iter()
        .filter(|row| row.image_cache_id != id && could_be_of(row, request, now))
        .filter(|row| row.image_cache_name == request.image_cache_name || is_generated(&row.image_cache_name))
        .collect();
    if left.is_empty() {
        return None;
    }
    let lines: Vec<_> = left
        .iter()
        .map(|row| {
            let ImageCache { image_cache_id, image_cache_name, status, creation_time, .. } = row;
            format!(
                "  {image_cache_id}, name {image_cache_name:?}, status {status}, created {creation_time}\n    terraform import \
                 <address> {region}/{image_cache_id}"
            )
        })
        .collect();
    Some(Diagnostic::warning(
        "Similar image cache exists",
        format!(
            "Before image cache {id} was created in {region}, there was already one with the same images, size, retention and \
             tags:\n{}\n\nAn earlier run may have been killed before it saved the cache. Then it is in no state, and is billed: \
             delete it in the console, or import it with the command above, where <address> is that of an eks_image_cache \
             that is not in the state, for example eks_image_cache.llm after `terraform state rm eks_image_cache.llm`. If \
             another resource manages it, or it is being replaced, ignore this warning.",
            lines.join("\n")
        ),
    ))
}

fn is_generated(name: &str) -> bool {
    name.strip_prefix(GENERATED)
        .is_some_and(|random| random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether an earlier `request` like this one could have created `row`. Fields that the row lacks are ignored.
fn could_be_of(row: &ImageCache, request: &CreateImageCache, now: SystemTime) -> bool {
    let recent = creation_time::parse(&row.creation_time)
        .is_some_and(|created| now.duration_since(created.into()).map_or(true, |age| age <= MAX_AGE));
    row.status != Status::Failed && !row.images.is_empty() && differences(row, request).is_empty() && recent
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tencentcloud::tke::Tag;

    use super::*;

    #[test]
    fn different_requests_and_old_caches_are_excluded() {
        let tag = |key: &str| Tag { key: key.to_owned(), value: "1".to_owned() };
        let request = CreateImageCache {
            images: vec!["nginx:1.27".to_owned()],
            image_cache_size: Some(45),
            tags: vec![tag("team")],
            ..Default::default()
        };
        let now = SystemTime::from(creation_time::parse("2026-03-30T12:00:00Z").unwrap());
        let like = json!({
            "ImageCacheId": "imc-1", "Images": ["docker.io/library/nginx:1.27"], "ImageCacheSize": 50, "Status": "Ready",
            "RetentionDays": 0, "CreationTime": "2026-03-30 07:03:35 +0000 UTC",
            "Tags": [{"Key": "team", "Value": "1"}, {"Key": "qcs:tag:createdBy", "Value": "me"}],
        });
        for (change, expected) in [
            (json!({}), true),
            (json!({"ImageCacheSize": 45, "RetentionDays": null, "Tags": null, "Status": "Pending"}), true),
            (json!({"CreationTime": "2026-03-30 12:00:30 +0000 UTC"}), true),
            (json!({"Images": ["nginx:1.28"]}), false),
            (json!({"ImageCacheSize": 60}), false),
            (json!({"RetentionDays": 7}), false),
            (json!({"Tags": []}), false),
            (json!({"Status": "Failed"}), false),
            (json!({"CreationTime": "2026-03-29 07:03:35 +0000 UTC"}), false),
            (json!({"CreationTime": ""}), false),
        ] {
            let mut row = like.clone();
            row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let row: ImageCache = serde_json::from_value(row).unwrap();
            assert_eq!(could_be_of(&row, &request, now), expected, "{change}");
        }
        assert!(is_generated("tf-0123456789abcdef"));
        assert!(!is_generated("tf-llm") && !is_generated("0123456789abcdef"));
    }
}
