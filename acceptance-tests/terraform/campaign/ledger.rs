//! The results of the campaign: statistics, and differences between cloud, state and configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use tencentcloud_simulator::{Fault, Moment, Outcome};

use super::fleet::{Fleet, LABEL};
use super::kill::Kill;
use crate::harness::config::REGION;
use crate::harness::run::Run;
use crate::harness::workspace::Workspace;

/// The results of some rounds.
#[derive(Debug, Default)]
pub struct Ledger {
    rounds: usize,
    sudden_rounds: usize,
    faults: BTreeMap<&'static str, usize>,
    lost: usize,
    doubled: usize,
    orphaned: usize,
    replaced: usize,
    /// Caches that are not in the state because of SIGKILL.
    unsaved: usize,
    /// The time from the creation until Terraform received the ID, with and without `wait_for_ready`.
    windows: BTreeMap<bool, Vec<Duration>>,
    /// A sentence for each violation.
    pub wrong: Vec<String>,
}

impl Ledger {
    /// A round: `disturbed` runs Terraform with the injected faults, then an undisturbed apply follows, and the result is compared.
    pub fn round(
        &mut self,
        name: &str,
        workspace: &Workspace,
        fleet: &Fleet,
        kill: Kill,
        disturbed: impl FnOnce() -> Run,
    ) {
        let cloud = &workspace.cloud;
        let before = managed(workspace);
        cloud.clear_requests();
        let run = disturbed();
        cloud.clear_faults();
        self.rounds += 1;
        self.sudden_rounds += usize::from(kill.is_sudden());
        for request in cloud.requests() {
            if let Outcome::Faulted { fault, .. } = &request.outcome {
                *self.faults.entry(kind(fault)).or_default() += 1;
            }
        }
        self.measure_windows(workspace, fleet, &run);
        let between = managed(workspace);
        let unsaved = unsaved(workspace, &run, kill);

        workspace.apply().succeeds();
        for id in &unsaved {
            cloud.delete_cache(REGION, id);
        }
        self.unsaved += unsaved.len();
        let after = managed(workspace);
        for (from, to) in [(&before, &between), (&between, &after)] {
            for (label, id) in from {
                if fleet.0.contains_key(label) && to.get(label).is_some_and(|new| new != id) {
                    self.replaced += 1;
                    self.wrong.push(format!("{name}: {label} was replaced"));
                }
            }
        }
        self.compare(name, workspace, fleet, &after);
    }

    /// Compares cloud, state and configuration, and removes incorrect caches from the cloud, so that later rounds are not affected.
    fn compare(&mut self, name: &str, workspace: &Workspace, fleet: &Fleet, managed: &BTreeMap<String, String>) {
        let caches = workspace.cloud.caches(REGION);
        for (label, spec) in &fleet.0 {
            let id = managed.get(label);
            match caches.iter().find(|cache| Some(&cache.id) == id) {
                Some(cache) => {
                    let difference = spec.difference(label, cache);
                    self.wrong.extend(difference.map(|difference| format!("{name}: {label}: {difference}")));
                }
                None => {
                    self.lost += 1;
                    self.wrong.push(format!("{name}: {label} is lost: {id:?} is not in the cloud"));
                }
            }
        }
        for label in managed.keys().filter(|label| !fleet.0.contains_key(*label)) {
            self.wrong.push(format!("{name}: {label} is still in the state"));
        }
        for cache in caches.iter().filter(|cache| !managed.values().any(|id| *id == cache.id)) {
            let label = cache.tags.get(LABEL).map(String::as_str).unwrap_or_default();
            let (count, what) = if fleet.0.contains_key(label) {
                (&mut self.doubled, "doubled")
            } else {
                (&mut self.orphaned, "orphaned")
            };
            *count += 1;
            self.wrong.push(format!("{name}: {label} is {what}: {} is not in the state", cache.id));
            workspace.cloud.delete_cache(REGION, &cache.id);
        }
    }

    /// Measures the time from each `CreateImageCache` to Terraform's message that the cache is created.
    fn measure_windows(&mut self, workspace: &Workspace, fleet: &Fleet, run: &Run) {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let requests = workspace.cloud.requests();
        for (label, heard) in created(run) {
            let made = requests.iter().find(|r| r.action == "CreateImageCache" && is_labelled(&r.body, &label));
            let Some(made) = made else { continue };
            let since_made = now.duration_since(made.received);
            let since_heard = wall.duration_since(heard.into()).unwrap_or_default();
            let waits = fleet.0.get(&label).is_some_and(|spec| spec.waits);
            self.windows.entry(waits).or_default().push(since_made.saturating_sub(since_heard));
        }
    }

