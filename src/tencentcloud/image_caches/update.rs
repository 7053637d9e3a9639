//! An update in doubt is read back before it is repeated.
//!
//! `UpdateImageCache` sets fields, so that repeating it leads to the same fields; but it may start a second build, or be
//! refused because the first runs. After a call whose outcome is unknown:
//!
//! | the cache | and the request | then |
//! | --- | --- | --- |
//! | is `Updating` | | it was carried out |
//! | has all the values that can be seen | needs no build | it was carried out |
//! | anything else | | it is sent again |
//!
//! In the last row a build that is over already is done again, which costs time. The other mistake, a build that never
//! happens, would go unnoticed.

use std::collections::BTreeSet;

use super::{
    super::{
        Error,
        tke::{ImageCache, Status, UpdateImageCache},
    },
    RegionApi,
    listing::Absence,
};

/// How often an update is sent, at most.
const ATTEMPTS: u32 = 4;

/// Changes an image cache, until it is certain that the API has accepted it or will not.
pub(super) async fn update(api: &RegionApi, request: &UpdateImageCache) -> Result<(), Error> {
    let mut doubt = false;
    let mut attempt = 1;
    loop {
        let error = match api.update(request).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        doubt |= error.outcome_unknown();
        // A cache that the first call has set to work may refuse the second.
        if !(error.outcome_unknown() || doubt && error.is_unsupported_now()) {
            return Err(error);
        }
        let id = &request.image_cache_id;
        tracing::warn!(id, %error, "the answer to UpdateImageCache is lost, reading the image cache back");
        let row = api.by_ids(vec![id.clone()], Absence::AskedAlone).await.remove(id);
        if let Some(Ok(Some(row))) = &row
            && is_carried_out(row, request)
        {
            return Ok(());
        }
        // Of a cache that is gone, the repetition says so.
        if attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
    }
}

fn is_carried_out(row: &ImageCache, request: &UpdateImageCache) -> bool {
    let builds = request.images.is_some()
        || request.image_cache_size.is_some()
        || request.security_group_ids.is_some()
        || request.image_registry_credentials.is_some();
    row.status == Status::Updating || (!builds && has_the_values(row, request))
}

/// True when `row` shows what `request` asks for, of what needs no build.
fn has_the_values(row: &ImageCache, request: &UpdateImageCache) -> bool {
    let tags = |tags: &[_]| tags.iter().cloned().collect::<BTreeSet<_>>();
    request.image_cache_name.as_ref().is_none_or(|name| *name == row.image_cache_name)
        && request.retention_days.is_none_or(|days| Some(days) == row.retention_days)
        && request
            .tags
            .as_ref()
            .is_none_or(|requested| tags(requested) == tags(row.tags.as_deref().unwrap_or_default()))
}
