//! The provider block and the environment: region, credentials, accounts, default tags.

use std::collections::BTreeMap;

use crate::harness::config::{CacheBlock, PROVIDER, all, cache};
use crate::harness::run::{Diagnostic, Run};
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn missing_region_is_an_error_of_the_plan() {
    let mut workspace = Workspace::new();
    workspace.provider("");
    workspace.write(cache());
    let error = workspace.plan().error();
    error.says(&["No region", "provider block", "TENCENTCLOUD_REGION", "ap-guangzhou"]);
    assert_eq!(error.address.as_deref(), Some(TEST));
    assert_eq!(workspace.cloud.requests(), []);
    workspace.write(all((0..10).map(|i| CacheBlock::labelled(format!("test_{i}")))));
    assert_eq!(full_error(&workspace, 10).summary, error.summary);

    // Each of the three places is sufficient.
    for (provider, region, variable) in
        [("region = \"ap-guangzhou\"", "", ""), ("", "\"ap-guangzhou\"", ""), ("", "", "ap-guangzhou")]
    {
        workspace.provider(provider);
        workspace.environment("TENCENTCLOUD_REGION", variable);
        let block = if region.is_empty() { cache() } else { cache().set("region", region) };
        let plan = workspace.planned(block);
        assert_eq!(plan.change(TEST).after("region"), "ap-guangzhou");
    }
    assert_eq!(workspace.cloud.requests(), [], "a plan of new objects calls no service");
}

#[test]
fn unreachable_api_is_one_error() {
    let mut workspace = Workspace::new();
    let caches = all((0..10).map(|i| CacheBlock::labelled(format!("test_{i}"))));
    workspace.provider(&format!("{PROVIDER}\n  max_retries = 0"));
    let endpoint = workspace.cloud.endpoint();
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", "http://127.0.0.1:9");
    workspace.write(&caches);
    one_in_full(&workspace.apply(), 10).says(&["127.0.0.1:9 refuses connections", "Check the network"]);
    assert!(workspace.state().is_empty());

    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", &endpoint);
    workspace.step(&caches);
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", "http://127.0.0.1:9");
    for arguments in [&["plan", "-json"][..], &["destroy", "-refresh=false", "-auto-approve", "-json"]] {
        one_in_full(&workspace.run(arguments), 10).says(&["127.0.0.1:9 refuses connections"]);
    }

    // A key that does not exist is also one error.
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", &endpoint);
    workspace.environment("TENCENTCLOUD_SECRET_ID", "AKIDNOBODY");
    one_in_full(&workspace.plan(), 10).says(&["AuthFailure.SecretIdNotFound"]);
    workspace.environment("TENCENTCLOUD_SECRET_ID", "AKIDSIMULATOR");
    workspace.destroy();
}

/// The full error of a plan. Each other object must have a short error that names its summary.
#[track_caller]
fn full_error(workspace: &Workspace, objects: usize) -> Diagnostic {
    one_in_full(&workspace.plan(), objects)
}

/// The full error of a run. Each other object must have a short error that names its summary.
#[track_caller]
fn one_in_full(run: &Run, objects: usize) -> Diagnostic {
    let (short, full): (Vec<_>, Vec<_>) =
        run.diagnostics().into_iter().partition(|error| error.summary == "API cannot be called");
    let [full] = &full[..] else { panic!("{run}") };
    assert_eq!(short.len(), objects - 1, "{run}");
    for error in short {
        assert!(
            error.detail.contains(&format!("See the error {:?}", full.summary)) && error.detail.len() < 120,
            "{run}"
        );
    }
    full.clone()
}

