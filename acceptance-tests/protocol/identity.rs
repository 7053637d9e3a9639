//! Identities: created with the object, never changed, and sufficient for an import.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_plugin::protocol::tfplugin6::resource_identity_schema::IdentityAttribute;
use terraform_plugin::protocol::tfplugin6::{
    RawState, ResourceIdentitySchema, get_resource_identity_schemas, import_resource_state, upgrade_resource_identity,
};

use crate::client::{IMAGE_CACHE, REGION, World, client, error};
use crate::values::{UNKNOWN, dynamic, identity, image_cache, json as read, with};

#[tokio::test]
async fn identity_has_id_and_region() {
    let request = get_resource_identity_schemas::Request {};
    let response = client().get_resource_identity_schemas(request).await.unwrap().into_inner();
    let attribute = |name: &str, required_for_import, description: &str| IdentityAttribute {
        name: name.into(),
        r#type: b"\"string\"".into(),
        required_for_import,
        optional_for_import: !required_for_import,
        description: description.into(),
    };
    let identity_attributes = vec![
        attribute("id", true, "ID of the cache, for example `imc-1a2b3c4d`."),
        attribute(
            "region",
            false,
            "Region of the cache, for example `ap-guangzhou`. Defaults to the region of the provider. A change replaces the \
             cache, and so does a change of the provider's region if this is omitted.",
        ),
    ];
    let schema = ResourceIdentitySchema { version: 0, identity_attributes };
    assert_eq!((response.identity_schemas.get(IMAGE_CACHE), response.diagnostics), (Some(&schema), vec![]));
}

#[tokio::test]
async fn create_plans_no_identity_and_apply_returns_it() {
    let mut world = World::new().await;
    let (planned, applied) = world.create(json!({})).await;
    assert_eq!(planned.planned_identity, None);
    let id = world.cloud.caches(REGION)[0].id.clone();
    assert_eq!(
        (applied.diagnostics, &applied.new_identity),
        (vec![], &identity(&json!({ "id": id, "region": REGION })))
    );

    let response = world.read(applied.new_state.clone(), applied.new_identity.clone()).await;
    assert_eq!((response.new_state, response.new_identity), (applied.new_state, applied.new_identity));
}

#[tokio::test]
async fn identity_is_set_when_the_wait_times_out() {
    let mut world = World::with_endless_builds().await;
    let (_, applied) = world.create(json!({ "region": "ap-singapore", "timeouts": { "create": "50ms" } })).await;
    let id = world.cloud.caches("ap-singapore")[0].id.clone();
    let summaries: Vec<_> = applied.diagnostics.iter().map(|diagnostic| diagnostic.summary.as_str()).collect();
    assert_eq!(summaries, ["Image cache not Ready"]);
    assert_eq!(applied.new_identity, identity(&json!({ "id": id, "region": "ap-singapore" })));
}

#[tokio::test]
async fn read_sets_a_missing_identity() {
    let mut world = World::new().await;
    let (_, applied) = world.create(json!({})).await;
    let response = world.read(applied.new_state.clone(), None).await;
    assert_eq!((response.new_state, response.new_identity), (applied.new_state, applied.new_identity));
}

