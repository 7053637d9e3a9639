//! The image caches of a region as a stream, for callers that may need only the first: a page is requested when the previous one is
//! used up. `list` fetches all pages concurrently.

use std::{collections::HashSet, sync::Arc};

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use super::{
    RegionApi,
    listing::{MAX_ROWS, check_number, too_many},
};
use tencentcloud::{
    Error,
    tke::{ImageCache, MAX_LIMIT},
};

impl dyn RegionApi {
    /// All rows with exactly one of `names`, or all if `names` is empty; each once. Ends after an error.
    pub(super) fn rows(
        self: Arc<Self>,
        names: Vec<String>,
    ) -> impl Stream<Item = Result<ImageCache, Error>> + Send + Unpin + use<> {
        // The order of rows is not documented, so a row may occur twice; nor is whether the API matches names exactly.
        let wanted = names.clone();
        let pages = stream::try_unfold((Some(0), HashSet::new()), move |(offset, mut ids)| {
            let (api, names) = (self.clone(), names.clone());
            async move {
                let Some(offset) = offset else { return Ok(None) };
                if offset >= MAX_ROWS {
                    return Err(too_many(offset));
                }
                let mut page = api.page(&names, offset).await?;
                let next = offset + MAX_LIMIT;
                let full = page.image_caches.len() as u64 == MAX_LIMIT;
                let more = page.total_count.map_or(full, |total| next < total);
                page.image_caches.retain(|row| ids.insert(row.image_cache_id.clone()));
                check_number(ids.len())?;
                // A page without new rows is the last, independent of the API's count.
                let next = (more && !page.image_caches.is_empty()).then_some(next);
                Ok(Some((page.image_caches, (next, ids))))
            }
        });
        pages
            .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
            .try_flatten()
            .try_filter(move |row| std::future::ready(wanted.is_empty() || wanted.contains(&row.image_cache_name)))
            .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, Fault, REGION};
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn page_is_requested_when_needed() {
        let (fake, caches) = Fake::new();
        (0..120).for_each(|i| drop(fake.add(&format!("app-{i}"))));
        for (names, take, rows, calls) in [
            (&[][..], 1, 1, 1),
            (&[], 50, 50, 1),
            (&[], 51, 51, 2),
            (&[], 1000, 120, 3),
            // It is a part of 21 names, but equals one.
            (&["app-1"], 1000, 1, 1),
        ] {
            let before = fake.describes();
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            let found: Vec<_> = caches.rows(REGION, names).take(take).try_collect().await.unwrap();
            assert_eq!((found.len(), fake.describes() - before), (rows, calls), "{take}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn error_ends_the_rows() {
        let (fake, caches) = Fake::new();
        (0..60).for_each(|i| drop(fake.add(&format!("app-{i}"))));
        let mut rows = caches.rows(REGION, Vec::new());
        for _ in 0..50 {
            rows.next().await.unwrap().unwrap();
        }
        fake.fault("describe", Fault::Code("AuthFailure"));
        assert!(rows.next().await.unwrap().is_err());
        assert!(rows.next().await.is_none());
    }
}
