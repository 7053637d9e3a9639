//! A write that a build forbids is sent again after the build.
//!
//! In which status a cache can be updated or deleted is not documented, nor is the code of the refusal. So the code does
//! not decide, but the status: a write that is refused while the cache is being built is repeated once, after the build.

use super::{ImageCaches, WaitError};
use tencentcloud::{Error, tke::UpdateImageCache};
use terraform_plugin::framework::{Ended, Until};

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
    /// As [`ImageCaches::update`], and once more after the end of a build that forbids it.
    ///
    /// # Errors
    ///
    /// What ended the operation while a call was under way. Inside: as [`ImageCaches::update`]; the first refusal when
    /// the build did not end until then.
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

    /// As [`ImageCaches::delete`], and once more after the end of a build that forbids it.
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
        tracing::info!(id, region, %error, "the image cache is being built, trying again afterwards");
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
            caches.update_when_built(REGION, rename(&id), &ten_minutes()).await.unwrap().unwrap();
            assert_eq!(fake.state().updates, 2);
            assert_eq!(fake.state().row(&id).unwrap().cache.image_cache_name, "new");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_deletion_that_a_build_forbids_is_sent_again_afterwards() {
        let (fake, caches, id) = building(100).await;
        fake.fault("delete", Fault::Code("FailedOperation"));
        caches.delete_when_built(REGION, &id, &ten_minutes()).await.unwrap().unwrap();
        assert!(fake.state().rows.is_empty());
        fake.fault("delete", Fault::Html(404));
        caches.delete_when_built(REGION, &id, &ten_minutes()).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_stands_when_no_build_explains_it_or_the_wait_for_its_end_is_given_up() {
        let (fake, caches, id) = building(0).await;
        fake.fault("update", Fault::Code("UnauthorizedOperation"));
        caches.update_when_built(REGION, rename(&id), &ten_minutes()).await.unwrap().unwrap_err();
        assert_eq!(fake.state().updates, 1);
        for _ in 0..2 {
            fake.fault("update", Fault::Code("UnsupportedOperation"));
        }
        caches.update_when_built(REGION, rename(&id), &ten_minutes()).await.unwrap().unwrap_err();
        assert_eq!(fake.state().updates, 3);

        // Also where the operation ends with the wait: the refusal says more than that it took too long.
        let (fake, caches, id) = building(3600).await;
        caches.update_when_built(REGION, rename(&id), &ten_minutes()).await.unwrap().unwrap_err();
        assert_eq!(fake.state().updates, 1);

        fake.fault("delete", Fault::Code("FailedOperation"));
        caches.delete_when_built(REGION, &id, &ten_minutes()).await.unwrap().unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_without_a_response_ends_with_the_operation() {
        let (fake, caches, id) = building(0).await;
        fake.fault("delete", Fault::Late(Duration::from_secs(3600)));
        assert_eq!(caches.delete_when_built(REGION, &id, &ten_minutes()).await.unwrap_err(), Ended::TimedOut);
    }
}
