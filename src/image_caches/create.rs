//! `CreateImageCache` is never sent twice, because it has no client token and each call may make a cache.
//!
//! 1. Before: which caches have the name already? (Creates of one moment share that look-up.)
//! 2. The call. Throttled, or never connected: it may be repeated, because certainly nothing was made.
//! 3. After a call whose outcome is unknown: the name is looked up again, for [`PATIENCE`] in all. A cache of that name and
//!    with the same images, size, retention and tags, which was not there before and is not one that this process knows, is the one.
//! 4. If there is none, nobody can tell, and the caller is told so.
//!
//! Creates of one name go one after the other, in this process: a second one that is under way might have made the cache
//! that the look-up finds. Another process that makes a cache which is the same in all of these in the same
//! seconds cannot be told apart.
//!
//! Assumed, because it is not documented: a cache is listed by its name within [`PATIENCE`] of the call that made it. Its
//! images may be listed in full (`docker.io/library/nginx:latest` for `nginx`) and its size rounded up to tens.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    RegionApi,
    gather::{Answer, Gather},
};
use crate::images;
use tencentcloud::{
    Action as _, Error,
    tke::{CreateImageCache, ImageCache},
};
use terraform_plugin::framework::{Ended, Until};

/// The pauses before each look-up after an unknown outcome: 15.5 seconds in all.
const PATIENCE: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// How long a cache that a call may have made is looked for after the end of the operation: longer than [`PATIENCE`], and not
/// as long as an API that does not respond would take.
const LAST_LOOKS: Duration = Duration::from_secs(20);

/// Why there is no ID of a new image cache.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateError {
    /// The operation ended before the call was sent.
    #[error("no image cache was created: the operation ended before the call was sent")]
    NotSent {
        ended: Ended,
        /// What the last attempt ended with.
        last: Option<Error>,
    },
    /// Nothing was made.
    #[error("no image cache was created")]
    Refused {
        source: Error,
        /// The IDs of the caches that have the name already. Whether the API wants names to be unique is not documented.
        namesakes: Vec<String>,
    },
    /// The answer was lost, and no new cache of that name appeared. There may be one later.
    #[error("it is unknown whether image cache {name:?} was created in {region}")]
    OutcomeUnknown { name: String, region: String, source: Error },
}

/// The creates of one region.
#[derive(Debug)]
pub(super) struct Creates {
    api: RegionApi,
    lookups: Arc<Gather<Lookup>>,
    /// One for each name that was used.
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// The IDs that this process made.
    made: Mutex<HashSet<String>>,
    /// By the ID of a new cache, the caches that had its name before.
    existing: Mutex<HashMap<String, Arc<Vec<ImageCache>>>>,
}

impl Creates {
    pub(super) fn new(api: RegionApi) -> Self {
        let lookups = Gather::new(Lookup(api.clone()), api.span());
        Self { api, lookups, turns: Mutex::default(), made: Mutex::default(), existing: Mutex::default() }
    }

