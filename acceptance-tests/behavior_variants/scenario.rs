//! The scenario: two caches from create to destroy, with failures.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use tencentcloud_simulator::behavior::{
    EmptyLists, FailedCaches, Names, OmittedFields, Shrink, Site, SizeStep, TagPolicy, UnchangedUpdate, UpdateRefusal,
    UpdateTags,
};
use tencentcloud_simulator::{Behavior, ImageCache, Settings, Simulator, Variant};
use tokio_util::sync::CancellationToken;

use eks::provider::EksProvider;
use terraform_plugin::framework::conformance::Terraform;
use terraform_plugin::framework::{Context, Import, Server};

use super::lifecycle::{self, LAG, Lifecycle, PASSWORD, POLICY_TAG, REGION, Session, merge};

/// Variants under which there are no caches.
pub const WITHOUT_CACHES: [Variant; 1] = [Variant { question: "site", name: "InvalidAction" }];

const BAD_IMAGE: &str = "registry.example.com/bad:1";

const BY_DIGEST: &str =
    "registry.example.com/a/b@sha256:0123456789012345678901234567890123456789012345678901234567890123";

const RESET: &str = "warning: Update reset other attributes";
const UPDATE_FAILED: &str = "error: Image cache update failed";

/// Plays the scenario. Returns the reported diagnostics.
///
/// # Panics
///
/// At the first violation.
pub async fn play(variants: Behavior) -> Vec<String> {
    let variants = possible(variants);
    let settings = Settings {
        behavior: variants,
        build_time: Duration::from_millis(40),
        lag: LAG,
        // Long enough to be listed: the wait for a cache that never is takes a minute.
        failed_for: Duration::from_secs(1),
        ..Settings::default()
    };
    let cloud = Simulator::start_with(settings).unwrap();
    cloud.make_unpullable(BAD_IMAGE);
    // One for each run of Terraform: within a run, rows may be some seconds old.
    let context =
        async || Context { session: Arc::new(lifecycle::session(&cloud).await), stop: CancellationToken::new() };
    let [context, second, third] = [context().await, context().await, context().await];
    let server = Server::<EksProvider>::default();
    let resource = server.resources.get("eks_image_cache").unwrap();

    if variants.site == Site::International {
        return without_caches(Lifecycle::new(&cloud, variants, &context, resource)).await;
    }
    let mut lifecycle = Lifecycle::new(&cloud, variants, &context, resource);
    lifecycle.create_and_update().await;
    lifecycle.rebuild().await;
    lifecycle.fail_an_update().await;
    lifecycle.import(&second).await;
    lifecycle.go_missing(&third).await;
    let mut reported = lifecycle.reported.clone();
    let other = || Lifecycle::new(&cloud, variants, &context, resource);
    reported.extend(create_with_taken_name(other()).await);
    reported.extend(run_without_waiting(other()).await);
    reported.extend(fail_a_creation(other()).await);
    lifecycle.destroy().await;
    read_many(&cloud, &context).await;
    reported
}

/// The variants without an HTML page with status 500, which does not show whether a cache exists.
fn possible(mut variants: Behavior) -> Behavior {
    use tencentcloud_simulator::behavior::{DeleteUnknown, DescribeUnknown, Errors, PartlyUnknown};
    if variants.errors == Errors::Html {
        if matches!(variants.describe_unknown, DescribeUnknown::InternalError | DescribeUnknown::DbRecordNotFound) {
            variants.describe_unknown = DescribeUnknown::InvalidParameter;
        }
        if variants.delete_unknown == DeleteUnknown::InternalError {
            variants.delete_unknown = DeleteUnknown::InvalidParameter;
        }
        if variants.partly_unknown == PartlyUnknown::InternalError {
            variants.partly_unknown = PartlyUnknown::InvalidParameter;
        }
    }
    variants
}

