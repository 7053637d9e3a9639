//! The time of the simulated cloud: delayed effects are evaluated by this clock, not by timers.
//!
//! There are two times, which a test changes for different reasons:
//!
//! - [`Clock::now`] determines when builds end, and when caches and credentials expire. [`Clock::advance`] moves it.
//! - [`Clock::server_time`] is the server's wall clock: its `Date` header, and the reference for the age of signatures. It is the
//!   real time plus [`Clock::set_skew`], so that moving the first does not invalidate signatures.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A clock that a test controls; clones share the time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<State>);

#[derive(Debug)]
struct State {
    /// The initial time of a manual clock; `None` follows the wall clock.
    stopped_at: Option<Timestamp>,
    advanced_nanoseconds: AtomicI64,
    skew_seconds: AtomicI64,
}

impl Clock {
    /// Follows the wall clock, plus the time that [`Clock::advance`] adds.
    pub fn real() -> Self {
        Self::new(None)
    }

    /// Does not move: builds end only by [`Clock::advance`] or by [`Simulator::finish_build`](crate::Simulator::finish_build).
    pub fn manual() -> Self {
        Self::new(Some(Timestamp::now()))
    }

    fn new(stopped_at: Option<Timestamp>) -> Self {
        Self(Arc::new(State { stopped_at, advanced_nanoseconds: AtomicI64::new(0), skew_seconds: AtomicI64::new(0) }))
    }

    /// The time of the simulated cloud.
    pub fn now(&self) -> Timestamp {
        let base = self.0.stopped_at.unwrap_or_else(Timestamp::now);
        base + SignedDuration::from_nanos(self.0.advanced_nanoseconds.load(Ordering::Relaxed))
    }

    /// Moves [`Clock::now`] forward, at most 290 years in all.
    pub fn advance(&self, by: Duration) {
        let nanoseconds = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        self.0.advanced_nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Sets the offset of the server's wall clock in seconds; negative is slow.
    pub fn set_skew(&self, seconds: i64) {
        self.0.skew_seconds.store(seconds, Ordering::Relaxed);
    }

    /// The server's wall clock, for checking signatures and for its `Date` header.
    pub fn server_time(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.skew_seconds.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manual_clock_moves_by_advance_only() {
        let clock = Clock::manual();
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(clock.clone().now(), before + SignedDuration::from_hours(1));
    }

    #[test]
    fn skew_moves_the_wall_clock_only() {
        let clock = Clock::manual();
        let before = clock.now();
        clock.set_skew(-600);
        assert!(clock.server_time() < Timestamp::now() - SignedDuration::from_secs(590));
        assert_eq!(clock.now(), before);
    }
}
