//! Injects each fault into each call of create, update, read and delete.
//!
//! A fleet has one cache for each fault. Writes name their cache, so all faults are injected concurrently. Reads are shared, so
//! Terraform handles one cache after another (`-parallelism=1`), each with its own calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tencentcloud_simulator::{Fault, Outcome, Request, Settings};

use super::fleet::{Fleet, LABEL, Spec};
use super::kill::Kill;
use super::ledger::Ledger;
use super::{DELAY, PROVIDER};
use crate::harness::config::REGION;
use crate::harness::workspace::Workspace;

/// Each has a cloud of its own.
pub const CAMPAIGNS: [fn() -> Ledger; 3] = [lookups_and_reads, writes, polls];

const ONE_BY_ONE: &[&str] = &["apply", "-auto-approve", "-input=false", "-json", "-parallelism=1"];
const ALL_AT_ONCE: &[&str] = &["apply", "-auto-approve", "-input=false", "-json", "-parallelism=20"];

/// A fleet with one fault for each cache, in the order of their labels.
struct Turn {
    workspace: Workspace,
    fleet: Fleet,
    faults: Vec<Fault>,
    ledger: Ledger,
}

impl Turn {
    fn new(build_time: Duration) -> Self {
        let workspace = Workspace::with(Settings { build_time, ..Settings::default() });
        workspace.provider(PROVIDER);
        let faults = Fault::all(DELAY);
        let labels = (0..faults.len()).map(|i| format!("f{i:02}"));
        let fleet = Fleet(labels.map(|label| (label.clone(), Spec::named(Some(&label)))).collect());
        Self { workspace, fleet, faults, ledger: Ledger::default() }
    }

    /// Injects each fault into the first request for its cache that satisfies `predicate`.
    fn inject(&self, predicate: impl Fn(&Request, usize) -> bool + Clone + Send + 'static) {
        for (i, fault) in self.faults.iter().enumerate() {
            let predicate = predicate.clone();
            self.workspace.cloud.inject(fault.clone().when(move |request| predicate(request, i)).times(1));
        }
    }

    /// Applies the fleet with the injected faults, each of which must occur, and without them.
    fn round(&mut self, name: &str, injected: usize, arguments: &[&str]) {
        let workspace = &self.workspace;
        workspace.write(&self.fleet);
        self.ledger.round(name, workspace, &self.fleet, Kill::Nothing, || workspace.run(arguments));
        let struck = |request: &&Request| matches!(request.outcome, Outcome::Faulted { .. });
        assert_eq!(workspace.cloud.requests().iter().filter(struck).count(), injected, "{name}");
    }

    fn change(&mut self, change: impl Fn(&mut Spec)) {
        self.fleet.0.values_mut().for_each(change);
    }

    /// The index of the cache that a request names by ID or by label.
    fn positions(&self) -> impl Fn(&Request) -> Option<usize> + Clone + Send + 'static {
        let labels: Vec<String> = self.fleet.0.keys().cloned().collect();
        let caches = self.workspace.cloud.caches(REGION);
        let id =
            |label: &String| caches.iter().find(|cache| cache.tags.get(LABEL) == Some(label)).map(|c| c.id.clone());
        let ids: Vec<String> = labels.iter().map(|label| id(label).unwrap_or_default()).collect();
        move |request| {
            let body = &request.body;
            let named = |names: &[String]| names.iter().position(|name| names_it(body, name));
            named(&labels).or_else(|| named(&ids))
        }
    }

    fn end(self) -> Ledger {
        self.workspace.plan_is_empty();
        self.workspace.destroy();
        self.ledger
    }
}

/// Whether any string of the body is the name or ID.
fn names_it(body: &Value, name: &str) -> bool {
    match body {
        Value::String(text) => text == name && !name.is_empty(),
        Value::Array(values) => values.iter().any(|value| names_it(value, name)),
        Value::Object(fields) => fields.values().any(|value| names_it(value, name)),
        _ => false,
    }
}

fn writes() -> Ledger {
    let mut turn = Turn::new(Duration::from_millis(300));
    let all = turn.faults.len();
    let strike = |turn: &Turn, action: &'static str| {
        let position = turn.positions();
        turn.inject(move |request, i| request.action == action && position(request) == Some(i));
    };
    strike(&turn, "CreateImageCache");
    turn.round("create", all, ALL_AT_ONCE);
    strike(&turn, "UpdateImageCache");
    turn.change(|spec| spec.revision += 1);
    turn.round("update without a build", all, ALL_AT_ONCE);
    strike(&turn, "UpdateImageCache");
    turn.change(|spec| spec.version += 1);
    turn.round("update with a build", all, ALL_AT_ONCE);
    strike(&turn, "DeleteImageCaches");
    turn.fleet.0.clear();
    turn.round("delete", all, ALL_AT_ONCE);
    turn.end()
}

fn lookups_and_reads() -> Ledger {
    let mut turn = Turn::new(Duration::ZERO);
    let all = turn.faults.len();
    let position = turn.positions();
    turn.inject(move |request, i| !request.body["ImageCacheNames"].is_null() && position(request) == Some(i));
    turn.round("lookup before a creation", all, ONE_BY_ONE);
    // A refresh of this many caches is a call by ID and a page.
    for fault in turn.faults.clone() {
        for call in [1, 2] {
            turn.workspace.cloud.inject(fault.clone().on("DescribeImageCaches").nth(call));
            let name = format!("call {call} of a refresh, {fault:?}");
            turn.round(&name, 1, &[ONE_BY_ONE, &["-refresh-only"]].concat());
        }
    }
    turn.end()
}

fn polls() -> Ledger {
    let mut turn = Turn::new(Duration::from_millis(60));
    let all = turn.faults.len();
    // IDs are not known in advance: caches are created one after another, and each gets the next fault.
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    turn.inject(move |request, i| {
        let mut seen = seen.lock().unwrap();
        let Some(id) = request.body["ImageCacheIds"].get(0) else { return false };
        if !seen.contains(id) {
            seen.push(id.clone());
        }
        seen.iter().position(|known| known == id) == Some(i)
    });
    turn.round("wait for a creation", all, ONE_BY_ONE);
    for (name, change) in [("wait for an update", true), ("wait for a deletion", false)] {
        let position = turn.positions();
        turn.inject(move |request, i| request.action == "DescribeImageCaches" && position(request) == Some(i));
        if change {
            turn.change(|spec| spec.version += 1);
        } else {
            turn.fleet.0.clear();
        }
        // Without a refresh, whose calls would get the faults instead.
        turn.round(name, all, &[ONE_BY_ONE, &["-refresh=false"]].concat());
    }
    turn.end()
}
