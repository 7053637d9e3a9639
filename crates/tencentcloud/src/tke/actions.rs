//! The actions: each request beside its response.

use serde::{Deserialize, Serialize};

use super::{EipAttribute, ImageCache, ImageRegistryCredential, Tag, lenient};

/// The maximum number of rows that `DescribeImageCaches` returns in one response.
pub const MAX_LIMIT: u64 = 50;

// There is no client token: a second call makes a second cache.
action!(CreateImageCache, Once, CreateImageCacheResponse);
action!(DescribeImageCaches, Idempotent, DescribeImageCachesResponse);
// A second call may start a second build.
action!(UpdateImageCache, Once, Done);
action!(DeleteImageCaches, Idempotent, Done);
action!(GetMostSuitableImageCache, Idempotent, GetMostSuitableImageCacheResponse);

/// `CreateImageCache`: starts making an image cache. It is usable once `Ready`.
/// <https://cloud.tencent.com/document/api/457/70861>
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateImageCache {
    pub images: Vec<String>,
    pub subnet_id: String,
    pub vpc_id: String,
    /// Optional in the API, always set here: it identifies a cache when the response to the create is lost.
    pub image_cache_name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_group_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_registry_credentials: Vec<ImageRegistryCredential>,
    /// Mutually exclusive with the following two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existed_eip_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_create_eip: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_create_eip_attribute: Option<EipAttribute>,
    /// In GiB; the API defaults to 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_cache_size: Option<u64>,
    /// In days; 0, or omitted: indefinitely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
    /// Registry hosts whose certificates are not checked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registry_skip_verify_list: Vec<String>,
    /// Registry hosts reached by plain HTTP.
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "RegistryHttpEndPointList")]
    pub registry_http_endpoint_list: Vec<String>,
    /// Text of a `resolv.conf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolve_config: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// The response to [`CreateImageCache`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateImageCacheResponse {
    pub image_cache_id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub request_id: String,
}

/// `DescribeImageCaches`: lists image caches, at most [`MAX_LIMIT`] at a time. The order is not documented.
/// <https://cloud.tencent.com/document/api/457/70859>
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeImageCaches {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_cache_ids: Vec<String>,
    /// Whether the match is exact is not documented: check the names in the response.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_cache_names: Vec<String>,
    /// The API defaults to 20, also when more IDs are given.
    pub limit: u64,
    pub offset: u64,
}

/// The response to [`DescribeImageCaches`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeImageCachesResponse {
    /// Of all that match, not only those in this response.
    #[serde(default, deserialize_with = "lenient::number")]
    pub total_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub image_caches: Vec<ImageCache>,
    /// For Tencent Cloud's support.
    #[serde(default, deserialize_with = "lenient::text")]
    pub request_id: String,
}

/// `UpdateImageCache`: changes the given fields. That it leaves the others unchanged, and that an empty list clears a
/// field, is assumed: neither is documented. <https://cloud.tencent.com/document/api/457/70857>
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateImageCache {
    pub image_cache_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_cache_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<String>>,
    /// In GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_cache_size: Option<u64>,
    /// In days; 0 means indefinitely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_registry_credentials: Option<Vec<ImageRegistryCredential>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
}

/// `DeleteImageCaches`: the response to a partial failure is not documented, so send one ID at a time.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteImageCaches {
    pub image_cache_ids: Vec<String>,
}

/// A response without fields of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Done {
    #[serde(default, deserialize_with = "lenient::text")]
    pub request_id: String,
}

/// `GetMostSuitableImageCache`: the cache that a Pod with these images would get. The references must be identical to those
/// of the cache; among several, the smallest is chosen, then the newest.
/// <https://cloud.tencent.com/document/api/457/70858>
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMostSuitableImageCache {
    pub images: Vec<String>,
    /// `overlay`; the set is not documented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshotter: Option<String>,
}

