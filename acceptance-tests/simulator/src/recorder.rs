//! Records all requests in the order of arrival, with their outcomes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fault::Fault;

/// A request, and its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `X-TC-Action`, or `metadata` for the metadata service; empty if the header is missing.
    pub action: String,
    /// `X-TC-Version`.
    pub version: String,
    /// The service in the scope of the signature; `None` for unsigned requests.
    pub service: Option<String>,
    /// `X-TC-Region`.
    pub region: Option<String>,
    /// By lower-case name, including `authorization`.
    pub headers: BTreeMap<String, String>,
    /// The JSON body; null if it is not JSON. For the metadata service, the path as a string.
    pub body: Value,
    pub received: Instant,
    pub outcome: Outcome,
}

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Not responded yet.
    Open,
    Responded,
    /// Refused with this error code.
    Refused(String),
    /// Affected by this fault; `acted` is whether the action was carried out successfully.
    Faulted {
        fault: Fault,
        acted: bool,
    },
}

/// The maximum number of kept requests, so that memory is bounded; tests make far fewer.
const KEPT: usize = 20_000;

/// Keeps the most recent requests until they are cleared.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Record>);

#[derive(Debug, Default)]
struct Record {
    requests: VecDeque<Request>,
    /// The number of cleared or dropped requests, so that tickets of requests in flight stay valid.
    cleared: usize,
}

impl Recorder {
    /// Records an arrival. The ticket is for [`Recorder::finish`].
    pub fn begin(&self, request: Request) -> usize {
        self.with(|record| {
            if record.requests.len() == KEPT {
                record.requests.pop_front();
                record.cleared += 1;
            }
            record.requests.push_back(request);
            record.cleared + record.requests.len() - 1
        })
    }

    pub fn finish(&self, ticket: usize, outcome: Outcome) {
        self.with(|record| {
            let request = ticket.checked_sub(record.cleared).and_then(|i| record.requests.get_mut(i));
            if let Some(request) = request {
                request.outcome = outcome;
            }
        });
    }

    pub fn requests(&self) -> Vec<Request> {
        self.with(|record| record.requests.iter().cloned().collect())
    }

    pub fn count(&self, action: &str) -> usize {
        self.with(|record| record.requests.iter().filter(|request| request.action == action).count())
    }

    pub fn clear(&self) {
        self.with(|record| {
            record.cleared += record.requests.len();
            record.requests.clear();
        });
    }

    /// The highest number of requests of `action` to one region within one second.
    pub fn highest_rate(&self, action: &str) -> usize {
        self.with(|record| {
            let mut windows: BTreeMap<Option<&str>, VecDeque<Instant>> = BTreeMap::new();
            let mut highest = 0;
            for request in record.requests.iter().filter(|request| request.action == action) {
                let window = windows.entry(request.region.as_deref()).or_default();
                window.push_back(request.received);
                while window.front().is_some_and(|first| request.received - *first >= Duration::from_secs(1)) {
                    window.pop_front();
                }
                highest = highest.max(window.len());
            }
            highest
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Record) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
impl Request {
    pub(crate) fn of_action(action: &str) -> Self {
        Self {
            action: action.to_owned(),
            version: String::new(),
            service: None,
            region: None,
            headers: BTreeMap::new(),
            body: Value::Null,
            received: Instant::now(),
            outcome: Outcome::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcome_of_a_cleared_request_is_dropped() {
        let recorder = Recorder::default();
        let first = recorder.begin(Request::of_action("a"));
        recorder.clear();
        let second = recorder.begin(Request::of_action("b"));
        recorder.finish(first, Outcome::Refused("x".to_owned()));
        assert_eq!(recorder.requests()[0].outcome, Outcome::Open);
        recorder.finish(second, Outcome::Responded);
        assert_eq!(recorder.requests()[0].outcome, Outcome::Responded);
        assert_eq!((recorder.count("a"), recorder.count("b")), (0, 1));
    }

    #[test]
    fn old_requests_are_dropped() {
        let recorder = Recorder::default();
        let first = recorder.begin(Request::of_action("a"));
        let tickets: Vec<_> = (0..KEPT).map(|_| recorder.begin(Request::of_action("b"))).collect();
        recorder.finish(first, Outcome::Responded);
        recorder.finish(tickets[KEPT - 1], Outcome::Responded);
        assert_eq!((recorder.count("a"), recorder.count("b")), (0, KEPT));
        let requests = recorder.requests();
        assert_eq!((&requests[0].outcome, &requests[KEPT - 1].outcome), (&Outcome::Open, &Outcome::Responded));
    }

    #[test]
    fn highest_rate_is_per_region() {
        let recorder = Recorder::default();
        let start = Instant::now();
        for (milliseconds, region) in
            [(0, "r"), (500, "r"), (600, "s"), (999, "r"), (1000, "r"), (1499, "r"), (3000, "r")]
        {
            recorder.begin(Request {
                received: start + Duration::from_millis(milliseconds),
                region: Some(region.to_owned()),
                ..Request::of_action("a")
            });
        }
        assert_eq!(recorder.highest_rate("a"), 4);
        assert_eq!(recorder.highest_rate("b"), 0);
    }
}
