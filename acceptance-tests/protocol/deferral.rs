//! While the provider's region is unknown, clients that allow deferrals get one instead of an error.

use std::time::Duration;

use serde_json::json;
use terraform_plugin::protocol::tfplugin6::{
    ClientCapabilities, Deferred, deferred, plan_resource_change, read_data_source,
};

use crate::client::{IMAGE_CACHE, World, null};
use crate::values::{SCHEMAS, UNKNOWN, dynamic, image_cache};

fn allowed(deferral_allowed: bool) -> Option<ClientCapabilities> {
    Some(ClientCapabilities { deferral_allowed, ..Default::default() })
}

fn not_configured() -> Option<Deferred> {
    Some(Deferred { reason: deferred::Reason::ProviderConfigUnknown.into() })
}

#[tokio::test]
async fn data_source_is_deferred_or_reports_the_unknown_region() {
    let mut world = World::with(Duration::ZERO, json!(UNKNOWN)).await;
    for (type_name, config) in [
        ("eks_image_cache", json!({ "name": "web" })),
        ("eks_image_caches", json!({})),
        ("eks_suitable_image_cache", json!({ "images": ["nginx:1.27"] })),
    ] {
        let ty = &SCHEMAS.data_sources.get(type_name).unwrap().schema().ty;
        let request = |client_capabilities| read_data_source::Request {
            type_name: type_name.into(),
            config: dynamic(ty, &config),
            client_capabilities,
            ..Default::default()
        };
        let response = world.client.read_data_source(request(allowed(true))).await.unwrap().into_inner();
        let state = dynamic(ty, &json!(UNKNOWN));
        assert_eq!(response, read_data_source::Response { state, deferred: not_configured(), ..Default::default() });

        let response = world.client.read_data_source(request(allowed(false))).await.unwrap().into_inner();
        let summaries: Vec<_> = response.diagnostics.iter().map(|diagnostic| diagnostic.summary.as_str()).collect();
        assert_eq!((summaries, response.deferred), (vec!["Region not known yet"], None), "{type_name}");
    }
    assert_eq!(world.cloud.requests(), []);
}

#[tokio::test]
async fn resource_is_deferred_or_planned_with_an_unknown_region() {
    let mut world = World::with(Duration::ZERO, json!(UNKNOWN)).await;
    let config = json!({ "images": ["nginx:1.27"], "vpc_id": "vpc-1", "subnet_id": "subnet-1" });
    let config = dynamic(image_cache(), &config);
    for (deferral_allowed, expected) in [(true, not_configured()), (false, None)] {
        let request = plan_resource_change::Request {
            type_name: IMAGE_CACHE.into(),
            prior_state: null(),
            proposed_new_state: config.clone(),
            config: config.clone(),
            client_capabilities: allowed(deferral_allowed),
            ..Default::default()
        };
        let response = world.client.plan_resource_change(request).await.unwrap().into_inner();
        assert_eq!((response.diagnostics, response.deferred), (vec![], expected));
        let planned = crate::values::json(image_cache(), response.planned_state.as_ref());
        assert_eq!((&planned["region"], &planned["id"]), (&json!(UNKNOWN), &json!(UNKNOWN)));
    }
}
