//! Tags of the platform, of tag policies and of other users.

use std::time::Duration;

use serde_json::{Value, json};
use tencentcloud_simulator::behavior::{CreatorTags, TagPolicy};
use tencentcloud_simulator::{Behavior, ImageCache, Settings};

use crate::harness::config::{CacheBlock, PROVIDER, REGION, cache};
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

/// The key of the tag that the simulated policy assigns.
const POLICY_TAG: &str = "cost-center";

fn workspace(creator_tags: CreatorTags, tag_policy: TagPolicy) -> Workspace {
    Workspace::with(Settings {
        behavior: Behavior { creator_tags, tag_policy, ..Behavior::default() },
        build_time: Duration::from_millis(200),
        ..Settings::default()
    })
}

fn block() -> CacheBlock {
    cache().set("image_cache_size", "50").set("tags", r#"{ team = "ml" }"#)
}

/// The keys of each list of tags that `action` sent.
fn sent_keys(workspace: &Workspace, action: &str) -> Vec<Vec<String>> {
    let key = |tag: &Value| tag["Key"].as_str().unwrap().to_owned();
    let keys = |body: &Value| body["Tags"].as_array().map(|tags| tags.iter().map(key).collect());
    workspace.sent(action).iter().filter_map(keys).collect()
}

#[test]
fn creator_tags_are_neither_read_nor_sent() {
    let workspace = workspace(CreatorTags::Listed, TagPolicy::Absent);
    workspace.step(block());
    assert_eq!(workspace.state().attributes(TEST)["tags_all"], json!({"team": "ml"}));

    workspace.step(block().set("tags", r#"{ team = "web" }"#));
    workspace.step(block().set("tags", r#"{ team = "web" }"#).set("rebuild_triggers", r#"{ day = "2" }"#));
    workspace.step(block().without("tags"));
    for keys in [sent_keys(&workspace, "CreateImageCache"), sent_keys(&workspace, "UpdateImageCache")].concat() {
        assert!(keys.iter().all(|key| key == "team"), "{keys:?}");
    }

    let data = format!(
        "data \"eks_image_cache\" \"found\" {{\n  id = {TEST}.id\n}}\n\n\
         output \"tags\" {{\n  value = data.eks_image_cache.found.tags\n}}\n"
    );
    workspace.step(format!("{}\n{data}", block().without("tags")));
    let listed = json!({"qcs:tag:createdBy": "Root:100000000001"});
    assert_eq!(workspace.state().output("tags"), &listed, "a data source returns all listed tags");
    workspace.destroy();
}

#[test]
fn imported_cache_has_no_creator_tags() {
    let workspace = workspace(CreatorTags::Listed, TagPolicy::Absent);
    let now = workspace.cloud.clock().now();
    let mut existing = ImageCache::ready("by-hand", &["nginx:1.27"], now);
    existing.image_cache_size = 50;
    existing.tags = [("team".to_owned(), "ml".to_owned())].into();
    let id = workspace.cloud.insert_cache(REGION, existing);
    workspace.write(block().set("name", r#""by-hand""#));
    workspace.run(&["import", "-input=false", TEST, &id]).succeeds();
    assert_eq!(workspace.state().attributes(TEST)["tags"], json!({"team": "ml"}));
    workspace.step(block().set("name", r#""by-hand""#));
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0);
    workspace.destroy();
}

#[test]
fn ignored_tags_show_no_drift_and_are_sent_unchanged() {
    let workspace = workspace(CreatorTags::Listed, TagPolicy::OnCreate);
    workspace.provider(&format!("{PROVIDER}\n  ignore_tags = {{ keys = [{POLICY_TAG:?}] }}"));
    workspace.step(block());
    assert_eq!(workspace.state().attributes(TEST)["tags_all"], json!({"team": "ml"}));

    for change in [
        block().set("tags", r#"{ team = "web" }"#),
        block().set("tags", r#"{ team = "web" }"#).set("rebuild_triggers", r#"{ day = "2" }"#),
        block().without("tags").set("rebuild_triggers", r#"{ day = "2" }"#),
    ] {
        workspace.step(change);
        assert!(workspace.cloud_cache().tags.contains_key(POLICY_TAG), "the tag of the policy is lost");
    }
    workspace.destroy();
}

#[test]
fn unmanaged_tags_are_drift_and_reported_once() {
    let workspace = workspace(CreatorTags::Absent, TagPolicy::Always);
    workspace.write(block());
    let run = workspace.apply().succeeds();
    let [warning] = &run.warnings()[..] else { panic!("{run}") };
    warning.says(&["Image cache has unmanaged tags", POLICY_TAG, "ignore_tags"]);

    // The next apply removes it, and the policy adds it again: there is no second warning.
    for _ in 0..2 {
        let plan = workspace.planned(block());
        assert_eq!(plan.change(TEST).actions(), ["update"]);
        assert_eq!(workspace.apply_planned().succeeds().diagnostics().len(), 0);
    }

    workspace.provider(&format!("{PROVIDER}\n  ignore_tags = {{ key_prefixes = [\"cost-\"] }}"));
    workspace.plan_is_empty();
    workspace.destroy();
}

#[test]
fn unknown_ignore_tags_make_the_tags_unknown() {
    let workspace = workspace(CreatorTags::Listed, TagPolicy::OnCreate);
    workspace.provider(&format!("{PROVIDER}\n  ignore_tags = {{ keys = [terraform_data.key.output] }}"));
    let key = format!("resource \"terraform_data\" \"key\" {{\n  input = {POLICY_TAG:?}\n}}\n");
    let plan = workspace.planned(format!("{key}{}", block()));
    assert!(plan.change(TEST).unknown().contains(&"tags_all"));
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert!(workspace.cloud_cache().tags.contains_key(POLICY_TAG));
    workspace.destroy();
}

#[test]
fn refused_tags_are_errors_at_plan_time() {
    let workspace = Workspace::new();
    let reserved = r#"{ "qcs:tag:createdBy" = "me" }"#;
    for (provider, tags, summary, parts) in [
        ("", reserved, "Invalid tags", &["tags", "qcs:tag:createdBy", "reserved"][..]),
        (r#"default_tags = { "tencentcloud:x" = "y" }"#, "{}", "Invalid tags", &["default_tags", "tencentcloud:x"]),
        (
            r#"ignore_tags = { keys = ["team"] }"#,
            r#"{ team = "a" }"#,
            "Conflicting arguments",
            &["tags", "ignore_tags"],
        ),
        (
            "ignore_tags = { key_prefixes = [\"te\"] }\n  default_tags = { team = \"a\" }",
            "{}",
            "Conflicting arguments",
            &["default_tags", "ignore_tags"],
        ),
        (r#"ignore_tags = { keys = [""] }"#, "{}", "", &["ignore_tags"]),
        (r#"ignore_tags = { key_prefixes = [""] }"#, "{}", "", &["ignore_tags"]),
    ] {
        workspace.provider(&format!("{PROVIDER}\n  {provider}"));
        workspace.write(cache().set("tags", tags));
        let run = workspace.run(&["plan", "-input=false", "-json"]).fails();
        let error = run.error();
        assert!(error.summary.contains(summary), "{run}");
        error.says(parts);
    }
    workspace.provider(PROVIDER);
    workspace.write(cache().set("tags", r#"{ project = "x", empty = "" }"#));
    let run = workspace.run(&["plan", "-input=false", "-json"]).succeeds();
    let mut summaries: Vec<_> = run.warnings().iter().map(|warning| warning.summary.clone()).collect();
    summaries.sort();
    // OpenTofu validates twice.
    summaries.dedup();
    assert_eq!(summaries, ["Discouraged tag key", "Empty tag value"]);
    assert_eq!(workspace.cloud.requests(), []);
}
