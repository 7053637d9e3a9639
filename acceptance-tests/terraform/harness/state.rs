//! The state file, read directly, which is faster than a run of the client.

use serde_json::Value;

/// The content of `terraform.tfstate`.
#[derive(Debug)]
pub struct State(pub Value);

impl State {
    /// The attributes of the resource at `address`, such as `eks_image_cache.test`.
    #[track_caller]
    pub fn attributes(&self, address: &str) -> &Value {
        let instances: Vec<_> = self.instances(address).collect();
        let [instance] = instances[..] else { panic!("{} objects at {address} in {:#}", instances.len(), self.0) };
        &instance["attributes"]
    }

    /// An attribute that is a string.
    #[track_caller]
    pub fn text(&self, address: &str, attribute: &str) -> &str {
        let attributes = self.attributes(address);
        attributes[attribute].as_str().unwrap_or_else(|| panic!("{attribute} in {attributes:#}"))
    }

    #[track_caller]
    pub fn id(&self, address: &str) -> &str {
        self.text(address, "id")
    }

    /// The IDs of all objects of a resource with `count` or `for_each`.
    pub fn ids(&self, address: &str) -> Vec<&str> {
        self.instances(address).filter_map(|instance| instance["attributes"]["id"].as_str()).collect()
    }

    /// Whether the next apply replaces the resource.
    pub fn is_tainted(&self, address: &str) -> bool {
        self.instances(address).any(|instance| instance["status"] == "tainted")
    }

    /// Whether it contains no resources.
    pub fn is_empty(&self) -> bool {
        self.resources().is_empty()
    }

    /// The names of the resources that have an object. A killed apply also leaves resources without one.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        let has_object =
            |resource: &&Value| resource["instances"].as_array().is_some_and(|objects| !objects.is_empty());
        self.resources().iter().filter(has_object).filter_map(|resource| resource["name"].as_str())
    }

    pub fn output(&self, name: &str) -> &Value {
        &self.0["outputs"][name]["value"]
    }

    fn resources(&self) -> &[Value] {
        self.0["resources"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn instances(&self, address: &str) -> impl Iterator<Item = &Value> {
        let (kind, name) = address.split_once('.').unwrap_or_default();
        let found = self.resources().iter().find(move |resource| resource["type"] == kind && resource["name"] == name);
        found.and_then(|resource| resource["instances"].as_array()).into_iter().flatten()
    }
}
