//! What a simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::behavior::Behavior;
use crate::clock::Clock;

/// A key pair that the simulator accepts, and the account behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    pub secret_id: String,
    pub secret_key: String,
    /// The UIN of the main account.
    pub account_id: String,
    /// The UIN of the user; the same as `account_id` for the main account itself.
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

/// What a simulator is started with. Change what matters, and take the rest from `Settings::default()`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; by default a free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// The accepted key pairs; by default [`KeyPair::default`] alone.
    pub keys: Vec<KeyPair>,
    /// How long a build takes; zero ends it at once, before the next request. By default 300 ms.
    pub build_time: Duration,
    /// How long "a while" is where a variant has one: a new cache appears, a deleted or failed one vanishes.
    /// By default 300 ms.
    pub lag: Duration,
    /// By default [`Clock::real`].
    pub clock: Clock,
    /// By default the first variant of each question.
    pub behavior: Behavior,
    /// Requests a second that each action takes in each region. By default unlimited; the documented quota is 20.
    pub requests_per_second: Option<u32>,
    /// Seed of IDs, and of orders where they change.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            keys: vec![KeyPair::default()],
            build_time: Duration::from_millis(300),
            lag: Duration::from_millis(300),
            clock: Clock::real(),
            behavior: Behavior::default(),
            requests_per_second: None,
            seed: 1,
        }
    }
}
