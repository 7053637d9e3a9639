//! Plans after changes of the configuration: no change, an update in place, or a replacement.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::config::{CacheBlock, PROVIDER, REGION, all, cache};
use crate::harness::workspace::Workspace;

/// The attributes that a build changes.
const BUILT: &[&str] = &["creation_time", "expire_date_time", "snapshot_id", "status"];

/// The fields that every update with a build sends.
pub const BUILD: &[&str] = &["ImageCacheName", "ImageCacheSize", "Images", "RetentionDays"];

const UPDATE: &[&str] = &["update"];
const REPLACE: &[&str] = &["delete", "create"];

/// A change of a configuration, and the expected plan.
struct Row {
    label: &'static str,
    before: CacheBlock,
    after: CacheBlock,
    actions: &'static [&'static str],
    /// Attributes known after apply, for updates; causes, for replacements.
    attributes: &'static [&'static str],
    /// Fields of the `UpdateImageCache` request, without the ID; empty for no request.
    sent: Vec<&'static str>,
}

/// A row that changes or adds one argument.
fn changed(label: &'static str, argument: &'static str, from: &str, to: &str) -> Row {
    let block = CacheBlock::labelled(label);
    let before = if from.is_empty() { block.clone() } else { block.clone().set(argument, from) };
    let after = if to.is_empty() { block } else { block.set(argument, to) };
    Row { label, before, after, actions: UPDATE, attributes: &[], sent: Vec::new() }
}

impl Row {
    fn updates(self, unknown: &'static [&'static str], sent: &'static [&'static str]) -> Self {
        Self { attributes: unknown, sent: sent.to_vec(), ..self }
    }

    /// Updates with a build, which also send `more`.
    fn rebuilds(self, more: &'static [&'static str]) -> Self {
        let mut sent = [BUILD, more].concat();
        sent.sort_unstable();
        Self { attributes: BUILT, sent, ..self }
    }

    fn replaces(self, causes: &'static [&'static str]) -> Self {
        Self { actions: REPLACE, attributes: causes, ..self }
    }

    /// Sets an argument before and after.
    fn with(self, name: &'static str, expression: &str) -> Self {
        let (before, after) = (self.before.set(name, expression), self.after.set(name, expression));
        Self { before, after, ..self }
    }
}

/// Applies all rows together, and compares each with its expectation.
fn check(rows: &[Row]) {
    let workspace = Workspace::new();
    workspace.step(all(rows.iter().map(|row| &row.before)));
    let before = workspace.state();
    let address = |row: &Row| format!("eks_image_cache.{}", row.label);

    let plan = workspace.planned(all(rows.iter().map(|row| &row.after)));
    for row in rows {
        let change = plan.change(&address(row));
        assert_eq!(change.actions(), row.actions, "{}", row.label);
        if row.actions == UPDATE {
            assert_eq!(change.unknown(), row.attributes, "known after apply: {}", row.label);
            assert_eq!(change.after("id"), change.before("id"), "{}", row.label);
            assert_eq!(change.after("annotations"), change.before("annotations"), "{}", row.label);
        } else {
            assert_eq!(change.replaced_by(), row.attributes, "{}", row.label);
            let auto = json!({"eks.tke.cloud.tencent.com/use-image-cache": "auto"});
            assert_eq!(change.after("annotations")["auto"], auto, "{}", row.label);
        }
    }
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0, "a plan changes nothing");

    workspace.cloud.clear_requests();
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    let after = workspace.state();
    let mut sent: BTreeMap<String, Value> = BTreeMap::new();
    for body in workspace.sent("UpdateImageCache") {
        let id = body["ImageCacheId"].as_str().unwrap().to_owned();
        assert!(sent.insert(id, body).is_none(), "updated twice");
    }
    for row in rows {
        let (old, new) = (before.id(&address(row)), after.id(&address(row)));
        assert_eq!(old == new, row.actions == UPDATE, "{}", row.label);
        let fields: Vec<_> = match sent.get(old) {
            Some(body) => body.as_object().unwrap().keys().filter(|key| *key != "ImageCacheId").collect(),
            None => vec![],
        };
        assert_eq!(fields, row.sent, "{}", row.label);
        assert_eq!(after.text(&address(row), "status"), "Ready", "{}", row.label);
        if row.actions != UPDATE {
            assert!(workspace.cloud.cache(REGION, old).is_none(), "still there: {}", row.label);
        }
    }
    workspace.destroy();
}

