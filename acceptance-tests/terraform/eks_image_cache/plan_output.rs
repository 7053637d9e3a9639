//! Text and JSON output of plans that create.
//!
//! The client renders the planned state and the planned identity, and prints only an error if it cannot.

use crate::harness::cli::Cli;
use crate::harness::config::{REGION, cache};
use crate::harness::features::Feature;
use crate::harness::plan::Plan;
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

/// Plans, and checks that the text of the plan, printed and saved, contains `text`. Returns the JSON.
#[track_caller]
fn plan_is_shown(workspace: &Workspace, text: &[&str]) -> Plan {
    let planned = workspace.run(&["plan", "-input=false", "-no-color", "-out=plan"]).succeeds();
    let shown = workspace.run(&["show", "-no-color", "plan"]).succeeds();
    for run in [&planned, &shown] {
        for part in text {
            assert!(run.stdout.contains(part), "no {part:?} in {run}");
        }
    }
    Plan(workspace.run(&["show", "-json", "plan"]).succeeds().json())
}

#[test]
fn plan_of_new_cache_is_shown() {
    let workspace = Workspace::new();
    workspace.write(cache());
    let plan = plan_is_shown(
        &workspace,
        &[
            "# eks_image_cache.test will be created",
            r#"+ vpc_id             = "vpc-test""#,
            "Plan: 1 to add, 0 to change, 0 to destroy.",
        ],
    );
    assert_eq!(plan.change(TEST).actions(), ["create"]);
    assert_eq!(plan.change(TEST).after("vpc_id"), "vpc-test");
    assert!(plan.change(TEST).unknown().contains(&"id"));
}

#[test]
fn plan_of_tainted_cache_is_shown() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let id = workspace.state().id(TEST).to_owned();
    workspace.run(&["taint", TEST]).succeeds();
    let text = [
        "# eks_image_cache.test is tainted, so",
        &format!("{id:?} -> (known after apply)"),
        "Plan: 1 to add, 0 to change, 1 to destroy.",
    ];
    let plan = plan_is_shown(&workspace, &text);
    assert_eq!(plan.change(TEST).actions(), ["delete", "create"]);
    assert_eq!(plan.change(TEST).before("id"), &id);
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();

    workspace.run(&["taint", TEST]).succeeds();
    workspace.destroy();
}

#[test]
fn plan_with_replace_option_is_shown() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let replace = format!("-replace={TEST}");
    let run = workspace.run(&["plan", "-input=false", "-no-color", "-out=plan", &replace]).succeeds();
    assert!(run.stdout.contains("# eks_image_cache.test will be replaced, as requested"), "{run}");
    let plan = Plan(workspace.run(&["show", "-json", "plan"]).succeeds().json());
    assert_eq!(plan.change(TEST).actions(), ["delete", "create"]);
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    workspace.destroy();
}

#[test]
fn plan_of_expired_cache_is_shown() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let expired = workspace.state().id(TEST).to_owned();
    assert!(workspace.cloud.delete_cache(REGION, &expired));
    let text = ["# eks_image_cache.test will be created", "Plan: 1 to add, 0 to change, 0 to destroy."];
    let plan = plan_is_shown(&workspace, &text);
    assert_eq!(plan.change(TEST).actions(), ["create"]);
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_ne!(workspace.state().id(TEST), expired);

    let recreated = workspace.state().id(TEST).to_owned();
    assert!(workspace.cloud.delete_cache(REGION, &recreated));
    workspace.destroy();
}

#[test]
fn plan_of_count_growth_is_shown() {
    let workspace = Workspace::new();
    workspace.step(cache().set("count", "1"));
    workspace.write(cache().set("count", "3"));
    let text = ["# eks_image_cache.test[2] will be created", "Plan: 2 to add, 0 to change, 0 to destroy."];
    let plan = plan_is_shown(&workspace, &text);
    for (address, action) in [("[0]", "no-op"), ("[1]", "create"), ("[2]", "create")] {
        assert_eq!(plan.change(&format!("{TEST}{address}")).actions(), [action], "{address}");
    }
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    workspace.destroy();
}

#[test]
fn identity_is_in_state_after_apply() {
    if Cli::get().skips(Feature::StateIdentities) {
        return;
    }
    let workspace = Workspace::new();
    workspace.step(cache());
    let id = workspace.state().id(TEST).to_owned();
    let identities = workspace.run(&["state", "identities", "-json"]).succeeds().json();
    assert_eq!(identities[TEST], serde_json::json!({ "region": REGION, "id": id }));
    workspace.run(&["state", "identities", "-id", &id, "-json"]).succeeds();

    // A replacement has a new identity.
    workspace.step(cache().set("vpc_id", r#""vpc-2""#));
    let identities = workspace.run(&["state", "identities", "-json"]).succeeds().json();
    assert_eq!(identities[TEST]["id"], workspace.state().id(TEST));
    assert_ne!(identities[TEST]["id"], id.as_str());
    workspace.destroy();
}

#[test]
fn pinned_annotations_have_a_known_key_at_plan() {
    let workspace = Workspace::new();
    let each = "resource \"terraform_data\" \"each\" {\n  for_each = eks_image_cache.test.annotations.pinned\n  input    = each.value\n}\n";
    let block = cache().set("replace_on_rebuild", "true");
    let plan = workspace.planned(format!("{block}{each}"));
    let address = "terraform_data.each[\"eks.tke.cloud.tencent.com/use-image-cache\"]";
    assert_eq!(plan.change(address).unknown(), ["id", "input", "output"]);
    workspace.apply_planned().succeeds();

    let replaced = block.set("images", r#"["nginx:1.28"]"#);
    let plan = workspace.planned(format!("{replaced}{each}"));
    assert_eq!(plan.change("eks_image_cache.test").actions(), ["delete", "create"]);
    assert_eq!(plan.change(address).actions(), ["update"]);
    workspace.apply_planned().succeeds();
    workspace.destroy();
}