impl<'a> Lifecycle<'a> {
    async fn create_and_update(&mut self) {
        let Behavior { omitted_fields, update_tags, empty_lists, size_step, shrink, tag_policy, .. } = self.behavior;
        let resets = if omitted_fields == OmittedFields::Reset { &[RESET][..] } else { &[] };
        let create = json!({
            "name": "web", "image_cache_size": 40, "retention_days": 7, "security_group_ids": ["sg-1"],
            "tags": {"team": "ml", "env": "dev"},
            "image_registry_credentials":
                {"registry.example.com": {"username": "ci", "password_wo": PASSWORD, "password_wo_version": 1}},
        });
        self.applies("create", create, &[]).await;
        self.applies("rename", json!({"name": "web-2"}), resets).await;
        self.applies("retention", json!({"retention_days": 14}), resets).await;
        self.applies("change a tag", json!({"tags": {"team": "web"}}), resets).await;

        // In a merge patch, null removes.
        let removed = json!({"tags": {"env": null}});
        if update_tags == UpdateTags::Replace {
            self.applies("remove a tag", removed, resets).await;
        } else {
            self.cannot_remove_tags("remove a tag, merged", removed).await;
        }
        let cleared = json!({"tags": null});
        // The second update, which corrects a reset by the first, has no value for an empty field.
        let clears = if tag_policy != TagPolicy::Absent && self.returns_optional_fields() {
            // The policy's tag is also sent, so that the list is not empty.
            update_tags == UpdateTags::Replace
        } else {
            empty_lists == EmptyLists::Clear || !resets.is_empty() && self.returns_optional_fields()
        };
        if clears {
            self.applies("remove all tags", cleared, resets).await;
            self.tags_unseen = false;
        } else {
            self.cannot_remove_tags("remove all tags, ignored", cleared).await;
        }
        self.applies("add a tag", json!({"tags": {"team": "ml"}}), resets).await;

        self.applies("no retention limit", json!({"retention_days": 0}), resets).await;
        self.applies("retention again", json!({"retention_days": 7}), resets).await;
        self.applies("security groups", json!({"security_group_ids": ["sg-2"]}), &[]).await;
        self.applies("no security groups", json!({"security_group_ids": null}), &["warning: security_group_ids"]).await;
        let credentials = json!({"registry.example.com": {"username": "cd", "password_wo_version": 2}});
        self.applies("credentials", json!({"image_registry_credentials": credentials}), &[]).await;
        self.applies("grow", json!({"image_cache_size": 60}), &[]).await;
        let rounded = if size_step == SizeStep::RoundedUp { &["warning: image_cache_size"][..] } else { &[] };
        self.applies("grow to a size that is not a multiple of ten", json!({"image_cache_size": 65}), rounded).await;
        self.applies("another image", json!({"images": ["nginx:1.28", BY_DIGEST]}), &[]).await;
        match shrink {
            Shrink::Accepted => self.applies("shrink", json!({"image_cache_size": 30}), &[]).await,
            Shrink::Refused | Shrink::Ignored => {
                self.fails("shrink", json!({"image_cache_size": 30}), "error: image_cache_size", &[]).await;
                let size = self.cloud_cache().image_cache_size;
                self.applies("the size as reported", json!({"image_cache_size": size}), &[]).await;
            }
        }
    }

    async fn cannot_remove_tags(&mut self, step: &str, change: Json) {
        if self.returns_optional_fields() {
            self.applies_with_drift(step, change, &["warning: tags", RESET]).await;
            let mut listed = self.cloud_cache().tags;
            listed.remove(POLICY_TAG);
            self.applies("the tags as listed", json!({ "tags": listed }), &[RESET]).await;
        } else {
            self.tags_unseen = true;
            self.applies(step, change, &[RESET]).await;
        }
    }

    async fn rebuild(&mut self) {
        let builds = self.cloud_cache().builds;
        let does_nothing = self.behavior.unchanged_update == UnchangedUpdate::DoesNothing;
        let unseen = if does_nothing { &["warning: rebuild_triggers"][..] } else { &[] };
        self.applies("rebuild", json!({"rebuild_triggers": {"month": "11"}}), unseen).await;
        assert!(does_nothing || self.cloud_cache().builds == builds + 1, "not built again");
    }