#[test]
fn changes_without_a_pull_are_in_place_and_known() {
    check(&[
        changed("name", "name", r#""a""#, r#""b""#).updates(&[], &["ImageCacheName"]),
        changed("name_given", "name", "", r#""given""#).updates(&[], &["ImageCacheName"]),
        changed("retention", "retention_days", "30", "60").updates(&["expire_date_time"], &["RetentionDays"]),
        changed("for_ever", "retention_days", "30", "0").updates(&["expire_date_time"], &["RetentionDays"]),
        changed("tags", "tags", r#"{ team = "ml" }"#, r#"{ team = "web" }"#).updates(&[], &["Tags"]),
        changed("tags_added", "tags", "", r#"{ team = "ml" }"#).updates(&[], &["Tags"]),
        changed("tags_removed", "tags", r#"{ team = "ml" }"#, "").updates(&[], &["Tags"]),
        changed("tags_emptied", "tags", r#"{ team = "ml" }"#, "{}").updates(&[], &["Tags"]),
        changed("waits_no_more", "wait_for_ready", "true", "false").updates(&[], &[]),
        changed("replaces_from_now", "replace_on_rebuild", "false", "true").updates(&[], &[]),
    ]);
}

#[test]
fn changes_with_a_pull_are_in_place_and_partly_unknown() {
    const CREDENTIALS: &str = r#"{ "registry.example.com" = { username = "ci", password = "one" } }"#;
    const OTHERS: &str = r#"{ "registry.example.com" = { username = "cd", password = "one" } }"#;
    check(&[
        changed("images", "images", r#"["nginx:1.26"]"#, r#"["nginx:1.27", "redis:7"]"#).rebuilds(&[]),
        changed("size", "image_cache_size", "20", "50").rebuilds(&[]),
        changed("groups", "security_group_ids", r#"["sg-1"]"#, r#"["sg-2"]"#).rebuilds(&["SecurityGroupIds"]),
        changed("groups_removed", "security_group_ids", r#"["sg-1"]"#, "").rebuilds(&["SecurityGroupIds"]),
        changed("triggers", "rebuild_triggers", r#"{ day = "1" }"#, r#"{ day = "2" }"#).rebuilds(&[]),
        changed("credentials", "image_registry_credentials", CREDENTIALS, OTHERS)
            .rebuilds(&["ImageRegistryCredentials"]),
        changed("credentials_removed", "image_registry_credentials", CREDENTIALS, "")
            .rebuilds(&["ImageRegistryCredentials"]),
        changed("images_with_credentials", "images", r#"["nginx:1.26"]"#, r#"["nginx:1.27"]"#)
            .with("image_registry_credentials", CREDENTIALS)
            .rebuilds(&["ImageRegistryCredentials"]),
    ]);
}

#[test]
fn unsupported_changes_replace() {
    check(&[
        changed("vpc", "vpc_id", r#""vpc-1""#, r#""vpc-2""#).replaces(&["vpc_id"]),
        changed("subnet", "subnet_id", r#""subnet-1""#, r#""subnet-2""#).replaces(&["subnet_id"]),
        changed("eip", "existed_eip_id", r#""eip-1""#, r#""eip-2""#).replaces(&["existed_eip_id"]),
        changed("auto_eip", "auto_create_eip", "", "{}").replaces(&["auto_create_eip"]),
        changed(
            "auto_eip_bandwidth",
            "auto_create_eip",
            r#"{ delete_policy = "Never", internet_max_bandwidth_out = 10 }"#,
            r#"{ delete_policy = "Never", internet_max_bandwidth_out = 20 }"#,
        )
        .replaces(&["auto_create_eip"]),
        changed("skip_verify", "registry_skip_verify_list", "", r#"["a.example.com"]"#)
            .replaces(&["registry_skip_verify_list"]),
        changed("http", "registry_http_endpoint_list", r#"["a.example.com"]"#, "")
            .replaces(&["registry_http_endpoint_list"]),
        changed("dns", "resolve_config", r#""nameserver 10.0.0.2""#, r#""nameserver 10.0.0.3""#)
            .replaces(&["resolve_config"]),
        changed("region", "region", r#""ap-guangzhou""#, r#""ap-singapore""#).replaces(&["region"]),
    ]);
}

#[test]
fn replace_on_rebuild_replaces_on_pulls_only() {
    check(&[
        changed("images", "images", r#"["nginx:1.26"]"#, r#"["nginx:1.27"]"#)
            .with("replace_on_rebuild", "true")
            .replaces(&["images"]),
        changed("triggers", "rebuild_triggers", "", r#"{ day = "2" }"#)
            .with("replace_on_rebuild", "true")
            .replaces(&["rebuild_triggers"]),
        changed("groups", "security_group_ids", r#"["sg-1"]"#, r#"["sg-2"]"#)
            .with("replace_on_rebuild", "true")
            .replaces(&["security_group_ids"]),
        changed("name", "name", r#""a""#, r#""b""#)
            .with("replace_on_rebuild", "true")
            .updates(&[], &["ImageCacheName"]),
    ]);
}

#[test]
fn create_before_destroy_waits_for_the_new_cache() {
    let workspace = Workspace::new();
    let block = CacheBlock::labelled("test")
        .set("replace_on_rebuild", "true")
        .block("lifecycle {\n    create_before_destroy = true\n  }");
    workspace.step(&block);
    let old = workspace.cloud_cache().id;

    let plan = workspace.planned(block.set("images", r#"["nginx:1.28"]"#));
    assert_eq!(plan.change("eks_image_cache.test").actions(), ["create", "delete"]);
    workspace.cloud.clear_requests();
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();

    let actions: Vec<_> = workspace.cloud.requests().into_iter().map(|request| request.action).collect();
    let position = |action: &str| actions.iter().position(|a| a == action).unwrap();
    let waited = &actions[position("CreateImageCache")..position("DeleteImageCaches")];
    assert!(waited.iter().filter(|action| *action == "DescribeImageCaches").count() > 1, "{actions:?}");
    assert_ne!(workspace.cloud_cache().id, old);
    workspace.destroy();
}

#[test]
fn empty_collection_equals_null() {
    check(&[
        changed("groups", "security_group_ids", "", "[]"),
        changed("credentials", "image_registry_credentials", "", "{}"),
        changed("triggers", "rebuild_triggers", "{}", ""),
        changed("skip_verify", "registry_skip_verify_list", "", "[]"),
        changed("http", "registry_http_endpoint_list", "[]", ""),
    ]);
}

#[test]
fn cache_without_region_follows_the_provider() {
    let workspace = Workspace::new();
    workspace.step(cache());
    workspace.provider(&PROVIDER.replace(REGION, "ap-singapore"));
    let plan = workspace.planned(cache());
    let change = plan.change("eks_image_cache.test");
    assert_eq!((change.actions(), change.replaced_by()), (REPLACE.to_vec(), vec!["region"]));
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.state().text("eks_image_cache.test", "region"), "ap-singapore");
    workspace.destroy();
}

/// An unknown value, which becomes that of the variable `flag`.
const LATER: &str = r#"
variable "flag" {}

resource "terraform_data" "later" {
  input = var.flag
}
"#;

#[test]
fn unknown_replace_on_rebuild_replaces() {
    let workspace = Workspace::new();
    let block = cache().set("replace_on_rebuild", "terraform_data.later.output");
    workspace.write(format!("{LATER}{block}"));
    workspace.run(&["apply", "-auto-approve", "-var=flag=false"]).succeeds();
    let old = workspace.cloud_cache().id;

    workspace.write(format!("{LATER}{}", block.set("rebuild_triggers", r#"{ day = "2" }"#)));
    workspace.run(&["apply", "-auto-approve", "-var=flag=true"]).succeeds();
    workspace.run(&["plan", "-detailed-exitcode", "-var=flag=true"]).succeeds();
    assert_ne!(workspace.cloud_cache().id, old);
    workspace.run(&["destroy", "-auto-approve", "-var=flag=true"]).succeeds();
}

#[test]
fn unknown_wait_for_ready_during_a_build() {
    for (flag, status) in [("true", "Ready"), ("false", "Pending")] {
        let workspace = Workspace::with_endless_builds();
        let block = cache().set("wait_for_ready", "terraform_data.later.output");
        workspace.write(format!("{LATER}{block}"));
        workspace.run(&["apply", "-auto-approve", "-var=flag=false"]).succeeds();
        let id = workspace.cloud_cache().id;

        // A different value with the same meaning, so that it is unknown in the plan.
        workspace.write(format!("{}{block}", LATER.replace("var.flag", "tobool(var.flag)")));
        let seen = workspace.cloud.count("DescribeImageCaches");
        let apply = workspace.start(&["apply", "-auto-approve", &format!("-var=flag={flag}")]);
        if status == "Ready" {
            workspace.wait_for_requests("DescribeImageCaches", seen + 3);
            workspace.cloud.finish_build(REGION, &id);
        }
        apply.wait().succeeds();
        assert_eq!(workspace.state().text("eks_image_cache.test", "status"), status);
        workspace.run(&["destroy", "-auto-approve", &format!("-var=flag={flag}")]).succeeds();
    }
}
