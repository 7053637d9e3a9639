//! Operations on image caches for the resources: few calls, nothing created twice, nothing lost.
//!
//! | file | rule |
//! | --- | --- |
//! | `read` | concurrent reads share calls; a read after a write sees it |
//! | `create` | `CreateImageCache` is never sent twice; after a lost response the cache is looked up by name |
//! | `update` | an update whose outcome is unknown is read back before it is retried |
//! | `build` | a write that a build prevents is sent again after the build |
//! | `rows` | a page is requested when the previous one is used up |
//! | `poll` | all waits of a region share one poll |
//! | `wait` | each wait has its own timeout and cancellation |
//! | `build_events` | events of builds, best effort, with at most one additional call per poll |
//!
//! Image caches are regional, and so are quota, reads, polls and names.

mod api;
mod batch;
mod build;
mod build_events;
mod create;
mod listing;
mod poll;
mod read;
mod region;
mod rows;
mod snapshot;
mod update;
mod wait;

#[cfg(test)]
pub(crate) mod fake;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use futures_util::stream::Stream;

pub use self::{
    api::RegionApi,
    build_events::BuildInstance,
    create::{Candidate, CreateError, differences, rounded_up},
    wait::{Change, Goal, Observation, WaitError, was_built},
};
use self::{api::RegionClient, listing::Absence, region::Region};
use tencentcloud::{
    Client, Error,
    tke::{CreateImageCache, DeleteImageCaches, GetMostSuitableImageCache, ImageCache, UpdateImageCache},
};
use terraform_plugin::framework::Until;

/// Timeout of [`ImageCaches::listed_once`].
const LISTING_TIMEOUT: Duration = Duration::from_secs(3);

/// The API in the region of a name.
type Connect = Arc<dyn Fn(&str) -> Arc<dyn RegionApi> + Send + Sync>;

/// The image caches of one account, for one provider configuration. Clones share everything.
#[derive(Clone)]
pub struct ImageCaches(Arc<Shared>);

struct Shared {
    connect: Connect,
    poll_interval: Duration,
    patience: Duration,
    /// Whether the permission to read events of builds is missing.
    build_events_denied: Arc<AtomicBool>,
    regions: Mutex<HashMap<String, Arc<Region>>>,
}

impl ImageCaches {
    /// The image caches of `client`. Waits poll every `poll_interval` at first, and less often later.
    pub fn new(client: Client, poll_interval: Duration) -> Self {
        Self::with_api(
            move |region| Arc::new(RegionClient { client: client.clone(), region: region.to_owned() }),
            poll_interval,
        )
    }

    /// With any implementation of the actions.
    pub fn with_api(
        connect: impl Fn(&str) -> Arc<dyn RegionApi> + Send + Sync + 'static,
        poll_interval: Duration,
    ) -> Self {
        Self::sharing_nothing(Arc::new(connect), poll_interval, wait::patience(poll_interval))
    }

    /// The same API with another [`Change::patience`], and no shared state: for simulators with a shorter delay.
    pub fn with_patience(&self, patience: Duration) -> Self {
        Self::sharing_nothing(Arc::clone(&self.0.connect), self.0.poll_interval, patience)
    }

    fn sharing_nothing(connect: Connect, poll_interval: Duration, patience: Duration) -> Self {
        let (build_events_denied, regions) = (Arc::default(), Mutex::default());
        Self(Arc::new(Shared { connect, poll_interval, patience, build_events_denied, regions }))
    }

    /// How long lists may show a cache without a change: three poll intervals, at least 15 seconds.
    pub fn patience(&self) -> Duration {
        self.0.patience
    }

    /// The image cache `id`, or `None` if it does not exist.
    ///
    /// Concurrent reads share calls, and may return rows that are a few seconds old, but not older than the last write of
    /// this process.
    ///
    /// # Errors
    ///
    /// The error of the call, the same for all reads that shared it.
    pub async fn get(&self, region: &str, id: &str) -> Result<Option<Arc<ImageCache>>, Error> {
        self.region(region).reads.get(id).await
    }

    /// All image caches with one of `names`, or all if `names` is empty; each once. One call per 50.
    ///
    /// # Errors
    ///
    /// The error of the failed call.
    pub async fn list(&self, region: &str, names: &[String]) -> Result<Vec<ImageCache>, Error> {
        self.region(region).api.list(names).await
    }

