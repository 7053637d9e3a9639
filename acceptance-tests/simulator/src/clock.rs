//! The time of the simulated cloud: what happens after a while is a question to this clock, never a timer.
//!
//! There are two times, because a test moves them for different reasons:
//!
//! - [`Clock::now`] is the time in which builds end, caches and credentials expire. [`Clock::advance`] moves it.
//! - [`Clock::server_time`] is what the server takes for the time of day: its `Date` header and the age of
//!   signatures. It is the wall clock plus [`Clock::set_skew`], so moving the first does not refuse every client.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A clock that the test owns; clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<State>);

#[derive(Debug)]
struct State {
    /// The time at which a manual clock stands, before what was added to it; `None` runs with the wall clock.
    stopped_at: Option<Timestamp>,
    advanced_nanoseconds: AtomicI64,
    skew_seconds: AtomicI64,
}

impl Clock {
    /// Runs with the wall clock, plus what [`Clock::advance`] adds.
    pub fn real() -> Self {
        Self::new(None)
    }

    /// Stands still: builds end only by [`Clock::advance`] or by [`Simulator::finish_build`](crate::Simulator::finish_build).
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

    /// Makes the server's idea of the time of day wrong by so many seconds; negative is late.
    pub fn set_skew(&self, seconds: i64) {
        self.0.skew_seconds.store(seconds, Ordering::Relaxed);
    }

    /// The time of day by which the server checks signatures, and its `Date` header.
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
    fn skew_moves_the_time_of_day_only() {
        let clock = Clock::manual();
        let before = clock.now();
        clock.set_skew(-600);
        assert!(clock.server_time() < Timestamp::now() - SignedDuration::from_secs(590));
        assert_eq!(clock.now(), before);
    }
}
