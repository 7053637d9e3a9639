//! A cache in a simulated cloud, the Terraform that manages it, and the assertions after each step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tencentcloud_simulator::behavior::{EmptyLists, OmittedFields, OptionalFields, SizeStep, TagPolicy};
use tencentcloud_simulator::{Behavior, ImageCache, KeyPair, Simulator, Status};

use eks::provider::EksProvider;
use image_registry::Reference;
use terraform_plugin::diagnostics::{Diagnostic, Diagnostics, Severity};
use terraform_plugin::framework::conformance::{Terraform, complete};
use terraform_plugin::framework::{AnyResource, Context, Provider};
use terraform_plugin::schema::Schema;
use terraform_plugin::value::{self, Value};

pub type Session = <EksProvider as Provider>::Session;

pub const REGION: &str = "ap-guangzhou";

/// How long "a while" is in the simulator.
pub const LAG: Duration = Duration::from_millis(15);

/// A password, which a state must not contain.
pub const PASSWORD: &str = "hunter2";

/// The tag that a tag policy assigns, and the provider ignores.
pub const POLICY_TAG: &str = "cost-center";

/// Warnings of a plan of these configurations under every variant.
const ADVICE: [&str; 2] = ["Image cache becomes smaller", "Unused registry credentials"];

/// A cache, the Terraform that manages it, and the reported diagnostics.
pub struct Lifecycle<'a> {
    pub cloud: &'a Simulator,
    pub behavior: Behavior,
    pub resource: &'a dyn AnyResource<Session>,
    pub terraform: Terraform<'a, Session>,
    pub config: Json,
    pub reported: Vec<String>,
    /// Whether the tags in the cloud differ from the configuration, and are not listed.
    pub tags_unseen: bool,
}

/// The session of a provider for this cloud.
pub async fn session(cloud: &Simulator) -> Session {
    let key = KeyPair::default();
    let endpoints = [("tke", cloud.endpoint()), ("sts", cloud.endpoint())];
    let config = Value::map([
        ("region", Value::from(REGION)),
        ("secret_id", key.secret_id.into()),
        ("secret_key", key.secret_key.into()),
        ("endpoints", Value::map(endpoints)),
        ("ignore_tags", Value::map([("keys", Value::set([POLICY_TAG.into()]))])),
        ("poll_interval", "10ms".into()),
        ("requests_per_second", 10_000_u64.into()),
        // No request is lost here, and a retry would get the same error.
        ("max_retries", 0_u64.into()),
    ]);
    let schema = Schema::of_provider::<<EksProvider as Provider>::Config>().unwrap();
    let config = value::from_value(&complete(config, &schema.ty)).unwrap();
    let mut session = EksProvider::configure(config, &mut Diagnostics::default()).await.unwrap();
    // Twice the delay of the simulator's lists.
    session.image_caches = session.image_caches.with_patience(2 * LAG);
    session
}

impl<'a> Lifecycle<'a> {
    pub fn new(
        cloud: &'a Simulator,
        behavior: Behavior,
        context: &'a Context<Session>,
        resource: &'a dyn AnyResource<Session>,
    ) -> Self {
        let terraform = Terraform::new(resource, context);
        let config = json!({"images": ["nginx:1.27"], "vpc_id": "vpc-1", "subnet_id": "subnet-1"});
        Self { cloud, behavior, resource, terraform, config, reported: Vec::new(), tags_unseen: false }
    }

    /// Changes the configuration by a merge patch, and applies it. Asserts that the cloud is as configured, that a second plan is
    /// empty, and that only diagnostics in `may_report` are reported.
    pub async fn applies(&mut self, step: &str, change: Json, may_report: &[&str]) {
        merge(&mut self.config, change);
        let config = self.value();
        let outcome = self.terraform.apply(&config).await;
        let reported = outcome.unwrap_or_else(|errors| panic!("{step}: {errors:?}"));
        self.check_reports(step, reported.into_iter().collect(), may_report);
        self.assert_cloud(step);
        self.assert_empty_plan(step, &config).await;
    }

