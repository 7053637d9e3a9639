//! Random rounds: 30 caches come, change and go, requests fail at random, and something is killed in half of the rounds.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tencentcloud_simulator::{Fault, Personality, Settings};

use super::fleet::Fleet;
use super::kill::Kill;
use super::ledger::Ledger;
use super::{DELAY, PROVIDER};
use crate::harness::workspace::Workspace;

const CACHES: usize = 30;

/// Questions whose other answers do not let every configuration become real.
const EXCLUDED: [&str; 3] = ["omitted_fields", "names", "delete"];

/// A cloud and a state that go through `rounds` rounds.
pub fn run(seed: u64, rounds: u64) -> Ledger {
    let mut rng = StdRng::seed_from_u64(seed);
    let build_time = Duration::from_millis(rng.random_range(0..1000));
    let (personality, switches) = personality(&mut rng);
    let workspace = Workspace::with(Settings { build_time, personality, seed, ..Settings::default() });
    workspace.provider(PROVIDER);
    let mut ledger = Ledger::default();
    let mut fleet = Fleet::default();
    for round in 0..rounds {
        fleet.change(CACHES, &mut rng);
        workspace.write(&fleet);
        let kill = Kill::choose(&mut rng);
        let requests = rng.random_range(1..CACHES * 2);
        workspace.cloud.inject_mix(rng.random(), rng.random_range(0.05..0.4), Fault::all(DELAY));
        let name = format!("round {round} of seed {seed}, {switches:?}, {kill:?} at request {requests}");
        ledger.round(&name, &workspace, &fleet, kill, || kill.strike(&workspace, workspace.start_apply(), requests));
    }
    workspace.plan_is_empty();
    workspace.destroy();
    ledger
}

/// Up to three answers to open questions that are not the likely ones.
fn personality(rng: &mut StdRng) -> (Personality, Vec<String>) {
    let odd: Vec<_> = Personality::single_deviations().into_iter().map(|(switch, _)| switch).collect();
    let odd: Vec<_> = odd.into_iter().filter(|switch| !EXCLUDED.contains(&switch.name)).collect();
    let mut personality = Personality::default();
    let mut switches = Vec::new();
    for _ in 0..rng.random_range(0..=3) {
        let switch = odd.choose(rng).unwrap();
        personality = personality.with(switch.name, switch.answer).unwrap();
        switches.push(switch.to_string());
    }
    (personality, switches)
}