    pub fn plus(mut self, other: Self) -> Self {
        self.rounds += other.rounds;
        self.sudden_rounds += other.sudden_rounds;
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.orphaned += other.orphaned;
        self.replaced += other.replaced;
        self.unsaved += other.unsaved;
        for (waits, windows) in other.windows {
            self.windows.entry(waits).or_default().extend(windows);
        }
        self.wrong.extend(other.wrong);
        self
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, sudden_rounds, lost, doubled, orphaned, replaced, unsaved, .. } = self;
        let faults: Vec<_> = self.faults.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let median = |waits| {
            let mut windows = self.windows.get(&waits).cloned().unwrap_or_default();
            windows.sort();
            windows.get(windows.len() / 2).copied().unwrap_or_default()
        };
        write!(
            f,
            "{rounds} rounds; faults: {}; lost {lost}, doubled {doubled}, orphaned {orphaned}, replaced {replaced}; \
             SIGKILL in {sudden_rounds} rounds, caches that did not get into the state: {unsaved}; Terraform hears of a cache \
             {:.1?} after its creation when it waits for the build, and {:.1?} when it does not (medians)",
            faults.join(", "),
            median(true),
            median(false),
        )
    }
}

/// The IDs in the state, by label.
fn managed(workspace: &Workspace) -> BTreeMap<String, String> {
    let state = workspace.state();
    state.labels().map(|label| (label.to_owned(), state.id(&format!("eks_image_cache.{label}")).to_owned())).collect()
}

/// The caches that are not in the state because of SIGKILL, one for each resource without an object: a second one is doubled.
///
/// Terraform prints that a cache is created before it writes the state file, so its messages count only if only the provider was
/// killed.
fn unsaved(workspace: &Workspace, run: &Run, kill: Kill) -> Vec<String> {
    let must_be_saved: BTreeSet<String> = match kill {
        Kill::Nothing | Kill::Interrupt => return Vec::new(),
        Kill::Provider => created(run).map(|(label, _)| label).collect(),
        Kill::Terraform => BTreeSet::new(),
    };
    let managed = managed(workspace);
    let caches = workspace.cloud.caches(REGION);
    let unsaved = caches.iter().filter_map(|cache| {
        let label = cache.tags.get(LABEL)?;
        (!managed.contains_key(label) && !must_be_saved.contains(label)).then_some((label, &cache.id))
    });
    BTreeMap::from_iter(unsaved).into_values().cloned().collect()
}

/// The labels of the caches that a run reports as created, with the time.
fn created(run: &Run) -> impl Iterator<Item = (String, Timestamp)> {
    run.messages().filter_map(|message| {
        let hook = &message["hook"];
        let created = message["type"] == "apply_complete" && hook["action"] == "create";
        let label = hook["resource"]["resource_name"].as_str().filter(|_| created)?;
        Some((label.to_owned(), message["@timestamp"].as_str()?.parse().ok()?))
    })
}

fn is_labelled(body: &serde_json::Value, label: &str) -> bool {
    let tags = body["Tags"].as_array().into_iter().flatten();
    tags.into_iter().any(|tag| tag["Key"] == LABEL && tag["Value"] == label)
}

fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Reset(Moment::BeforeActing) => "reset before",
        Fault::Reset(Moment::AfterActing) => "reset after",
        Fault::BadGateway(Moment::BeforeActing) => "502 before",
        Fault::BadGateway(Moment::AfterActing) => "502 after",
        Fault::InternalError(Moment::BeforeActing) => "InternalError before",
        Fault::InternalError(Moment::AfterActing) => "InternalError after",
        Fault::Throttled => "throttled",
        Fault::TruncatedJson => "half the JSON",
        Fault::EmptyBody => "empty body",
        Fault::Replaced { .. } => "another text",
        Fault::Delay(_) => "slow before",
        Fault::DelayedResponse(_) => "slow after",
        Fault::AuthFailure | Fault::Error { .. } => "refused",
    }
}
