//! Real Terraform under behavior variants: a create, an update without a build, one with a build, and an empty plan after
//! each.
//!
//! Only the variants that change what Terraform reports: `cargo test --test behavior_variants` covers all of them, alone and
//! combined, without Terraform's processes.

use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use tencentcloud_simulator::{Behavior, Settings};

use crate::harness::config::{CacheBlock, REGION, cache};
use crate::harness::run::Run;
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

/// Concurrent runs of Terraform.
const AT_A_TIME: usize = 3;

/// A variant, and the summary of the diagnostic of each update; empty for none.
struct Row {
    question: &'static str,
    variant: &'static str,
    without_build: &'static str,
    with_build: &'static str,
    /// The change that the message advises.
    cure: Option<fn(CacheBlock) -> CacheBlock>,
}

const fn quiet(question: &'static str, variant: &'static str) -> Row {
    Row { question, variant, without_build: "", with_build: "", cure: None }
}

const RESET: &str = "Update reset other attributes";
const NOT_DONE: &str = "Image cache update not applied";
const OTHER_TAGS: &str = "Image cache has unmanaged tags";
const ROUNDED: &str = "Image cache size rounded up";
const REFUSED: &str = "Error updating image cache";

const ROWS: &[Row] = &[
    quiet("omitted_fields", "kept"),
    Row { without_build: RESET, ..quiet("omitted_fields", "reset to the default") },
    Row {
        without_build: OTHER_TAGS,
        cure: Some(|block| block.set("tags", BOTH_TAGS)),
        ..quiet("update_tags", "merge")
    },
    quiet("creator_tags", "qcs:tag:createdBy is listed"),
    quiet("light_update", "goes through Updating"),
    quiet("rebuild_snapshot", "absent meanwhile, then changes"),
    Row { with_build: REFUSED, cure: Some(|block| block.set("image_cache_size", "45")), ..quiet("shrink", "refused") },
    Row {
        with_build: NOT_DONE,
        cure: Some(|block| block.set("image_cache_size", "45")),
        ..quiet("shrink", "silently ignored")
    },
    Row { with_build: ROUNDED, ..quiet("size_step", "rounded up") },
    quiet("update_shown", "the cache as it was for a while"),
    quiet("delete", "listed for a while"),
    quiet("describe_unknown", "ResourceNotFound"),
    quiet("created", "absent for a while"),
    quiet("image_references", "normalised"),
    quiet("credentials", "in clear"),
    quiet("times", "1574104000000"),
    quiet("optional_fields", "always absent"),
    quiet("numbers", "strings"),
    quiet("errors", "HTTP 4xx or 5xx with HTML"),
];

const BOTH_TAGS: &str = r#"{ env = "dev", team = "ml" }"#;

fn block(size: &str) -> CacheBlock {
    cache()
        .set("name", r#""web""#)
        .set("image_cache_size", size)
        .set("retention_days", "7")
        .set("tags", BOTH_TAGS)
        .set("image_registry_credentials", r#"{ "docker.io" = { username = "ci", password = "hunter2" } }"#)
}

#[test]
fn each_variant_is_reported_and_the_next_plan_is_empty() {
    let rows = Mutex::new(ROWS.iter());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let Some(row) = rows.lock().unwrap().next() else { return };
                    play(row);
                    println!("{:<20} {:<35} ok {}{}", row.question, row.variant, row.without_build, row.with_build);
                }
            });
        }
    });
}

fn play(row: &Row) {
    let behavior = Behavior::default().with(row.question, row.variant).unwrap();
    let workspace = Workspace::with(Settings {
        behavior,
        build_time: Duration::from_millis(200),
        lag: Duration::from_millis(100),
        ..Settings::default()
    });
    // A smaller size if that is the question; otherwise a size that is not a multiple of ten.
    let (first, second) = if row.question == "shrink" { ("45", "30") } else { ("40", "45") };
    workspace.write(block(first));
    reports(row, &workspace.apply(), "");
    plan_is_empty(row, &workspace);
    let id = workspace.state().id(TEST).to_owned();

    for (change, expected) in [
        (block(first).set("name", r#""web-2""#).set("tags", r#"{ team = "ml" }"#), row.without_build),
        (
            block(second)
                .set("name", r#""web-2""#)
                .set("tags", r#"{ team = "ml" }"#)
                .set("images", r#"["nginx:1.28"]"#),
            row.with_build,
        ),
    ] {
        let change = match row.cure {
            // The tags were corrected before.
            Some(cure) if row.question == "update_tags" && expected.is_empty() => cure(change),
            _ => change,
        };
        workspace.write(&change);
        let run = workspace.apply();
        reports(row, &run, expected);
        if run.exit_code() != Some(0) || expected == OTHER_TAGS {
            let cure = row.cure.unwrap_or_else(|| panic!("{} {}: no cure for {run}", row.question, row.variant));
            workspace.write(cure(change));
            reports(row, &workspace.apply(), "");
        }
        plan_is_empty(row, &workspace);
    }
    assert_eq!(workspace.state().id(TEST), id, "{} {}", row.question, row.variant);
    assert_eq!(workspace.cloud.count("CreateImageCache"), 1, "{} {}", row.question, row.variant);
    workspace.destroy();
}

/// Asserts that the run reports exactly this.
#[track_caller]
fn reports(row: &Row, run: &Run, expected: &str) {
    let summaries = run.diagnostics().into_iter().map(|diagnostic| diagnostic.summary);
    // The plan warns of a smaller size under every variant.
    let summaries: Vec<_> =
        summaries.filter(|summary| row.question != "shrink" || summary != "Image cache becomes smaller").collect();
    let expected: Vec<_> = Some(expected).filter(|text| !text.is_empty()).into_iter().collect();
    assert_eq!(summaries, expected, "{} {}: {run}", row.question, row.variant);
}

/// Asserts that a plan after a refresh is empty.
#[track_caller]
fn plan_is_empty(row: &Row, workspace: &Workspace) {
    let plan = workspace.run(&["plan", "-input=false", "-no-color", "-detailed-exitcode"]);
    assert_eq!(plan.exit_code(), Some(0), "{} {}: not empty: {plan}", row.question, row.variant);
}

#[test]
fn scratch_configuration_runs_its_steps() {
    let mut workspace = Workspace::new();
    workspace.remove("provider.tf");
    workspace.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/api-assumptions"));
    for (name, value) in [("region", REGION), ("vpc_id", "vpc-1"), ("subnet_id", "subnet-1")] {
        workspace.environment(&format!("TF_VAR_{name}"), value);
    }
    workspace.run(&["validate"]).succeeds();
    for step in ["0", "2"] {
        let run = workspace.run(&["apply", "-auto-approve", "-input=false", "-json", &format!("-var=step={step}")]);
        assert_eq!(run.succeeds().diagnostics().len(), 0);
    }
    let report = workspace.state().output("report").clone();
    assert_eq!(report["listed"]["tags"], report["asked"]["tags"]);
    assert_eq!(report["listed"]["status"], "Ready");
    workspace.destroy();
}