    /// Did this process make the cache `id`?
    pub(super) fn made(&self, id: &str) -> bool {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// The caches that had the name of the new cache `id` before it was created, without those of this process.
    pub(super) fn existing(&self, id: &str) -> Vec<ImageCache> {
        let rows = self.existing.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        rows.iter().flat_map(|rows| rows.iter()).filter(|row| !self.made(&row.image_cache_id)).cloned().collect()
    }

    /// Makes an image cache, and returns its ID.
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

    /// Makes an image cache unless `end` is cancelled before the call is sent.
    async fn create_until(&self, request: &CreateImageCache, end: &CancellationToken) -> Result<String, CreateError> {
        let name = &request.image_cache_name;
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(name.clone()).or_default())
        };
        let refused = |source| CreateError::Refused { source, namesakes: Vec::new() };
        let ended = || refused(Error::Ended { action: CreateImageCache::NAME });
        let _turn = end.run_until_cancelled(turn.lock()).await.ok_or_else(ended)?;
        let rows = end.run_until_cancelled(self.lookups.ask(name)).await.ok_or_else(ended)?.map_err(refused)?;
        let before: HashSet<String> = rows.iter().map(|cache| cache.image_cache_id.clone()).collect();
        match self.api.create(request, end).await {
            Ok(id) => {
                self.claim(&id);
                if !rows.is_empty() {
                    self.existing.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), rows);
                }
                Ok(id)
            }
            Err(error) if error.outcome_unknown() => {
                let unknown = self.unknown(request, error.clone());
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
            Err(source) => Err(CreateError::Refused { source, namesakes: before.into_iter().collect() }),
        }
    }

    /// Looks for the cache that a call with an unknown outcome may have made.
    async fn find(
        &self,
        request: &CreateImageCache,
        before: &HashSet<String>,
        error: Error,
    ) -> Result<String, CreateError> {
        let name = &request.image_cache_name;
        tracing::warn!(name, %error, "the answer to CreateImageCache is lost, looking for the image cache");
        for pause in PATIENCE {
            sleep(pause).await;
            match self.lookups.ask(name).await {
                Ok(rows) => {
                    let mut new = rows.iter().filter(|row| !before.contains(&row.image_cache_id) && fits(row, request));
                    if let Some(row) = new.find(|row| self.claim(&row.image_cache_id)) {
                        tracing::info!(name, id = row.image_cache_id, "found the image cache");
                        return Ok(row.image_cache_id.clone());
                    }
                }
                Err(error) => tracing::warn!(name, %error, "looking for the image cache failed"),
            }
        }
        Err(self.unknown(request, error))
    }

    fn unknown(&self, request: &CreateImageCache, source: Error) -> CreateError {
        let (name, region) = (request.image_cache_name.clone(), self.api.region.to_string());
        CreateError::OutcomeUnknown { name, region, source }
    }

    /// True when nobody else has this ID.
    fn claim(&self, id: &str) -> bool {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned())
    }
}

/// Could `row` have been made by `request`? What the row does not say does not count.
fn fits(row: &ImageCache, request: &CreateImageCache) -> bool {
    let set = |images: &[String]| images.iter().cloned().collect();
    let images = images::same(&set(&row.images), &set(&request.images));
    let size = match (row.image_cache_size, request.image_cache_size) {
        (Some(row), Some(requested)) => row == requested || row == requested.next_multiple_of(10),
        _ => true,
    };
    let retention = row.retention_days.is_none_or(|days| days == request.retention_days.unwrap_or(0));
    // Further tags may be the platform's.
    let tags = row.tags.as_ref().is_none_or(|listed| request.tags.iter().all(|tag| listed.contains(tag)));
    (row.images.is_empty() || images) && size && retention && tags
}

/// Looks up names.
#[derive(Debug)]
struct Lookup(RegionApi);

impl Answer for Lookup {
    type Output = Result<Arc<Vec<ImageCache>>, Error>;

