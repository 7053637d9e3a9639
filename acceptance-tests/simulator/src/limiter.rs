//! The request limit of the API: a number of requests per second for each action and region.
//!
//! The documentation does not say how the real service measures a second; here it is the second before the request, so that a
//! window boundary does not allow a double burst.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::error::ApiError;

/// Counts accepted requests.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    per_second: Option<usize>,
    /// By action and region, the arrivals within the last second.
    passed: HashMap<(&'static str, String), VecDeque<Instant>>,
}

impl Limiter {
    pub fn set(&mut self, per_second: Option<u32>) {
        self.per_second = per_second.map(|limit| limit as usize);
    }

    /// # Errors
    ///
    /// `RequestLimitExceeded` if `per_second` requests were accepted within the last second. Refused requests do not count.
    pub fn check(&mut self, action: &'static str, region: &str, now: Instant) -> Result<(), ApiError> {
        let Some(limit) = self.per_second else { return Ok(()) };
        let passed = self.passed.entry((action, region.to_owned())).or_default();
        while passed.front().is_some_and(|first| now.saturating_duration_since(*first) >= Duration::from_secs(1)) {
            passed.pop_front();
        }
        if passed.len() >= limit {
            return Err(ApiError::throttled(limit));
        }
        passed.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_and_region_has_its_own_second() {
        let mut limiter = Limiter::default();
        let start = Instant::now();
        let mut passes = |action, region, milliseconds| {
            limiter.set(Some(2));
            limiter.check(action, region, start + Duration::from_millis(milliseconds)).is_ok()
        };
        assert_eq!(["a", "a", "a"].map(|action| passes(action, "r", 0)), [true, true, false]);
        assert!(passes("b", "r", 0) && passes("a", "s", 0));
        assert!(!passes("a", "r", 999));
        assert!(passes("a", "r", 1000));
    }

    #[test]
    fn no_limit_is_the_default() {
        let mut limiter = Limiter::default();
        let now = Instant::now();
        assert!((0..1000).all(|_| limiter.check("a", "r", now).is_ok()));
    }
}
