//! The events of the container instance in which a build runs, for the reason of a failure.
//!
//! The events of a cache do not say why an image could not be pulled; those of the container instance of its build do. The instance
//! is named after the cache (`for-imc-...`, from one official example, not documented).
//!
//! Best effort, with few calls:
//!
//! | aspect | rule |
//! | --- | --- |
//! | when | after a poll that lists a cache as being built, and once more when its build has failed |
//! | how much | at most one call per poll for all caches; none while one is in flight |
//! | which | first the instances of all due caches, looked up by name in one call; then the events of one instance |
//! | how often | the pause of each cache grows with each call, up to [`LONGEST_PAUSE`] intervals |
//! | failures | calls are not retried and errors not reported; after [`MAX_FAILURES`] in a row, a cache is skipped |
//! | a missing permission | stops the calls for the run; an unsupported action, for the region |
//! | delay | none, except at most [`LAST_CALL`] after a failed build |

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use tracing::Instrument as _;

use super::RegionApi;
use tencentcloud::{
    Error,
    tke::{ContainerInstance, DescribeEKSContainerInstanceEvent, DescribeEKSContainerInstances, Event, MAX_INSTANCES},
};

/// The prefix of the instance's name, before the ID of the cache.
const NAME_PREFIX: &str = "for-";

/// Initial number of names in one look-up: the maximum number of instances in a response.
const FIRST_BATCH: usize = MAX_INSTANCES as usize;

/// A smaller number, if the API refuses a larger one. Other actions of this cloud allow five values of a filter.
const SMALLER_BATCHES: [usize; 2] = [5, 1];

/// The growth of the pause between two calls for one cache.
const GROWTH: f64 = 1.5;

/// The longest pause between two calls for one cache, in poll intervals.
const LONGEST_PAUSE: f64 = 12.0;

/// Consecutive failed calls, or look-ups without an instance, after which a cache is skipped.
const MAX_FAILURES: u32 = 5;

/// Timeout of the last call after a failed build.
const LAST_CALL: Duration = Duration::from_secs(2);

/// Maximum number of kept events of a build.
const MAX_EVENTS: usize = 200;

/// The container instance of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildInstance {
    /// `eksci-` and a suffix.
    pub id: String,
    /// `for-` and the ID of the cache.
    pub name: String,
    /// Oldest first, each once: repeated events differ only in their times.
    pub events: Vec<Event>,
}

/// The instance of a build; `None` until it is found. Calls are made while a receiver exists.
pub(super) type Receiver = watch::Receiver<Option<Arc<BuildInstance>>>;

/// The builds of one region with a wait.
#[derive(Debug)]
pub(super) struct BuildEvents {
    api: Arc<dyn RegionApi>,
    interval: Duration,
    /// Whether a permission is missing; shared by all regions.
    denied: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    builds: HashMap<String, Build>,
    /// Names in one look-up; `None` if the region does not support the actions.
    batch: Option<usize>,
    under_way: bool,
}

#[derive(Debug)]
struct Build {
    instance: watch::Sender<Option<Arc<BuildInstance>>>,
    due: Instant,
    pause: Duration,
    failures: u32,
    asked: Option<Instant>,
}

/// One call.
#[derive(Debug)]
enum Call {
    Find(Vec<String>),
    /// Events of the instance of a cache.
    Events {
        cache_id: String,
        instance_id: String,
    },
}

impl BuildEvents {
    pub(super) fn new(api: Arc<dyn RegionApi>, interval: Duration, denied: Arc<AtomicBool>) -> Self {
        let state = State { builds: HashMap::new(), batch: Some(FIRST_BATCH), under_way: false };
        Self { api, interval, denied, state: Mutex::new(state) }
    }

    /// Queries the instance of the cache `id` after polls, until the receiver is dropped.
    pub(super) fn watch(&self, id: &str) -> Receiver {
        let mut state = self.state();
        state.forget_unwatched();
        let build = state.builds.entry(id.to_owned()).or_insert_with(|| Build {
            instance: watch::Sender::new(None),
            due: Instant::now(),
            pause: self.interval,
            failures: 0,
            asked: None,
        });
        build.instance.subscribe()
    }