    /// [`ImageCaches::list`] as a stream, in the order of the API: a page is requested when the previous one is used up.
    pub fn rows(
        &self,
        region: &str,
        names: Vec<String>,
    ) -> impl Stream<Item = Result<ImageCache, Error>> + Send + Unpin {
        self.region(region).api.clone().rows(names)
    }

    /// Starts creating an image cache, and returns its ID. `request` must have a name. After `until`, nothing is sent or retried.
    ///
    /// Do not drop the future before it completes: the ID would be lost. It completes within the timeouts of the calls plus
    /// 15 seconds for look-ups, and within 80 seconds after `until`.
    ///
    /// # Errors
    ///
    /// [`CreateError::NotSent`] and [`CreateError::Refused`] if certainly nothing was created, [`CreateError::OutcomeUnknown`]
    /// if that is unknown.
    pub async fn create(&self, region: &str, request: CreateImageCache, until: &Until) -> Result<String, CreateError> {
        let region = self.region(region);
        let _write = region.reads.write();
        region.creates.create(&request, until).await
    }

    /// The caches that had the name of the new cache `id` before this process created it, except those that this process
    /// created.
    pub fn existing_before(&self, region: &str, id: &str) -> Vec<ImageCache> {
        let region = self.region(region);
        let existing = region.creates.existing(id);
        existing.into_iter().filter(|row| !region.is_managed(&row.image_cache_id)).collect()
    }

    /// Marks the cache `id` as managed by a state, so not left by a killed run.
    pub fn mark_managed(&self, region: &str, id: &str) {
        let region = self.region(region);
        region.managed.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
    }

    /// All caches of `region`, listed once and cached, except those that this process created. Best effort: empty if the listing
    /// fails or takes longer than [`LISTING_TIMEOUT`].
    pub async fn listed_once(&self, region: &str) -> Vec<ImageCache> {
        let region = self.region(region);
        let listed = region.listed.get_or_init(async || {
            match tokio::time::timeout(LISTING_TIMEOUT, region.api.list(&[])).await {
                Ok(Ok(rows)) => rows,
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the image caches of the region could not be listed");
                    Vec::new()
                }
                Err(_) => Vec::new(),
            }
        });
        let of_others =
            |row: &&ImageCache| !region.creates.created(&row.image_cache_id) && !region.is_managed(&row.image_cache_id);
        listed.await.iter().filter(of_others).cloned().collect()
    }

    /// Updates an image cache. Returns when the update is accepted; a build may follow, see [`ImageCaches::wait_ready`].
    ///
    /// # Errors
    ///
    /// The error of the last attempt; [`Error::is_not_found`] if the cache no longer exists.
    pub async fn update(&self, region: &str, request: UpdateImageCache) -> Result<(), Error> {
        let region = self.region(region);
        let _write = region.reads.write();
        region.api.update(&request).await
    }

    /// Deletes an image cache; one that does not exist counts as deleted. See [`ImageCaches::wait_gone`].
    ///
    /// # Errors
    ///
    /// The error of the last attempt; [`Error::is_unsupported_now`] if its status does not allow it.
    pub async fn delete(&self, region: &str, id: &str) -> Result<(), Error> {
        let region = self.region(region);
        let _write = region.reads.write();
        match region.api.call(&DeleteImageCaches { image_cache_ids: vec![id.to_owned()] }).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            // For a cache that no longer exists, the error code may be unspecific.
            Err(error) if error.outcome_unknown() && error.code().is_some() => {
                let row = region.api.by_ids(vec![id.to_owned()], Absence::AskedAlone).await.remove(id);
                if matches!(row, Some(Ok(None))) { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// The image cache that a Pod with exactly these `images` would get, if any.
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn most_suitable(
        &self,
        region: &str,
        images: Vec<String>,
        snapshotter: Option<String>,
    ) -> Result<Option<ImageCache>, Error> {
        let response = self.region(region).api.call(&GetMostSuitableImageCache { images, snapshotter }).await?;
        Ok(response.image_cache.filter(|_| response.found))
    }

    fn region(&self, name: &str) -> Arc<Region> {
        let mut regions = self.0.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(region) = regions.get(name) {
            return Arc::clone(region);
        }
        let api = (self.0.connect)(name);
        let region = Region::new(name, api, self.0.poll_interval, Arc::clone(&self.0.build_events_denied));
        let region = Arc::new(region);
        regions.insert(name.to_owned(), Arc::clone(&region));
        region
    }
}