    async fn fail_an_update(&mut self) {
        let Behavior { update_when_update_failed, unchanged_update, .. } = self.behavior;
        let refused = update_when_update_failed != UpdateRefusal::Accepted;
        let good = self.config["images"].clone();
        self.fails("an image that cannot be pulled", json!({"images": [BAD_IMAGE]}), UPDATE_FAILED, &[]).await;
        if refused {
            self.fails("the right image, refused", json!({ "images": good }), "error: status", &[]).await;
            self.replaces("replacement as reported").await;
        } else {
            self.applies("the right image", json!({ "images": good }), &[]).await;
        }

        self.cloud.fail_builds(|_| Some("the registry is down".to_owned()));
        self.fails(
            "the registry is down",
            json!({"rebuild_triggers": {"month": "12"}, "images": ["nginx:1"]}),
            UPDATE_FAILED,
            &[],
        )
        .await;
        self.cloud.make_unpullable(BAD_IMAGE);
        if refused {
            self.fails("again, refused", json!({}), "error: status", &[]).await;
            self.replaces("replacement as reported").await;
        } else if unchanged_update == UnchangedUpdate::DoesNothing {
            self.fails("again, without effect", json!({}), UPDATE_FAILED, &[]).await;
            self.replaces("replacement as reported").await;
        } else {
            self.applies("again", json!({}), &[]).await;
        }
    }

    async fn import(&mut self, context: &'a Context<Session>) {
        let id = self.id();
        self.terraform = Terraform::new(self.resource, context);
        self.terraform.import(Import::Id(&id)).await.unwrap_or_else(|errors| panic!("import: {errors:?}"));
        let planned = self.terraform.plan(&self.value()).await.unwrap();
        assert!(planned.requires_replace.is_empty(), "import: {:?}", planned.requires_replace);
        let builds = self.cloud_cache().builds;
        let resets = self.behavior.omitted_fields == OmittedFields::Reset;
        // The second diagnostic, if the API lists the images in another spelling.
        let may_report = [resets.then_some(RESET), Some("warning: images")];
        self.applies("adopt", json!({}), &may_report.into_iter().flatten().collect::<Vec<_>>()).await;
        assert_eq!(self.id(), id);
        assert!(self.cloud_cache().builds == builds || resets, "adopting pulled the images again");
    }

    async fn go_missing(&mut self, context: &'a Context<Session>) {
        let old = self.id();
        assert!(self.cloud.delete_cache(REGION, &old));
        let object = self.terraform.object.clone();
        self.terraform = Terraform::new(self.resource, context);
        self.terraform.object = object;
        self.terraform.refresh().await.unwrap_or_else(|errors| panic!("read of a deleted cache: {errors:?}"));
        assert!(self.terraform.object.value.is_null(), "a deleted cache is still in the state");
        let rounded = if self.config["image_cache_size"] == 65 { &["warning: image_cache_size"][..] } else { &[] };
        self.applies("create again", json!({}), rounded).await;
        assert_ne!(self.id(), old);
    }

    async fn destroy(&mut self) {
        self.terraform.destroy().await.unwrap_or_else(|errors| panic!("destroy: {errors:?}"));
        assert_eq!(self.cloud.caches(REGION), [], "left in the cloud");
    }

    /// `terraform apply -replace`.
    async fn replaces(&mut self, step: &str) {
        self.terraform.tainted = true;
        let rounded = if self.config["image_cache_size"] == 65 { &["warning: image_cache_size"][..] } else { &[] };
        self.applies(step, json!({}), rounded).await;
    }
}

/// The actions are not available on the site: create fails at once, and nothing is saved.
async fn without_caches(mut lifecycle: Lifecycle<'_>) -> Vec<String> {
    lifecycle.fails("create", json!({}), "error: Error creating image cache", &[]).await;
    assert!(lifecycle.terraform.object.value.is_null());
    lifecycle.reported
}

/// Creates a second cache of the same name, or checks the advice of the refusal.
async fn create_with_taken_name(mut lifecycle: Lifecycle<'_>) -> Vec<String> {
    let name = lifecycle.cloud.caches(REGION)[0].name.clone();
    if lifecycle.behavior.names == Names::Unique {
        lifecycle.fails("a name that is taken", json!({ "name": name }), "error: name", &[]).await;
        lifecycle.applies("another name, as reported", json!({"name": "other"}), &[]).await;
    } else {
        lifecycle.applies("a name that is taken", json!({ "name": name }), &[]).await;
    }
    assert_eq!(lifecycle.cloud.caches(REGION).len(), 2);
    lifecycle.terraform.destroy().await.unwrap_or_else(|errors| panic!("destroy: {errors:?}"));
    lifecycle.reported
}

