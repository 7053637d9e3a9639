//! Moves from `tencentcloud_tke_image_cache`, of Tencent Cloud's CloudApp dialect.

use serde_json::{Value as Json, json};
use terraform_plugin::protocol::tfplugin6::{RawState, move_resource_state};

use crate::client::{IMAGE_CACHE, REGION, World, client, error};
use crate::values::{dynamic, identity, image_cache, json as read};

const SOURCE: &str = "tencentcloud_tke_image_cache";

/// The response for an object of `type_name` with this state.
async fn move_state(type_name: &str, state: &Json) -> move_resource_state::Response {
    let request = move_resource_state::Request {
        source_provider_address: "registry.terraform.io/tencentcloudstack/tencentcloud".into(),
        source_type_name: type_name.into(),
        source_schema_version: 0,
        source_state: Some(RawState { json: state.to_string().into_bytes(), ..Default::default() }),
        target_type_name: IMAGE_CACHE.into(),
        ..Default::default()
    };
    client().move_resource_state(request).await.unwrap().into_inner()
}

fn documented() -> Json {
    json!({
        "id": "imc-1a2b3c4d",
        "name": "web",
        "create_time": "2026-03-30 07:03:35",
        "availability_zone": "ap-guangzhou-3",
        "images": ["nginx:1.27"],
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "image_cache_size": 50,
        "retention_days": 7,
        "image_registry_credentials": [
            { "server": "registry.example.com", "username": "ci", "password": "not-a-real-password", "name": null },
        ],
    })
}

fn moved() -> Json {
    let annotation = |value: &str| json!({ "eks.tke.cloud.tencent.com/use-image-cache": value });
    json!({
        "id": "imc-1a2b3c4d",
        "name": "web",
        "images": ["nginx:1.27"],
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "image_cache_size": 50,
        "retention_days": 7,
        "image_registry_credentials": {
            "registry.example.com": { "username": "ci", "password": "not-a-real-password" },
        },
        "annotations": { "auto": annotation("auto"), "pinned": annotation("imc-1a2b3c4d") },
        "wait_for_ready": true,
        "replace_on_rebuild": false,
    })
}

#[tokio::test]
async fn every_documented_attribute_is_moved_and_the_rest_is_read() {
    let response = move_state(SOURCE, &documented()).await;
    let whole = |json: &Json| read(image_cache(), dynamic(image_cache(), json).as_ref());
    assert_eq!(read(image_cache(), response.target_state.as_ref()), whole(&moved()));
    // Without a region there is no identity yet.
    let expected = move_resource_state::Response {
        target_state: dynamic(image_cache(), &moved()),
        target_private: response.target_private.clone(),
        ..Default::default()
    };
    assert_eq!(response, expected);

    let mut world = World::new().await;
    world.insert("imc-1a2b3c4d", "web", |cache| {
        cache.image_cache_size = 50;
        cache.retention_days = 7;
    });
    let response = world.read(response.target_state, response.target_identity).await;
    assert_eq!(
        (response.diagnostics, response.new_identity),
        (vec![], identity(&json!({ "id": "imc-1a2b3c4d", "region": REGION })))
    );
    let state = read(image_cache(), response.new_state.as_ref());
    for (name, expected) in moved().as_object().unwrap() {
        let found = read(image_cache(), dynamic(image_cache(), &json!({ name: state[name] })).as_ref());
        assert_eq!(found[name], whole(&json!({ name: expected }))[name], "{name}");
    }
    assert_eq!((&state["status"], &state["region"]), (&json!("Ready"), &json!(REGION)));
}

#[tokio::test]
async fn optional_attributes_may_be_missing() {
    let response = move_state(SOURCE, &json!({ "id": "imc-1a2b3c4d", "image_registry_credentials": [] })).await;
    assert_eq!(response.diagnostics, []);
    let state = read(image_cache(), response.target_state.as_ref());
    assert_eq!((&state["image_registry_credentials"], &state["images"]), (&Json::Null, &Json::Null));
}

#[tokio::test]
async fn unsupported_move_is_an_error_with_advice() {
    for (type_name, state, summary, detail) in [
        (
            "tencentcloud_eks_container_instance",
            documented(),
            "Unsupported move",
            "A tencentcloud_eks_container_instance of registry.terraform.io/tencentcloudstack/tencentcloud cannot become a \
             eks_image_cache. Remove the moved block; import the object instead.",
        ),
        (
            SOURCE,
            json!({ "name": "web" }),
            "Unreadable state",
            "The state of this tencentcloud_tke_image_cache is not as documented: missing field `id`. Remove the moved block, \
             and import the cache by its ID.",
        ),
    ] {
        let response = move_state(type_name, &state).await;
        assert_eq!(response.diagnostics, [error(summary, detail)]);
        assert_eq!(response.target_identity, None);
        assert_eq!(read(image_cache(), response.target_state.as_ref()), Json::Null);
    }
}
