//! One state and two clients: an upgrade of Terraform from 1.6, and a downgrade.

use crate::harness::cli::Cli;
use crate::harness::config::cache;
use crate::harness::features::Feature;
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";
const OLD: &str = "1.6.6";

#[test]
fn state_survives_upgrade_and_downgrade_of_terraform() {
    if Cli::get().skips(Feature::StateIdentities) {
        return;
    }
    let Some(Cli { path: old, .. }) = Cli::terraform(OLD) else { return };
    let mut workspace = Workspace::new();
    let newest = workspace.client.clone();

    workspace.client.clone_from(&old);
    workspace.step(cache());
    let id = workspace.state().id(TEST).to_owned();
    assert_eq!(workspace.state().0["terraform_version"], OLD);

    workspace.client = newest;
    workspace.plan_is_empty();
    workspace.step(cache().set("retention_days", "7"));
    let identities = workspace.run(&["state", "identities", "-json"]).succeeds().json();
    assert_eq!(identities[TEST]["id"], id.as_str(), "the first write stores the identity");

    workspace.client = old;
    workspace.plan_is_empty();
    workspace.step(cache().set("retention_days", "14"));
    assert_eq!((workspace.state().id(TEST), workspace.cloud.count("CreateImageCache")), (id.as_str(), 1));
    workspace.destroy();
}
