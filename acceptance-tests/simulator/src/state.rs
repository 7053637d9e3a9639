//! The state of the simulated cloud, behind one lock, because requests take microseconds.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::behavior::Behavior;
use crate::error::ApiError;
use crate::image_cache::ImageCache;
use crate::sessions::{Identity, Session, Sts, wrong_token};
use crate::settings::{KeyPair, Settings};

/// Decides whether a build fails, and with which message.
pub(crate) type BuildFailure = Box<dyn Fn(&ImageCache) -> Option<String> + Send>;

/// The data of the API's actions.
pub(crate) struct World {
    pub behavior: Behavior,
    pub build_time: Duration,
    /// The duration of "a while" in behavior variants.
    pub lag: Duration,
    pub failed_for: Duration,
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
            behavior: settings.behavior,
            build_time: settings.build_time,
            lag: settings.lag,
            failed_for: settings.failed_for,
            keys: settings.keys.clone(),
            image_caches: HashMap::new(),
            build_failure: Box::new(|_| None),
            sts: Sts::default(),
            rng: StdRng::seed_from_u64(settings.seed),
        }
    }

    /// Advances to `now`: builds end, caches appear, expire and disappear.
    pub fn advance(&mut self, now: Timestamp) {
        for caches in self.image_caches.values_mut() {
            for cache in caches.values_mut().filter(|cache| cache.is_due(now)) {
                cache.finish_build(now, (self.build_failure)(cache), &self.behavior, self.failed_for, &mut self.rng);
            }
            caches.retain(|_, cache| !cache.has_ended(now));
        }
    }

    /// Issues temporary credentials for `identity`.
    pub fn issue(&mut self, identity: Identity, seconds: u64, now: Timestamp) -> Session {
        self.sts.issue(&mut self.rng, identity, seconds, now)
    }

    /// The identity of the key, and the secret key for checking the signature.
    ///
    /// # Errors
    ///
    /// `AuthFailure.SecretIdNotFound`, `AuthFailure.TokenFailure`.
    pub fn authenticate(
        &self,
        secret_id: &str,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<(Identity, String), ApiError> {
        if let Some(session) = self.sts.authenticate(secret_id, token, now)? {
            return Ok(session);
        }
        let key = self.keys.iter().find(|key| key.secret_id == secret_id).ok_or_else(|| {
            ApiError::new(
                "AuthFailure.SecretIdNotFound",
                "The SecretId is not found, please ensure that your SecretId is correct.",
            )
        })?;
        if token.is_some() {
            return Err(wrong_token());
        }
        Ok((Identity::from(key), key.secret_key.clone()))
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("behavior", &self.behavior).finish_non_exhaustive()
    }
}