#[test]
fn missing_credentials_are_one_error_of_the_plan() {
    let mut workspace = Workspace::new();
    workspace.environment("TENCENTCLOUD_SECRET_ID", "");
    workspace.environment("TENCENTCLOUD_SECRET_KEY", "");
    workspace.cloud.set_instance_role(None);
    workspace.write(all((0..10).map(|i| CacheBlock::labelled(format!("test_{i}")))));
    let error = full_error(&workspace, 10);
    assert_eq!(error.summary, "Missing credentials");
    error.says(&["provider block", "TENCENTCLOUD_SECRET_ID", "profile", "instance role"]);
    let asked: Vec<_> = workspace.cloud.requests().into_iter().map(|request| request.action).collect();
    assert_eq!(asked, ["metadata"], "once, and nothing else");

    workspace.environment("TENCENTCLOUD_SECRET_ID", "AKIDSIMULATOR");
    let error = full_error(&workspace, 10);
    assert_eq!(error.summary, "Incomplete credentials");
    error.says(&["TENCENTCLOUD_SECRET_KEY"]);

    workspace.environment("TENCENTCLOUD_SECRET_ID", "");
    workspace.environment("TENCENTCLOUD_PROFILE", "ci");
    full_error(&workspace, 10).says(&["profile \"ci\" does not exist"]);
    let directory = workspace.path("home/.tccli");
    std::fs::create_dir(&directory).unwrap();
    let expired = r#"{"secretId": "id", "secretKey": "key", "token": "t", "expiresAt": 1000000000}"#;
    std::fs::write(directory.join("ci.credential"), expired).unwrap();
    assert_eq!(full_error(&workspace, 10).summary, "Expired credentials");

    workspace.environment("TENCENTCLOUD_PROFILE", "");
    for (name, value) in [
        ("TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE", "no-such-file"),
        ("TENCENTCLOUD_ASSUME_ROLE_ARN", "qcs::cam::uin/100000000001:roleName/ci"),
    ] {
        workspace.environment(name, value);
    }
    full_error(&workspace, 10).says(&["no-such-file"]);
    assert!(workspace.state().is_empty());
}

#[test]
fn instance_role_is_found_at_plan_time() {
    let mut workspace = Workspace::new();
    workspace.environment("TENCENTCLOUD_SECRET_ID", "");
    workspace.environment("TENCENTCLOUD_SECRET_KEY", "");
    workspace.cloud.set_instance_role(Some("builder"));
    workspace.step(cache());
    workspace.destroy();
}

#[test]
fn operations_without_the_api_need_no_credentials() {
    let mut workspace = Workspace::new();
    workspace.environment("TENCENTCLOUD_SECRET_ID", "");
    workspace.environment("TENCENTCLOUD_SECRET_KEY", "");
    workspace.write("data \"eks_pod_disk\" \"x\" {\n  size = 60\n}\n");
    workspace.plan().succeeds();
    workspace.write(cache());
    workspace.run(&["validate", "-json"]).succeeds();

    // The keys come from another resource.
    workspace.provider(&format!("{PROVIDER}\n  secret_id = terraform_data.keys.output\n  secret_key = \"key\""));
    workspace.write(format!("resource \"terraform_data\" \"keys\" {{\n  input = \"AKID\"\n}}\n\n{}", cache()));
    workspace.plan().succeeds();
    assert_eq!(workspace.cloud.requests(), []);
}

#[test]
fn wrong_credentials_name_the_wrong_part() {
    let mut workspace = Workspace::new();
    workspace.write(cache());
    workspace.environment("TENCENTCLOUD_SECRET_ID", "AKIDNOBODY");
    workspace.apply().error().says(&["AuthFailure.SecretIdNotFound", "secret_id", "request "]);

    workspace.environment("TENCENTCLOUD_SECRET_ID", "AKIDSIMULATOR");
    workspace.environment("TENCENTCLOUD_SECRET_KEY", "wrong-secret-key");
    let run = workspace.apply().fails();
    run.error().says(&["AuthFailure.SignatureFailure", "secret_key", "request "]);
    assert!(!run.stdout.contains("wrong-secret-key"));
}

