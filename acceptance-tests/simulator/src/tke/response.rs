//! Image caches in responses, in the format of the variants.

use jiff::{Timestamp, tz};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Map, Value, json};

use crate::behavior::{
    Behavior, CreatorTags, Credentials, ImageReferences, NeverExpires, Numbers, OptionalFields, Order, Times,
};
use crate::image_cache::{Event, ImageCache, ImageRegistryCredential};

/// An `ImageCache` object.
pub(super) fn image_cache(cache: &ImageCache, behavior: &Behavior, rng: &mut StdRng) -> Value {
    let time = |time| time_text(time, behavior.times);
    let mut images: Vec<String> = cache.images.iter().map(|image| reference(image, behavior)).collect();
    let mut tags: Vec<Value> = cache.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    if behavior.creator_tags == CreatorTags::Listed {
        tags.push(json!({"Key": "qcs:tag:createdBy", "Value": "Root:100000000001"}));
    }
    if behavior.order == Order::Changing {
        images.shuffle(rng);
        tags.shuffle(rng);
    }
    let expires = match (cache.expires_at(), behavior.never_expires) {
        (Some(at), _) => time(at),
        (None, NeverExpires::Empty) => String::new(),
        (None, NeverExpires::HundredYears) => time(in_hundred_years(cache.creation_time)),
    };
    let mut row = json!({
        "ImageCacheId": cache.id,
        "ImageCacheName": cache.name,
        "ImageCacheSize": number(cache.image_cache_size, behavior),
        "Images": images,
        "CreationTime": time(cache.creation_time),
        "ExpireDateTime": expires,
        "Events": cache.events.iter().map(|event| event_row(&cache.id, event, behavior)).collect::<Vec<_>>(),
        "LastMatchedTime": cache.last_matched_time.map(time).unwrap_or_default(),
        "SnapshotId": cache.snapshot_id.as_deref().unwrap_or_default(),
        "Status": format!("{:?}", cache.status),
    });
    if let Some(row) = row.as_object_mut() {
        let mut optional = |name: &str, value: Value, empty: bool| {
            insert_optional(row, name, value, empty, behavior.optional_fields);
        };
        optional("RetentionDays", number(cache.retention_days, behavior), cache.retention_days == 0);
        if let Some(credentials) = credentials(&cache.image_registry_credentials, behavior.credentials) {
            let empty = credentials.is_empty();
            optional("ImageRegistryCredentials", credentials.into(), empty);
        }
        let untagged = tags.is_empty();
        optional("Tags", tags.into(), untagged);
        optional("ImageCacheType", cache.image_cache_type.as_str().into(), cache.image_cache_type.is_empty());
        optional("Snapshotter", cache.snapshotter.as_str().into(), cache.snapshotter.is_empty());
    }
    row
}

/// A time, in the variant of `times`.
pub(super) fn time(time: Timestamp, behavior: &Behavior) -> String {
    time_text(time, behavior.times)
}

/// A number, in the variant of `numbers`.
pub(super) fn number(number: u64, behavior: &Behavior) -> Value {
    match behavior.numbers {
        Numbers::Numbers => number.into(),
        Numbers::Strings => number.to_string().into(),
    }
}

fn insert_optional(row: &mut Map<String, Value>, name: &str, value: Value, empty: bool, variant: OptionalFields) {
    let value = match (variant, empty) {
        (OptionalFields::Present, _) | (OptionalFields::NullWhenEmpty | OptionalFields::AbsentWhenEmpty, false) => {
            value
        }
        (OptionalFields::Null, _) | (OptionalFields::NullWhenEmpty, true) => Value::Null,
        (OptionalFields::Absent, _) | (OptionalFields::AbsentWhenEmpty, true) => return,
    };
    row.insert(name.to_owned(), value);
}

fn event_row(id: &str, event: &Event, behavior: &Behavior) -> Value {
    let time = time_text(event.time, behavior.times);
    json!({
        "ImageCacheId": id,
        "Type": event.kind,
        "Reason": event.reason,
        "Message": event.message,
        "FirstTimestamp": time,
        "LastTimestamp": time,
    })
}

