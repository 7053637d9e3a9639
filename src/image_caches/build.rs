//! Retries a write that a build prevented, after the build.
//!
//! It is not documented in which statuses a cache can be updated or deleted, nor the error code. So the status decides: a write
//! that is refused while the cache is being built is retried once, after the build.

use super::{ImageCaches, WaitError};
use tencentcloud::{Error, tke::UpdateImageCache};
use terraform_plugin::framework::{Ended, Until};

/// What to do after a refused write.
enum Next {
    /// The refusal stands.
    Refused,
    /// Retry it.
    Again,
    /// The cache does not exist.
    Gone,
}

impl ImageCaches {
    /// [`ImageCaches::update`], retried once after a build that prevents it.
    ///
    /// # Errors
    ///
    /// The limit that ended the operation during a call. The inner error is as in [`ImageCaches::update`], or the first refusal if
    /// the build did not end in time.
    pub async fn update_when_built(
        &self,
        region: &str,
        request: UpdateImageCache,
        until: &Until,
    ) -> Result<Result<(), Error>, Ended> {
        let Err(error) = until.run(self.update(region, request.clone())).await? else { return Ok(Ok(())) };
        match self.after_refusal(region, &request.image_cache_id, until, &error).await {
            Next::Again => until.run(self.update(region, request)).await,
            Next::Refused | Next::Gone => Ok(Err(error)),
        }
    }

    /// [`ImageCaches::delete`], retried once after a build that prevents it.
    ///
    /// # Errors
    ///
    /// As [`ImageCaches::update_when_built`].
    pub async fn delete_when_built(&self, region: &str, id: &str, until: &Until) -> Result<Result<(), Error>, Ended> {
        let Err(error) = until.run(self.delete(region, id)).await? else { return Ok(Ok(())) };
        match self.after_refusal(region, id, until, &error).await {
            Next::Again => until.run(self.delete(region, id)).await,
            Next::Gone => Ok(Ok(())),
            Next::Refused => Ok(Err(error)),
        }
    }

    /// Reads the cache whose write was refused, and waits for the end of its build.
    async fn after_refusal(&self, region: &str, id: &str, until: &Until, error: &Error) -> Next {
        let unexplained = error.is_unsupported_now() || error.is_unexplained_refusal();
        if !unexplained && !error.is_invalid_parameter() {
            return Next::Refused;
        }
        let building = match until.run(self.get(region, id)).await {
            Ok(Ok(Some(cache))) => cache.status.is_building(),
            Ok(Ok(None)) => return Next::Gone,
            Ok(Err(_)) | Err(_) => return Next::Refused,
        };
        if !building {
            // The build may have ended between the refusal and the read.
            return if unexplained { Next::Again } else { Next::Refused };
        }
        tracing::info!(id, region, %error, "the image cache is being built; retrying afterwards");
        match self.wait_ready(region, id, until.left(), until.stop()).await {
            Ok(_) | Err(WaitError::Failed(_) | WaitError::UpdateFailed(_)) => Next::Again,
            Err(WaitError::Gone { .. } | WaitError::NeverListed { .. }) => Next::Gone,
            Err(_) => Next::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, Fault, REGION, until};
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use tencentcloud::tke::CreateImageCache;

    fn ten_minutes() -> Until {
        Until::new(&CancellationToken::new(), Duration::from_secs(600))
    }

    /// A cache with a build that takes the given number of seconds.
    async fn building(seconds: u64) -> (std::sync::Arc<Fake>, ImageCaches, String) {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(seconds);
        let request = CreateImageCache { image_cache_name: "web".to_owned(), ..Default::default() };
        let id = caches.create(REGION, request, &until()).await.unwrap();
        (fake, caches, id)
    }

    fn rename(id: &str) -> UpdateImageCache {
        UpdateImageCache {
            image_cache_id: id.to_owned(),
            image_cache_name: Some("new".to_owned()),
            ..Default::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn update_is_retried_after_a_build() {
        for fault in
            [Fault::Code("UnsupportedOperation"), Fault::Code("FailedOperation.TaskAlreadyRunning"), Fault::Html(400)]
        {
            let (fake, caches, id) = building(100).await;
            fake.fault("update", fault);
            caches.update_when_built(REGION, rename(&id), &ten_minutes()).await.unwrap().unwrap();
            assert_eq!(fake.state().updates, 2);
            assert_eq!(fake.state().row(&id).unwrap().cache.image_cache_name, "new");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn deletion_is_retried_after_a_build() {
        let (fake, caches, id) = building(100).await;
        fake.fault("delete", Fault::Code("FailedOperation"));
        caches.delete_when_built(REGION, &id, &ten_minutes()).await.unwrap().unwrap();
        assert!(fake.state().rows.is_empty());
        fake.fault("delete", Fault::Html(404));
        caches.delete_when_built(REGION, &id, &ten_minutes()).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn refusal_is_returned_without_a_build_or_after_the_timeout() {
        let (fake, caches, id) = building(0).await;
        fake.fault("update", Fault::Code("UnauthorizedOperation"));
        caches.update_when_built(REGION, rename(&id), &ten_minutes()).await.unwrap().unwrap_err();
        assert_eq!(fake.state().updates, 1);
        for _ in 0..2 {
            fake.fault("update", Fault::Code("UnsupportedOperation"));
        }
        caches.update_when_built(REGION, rename(&id), &ten_minutes()).await.unwrap().unwrap_err();
        assert_eq!(fake.state().updates, 3);

        // Also if the operation ends during the wait: the refusal is more informative than the timeout.
        let (fake, caches, id) = building(3600).await;
        caches.update_when_built(REGION, rename(&id), &ten_minutes()).await.unwrap().unwrap_err();
        assert_eq!(fake.state().updates, 1);

        fake.fault("delete", Fault::Code("FailedOperation"));
        caches.delete_when_built(REGION, &id, &ten_minutes()).await.unwrap().unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn unanswered_call_ends_with_the_operation() {
        let (fake, caches, id) = building(0).await;
        fake.fault("delete", Fault::Late(Duration::from_secs(3600)));
        assert_eq!(caches.delete_when_built(REGION, &id, &ten_minutes()).await.unwrap_err(), Ended::TimedOut);
    }
}
