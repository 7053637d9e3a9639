//! The state that requests and the test share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::limiter::Limiter;
use crate::random::random_text;
use crate::recorder::Recorder;
use crate::state::World;

/// The cloud, the recorded requests and the injected faults.
#[derive(Debug)]
pub(crate) struct Shared {
    pub clock: Clock,
    pub recorder: Recorder,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    limiter: Mutex<Limiter>,
}

impl Shared {
    pub fn new(world: World, clock: Clock, limiter: Limiter) -> Self {
        let (world, limiter) = (Mutex::new(world), Mutex::new(limiter));
        Self { clock, recorder: Recorder::default(), world, faults: Mutex::default(), limiter }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn limiter(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request ID in the API's format, a UUID.
    pub fn request_id(&self) -> String {
        let mut world = self.world();
        [8, 4, 4, 4, 12].map(|length| random_text(&mut world.rng, length)).join("-")
    }
}