fn credentials(credentials: &[ImageRegistryCredential], variant: Credentials) -> Option<Vec<Value>> {
    let row = |credential: &ImageRegistryCredential| {
        let ImageRegistryCredential { server, username, password, name } = credential;
        let password = if variant == Credentials::Masked { "******" } else { password };
        json!({"Server": server, "Username": username, "Password": password, "Name": name})
    };
    match variant {
        Credentials::Absent => None,
        Credentials::Empty => Some(Vec::new()),
        Credentials::Masked | Credentials::Clear => Some(credentials.iter().map(row).collect()),
    }
}

fn in_hundred_years(time: Timestamp) -> Timestamp {
    let zoned = time.to_zoned(tz::TimeZone::UTC);
    zoned.checked_add(jiff::Span::new().years(100)).map_or(time, |later| later.timestamp())
}

fn time_text(time: Timestamp, form: Times) -> String {
    let utc = || time.to_zoned(tz::TimeZone::UTC);
    let beijing = || time.to_zoned(tz::TimeZone::fixed(tz::offset(8)));
    match form {
        Times::GoUtc => utc().strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string(),
        Times::GoMonotonic => beijing().strftime("%Y-%m-%d %H:%M:%S%.9f +0800 CST m=+893.262707991").to_string(),
        Times::NoZone => beijing().strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Times::Rfc3339 => utc().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Times::Milliseconds => time.as_millisecond().to_string(),
        Times::Empty => String::new(),
    }
}

fn reference(image: &str, behavior: &Behavior) -> String {
    match behavior.image_references {
        ImageReferences::AsGiven => image.to_owned(),
        ImageReferences::Normalised => normalised(image),
    }
}

