//! `CreateImageCache` is never sent twice, because it has no client token and each call may create a cache.
//!
//! 1. Before the call, existing caches with the name are looked up. Concurrent creates share the look-up.
//! 2. The call is retried only if it was throttled or never connected, because certainly nothing was created.
//! 3. If the outcome of the call is unknown, the name is looked up again, for [`PATIENCE`] in total. A new cache with the name that
//!    this process did not create and that lists the same images, size, retention and tags is adopted. If several match, none is.
//! 4. If none is adopted, the outcome is unknown, and the error has the new caches with the name and their differences.
//!
//! Creates with the same name are sequential in this process: otherwise a concurrent one could have created the cache that the
//! look-up finds. A cache that another process creates at the same time with the same values cannot be distinguished.
//!
//! Assumptions, because the behavior is not documented: a cache is listed within [`PATIENCE`] of its creation. Its images may be
//! listed in full (`docker.io/library/nginx:latest` for `nginx`), and its size rounded up to tens.

mod candidates;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::Span;

pub use self::candidates::{Candidate, differences, rounded_up};
use super::{
    RegionApi,
    batch::{Batches, Fetch},
};
use tencentcloud::{
    Action as _, Error,
    tke::{CreateImageCache, ImageCache},
};
use terraform_plugin::framework::{Ended, Until};

/// The pauses before each look-up after an unknown outcome: 15.5 seconds in total.
const PATIENCE: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// How long look-ups continue after the end of the operation: longer than [`PATIENCE`], but less than the timeouts of an API that
/// does not respond.
const LAST_LOOKS: Duration = Duration::from_secs(20);

/// Why a create returned no ID.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateError {
    /// The operation ended before the call was sent.
    #[error("no image cache was created: the operation ended before the call was sent")]
    NotSent {
        ended: Ended,
        /// The error of the last attempt.
        last: Option<Error>,
    },
    /// Nothing was created.
    #[error("no image cache was created")]
    Refused {
        source: Error,
        /// The IDs of existing caches with the name. It is not documented whether names must be unique.
        existing: Vec<String>,
    },
    /// The response was lost, and no new cache with the name was adopted. One may be listed later.
    #[error("it is unknown whether image cache {name:?} was created")]
    OutcomeUnknown {
        name: String,
        source: Error,
        /// The new caches with the name, none of which was adopted.
        candidates: Vec<Candidate>,
    },
}

/// The creates of one region.
#[derive(Debug)]
pub(super) struct Creates {
    api: Arc<dyn RegionApi>,
    lookups: Arc<Batches<Lookup>>,
    /// One lock for each name.
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// The IDs of caches that this process created.
    created: Mutex<HashSet<String>>,
    /// The caches that had the name of a new cache before, by its ID.
    existing: Mutex<HashMap<String, Arc<Vec<ImageCache>>>>,
}

impl Creates {
    pub(super) fn new(api: Arc<dyn RegionApi>, span: Span) -> Self {
        let lookups = Batches::new(Lookup(api.clone()), span);
        Self { api, lookups, turns: Mutex::default(), created: Mutex::default(), existing: Mutex::default() }
    }