#[test]
fn provider_block_overrides_the_environment() {
    let mut workspace = Workspace::new();
    let endpoint = workspace.cloud.endpoint();
    for (name, value) in [
        ("TENCENTCLOUD_SECRET_ID", "AKIDNOBODY"),
        ("TENCENTCLOUD_SECRET_KEY", "wrong"),
        ("TENCENTCLOUD_REGION", "ap-singapore"),
        ("TENCENTCLOUD_ENDPOINT_URL", "http://127.0.0.1:9"),
    ] {
        workspace.environment(name, value);
    }
    workspace.provider(&format!(
        "{PROVIDER}\n  secret_id = \"AKIDSIMULATOR\"\n  secret_key = \"simulator-secret-key\"\n  \
         endpoints = {{ tke = {endpoint:?}, sts = {endpoint:?} }}"
    ));
    workspace.step(cache());
    workspace.destroy();
}

#[test]
fn unknown_region_and_tags_are_allowed_until_needed() {
    let workspace = Workspace::new();
    workspace.provider(
        "region = terraform_data.region.output\n  poll_interval = \"100ms\"\n  \
         default_tags = { stack = terraform_data.region.id }",
    );
    let config = format!("resource \"terraform_data\" \"region\" {{\n  input = \"ap-guangzhou\"\n}}\n\n{}", cache());
    let plan = workspace.planned(&config);
    let unknown = plan.change(TEST).unknown();
    assert!(unknown.contains(&"region") && unknown.contains(&"tags_all"), "{unknown:?}");
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.state().text(TEST, "region"), "ap-guangzhou");
    workspace.destroy();
}

#[test]
fn default_tags_are_merged_and_change_in_place() {
    let workspace = Workspace::new();
    let with = |defaults: &str| workspace.provider(&format!("{PROVIDER}\n  default_tags = {defaults}"));
    let block = cache().set("tags", r#"{ team = "ml" }"#);

    with(r#"{ team = "platform", stage = "dev" }"#);
    workspace.step(&block);
    assert_eq!(workspace.cloud_cache().tags, tags(&[("stage", "dev"), ("team", "ml")]));
    assert_eq!(workspace.state().attributes(TEST)["tags"], serde_json::json!({"team": "ml"}));

    with(r#"{ stage = "prod" }"#);
    let plan = workspace.planned(&block);
    assert_eq!(plan.change(TEST).actions(), ["update"]);
    assert_eq!(plan.change(TEST).unknown(), [""; 0]);
    assert_eq!(plan.change(TEST).after("tags_all"), &serde_json::json!({"stage": "prod", "team": "ml"}));
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.cloud_cache().tags, tags(&[("stage", "prod"), ("team", "ml")]));

    // The cache's own tag can be removed so that the default applies again, and all tags can be removed.
    with(r#"{ team = "platform" }"#);
    workspace.step(cache());
    assert_eq!(workspace.cloud_cache().tags, tags(&[("team", "platform")]));
    workspace.provider(PROVIDER);
    workspace.step(cache());
    assert_eq!(workspace.cloud_cache().tags, tags(&[]));
    assert_eq!(workspace.cloud_cache().builds, 1);
    workspace.destroy();
}

#[test]
fn drifted_and_removed_default_tags_are_restored() {
    let workspace = Workspace::new();
    workspace.provider(&format!("{PROVIDER}\n  default_tags = {{ stage = \"dev\" }}"));
    let block = cache().set("tags", r#"{ team = "ml" }"#);
    workspace.step(&block);
    let id = workspace.cloud_cache().id;
    for drifted in [tags(&[("team", "ml")]), tags(&[("stage", "prod"), ("team", "web"), ("by", "hand")])] {
        workspace.cloud.change_cache(crate::harness::config::REGION, &id, |cache| cache.tags = drifted);
        workspace.step(&block);
        assert_eq!(workspace.cloud_cache().tags, tags(&[("stage", "dev"), ("team", "ml")]));
    }
    workspace.destroy();
}