    /// Makes the next due call in the background, after a poll that lists the caches `building` as being built.
    pub(super) fn after_poll(self: &Arc<Self>, building: &[String]) {
        let Some(call) = self.next(building) else { return };
        let this = Arc::clone(self);
        let call = async move {
            scopeguard::defer! { this.state().under_way = false; }
            this.make(call).await;
        };
        tokio::spawn(call.in_current_span());
    }

    /// Makes a last call about a failed build, for at most [`LAST_CALL`].
    pub(super) async fn after_failure(&self, id: &str) {
        let last = async {
            let Some(call) = self.last(id) else { return };
            let is_look_up = matches!(call, Call::Find(_));
            self.make(call).await;
            if is_look_up && let Some(events) = self.last(id) {
                self.make(events).await;
            }
        };
        let _too_slow = tokio::time::timeout(LAST_CALL, last).await;
    }

    fn next(&self, building: &[String]) -> Option<Call> {
        let mut state = self.state();
        state.forget_unwatched();
        let batch = state.batch.filter(|_| !self.denied.load(Ordering::Relaxed) && !state.under_way)?;
        let now = Instant::now();
        let mut due: Vec<_> = state
            .builds
            .iter()
            .filter(|(id, build)| build.due <= now && build.failures < MAX_FAILURES && building.contains(id))
            .map(|(id, build)| (build.due, id, build.instance_id()))
            .collect();
        due.sort();
        let unknown = due.iter().filter(|(.., instance)| instance.is_none());
        let unknown: Vec<_> = unknown.take(batch).map(|(_, id, _)| (*id).clone()).collect();
        let call = if unknown.is_empty() {
            let (_, id, instance_id) = due.into_iter().next()?;
            Call::Events { cache_id: id.clone(), instance_id: instance_id? }
        } else {
            Call::Find(unknown)
        };
        state.under_way = true;
        state.begin(&call, self.interval);
        Some(call)
    }

    /// The last call about a failed build: none if one has just been made, or found nothing.
    fn last(&self, id: &str) -> Option<Call> {
        let mut state = self.state();
        state.batch.filter(|_| !self.denied.load(Ordering::Relaxed))?;
        let build = state.builds.get(id).filter(|build| build.failures < MAX_FAILURES)?;
        let call = match build.instance_id() {
            Some(instance_id) => {
                let is_fresh = build.asked.is_some_and(|asked| asked.elapsed() < self.interval / 2);
                let is_read = build.instance.borrow().as_ref().is_some_and(|instance| !instance.events.is_empty());
                if is_fresh && (is_read || build.failures > 0) {
                    return None;
                }
                Call::Events { cache_id: id.to_owned(), instance_id }
            }
            None if build.failures > 0 => return None,
            None => Call::Find(vec![id.to_owned()]),
        };
        state.begin(&call, self.interval);
        Some(call)
    }

    async fn make(&self, call: Call) {
        match call {
            Call::Find(ids) => {
                let names = ids.iter().map(|id| format!("{NAME_PREFIX}{id}")).collect();
                let request = DescribeEKSContainerInstances::named(names);
                match self.api.call(&request).await {
                    Ok(response) => self.found(&ids, &response.instances),
                    Err(error) => self.failed(&ids, true, &error),
                }
            }
            Call::Events { cache_id, instance_id } => {
                let request = DescribeEKSContainerInstanceEvent { id: instance_id, limit: MAX_INSTANCES };
                match self.api.call(&request).await {
                    Ok(response) => self.read(&cache_id, response.events),
                    Err(error) => self.failed(&[cache_id], false, &error),
                }
            }
        }
    }

