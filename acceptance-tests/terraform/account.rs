//! The account of the credentials: the account lists of the provider block, and the account of an object.

use std::time::Duration;

use tencentcloud_simulator::{Fault, KeyPair, Moment, Settings, Simulator};

use crate::harness::cli::Cli;
use crate::harness::config::{CacheBlock, PROVIDER, REGION, cache};
use crate::harness::features::Feature;
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";
const OTHER: &str = "200000000002";

/// A cloud of another account, without image caches.
fn other_account(workspace: &mut Workspace) -> Simulator {
    let key = KeyPair::new("AKIDOTHER", "other-secret-key", OTHER);
    let settings = Settings { keys: vec![key], build_time: Duration::from_millis(200), ..Settings::default() };
    let cloud = Simulator::start_with(settings).unwrap();
    workspace.environment("TENCENTCLOUD_SECRET_ID", "AKIDOTHER");
    workspace.environment("TENCENTCLOUD_SECRET_KEY", "other-secret-key");
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", &cloud.endpoint());
    cloud
}

fn own_account(workspace: &mut Workspace) {
    let key = KeyPair::default();
    workspace.environment("TENCENTCLOUD_SECRET_ID", &key.secret_id);
    workspace.environment("TENCENTCLOUD_SECRET_KEY", &key.secret_key);
    let endpoint = workspace.cloud.endpoint();
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", &endpoint);
}

/// Commands that must fail without changing the state.
const RUNS: [&[&str]; 5] = [
    &["plan", "-input=false", "-json", "-out=plan"],
    &["apply", "-refresh-only", "-auto-approve", "-input=false", "-json"],
    &["apply", "-auto-approve", "-input=false", "-json"],
    &["destroy", "-auto-approve", "-input=false", "-json"],
    &["destroy", "-refresh=false", "-auto-approve", "-input=false", "-json"],
];

#[test]
fn account_lists_protect_the_state() {
    let mut workspace = Workspace::new();
    let guarded = format!("{PROVIDER}\n  allowed_account_ids = [\"100000000001\"]");
    workspace.provider(&guarded);
    workspace.step(cache());
    let (state, id) = (workspace.state().0, workspace.cloud_cache().id);

    let other = other_account(&mut workspace);
    for run in RUNS {
        other.clear_requests();
        let error = workspace.run(run).error();
        error.says(&["Account not allowed", OTHER, "Nothing was read or changed", "allowed_account_ids"]);
        assert_eq!(workspace.state().0["resources"], state["resources"], "{run:?}");
        let actions: Vec<_> = other.requests().into_iter().map(|request| request.action).collect();
        assert!(actions.iter().all(|action| action == "GetCallerIdentity"), "{run:?}: {actions:?}");
    }

    // Data sources, imports and queries read as well.
    for (config, arguments) in [
        ("data \"eks_image_caches\" \"all\" {}\n".to_owned(), RUNS[0]),
        ("data \"eks_suitable_image_cache\" \"x\" {\n  images = [\"nginx:1.27\"]\n}\n".to_owned(), RUNS[0]),
        (
            format!("{}\n", cache()).replace("\"test\"", "\"other\""),
            &["import", "eks_image_cache.other", "imc-12345678"],
        ),
    ] {
        other.clear_requests();
        workspace.write(format!("{}\n{config}", cache()));
        let run = workspace.run(arguments).fails();
        let printed = format!("{}{}", run.stdout, run.unwrapped_stderr());
        assert!(printed.contains("Account not allowed") && printed.contains(OTHER), "{run}");
        assert_eq!(other.count("DescribeImageCaches") + other.count("GetMostSuitableImageCache"), 0, "{run}");
    }

    if !Cli::get().skips_part("import by identity", Feature::ImportByIdentity) {
        let import = format!(
            "import {{\n  to = eks_image_cache.other\n  identity = {{ id = {id:?}, region = {REGION:?} }}\n}}\n"
        );
        workspace.write(format!("{}\n{}\n{import}", cache(), CacheBlock::labelled("other")));
        let run = workspace.run(&["plan", "-refresh=false", "-input=false", "-json"]);
        let errors: Vec<_> =
            run.diagnostics().into_iter().filter(|found| found.summary == "Account not allowed").collect();
        let [error] = &errors[..] else { panic!("{run}") };
        assert!(!error.detail.contains("An import"), "advice on a missing region: {}", error.detail);
    }

    own_account(&mut workspace);
    workspace.write(cache());
    workspace.cloud.clear_requests();
    workspace.plan_is_empty();
    assert_eq!(workspace.cloud.count("GetCallerIdentity"), 2, "one a run");
    assert_eq!(workspace.cloud_cache().id, id);
    workspace.destroy();
}

#[test]
fn plan_of_new_caches_checks_the_account_lists() {
    let mut workspace = Workspace::new();
    workspace.provider(&format!("{PROVIDER}\n  forbidden_account_ids = [{OTHER:?}]"));
    let other = other_account(&mut workspace);
    workspace.write(cache());
    workspace.plan().error().says(&["Account not allowed", OTHER, "forbidden_account_ids"]);
    assert_eq!(other.count("GetCallerIdentity"), 1);
}

#[test]
fn credentials_of_another_account_keep_the_state() {
    let mut workspace = Workspace::new();
    workspace.step(cache());
    let (state, id) = (workspace.state().0, workspace.cloud_cache().id);

    let other = other_account(&mut workspace);
    for run in RUNS {
        other.clear_requests();
        let error = workspace.run(run).error();
        error.says(&["Credentials of another account", "100000000001", OTHER, &id, "terraform state rm"]);
        assert_eq!(workspace.state().0["resources"], state["resources"], "{run:?}");
        assert_eq!(other.count("GetCallerIdentity"), 1, "{run:?}");
    }
    own_account(&mut workspace);
    workspace.plan_is_empty();

    // With credentials of its account, a cache that no longer exists is created again.
    workspace.cloud.delete_cache(REGION, &id);
    workspace.cloud.clear_requests();
    workspace.step(cache());
    assert_ne!(workspace.cloud_cache().id, id);
    workspace.destroy();
}

#[test]
fn imported_cache_keeps_its_account() {
    let mut workspace = Workspace::new();
    workspace.step(cache());
    let id = workspace.cloud_cache().id;
    workspace.run(&["state", "rm", TEST]).succeeds();
    workspace.run(&["import", TEST, &id]).succeeds();
    let _other = other_account(&mut workspace);
    workspace.plan().error().says(&["Credentials of another account", "100000000001", OTHER, &id]);
    own_account(&mut workspace);
    workspace.destroy();
}

#[test]
fn missing_account_permission_is_ignored() {
    let workspace = Workspace::new();
    let denied = Fault::Error {
        code: "UnauthorizedOperation".to_owned(),
        message: "You are not authorized to perform this operation.".to_owned(),
        moment: Moment::BeforeActing,
    };
    workspace.cloud.inject(denied.on("GetCallerIdentity"));
    workspace.step(cache());
    let id = workspace.cloud_cache().id;
    workspace.cloud.delete_cache(REGION, &id);
    workspace.step(cache());
    assert_ne!(workspace.cloud_cache().id, id);
    workspace.destroy();
}