    async fn answer(&self, names: Vec<String>) -> HashMap<String, Self::Output> {
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
    async fn a_lost_answer_is_found_by_name_and_the_call_not_repeated() {
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
    async fn the_outcome_is_called_unknown_when_nothing_is_found() {
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
    async fn a_refusal_is_reported_at_once() {
        let (fake, caches) = Fake::new();
        fake.fault("create", Fault::Code("InvalidParameter"));
        let error = create(&caches, "web").await.unwrap_err();
        let CreateError::Refused { source, namesakes } = error else { panic!("{error:?}") };
        assert!(source.is_invalid_parameter() && namesakes.is_empty(), "{source} {namesakes:?}");
        assert_eq!(fake.describes(), 1, "the look-up before, none after");

        let namesake = fake.add("web");
        fake.fault("create", Fault::Code("InvalidParameter"));
        let error = create(&caches, "web").await.unwrap_err();
        assert!(matches!(&error, CreateError::Refused { namesakes, .. } if *namesakes == [namesake]), "{error:?}");

        fake.fault("describe", Fault::Code("UnauthorizedOperation"));
        create(&caches, "web").await.unwrap_err();
        assert_eq!(fake.state().creates, 2, "without the look-up nothing is made");
    }

    #[tokio::test(start_paused = true)]
    async fn creates_of_one_name_end_as_different_caches_whichever_answer_is_lost() {
        for lost in 0..3 {
            let (fake, caches) = Fake::new();
            for _ in 0..lost {
                fake.fault("create", Fault::LostAfter);
            }
            let ids = join_all((0..3).map(|_| create(&caches, "web"))).await;
            let ids: HashSet<_> = ids.into_iter().map(Result::unwrap).collect();
            assert_eq!(ids.len(), 3, "{lost} lost answers");
            assert_eq!(fake.state().rows.len(), 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_create_under_way_is_not_taken_for_the_lost_one() {
        let (fake, caches) = Fake::new();
        fake.fault("create", Fault::LostBefore);
        fake.fault("create", Fault::Late(Duration::from_secs(3)));
        let (first, second) = tokio::join!(create(&caches, "web"), create(&caches, "web"));
        assert!(matches!(first, Err(CreateError::OutcomeUnknown { .. })), "{first:?}");
        assert_eq!(second.unwrap(), fake.state().rows[0].cache.image_cache_id);
    }

    #[tokio::test(start_paused = true)]
    async fn cache_with_other_retention_or_tags_is_not_adopted() {
        let row = |fields: serde_json::Value| {
            let mut row = serde_json::json!({"ImageCacheId": "imc-a", "Images": ["nginx:1.27"], "ImageCacheSize": 20});
            row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            serde_json::from_value::<ImageCache>(row).unwrap()
        };
        let tag = |key: &str| serde_json::json!({"Key": key, "Value": "ml"});
        let request = CreateImageCache {
            retention_days: Some(7),
            tags: vec![serde_json::from_value(tag("team")).unwrap()],
            ..request("web")
        };
        for (fields, expected) in [
            (serde_json::json!({}), true),
            (serde_json::json!({"RetentionDays": 7, "Tags": [tag("team")]}), true),
            (serde_json::json!({"Tags": [tag("qcs:tag:createdBy"), tag("team")]}), true),
            (serde_json::json!({"RetentionDays": null, "Tags": null}), true),
            (serde_json::json!({"RetentionDays": 0}), false),
            (serde_json::json!({"Tags": []}), false),
            (serde_json::json!({"Tags": [tag("squad")]}), false),
        ] {
            assert_eq!(fits(&row(fields.clone()), &request), expected, "{fields}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_cache_with_other_images_or_another_size_is_not_adopted() {
        let row = |images: &[&str], size| {
            let row = serde_json::json!({"ImageCacheId": "imc-a", "Images": images, "ImageCacheSize": size});
            serde_json::from_value::<ImageCache>(row).unwrap()
        };
        for (row, expected) in [
            (row(&["nginx:1.27"], Some(20)), true),
            (row(&["nginx:1.27"], None), true),
            (row(&[], None), true),
            (row(&["docker.io/library/nginx:1.27"], Some(20)), true),
            (row(&["my-nginx:1.27"], Some(20)), false),
            (row(&["nginx:1.28"], Some(20)), false),
            (row(&["nginx:1.27", "redis:7"], Some(20)), false),
            (row(&["nginx:1.27"], Some(30)), false),
        ] {
            assert_eq!(fits(&row, &request("web")), expected, "{row:?}");
        }
    }

    /// What a create ends with that is interrupted, or out of time, after this time; and after how long.
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
    async fn create_ended_before_the_call_creates_nothing() {
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
    async fn create_ended_after_the_call_keeps_what_it_created() {
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
    async fn creates_of_one_moment_share_the_look_up() {
        let (fake, caches) = Fake::new();
        let names: Vec<_> = (0..10).map(|i| format!("cache-{i}")).collect();
        let ids = join_all(names.iter().map(|name| create(&caches, name))).await;
        assert!(ids.iter().all(Result::is_ok));
        assert_eq!(fake.describes(), 1);
    }
}
