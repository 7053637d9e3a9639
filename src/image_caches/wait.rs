//! Waits for one image cache with the region's [`poll`](super::poll). Each wait has its own timeout and cancellation.
//!
//! After a change, a cache may still be listed without it: the delay is not documented. So a wait after a [`Change`] requires
//! evidence of it, until the first response that was requested after its patience.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{BuildInstance, ImageCaches, build_events, poll::Polls};
use tencentcloud::{
    Error,
    tke::{ImageCache, Status},
};
use terraform_plugin::framework::{InitialPoll, Poller, Unfinished};
use terraform_plugin::value::duration;

/// How long a cache that was never listed counts as pending. The delay until a new cache is listed is not documented.
const UNLISTED: Duration = Duration::from_secs(60);

/// Number of poll intervals for which a response without evidence of a change counts as outdated.
const PATIENCE: f64 = 3.0;

/// Minimum of that time: the delay of lists does not depend on the poll interval.
const LEAST_PATIENCE: Duration = Duration::from_secs(15);

/// The default time for which a response without evidence of a change counts as outdated.
pub(super) fn patience(poll_interval: Duration) -> Duration {
    poll_interval.mul_f64(PATIENCE).max(LEAST_PATIENCE)
}

/// The goal of a wait.
#[derive(Debug, Clone, Copy)]
pub struct Goal<'a> {
    /// Whether to wait for the end of builds. Otherwise, a cache that is being built is sufficient.
    pub built: bool,
    /// The change that must be observed.
    pub change: Option<Change<'a>>,
}

impl Goal<'_> {
    /// The cache is `Ready`.
    pub const READY: Self = Self { built: true, change: None };
}

/// A change that the API accepted.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The cache before.
    pub before: &'a ImageCache,
    /// Whether the images are pulled again, which is visible in the status, the snapshot or the events.
    pub builds: bool,
    /// How long a response without evidence of the change counts as outdated.
    pub patience: Duration,
    /// Whether a row has the changed values.
    pub shows: &'a (dyn Fn(&ImageCache) -> bool + Sync),
}

impl Change<'_> {
    /// Whether `row` is evidence of the change. A build alone is not: it may be an earlier one. Values are not if they were the
    /// same before, for example because the API does not return them.
    fn is_seen(&self, row: &ImageCache) -> bool {
        let built = was_built(self.before, row);
        (self.shows)(row) && (built || !self.builds && !(self.shows)(self.before))
    }
}

impl fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, builds, patience, shows: _ } = self;
        let mut debug = f.debug_struct("Change");
        debug.field("before", before).field("builds", builds).field("patience", patience).finish_non_exhaustive()
    }
}

/// Whether a build began between the two rows of a cache.
pub fn was_built(before: &ImageCache, after: &ImageCache) -> bool {
    (&before.status, &before.snapshot_id, &before.events) != (&after.status, &after.snapshot_id, &after.events)
}

/// Why a wait ended without its goal.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WaitError {
    /// The first build failed. The events have the reason.
    #[error("image cache {} has failed", .0.image_cache_id)]
    Failed(Arc<ImageCache>),
    /// The build after a change failed. The events have the reason.
    #[error("the update of image cache {} has failed", .0.image_cache_id)]
    UpdateFailed(Arc<ImageCache>),
    /// The status is not documented; it is unknown whether it will change.
    #[error("image cache {} has the unknown status {:?}", .0.image_cache_id, .0.status.as_str())]
    UnknownStatus(Arc<ImageCache>),
    /// It took longer than `timeout`.
    #[error("the wait for image cache {id} took longer than {}{}", duration::show(*timeout), status(last.as_deref()))]
    TimedOut {
        id: String,
        timeout: Duration,
        /// The cache as last listed, if it was.
        last: Option<Arc<ImageCache>>,
        /// The error of the last poll, if it failed.
        source: Option<Box<Error>>,
    },
    /// The wait was canceled. The build continues in the background.
    #[error("the wait for image cache {id} was canceled{}", status(last.as_deref()))]
    Canceled { id: String, last: Option<Arc<ImageCache>> },
    /// It was deleted during the wait.
    #[error("image cache {id} no longer exists")]
    Gone { id: String },
    /// It was not listed for a minute: it no longer exists, or a new cache is listed with an unusual delay.
    #[error("image cache {id} is not listed")]
    NeverListed { id: String },
    /// A poll failed with a permanent error.
    #[error("image cache {id} cannot be read")]
    Api { id: String, source: Error },
}