    fn found(&self, ids: &[String], instances: &[ContainerInstance]) {
        let mut state = self.state();
        for id in ids {
            let Some(build) = state.builds.get_mut(id) else { continue };
            let name = format!("{NAME_PREFIX}{id}");
            // An instance of an older build of this cache may still exist.
            let named = instances.iter().filter(|instance| instance.name == name);
            let is_running = |instance: &ContainerInstance| matches!(instance.status.as_str(), "Pending" | "Running");
            match named.max_by_key(|instance| (is_running(instance), &instance.creation_time)) {
                Some(instance) => {
                    let instance = BuildInstance { id: instance.id.clone(), name, events: Vec::new() };
                    build.instance.send_replace(Some(Arc::new(instance)));
                    // Its events are due with the next poll.
                    (build.failures, build.due, build.pause) = (0, Instant::now(), self.interval);
                }
                None => build.failures += 1,
            }
        }
    }

    fn read(&self, id: &str, mut events: Vec<Event>) {
        let mut state = self.state();
        let Some(build) = state.builds.get_mut(id) else { return };
        build.failures = 0;
        let Some(mut instance) = build.instance.borrow().clone() else { return };
        // The order is not documented; in the example, the newest is first.
        events.reverse();
        let is_same = |one: &Event, other: &Event| {
            (&one.kind, &one.reason, &one.message) == (&other.kind, &other.reason, &other.message)
        };
        events.retain(|event| !instance.events.iter().any(|known| is_same(known, event)));
        events.truncate(MAX_EVENTS.saturating_sub(instance.events.len()));
        Arc::make_mut(&mut instance).events.extend(events);
        build.instance.send_replace(Some(instance));
    }