    /// The same, except that a read afterwards shows drift.
    pub async fn applies_with_drift(&mut self, step: &str, change: Json, may_report: &[&str]) {
        merge(&mut self.config, change);
        let config = self.value();
        let reported = self.terraform.apply(&config).await.unwrap_or_else(|errors| panic!("{step}: {errors:?}"));
        self.check_reports(step, reported.into_iter().collect(), may_report);
        self.terraform.refresh().await.unwrap_or_else(|errors| panic!("{step}: {errors:?}"));
        let planned = self.terraform.plan(&config).await.unwrap_or_else(|errors| panic!("{step}: {errors:?}"));
        assert!(!different(&self.terraform.object.value, &planned.object.value).is_empty(), "{step}: no drift");
    }

    /// Changes the configuration and applies it. Asserts that it fails with the one error `reports`, and that the state equals the
    /// cloud.
    ///
    /// Warnings in `may_report` are also allowed.
    pub async fn fails(&mut self, step: &str, change: Json, reports: &str, may_report: &[&str]) {
        merge(&mut self.config, change);
        let outcome = self.terraform.apply(&self.value()).await;
        let Err(reported) = outcome else { panic!("{step}: no error, but {:?}", outcome) };
        let allowed = [may_report, &[reports]].concat();
        self.check_reports(step, reported.into_iter().collect(), &allowed);
        if !self.terraform.object.value.is_null() {
            let before = self.terraform.object.value.clone();
            self.terraform.refresh().await.unwrap_or_else(|errors| panic!("{step}: {errors:?}"));
            if !self.terraform.object.value.is_null() {
                let different = different(&before, &self.terraform.object.value);
                assert!(different.is_empty(), "{step}: the state is not as the cloud in {different:?}");
            }
        }
    }

    pub fn check_reports(&mut self, step: &str, reported: Vec<Diagnostic>, may_report: &[&str]) {
        let mut found: Vec<(String, Diagnostic)> = Vec::new();
        for diagnostic in reported.into_iter().filter(|diagnostic| !ADVICE.contains(&diagnostic.summary.as_str())) {
            let severity = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
            let at = diagnostic.path.to_string();
            let key = format!("{severity}: {}", if at.is_empty() { &diagnostic.summary } else { &at });
            // Terraform plans twice, and shows diagnostics of both plans once.
            if !found.iter().any(|(_, known)| *known == diagnostic) {
                found.push((key, diagnostic));
            }
        }
        for (i, (key, diagnostic)) in found.iter().enumerate() {
            assert!(may_report.contains(&key.as_str()), "{step}: reported {diagnostic:?}");
            assert!(!found[..i].iter().any(|(known, _)| known == key), "{step}: reported twice: {diagnostic:?}");
            assert!(!format!("{diagnostic:?}").contains(PASSWORD), "{step}: a secret is reported");
            self.reported.push(format!("{key} ({step})"));
        }
    }

