//! A write that a build forbids is sent again after the build.
//!
//! In which status a cache can be updated or deleted is not documented, nor is the code of the refusal. So the code does
//! not decide, but the status: a write that is refused while the cache is being built is repeated once, after the build.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{ImageCaches, WaitError};
use tencentcloud::{Error, tke::UpdateImageCache};

/// What to do about a write that was refused.
enum Next {
    /// The refusal stands.
    Refused,
    /// Nothing forbids it any more.
    Again,
    /// The cache does not exist.
    Gone,
}

impl ImageCaches {
    /// As [`ImageCaches::update`], and once more after the end of a build that forbids it, for which it waits up to
    /// `timeout`.
    ///
    /// # Errors
    ///
    /// As [`ImageCaches::update`]; the first refusal when the build does not end in time, or `cancel` ends the wait.
    pub async fn update_when_built(
        &self,
        region: &str,
        request: UpdateImageCache,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        let Err(error) = self.update(region, request.clone()).await else { return Ok(()) };
        match self.after_refusal(region, &request.image_cache_id, timeout, cancel, &error).await {
            Next::Again => self.update(region, request).await,
            Next::Refused | Next::Gone => Err(error),
        }
    }

    /// As [`ImageCaches::delete`], and once more after the end of a build that forbids it, for which it waits up to
    /// `timeout`.
    ///
    /// # Errors
    ///
    /// As [`ImageCaches::update_when_built`].
    pub async fn delete_when_built(
        &self,
        region: &str,
        id: &str,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        let Err(error) = self.delete(region, id).await else { return Ok(()) };
        match self.after_refusal(region, id, timeout, cancel, &error).await {
            Next::Again => self.delete(region, id).await,
            Next::Gone => Ok(()),
            Next::Refused => Err(error),
        }
    }

    /// Reads the cache whose write was refused, and waits for the end of its build.
    async fn after_refusal(
        &self,
        region: &str,
        id: &str,
        timeout: Duration,
        cancel: &CancellationToken,
        error: &Error,
    ) -> Next {
        let unexplained = error.is_unsupported_now() || error.is_unexplained_refusal();
        if !unexplained && !error.is_invalid_parameter() {
            return Next::Refused;
        }
        let building = match self.get(region, id).await {
            Ok(Some(cache)) => cache.status.is_building(),
            Ok(None) => return Next::Gone,
            Err(_) => return Next::Refused,
        };
        if !building {
            // The build may have ended between the refusal and the look.
            return if unexplained { Next::Again } else { Next::Refused };
        }
        tracing::info!(id, region, %error, "the image cache is being built, trying again afterwards");
        match self.wait_ready(region, id, timeout, cancel).await {
            Ok(_) | Err(WaitError::Failed(_) | WaitError::UpdateFailed(_)) => Next::Again,
            Err(WaitError::Gone { .. } | WaitError::NeverListed { .. }) => Next::Gone,
            Err(_) => Next::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, Fault, REGION, until};
    use super::*;
    use tencentcloud::tke::CreateImageCache;

    const TIMEOUT: Duration = Duration::from_secs(600);

    /// A cache that is being built for the given number of seconds.
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
    async fn an_update_that_a_build_forbids_is_sent_again_afterwards() {
        for fault in
            [Fault::Code("UnsupportedOperation"), Fault::Code("FailedOperation.TaskAlreadyRunning"), Fault::Html(400)]
        {
            let (fake, caches, id) = building(100).await;
            fake.fault("update", fault);
            caches.update_when_built(REGION, rename(&id), TIMEOUT, &CancellationToken::new()).await.unwrap();
            assert_eq!(fake.state().updates, 2);
            assert_eq!(fake.state().row(&id).unwrap().cache.image_cache_name, "new");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_deletion_that_a_build_forbids_is_sent_again_afterwards() {
        let (fake, caches, id) = building(100).await;
        fake.fault("delete", Fault::Code("FailedOperation"));
        caches.delete_when_built(REGION, &id, TIMEOUT, &CancellationToken::new()).await.unwrap();
        assert!(fake.state().rows.is_empty());
        fake.fault("delete", Fault::Html(404));
        caches.delete_when_built(REGION, &id, TIMEOUT, &CancellationToken::new()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_stands_when_no_build_explains_it_or_the_wait_for_its_end_is_given_up() {
        let never = CancellationToken::new();
        let (fake, caches, id) = building(0).await;
        fake.fault("update", Fault::Code("UnauthorizedOperation"));
        caches.update_when_built(REGION, rename(&id), TIMEOUT, &never).await.unwrap_err();
        assert_eq!(fake.state().updates, 1);
        for _ in 0..2 {
            fake.fault("update", Fault::Code("UnsupportedOperation"));
        }
        caches.update_when_built(REGION, rename(&id), TIMEOUT, &never).await.unwrap_err();
        assert_eq!(fake.state().updates, 3);

        let (fake, caches, id) = building(3600).await;
        caches.update_when_built(REGION, rename(&id), TIMEOUT, &never).await.unwrap_err();
        assert_eq!(fake.state().updates, 1);
    }
}
