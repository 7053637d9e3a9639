//! Random rounds: 30 caches come, change and go, requests fail at random, and something is killed in half of the rounds.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tencentcloud_simulator::{Fault, Settings};

use super::fleet::Fleet;
use super::kill::Kill;
use super::ledger::Ledger;
use super::{DELAY, PROVIDER};
use crate::workspace::Workspace;

const CACHES: usize = 30;

/// A cloud and a state that go through `rounds` rounds.
pub fn run(seed: u64, rounds: u64) -> Ledger {
    let mut rng = StdRng::seed_from_u64(seed);
    let build_time = Duration::from_millis(rng.random_range(0..1000));
    let workspace = Workspace::with(Settings { build_time, seed, ..Settings::default() });
    workspace.provider(PROVIDER);
    let mut ledger = Ledger::default();
    let mut fleet = Fleet::default();
    for round in 0..rounds {
        fleet.change(CACHES, &mut rng);
        workspace.write(&fleet);
        let kill = Kill::choose(&mut rng);
        let requests = rng.random_range(1..CACHES * 2);
        workspace.cloud.inject_mix(rng.random(), rng.random_range(0.02..0.2), Fault::all(DELAY));
        let name = format!("round {round} of seed {seed}, {kill:?} at request {requests}");
        ledger.round(&name, &workspace, &fleet, kill.is_sudden(), || {
            kill.strike(&workspace, workspace.start_apply(), requests)
        });
    }
    workspace.plan_is_empty();
    workspace.destroy();
    ledger
}