/// The response to [`GetMostSuitableImageCache`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMostSuitableImageCacheResponse {
    #[serde(default)]
    pub found: bool,
    #[serde(default)]
    pub image_cache: Option<ImageCache>,
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::{Value, json};

    use super::{super::Status, *};

    #[test]
    fn requests_have_the_documented_names_and_no_unset_fields() {
        let bare = CreateImageCache {
            images: vec!["nginx:1.27".into()],
            subnet_id: "subnet-a".into(),
            vpc_id: "vpc-a".into(),
            image_cache_name: "a".into(),
            ..Default::default()
        };
        let required =
            json!({"Images": ["nginx:1.27"], "SubnetId": "subnet-a", "VpcId": "vpc-a", "ImageCacheName": "a"});
        assert_eq!(serde_json::to_value(&bare).unwrap(), required);

        let full = CreateImageCache {
            security_group_ids: vec!["sg-a".into()],
            image_registry_credentials: vec![ImageRegistryCredential {
                server: "ccr.example".into(),
                username: "u".into(),
                password: SecretString::from("hidden"),
                name: None,
            }],
            existed_eip_id: Some("eip-a".into()),
            auto_create_eip: Some(true),
            auto_create_eip_attribute: Some(EipAttribute {
                delete_policy: "Never".into(),
                internet_service_provider: Some("BGP".into()),
                internet_max_bandwidth_out: Some(5),
            }),
            image_cache_size: Some(30),
            retention_days: Some(0),
            registry_skip_verify_list: vec!["a".into()],
            registry_http_endpoint_list: vec!["b".into()],
            resolve_config: Some("nameserver 4.4.4.4".into()),
            tags: vec![Tag { key: "k".into(), value: "v".into() }],
            ..bare
        };
        assert!(!format!("{full:?}").contains("hidden"), "Debug shows the password");
        let mut expected = required;
        for (name, value) in [
            ("SecurityGroupIds", json!(["sg-a"])),
            ("ImageRegistryCredentials", json!([{"Server": "ccr.example", "Username": "u", "Password": "hidden"}])),
            ("ExistedEipId", json!("eip-a")),
            ("AutoCreateEip", json!(true)),
            (
                "AutoCreateEipAttribute",
                json!({"DeletePolicy": "Never", "InternetServiceProvider": "BGP", "InternetMaxBandwidthOut": 5}),
            ),
            ("ImageCacheSize", json!(30)),
            ("RetentionDays", json!(0)),
            ("RegistrySkipVerifyList", json!(["a"])),
            ("RegistryHttpEndPointList", json!(["b"])),
            ("ResolveConfig", json!("nameserver 4.4.4.4")),
            ("Tags", json!([{"Key": "k", "Value": "v"}])),
        ] {
            expected[name] = value;
        }
        assert_eq!(serde_json::to_value(&full).unwrap(), expected);

        let update = UpdateImageCache { image_cache_id: "imc-a".into(), tags: Some(vec![]), ..Default::default() };
        assert_eq!(serde_json::to_value(&update).unwrap(), json!({"ImageCacheId": "imc-a", "Tags": []}));
    }

    #[test]
    fn responses_of_older_and_newer_apis_are_read() {
        let full = json!({
            "ImageCacheId": "imc-a", "ImageCacheName": "a", "ImageCacheSize": 20, "Images": ["nginx:1.27"],
            "CreationTime": "2026-03-30 07:03:35 +0000 UTC", "ExpireDateTime": "", "LastMatchedTime": "",
            "Events": [{"ImageCacheId": "imc-a", "Type": "Normal", "Reason": "DiskCreated", "Message": "m",
                "FirstTimestamp": 1574104000000u64, "LastTimestamp": "1574104000000"}],
            "SnapshotId": "snap-a", "Status": "Ready", "RetentionDays": "7",
            "ImageRegistryCredentials": [{"Password": "hidden"}], "Tags": [{"Key": "k", "Value": null}],
            "ImageCacheType": "manual", "Snapshotter": "overlay", "New": {}
        });
        let cache: ImageCache = serde_json::from_value(full).unwrap();
        assert_eq!((cache.image_cache_size, cache.retention_days), (Some(20), Some(7)));
        assert_eq!(cache.events[0].first_timestamp, "1574104000000");
        assert_eq!(cache.status, Status::Ready);
        assert!(!format!("{cache:?}").contains("hidden"), "the password was read");

        for (status, expected) in [
            (json!("UpdateFailed"), Status::UpdateFailed),
            (json!("Sleeping"), Status::Unknown("Sleeping".into())),
            (Value::Null, Status::Unknown(String::new())),
        ] {
            let row = json!({"ImageCacheId": "imc-a", "Status": status, "Images": null, "Tags": null, "Events": null,
                "ImageCacheName": null, "ImageCacheSize": null});
            let cache: ImageCache = serde_json::from_value(row).unwrap();
            assert_eq!((cache.status, cache.images.len(), cache.image_cache_size), (expected, 0, None));
        }
        serde_json::from_value::<ImageCache>(json!({"ImageCacheName": "a"})).unwrap_err();

        let none: GetMostSuitableImageCacheResponse =
            serde_json::from_value(json!({"Found": false, "ImageCache": null})).unwrap();
        assert!(!none.found && none.image_cache.is_none());
    }
}
