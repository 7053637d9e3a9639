//! Limits the concurrent requests to a host.
//!
//! Most registries respond to many requests as fast as to one, so requests are sent concurrently. When a registry responds that
//! there are too many, the limit is halved, and requests wait as long as the response says. The limit is raised by one after as
//! many responses as its value. Over TLS, the first request goes alone, so that the others share its HTTP/2 connection. A host to
//! which no connection can be made is not tried again for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use network::Failure;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Requests in flight to one host.
const MOST: usize = 64;
/// The minimum of the limit.
const LEAST: usize = 2;
/// How long an unreachable host is not tried again.
const UNREACHABLE_FOR: Duration = Duration::from_secs(60);

/// The gates of all hosts, by origin.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<HashMap<String, Arc<Gate>>>);

impl Gates {
    /// The gate of an origin.
    pub fn of(&self, origin: &str) -> Arc<Gate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Gate::new(origin.starts_with("https:")));
        gates.entry(origin.to_owned()).or_insert_with(make).clone()
    }
}

/// Admits a limited number of requests.
#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    bound: usize,
    in_flight: usize,
    /// Whether a first request must determine the protocol of the host.
    is_first: bool,
    not_before: Option<Instant>,
    /// Requests that ended without being throttled since the limit changed.
    ended: usize,
    /// The time of the last failed connection, and why it failed.
    unreachable: Option<(Instant, Failure)>,
}

/// An admitted request. Its place is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Pass(Arc<Gate>);

impl Gate {
    fn new(is_first: bool) -> Self {
        let state = State { bound: MOST, in_flight: 0, is_first, not_before: None, ended: 0, unreachable: None };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// Waits for a place.
    ///
    /// # Errors
    ///
    /// Why the host cannot be reached, if a recent request failed to connect.
    pub async fn enter(self: &Arc<Self>) -> Result<Pass, Failure> {
        loop {
            let changed = self.changed.notified();
            let not_before = {
                let mut state = self.lock();
                let now = Instant::now();
                if let Some((since, failure)) = &state.unreachable
                    && now < *since + UNREACHABLE_FOR
                {
                    return Err(failure.clone());
                }
                let not_before = state.not_before.filter(|instant| *instant > now);
                let bound = if state.is_first { 1 } else { state.bound };
                if not_before.is_none() && state.in_flight < bound {
                    state.in_flight += 1;
                    return Ok(Pass(Arc::clone(self)));
                }
                not_before
            };
            match not_before {
                Some(instant) => sleep_until(instant).await,
                None => changed.await,
            }
        }
    }

    fn slow_down(&self, wait: Duration) {
        let mut state = self.lock();
        state.bound = (state.bound / 2).max(LEAST);
        state.ended = 0;
        let until = Instant::now().checked_add(wait);
        state.not_before = state.not_before.max(until);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts the end of a request.
    fn end(&mut self) {
        self.in_flight -= 1;
        self.ended += 1;
        if self.ended > self.bound && self.bound < MOST {
            self.bound += 1;
            self.ended = 0;
        }
    }
}

impl Pass {
    /// Lowers the limit of the host, and admits no request for the given time.
    pub fn slow_down(&self, wait: Duration) {
        self.0.slow_down(wait);
    }

    /// Admits no request for a while.
    pub fn note_unreachable(&self, failure: &Failure) {
        self.0.lock().unreachable = Some((Instant::now(), failure.clone()));
        self.0.changed.notify_waiters();
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let (was_first, has_grown) = {
            let mut state = self.0.lock();
            let bound = state.bound;
            state.end();
            (std::mem::take(&mut state.is_first), state.bound > bound)
        };
        if was_first {
            return self.0.changed.notify_waiters();
        }
        self.0.changed.notify_one();
        if has_grown {
            self.0.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::time::sleep;

    use super::*;

    /// Sends requests of one second each, and returns the maximum in flight and the total seconds.
    async fn send(gate: &Arc<Gate>, count: usize) -> (usize, u64) {
        let (in_flight, most, start) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
        join_all((0..count).map(|_| async {
            let _pass = gate.enter().await.unwrap();
            most.fetch_max(in_flight.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            sleep(Duration::from_secs(1)).await;
            in_flight.fetch_sub(1, Ordering::Relaxed);
        }))
        .await;
        (most.into_inner(), start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_bounded_per_host() {
        let gates = Gates::default();
        assert_eq!(send(&gates.of("http://a"), 200).await, (64, 4));
        assert_eq!(send(&gates.of("http://b"), 10).await, (10, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn first_request_over_tls_goes_alone() {
        let gates = Gates::default();
        for expected in [(63, 2), (64, 1)] {
            assert_eq!(send(&gates.of("https://a"), 64).await, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn throttled_host_gets_fewer_requests() {
        let gate = Gates::default().of("http://a");
        gate.slow_down(Duration::from_secs(10));
        assert_eq!(send(&gate, 64).await, (32, 12));
        for _ in 0..10 {
            gate.slow_down(Duration::ZERO);
        }
        assert_eq!(send(&gate, 4).await, (2, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn limit_grows_again_with_responses() {
        let gate = Gates::default().of("http://a");
        for _ in 0..10 {
            gate.slow_down(Duration::ZERO);
        }
        let (most, seconds) = send(&gate, 200).await;
        assert!((15..=25).contains(&most) && (15..=25).contains(&seconds), "{most} at once, {seconds} s");
        assert_eq!(send(&gate, 10_000).await.0, 64);
    }

    #[tokio::test(start_paused = true)]
    async fn unreachable_host_is_not_tried_for_a_minute() {
        let gate = Gates::default().of("https://a");
        let first = gate.enter().await.unwrap();
        let failure = Failure::transient("timed out");
        let (waiting, ()) = futures_util::future::join(gate.enter(), async { first.note_unreachable(&failure) }).await;
        assert_eq!(waiting.unwrap_err(), failure);
        drop(first);
        assert!(gate.enter().await.is_err());
        tokio::time::advance(UNREACHABLE_FOR).await;
        assert!(gate.enter().await.is_ok());
    }
}
