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
        source: Option<Error>,
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
                return Err(WaitError::TimedOut { id: id.to_owned(), timeout, last, source: error });
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
