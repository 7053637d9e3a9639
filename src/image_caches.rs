//! Image caches as the resources need them: few calls, nothing created twice, nothing lost.
//!
//! | file | rule |
//! | --- | --- |
//! | `read` | reads that arrive together share calls; a read that follows a write sees it |
//! | `create` | `CreateImageCache` is never sent twice; after a lost response the cache is found by its name |
//! | `update` | an update whose outcome is unknown is read back before it is repeated |
//! | `build` | a write that a build forbids is sent again after the build |
//! | `rows` | a page is requested when the one before it is used up |
//! | `poll` | all waits of a region share one poll |
//! | `wait` | each wait ends by its own timeout and cancellation |
//! | `build_events` | why a build fails: best effort, at most one more call for each poll |
//!
//! Image caches are regional, and so is everything here: quota, reads, polls, names.

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

/// How long [`ImageCaches::listed_once`] may take.
const LISTING_TIMEOUT: Duration = Duration::from_secs(3);

/// The API in the region of a name.
type Connect = Arc<dyn Fn(&str) -> Arc<dyn RegionApi> + Send + Sync>;

/// The image caches of one account, as one provider configuration sees them. Clones share everything.
#[derive(Clone)]
pub struct ImageCaches(Arc<Shared>);

struct Shared {
    connect: Connect,
    poll_interval: Duration,
    patience: Duration,
    /// The permission to read events of builds is missing.
    build_events_denied: Arc<AtomicBool>,
    regions: Mutex<HashMap<String, Arc<Region>>>,
}

impl ImageCaches {
    /// The image caches that `client` can reach. Waits poll every `poll_interval` at first, a little less often later.
    pub fn new(client: Client, poll_interval: Duration) -> Self {
        Self::with_api(
            move |region| Arc::new(RegionClient { client: client.clone(), region: region.to_owned() }),
            poll_interval,
        )
    }

    /// The same over any implementation of the actions.
    pub fn with_api(
        connect: impl Fn(&str) -> Arc<dyn RegionApi> + Send + Sync + 'static,
        poll_interval: Duration,
    ) -> Self {
        Self::sharing_nothing(Arc::new(connect), poll_interval, wait::patience(poll_interval))
    }

    /// The same API with another [`Change::patience`], and nothing shared: for simulators whose lists lag less.
    pub fn with_patience(&self, patience: Duration) -> Self {
        Self::sharing_nothing(Arc::clone(&self.0.connect), self.0.poll_interval, patience)
    }

    fn sharing_nothing(connect: Connect, poll_interval: Duration, patience: Duration) -> Self {
        let (build_events_denied, regions) = (Arc::default(), Mutex::default());
        Self(Arc::new(Shared { connect, poll_interval, patience, build_events_denied, regions }))
    }

    /// How long lists may show a cache as it was before a change: three poll intervals, at least 15 seconds.
    pub fn patience(&self) -> Duration {
        self.0.patience
    }

    /// The image cache `id`, or `None` if it does not exist.
    ///
    /// Reads that come together share calls, and may return rows that are a few seconds old; never rows older
    /// than the last write of this process.
    ///
    /// # Errors
    ///
    /// That of the call, the same for all who shared it.
    pub async fn get(&self, region: &str, id: &str) -> Result<Option<Arc<ImageCache>>, Error> {
        self.region(region).reads.get(id).await
    }

    /// All image caches with one of `names`, or all if `names` is empty; each once. One call for every 50.
    ///
    /// # Errors
    ///
    /// That of the call that failed.
    pub async fn list(&self, region: &str, names: &[String]) -> Result<Vec<ImageCache>, Error> {
        self.region(region).api.list(names).await
    }

    /// The same as a stream, in the order of the API: a page is requested when the one before it is used up.
    pub fn rows(
        &self,
        region: &str,
        names: Vec<String>,
    ) -> impl Stream<Item = Result<ImageCache, Error>> + Send + Unpin {
        self.region(region).api.clone().rows(names)
    }

    /// Starts creating an image cache, and returns its ID. `request` must have a name. After `until`, nothing is sent or repeated.
    ///
    /// Do not drop the future before it ends: the ID would be lost. It ends within the timeouts of the calls plus the
    /// 15 seconds of a look-up, and within 80 seconds of `until`.
    ///
    /// # Errors
    ///
    /// [`CreateError::NotSent`] and [`CreateError::Refused`] when certainly nothing was created, [`CreateError::OutcomeUnknown`]
    /// when that is unknown.
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
            |row: &&ImageCache| !region.creates.created(&row.image_cache_id) && !region.is_managed(&row.image_cache_id);
        listed.await.iter().filter(of_others).cloned().collect()
    }

    /// Changes an image cache. Returns when the change is accepted; a build may follow, see [`ImageCaches::wait_ready`].
    ///
    /// # Errors
    ///
    /// That of the last attempt; [`Error::is_not_found`] when the cache no longer exists.
    pub async fn update(&self, region: &str, request: UpdateImageCache) -> Result<(), Error> {
        let region = self.region(region);
        let _write = region.reads.write();
        region.api.update(&request).await
    }

    /// Deletes an image cache; one that does not exist counts as deleted. See [`ImageCaches::wait_gone`].
    ///
    /// # Errors
    ///
    /// That of the last attempt; [`Error::is_unsupported_now`] when its present state forbids it.
    pub async fn delete(&self, region: &str, id: &str) -> Result<(), Error> {
        let region = self.region(region);
        let _write = region.reads.write();
        match region.api.call(&DeleteImageCaches { image_cache_ids: vec![id.to_owned()] }).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            // A cache that no longer exists may be refused with a code that says nothing.
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
    /// That of the call.
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
