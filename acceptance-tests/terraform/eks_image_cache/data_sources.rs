//! Data sources of image caches: by name, by ID, by filters, by images.

use std::time::Duration;

use serde_json::{Value, json};
use tencentcloud_simulator::behavior::Order;
use tencentcloud_simulator::{Behavior, ImageCache, Status};

use crate::harness::config::REGION;
use crate::harness::workspace::Workspace;

const OTHER_REGION: &str = "ap-singapore";

/// A data source with these arguments, and its value as the output `found`.
fn data(kind: &str, arguments: &str) -> String {
    format!("data {kind:?} \"test\" {{\n  {arguments}\n}}\n\noutput \"found\" {{\n  value = data.{kind}.test\n}}\n")
}

/// The value of a data source with these arguments.
#[track_caller]
fn found(workspace: &Workspace, kind: &str, arguments: &str) -> Value {
    workspace.write(data(kind, arguments));
    workspace.apply().succeeds();
    workspace.state().output("found").clone()
}

/// Adds a cache to the cloud, modified by `change`.
fn insert(workspace: &Workspace, id: &str, name: &str, change: impl FnOnce(&mut ImageCache)) {
    let mut cache = ImageCache::ready(name, &["nginx:1.27"], workspace.cloud.clock().now());
    cache.id = id.to_owned();
    cache.snapshot_id = Some("snap-1".to_owned());
    change(&mut cache);
    workspace.cloud.insert_cache(REGION, cache);
}

/// Deletes the caches that the test added.
fn clear(workspace: &Workspace) {
    for region in workspace.cloud.regions() {
        for cache in workspace.cloud.caches(&region) {
            workspace.cloud.delete_cache(&region, &cache.id);
        }
    }
}

#[test]
fn cache_is_found_by_name_and_by_id() {
    let workspace = Workspace::new();
    insert(&workspace, "imc-1", "web", |cache| {
        cache.image_cache_size = 50;
        cache.retention_days = 7;
        cache.tags = [("team".to_owned(), "ml".to_owned())].into();
    });
    insert(&workspace, "imc-2", "web-2", |_| ());
    let listed = workspace.cloud.cache(REGION, "imc-1").unwrap();
    for arguments in ["name = \"web\"", "id = \"imc-1\""] {
        let found = found(&workspace, "eks_image_cache", arguments);
        let events: Vec<_> = found["events"].as_array().unwrap().iter().map(|event| event["reason"].clone()).collect();
        let expected: Vec<_> = listed.events.iter().map(|event| json!(event.reason)).collect();
        assert_eq!(events, expected);
        let mut rest = found;
        for time in ["events", "creation_time", "expire_date_time"] {
            rest.as_object_mut().unwrap().remove(time);
        }
        let expected = json!({
            "id": "imc-1",
            "name": "web",
            "most_recent": null,
            "region": REGION,
            "status": "Ready",
            "images": ["nginx:1.27"],
            "image_cache_size": 50,
            "retention_days": 7,
            "tags": { "team": "ml" },
            "snapshot_id": "snap-1",
            "image_cache_type": "manual",
            "snapshotter": "overlay",
            "last_matched_time": "",
        });
        assert_eq!(rest, expected, "{arguments}");
    }
    workspace.plan_is_empty();
    clear(&workspace);
}

#[test]
fn no_match_and_several_matches_are_errors() {
    let workspace = Workspace::new();
    insert(&workspace, "imc-1", "web", |_| ());
    insert(&workspace, "imc-2", "web", |cache| cache.status = Status::Failed);
    for (arguments, code, parts) in [
        ("name = \"app\"", "name = \"app\"", &["Image cache not found", "\"app\"", REGION][..]),
        ("name = \"web\"", "name = \"web\"", &["Several image caches", "imc-1 (Ready", "imc-2 (Failed", "Set id"]),
        ("id = \"imc-3\"", "id = \"imc-3\"", &["Image cache not found", "imc-3", REGION]),
        (
            "id = \"imc-1\"\n  region = \"ap-singapore\"",
            "id = \"imc-1\"",
            &["Image cache not found", "imc-1", "ap-singapore"],
        ),
        ("", "data \"eks_image_cache\" \"test\" {", &["Missing argument"]),
        ("id = \"imc-1\"\n  name = \"web\"", "name = \"web\"", &["Conflicting arguments"]),
    ] {
        workspace.write(data("eks_image_cache", arguments));
        let error = workspace.plan().fails().error();
        assert_eq!(error.says(parts).code(), code);
    }
    clear(&workspace);
}