    /// Asserts that the cloud is as configured.
    fn assert_cloud(&self, step: &str) {
        let cache = self.cloud_cache();
        let config = |name: &str| self.config.get(name).filter(|value| !value.is_null());
        let texts = |name: &str| -> BTreeSet<String> {
            config(name).map(|list| serde_json::from_value(list.clone()).unwrap()).unwrap_or_default()
        };
        assert_eq!(cache.status, Status::Ready, "{step}");
        assert_eq!(cache.images.iter().cloned().collect::<BTreeSet<_>>(), texts("images"), "{step}");
        if let Some(name) = config("name") {
            assert_eq!(cache.name, *name, "{step}");
        }
        if let Some(size) = config("image_cache_size").and_then(Json::as_u64) {
            let rounds = self.behavior.size_step == SizeStep::RoundedUp;
            let size = if rounds { size.next_multiple_of(10) } else { size };
            assert_eq!(cache.image_cache_size, size, "{step}");
        }
        if let Some(days) = config("retention_days").and_then(Json::as_u64) {
            assert_eq!(cache.retention_days, days, "{step}");
        }
        let tags: BTreeMap<String, String> =
            config("tags").map(|tags| serde_json::from_value(tags.clone()).unwrap()).unwrap_or_default();
        let mut listed = cache.tags.clone();
        let policy_tag = listed.remove(POLICY_TAG).is_some();
        assert!(listed == tags || self.tags_unseen, "{step}: {listed:?} is not {tags:?}");
        // Tags that are not listed cannot be sent.
        let kept = self.behavior.tag_policy == TagPolicy::Absent || !self.returns_optional_fields();
        assert!(policy_tag || kept, "{step}: the tag of the policy is lost");
        // Fields that a build needs and the API does not return are sent with each build, so a reset in between is harmless.
        if self.behavior.omitted_fields == OmittedFields::Kept {
            let groups = texts("security_group_ids");
            if !(groups.is_empty() && self.behavior.empty_lists == EmptyLists::Ignored) {
                assert_eq!(cache.security_group_ids.iter().cloned().collect::<BTreeSet<_>>(), groups, "{step}");
            }
            let credentials = config("image_registry_credentials").and_then(|all| all.get("registry.example.com"));
            let usernames: Vec<_> = cache.image_registry_credentials.iter().map(|c| c.username.as_str()).collect();
            let expected: Vec<_> = credentials.and_then(|c| c["username"].as_str()).into_iter().collect();
            assert_eq!(usernames, expected, "{step}");
        }
    }

    /// Asserts that a plan is empty, before and after a read.
    pub async fn assert_empty_plan(&mut self, step: &str, config: &Value) {
        for read in [false, true] {
            let planned = self.terraform.plan(config).await.unwrap_or_else(|errors| panic!("{step}: {errors:?}"));
            let different = different(&self.terraform.object.value, &planned.object.value);
            assert!(different.is_empty(), "{step}: a second plan (read before: {read}) changes {different:?}");
            assert!(
                !format!("{:?}", self.terraform.object.value).contains(PASSWORD),
                "{step}: a secret is in the state"
            );
            self.terraform.refresh().await.unwrap_or_else(|errors| panic!("{step}: {errors:?}"));
            assert!(!self.terraform.object.value.is_null(), "{step}: a read loses the cache");
        }
    }

    pub fn returns_optional_fields(&self) -> bool {
        !matches!(self.behavior.optional_fields, OptionalFields::Null | OptionalFields::Absent)
    }

    pub fn value(&self) -> Value {
        let json = self.config.to_string();
        value::json::decode_state(json.as_bytes(), &self.resource.schema().ty).unwrap()
    }

    pub fn id(&self) -> String {
        self.terraform.object.value.as_map().unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub fn cloud_cache(&self) -> ImageCache {
        self.cloud.cache(REGION, &self.id()).expect("the cache is in the cloud")
    }
}

/// The attributes in which two states differ. A different spelling of the same images is not a difference.
fn different<'v>(a: &'v Value, b: &'v Value) -> Vec<&'v str> {
    let (a, b) = (a.as_map().unwrap(), b.as_map().unwrap());
    let canonical = |image: &str| Reference::parse(image).map_or_else(|_| image.to_owned(), |image| image.to_string());
    let images = |value: &Value| -> BTreeSet<String> {
        value.as_list().into_iter().flatten().filter_map(Value::as_str).map(canonical).collect()
    };
    let same = |name: &str| a[name] == b[name] || (name == "images" && images(&a[name]) == images(&b[name]));
    a.keys().map(String::as_str).filter(|name| !same(name)).collect()
}

/// A JSON merge patch: null removes.
pub fn merge(value: &mut Json, patch: Json) {
    match (value, patch) {
        (Json::Object(object), Json::Object(patch)) => {
            for (name, patch) in patch {
                if patch.is_null() {
                    object.remove(&name);
                } else {
                    merge(object.entry(name).or_insert(Json::Null), patch);
                }
            }
        }
        (value, patch) => *value = patch,
    }
}
