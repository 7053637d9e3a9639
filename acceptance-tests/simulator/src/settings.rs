//! The settings of a simulator.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::behavior::Behavior;
use crate::clock::Clock;

/// A key pair that the simulator accepts, and its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    pub secret_id: String,
    pub secret_key: String,
    /// The UIN of the main account.
    pub account_id: String,
    /// The UIN of the user; the same as `account_id` for the main account.
    pub user_id: String,
}

impl KeyPair {
    /// A key pair of the main account `account_id`.
    pub fn new(secret_id: &str, secret_key: &str, account_id: &str) -> Self {
        Self {
            secret_id: secret_id.to_owned(),
            secret_key: secret_key.to_owned(),
            account_id: account_id.to_owned(),
            user_id: account_id.to_owned(),
        }
    }
}

impl Default for KeyPair {
    /// `AKIDSIMULATOR`, `simulator-secret-key`, of the account `100000000001`.
    fn default() -> Self {
        Self::new("AKIDSIMULATOR", "simulator-secret-key", "100000000001")
    }
}

/// The settings of a simulator. `Settings::default()` has the defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address to listen on; by default a free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// The accepted key pairs; by default only [`KeyPair::default`].
    pub keys: Vec<KeyPair>,
    /// The duration of a build; zero ends it before the next request. By default 300 ms.
    pub build_time: Duration,
    /// The duration of "a while" in variants, after which a new cache appears, or a deleted one disappears.
    /// By default 300 ms.
    pub lag: Duration,
    /// How long a failed cache is listed, if it disappears. By default 300 ms.
    pub failed_for: Duration,
    /// By default [`Clock::real`].
    pub clock: Clock,
    /// By default the first variant of each question.
    pub behavior: Behavior,
    /// Requests per second for each action in each region. By default unlimited; the documented quota is 20.
    pub requests_per_second: Option<u32>,
    /// Seed of IDs and of random orders.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            keys: vec![KeyPair::default()],
            build_time: Duration::from_millis(300),
            lag: Duration::from_millis(300),
            failed_for: Duration::from_millis(300),
            clock: Clock::real(),
            behavior: Behavior::default(),
            requests_per_second: None,
            seed: 1,
        }
    }
}
