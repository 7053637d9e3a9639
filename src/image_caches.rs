//! Image caches as the resources need them: few calls, nothing made twice, nothing lost.
//!
//! | file | rule |
//! | --- | --- |
//! | `read` | reads that arrive together share calls; a read that follows a write sees it |
//! | `create` | `CreateImageCache` is never sent twice; a lost answer is found again by name |
//! | `update` | an update in doubt is read back before it is repeated |
//! | `build` | a write that a build forbids is sent again when the build is over |
//! | `rows` | a page is asked for when the one before it is used up |
//! | `poll` | all waits of a region share one poll |
//! | `wait` | each wait ends by its own timeout and cancellation |
//! | `build_events` | why a build fails: best effort, at most one more call for each poll |
//!
//! Image caches are regional, and so is everything here: quota, reads, polls, names.

mod api;
mod build;
mod build_events;
mod create;
mod gather;
mod listing;
mod poll;
mod read;
mod rows;
mod snapshot;
mod update;
mod wait;

#[cfg(test)]
pub(crate) mod fake;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use futures_util::stream::Stream;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

pub use self::{
    api::ImageCacheApi,
    build_events::BuildInstance,
    create::CreateError,
    wait::{Change, Goal, WaitError, was_built},
};
use self::{build_events::BuildEvents, create::Creates, listing::Absence, poll::Polls, read::Reads};
use tencentcloud::{
    Client, Error,
    tke::{CreateImageCache, GetMostSuitableImageCache, ImageCache, UpdateImageCache},
};
use terraform_plugin::framework::{InitialPoll, Poller, Until};

/// How long [`ImageCaches::listed_once`] may take.
const LISTING_TIMEOUT: Duration = Duration::from_secs(3);

/// The image caches of one account, as one provider configuration sees them. Clones share everything.
#[derive(Debug, Clone)]
pub struct ImageCaches(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    api: Arc<dyn ImageCacheApi>,
    poll_interval: Duration,
    /// The permission to read events of builds is missing.
    build_events_denied: Arc<AtomicBool>,
    regions: Mutex<HashMap<String, Arc<Region>>>,
}

/// What is shared by all that happens in one region.
#[derive(Debug)]
struct Region {
    api: RegionApi,
    reads: Reads,
    creates: Creates,
    poller: Poller<Polls>,
    builds: Arc<BuildEvents>,
    listed: OnceCell<Vec<ImageCache>>,
    /// The IDs of objects that are in the state.
    managed: Mutex<HashSet<String>>,
}

impl Region {
    /// What this process just created takes minutes; what it changed may be done at once.
    fn initial_poll(&self, id: &str, goal: Goal<'_>) -> InitialPoll {
        let created = goal.built && goal.change.is_none() && self.creates.made(id);
        if created { InitialPoll::Regular } else { InitialPoll::Soon }
    }

    fn is_managed(&self, id: &str) -> bool {
        self.managed.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }
}

