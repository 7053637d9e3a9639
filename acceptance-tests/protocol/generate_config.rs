//! Configurations that are generated from states.

use serde_json::{Value as Json, json};
use terraform_plugin::protocol::tfplugin6::generate_resource_config;

use crate::client::{IMAGE_CACHE, client};
use crate::state_upgrade::stored;
use crate::values::{dynamic, image_cache, json as read, with};

/// All attributes; those that are not in `attributes` are null.
fn whole(attributes: Json) -> Json {
    read(image_cache(), dynamic(image_cache(), &attributes).as_ref())
}

#[tokio::test]
async fn configuration_has_the_configurable_attributes_of_the_state() {
    let existing_eip = stored("existing_eip");
    let every_argument = {
        let state = stored("every_argument");
        let mut config = state.clone();
        for computed in [
            "annotations",
            "creation_time",
            "expire_date_time",
            "id",
            "image_cache_type",
            "snapshot_id",
            "snapshotter",
            "status",
            "tags_all",
            // The default.
            "wait_for_ready",
        ] {
            config[computed] = Json::Null;
        }
        config
    };
    for (name, expected) in [
        (
            "imported",
            json!({
                "images": ["nginx:1.27"],
                "name": stored("imported")["name"],
                "region": "ap-guangzhou",
                "image_cache_size": 20,
                "retention_days": 0,
            }),
        ),
        (
            "existing_eip",
            json!({
                "images": ["nginx:1.27"],
                "name": existing_eip["name"],
                "region": "ap-guangzhou",
                "vpc_id": "vpc-1a2b3c4d",
                "subnet_id": "subnet-1a2b3c4d",
                "existed_eip_id": "eip-1a2b3c4d",
                "image_cache_size": existing_eip["image_cache_size"],
                "retention_days": existing_eip["retention_days"],
                "wait_for_ready": false,
            }),
        ),
        ("every_argument", every_argument),
    ] {
        let state = dynamic(image_cache(), &stored(name));
        let request = generate_resource_config::Request { type_name: IMAGE_CACHE.into(), state };
        let response = client().generate_resource_config(request).await.unwrap().into_inner();
        assert_eq!(read(image_cache(), response.config.as_ref()), whole(expected.clone()), "{name}");
        let config = dynamic(image_cache(), &expected);
        assert_eq!(response, generate_resource_config::Response { config, ..Default::default() }, "{name}");
    }
}

#[tokio::test]
async fn cache_without_a_name_has_no_name_argument() {
    let state = with(stored("imported"), json!({ "name": "", "image_cache_type": "auto" }));
    let request =
        generate_resource_config::Request { type_name: IMAGE_CACHE.into(), state: dynamic(image_cache(), &state) };
    let response = client().generate_resource_config(request).await.unwrap().into_inner();
    assert_eq!(read(image_cache(), response.config.as_ref())["name"], Json::Null);
}
