//! Selects the requests to which faults apply.
//!
//! Rules are evaluated in the order in which they were added, and the first match applies. If none matches, the random mix
//! may. A rule counts only the requests that it matches, so "the second `CreateImageCache`" does not depend on other calls.

use std::fmt;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::fault::Fault;
use crate::recorder::Request;

impl Fault {
    /// A rule that applies this fault to every call of `action`; [`Rule`] has methods to narrow it.
    /// The metadata service's requests have the action `metadata`.
    pub fn on(self, action: impl Into<String>) -> Rule {
        let action = action.into();
        self.when(move |request| request.action == action)
    }

    /// A rule that applies this fault to every request that satisfies `predicate`.
    pub fn when(self, predicate: impl Fn(&Request) -> bool + Send + 'static) -> Rule {
        Rule { fault: self, predicate: Box::new(predicate), skip: 0, times: None }
    }
}

/// When a fault applies.
pub struct Rule {
    fault: Fault,
    predicate: Box<dyn Fn(&Request) -> bool + Send>,
    skip: usize,
    times: Option<usize>,
}

impl Rule {
    /// Only the `n`th request that matches, counted from 1.
    pub fn nth(self, n: usize) -> Self {
        self.after(n.saturating_sub(1)).times(1)
    }

    /// Lets the first `n` requests that match pass.
    pub fn after(self, n: usize) -> Self {
        Self { skip: n, ..self }
    }

    /// At most `n` times.
    pub fn times(self, n: usize) -> Self {
        Self { times: Some(n), ..self }
    }

    fn strikes(&mut self, request: &Request) -> bool {
        if self.times == Some(0) || !(self.predicate)(request) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.times = self.times.map(|left| left - 1);
        true
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, skip, times, .. } = self;
        f.debug_struct("Rule").field("fault", fault).field("skip", skip).field("times", times).finish_non_exhaustive()
    }
}

/// All rules, and the random mix.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    mix: Option<Mix>,
}

#[derive(Debug)]
struct Mix {
    rng: StdRng,
    rate: f64,
    faults: Vec<Fault>,
}

impl Faults {
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub fn mix(&mut self, seed: u64, rate: f64, faults: Vec<Fault>) {
        self.mix = Some(Mix { rng: StdRng::seed_from_u64(seed), rate: rate.clamp(0.0, 1.0), faults });
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The fault for this request, which is counted.
    pub fn strike(&mut self, request: &Request) -> Option<Fault> {
        if let Some(rule) = self.rules.iter_mut().find_map(|rule| rule.strikes(request).then_some(rule)) {
            return Some(rule.fault.clone());
        }
        let Mix { rng, rate, faults } = self.mix.as_mut()?;
        if rng.random_bool(*rate) { faults.choose(rng).cloned() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn strikes(faults: &mut Faults, actions: &[&str]) -> Vec<bool> {
        actions.iter().map(|action| faults.strike(&Request::of_action(action)).is_some()).collect()
    }

    #[test]
    fn rule_counts_only_its_matches() {
        let mut faults = Faults::default();
        faults.add(Fault::Throttled.on("CreateImageCache").nth(2));
        let actions = ["CreateImageCache", "DescribeImageCaches", "CreateImageCache", "CreateImageCache"];
        assert_eq!(strikes(&mut faults, &actions), [false, false, true, false]);
    }

    #[test]
    fn skipping_and_times_combine() {
        let mut faults = Faults::default();
        faults.add(Fault::EmptyBody.when(|_| true).after(1).times(2));
        assert_eq!(strikes(&mut faults, &["a", "b", "c", "d"]), [false, true, true, false]);
    }

    #[test]
    fn first_matching_rule_applies() {
        let mut faults = Faults::default();
        faults.add(Fault::Throttled.on("a").times(1));
        faults.add(Fault::EmptyBody.when(|_| true));
        let mut strike = || faults.strike(&Request::of_action("a"));
        assert_eq!([strike(), strike()], [Some(Fault::Throttled), Some(Fault::EmptyBody)]);
    }

    #[test]
    fn mix_depends_on_seed_and_rate() {
        let struck = |seed, rate| {
            let mut faults = Faults::default();
            faults.mix(seed, rate, Fault::all(Duration::ZERO));
            (0..1000).map(|_| faults.strike(&Request::of_action("a"))).collect::<Vec<_>>()
        };
        assert_eq!(struck(7, 0.3), struck(7, 0.3));
        assert_ne!(struck(7, 0.3), struck(8, 0.3));
        assert_eq!(struck(7, 0.0).iter().flatten().count(), 0);
        assert_eq!(struck(7, 1.0).iter().flatten().count(), 1000);
        let count = struck(7, 0.3).iter().flatten().count();
        assert!((200..400).contains(&count), "{count}");
    }

    #[test]
    fn clear_removes_rules_and_mix() {
        let mut faults = Faults::default();
        faults.add(Fault::Throttled.when(|_| true));
        faults.mix(1, 1.0, vec![Fault::EmptyBody]);
        faults.clear();
        assert_eq!(strikes(&mut faults, &["a"]), [false]);
    }
}
