//! The lifecycle of a cache under every behavior variant: the possible interpretations of undocumented API behavior.
//!
//! The simulator plays each variant alone, every pair of variants, and random combinations; the provider does not know which.
//! `cargo test --test behavior_variants -- --nocapture` prints the table and the summaries.
//!
//! | variable | |
//! | --- | --- |
//! | `VARIANTS_SEED` | the seed of the pairs, and the first one of the random combinations: 0 |
//! | `VARIANTS_COUNT` | how many random combinations: 24 |

mod lifecycle;
mod scenario;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::stream::{self, StreamExt as _};
use tencentcloud_simulator::{Behavior, Variant};

/// Number of concurrent lifecycles. They mostly wait, each with a server of its own.
const AT_A_TIME: usize = 128;

/// The reported diagnostics of a lifecycle, or the first violation.
type Outcome = Result<Vec<String>, String>;

async fn play(variants: Behavior) -> Outcome {
    let played = AssertUnwindSafe(scenario::play(variants)).catch_unwind().await;
    played.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    })
}

/// Plays all concurrently, and returns their outcomes in order.
async fn play_all<T>(all: impl Iterator<Item = (T, Behavior)>) -> Vec<(T, Outcome)> {
    let all = all.enumerate().map(|(i, (which, variants))| async move { (i, which, play(variants).await) });
    let mut played: Vec<_> = stream::iter(all).buffer_unordered(AT_A_TIME).collect().await;
    played.sort_by_key(|(i, ..)| *i);
    played.into_iter().map(|(_, which, outcome)| (which, outcome)).collect()
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

fn deviations(variants: Behavior) -> String {
    let default = Behavior::default().variants();
    let changed = variants.variants().into_iter().zip(default).filter(|(a, b)| a != b);
    changed.map(|(variant, _)| variant.to_string()).collect::<Vec<_>>().join(", ")
}

/// Prints how often each diagnostic was reported, and fails with the failed combinations.
fn summarize(what: &str, played: &[(Behavior, Outcome)]) {
    let mut reported: BTreeMap<&str, usize> = BTreeMap::new();
    for message in played.iter().filter_map(|(_, outcome)| outcome.as_ref().ok()).flatten() {
        *reported.entry(message).or_default() += 1;
    }
    let failed: Vec<_> = played.iter().filter_map(|(variants, o)| Some((variants, o.as_ref().err()?))).collect();
    println!("{what}: {} lifecycles, {} failed", played.len(), failed.len());
    for (message, times) in reported {
        println!("{times:>6} x {message}");
    }
    let mut report = String::new();
    for (variants, violation) in &failed {
        let _ = writeln!(report, "{violation}\n    {}", deviations(**variants));
    }
    assert!(failed.is_empty(), "{what}:\n{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_alone() {
    let default = Variant { question: "none", name: "the first of each" };
    let all = [(default, Behavior::default())].into_iter().chain(Behavior::single_variants());
    let rows = play_all(all).await;

    let mut table = format!("{:<28} {:<45} result\n", "question", "variant");
    for (variant, outcome) in &rows {
        let result = match outcome {
            Ok(reported) if reported.is_empty() => "ok".to_owned(),
            Ok(reported) => format!("ok, reported: {}", reported.join("; ")),
            Err(violation) => format!("FAILED: {violation}"),
        };
        let _ = writeln!(table, "{:<28} {:<45} {result}", variant.question, variant.name);
    }
    println!("{table}");
    assert!(rows.iter().all(|(_, outcome)| outcome.is_ok()), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pair() {
    let seed = setting("VARIANTS_SEED", 0);
    let all = Behavior::pairs(seed, &scenario::WITHOUT_CACHES);
    let played = play_all(all.into_iter().map(|variants| (variants, variants))).await;
    summarize(&format!("every pair, VARIANTS_SEED={seed}"), &played);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_combinations() {
    let (first, count) = (setting("VARIANTS_SEED", 0), setting("VARIANTS_COUNT", 24));
    // Every second one changes few variants, as a real account might.
    let of_seed = |seed| if seed % 2 == 0 { Behavior::random_few(seed) } else { Behavior::random(seed) };
    let all = (first..first + count).map(of_seed).map(|mut variants| {
        // These variants prevent a lifecycle, and are played alone.
        let defaults = Behavior::default().variants();
        for default in
            defaults.iter().filter(|one| scenario::WITHOUT_CACHES.iter().any(|no| no.question == one.question))
        {
            variants = variants.with(default.question, default.name).expect("a variant of the simulator");
        }
        (variants, variants)
    });
    let played = play_all(all).await;
    summarize(&format!("random combinations, VARIANTS_SEED={first} VARIANTS_COUNT={count}"), &played);
}
