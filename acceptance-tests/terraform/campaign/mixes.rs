//! Random rounds: 30 caches are created, changed and deleted, requests fail at random, and half of the rounds have a kill.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tencentcloud_simulator::{Behavior, Fault, Settings};

use super::fleet::Fleet;
use super::kill::Kill;
use super::ledger::Ledger;
use super::{DELAY, PROVIDER};
use crate::harness::workspace::Workspace;

const CACHES: usize = 30;

/// Questions whose variants prevent some configurations from being applied,
/// or cause changes in the next plan.
const EXCLUDED: [&str; 5] = ["omitted_fields", "names", "delete", "site", "tag_policy"];

/// Runs `rounds` rounds with one cloud and one state.
pub fn run(seed: u64, rounds: u64) -> Ledger {
    let mut rng = StdRng::seed_from_u64(seed);
    let build_time = Duration::from_millis(rng.random_range(0..1000));
    let (behavior, variants) = behavior(&mut rng);
    let workspace = Workspace::with(Settings { build_time, behavior, seed, ..Settings::default() });
    workspace.provider(PROVIDER);
    let mut ledger = Ledger::default();
    let mut fleet = Fleet::default();
    for round in 0..rounds {
        fleet.change(CACHES, &mut rng);
        workspace.write(&fleet);
        let kill = Kill::choose(&mut rng);
        let requests = rng.random_range(1..CACHES * 2);
        workspace.cloud.inject_mix(rng.random(), rng.random_range(0.05..0.4), Fault::all(DELAY));
        let name = format!("round {round} of seed {seed}, {variants:?}, {kill:?} at request {requests}");
        ledger.round(&name, &workspace, &fleet, kill, || kill.strike(&workspace, workspace.start_apply(), requests));
    }
    workspace.plan_is_empty();
    workspace.destroy();
    ledger
}

/// Up to three variants that are not the default.
fn behavior(rng: &mut StdRng) -> (Behavior, Vec<String>) {
    let other: Vec<_> = Behavior::single_variants().into_iter().map(|(variant, _)| variant).collect();
    let other: Vec<_> = other.into_iter().filter(|variant| !EXCLUDED.contains(&variant.question)).collect();
    let mut behavior = Behavior::default();
    let mut variants = Vec::new();
    for _ in 0..rng.random_range(0..=3) {
        let variant = other.choose(rng).unwrap();
        behavior = behavior.with(variant.question, variant.name).unwrap();
        variants.push(variant.to_string());
    }
    (behavior, variants)
}