/// The full form of an image reference: registry, `library/`, tag.
fn normalised(image: &str) -> String {
    let (registry, path) = match image.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => ("docker.io", image),
    };
    let library = if registry == "docker.io" && !path.contains('/') { "library/" } else { "" };
    let tagged = path.contains('@') || path.rsplit('/').next().is_some_and(|last| last.contains(':'));
    let tag = if tagged { "" } else { ":latest" };
    format!("{registry}/{library}{path}{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_cache::Status;
    use rand::SeedableRng;

    fn cache() -> ImageCache {
        let created = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        ImageCache {
            id: "imc-12345678".to_owned(),
            tags: [("team".to_owned(), "ml".to_owned())].into(),
            image_registry_credentials: vec![ImageRegistryCredential {
                server: "r.example.com".to_owned(),
                username: "u".to_owned(),
                password: "secret".to_owned(),
                name: String::new(),
            }],
            vpc_id: "vpc-1".to_owned(),
            ..ImageCache::ready("a", &["nginx", "b:1", "c:1", "d:1", "e:1"], created)
        }
    }

    fn row(change: impl FnOnce(&mut Behavior)) -> Value {
        let mut behavior = Behavior::default();
        change(&mut behavior);
        image_cache(&cache(), &behavior, &mut StdRng::seed_from_u64(1))
    }

    #[test]
    fn row_has_the_documented_fields_and_no_secret() {
        let expected = json!({
            "ImageCacheId": "imc-12345678", "ImageCacheName": "a", "ImageCacheSize": 20,
            "Images": ["nginx", "b:1", "c:1", "d:1", "e:1"],
            "CreationTime": "2023-11-14 22:13:20 +0000 UTC", "ExpireDateTime": "", "Events": [], "LastMatchedTime": "",
            "SnapshotId": "", "Status": "Ready", "RetentionDays": 0, "Tags": [{"Key": "team", "Value": "ml"}],
            "ImageCacheType": "manual", "Snapshotter": "overlay",
        });
        assert_eq!(row(|_| ()), expected);
    }

    #[test]
    fn times_have_the_format_of_the_variant() {
        for (times, expected) in [
            (Times::GoUtc, "2023-11-14 22:13:20 +0000 UTC"),
            (Times::GoMonotonic, "2023-11-15 06:13:20.123000000 +0800 CST m=+893.262707991"),
            (Times::NoZone, "2023-11-15 06:13:20"),
            (Times::Rfc3339, "2023-11-14T22:13:20Z"),
            (Times::Milliseconds, "1700000000123"),
            (Times::Empty, ""),
        ] {
            assert_eq!(row(|behavior| behavior.times = times)["CreationTime"], expected);
        }
    }

    #[test]
    fn never_is_empty_or_a_hundred_years() {
        let expires = |never| row(|behavior| behavior.never_expires = never)["ExpireDateTime"].clone();
        assert_eq!(expires(NeverExpires::Empty), "");
        assert_eq!(expires(NeverExpires::HundredYears), "2123-11-14 22:13:20 +0000 UTC");
    }

    #[test]
    fn credentials_depend_on_the_variant() {
        for (variant, expected) in [
            (Credentials::Absent, None),
            (Credentials::Empty, Some(json!([]))),
            (
                Credentials::Masked,
                Some(json!([{"Server": "r.example.com", "Username": "u", "Password": "******", "Name": ""}])),
            ),
            (
                Credentials::Clear,
                Some(json!([{"Server": "r.example.com", "Username": "u", "Password": "secret", "Name": ""}])),
            ),
        ] {
            let row = row(|behavior| behavior.credentials = variant);
            assert_eq!(row.get("ImageRegistryCredentials"), expected.as_ref(), "{variant:?}");
        }
    }

    #[test]
    fn optional_fields_are_present_null_or_absent() {
        for (variant, empty, full) in [
            (OptionalFields::Present, Some(json!(0)), Some(json!("manual"))),
            (OptionalFields::NullWhenEmpty, Some(json!(null)), Some(json!("manual"))),
            (OptionalFields::AbsentWhenEmpty, None, Some(json!("manual"))),
            (OptionalFields::Null, Some(json!(null)), Some(json!(null))),
            (OptionalFields::Absent, None, None),
        ] {
            let row = row(|behavior| behavior.optional_fields = variant);
            assert_eq!(row.get("RetentionDays"), empty.as_ref(), "{variant:?}");
            assert_eq!(row.get("ImageCacheType"), full.as_ref(), "{variant:?}");
        }
    }

    #[test]
    fn numbers_are_numbers_or_strings() {
        assert_eq!(row(|behavior| behavior.numbers = Numbers::Strings)["ImageCacheSize"], "20");
    }

    #[test]
    fn images_change_their_order_in_that_variant_only() {
        let changed = row(|behavior| behavior.order = Order::Changing)["Images"].clone();
        assert_ne!(changed, row(|_| ())["Images"]);
        assert_eq!(changed.as_array().unwrap().len(), 5);
    }

    #[test]
    fn references_are_normalised_as_registries_do() {
        for (image, expected) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("team/app", "docker.io/team/app:latest"),
            ("ccr.ccs.tencentyun.com/team/app:v1", "ccr.ccs.tencentyun.com/team/app:v1"),
            ("localhost:5000/app", "localhost:5000/app:latest"),
            ("app@sha256:0a", "docker.io/library/app@sha256:0a"),
        ] {
            assert_eq!(normalised(image), expected);
        }
        let row = row(|behavior| behavior.image_references = ImageReferences::Normalised);
        assert_eq!(row["Images"][0], "docker.io/library/nginx:latest");
    }

    #[test]
    fn every_status_is_spelled_as_documented() {
        for (status, expected) in [
            (Status::Pending, "Pending"),
            (Status::Ready, "Ready"),
            (Status::Failed, "Failed"),
            (Status::Updating, "Updating"),
            (Status::UpdateFailed, "UpdateFailed"),
        ] {
            let cache = ImageCache { status, ..cache() };
            let row = image_cache(&cache, &Behavior::default(), &mut StdRng::seed_from_u64(1));
            assert_eq!(row["Status"], expected);
        }
    }
}
