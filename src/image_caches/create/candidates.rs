//! Chooses the cache of a create whose outcome is unknown among the new caches with its name.

use std::collections::BTreeSet;

use crate::images;
use tencentcloud::tke::{CreateImageCache, ImageCache, Tag, is_reserved_tag_key};

/// A new cache with the name of a create whose outcome is unknown, which was not adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: String,
    /// The attributes in which it differs from the request. Empty if several caches match.
    pub differs: Vec<&'static str>,
}

/// The size in GiB to which the API may round up: premium cloud disks have steps of 10 according to some documents, and steps of 1
/// according to others.
pub fn rounded_up(size: u64) -> u64 {
    size.next_multiple_of(10)
}

/// The row of `rows` that `request` created: the only one without differences, or among several the only one that lists all
/// fields as requested.
///
/// # Errors
///
/// All rows, if there is no such row.
pub(super) fn choose<'r>(
    rows: &[&'r ImageCache],
    request: &CreateImageCache,
) -> Result<&'r ImageCache, Vec<Candidate>> {
    let fitting: Vec<_> = rows.iter().copied().filter(|row| differences(row, request).is_empty()).collect();
    let mut exact = fitting.iter().copied().filter(|row| is_exact(row, request));
    match (&fitting[..], exact.next(), exact.next()) {
        ([one], ..) => Ok(one),
        (_, Some(one), None) => Ok(one),
        _ => Err(rows.iter().map(|row| candidate(row, request)).collect()),
    }
}

fn candidate(row: &ImageCache, request: &CreateImageCache) -> Candidate {
    Candidate { id: row.image_cache_id.clone(), differs: differences(row, request) }
}

/// The attributes that `row` lists with different values than requested. Unlisted fields and additional tags, which the platform
/// or a tag policy may have added, are ignored. Images may be listed in full, and the size [rounded up](rounded_up).
pub fn differences(row: &ImageCache, request: &CreateImageCache) -> Vec<&'static str> {
    // Every field is named, so that a new one requires a decision. The name is that of the look-up; the others are never listed.
    let CreateImageCache {
        images,
        image_cache_size,
        retention_days,
        tags,
        image_cache_name: _,
        vpc_id: _,
        subnet_id: _,
        security_group_ids: _,
        image_registry_credentials: _,
        existed_eip_id: _,
        auto_create_eip: _,
        auto_create_eip_attribute: _,
        registry_skip_verify_list: _,
        registry_http_endpoint_list: _,
        resolve_config: _,
    } = request;
    let set = |images: &[String]| images.iter().cloned().collect();
    let images = row.images.is_empty() || images::same(&set(&row.images), &set(images));
    let size = match (row.image_cache_size, *image_cache_size) {
        (Some(row), Some(requested)) => row == requested || row == rounded_up(requested),
        _ => true,
    };
    let retention = row.retention_days.is_none_or(|days| days == retention_days.unwrap_or(0));
    let tags = row.tags.as_ref().is_none_or(|listed| tags.iter().all(|tag| listed.contains(tag)));
    [("images", images), ("image_cache_size", size), ("retention_days", retention), ("tags", tags)]
        .into_iter()
        .filter_map(|(attribute, same)| (!same).then_some(attribute))
        .collect()
}

/// Whether `row` lists all fields as requested.
fn is_exact(row: &ImageCache, request: &CreateImageCache) -> bool {
    let images = |images: &[String]| images.iter().cloned().collect::<BTreeSet<_>>();
    let tags =
        |tags: &[Tag]| tags.iter().filter(|tag| !is_reserved_tag_key(&tag.key)).cloned().collect::<BTreeSet<_>>();
    images(&row.images) == images(&request.images)
        && row.image_cache_size == Some(request.image_cache_size.unwrap_or(20))
        && row.retention_days == Some(request.retention_days.unwrap_or(0))
        && row.tags.as_deref().map(tags) == Some(tags(&request.tags))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn tag(key: &str) -> Value {
        json!({"Key": key, "Value": "ml"})
    }

    /// 20 GiB, 7 days, a tag.
    fn request() -> CreateImageCache {
        CreateImageCache {
            images: vec!["nginx:1.27".to_owned()],
            image_cache_name: "web".to_owned(),
            image_cache_size: Some(20),
            retention_days: Some(7),
            tags: vec![serde_json::from_value(tag("team")).unwrap()],
            ..Default::default()
        }
    }

    /// A row as requested, with the changes of `fields`.
    fn row(id: &str, fields: &Value) -> ImageCache {
        let mut row = json!({"ImageCacheId": id, "Images": ["nginx:1.27"], "ImageCacheSize": 20, "RetentionDays": 7,
            "Tags": [tag("team")]});
        row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn differences_are_in_listed_fields() {
        for (fields, expected) in [
            (json!({}), &[][..]),
            (json!({"Images": [], "ImageCacheSize": null, "RetentionDays": null, "Tags": null}), &[]),
            (json!({"Tags": [tag("qcs:tag:createdBy"), tag("team")]}), &[]),
            (json!({"Tags": [tag("cost-center"), tag("team")]}), &[]),
            (json!({"Images": ["docker.io/library/nginx:1.27"]}), &[]),
            (json!({"Images": ["my-nginx:1.27"]}), &["images"]),
            (json!({"Images": ["nginx:1.28"]}), &["images"]),
            (json!({"Images": ["nginx:1.27", "redis:7"]}), &["images"]),
            (json!({"ImageCacheSize": 30}), &["image_cache_size"]),
            (json!({"RetentionDays": 0}), &["retention_days"]),
            (json!({"Tags": []}), &["tags"]),
            (json!({"Tags": [tag("squad")], "Images": ["nginx:1.28"]}), &["images", "tags"]),
        ] {
            assert_eq!(differences(&row("imc-a", &fields), &request()), expected, "{fields}");
        }
        let rounded = CreateImageCache { image_cache_size: Some(15), ..request() };
        assert!(differences(&row("imc-a", &json!({})), &rounded).is_empty());
    }

    #[test]
    fn match_is_chosen_only_if_the_others_differ() {
        let same = json!({});
        let other_tags = json!({"Tags": [tag("squad")]});
        let more_tags = json!({"Tags": [tag("team"), tag("squad")]});
        let unlisted = json!({"Tags": null, "RetentionDays": null});
        let full_name = json!({"Images": ["docker.io/library/nginx:1.27"]});
        for (case, first, second, expected) in [
            ("the other one differs", &same, &other_tags, Some("imc-a")),
            ("the other one lists less", &unlisted, &same, Some("imc-b")),
            ("the other one has more tags", &more_tags, &same, Some("imc-b")),
            ("both are the same", &same, &same, None),
            ("neither lists everything", &unlisted, &unlisted, None),
            ("neither is as requested", &full_name, &more_tags, None),
            ("both differ", &other_tags, &other_tags, None),
        ] {
            let rows = [row("imc-a", first), row("imc-b", second)];
            let chosen = choose(&rows.iter().collect::<Vec<_>>(), &request());
            assert_eq!(chosen.as_ref().ok().map(|row| row.image_cache_id.as_str()), expected, "{case}");
            if let Err(candidates) = chosen {
                let differs = candidates.iter().all(|candidate| !candidate.differs.is_empty());
                assert_eq!((candidates.len(), differs), (2, case == "both differ"), "{case}");
            }
        }
        assert_eq!(choose(&[], &request()), Err(Vec::new()));
    }
}
