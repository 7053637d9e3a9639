//! The life of a cache under every reading of what the API does not document.
//!
//! The simulator plays each answer to each open question alone, and random combinations of them; the provider is not told
//! which. `cargo test --lib personalities -- --nocapture` prints the table and the summary. `PERSONALITIES` is how many
//! random combinations are played (200), `PERSONALITY_SEED` the first seed (0): a failure is repeated by its seed alone.

mod life;
mod scenario;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::stream::{self, StreamExt as _};
use tencentcloud_simulator::{Personality, Switch};

/// Lives at a time. They mostly wait.
const AT_A_TIME: usize = 32;

/// What became of one life: what the user was told, or the first violation.
type Outcome = Result<Vec<String>, String>;

async fn play(personality: Personality) -> Outcome {
    let lived = AssertUnwindSafe(scenario::live(personality)).catch_unwind().await;
    lived.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    })
}

/// Plays all lives, and gives their outcomes in order. A long one, in which something is waited for, keeps no other from
/// beginning.
async fn play_all<T>(lives: impl Iterator<Item = (T, Personality)>) -> Vec<(T, Outcome)> {
    let lives = lives.enumerate().map(|(i, (which, personality))| async move { (i, which, play(personality).await) });
    let mut played: Vec<_> = stream::iter(lives).buffer_unordered(AT_A_TIME).collect().await;
    played.sort_by_key(|(i, ..)| *i);
    played.into_iter().map(|(_, which, outcome)| (which, outcome)).collect()
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn deviations(personality: Personality) -> String {
    let default = Personality::default().switches();
    let changed = personality.switches().into_iter().zip(default).filter(|(a, b)| a != b);
    changed.map(|(switch, _)| switch.to_string()).collect::<Vec<_>>().join(", ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_alone() {
    let default = Switch { name: "none", answer: "all as the first answers" };
    let all = [(default, Personality::default())].into_iter().chain(Personality::single_deviations());
    let rows = play_all(all).await;

    let mut table = format!("{:<28} {:<45} result\n", "switch", "answer");
    for (switch, outcome) in &rows {
        let result = match outcome {
            Ok(told) if told.is_empty() => "ok".to_owned(),
            Ok(told) => format!("ok, told: {}", told.join("; ")),
            Err(violation) => format!("FAILED: {violation}"),
        };
        let _ = writeln!(table, "{:<28} {:<45} {result}", switch.name, switch.answer);
    }
    println!("{table}");
    assert!(rows.iter().all(|(_, outcome)| outcome.is_ok()), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_combinations() {
    let (first, count) = (setting("PERSONALITY_SEED", 0), setting("PERSONALITIES", 200));
    // Every other one changes few answers, as a real account might.
    let of_seed = |seed| if seed % 2 == 0 { Personality::random_few(seed) } else { Personality::random(seed) };
    let outcomes = play_all((first..first + count).map(|seed| (seed, of_seed(seed)))).await;

    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for message in outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().ok()).flatten() {
        *told.entry(message).or_default() += 1;
    }
    let failed: Vec<_> = outcomes.iter().filter_map(|(seed, o)| Some((seed, o.as_ref().err()?))).collect();
    println!("{count} random combinations, seeds {first} to {}: {} failed", first + count - 1, failed.len());
    for (message, times) in told {
        println!("{times:>6} x {message}");
    }
    let mut report = String::new();
    for (seed, violation) in &failed {
        let _ = writeln!(
            report,
            "PERSONALITY_SEED={seed} PERSONALITIES=1: {violation}\n    {}",
            deviations(of_seed(**seed))
        );
    }
    assert!(failed.is_empty(), "{report}");
}
