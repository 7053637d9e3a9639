//! An update whose outcome is unknown is read back before it is retried.
//!
//! `UpdateImageCache` sets fields, so a second call has the same result; but it may start a second build, or be refused during the
//! first. After a call whose outcome is unknown:
//!
//! | the cache | and the request | then |
//! | --- | --- | --- |
//! | is `Updating` | | it was carried out |
//! | has all the values that can be seen | needs no build | it was carried out |
//! | anything else | | it is sent again |
//!
//! In the last case, a completed build is repeated, which costs time. Otherwise a build could be missing unnoticed.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::sleep;

use super::{RegionApi, listing::Absence};
use tencentcloud::{
    Error,
    tke::{ImageCache, Status, UpdateImageCache},
};

/// The pauses before an update is retried.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

impl dyn RegionApi {
    /// Updates an image cache. Returns when it is certain whether the API accepted it.
    pub(super) async fn update(&self, request: &UpdateImageCache) -> Result<(), Error> {
        let mut unknown = false;
        let mut pauses = PAUSES.into_iter();
        loop {
            let error = match self.call(request).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            unknown |= error.outcome_unknown();
            // The build of the first call may prevent the second.
            if !(error.outcome_unknown() || unknown && error.is_unsupported_now()) {
                return Err(error);
            }
            let id = &request.image_cache_id;
            tracing::warn!(id, %error, "the response to UpdateImageCache was lost; reading the image cache back");
            let row = self.by_ids(vec![id.clone()], Absence::AskedAlone).await.remove(id);
            if let Some(Ok(Some(row))) = &row
                && is_carried_out(row, request)
            {
                return Ok(());
            }
            // If the cache no longer exists, the next attempt returns that error.
            let Some(pause) = pauses.next() else { return Err(error) };
            sleep(pause).await;
        }
    }
}

fn is_carried_out(row: &ImageCache, request: &UpdateImageCache) -> bool {
    // Every field is named, so that a new one requires a decision.
    let UpdateImageCache {
        image_cache_id: _,
        image_cache_name,
        images,
        image_cache_size,
        retention_days,
        security_group_ids,
        image_registry_credentials,
        tags,
    } = request;
    let builds = images.is_some()
        || image_cache_size.is_some()
        || security_group_ids.is_some()
        || image_registry_credentials.is_some();
    let set = |tags: &[_]| tags.iter().cloned().collect::<BTreeSet<_>>();
    let is_listed = image_cache_name.as_ref().is_none_or(|name| *name == row.image_cache_name)
        && retention_days.is_none_or(|days| Some(days) == row.retention_days)
        && tags.as_ref().is_none_or(|tags| set(tags) == set(row.tags.as_deref().unwrap_or_default()));
    row.status == Status::Updating || (!builds && is_listed)
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, Fault, REGION};
    use super::*;

    fn rename(id: &str) -> UpdateImageCache {
        let name = Some("new".to_owned());
        UpdateImageCache { image_cache_id: id.to_owned(), image_cache_name: name, ..Default::default() }
    }

    fn rebuild(id: &str) -> UpdateImageCache {
        UpdateImageCache { images: Some(vec!["nginx:1.28".to_owned()]), ..rename(id) }
    }

    #[tokio::test(start_paused = true)]
    async fn update_is_retried_only_if_it_was_not_carried_out() {
        type Request = fn(&str) -> UpdateImageCache;
        for (case, request, build, faults, sent) in [
            ("no fault", rename as Request, 0, vec![], 1),
            ("renamed, the response is lost", rename, 0, vec![Fault::LostAfter], 1),
            ("lost on the way", rename, 0, vec![Fault::LostBefore], 2),
            ("lost on the way twice", rename, 0, vec![Fault::LostBefore, Fault::Code("InternalError")], 3),
            ("building, the response is lost", rebuild, 60, vec![Fault::LostAfter], 1),
            ("a build, lost on the way", rebuild, 60, vec![Fault::LostBefore], 2),
            ("built within the call", rebuild, 0, vec![Fault::LostAfter], 2),
        ] {
            let (fake, caches) = Fake::new();
            let id = fake.add("old");
            fake.state().build = Duration::from_secs(build);
            for fault in faults {
                fake.fault("update", fault);
            }
            caches.update(REGION, request(&id)).await.unwrap();
            assert_eq!(fake.state().updates, sent, "{case}");
            assert_eq!(fake.state().row(&id).unwrap().cache.image_cache_name, "new", "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refused_retry_during_a_build_is_success() {
        let (fake, caches) = Fake::new();
        let id = fake.add("old");
        fake.state().build = Duration::from_secs(60);
        fake.fault("update", Fault::LostAfter);
        // The read by ID and the list that would show the build fail.
        fake.fault("describe", Fault::Code("InternalError"));
        fake.fault("describe", Fault::Code("InternalError"));
        caches.update(REGION, rebuild(&id)).await.unwrap();
        assert_eq!(fake.state().updates, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn refusal_is_an_error() {
        let (fake, caches) = Fake::new();
        let id = fake.add("old");
        fake.fault("update", Fault::Code("UnsupportedOperation"));
        assert!(caches.update(REGION, rename(&id)).await.unwrap_err().is_unsupported_now());
        assert!(caches.update(REGION, rename("imc-gone")).await.unwrap_err().is_not_found());
        assert_eq!(fake.state().updates, 2);

        for _ in 0..=PAUSES.len() {
            fake.fault("update", Fault::LostBefore);
        }
        assert!(caches.update(REGION, rename(&id)).await.unwrap_err().outcome_unknown());
    }

    #[tokio::test(start_paused = true)]
    async fn nonexistent_cache_counts_as_deleted() {
        let (fake, caches) = Fake::new();
        let id = fake.add("old");
        caches.delete(REGION, &id).await.unwrap();
        caches.delete(REGION, &id).await.unwrap();
        fake.fault("delete", Fault::Code("InternalError"));
        caches.delete(REGION, &id).await.unwrap();
        fake.fault("delete", Fault::Code("UnsupportedOperation"));
        assert!(caches.delete(REGION, &id).await.unwrap_err().is_unsupported_now());
    }
}
