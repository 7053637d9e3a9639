//! Waiting for one image cache: what is seen of it comes from the region's [`poll`](super::poll), and each wait ends by
//! its own timeout and cancellation.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    super::{
        Error,
        tke::{ImageCache, Status},
    },
    poll::{FirstLook, Poller, Sighting},
};

/// For so long a cache that was never listed counts as pending. How soon a new cache is listed is not documented.
const UNLISTED: Duration = Duration::from_secs(60);

/// Why the wait for an image cache ended without what was waited for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WaitError {
    /// The first build failed. The events say why.
    #[error("image cache {} has failed", .0.image_cache_id)]
    Failed(Arc<ImageCache>),
    /// The build after a change failed. The events say why.
    #[error("the update of image cache {} has failed", .0.image_cache_id)]
    UpdateFailed(Arc<ImageCache>),
    /// Nobody knows what this status means or whether it will change.
    #[error("image cache {} has the unknown status {:?}", .0.image_cache_id, .0.status.as_str())]
    UnknownStatus(Arc<ImageCache>),
    /// It took longer than `timeout`.
    #[error("the wait for image cache {id} took longer than {timeout:?}{}", status(last.as_deref()))]
    TimedOut {
        id: String,
        timeout: Duration,
        /// What was seen last, if it was ever listed.
        last: Option<Arc<ImageCache>>,
        /// The last poll failed like this.
        source: Option<Box<Error>>,
    },
    /// The wait was given up from outside. The cache goes on by itself.
    #[error("the wait for image cache {id} was cancelled{}", status(last.as_deref()))]
    Cancelled { id: String, last: Option<Arc<ImageCache>> },
    /// It was deleted while it was waited for.
    #[error("image cache {id} does not exist any more")]
    Gone { id: String },
    /// A poll failed in a way that does not pass by itself.
    #[error("image cache {id} cannot be read")]
    Api { id: String, source: Error },
}

/// Waits until `id` is `Ready`.
pub(super) async fn wait_ready(
    poller: &Arc<Poller>,
    id: &str,
    first_look: FirstLook,
    timeout: Duration,
    cancel: &CancellationToken,
    on_status: &mut (dyn FnMut(&ImageCache) + Send),
) -> Result<Arc<ImageCache>, WaitError> {
    let start = Instant::now();
    let mut last: Option<Arc<ImageCache>> = None;
    let mut absences = 0;
    wait(poller, id, first_look, timeout, cancel, |sighting| match sighting {
        Some(cache) => {
            absences = 0;
            if last.as_ref().is_none_or(|last| last.status != cache.status) {
                on_status(&cache);
            }
            last = Some(Arc::clone(&cache));
            match cache.status {
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
            // One answer without it may be a list that others were changing.
            (!not_listed_yet && absences > 1).then(|| Err(WaitError::Gone { id: id.to_owned() }))
        }
    })
    .await
}

/// Waits until `id` is not listed.
pub(super) async fn wait_gone(
    poller: &Arc<Poller>,
    id: &str,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<(), WaitError> {
    wait(poller, id, FirstLook::Soon, timeout, cancel, |sighting| match sighting {
        Some(_) => None,
        None => Some(Ok(())),
    })
    .await
}

/// Gives what each poll sees to `judge`, until that returns something: the cache, or `None` where it is not listed.
async fn wait<T>(
    poller: &Arc<Poller>,
    id: &str,
    first_look: FirstLook,
    timeout: Duration,
    cancel: &CancellationToken,
    mut judge: impl FnMut(Option<Arc<ImageCache>>) -> Option<Result<T, WaitError>>,
) -> Result<T, WaitError> {
    let mut sightings = poller.watch(id, first_look);
    let mut last = None;
    let mut error = None;
    let deadline = sleep(timeout);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(WaitError::Cancelled { id: id.to_owned(), last }),
            changed = sightings.changed() => changed.expect("the poller keeps the sender while there is a receiver"),
            () = &mut deadline => {
                return Err(WaitError::TimedOut { id: id.to_owned(), timeout, last, source: error.map(Box::new) });
            }
        }
        let sighting = sightings.borrow_and_update().clone();
        let judged = match sighting {
            Sighting::None => None,
            Sighting::Listed(cache) => {
                error = None;
                last = Some(Arc::clone(&cache));
                judge(Some(cache))
            }
            Sighting::Absent => {
                error = None;
                judge(None)
            }
            Sighting::Failed(source) if passes(&source) => {
                error = Some(source);
                None
            }
            Sighting::Failed(source) => Some(Err(WaitError::Api { id: id.to_owned(), source })),
        };
        if let Some(result) = judged {
            return result;
        }
    }
}

