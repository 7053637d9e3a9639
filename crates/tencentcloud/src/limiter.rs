//! The quota: so many calls a second for each action in each region, as the service counts them.
//!
//! Callers of one action and region queue in a [`Lane`] and leave it one by one, evenly spaced, first come first
//! served. Nobody is refused. Other programs use the same quota, so when the API still says `RequestLimitExceeded` the lane
//! slows down to half, and gains its speed back by and by.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use tokio::time::{Instant, sleep};

/// The documented quota of the image-cache actions, in calls a second:
/// <https://cloud.tencent.com/document/api/457/70859>.
pub const DEFAULT_REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");

/// Calls arrive less evenly than they were sent. A pace this much slower than the quota keeps a call that was under way a
/// little shorter than its predecessor out of the second of that.
const MARGIN: f64 = 1.02;

/// How long a lane keeps its speed after it slowed down, and again after each step up.
const STEP: Duration = Duration::from_secs(2);

/// The slowest a lane becomes, in calls a second.
const FLOOR: f64 = 0.5;

/// The lanes of one provider configuration, made as they are needed.
#[derive(Debug)]
pub struct Limiter {
    requests_per_second: NonZeroU32,
    lanes: Mutex<HashMap<Key, Arc<Lane>>>,
}

/// Service, action, region.
type Key = (&'static str, &'static str, String);

impl Limiter {
    /// A limiter of `requests_per_second` in each lane.
    pub fn new(requests_per_second: NonZeroU32) -> Self {
        Self { requests_per_second, lanes: Mutex::default() }
    }

    /// The lane of `action` in `region`.
    pub fn lane(&self, service: &'static str, action: &'static str, region: Option<&str>) -> Arc<Lane> {
        let key = (service, action, region.unwrap_or_default().to_owned());
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(key).or_insert_with(|| Arc::new(Lane::new(self.requests_per_second))))
    }
}

/// The queue for one action in one region.
#[derive(Debug)]
pub struct Lane {
    /// A Tokio mutex is fair: callers get it in the order in which they asked.
    pace: tokio::sync::Mutex<Pace>,
    throttled: AtomicBool,
}

#[derive(Debug)]
struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
    /// Calls a second, at present and at most.
    rate: f64,
    quota: f64,
    changed: Instant,
}

impl Lane {
    fn new(requests_per_second: NonZeroU32) -> Self {
        let quota = f64::from(requests_per_second.get());
        let pace = Pace { limiter: limiter(quota), rate: quota, quota, changed: Instant::now() };
        Self { pace: tokio::sync::Mutex::new(pace), throttled: AtomicBool::new(false) }
    }

    /// Returns when it is this caller's turn.
    pub async fn turn(&self) {
        let mut pace = self.pace.lock().await;
        pace.adapt(self.throttled.swap(false, Ordering::Relaxed));
        while let Err(not_yet) = pace.limiter.check() {
            sleep(not_yet.wait_time_from(pace.limiter.clock().now())).await;
        }
    }

    /// The API said that there were too many calls, although this lane kept its pace.
    pub fn throttled(&self) {
        self.throttled.store(true, Ordering::Relaxed);
    }
}

impl Pace {
    /// Half the speed when throttled, once for all the calls that were throttled together; a tenth of the quota more for
    /// every [`STEP`] without.
    fn adapt(&mut self, throttled: bool) {
        let now = Instant::now();
        let since = now.duration_since(self.changed);
        let rate = if throttled && (since >= STEP || self.rate == self.quota) {
            (self.rate / 2.0).max(FLOOR)
        } else if !throttled && self.rate < self.quota && since >= STEP {
            let steps = since.as_secs_f64().div_euclid(STEP.as_secs_f64());
            (self.rate + steps * self.quota / 10.0).min(self.quota)
        } else {
            return;
        };
        self.rate = rate;
        self.changed = now;
        self.limiter = limiter(rate);
        // A new limiter lets one call pass at once: that was the one before the change.
        let _: Result<(), _> = self.limiter.check();
    }
}

fn limiter(rate: f64) -> RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>> {
    // Evenly spaced, no burst: a burst of a second's quota, followed by the regular pace, would be twice the quota in
    // whatever second the service counts.
    let quota = Quota::with_period(Duration::from_secs_f64(MARGIN / rate)).expect("the period is longer than 0");
    RateLimiter::direct_with_clock(quota, TokioClock { origin: Instant::now() })
}

/// Tokio's clock, which tests can stop.
#[derive(Debug, Clone)]
struct TokioClock {
    origin: Instant,
}

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    fn limiter_of(requests_per_second: u32) -> Limiter {
        Limiter::new(NonZeroU32::new(requests_per_second).unwrap())
    }

    /// When each of `count` calls that arrive together leaves the lane.
    async fn departures(lane: &Lane, count: usize) -> Vec<Duration> {
        let start = Instant::now();
        let calls = (0..count).map(|_| async {
            lane.turn().await;
            start.elapsed()
        });
        join_all(calls).await
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_calls_than_the_quota() {
        let lane = limiter_of(20).lane("tke", "DescribeImageCaches", Some("ap-guangzhou"));
        let departures = departures(&lane, 100).await;
        assert!(departures.is_sorted(), "first come, first served");
        for (i, first) in departures.iter().enumerate() {
            let within = departures[i..].iter().filter(|time| **time < *first + Duration::from_secs(1)).count();
            assert!(within <= 20, "{within} calls within a second of {first:?}");
        }
        assert!(departures[99] < Duration::from_secs(6), "the quota is used: {:?}", departures[99]);
    }

    #[tokio::test(start_paused = true)]
    async fn lanes_do_not_wait_for_each_other() {
        let limiter = limiter_of(1);
        let start = Instant::now();
        for (action, region) in [("A", Some("x")), ("A", Some("y")), ("B", Some("x")), ("A", None)] {
            limiter.lane("tke", action, region).turn().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        limiter.lane("tke", "A", Some("x")).turn().await;
        assert!(start.elapsed() >= Duration::from_secs(1), "the same lane again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_lane_slows_down_and_recovers() {
        let lane = limiter_of(20).lane("tke", "A", None);
        departures(&lane, 2).await;
        // Several calls of one moment are throttled: that is one reason, not three.
        for _ in 0..3 {
            lane.throttled();
            lane.turn().await;
        }
        let slow = departures(&lane, 10).await;
        assert!(slow[9] > Duration::from_millis(900), "half the quota: {:?}", slow[9]);
        assert!(slow[9] < Duration::from_millis(1100), "not slower than half: {:?}", slow[9]);

        tokio::time::advance(STEP * 10).await;
        let quick = departures(&lane, 11).await;
        assert!(quick[10] < Duration::from_millis(600), "the quota again: {:?}", quick[10]);
    }
}
