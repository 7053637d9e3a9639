//! The action that pulls the images of a cache again.

use futures_util::StreamExt as _;
use serde_json::{Value as Json, json};
use tencentcloud_simulator::Status;
use terraform_plugin::protocol::tfplugin6::attribute_path::{Step, step::Selector};
use terraform_plugin::protocol::tfplugin6::{AttributePath, Diagnostic, invoke_action, plan_action, stop_provider};

use crate::client::{REGION, World, error, warning};
use crate::values::{SCHEMAS, UNKNOWN, dynamic};

const REBUILD: &str = "eks_image_cache_rebuild";

/// The first event of an action.
const BEGUN: &str = "Image cache imc-1 in ap-guangzhou pulls its images again";

type Events = tonic::Streaming<invoke_action::Event>;

fn config(json: &Json) -> Option<terraform_plugin::protocol::tfplugin6::DynamicValue> {
    dynamic(&SCHEMAS.actions.get(REBUILD).unwrap().schema().ty, json)
}

async fn invoke(world: &mut World, arguments: &Json) -> Events {
    let request =
        invoke_action::Request { action_type: REBUILD.into(), config: config(arguments), ..Default::default() };
    world.client.invoke_action(request).await.unwrap().into_inner()
}

async fn rest(events: Events) -> Vec<invoke_action::Event> {
    events.map(|event| event.unwrap()).collect().await
}

/// The next line for the user.
async fn next(events: &mut Events) -> String {
    match events.next().await.unwrap().unwrap().r#type {
        Some(invoke_action::event::Type::Progress(progress)) => progress.message,
        other => panic!("{other:?}"),
    }
}

fn progress(message: &str) -> invoke_action::Event {
    let progress = invoke_action::event::Progress { message: message.into() };
    invoke_action::Event { r#type: Some(invoke_action::event::Type::Progress(progress)) }
}

fn completed(diagnostics: Vec<Diagnostic>) -> invoke_action::Event {
    let completed = invoke_action::event::Completed { diagnostics };
    invoke_action::Event { r#type: Some(invoke_action::event::Type::Completed(completed)) }
}

/// A cloud with a cache whose rebuild does not end by itself, and its rebuild.
async fn rebuilding() -> (World, Events) {
    let mut world = World::with_endless_builds().await;
    world.insert("imc-1", "web", |_| ());
    let mut events = invoke(&mut world, &json!({ "image_cache_id": "imc-1" })).await;
    assert_eq!(next(&mut events).await, BEGUN);
    assert_eq!(next(&mut events).await, "Image cache imc-1 is Updating");
    (world, events)
}

#[tokio::test]
async fn rebuild_sends_listed_values_and_reports_each_status() {
    let (world, events) = rebuilding().await;
    world.cloud.finish_build(REGION, "imc-1");
    assert_eq!(rest(events).await, [progress("Image cache imc-1 is Ready"), completed(vec![])]);
    let updates = world.cloud.requests().into_iter().filter(|request| request.action == "UpdateImageCache");
    let sent: Vec<_> = updates.map(|request| request.body).collect();
    let listed = json!({
        "ImageCacheId": "imc-1",
        "ImageCacheName": "web",
        "ImageCacheSize": 20,
        "Images": ["nginx:1.27"],
        "RetentionDays": 0,
    });
    assert_eq!(sent, [listed]);
}

#[tokio::test]
async fn rebuild_without_wait() {
    let mut world = World::with_endless_builds().await;
    world.insert("imc-1", "web", |_| ());
    let arguments = json!({ "image_cache_id": "imc-1", "region": REGION, "wait": false });
    assert_eq!(rest(invoke(&mut world, &arguments).await).await, [progress(BEGUN), completed(vec![])]);
    assert_eq!(world.cloud.cache(REGION, "imc-1").unwrap().status, Status::Updating);
}

#[tokio::test]
async fn stop_ends_the_wait_but_not_the_rebuild() {
    let (mut world, events) = rebuilding().await;
    world.client.stop_provider(stop_provider::Request {}).await.unwrap();
    let expected = warning(
        "Stopped waiting for the image cache",
        "The rebuild of image cache imc-1 is not complete, although Terraform reports the action as complete. It continues in \
         the background.",
    );
    assert_eq!(rest(events).await, [completed(vec![expected])]);
    assert_eq!(world.cloud.cache(REGION, "imc-1").unwrap().status, Status::Updating);
}

#[tokio::test]
async fn failed_rebuild_reports_events_and_advice() {
    let (world, events) = rebuilding().await;
    world.cloud.change_cache(REGION, "imc-1", |cache| cache.status = Status::UpdateFailed);
    let events = rest(events).await;
    let [failed, invoke_action::Event { r#type: Some(invoke_action::event::Type::Completed(end)) }] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(*failed, progress("Image cache imc-1 is UpdateFailed"));
    let [error] = &end.diagnostics[..] else { panic!("{end:?}") };
    assert_eq!(error.summary, "Image cache rebuild failed");
    for part in
        ["imc-1 in ap-guangzhou entered the status UpdateFailed", "Most recent events:", "rebuild_triggers", "invoke"]
    {
        assert!(error.detail.contains(part), "no {part:?} in {}", error.detail);
    }
}

#[tokio::test]
async fn unsuitable_cache_is_not_rebuilt() {
    let mut world = World::with_endless_builds().await;
    world.insert("imc-1", "failed", |cache| cache.status = Status::Failed);
    world.insert("imc-2", "building", |cache| cache.status = Status::Updating);
    let not_now = "Image cache cannot be rebuilt now";
    for (id, summary, detail) in [
        (
            "imc-1",
            not_now,
            "Image cache imc-1 in ap-guangzhou is Failed. Its first build failed, and it cannot be repaired: replace it.",
        ),
        (
            "imc-2",
            not_now,
            "Image cache imc-2 in ap-guangzhou is Updating. Its images are being pulled already: wait until it is Ready.",
        ),
        (
            "imc-3",
            "Image cache not found",
            "There is no image cache imc-3 in ap-guangzhou. A cache exists in one region only, and until it expires. Check the \
             ID and the region, which defaults to that of the provider.",
        ),
    ] {
        let step = Step { selector: Some(Selector::AttributeName("image_cache_id".into())) };
        let attribute = Some(AttributePath { steps: vec![step] });
        let expected = Diagnostic { attribute, ..error(summary, detail) };
        let events = rest(invoke(&mut world, &json!({ "image_cache_id": id })).await).await;
        assert_eq!(events, [completed(vec![expected])], "{id}");
    }
    assert_eq!(world.cloud.count("UpdateImageCache"), 0);
}

#[tokio::test]
async fn plan_accepts_unknown_arguments_and_sends_nothing() {
    let mut world = World::new().await;
    let config = config(&json!({ "image_cache_id": UNKNOWN, "region": UNKNOWN }));
    let request = plan_action::Request { action_type: REBUILD.into(), config, ..Default::default() };
    let response = world.client.plan_action(request).await.unwrap().into_inner();
    assert_eq!(response, plan_action::Response::default());
    assert_eq!(world.cloud.requests(), []);
}