/// What a wait sees.
#[derive(Debug, Clone, Copy)]
pub enum Observation<'a> {
    /// The cache, whose status or events changed.
    Cache(&'a ImageCache),
    /// The container instance in which it is built, of which more is known.
    Instance(&'a BuildInstance),
}

fn report_instance(instance: &mut build_events::Receiver, report: &dyn Fn(Observation<'_>)) {
    let known = instance.borrow_and_update().clone();
    if let Some(known) = known {
        report(Observation::Instance(&known));
    }
}

/// The API in one region.
#[derive(Debug, Clone)]
struct RegionApi {
    api: Arc<dyn ImageCacheApi>,
    region: Arc<str>,
}

impl RegionApi {
    /// The context of the log lines of a task that several operations share. At the level of errors, so that events of every
    /// level have its fields.
    fn span(&self) -> tracing::Span {
        tracing::error_span!(parent: None, "shared", tf_resource_type = "eks_image_cache", region = &*self.region)
    }
}

impl ImageCaches {
    /// The image caches that `client` can reach. Waits look every `poll_interval` at first, a little less often later.
    pub fn new(client: Client, poll_interval: Duration) -> Self {
        Self::with_api(Arc::new(client), poll_interval)
    }

    /// The same over any implementation of the actions.
    pub fn with_api(api: Arc<dyn ImageCacheApi>, poll_interval: Duration) -> Self {
        Self(Arc::new(Shared { api, poll_interval, build_events_denied: Arc::default(), regions: Mutex::default() }))
    }

    /// The image cache `id`, or `None` when it does not exist (any more).
    ///
    /// Reads of one moment share calls, and may be answered from rows that are a few seconds old; never from rows older
    /// than the last write of this process.
    ///
    /// # Errors
    ///
    /// That of the call, the same for all who shared it.
    pub async fn get(&self, region: &str, id: &str) -> Result<Option<Arc<ImageCache>>, Error> {
        self.region(region).reads.get(id).await
    }

    /// All image caches with one of `names`, or all there are when `names` is empty; each once. One call for every 50.
    ///
    /// # Errors
    ///
    /// That of the call that failed.
    pub async fn list(&self, region: &str, names: &[String]) -> Result<Vec<ImageCache>, Error> {
        self.region(region).api.list(names).await
    }

    /// The same one after the other, in the order of the API: a page is asked for when the one before it is used up.
    pub fn rows(
        &self,
        region: &str,
        names: Vec<String>,
    ) -> impl Stream<Item = Result<ImageCache, Error>> + Send + Unpin {
        self.region(region).api.clone().rows(names)
    }

    /// Starts making an image cache, and returns its ID. `request` must have a name. After `until`, nothing is sent or repeated.
    ///
    /// Do not drop the future before it ends: the ID would be lost. It ends within the timeouts of the calls plus the
    /// 15 seconds of a look-up, and within 80 seconds of `until`.
    ///
    /// # Errors
    ///
    /// [`CreateError::NotSent`] and [`CreateError::Refused`] when certainly nothing was made, [`CreateError::OutcomeUnknown`]
    /// when nobody can tell.
    pub async fn create(&self, region: &str, request: CreateImageCache, until: &Until) -> Result<String, CreateError> {
        let region = self.region(region);
        let _write = region.reads.write();
        region.creates.create(&request, until).await
    }

    /// The caches that had the name of the new cache `id` before this process created it, without those that it created
    /// itself.
    pub fn existing_before(&self, region: &str, id: &str) -> Vec<ImageCache> {
        let region = self.region(region);
        let existing = region.creates.existing(id);
        existing.into_iter().filter(|row| !region.is_managed(&row.image_cache_id)).collect()
    }

    /// Marks the cache `id` as one of the state, which no killed run left.
    pub fn mark_managed(&self, region: &str, id: &str) {
        let region = self.region(region);
        region.managed.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
    }

    /// All caches of `region`, listed once and then remembered, without those that this process created. Best effort: none
    /// when the listing fails or takes longer than [`LISTING_TIMEOUT`].
    pub async fn listed_once(&self, region: &str) -> Vec<ImageCache> {
        let region = self.region(region);
        let listed = region.listed.get_or_init(async || {
            match tokio::time::timeout(LISTING_TIMEOUT, region.api.list(&[])).await {
                Ok(Ok(rows)) => rows,
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the image caches of the region are not listed");
                    Vec::new()
                }
                Err(_) => Vec::new(),
            }
        });
        let of_others =
            |row: &&ImageCache| !region.creates.made(&row.image_cache_id) && !region.is_managed(&row.image_cache_id);
        listed.await.iter().filter(of_others).cloned().collect()
    }

    /// Changes an image cache. Returns when the change is accepted; a build may follow, see [`ImageCaches::wait_ready`].
    ///
    /// # Errors
    ///
    /// That of the last attempt; [`Error::is_not_found`] when the cache is gone.
    pub async fn update(&self, region: &str, request: UpdateImageCache) -> Result<(), Error> {
        let region = self.region(region);
        let _write = region.reads.write();
        update::update(&region.api, &request).await
    }

    /// Deletes an image cache; one that does not exist is deleted. See [`ImageCaches::wait_gone`].
    ///
    /// # Errors
    ///
    /// That of the last attempt; [`Error::is_unsupported_now`] when its present state forbids it.
    pub async fn delete(&self, region: &str, id: &str) -> Result<(), Error> {
        let region = self.region(region);
        let _write = region.reads.write();
        match region.api.delete(id).await {
            Err(error) if error.is_not_found() => Ok(()),
            // A cache that no longer exists may be refused with a code that says nothing.
            Err(error) if error.outcome_unknown() && error.code().is_some() => {
                let row = region.api.by_ids(vec![id.to_owned()], Absence::AskedAlone).await.remove(id);
                if matches!(row, Some(Ok(None))) { Ok(()) } else { Err(error) }
            }
            result => result,
        }
    }

    /// Waits until image cache `id` is `Ready`, and returns it.
    ///
    /// The first look is after a fifth of the poll interval, or after all of it for a cache that this process made. A cache
    /// that is not listed yet counts as pending for a minute, so this may be called right after
    /// [`ImageCaches::create`]. Failed calls are tolerated until `timeout`, unless repeating them is pointless.
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
        wait::wait_for(&region.poller, id, Goal::READY, initial, timeout, cancel, &mut |_| {}).await
    }

    /// Waits until image cache `id` is what `goal` says. Otherwise as [`ImageCaches::wait_ready`].
    ///
    /// `on_change` gets the cache whenever its status or its events changed, and what is known of the container instance in
    /// which it is built whenever that is more, also after the build failed.
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
            return wait::wait_for(&region.poller, id, goal, initial, timeout, cancel, &mut on_row).await;
        }
        let mut instance = region.builds.watch(id);
        let waited = wait::wait_for(&region.poller, id, goal, initial, timeout, cancel, &mut on_row);
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

    /// Waits until image cache `id` is not listed any more.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`], [`WaitError::Cancelled`], [`WaitError::Api`].
    pub async fn wait_gone(
        &self,
        region: &str,
        id: &str,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<(), WaitError> {
        wait::wait_gone(&self.region(region).poller, id, timeout, cancel).await
    }

    /// The image cache that a Pod with exactly these `images` would get, if any.
    ///
    /// # Errors
    ///
    /// That of the call.
    pub async fn most_suitable(
        &self,
        region: &str,
        images: Vec<String>,
        snapshotter: Option<String>,
    ) -> Result<Option<ImageCache>, Error> {
        let answer = self.0.api.most_suitable(region, &GetMostSuitableImageCache { images, snapshotter }).await?;
        Ok(answer.image_cache.filter(|_| answer.found))
    }

    fn region(&self, name: &str) -> Arc<Region> {
        let mut regions = self.0.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(region) = regions.get(name) {
            return Arc::clone(region);
        }
        let api = RegionApi { api: Arc::clone(&self.0.api), region: Arc::from(name) };
        let (interval, denied) = (self.0.poll_interval, Arc::clone(&self.0.build_events_denied));
        let builds = Arc::new(BuildEvents::new(api.clone(), interval, denied));
        let region = Arc::new(Region {
            reads: Reads::new(api.clone()),
            creates: Creates::new(api.clone()),
            poller: Poller::new(Polls { api: api.clone(), builds: Arc::clone(&builds) }, interval, api.span()),
            builds,
            listed: OnceCell::new(),
            managed: Mutex::default(),
            api,
        });
        regions.insert(name.to_owned(), Arc::clone(&region));
        region
    }
}
