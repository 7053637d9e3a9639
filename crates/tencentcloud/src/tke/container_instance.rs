//! Container instances, in which image caches are built: instances by name, and their events.
//!
//! Both actions are best effort for this client: they are never retried.
//!
//! Source: the API's data types, <https://cloud.tencent.com/document/api/457/31866>, and the SDK's models.

use serde::{Deserialize, Serialize};

use super::{Event, lenient};

/// The maximum number of rows that each of the two actions returns in one response.
pub const MAX_INSTANCES: u64 = 100;

action!(DescribeEKSContainerInstances, Never, DescribeEKSContainerInstancesResponse);
action!(DescribeEKSContainerInstanceEvent, Never, DescribeEKSContainerInstanceEventResponse);

/// `DescribeEKSContainerInstances`: lists container instances by their names.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeEKSContainerInstances {
    pub filters: Vec<Filter>,
    /// The API's default is 20, its maximum [`MAX_INSTANCES`].
    pub limit: u64,
}

impl DescribeEKSContainerInstances {
    /// The instances with one of `names`. How many names one call takes is not documented.
    pub fn named(names: Vec<String>) -> Self {
        Self { filters: vec![Filter { name: "eks-ci-name", values: names }], limit: MAX_INSTANCES }
    }
}

/// A filter: one of `values`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    pub name: &'static str,
    pub values: Vec<String>,
}

/// The response to [`DescribeEKSContainerInstances`].
#[derive(Debug, Clone, Deserialize)]
pub struct DescribeEKSContainerInstancesResponse {
    #[serde(default, rename = "EksCis", deserialize_with = "lenient::list")]
    pub instances: Vec<ContainerInstance>,
}

/// A container instance. Its containers, network and disks are left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ContainerInstance {
    /// `eksci-` and a suffix.
    #[serde(rename = "EksCiId")]
    pub id: String,
    /// Not unique.
    #[serde(default, rename = "EksCiName", deserialize_with = "lenient::text")]
    pub name: String,
    /// `Pending`, `Running`, `Succeeded` or `Failed`.
    #[serde(default, rename = "Status", deserialize_with = "lenient::text")]
    pub status: String,
    #[serde(default, rename = "CreationTime", deserialize_with = "lenient::text")]
    pub creation_time: String,
}

/// `DescribeEKSContainerInstanceEvent`: the newest events of a container instance.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DescribeEKSContainerInstanceEvent {
    #[serde(rename = "EksCiId")]
    pub id: String,
    /// The API's default is 50, its maximum [`MAX_INSTANCES`].
    #[serde(rename = "Limit")]
    pub limit: u64,
}

/// The response to [`DescribeEKSContainerInstanceEvent`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeEKSContainerInstanceEventResponse {
    #[serde(default, deserialize_with = "lenient::list")]
    pub events: Vec<Event>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requests_have_the_documented_names() {
        let named = DescribeEKSContainerInstances::named(vec!["for-imc-a".to_owned()]);
        let expected = json!({"Filters": [{"Name": "eks-ci-name", "Values": ["for-imc-a"]}], "Limit": 100});
        assert_eq!(serde_json::to_value(named).unwrap(), expected);
        let events = DescribeEKSContainerInstanceEvent { id: "eksci-a".to_owned(), limit: 50 };
        assert_eq!(serde_json::to_value(events).unwrap(), json!({"EksCiId": "eksci-a", "Limit": 50}));
    }

    #[test]
    fn responses_are_read_with_null_and_unknown_fields() {
        let listed = json!({"TotalCount": 2, "RequestId": "r", "EksCis": [
            {"EksCiId": "eksci-a", "EksCiName": "for-imc-a", "Status": "Pending", "EipAddress": null, "Containers": [{}]},
            {"EksCiId": "eksci-b", "EksCiName": null, "Status": null},
        ]});
        let listed: DescribeEKSContainerInstancesResponse = serde_json::from_value(listed).unwrap();
        assert_eq!((listed.instances[0].name.as_str(), listed.instances[1].name.as_str()), ("for-imc-a", ""));
        let none: DescribeEKSContainerInstancesResponse = serde_json::from_value(json!({"EksCis": null})).unwrap();
        assert!(none.instances.is_empty());

        let events = json!({"EksCiId": "eksci-a", "Events": [
            {"PodName": "eksci-a", "Reason": "Failed", "Type": "Warning", "Count": 3, "Message": "no space left on device",
             "FirstTimestamp": "2021-06-24 03:32:43.424977053 +0000 UTC", "LastTimestamp": null},
        ]});
        let events: DescribeEKSContainerInstanceEventResponse = serde_json::from_value(events).unwrap();
        assert_eq!((events.events[0].kind.as_str(), events.events[0].reason.as_str()), ("Warning", "Failed"));
    }
}
