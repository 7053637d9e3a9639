//! Image caches as `terraform query` lists them.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value as Json, json};
use tencentcloud_simulator::Status;
use terraform_plugin::protocol::tfplugin6::{list_resource, stop_provider, validate_list_resource_config};

use crate::client::{IMAGE_CACHE, REGION, World, client, error};
use crate::values::{SCHEMAS, UNKNOWN, dynamic, identity, image_cache};

fn request(filters: &Json, include_resource_object: bool, limit: i64) -> list_resource::Request {
    let ty = &SCHEMAS.list_resources.get(IMAGE_CACHE).unwrap().schema().ty;
    let config = dynamic(ty, filters);
    list_resource::Request { type_name: IMAGE_CACHE.into(), config, include_resource_object, limit }
}

async fn list(world: &mut World, request: list_resource::Request) -> Vec<list_resource::Event> {
    world.client.list_resource(request).await.unwrap().into_inner().try_collect().await.unwrap()
}

/// A cloud with a cache that is Ready, one that failed, and one that the platform created.
async fn filled() -> World {
    let world = World::new().await;
    world.insert("imc-1", "web", |cache| cache.tags = [("team".to_owned(), "ml".to_owned())].into());
    world.insert("imc-2", "web", |cache| cache.status = Status::Failed);
    world.insert("imc-3", "", |_| ());
    world
}

/// The list event of the cache `id`, without the object.
fn event(id: &str, display_name: &str) -> list_resource::Event {
    let identity = identity(&json!({ "id": id, "region": REGION }));
    list_resource::Event { identity, display_name: display_name.into(), ..Default::default() }
}

#[tokio::test]
async fn caches_are_listed_by_region_name_and_status() {
    let mut world = filled().await;
    let (ready, failed, unnamed) = (event("imc-1", "web"), event("imc-2", "web"), event("imc-3", "imc-3"));
    for (filters, expected) in [
        (json!({}), vec![ready.clone(), failed.clone(), unnamed.clone()]),
        (json!({ "region": REGION, "name": "web" }), vec![ready.clone(), failed.clone()]),
        (json!({ "status": "Ready" }), vec![ready, unnamed]),
        (json!({ "name": "web", "status": "Failed" }), vec![failed]),
        (json!({ "name": "we" }), vec![]),
        (json!({ "region": "ap-singapore" }), vec![]),
    ] {
        assert_eq!(list(&mut world, request(&filters, false, 100)).await, expected, "{filters}");
    }
}

#[tokio::test]
async fn listed_object_equals_an_import() {
    let mut world = filled().await;
    let events = list(&mut world, request(&json!({ "status": "Ready" }), true, 100)).await;
    assert_eq!(events.len(), 2);
    for (listed, expected) in events.iter().zip([event("imc-1", "web"), event("imc-3", "imc-3")]) {
        let imported = json!({
            "id": crate::values::json(image_cache(), listed.resource_object.as_ref())["id"],
            "wait_for_ready": true,
            "replace_on_rebuild": false,
        });
        let read = world.read(dynamic(image_cache(), &imported), expected.identity.clone()).await;
        assert_eq!(*listed, list_resource::Event { resource_object: read.new_state, ..expected });
    }
}

#[tokio::test]
async fn pages_are_fetched_only_as_they_are_read() {
    let mut world = World::new().await;
    for i in 0..120 {
        world.insert(&format!("imc-{i:03}"), "web", |_| ());
    }
    for (limit, rows, calls) in [(10, 10, 1), (50, 50, 1), (60, 60, 2), (0, 120, 3)] {
        world.cloud.clear_requests();
        let events = list(&mut world, request(&json!({}), false, limit)).await;
        assert_eq!((events.len(), world.cloud.count("DescribeImageCaches")), (rows, calls), "{limit}");
    }

    world.cloud.clear_requests();
    let mut events = world.client.list_resource(request(&json!({}), false, 0)).await.unwrap().into_inner();
    assert_eq!(events.next().await.unwrap().unwrap(), event("imc-000", "web"));
    drop(events);
    assert_eq!(world.cloud.count("DescribeImageCaches"), 1, "the client has disconnected");

    let mut events = world.client.list_resource(request(&json!({}), false, 0)).await.unwrap().into_inner();
    events.next().await.unwrap().unwrap();
    world.client.stop_provider(stop_provider::Request {}).await.unwrap();
    let mut rest: Vec<_> = events.try_collect().await.unwrap();
    let [interrupted] = &rest.pop().unwrap().diagnostic[..] else { panic!("{rest:?}") };
    assert_eq!(interrupted.summary, "Listing interrupted");
    let listed = format!("image caches in {REGION} were being listed. {} were listed until then", rest.len() + 1);
    assert!(interrupted.detail.contains(&listed), "{}", interrupted.detail);
    assert!(rest.len() < 50 && rest.iter().all(|event| event.diagnostic.is_empty()), "{} more", rest.len());
}

#[tokio::test]
async fn list_failure_is_an_error() {
    let mut world = World::with(Duration::ZERO, json!(UNKNOWN)).await;
    let [event] = &list(&mut world, request(&json!({}), false, 1)).await[..] else { panic!("not one event") };
    assert_eq!(event.diagnostic[0].summary, "Region not known yet");

    let request = validate_list_resource_config::Request {
        type_name: IMAGE_CACHE.into(),
        config: request(&json!({ "status": "ready" }), false, 1).config,
        ..Default::default()
    };
    let response = client().validate_list_resource_config(request).await.unwrap().into_inner();
    let [refused] = &response.diagnostics[..] else { panic!("{response:?}") };
    let detail =
        "status: expected one of \"Pending\", \"Ready\", \"Failed\", \"Updating\", \"UpdateFailed\", got \"ready\".";
    let expected = error("Invalid value for status", detail);
    assert_eq!((&refused.summary, &refused.detail), (&expected.summary, &expected.detail));
}
