//! The quota: a number of calls in any second for each action in each region, as the service counts them.
//!
//! Callers of one action and region queue in a [`Lane`], first come, first served. A call leaves at once while fewer calls
//! than the quota have left within the last second. No call is refused. Other programs use the same quota: when the API
//! still returns `RequestLimitExceeded`, the lane halves its rate, and recovers step by step.

use std::{
    collections::{HashMap, VecDeque},
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// The documented quota of the image-cache actions, in calls a second:
/// <https://cloud.tencent.com/document/api/457/70859>.
pub const DEFAULT_REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");

/// The second in which calls are counted, and a margin: a call with less latency than its predecessors must not arrive
/// within their second.
const WINDOW: Duration = Duration::from_millis(1050);

/// How long a lane keeps its rate after it slowed down, and after each step up.
const STEP: Duration = Duration::from_secs(2);

/// The lowest rate of a lane, in calls per second.
const FLOOR: f64 = 0.5;

/// The lanes of one provider configuration, created when first needed.
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
    /// When the most recent calls left, as many as the quota, oldest first.
    departures: VecDeque<Instant>,
    /// Calls a second, at present and at most.
    rate: f64,
    quota: f64,
    changed: Instant,
}

impl Lane {
    fn new(requests_per_second: NonZeroU32) -> Self {
        let quota = f64::from(requests_per_second.get());
        let pace = Pace { departures: VecDeque::new(), rate: quota, quota, changed: Instant::now() };
        Self { pace: tokio::sync::Mutex::new(pace), throttled: AtomicBool::new(false) }
    }

    /// Returns when it is this caller's turn.
    pub async fn turn(&self) {
        let mut pace = self.pace.lock().await;
        pace.adapt(self.throttled.swap(false, Ordering::Relaxed));
        if let Some(free) = pace.next_departure() {
            sleep_until(free).await;
        }
        pace.depart();
    }

    /// Notes that the API throttled a call, although this lane kept its rate.
    pub fn throttled(&self) {
        self.throttled.store(true, Ordering::Relaxed);
    }
}

impl Pace {
    /// Halves the rate when throttled, once for all calls that were throttled together; adds a tenth of the quota for every
    /// [`STEP`] without throttling.
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
    }

    /// When the next call may leave; `None` for at once, because fewer calls than the rate have left so far.
    fn next_departure(&self) -> Option<Instant> {
        // A rate below one call per second is one call in a longer time.
        let calls = self.rate.max(1.0) as usize;
        let window = WINDOW.div_f64(self.rate.min(1.0));
        let earlier = self.departures.len().checked_sub(calls)?;
        Some(self.departures[earlier] + window)
    }

    fn depart(&mut self) {
        self.departures.push_back(Instant::now());
        while self.departures.len() > self.quota as usize {
            self.departures.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use proptest::prelude::*;
    use tokio::time::sleep;

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
    async fn small_workspace_does_not_wait() {
        let lane = limiter_of(20).lane("tke", "DescribeImageCaches", Some("ap-guangzhou"));
        let departures = departures(&lane, 100).await;
        assert_eq!(departures[19], Duration::ZERO);
        assert_eq!(departures[99], 4 * WINDOW);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_second_has_more_calls_than_the_quota(quota in 1_u32..30, pauses in prop::collection::vec(0_u64..400, 1..120)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let departures = runtime.block_on(async {
                let lane = limiter_of(quota).lane("tke", "A", None);
                let start = Instant::now();
                let mut arrival = 0;
                let calls = pauses.iter().map(|pause| {
                    // Three of four arrive together with the one before.
                    arrival += pause.saturating_sub(300) * 10;
                    let (lane, arrival) = (&lane, Duration::from_millis(arrival));
                    async move {
                        sleep(arrival).await;
                        lane.turn().await;
                        (arrival, start.elapsed())
                    }
                });
                join_all(calls).await
            });
            let quota = quota as usize;
            for (i, (arrival, departure)) in departures.iter().enumerate() {
                let second = departures.iter().filter(|(_, other)| other >= departure && *other < *departure + Duration::from_secs(1));
                prop_assert!(second.count() <= quota);
                // It waited only because the quota was used up.
                if departure > arrival {
                    let earlier = i.checked_sub(quota).map(|earlier| departures[earlier].1);
                    prop_assert!(earlier.is_some_and(|earlier| *departure <= earlier + WINDOW + Duration::from_millis(2)));
                }
            }
        }
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
    async fn throttled_lane_slows_down_and_recovers() {
        let lane = limiter_of(20).lane("tke", "A", None);
        departures(&lane, 2).await;
        // Several calls that are throttled together halve the rate once, not three times.
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