    /// Whether this process created the cache.
    pub(super) fn created(&self, id: &str) -> bool {
        self.created.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// The caches that had the name of the new cache `id` before, except those of this process.
    pub(super) fn existing(&self, id: &str) -> Vec<ImageCache> {
        let rows = self.existing.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        rows.iter().flat_map(|rows| rows.iter()).filter(|row| !self.created(&row.image_cache_id)).cloned().collect()
    }

    /// Creates an image cache, and returns its ID.
    pub(super) async fn create(&self, request: &CreateImageCache, until: &Until) -> Result<String, CreateError> {
        let end = CancellationToken::new();
        let created = self.create_until(request, &end);
        tokio::pin!(created);
        let ended = tokio::select! {
            biased;
            created = &mut created => return created,
            ended = until.ended() => ended,
        };
        end.cancel();
        match created.await {
            Err(CreateError::Refused { source, .. }) if source.is_not_connected() || source.is_throttling() => {
                Err(CreateError::NotSent { ended, last: Some(source) })
            }
            Err(CreateError::Refused { source: Error::Ended { .. }, .. }) => {
                Err(CreateError::NotSent { ended, last: None })
            }
            created => created,
        }
    }

    /// Creates an image cache unless `end` is canceled before the call is sent.
    async fn create_until(&self, request: &CreateImageCache, end: &CancellationToken) -> Result<String, CreateError> {
        let name = &request.image_cache_name;
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(name.clone()).or_default())
        };
        let refused = |source| CreateError::Refused { source, existing: Vec::new() };
        let ended = || refused(Error::Ended { action: CreateImageCache::NAME });
        let _turn = end.run_until_cancelled(turn.lock()).await.ok_or_else(ended)?;
        let rows = end.run_until_cancelled(self.lookups.get(name)).await.ok_or_else(ended)?.map_err(refused)?;
        let before: HashSet<String> = rows.iter().map(|cache| cache.image_cache_id.clone()).collect();
        match self.api.call_until(request, end).await {
            Ok(created) => {
                let id = created.image_cache_id;
                self.claim(&id);
                if !rows.is_empty() {
                    self.existing.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), rows);
                }
                Ok(id)
            }
            Err(error) if error.outcome_unknown() => {
                let unknown = unknown(request, error.clone(), Vec::new());
                let gives_up = async {
                    end.cancelled().await;
                    sleep(LAST_LOOKS).await;
                };
                tokio::select! {
                    biased;
                    found = self.find(request, &before, error) => found,
                    () = gives_up => Err(unknown),
                }
            }
            Err(source) => Err(CreateError::Refused { source, existing: before.into_iter().collect() }),
        }
    }

    /// Looks for the cache that a call with an unknown outcome may have created.
    async fn find(
        &self,
        request: &CreateImageCache,
        before: &HashSet<String>,
        error: Error,
    ) -> Result<String, CreateError> {
        let name = &request.image_cache_name;
        tracing::warn!(name, %error, "the response to CreateImageCache was lost; looking up the image cache");
        let mut candidates = Vec::new();
        for pause in PATIENCE {
            sleep(pause).await;
            match self.lookups.get(name).await {
                Ok(rows) => {
                    let is_new =
                        |row: &&ImageCache| !before.contains(&row.image_cache_id) && !self.created(&row.image_cache_id);
                    let new: Vec<_> = rows.iter().filter(is_new).collect();
                    match candidates::choose(&new, request) {
                        Ok(row) => {
                            self.claim(&row.image_cache_id);
                            tracing::info!(name, id = row.image_cache_id, "found the image cache");
                            return Ok(row.image_cache_id.clone());
                        }
                        Err(others) => candidates = others,
                    }
                }
                Err(error) => tracing::warn!(name, %error, "looking up the image cache failed"),
            }
        }
        Err(unknown(request, error, candidates))
    }

    /// Notes that this process created the cache `id`.
    fn claim(&self, id: &str) {
        self.created.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
    }
}

fn unknown(request: &CreateImageCache, source: Error, candidates: Vec<Candidate>) -> CreateError {
    CreateError::OutcomeUnknown { name: request.image_cache_name.clone(), source, candidates }
}

/// Looks up names.
#[derive(Debug)]
struct Lookup(Arc<dyn RegionApi>);

impl Fetch for Lookup {
    type Output = Result<Arc<Vec<ImageCache>>, Error>;