/// An observation of a wait.
#[derive(Debug, Clone, Copy)]
pub enum Observation<'a> {
    /// The cache, whose status or events changed.
    Cache(&'a ImageCache),
    /// The container instance of its build, with new information.
    Instance(&'a BuildInstance),
}

fn report_instance(instance: &mut build_events::Receiver, report: &dyn Fn(Observation<'_>)) {
    let known = instance.borrow_and_update().clone();
    if let Some(known) = known {
        report(Observation::Instance(&known));
    }
}

impl ImageCaches {
    /// Waits until image cache `id` is `Ready`, and returns it.
    ///
    /// The initial poll is after a fifth of the poll interval, or after a whole one for a cache that this process created. A cache
    /// that is not listed yet counts as pending for a minute, so this may be called right after [`ImageCaches::create`].
    /// Transient errors are tolerated until `timeout`.
    ///
    /// # Errors
    ///
    /// See [`WaitError`].
    pub async fn wait_ready(
        &self,
        region: &str,
        id: &str,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<Arc<ImageCache>, WaitError> {
        let region = self.region(region);
        let initial = region.initial_poll(id, Goal::READY);
        wait_for(&region.poller, id, Goal::READY, initial, timeout, cancel, &mut |_| {}).await
    }

    /// [`ImageCaches::wait_ready`] with another `goal`.
    ///
    /// `on_change` gets the cache whenever its status or its events changed, and the container instance of its build whenever there is
    /// new information, also after the build failed.
    ///
    /// # Errors
    ///
    /// See [`WaitError`].
    pub async fn wait_for(
        &self,
        region: &str,
        id: &str,
        goal: Goal<'_>,
        timeout: Duration,
        cancel: &CancellationToken,
        on_change: &mut (dyn FnMut(Observation<'_>) + Send),
    ) -> Result<Arc<ImageCache>, WaitError> {
        let region = self.region(region);
        let initial = region.initial_poll(id, goal);
        let on_change = Mutex::new(on_change);
        let report = |observed: Observation<'_>| (on_change.lock().unwrap_or_else(PoisonError::into_inner))(observed);
        let mut on_row = |cache: &ImageCache| report(Observation::Cache(cache));
        if !goal.built {
            return wait_for(&region.poller, id, goal, initial, timeout, cancel, &mut on_row).await;
        }
        let mut instance = region.builds.watch(id);
        let waited = wait_for(&region.poller, id, goal, initial, timeout, cancel, &mut on_row);
        tokio::pin!(waited);
        let waited = loop {
            tokio::select! {
                biased;
                waited = &mut waited => break waited,
                Ok(()) = instance.changed() => {
                    report_instance(&mut instance, &report);
                }
            }
        };
        if matches!(waited, Err(WaitError::Failed(_) | WaitError::UpdateFailed(_))) {
            region.builds.after_failure(id).await;
        }
        if instance.has_changed().unwrap_or_default() {
            report_instance(&mut instance, &report);
        }
        waited
    }

    /// Waits until image cache `id` is no longer listed.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`], [`WaitError::Canceled`], [`WaitError::Api`].
    pub async fn wait_gone(
        &self,
        region: &str,
        id: &str,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<(), WaitError> {
        let region = self.region(region);
        let done = |found: Option<_>| found.is_none().then_some(());
        let waited = region.poller.wait(id, InitialPoll::Soon, timeout, cancel, done).await;
        waited.map_err(|unfinished| WaitError::of(id, timeout, unfinished))
    }
}

/// Waits until `id` satisfies `goal`.
async fn wait_for(
    poller: &Poller<Polls>,
    id: &str,
    goal: Goal<'_>,
    initial: InitialPoll,
    timeout: Duration,
    cancel: &CancellationToken,
    on_change: &mut (dyn FnMut(&ImageCache) + Send),
) -> Result<Arc<ImageCache>, WaitError> {
    let start = Instant::now();
    let mut last: Option<Arc<ImageCache>> = None;
    let mut absences = 0;
    let patience = goal.change.map(|change| change.patience).unwrap_or_default();
    let mut seen = goal.change.is_none();
    // Set by one poll for the next: the result of a poll may be as old as its start.
    let mut overdue = false;
    let done = |found: Option<Arc<ImageCache>>| match found {
        Some(cache) => {
            absences = 0;
            if last.as_ref().is_none_or(|last| (&last.status, &last.events) != (&cache.status, &cache.events)) {
                on_change(&cache);
            }
            last = Some(Arc::clone(&cache));
            seen |= goal.change.is_some_and(|change| change.is_seen(&cache));
            if !seen && !overdue {
                overdue = start.elapsed() >= patience;
                return None;
            }
            match cache.status {
                _ if !goal.built => Some(Ok(cache)),
                Status::Pending | Status::Updating => None,
                Status::Ready => Some(Ok(cache)),
                Status::Failed => Some(Err(WaitError::Failed(cache))),
                Status::UpdateFailed => Some(Err(WaitError::UpdateFailed(cache))),
                Status::Unknown(_) => Some(Err(WaitError::UnknownStatus(cache))),
            }
        }
        None => {
            absences += 1;
            let not_listed_yet = last.is_none() && start.elapsed() < UNLISTED;
            // A single list without it may be a list that was changing.
            (!not_listed_yet && absences > 1).then(|| {
                let id = id.to_owned();
                Err(if last.is_some() { WaitError::Gone { id } } else { WaitError::NeverListed { id } })
            })
        }
    };
    let waited = poller.wait(id, initial, timeout, cancel, done).await;
    waited.unwrap_or_else(|unfinished| Err(WaitError::of(id, timeout, unfinished)))
}

impl WaitError {
    fn of(id: &str, timeout: Duration, unfinished: Unfinished<Arc<ImageCache>, Error>) -> Self {
        let id = id.to_owned();
        match unfinished {
            Unfinished::Stopped { last } => Self::Canceled { id, last },
            Unfinished::TimedOut { last, error } => Self::TimedOut { id, timeout, last, source: error.map(Box::new) },
            Unfinished::Failed { error } => Self::Api { id, source: error },
        }
    }
}

fn status(last: Option<&ImageCache>) -> String {
    last.map(|cache| format!(", its last status was {}", cache.status)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{
        super::fake::{Fake, Fault, INTERVAL, REGION, until},
        *,
    };
    use tencentcloud::tke::CreateImageCache;
    use tokio::time::sleep;

    const TIMEOUT: Duration = Duration::from_secs(600);

    async fn create(caches: &ImageCaches) -> String {
        let request = CreateImageCache { image_cache_name: "web".to_owned(), ..Default::default() };
        caches.create(REGION, request, &until()).await.unwrap()
    }

    async fn ready(caches: &ImageCaches, id: &str) -> Result<Arc<ImageCache>, WaitError> {
        caches.wait_ready(REGION, id, TIMEOUT, &CancellationToken::new()).await
    }

    #[tokio::test(start_paused = true)]
    async fn wait_ends_with_the_build() {
        for (outcome, expected) in [
            (Status::Ready, "Ready"),
            (Status::Failed, "image cache imc-00000000 has failed"),
            (Status::UpdateFailed, "the update of image cache imc-00000000 has failed"),
            (Status::Unknown("Asleep".into()), "image cache imc-00000000 has the unknown status \"Asleep\""),
        ] {
            let (fake, caches) = Fake::new();
            fake.state().build = Duration::from_secs(100);
            fake.state().outcome = Some(outcome);
            let id = create(&caches).await;
            let mut seen = Vec::new();
            let mut on_change = |observed: Observation<'_>| {
                if let Observation::Cache(cache) = observed {
                    seen.push(cache.status.to_string());
                }
            };
            let never = CancellationToken::new();
            let result = caches.wait_for(REGION, &id, Goal::READY, TIMEOUT, &never, &mut on_change).await;
            let result = result.map_or_else(|error| error.to_string(), |cache| cache.status.to_string());
            assert_eq!(result, expected);
            assert_eq!(seen.len(), 2, "Pending and what followed, each once: {seen:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn response_without_evidence_of_the_change_is_outdated() {
        for (case, builds, listed, shown_after, expected) in [
            ("the new name comes late", false, true, 4, "new"),
            ("the new name comes after 14 seconds", false, true, 14, "new"),
            ("the new name never comes", false, true, 60, "old"),
            ("the build begins late", true, true, 4, "new"),
            ("what was changed is never listed", false, false, 4, "new"),
        ] {
            let (fake, caches) = Fake::new();
            let id = fake.add("old");
            let before = caches.get(REGION, &id).await.unwrap().unwrap();
            let shows = |cache: &ImageCache| !listed || cache.image_cache_name == "new";
            let patience = caches.patience();
            let change = Some(Change { before: &before, builds, patience, shows: &shows });
            let never = CancellationToken::new();
            let mut ignore = |_: Observation<'_>| {};
            let goal = Goal { built: true, change };
            let wait = caches.wait_for(REGION, &id, goal, TIMEOUT, &never, &mut ignore);
            let (cache, ()) = tokio::join!(wait, async {
                sleep(Duration::from_secs(shown_after)).await;
                let mut state = fake.state();
                let row = state.row(&id).unwrap();
                row.cache.image_cache_name = "new".to_owned();
                row.cache.snapshot_id = "snap-new".to_owned();
            });
            assert_eq!(cache.unwrap().image_cache_name, expected, "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn earlier_build_is_not_evidence_of_the_change() {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(3600);
        let id = create(&caches).await;
        let before = caches.get(REGION, &id).await.unwrap().unwrap();
        let shows = |cache: &ImageCache| cache.images == ["nginx:1.28"];
        let change = Change { before: &before, builds: true, patience: caches.patience(), shows: &shows };
        let goal = Goal { built: false, change: Some(change) };
        let never = CancellationToken::new();
        let mut ignore = |_: Observation<'_>| {};
        let wait = caches.wait_for(REGION, &id, goal, TIMEOUT, &never, &mut ignore);
        let (cache, ()) = tokio::join!(wait, async {
            sleep(Duration::from_secs(4)).await;
            let mut state = fake.state();
            let cache = &mut state.row(&id).unwrap().cache;
            cache.images = vec!["nginx:1.28".to_owned()];
            cache.snapshot_id = "snap-new".to_owned();
        });
        assert_eq!(cache.unwrap().images, ["nginx:1.28"]);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_end_separately() {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(100);
        let id = create(&caches).await;
        let (never, cancel) = (CancellationToken::new(), CancellationToken::new());
        let wait = async |timeout, cancel| caches.wait_ready(REGION, &id, timeout, cancel).await;
        let (short, canceled, long, ()) =
            tokio::join!(wait(Duration::from_secs(30), &never), wait(TIMEOUT, &cancel), wait(TIMEOUT, &never), async {
                sleep(Duration::from_secs(20)).await;
                cancel.cancel();
            });
        let last = |last: Option<Arc<ImageCache>>| last.unwrap().status.clone();
        match (short.unwrap_err(), canceled.unwrap_err()) {
            (WaitError::TimedOut { last: short, timeout, .. }, WaitError::Canceled { last: canceled, .. }) => {
                assert_eq!((last(short), last(canceled)), (Status::Pending, Status::Pending));
                assert_eq!(timeout, Duration::from_secs(30));
            }
            errors => panic!("{errors:?}"),
        }
        assert_eq!(long.unwrap().status, Status::Ready);
    }

    #[tokio::test(start_paused = true)]
    async fn new_cache_may_be_listed_late_and_an_old_one_deleted() {
        let (fake, caches) = Fake::new();
        fake.state().unlisted = Duration::from_secs(40);
        let id = create(&caches).await;
        assert_eq!(ready(&caches, &id).await.unwrap().status, Status::Ready);

        fake.state().rows.clear();
        let start = Instant::now();
        assert!(matches!(ready(&caches, &id).await, Err(WaitError::NeverListed { .. })));
        assert!(start.elapsed() < UNLISTED + 2 * INTERVAL.mul_f64(2.0), "{:?}", start.elapsed());

        fake.state().build = Duration::from_secs(100);
        fake.state().unlisted = Duration::ZERO;
        let id = create(&caches).await;
        let (waited, ()) = tokio::join!(ready(&caches, &id), async {
            sleep(Duration::from_secs(20)).await;
            fake.state().rows.clear();
        });
        assert!(matches!(waited, Err(WaitError::Gone { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn wait_survives_transient_errors_only() {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(100);
        let id = create(&caches).await;
        for fault in [Fault::LostBefore, Fault::Code("InternalError"), Fault::Code("RequestLimitExceeded")] {
            fake.fault("describe", fault);
        }
        assert_eq!(ready(&caches, &id).await.unwrap().status, Status::Ready);

        fake.fault("describe", Fault::Code("AuthFailure.SecretIdNotFound"));
        assert!(matches!(ready(&caches, &id).await, Err(WaitError::Api { .. })));
    }

    #[test]
    fn patience_is_at_least_fifteen_seconds() {
        for (interval, expected) in [(Duration::from_millis(200), 15), (INTERVAL, 15), (Duration::from_secs(10), 30)] {
            assert_eq!(patience(interval), Duration::from_secs(expected), "{interval:?}");
        }
    }
}
