//! The life of a cache under every reading of what the API does not document.
//!
//! The simulator plays each answer to each open question alone; the provider is not told which.
//! `cargo test --lib personalities -- --nocapture` prints the table.

mod life;
mod scenario;

use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::stream::{self, StreamExt as _};
use tencentcloud_simulator::{Personality, Switch};

/// Lives at a time. They mostly wait.
const AT_A_TIME: usize = 12;

/// What became of one life: what the user was told, or the first violation.
type Outcome = Result<Vec<String>, String>;

async fn play(personality: Personality) -> Outcome {
    let lived = AssertUnwindSafe(scenario::live(personality)).catch_unwind().await;
    lived.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_alone() {
    let default = Switch { name: "none", answer: "all as the first answers" };
    let all = [(default, Personality::default())].into_iter().chain(Personality::single_deviations());
    let lives = all.map(|(switch, personality)| async move { (switch, play(personality).await) });
    let rows: Vec<(Switch, Outcome)> = stream::iter(lives).buffered(AT_A_TIME).collect().await;

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