/// Without `wait_for_ready`: plan, update and delete during a build.
async fn run_without_waiting(mut lifecycle: Lifecycle<'_>) -> Vec<String> {
    let resets = if lifecycle.behavior.omitted_fields == OmittedFields::Reset { &[RESET][..] } else { &[] };
    let config = json!({"wait_for_ready": false, "retention_days": 3, "name": "unwaited"});
    merge(&mut lifecycle.config, config);
    let config = lifecycle.value();
    let reported =
        lifecycle.terraform.apply(&config).await.unwrap_or_else(|errors| panic!("create unwaited: {errors:?}"));
    lifecycle.check_reports("create unwaited", reported.into_iter().collect(), &[]);
    lifecycle.assert_empty_plan("create unwaited", &config).await;
    assert_eq!(lifecycle.cloud.caches(REGION).len(), 2, "a cache that is listed late was created twice");

    merge(&mut lifecycle.config, json!({"retention_days": 4}));
    let reported = lifecycle
        .terraform
        .apply(&lifecycle.value())
        .await
        .unwrap_or_else(|errors| panic!("update unwaited: {errors:?}"));
    lifecycle.check_reports("update unwaited", reported.into_iter().collect(), resets);
    assert_eq!(lifecycle.cloud_cache().retention_days, 4);
    merge(&mut lifecycle.config, json!({"images": ["nginx:1.29"]}));
    let reported = lifecycle
        .terraform
        .apply(&lifecycle.value())
        .await
        .unwrap_or_else(|errors| panic!("rebuild unwaited: {errors:?}"));
    lifecycle.check_reports("rebuild unwaited", reported.into_iter().collect(), &[]);
    lifecycle.terraform.destroy().await.unwrap_or_else(|errors| panic!("destroy unwaited: {errors:?}"));
    lifecycle.reported
}

/// A create fails, and succeeds with a correct image.
async fn fail_a_creation(mut lifecycle: Lifecycle<'_>) -> Vec<String> {
    let vanishes = lifecycle.behavior.failed_caches == FailedCaches::Vanish;
    merge(&mut lifecycle.config, json!({"images": [BAD_IMAGE], "name": "failing"}));
    let reported = lifecycle.terraform.apply(&lifecycle.value()).await.expect_err("the image cannot be pulled");
    let failed =
        ["error: Image cache build failed", "error: Image cache no longer exists", "error: Image cache not listed"];
    lifecycle.check_reports("create", reported.into_iter().collect(), if vanishes { &failed } else { &failed[..1] });
    if !lifecycle.terraform.object.value.is_null() {
        lifecycle.terraform.refresh().await.unwrap_or_else(|errors| panic!("read of what failed: {errors:?}"));
    }
    lifecycle.applies("the right image for what failed", json!({"images": ["nginx:1.27"]}), &["warning: status"]).await;
    lifecycle.terraform.destroy().await.unwrap_or_else(|errors| panic!("destroy: {errors:?}"));
    lifecycle.reported
}

/// Reads more caches than one call accepts concurrently, and one that does not exist.
async fn read_many(cloud: &Simulator, context: &Context<Session>) {
    let now = cloud.clock().now();
    let mut ids: Vec<String> =
        (0..120).map(|i| cloud.insert_cache(REGION, ImageCache::ready(&format!("c{i}"), &["nginx"], now))).collect();
    ids.push("imc-unknown".to_owned());
    let caches = &context.session.image_caches;
    let rows = join_all(ids.iter().map(|id| caches.get(REGION, id))).await;
    for (id, row) in ids.iter().zip(rows) {
        let row = row.unwrap_or_else(|error| panic!("reading many: {id}: {error}"));
        assert_eq!(row.is_some(), id != "imc-unknown", "{id}");
    }
}