/// Imports by this identity.
async fn import(world: &mut World, by: Json) -> import_resource_state::Response {
    let request =
        import_resource_state::Request { type_name: IMAGE_CACHE.into(), identity: identity(&by), ..Default::default() };
    world.client.import_resource_state(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn import_by_identity_fills_in_the_region_of_the_provider() {
    let mut world = World::new().await;
    world.insert("imc-1a2b3c4d", "web", |_| ());
    for by in [json!({ "id": "imc-1a2b3c4d", "region": REGION }), json!({ "id": "imc-1a2b3c4d", "region": null })] {
        let annotation = |value: &str| json!({ "eks.tke.cloud.tencent.com/use-image-cache": value });
        let state = json!({
            "id": "imc-1a2b3c4d",
            "region": REGION,
            "annotations": { "auto": annotation("auto"), "pinned": annotation("imc-1a2b3c4d") },
            "wait_for_ready": true,
            "replace_on_rebuild": false,
        });
        let response = import(&mut world, by.clone()).await;
        let [imported] = &response.imported_resources[..] else { panic!("{response:?}") };
        let whole = |json: &Json| read(image_cache(), dynamic(image_cache(), json).as_ref());
        assert_eq!(read(image_cache(), imported.state.as_ref()), whole(&state));
        let expected = import_resource_state::ImportedResource {
            type_name: IMAGE_CACHE.into(),
            state: dynamic(image_cache(), &state),
            private: imported.private.clone(),
            identity: identity(&json!({ "id": "imc-1a2b3c4d", "region": REGION })),
        };
        let imported_resources = vec![expected.clone()];
        assert_eq!(response, import_resource_state::Response { imported_resources, ..Default::default() });

        let response = world.read(expected.state, expected.identity).await;
        assert_eq!(response.new_identity, identity(&json!({ "id": "imc-1a2b3c4d", "region": REGION })));
        let cache = world.cloud.cache(REGION, "imc-1a2b3c4d").unwrap();
        let returned = json!({
            "region": REGION,
            "images": ["nginx:1.27"],
            "name": "web",
            "image_cache_size": cache.image_cache_size,
            "retention_days": 0,
            "tags_all": {},
            "status": "Ready",
            "snapshot_id": "snap-1",
            "image_cache_type": "manual",
            "snapshotter": "overlay",
        });
        let mut found = read(image_cache(), response.new_state.as_ref());
        for time in ["creation_time", "expire_date_time"] {
            assert!(found[time].is_string(), "{found}");
            found[time] = Json::Null;
        }
        assert_eq!(found, whole(&with(state, returned)));
    }
}

#[tokio::test]
async fn import_by_identity_without_a_region_names_its_arguments() {
    for (region, summary) in [(Json::Null, "No region"), (json!(UNKNOWN), "Region not known yet")] {
        let mut world = World::with(Duration::ZERO, region).await;
        let response = import(&mut world, json!({ "id": "imc-1" })).await;
        assert_eq!(response.imported_resources, []);
        let [error] = &response.diagnostics[..] else { panic!("{response:?}") };
        assert_eq!((error.summary.as_str(), &error.attribute), (summary, &None));
        for part in ["provider block", "identity = { id = \"imc-1\", region = \"ap-guangzhou\" }"] {
            assert!(error.detail.contains(part), "no {part:?} in {}", error.detail);
        }
        let response = import(&mut world, json!({ "id": "imc-1", "region": REGION })).await;
        assert_eq!((response.imported_resources.len(), response.diagnostics), (1, vec![]));
    }
}

#[tokio::test]
async fn invalid_identity_reports_the_expected_form() {
    let mut world = World::new().await;
    let expected = "Expected the ID of an image cache, for example \"imc-1a2b3c4d\", and a region that is absent or has a \
                    name, for example \"ap-guangzhou\", got the ID";
    for (by, summary, detail) in [
        (json!({ "id": "web" }), "Invalid identity", format!("{expected} \"web\".")),
        (
            json!({ "id": "imc-1", "region": "" }),
            "Invalid identity",
            format!("{expected} \"imc-1\" with the region \"\"."),
        ),
        (
            json!({ "region": REGION }),
            "Incomplete identity",
            "The identity has no id, which is required to import eks_image_cache.".to_owned(),
        ),
    ] {
        let response = import(&mut world, by).await;
        let diagnostics = vec![error(summary, &detail)];
        assert_eq!(response, import_resource_state::Response { diagnostics, ..Default::default() });
    }
    assert_eq!(world.cloud.requests(), []);
}

#[tokio::test]
async fn stored_identity_is_read_unchanged() {
    let raw_identity =
        Some(RawState { json: br#"{"id":"imc-1","region":"ap-guangzhou"}"#.into(), ..Default::default() });
    let request = upgrade_resource_identity::Request { type_name: IMAGE_CACHE.into(), version: 0, raw_identity };
    let response = client().upgrade_resource_identity(request).await.unwrap().into_inner();
    let upgraded_identity = identity(&json!({ "id": "imc-1", "region": REGION }));
    assert_eq!(response, upgrade_resource_identity::Response { upgraded_identity, ..Default::default() });
}