    async fn fetch(&self, names: Vec<String>) -> HashMap<String, Self::Output> {
        match self.0.list(&names).await {
            Ok(rows) => {
                let mut by_name: HashMap<String, Vec<ImageCache>> = HashMap::new();
                for row in rows {
                    by_name.entry(row.image_cache_name.clone()).or_default().push(row);
                }
                let mut rows_of = |name: &String| Ok(Arc::new(by_name.remove(name).unwrap_or_default()));
                names.into_iter().map(|name| (rows_of(&name), name)).map(|(rows, name)| (name, rows)).collect()
            }
            Err(error) => names.into_iter().map(|name| (name, Err(error.clone()))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio::time::Instant;

    use super::{
        super::{
            ImageCaches,
            fake::{Fake, Fault, REGION, until},
        },
        *,
    };

    fn request(name: &str) -> CreateImageCache {
        CreateImageCache {
            images: vec!["nginx:1.27".to_owned()],
            image_cache_name: name.to_owned(),
            image_cache_size: Some(20),
            ..Default::default()
        }
    }

    async fn create(caches: &ImageCaches, name: &str) -> Result<String, CreateError> {
        caches.create(REGION, request(name), &until()).await
    }

    #[tokio::test(start_paused = true)]
    async fn lost_response_is_resolved_by_name() {
        for listed_after in [Duration::ZERO, Duration::from_secs(10)] {
            let (fake, caches) = Fake::new();
            fake.add("web");
            fake.state().unlisted = listed_after;
            fake.fault("create", Fault::LostAfter);
            let id = create(&caches, "web").await.unwrap();
            let mut state = fake.state();
            assert_eq!(state.creates, 1);
            assert_eq!(state.rows.len(), 2);
            assert_eq!(id, state.rows[1].cache.image_cache_id, "the new one, not the one that was there");
            assert!(state.row(&id).is_some());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn outcome_is_unknown_when_nothing_is_found() {
        for fault in [Fault::LostBefore, Fault::Code("InternalError")] {
            let (fake, caches) = Fake::new();
            fake.add("web");
            fake.add("web-2");
            fake.fault("create", fault);
            let error = create(&caches, "web").await.unwrap_err();
            assert!(matches!(&error, CreateError::OutcomeUnknown { name, .. } if name == "web"), "{error:?}");
            assert_eq!(fake.state().creates, 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refusal_is_reported_at_once() {
        let (fake, caches) = Fake::new();
        fake.fault("create", Fault::Code("InvalidParameter"));
        let error = create(&caches, "web").await.unwrap_err();
        let CreateError::Refused { source, existing } = error else { panic!("{error:?}") };
        assert!(source.is_invalid_parameter() && existing.is_empty(), "{source} {existing:?}");
        assert_eq!(fake.describes(), 1, "the look-up before, none after");

        let taken = fake.add("web");
        fake.fault("create", Fault::Code("InvalidParameter"));
        let error = create(&caches, "web").await.unwrap_err();
        assert!(matches!(&error, CreateError::Refused { existing, .. } if *existing == [taken]), "{error:?}");

        fake.fault("describe", Fault::Code("UnauthorizedOperation"));
        create(&caches, "web").await.unwrap_err();
        assert_eq!(fake.state().creates, 2, "no create without the look-up");
    }

    #[tokio::test(start_paused = true)]
    async fn creates_with_one_name_give_different_caches() {
        for lost in 0..3 {
            let (fake, caches) = Fake::new();
            for _ in 0..lost {
                fake.fault("create", Fault::LostAfter);
            }
            let ids = join_all((0..3).map(|_| create(&caches, "web"))).await;
            let ids: HashSet<_> = ids.into_iter().map(Result::unwrap).collect();
            assert_eq!(ids.len(), 3, "{lost} lost responses");
            assert_eq!(fake.state().rows.len(), 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_create_is_not_adopted() {
        let (fake, caches) = Fake::new();
        fake.fault("create", Fault::LostBefore);
        fake.fault("create", Fault::Late(Duration::from_secs(3)));
        let (first, second) = tokio::join!(create(&caches, "web"), create(&caches, "web"));
        assert!(matches!(first, Err(CreateError::OutcomeUnknown { .. })), "{first:?}");
        assert_eq!(second.unwrap(), fake.state().rows[0].cache.image_cache_id);
    }

    /// The result of a create that is interrupted, or times out, after the given time, and its duration.
    async fn ended(fake: &Fake, caches: &ImageCaches, after: Duration, interrupt: bool) -> (CreateError, Duration) {
        let stop = CancellationToken::new();
        let until = Until::new(&stop, if interrupt { Duration::from_secs(3600) } else { after });
        let start = Instant::now();
        let interrupted = async {
            sleep(after).await;
            if interrupt {
                stop.cancel();
            }
        };
        let (created, ()) = tokio::join!(caches.create(REGION, request("web"), &until), interrupted);
        assert!(fake.state().creates <= 1);
        (created.unwrap_err(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn create_that_ends_before_the_call_creates_nothing() {
        let second = Duration::from_secs(1);
        for (interrupt, expected) in [(true, Ended::Interrupted), (false, Ended::TimedOut)] {
            let (fake, caches) = Fake::new();
            fake.fault("describe", Fault::Late(Duration::from_secs(60)));
            let (error, time) = ended(&fake, &caches, second, interrupt).await;
            assert!(matches!(error, CreateError::NotSent { ended, last: None } if ended == expected), "{error:?}");
            assert_eq!((time, fake.state().creates), (second, 0));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn create_that_ends_after_the_call_returns_the_id() {
        let second = Duration::from_secs(1);
        for fault in [Fault::Late(Duration::from_secs(30)), Fault::LostAfter] {
            let (fake, caches) = Fake::new();
            fake.state().unlisted = Duration::from_secs(5);
            fake.fault("create", fault.clone());
            let until = Until::new(&CancellationToken::new(), second);
            let created = caches.create(REGION, request("web"), &until).await;
            assert_eq!(created.unwrap(), fake.state().rows[0].cache.image_cache_id, "{fault:?}");
        }
        let (fake, caches) = Fake::new();
        fake.fault("create", Fault::LostBefore);
        // The look-up before the call, and the first one after it.
        fake.fault("describe", Fault::Late(Duration::ZERO));
        fake.fault("describe", Fault::Late(Duration::from_secs(600)));
        let (error, time) = ended(&fake, &caches, second, true).await;
        assert!(matches!(error, CreateError::OutcomeUnknown { .. }), "{error:?}");
        assert!(time <= second + LAST_LOOKS, "{time:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn unmatched_caches_with_the_name_are_not_adopted() {
        for (others, expected) in [(1, None), (2, Some(3))] {
            let (fake, caches) = Fake::new();
            fake.fault("create", Fault::LostAfter);
            let elsewhere = async {
                sleep(Duration::from_millis(100)).await;
                for i in 0..others {
                    let id = fake.add("web");
                    let mut state = fake.state();
                    let row = &mut state.row(&id).unwrap().cache;
                    // The first differs in size, the second does not differ.
                    row.image_cache_size = (i == 0).then_some(500);
                }
            };
            let (created, ()) = tokio::join!(create(&caches, "web"), elsewhere);
            match (created, expected) {
                (Ok(id), None) => assert_eq!(id, fake.state().rows[0].cache.image_cache_id),
                (Err(CreateError::OutcomeUnknown { candidates, .. }), Some(count)) => {
                    let differs: Vec<_> = candidates.iter().map(|candidate| &candidate.differs[..]).collect();
                    assert_eq!(differs, [&[][..], &["image_cache_size"], &[]]);
                    assert_eq!(candidates.len(), count);
                }
                (created, _) => panic!("{others}: {created:?}"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_creates_share_the_look_up() {
        let (fake, caches) = Fake::new();
        let names: Vec<_> = (0..10).map(|i| format!("cache-{i}")).collect();
        let ids = join_all(names.iter().map(|name| create(&caches, name))).await;
        assert!(ids.iter().all(Result::is_ok));
        assert_eq!(fake.describes(), 1);
    }
}