#[test]
fn filters_apply_to_all_pages() {
    let workspace = Workspace::new();
    for i in 0..120 {
        insert(&workspace, &format!("imc-{i:03}"), &format!("app-{}", i % 3), |cache| {
            cache.status = if i < 10 { Status::Failed } else { Status::Ready };
            cache.tags = [("team".to_owned(), if i < 2 { "ml" } else { "web" }.to_owned())].into();
            if i == 7 {
                cache.images = vec!["nginx:1.27".to_owned(), "redis:7".to_owned()];
            }
        });
    }
    let ids = |arguments: &str| -> Vec<String> {
        let found = found(&workspace, "eks_image_caches", arguments);
        let caches = found["image_caches"].as_array().unwrap().iter();
        caches.map(|cache| cache["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ids("");
    assert_eq!(
        (all.len(), &all[0], &all[1], &all[119]),
        (120, &"imc-000".into(), &"imc-003".into(), &"imc-119".into())
    );
    assert_eq!(ids("name = \"app-1\"").len(), 40);
    assert_eq!(ids("name_regex = \"-[12]$\"").len(), 80);
    assert_eq!(ids("name_regex = \"-[12]$\"\n  name = \"app-0\""), [""; 0]);
    assert_eq!(ids("status = \"Failed\"").len(), 10);
    assert_eq!(ids("image = \"redis:7\""), ["imc-007"]);
    assert_eq!(ids("tags = { team = \"ml\" }"), ["imc-000", "imc-001"]);
    assert_eq!(ids("tags = { team = \"ml\" }\n  status = \"Ready\""), [""; 0]);
    assert_eq!(ids(&format!("region = {OTHER_REGION:?}")), [""; 0]);
    workspace.plan_is_empty();
    clear(&workspace);
}

#[test]
fn list_order_does_not_depend_on_the_api() {
    let workspace = Workspace::new();
    workspace.cloud.set_behavior(Behavior { order: Order::Changing, ..Behavior::default() });
    for i in 0..30 {
        insert(&workspace, &format!("imc-{i:03}"), &format!("app-{}", i % 3), |_| ());
    }
    workspace.write(data("eks_image_caches", ""));
    workspace.apply().succeeds();
    workspace.plan_is_empty();
    clear(&workspace);
}

#[test]
fn listed_cache_equals_found_cache() {
    let workspace = Workspace::new();
    insert(&workspace, "imc-1", "web", |_| ());
    let mut one = found(&workspace, "eks_image_cache", "name = \"web\"");
    one.as_object_mut().unwrap().remove("most_recent");
    let listed = found(&workspace, "eks_image_caches", "name = \"web\"");
    assert_eq!(listed["image_caches"], json!([one]));
    assert_eq!((&listed["region"], &listed["status"]), (&json!(REGION), &Value::Null));
    clear(&workspace);
}

#[test]
fn wrong_filters_are_refused_at_their_attribute() {
    let workspace = Workspace::new();
    for (argument, part) in [
        ("name_regex = \"(\"", "not a regular expression"),
        ("status = \"ready\"", "one of \"Pending\", \"Ready\""),
        ("name = \"\"", "non-empty"),
    ] {
        workspace.write(data("eks_image_caches", argument));
        let error = workspace.run(&["validate", "-json"]).error();
        assert_eq!(error.says(&[part]).code(), argument);
    }
    assert_eq!(workspace.cloud.requests(), []);
}

#[test]
fn most_suitable_cache_is_found_or_null() {
    let workspace = Workspace::new();
    insert(&workspace, "imc-large", "large", |cache| cache.image_cache_size = 100);
    insert(&workspace, "imc-small", "small", |cache| cache.image_cache_size = 50);
    let suitable = |arguments: &str| found(&workspace, "eks_suitable_image_cache", arguments);
    let found = suitable("images = [\"nginx:1.27\"]");
    assert_eq!((&found["found"], &found["region"]), (&json!(true), &json!(REGION)));
    let cache = &found["image_cache"];
    assert_eq!((&cache["id"], &cache["image_cache_size"]), (&json!("imc-small"), &json!(50)));
    for arguments in [
        "images = [\"nginx:1.28\"]",
        "images = [\"nginx:1.27\"]\n  snapshotter = \"nydus\"",
        "images = [\"nginx:1.27\"]\n  region = \"ap-singapore\"",
    ] {
        let found = suitable(arguments);
        assert_eq!((&found["found"], &found["image_cache"]), (&json!(false), &Value::Null), "{arguments}");
    }
    clear(&workspace);
}

#[test]
fn most_recent_chooses_among_caches_with_one_name() {
    let workspace = Workspace::new();
    let now = workspace.cloud.clock().now();
    insert(&workspace, "imc-old", "web", |cache| cache.creation_time = now - Duration::from_secs(7200));
    insert(&workspace, "imc-new", "web", |cache| cache.creation_time = now - Duration::from_secs(3600));
    insert(&workspace, "imc-building", "web", |cache| cache.status = Status::Updating);
    let ambiguous = "data \"eks_image_cache\" \"test\" {\n  name = \"web\"\n}\n";
    workspace.write(ambiguous);
    workspace.plan().error().says(&["Several image caches found", "most_recent = true", "imc-old", "imc-building"]);
    assert_eq!(found(&workspace, "eks_image_cache", "name = \"web\"\n  most_recent = true")["id"], "imc-new");
    clear(&workspace);
}