/// Failures that may be over at the next poll. A build of an hour should not be lost to a minute without network.
fn passes(error: &Error) -> bool {
    error.is_throttling() || error.is_not_connected() || error.outcome_unknown()
}

fn status(last: Option<&ImageCache>) -> String {
    last.map(|cache| format!(", its last status was {}", cache.status)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            ImageCaches,
            fake::{Fake, Fault, INTERVAL, REGION},
        },
        *,
    };
    use crate::tencentcloud::tke::CreateImageCache;

    const TIMEOUT: Duration = Duration::from_secs(600);

    async fn create(caches: &ImageCaches) -> String {
        let request = CreateImageCache { image_cache_name: "web".to_owned(), ..Default::default() };
        caches.create(REGION, request).await.unwrap()
    }

    async fn ready(caches: &ImageCaches, id: &str) -> Result<Arc<ImageCache>, WaitError> {
        caches.wait_ready(REGION, id, TIMEOUT, &CancellationToken::new(), &mut |_| {}).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_with_the_build() {
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
            let mut on_status = |cache: &ImageCache| seen.push(cache.status.to_string());
            let result = caches.wait_ready(REGION, &id, TIMEOUT, &CancellationToken::new(), &mut on_status).await;
            let result = result.map_or_else(|error| error.to_string(), |cache| cache.status.to_string());
            assert_eq!(result, expected);
            assert_eq!(seen.len(), 2, "Pending and what followed, each once: {seen:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_has_its_own_end() {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(100);
        let id = create(&caches).await;
        let (never, cancel) = (CancellationToken::new(), CancellationToken::new());
        let wait = async |timeout, cancel| caches.wait_ready(REGION, &id, timeout, cancel, &mut |_| {}).await;
        let (short, cancelled, long, ()) =
            tokio::join!(wait(Duration::from_secs(30), &never), wait(TIMEOUT, &cancel), wait(TIMEOUT, &never), async {
                sleep(Duration::from_secs(20)).await;
                cancel.cancel();
            });
        let last = |last: Option<Arc<ImageCache>>| last.unwrap().status.clone();
        match (short.unwrap_err(), cancelled.unwrap_err()) {
            (WaitError::TimedOut { last: short, timeout, .. }, WaitError::Cancelled { last: cancelled, .. }) => {
                assert_eq!((last(short), last(cancelled)), (Status::Pending, Status::Pending));
                assert_eq!(timeout, Duration::from_secs(30));
            }
            errors => panic!("{errors:?}"),
        }
        assert_eq!(long.unwrap().status, Status::Ready);
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_cache_may_be_listed_late_and_an_old_one_may_be_gone() {
        let (fake, caches) = Fake::new();
        fake.state().unlisted = Duration::from_secs(40);
        let id = create(&caches).await;
        assert_eq!(ready(&caches, &id).await.unwrap().status, Status::Ready);

        fake.state().rows.clear();
        let start = Instant::now();
        assert!(matches!(ready(&caches, &id).await, Err(WaitError::Gone { .. })));
        assert!(start.elapsed() < UNLISTED + 2 * INTERVAL.mul_f64(2.0), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_survives_failures_that_pass_and_no_others() {
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
}
