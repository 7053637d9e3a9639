//! The state of the simulated cloud, behind one lock: requests take microseconds, and tests want one truth.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::personality::Personality;
use crate::settings::{KeyPair, Settings};
use crate::sts::Sts;
use crate::tke::ImageCache;

/// Decides whether a build fails, and with which message.
pub(crate) type BuildFailure = Box<dyn Fn(&ImageCache) -> Option<String> + Send>;

/// All that the API's actions read and change.
pub(crate) struct World {
    pub personality: Personality,
    pub build_time: Duration,
    /// How long "a while" is, wherever the personality has one.
    pub lag: Duration,
    pub keys: Vec<KeyPair>,
    /// By region, the image caches by ID in order of creation.
    pub image_caches: HashMap<String, IndexMap<String, ImageCache>>,
    pub build_failure: BuildFailure,
    pub sts: Sts,
    pub rng: StdRng,
}

impl World {
    pub fn new(settings: &Settings) -> Self {
        Self {
            personality: settings.personality,
            build_time: settings.build_time,
            lag: settings.lag,
            keys: settings.keys.clone(),
            image_caches: HashMap::new(),
            build_failure: Box::new(|_| None),
            sts: Sts::default(),
            rng: StdRng::seed_from_u64(settings.seed),
        }
    }

    /// Brings everything to `now`: builds end, caches appear, expire and vanish.
    pub fn advance(&mut self, now: Timestamp) {
        for caches in self.image_caches.values_mut() {
            for cache in caches.values_mut().filter(|cache| cache.is_due(now)) {
                cache.settle(now, (self.build_failure)(cache), &self.personality, self.lag, &mut self.rng);
            }
            caches.retain(|_, cache| !cache.is_gone(now));
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("personality", &self.personality).finish_non_exhaustive()
    }
}

/// An ID as the API makes them: `prefix` and 8 characters of `a-z0-9`.
pub(crate) fn random_id(rng: &mut StdRng, prefix: &str) -> String {
    format!("{prefix}{}", random_text(rng, 8))
}

/// `length` characters of `a-z0-9`.
pub(crate) fn random_text(rng: &mut StdRng, length: usize) -> String {
    const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..length).map(|_| char::from(CHARACTERS[rng.random_range(0..CHARACTERS.len())])).collect()
}
