//! A client of the plugin protocol, and the cloud of its provider.

use std::time::Duration;

use eks::provider::EksProvider;
use serde_json::{Value as Json, json};
use tencentcloud_simulator::{ImageCache, KeyPair, Settings, Simulator};
use terraform_plugin::protocol::Service;
use terraform_plugin::protocol::tfplugin6::provider_client::ProviderClient;
use terraform_plugin::protocol::tfplugin6::provider_server::ProviderServer;
use terraform_plugin::protocol::tfplugin6::{Diagnostic, DynamicValue, ResourceIdentityData};
use terraform_plugin::protocol::tfplugin6::{
    apply_resource_change, configure_provider, diagnostic, plan_resource_change, read_resource,
};

use crate::values::{SCHEMAS, dynamic, image_cache, with};

/// The region of the provider.
pub const REGION: &str = "ap-guangzhou";

pub const IMAGE_CACHE: &str = "eks_image_cache";

pub type Client = ProviderClient<ProviderServer<Service<EksProvider>>>;

/// A client of a provider that is not configured.
pub fn client() -> Client {
    ProviderClient::new(ProviderServer::new(Service::default()))
}

/// A client of a configured provider, and the provider's cloud.
pub struct World {
    pub client: Client,
    pub cloud: Simulator,
}

impl World {
    /// A cloud in which builds take a moment.
    pub async fn new() -> Self {
        Self::with(Duration::from_millis(20), json!(REGION)).await
    }

    /// A cloud in which builds do not end by themselves.
    pub async fn with_endless_builds() -> Self {
        Self::with(Duration::from_secs(7 * 24 * 3600), json!(REGION)).await
    }

    /// A provider with this region.
    pub async fn with(build_time: Duration, region: Json) -> Self {
        let key = KeyPair::default();
        let cloud = Simulator::start_with(Settings { build_time, ..Settings::default() }).unwrap();
        let url = cloud.endpoint();
        let config = json!({
            "region": region,
            "secret_id": key.secret_id,
            "secret_key": key.secret_key,
            "poll_interval": "10ms",
            "endpoints": { "tke": url, "sts": url, "tcr": url },
        });
        let mut client = client();
        let config = dynamic(&SCHEMAS.schema().ty, &config);
        let request = configure_provider::Request { config, ..Default::default() };
        let response = client.configure_provider(request).await.unwrap().into_inner();
        assert_eq!(response, configure_provider::Response::default());
        Self { client, cloud }
    }

    /// Adds a cache with nginx:1.27 to the cloud, modified by `change`.
    pub fn insert(&self, id: &str, name: &str, change: impl FnOnce(&mut ImageCache)) {
        let mut cache = ImageCache::ready(name, &["nginx:1.27"], self.cloud.clock().now());
        cache.id = id.to_owned();
        cache.snapshot_id = Some("snap-1".to_owned());
        change(&mut cache);
        self.cloud.insert_cache(REGION, cache);
    }

    /// Plans and applies a new image cache with these arguments in addition to the required ones.
    pub async fn create(&mut self, more: Json) -> (plan_resource_change::Response, apply_resource_change::Response) {
        let base = json!({ "images": ["nginx:1.27"], "vpc_id": "vpc-1", "subnet_id": "subnet-1" });
        let config = dynamic(image_cache(), &with(base, more));
        let request = plan_resource_change::Request {
            type_name: IMAGE_CACHE.into(),
            prior_state: null(),
            proposed_new_state: config.clone(),
            config: config.clone(),
            ..Default::default()
        };
        let planned = self.client.plan_resource_change(request).await.unwrap().into_inner();
        assert_eq!(planned.diagnostics, []);
        let request = apply_resource_change::Request {
            type_name: IMAGE_CACHE.into(),
            prior_state: null(),
            planned_state: planned.planned_state.clone(),
            planned_private: planned.planned_private.clone(),
            planned_identity: planned.planned_identity.clone(),
            config,
            ..Default::default()
        };
        let applied = self.client.apply_resource_change(request).await.unwrap().into_inner();
        (planned, applied)
    }

    /// Reads an image cache with this state and identity.
    pub async fn read(
        &mut self,
        state: Option<DynamicValue>,
        identity: Option<ResourceIdentityData>,
    ) -> read_resource::Response {
        let request = read_resource::Request {
            type_name: IMAGE_CACHE.into(),
            current_state: state,
            current_identity: identity,
            ..Default::default()
        };
        self.client.read_resource(request).await.unwrap().into_inner()
    }
}

pub fn null() -> Option<DynamicValue> {
    Some(DynamicValue { msgpack: vec![0xc0], json: Vec::new() })
}

pub fn error(summary: &str, detail: &str) -> Diagnostic {
    let severity = diagnostic::Severity::Error.into();
    Diagnostic { severity, summary: summary.into(), detail: detail.into(), attribute: None }
}

pub fn warning(summary: &str, detail: &str) -> Diagnostic {
    Diagnostic { severity: diagnostic::Severity::Warning.into(), ..error(summary, detail) }
}