    fn failed(&self, ids: &[String], is_look_up: bool, error: &Error) {
        tracing::debug!(%error, ?ids, "cannot read events of container instances");
        let mut state = self.state();
        if error.missing_permission().is_some() {
            self.denied.store(true, Ordering::Relaxed);
            return;
        }
        let smaller = SMALLER_BATCHES.into_iter().find(|smaller| *smaller < ids.len());
        if let Some(smaller) = smaller.filter(|_| is_look_up && error.is_invalid_parameter()) {
            state.batch = Some(smaller);
            return;
        }
        if !passes(error) && !error.is_not_found() && !error.is_invalid_parameter() {
            state.batch = None;
            return;
        }
        for id in ids {
            let Some(build) = state.builds.get_mut(id) else { continue };
            build.failures += 1;
            if !is_look_up && error.is_not_found() {
                // A new instance may have replaced it. The receivers keep the events of the old one.
                build.instance.send_if_modified(|instance| {
                    *instance = None;
                    false
                });
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_unwatched(&mut self) {
        self.builds.retain(|_, build| build.instance.receiver_count() > 0);
    }

    /// Notes that `call` is made now.
    fn begin(&mut self, call: &Call, interval: Duration) {
        let ids = match call {
            Call::Find(ids) => ids.as_slice(),
            Call::Events { cache_id, .. } => std::slice::from_ref(cache_id),
        };
        let now = Instant::now();
        for id in ids {
            let Some(build) = self.builds.get_mut(id) else { continue };
            build.asked = Some(now);
            build.due = now + build.pause;
            build.pause = build.pause.mul_f64(GROWTH).min(interval.mul_f64(LONGEST_PAUSE));
        }
    }
}

impl Build {
    fn instance_id(&self) -> Option<String> {
        self.instance.borrow().as_ref().map(|instance| instance.id.clone())
    }
}

/// Whether the error is transient.
fn passes(error: &Error) -> bool {
    error.is_rate_limited() || error.is_not_connected() || error.outcome_unknown() || error.is_unsupported_now()
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio::time::sleep;
    use tokio_util::sync::CancellationToken;

    use super::{
        super::{
            Goal, ImageCaches, Observation, WaitError,
            fake::{Fake, Fault, INTERVAL, REGION, until},
        },
        *,
    };
    use tencentcloud::tke::{CreateImageCache, Status};

    /// A cloud in which builds take `seconds` and end with `outcome`.
    fn cloud(seconds: u64, outcome: Status) -> (Arc<Fake>, ImageCaches) {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(seconds);
        fake.state().outcome = Some(outcome);
        (fake, caches)
    }

    async fn create(caches: &ImageCaches, name: &str) -> String {
        let request = CreateImageCache { image_cache_name: name.to_owned(), ..Default::default() };
        caches.create(REGION, request, &until()).await.unwrap()
    }

    /// Waits for the build of a cache. Returns the events of its instances in order, and the result of the wait.
    async fn wait(caches: &ImageCaches, id: &str) -> (Vec<String>, Result<(), WaitError>) {
        let mut messages = Vec::new();
        let mut on_change = |observed: Observation<'_>| {
            if let Observation::Instance(instance) = observed {
                messages = instance.events.iter().map(|event| event.message.clone()).collect();
            }
        };
        let (timeout, never) = (Duration::from_secs(7200), CancellationToken::new());
        let waited = caches.wait_for(REGION, id, Goal::READY, timeout, &never, &mut on_change).await;
        (messages, waited.map(drop))
    }

    /// Calls for container instances, of both kinds.
    fn calls(fake: &Fake) -> usize {
        let state = fake.state();
        state.instance_lookups.len() + state.event_reads.len()
    }

    #[tokio::test(start_paused = true)]
    async fn events_arrive_during_the_build() {
        let (fake, caches) = cloud(600, Status::Failed);
        let id = create(&caches, "web").await;
        fake.add_instance(&id, "Running", &["pulling", "no space left on device"]);
        let (events, waited) = wait(&caches, &id).await;
        assert_eq!(events, ["pulling", "no space left on device"]);
        assert!(matches!(waited, Err(WaitError::Failed(_))));
        assert_eq!(fake.state().instance_lookups, [1], "found once");
        let reads = fake.state().event_reads.len();
        assert!((5..20).contains(&reads), "{reads} reads in ten minutes");
    }

    #[tokio::test(start_paused = true)]
    async fn builds_share_one_additional_call_per_poll() {
        let (fake, caches) = cloud(1800, Status::Ready);
        let ids = join_all((0..50).map(|i| {
            let caches = &caches;
            async move { create(caches, &format!("cache-{i}")).await }
        }));
        let ids = ids.await;
        ids.iter().for_each(|id| fake.add_instance(id, "Running", &[id]));
        let waits = join_all(ids.iter().map(|id| wait(&caches, id))).await;
        for (id, (events, waited)) in ids.iter().zip(waits) {
            waited.unwrap();
            assert_eq!(events, [id.as_str()]);
        }
        let polls = fake.state().describes.iter().filter(|call| !call.image_cache_ids.is_empty()).count();
        assert!(calls(&fake) <= polls, "{} calls for {polls} polls", calls(&fake));
        assert_eq!(fake.state().instance_lookups[0], 50, "all in one look-up");
    }

    #[tokio::test(start_paused = true)]
    async fn early_failure_is_queried_once() {
        let (fake, caches) = cloud(1, Status::Failed);
        let id = create(&caches, "web").await;
        fake.add_instance(&id, "Failed", &["401 Unauthorized"]);
        assert_eq!(wait(&caches, &id).await.0, ["401 Unauthorized"]);
        let state = fake.state();
        assert_eq!((state.instance_lookups.len(), state.event_reads.len()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn failure_after_a_read_is_not_queried_again() {
        let (fake, caches) = cloud(14, Status::Failed);
        let id = create(&caches, "web").await;
        fake.add_instance(&id, "Running", &["i/o timeout"]);
        assert_eq!(wait(&caches, &id).await.0, ["i/o timeout"]);
        let polls = fake.state().describes.len();
        assert!(calls(&fake) <= polls, "{} calls for {polls} polls", calls(&fake));
    }

    #[tokio::test(start_paused = true)]
    async fn wait_does_not_depend_on_events() {
        let ended = async |fault: Option<Fault>, instance: bool| {
            let (fake, caches) = cloud(600, Status::Failed);
            for _ in 0..100 {
                fault.iter().for_each(|fault| fake.fault("instances", fault.clone()));
            }
            let id = create(&caches, "web").await;
            if instance {
                fake.add_instance(&id, "Running", &["i/o timeout"]);
            }
            let (events, waited) = wait(&caches, &id).await;
            assert!(matches!(waited, Err(WaitError::Failed(_))));
            // Pauses between polls have jitter, so the time is measured from the poll that listed the failure.
            let delay = fake.state().described_at.unwrap().elapsed();
            let shown = (events.len(), delay, calls(&fake));
            wait(&caches, &id).await.1.unwrap_err();
            shown
        };
        for (case, fault, most) in [
            ("no instance", None, 5),
            ("no permission", Some(Fault::Code("InternalError.CamNoAuth")), 1),
            ("no permission", Some(Fault::Code("UnauthorizedOperation.CamNoAuth")), 1),
            ("not offered", Some(Fault::Code("InvalidAction")), 1),
            ("throttled", Some(Fault::Code("RequestLimitExceeded")), 5),
            ("internal error", Some(Fault::Code("InternalError")), 5),
            ("a gateway", Some(Fault::Html(502)), 5),
            ("no response", Some(Fault::LostBefore), 5),
            ("slow", Some(Fault::Late(Duration::from_secs(3600))), 2),
        ] {
            let (events, delay, calls) = ended(fault.clone(), fault.is_some()).await;
            assert_eq!(events, 0, "{case}");
            assert!(delay <= LAST_CALL + Duration::from_secs(1), "{case}: {delay:?} more");
            assert!(calls <= most, "{case}: {calls} calls");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn missing_permission_stops_the_calls_of_the_run() {
        let (fake, caches) = cloud(60, Status::Ready);
        fake.fault("instances", Fault::Code("UnauthorizedOperation.CamNoAuth"));
        for name in ["one", "two", "three"] {
            let id = create(&caches, name).await;
            wait(&caches, &id).await.1.unwrap();
        }
        assert_eq!(calls(&fake), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn refused_look_up_has_fewer_names() {
        let (fake, caches) = cloud(300, Status::Ready);
        fake.fault("instances", Fault::Code("InvalidParameter.Param"));
        let ids = join_all(["a", "b", "c", "d", "e", "f", "g"].map(|name| create(&caches, name))).await;
        ids.iter().for_each(|id| fake.add_instance(id, "Running", &["m"]));
        let waits = join_all(ids.iter().map(|id| wait(&caches, id))).await;
        assert!(waits.iter().all(|(events, _)| events.len() == 1));
        assert_eq!(fake.state().instance_lookups[..2], [7, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn running_instance_is_chosen_and_replaced_by_the_next() {
        let (fake, caches) = cloud(600, Status::Failed);
        let id = create(&caches, "web").await;
        fake.add_instance(&id, "Failed", &["of an older build"]);
        fake.add_instance(&id, "Running", &["first"]);
        let (waited, ()) = tokio::join!(wait(&caches, &id), async {
            sleep(Duration::from_secs(60)).await;
            fake.state().instances.clear();
            fake.add_instance(&id, "Running", &["second"]);
            fake.state().instances[0].0.id = "eksci-new".to_owned();
        });
        assert_eq!(waited.0, ["second"]);
    }

    #[tokio::test(start_paused = true)]
    async fn repeated_event_is_kept_once() {
        let (fake, caches) = cloud(120, Status::Ready);
        let id = create(&caches, "web").await;
        fake.add_instance(&id, "Running", &["i/o timeout"]);
        let repeat = async {
            for i in 0..20 {
                sleep(INTERVAL).await;
                fake.state().instances[0].1[0].last_timestamp = i.to_string();
            }
        };
        let (waited, ()) = tokio::join!(wait(&caches, &id), repeat);
        assert_eq!(waited.0.len(), 1);
    }
}
