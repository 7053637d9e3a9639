//! The fault campaign: every call of create, update, read and delete goes wrong in every way, Terraform and the provider
//! are killed in the middle, and after each round one clean apply makes cloud and state equal.
//!
//! A round is a change of the configuration, an apply of it that is disturbed, and an apply that is not. Then, for every
//! cache: it exists as configured (or is *lost*), once (or is *doubled*), in the state or configured (or is *orphaned*),
//! and the same as before (or is *replaced*).
//!
//! SIGKILL makes one thing impossible: a cache whose `CreateImageCache` was carried out, and whose ID Terraform has not yet
//! written into its state, is known to no component. Such caches are counted apart, and so is how long each creation was in that
//! danger.
//!
//! | variable | |
//! | --- | --- |
//! | `CAMPAIGN_SEED` | another campaign: its configurations, faults and kills; what runs at once meets as it may. By default always the same, so that a change is judged by what it changed |
//! | `CAMPAIGN_ROUNDS` | rounds of random mixes, 8 by default |

mod behavior_variants;
mod fleet;
mod in_turn;
mod kill;
mod ledger;
mod mixes;

use std::io::Write as _;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use ledger::Ledger;

/// The provider block of every campaign: no limit that takes time, and polls as frequent as builds are quick.
const PROVIDER: &str = r#"
  region              = "ap-guangzhou"
  poll_interval       = "100ms"
  requests_per_second = 500
"#;

/// What a slow response takes. The real one may take longer, and so may the provider's patience.
const DELAY: Duration = Duration::from_millis(300);

/// A series of random rounds has a cloud and a state. So many rounds each, and so many series at once.
const ROUNDS_PER_SERIES: u64 = 4;
const SERIES_AT_ONCE: u64 = 2;

#[test]
fn nothing_is_lost_doubled_or_orphaned_under_any_fault() {
    let seed = variable("CAMPAIGN_SEED").unwrap_or(2_782_380_659_u64);
    let rounds = variable("CAMPAIGN_ROUNDS").unwrap_or(8_u64);
    let series = rounds.div_ceil(ROUNDS_PER_SERIES);
    let run_series = |first: u64| {
        let seeds = (first..series).step_by(SERIES_AT_ONCE as usize).map(|series| seed.wrapping_add(series));
        seeds.map(|seed| mixes::run(seed, ROUNDS_PER_SERIES)).fold(Ledger::default(), Ledger::plus)
    };
    let ledger = thread::scope(|scope| {
        let in_turn = in_turn::CAMPAIGNS.map(|campaign| scope.spawn(campaign));
        let mixes: Vec<_> = (0..SERIES_AT_ONCE).map(|first| scope.spawn(move || run_series(first))).collect();
        let ledgers = in_turn.into_iter().chain(mixes).map(|ran| ran.join().unwrap());
        ledgers.fold(Ledger::default(), Ledger::plus)
    });
    // Not `println`, which shows nothing of a test that passes.
    writeln!(std::io::stderr(), "campaign with CAMPAIGN_SEED={seed}: {ledger}").unwrap();
    assert!(ledger.wrong.is_empty(), "CAMPAIGN_SEED={seed}: {:#?}", ledger.wrong);
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is not a number")))
}
