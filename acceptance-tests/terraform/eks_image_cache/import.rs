//! Imports of existing caches.

use tencentcloud_simulator::ImageCache;

use crate::harness::cli::Cli;
use crate::harness::config::{CacheBlock, REGION, cache};
use crate::harness::features::Feature;
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";
const OTHER_REGION: &str = "ap-singapore";

/// The configuration of an existing cache, including arguments that the API does not return.
fn existing() -> CacheBlock {
    cache()
        .set("name", r#""by-hand""#)
        .set("image_cache_size", "50")
        .set("tags", r#"{ team = "ml" }"#)
        .set("security_group_ids", r#"["sg-1"]"#)
        .set("auto_create_eip", "{}")
        .set("registry_skip_verify_list", r#"["registry.example.com"]"#)
        .set("resolve_config", r#""nameserver 10.0.0.2""#)
        .set("image_registry_credentials", r#"{ "registry.example.com" = { username = "ci", password = "one" } }"#)
}

/// Adds the cache of [`existing`] to the cloud, and returns its ID.
fn insert(workspace: &Workspace, region: &str) -> String {
    let now = workspace.cloud.clock().now();
    let mut cache = ImageCache::ready("by-hand", &["nginx:1.27"], now);
    cache.image_cache_size = 50;
    cache.tags = [("team".to_owned(), "ml".to_owned())].into();
    workspace.cloud.insert_cache(region, cache)
}

/// Asserts that the import is adopted without a replacement or a write, and that the next plan is empty.
fn adopted(workspace: &Workspace, config: CacheBlock, id: &str) {
    let plan = workspace.planned(&config);
    assert_eq!(plan.change(TEST).actions(), ["update"]);
    assert_eq!(plan.change(TEST).unknown(), [""; 0]);
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    for action in ["CreateImageCache", "UpdateImageCache", "DeleteImageCaches"] {
        assert_eq!(workspace.cloud.count(action), 0, "{action}");
    }
    let state = workspace.state();
    assert_eq!((state.id(TEST), state.text(TEST, "vpc_id")), (id, "vpc-test"));
    workspace.destroy();
}

#[test]
fn import_by_id_uses_the_providers_region() {
    let workspace = Workspace::new();
    let id = insert(&workspace, REGION);
    workspace.write(existing());
    workspace.run(&["import", "-input=false", TEST, &id]).succeeds();
    let state = workspace.state();
    assert_eq!((state.text(TEST, "name"), state.text(TEST, "region")), ("by-hand", REGION));
    assert!(state.attributes(TEST)["vpc_id"].is_null(), "the API does not return it");
    adopted(&workspace, existing(), &id);
}

#[test]
fn import_by_region_and_id() {
    let workspace = Workspace::new();
    let id = insert(&workspace, OTHER_REGION);
    let config = existing().set("region", format!("{OTHER_REGION:?}"));
    workspace.write(&config);
    workspace.run(&["import", "-input=false", TEST, &format!("{OTHER_REGION}/{id}")]).succeeds();
    adopted(&workspace, config, &id);
}

#[test]
fn import_from_another_region_stays_there() {
    let workspace = Workspace::new();
    let id = insert(&workspace, OTHER_REGION);
    workspace.write(existing());
    workspace.run(&["import", "-input=false", TEST, &format!("{OTHER_REGION}/{id}")]).succeeds();
    adopted(&workspace, existing(), &id);
}

#[test]
fn import_with_other_spelling_of_images_is_a_warning() {
    let workspace = Workspace::new();
    let id = insert(&workspace, REGION);
    let config = existing().set("images", r#"["docker.io/library/nginx:1.27"]"#);
    workspace.write(&config);
    workspace.run(&["import", "-input=false", TEST, &id]).succeeds();
    let run = workspace.run(&["plan", "-input=false", "-json"]);
    let warnings = run.warnings();
    let warning = warnings
        .iter()
        .find(|warning| warning.summary == "Image references spelled differently")
        .unwrap_or_else(|| panic!("{run}"));
    warning.says(&["nginx:1.27", "rebuild_triggers"]);
    adopted(&workspace, config, &id);
}

#[test]
fn import_shows_differences_of_returned_attributes() {
    let workspace = Workspace::new();
    let id = insert(&workspace, REGION);
    workspace.write(existing());
    workspace.run(&["import", "-input=false", TEST, &id]).succeeds();
    let plan = workspace.planned(existing().set("name", r#""renamed""#).set("images", r#"["nginx:1.28"]"#));
    assert_eq!(plan.change(TEST).actions(), ["update"]);
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    let [sent] = &workspace.sent("UpdateImageCache")[..] else { panic!() };
    assert_eq!((&sent["ImageCacheName"], &sent["Images"][0]), (&"renamed".into(), &"nginx:1.28".into()));
    assert_eq!(sent["ImageRegistryCredentials"][0]["Username"], "ci", "the pull needs them");
    workspace.destroy();
}

/// The usual advice for arguments that an API does not return.
#[test]
fn import_under_ignore_changes_sends_later_changes() {
    let workspace = Workspace::new();
    let id = insert(&workspace, REGION);
    let block = existing().block("lifecycle {\n    ignore_changes = [vpc_id, subnet_id]\n  }");
    workspace.write(&block);
    workspace.run(&["import", "-input=false", TEST, &id]).succeeds();
    workspace.step(&block);
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0);
    assert!(workspace.state().attributes(TEST)["vpc_id"].is_null());

    let credentials = r#"{ "registry.example.com" = { username = "ci", password = "two" } }"#;
    workspace.step(block.clone().set("image_registry_credentials", credentials));
    let plan = workspace.planned(block.clone().set("resolve_config", r#""nameserver 10.0.0.3""#));
    assert_eq!(plan.change(TEST).replaced_by(), ["resolve_config"]);
    let [sent] = &workspace.sent("UpdateImageCache")[..] else { panic!() };
    assert_eq!(sent["ImageRegistryCredentials"][0]["Password"], "two");
    workspace.destroy();
}

#[test]
fn import_block_is_planned_and_adopted() {
    let workspace = Workspace::new();
    let id = insert(&workspace, REGION);
    let block = format!("import {{\n  to = {TEST}\n  id = {id:?}\n}}\n");
    let plan = workspace.planned(format!("{}\n{block}", existing()));
    assert_eq!(plan.change(TEST).actions(), ["update"]);
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0);
    workspace.destroy();
}

#[test]
fn import_by_identity_defaults_to_the_region_of_the_provider() {
    if Cli::get().skips(Feature::ImportByIdentity) {
        return;
    }
    let workspace = Workspace::new();
    let id = insert(&workspace, REGION);
    let null_region = format!("{{ id = {id:?}, region = null }}");
    for (identity, for_each) in [
        (format!("{{ id = {id:?} }}"), String::new()),
        (null_region.clone(), String::new()),
        ("each.value".to_owned(), format!("for_each = {{ one = {null_region} }}")),
        (format!("{{ id = {id:?}, region = {REGION:?} }}"), String::new()),
    ] {
        let block = format!("import {{\n  to = {TEST}\n  identity = {identity}\n  {for_each}\n}}\n");
        let plan = workspace.planned(format!("{}\n{block}", existing()));
        assert_eq!(plan.change(TEST).actions(), ["update"], "{identity}");
    }
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0);
    workspace.destroy();
}

#[test]
fn invalid_import_id_reports_the_expected_form() {
    let workspace = Workspace::new();
    workspace.write(cache());
    for id in ["cache-1", "imc", "/imc-1a2b3c4d", "ap-guangzhou/", "imc-1a2b 3c4d"] {
        let run = workspace.run(&["import", "-input=false", "-no-color", TEST, id]).fails();
        let error = run.unwrapped_stderr();
        for part in ["Invalid import ID", "imc-1a2b3c4d", "ap-guangzhou/imc-1a2b3c4d", id] {
            assert!(error.contains(part), "{id}: no {part:?} in {error}");
        }
    }
    assert_eq!(workspace.cloud.requests(), []);
}

#[test]
fn import_of_a_missing_cache_fails() {
    let workspace = Workspace::new();
    workspace.write(cache());
    let run = workspace.run(&["import", "-input=false", "-no-color", TEST, "imc-00000000"]).fails();
    assert!(run.unwrapped_stderr().contains("Cannot import non-existent remote object"), "{run}");
    assert!(workspace.state().is_empty());
}

#[test]
fn import_by_identity_is_adopted() {
    if Cli::get().skips(Feature::ImportByIdentity) {
        return;
    }
    let workspace = Workspace::new();
    let id = insert(&workspace, OTHER_REGION);
    let block = format!("import {{\n  to = {TEST}\n  identity = {{ region = {OTHER_REGION:?}, id = {id:?} }}\n}}\n");
    let plan = workspace.planned(format!("{}\n{block}", existing()));
    assert_eq!(plan.change(TEST).actions(), ["update"]);
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.state().text(TEST, "region"), OTHER_REGION);
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0);
    workspace.destroy();
}

#[test]
fn import_by_identity_without_a_region_names_its_arguments() {
    if Cli::get().skips(Feature::ImportByIdentity) {
        return;
    }
    let workspace = Workspace::new();
    workspace.provider("");
    let block = format!("import {{\n  to = {TEST}\n  identity = {{ id = \"imc-1a2b3c4d\" }}\n}}\n");
    workspace.write(format!("{}\n{block}", existing()));
    workspace.plan().error().says(&["region", "TENCENTCLOUD_REGION"]);
    assert_eq!(workspace.cloud.requests(), []);
}
