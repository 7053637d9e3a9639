//! The poll that all waits of a region share: one call per 50 caches.

use std::collections::HashMap;
use std::sync::Arc;

use super::{RegionApi, build_events::BuildEvents, listing::Absence};
use tencentcloud::{Error, credentials::CredentialsError, tke::ImageCache};
use terraform_plugin::framework::{Poll, Polled};

/// The poll of a region.
#[derive(Debug)]
pub(super) struct Polls {
    pub api: Arc<dyn RegionApi>,
    pub builds: Arc<BuildEvents>,
}

impl Poll for Polls {
    type Object = Arc<ImageCache>;
    type Error = Error;

    async fn read(&self, ids: Vec<String>) -> HashMap<String, Polled<Self>> {
        let rows = self.api.by_ids(ids, Absence::Believed).await;
        let is_building =
            |row: &Polled<Self>| row.as_ref().is_ok_and(|row| row.as_ref().is_some_and(|row| row.status.is_building()));
        let building: Vec<_> = rows.iter().filter(|(_, row)| is_building(row)).map(|(id, _)| id.clone()).collect();
        self.builds.after_poll(&building);
        rows
    }

    fn status(cache: &Arc<ImageCache>) -> &str {
        cache.status.as_str()
    }

    /// A wait of an hour must survive a minute without network.
    fn is_transient(error: &Error) -> bool {
        match error {
            // Temporary credentials are renewed during a wait.
            Error::Credentials { source, .. } => match &**source {
                CredentialsError::Sts { source, .. } => Self::is_transient(source),
                CredentialsError::Metadata { .. } => true,
                _ => false,
            },
            _ => error.is_throttling() || error.is_not_connected() || error.outcome_unknown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio_util::sync::CancellationToken;

    use std::time::Duration;

    use tokio::time::Instant;

    use super::{
        super::{
            ImageCaches, WaitError,
            fake::{Fake, INTERVAL, REGION, UnknownIds, refusal, until},
        },
        *,
    };
    use tencentcloud::tke::CreateImageCache;

    /// Creates `count` caches one after another, and waits for all of them together.
    async fn make(caches: &ImageCaches, count: usize) {
        let cancel = CancellationToken::new();
        let made = (0..count).map(|i| {
            let (caches, cancel) = (caches.clone(), &cancel);
            async move {
                let request = CreateImageCache { image_cache_name: format!("cache-{i}"), ..Default::default() };
                tokio::time::sleep(Duration::from_millis(51) * i as u32).await;
                let id = caches.create(REGION, request, &until()).await.unwrap();
                caches.wait_ready(REGION, &id, Duration::from_secs(3600), cancel).await.unwrap();
            }
        });
        join_all(made).await;
    }

    fn polls(fake: &Fake) -> usize {
        fake.state().describes.iter().filter(|call| !call.image_cache_ids.is_empty()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_builds_of_half_a_minute_take_at_most_ten_polls() {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(30);
        make(&caches, 50).await;
        assert!(polls(&fake) <= 10, "{}", polls(&fake));
    }

    #[tokio::test(start_paused = true)]
    async fn poll_has_one_call_per_fifty_and_a_growing_interval() {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(1800);
        let start = Instant::now();
        make(&caches, 120).await;
        let took = start.elapsed();
        assert!(took < Duration::from_secs(1800 + 6) + INTERVAL.mul_f64(4.4), "{took:?}");
        // 3 calls every 5 seconds would be 1,080.
        assert!((260..400).contains(&polls(&fake)), "{}", polls(&fake));
    }

    #[tokio::test(start_paused = true)]
    async fn vanished_cache_does_not_affect_other_waits() {
        for unknown_ids in [UnknownIds::LeftOut, UnknownIds::Refused, UnknownIds::EmptyList, UnknownIds::Html] {
            let (fake, caches) = Fake::new();
            fake.state().unknown_ids = unknown_ids;
            fake.state().build = Duration::from_secs(60);
            let delete = async {
                tokio::time::sleep(Duration::from_secs(20)).await;
                let id = fake.state().rows[0].cache.image_cache_id.clone();
                fake.state().rows.remove(0);
                id
            };
            let ids = join_all((0..3).map(|i| {
                let request = CreateImageCache { image_cache_name: format!("cache-{i}"), ..Default::default() };
                let caches = &caches;
                async move { caches.create(REGION, request, &until()).await }
            }));
            let ids: Vec<_> = ids.await.into_iter().map(Result::unwrap).collect();
            let never = CancellationToken::new();
            let waits = join_all(
                ids.iter().map(async |id| caches.wait_ready(REGION, id, Duration::from_secs(600), &never).await),
            );
            let (waits, deleted) = tokio::join!(waits, delete);
            for (id, wait) in ids.iter().zip(waits) {
                let gone = matches!(wait, Err(WaitError::Gone { .. }));
                assert_eq!((gone, wait.is_ok()), (*id == deleted, *id != deleted), "{unknown_ids:?}: {wait:?}");
            }
        }
    }

    #[test]
    fn renewal_error_is_transient_with_its_cause() {
        let sts = |code: &str| CredentialsError::Sts {
            origin: "assume_role".to_owned(),
            request: "AssumeRole".to_owned(),
            advice: None,
            source: Arc::new(refusal("AssumeRole", code)),
        };
        for (source, expected) in [
            (sts("InternalError"), true),
            (sts("UnauthorizedOperation"), false),
            (CredentialsError::Metadata { problem: "no response".to_owned() }, true),
            (CredentialsError::NotFound { configuration: "provider block", tried: Vec::new() }, false),
        ] {
            let error = Error::Credentials { action: "DescribeImageCaches", source: Arc::new(source) };
            assert_eq!(Polls::is_transient(&error), expected, "{error:?}");
        }
    }
}
