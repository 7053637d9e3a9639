//! `DescribeImageCaches` in a region: all pages, or the rows of given IDs.
//!
//! The order of rows is not documented, and caches may be added and deleted while pages are read, so rows can occur twice or be
//! missed between pages. Duplicates are removed. A missed row matters only for a request of its ID, which is confirmed by a call
//! with this ID.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
};

use futures_util::{
    future::{self, join_all},
    stream::{self, Stream, StreamExt, TryStreamExt},
};

use super::RegionApi;
use tencentcloud::{
    Action, Error,
    tke::{DescribeImageCaches, DescribeImageCachesResponse, ImageCache, MAX_LIMIT},
};

/// Concurrent pages. The limiter spaces the calls; concurrency hides slow responses.
const CONCURRENT_PAGES: usize = 5;

/// Maximum number of passes over all pages if every row is needed: a pass finds rows that another missed between pages.
const PASSES: usize = 10;

/// Maximum number of rows of a list. An account has far fewer.
pub(super) const MAX_ROWS: u64 = 10_000;

/// The row of an ID, or `None` if there is none.
pub(super) type Row = Result<Option<Arc<ImageCache>>, Error>;

/// When an ID counts as nonexistent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    /// If the response has other requested IDs, but not this one. For polls, which read again.
    Believed,
    /// If it was requested alone. The response to unknown IDs among known ones is not documented (some rows, none, or an
    /// error), and an existing cache that is considered deleted would be created a second time.
    AskedAlone,
}

impl dyn RegionApi {
    /// One page of all rows, or of those with one of `names`. It may have more rows than were requested.
    pub(super) async fn page(&self, names: &[String], offset: u64) -> Result<DescribeImageCachesResponse, Error> {
        let request =
            DescribeImageCaches { image_cache_names: names.to_vec(), limit: MAX_LIMIT, offset, ..Default::default() };
        let page = self.describe(&request).await?;
        check_number(page.image_caches.len())?;
        Ok(page)
    }

    /// The rows that follow a first page, of `total` rows in all. An empty page is the last.
    async fn pages_after_the_first(&self, names: &[String], total: u64) -> Result<Vec<ImageCache>, Error> {
        if total > MAX_ROWS {
            return Err(too_many(total));
        }
        let add = async |mut rows: Vec<ImageCache>, page: Vec<ImageCache>| {
            check_number(rows.len() + page.len())?;
            rows.extend(page);
            Ok(rows)
        };
        self.other_pages(names, total).try_fold(Vec::new(), add).await
    }

    /// The following pages, one by one, in order.
    pub(super) fn other_pages(
        &self,
        names: &[String],
        total: u64,
    ) -> impl Stream<Item = Result<Vec<ImageCache>, Error>> {
        let offsets = (1..total.div_ceil(MAX_LIMIT)).map(|page| page * MAX_LIMIT);
        let pages = stream::iter(offsets.map(|offset| self.page(names, offset))).buffered(CONCURRENT_PAGES);
        let rows = pages.map_ok(|page| page.image_caches);
        rows.try_take_while(|rows| future::ready(Ok(!rows.is_empty())))
    }

    /// All rows with exactly one of `names`, or all if `names` is empty; each once.
    pub(super) async fn list(&self, names: &[String]) -> Result<Vec<ImageCache>, Error> {
        if names.is_empty() {
            return Ok(self.all().await?.0);
        }
        let mut rows = Vec::new();
        // The maximum number of names is not documented. The number of rows in a response is a guess.
        for names in names.chunks(MAX_LIMIT as usize) {
            rows.extend(self.pages(names).await?.0);
        }
        let mut ids = HashSet::new();
        // It is not documented whether the API matches names exactly.
        rows.retain(|row| names.contains(&row.image_cache_name) && ids.insert(row.image_cache_id.clone()));
        Ok(rows)
    }

    /// All rows of the region, each once, and whether they are complete: pages are read until the number of rows equals the API's
    /// count, at most [`PASSES`] times. If fewer than half of the counted rows are known, moving rows cannot be the reason, and a pass
    /// without a new row is the last.
    async fn all(&self) -> Result<(Vec<ImageCache>, bool), Error> {
        let (mut rows, mut ids) = (Vec::new(), HashSet::new());
        for _ in 0..PASSES {
            let (found, total) = self.pages(&[]).await?;
            let before = rows.len();
            rows.extend(found.into_iter().filter(|row| ids.insert(row.image_cache_id.clone())));
            let Some(total) = total else { return Ok((rows, false)) };
            let known = rows.len() as u64;
            if known >= total {
                return Ok((rows, true));
            }
            if rows.len() == before && known < total / 2 {
                break;
            }
        }
        Ok((rows, false))
    }

    /// The rows of all pages, and the API's count.
    async fn pages(&self, names: &[String]) -> Result<(Vec<ImageCache>, Option<u64>), Error> {
        let first = self.page(names, 0).await?;
        let mut full = first.image_caches.len() as u64 == MAX_LIMIT;
        let mut rows = first.image_caches;
        if let Some(total) = first.total_count {
            rows.extend(self.pages_after_the_first(names, total).await?);
            return Ok((rows, Some(total)));
        }
        // Without a total, pages are read one by one until one is not full, or has no new rows.
        let mut ids: HashSet<_> = rows.iter().map(|row| row.image_cache_id.clone()).collect();
        let mut offset = MAX_LIMIT;
        while full {
            if offset >= MAX_ROWS {
                return Err(too_many(offset));
            }
            let mut page = self.page(names, offset).await?.image_caches;
            full = page.len() as u64 == MAX_LIMIT;
            offset += MAX_LIMIT;
            page.retain(|row| ids.insert(row.image_cache_id.clone()));
            full &= !page.is_empty();
            check_number(rows.len() + page.len())?;
            rows.extend(page);
        }
        Ok((rows, None))
    }

    /// The row of each of `ids`, in few calls: one per 50, and more only for missing or refused IDs.
    ///
    /// One ID can make the API refuse a whole call, but a cache must not get an error because of the ID of another. If the error says
    /// that an object is not found, the IDs are bisected by `apart`. Any other error that is not about credentials, permissions or
    /// quota does not show which ID it is about, or whether that cache exists: the list of all caches decides.
    pub(super) async fn by_ids(&self, ids: Vec<String>, absence: Absence) -> HashMap<String, Row> {
        let mut rows = HashMap::with_capacity(ids.len());
        let mut parts: Vec<Vec<String>> = ids.chunks(MAX_LIMIT as usize).map(<[_]>::to_vec).collect();
        let mut listed = None;
        while !parts.is_empty() {
            let mut refused = Vec::new();
            let responses = join_all(parts.drain(..).map(async |ids| (self.describe_ids(&ids).await, ids))).await;
            for (response, ids) in responses {
                let alone = ids.len() == 1;
                match response {
                    Ok(found) => {
                        let none_found = found.is_empty();
                        let absent = take(found, ids, &mut rows);
                        match absence {
                            Absence::Believed if none_found && !alone => {
                                parts.extend(absent.into_iter().map(|id| vec![id]))
                            }
                            Absence::AskedAlone if !alone => parts.extend(halves(&absent)),
                            _ => rows.extend(absent.into_iter().map(|id| (id, Ok(None)))),
                        }
                    }
                    Err(error) if error.is_not_found() => parts.extend(self.apart(ids, &mut rows).await),
                    Err(error) if error.concerns_the_objects() => refused.push((ids, error)),
                    Err(error) => rows.extend(ids.into_iter().map(|id| (id, Err(error.clone())))),
                }
            }
            for (ids, error) in refused {
                if listed.is_none() {
                    let (all, complete) = self.all().await.unwrap_or_default();
                    listed = Some((by_id(all), complete));
                }
                let (all, complete) = listed.as_ref().expect("the list was read above");
                let alone = ids.len() == 1;
                let absent = take(all.clone(), ids, &mut rows);
                if alone {
                    let row = if *complete { Ok(None) } else { Err(error) };
                    rows.extend(absent.into_iter().map(|id| (id, row.clone())));
                } else {
                    // The error may be about the number of IDs, and a changing list may lack a cache.
                    parts.extend(halves(&absent));
                }
            }
        }
        rows
    }

    /// Finds the IDs because of which the API refuses `ids` as not found, and the rows of the others, by bisection: one call for each
    /// step, and one for the remaining IDs. Returns the IDs to request again, in parts.
    async fn apart(&self, ids: Vec<String>, rows: &mut HashMap<String, Row>) -> Vec<Vec<String>> {
        let mut again = Vec::new();
        let mut refused = vec![ids];
        'refused: while let Some(mut suspects) = refused.pop() {
            let mut others = Vec::new();
            while suspects.len() > 1 {
                let rest = suspects.split_off(suspects.len().div_ceil(2));
                let alone = suspects.len() == 1;
                match self.describe_ids(&suspects).await {
                    Ok(found) => {
                        let absent = take(found, mem::replace(&mut suspects, rest), rows);
                        if absent.is_empty() {
                            continue;
                        }
                        // Some APIs refuse an unknown ID only among known ones. So the error was about these, and the
                        // rest is requested normally.
                        others.append(&mut suspects);
                        if alone {
                            rows.extend(absent.into_iter().map(|id| (id, Ok(None))));
                        } else {
                            again.extend(absent.into_iter().map(|id| vec![id]));
                        }
                    }
                    Err(error) if error.is_not_found() => others.extend(rest),
                    Err(error) if error.concerns_the_objects() => {
                        again.extend([suspects, rest, others].into_iter().filter(|ids| !ids.is_empty()));
                        continue 'refused;
                    }
                    Err(error) => {
                        let all = suspects.into_iter().chain(rest).chain(others);
                        rows.extend(all.map(|id| (id, Err(error.clone()))));
                        continue 'refused;
                    }
                }
            }
            rows.extend(suspects.into_iter().map(|id| (id, Ok(None))));
            if others.is_empty() {
                continue;
            }
            match self.describe_ids(&others).await {
                Ok(found) => again.extend(take(found, others, rows).into_iter().map(|id| vec![id])),
                Err(error) if error.is_not_found() => refused.push(others),
                Err(error) if error.concerns_the_objects() => again.push(others),
                Err(error) => rows.extend(others.into_iter().map(|id| (id, Err(error.clone())))),
            }
        }
        again
    }

    async fn describe_ids(&self, ids: &[String]) -> Result<HashMap<String, Arc<ImageCache>>, Error> {
        let request = DescribeImageCaches { image_cache_ids: ids.to_vec(), limit: MAX_LIMIT, ..Default::default() };
        let response = self.describe(&request).await?;
        Ok(by_id(response.image_caches))
    }

    async fn describe(&self, request: &DescribeImageCaches) -> Result<DescribeImageCachesResponse, Error> {
        let mut response = self.call(request).await?;
        let request_id: Arc<str> = response.request_id.as_str().into();
        response.image_caches.iter_mut().for_each(|row| row.request_id = Arc::clone(&request_id));
        Ok(response)
    }
}

/// Ends a list with too many rows.
pub(super) fn check_number(rows: usize) -> Result<(), Error> {
    if rows as u64 > MAX_ROWS { Err(too_many(rows as u64)) } else { Ok(()) }
}

/// The error for an endless list.
pub(super) fn too_many(total: u64) -> Error {
    Error::Unreadable {
        action: DescribeImageCaches::NAME,
        http_status: 200,
        request_id: None,
        problem: format!("it lists at least {total} image caches, but at most {MAX_ROWS} are read"),
        is_foreign: false,
    }
}

fn by_id(rows: Vec<ImageCache>) -> HashMap<String, Arc<ImageCache>> {
    rows.into_iter().map(|row| (row.image_cache_id.clone(), Arc::new(row))).collect()
}

/// Moves the found `ids` to `rows`, and returns the others.
fn take(mut found: HashMap<String, Arc<ImageCache>>, ids: Vec<String>, rows: &mut HashMap<String, Row>) -> Vec<String> {
    let mut absent = Vec::new();
    for id in ids {
        match found.remove(&id) {
            Some(row) => drop(rows.insert(id, Ok(Some(row)))),
            None => absent.push(id),
        }
    }
    absent
}

fn halves(ids: &[String]) -> impl Iterator<Item = Vec<String>> {
    ids.chunks(ids.len().div_ceil(2).max(1)).map(<[_]>::to_vec)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use futures_util::future::join_all;
    use futures_util::stream::{Stream, TryStreamExt as _};

    use super::super::ImageCaches;
    use super::super::fake::{Endless, Fake, Fault, REGION, UnknownIds};
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_pages_are_listed_and_each_row_once() {
        // If rows move between pages, a pass has some twice and misses others.
        for (moves, calls) in [(false, 3), (true, 6)] {
            let (fake, caches) = Fake::new();
            (0..120).for_each(|i| drop(fake.add(&format!("cache-{i}"))));
            fake.state().moves = moves;
            let rows = caches.list(REGION, &[]).await.unwrap();
            let ids: HashSet<_> = rows.iter().map(|row| &row.image_cache_id).collect();
            assert_eq!((rows.len(), ids.len(), fake.describes()), (120, 120, calls), "{moves}");
        }
    }

    /// A reader of pages.
    #[derive(Debug, Clone, Copy)]
    enum Reader {
        List,
        ListOfNames,
        Rows,
        RowsOfNames,
        /// The list decides about an ID that is refused.
        RefusedId,
        /// Many IDs, for which the pages of the region are kept.
        Refresh,
        ListedOnce,
    }

    impl Reader {
        const ALL: [Self; 7] = [
            Self::List,
            Self::ListOfNames,
            Self::Rows,
            Self::RowsOfNames,
            Self::RefusedId,
            Self::Refresh,
            Self::ListedOnce,
        ];

        /// The number of rows found; `None` for an error.
        async fn read(self, fake: &Fake, caches: &ImageCaches) -> Option<usize> {
            let name = vec!["web".to_owned()];
            match self {
                Self::List => caches.list(REGION, &[]).await.ok().map(|rows| rows.len()),
                Self::ListOfNames => caches.list(REGION, &name).await.ok().map(|rows| rows.len()),
                Self::Rows => count(caches.rows(REGION, Vec::new())).await,
                Self::RowsOfNames => count(caches.rows(REGION, name)).await,
                Self::RefusedId => {
                    fake.fault("describe", Fault::Html(404));
                    caches.get(REGION, "imc-gone").await.ok().map(|row| row.into_iter().count())
                }
                Self::Refresh => {
                    let mut found = 0;
                    for i in 0..60 {
                        found += caches.get(REGION, &format!("imc-{i:08}")).await.ok()?.into_iter().count();
                    }
                    Some(found)
                }
                Self::ListedOnce => Some(caches.listed_once(REGION).await.len()),
            }
        }
    }

    async fn count(rows: impl Stream<Item = Result<ImageCache, Error>>) -> Option<usize> {
        rows.try_collect::<Vec<_>>().await.ok().map(|rows| rows.len())
    }

    #[tokio::test(start_paused = true)]
    async fn list_without_an_end_ends() {
        for (endless, most) in [
            (Endless::AbsurdTotal, 65),
            (Endless::SamePage, 65),
            (Endless::SamePageCounted, 420),
            (Endless::NewRows, 500),
            (Endless::LongPages, 65),
        ] {
            for reader in Reader::ALL {
                let (fake, caches) = Fake::new();
                (0..60).for_each(|_| drop(fake.add("web")));
                fake.state().endless = Some(endless);
                let found = reader.read(&fake, &caches).await;
                assert!(fake.describes() <= most, "{endless:?}, {reader:?}: {} calls", fake.describes());
                assert!(found.is_none_or(|rows| rows <= 60), "{endless:?}, {reader:?}: {found:?} rows");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn names_are_matched_exactly() {
        let (fake, caches) = Fake::new();
        for name in ["web", "web-2", "other", "web"] {
            fake.add(name);
        }
        let rows = caches.list(REGION, &["web".to_owned()]).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.image_cache_name.as_str()).collect::<Vec<_>>(), ["web", "web"]);
    }

    #[tokio::test(start_paused = true)]
    async fn list_decides_after_an_unexplained_refusal() {
        for (listed, faults, expected) in [(true, 1, Some(true)), (false, 1, Some(false)), (false, 2, None)] {
            let (fake, caches) = Fake::new();
            fake.add("other");
            let id = if listed { fake.add("web") } else { "imc-gone".to_owned() };
            for _ in 0..faults {
                fake.fault("describe", Fault::Html(404));
            }
            assert_eq!(caches.get(REGION, &id).await.ok().map(|row| row.is_some()), expected, "{listed} {faults}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn second_pass_finds_a_missed_row() {
        let (fake, caches) = Fake::new();
        for i in 0..60 {
            fake.add(&format!("cache-{i}"));
        }
        fake.state().unknown_ids = UnknownIds::Html;
        fake.state().moves = true;
        assert_eq!(caches.get(REGION, "imc-gone").await.unwrap(), None);
        assert_eq!(fake.describes(), 5, "by ID, and two passes over two pages");
    }

    #[tokio::test(start_paused = true)]
    async fn vanished_cache_does_not_block_its_neighbours() {
        for code in [
            "ResourceNotFound",
            "InternalError.DbRecordNotFound",
            "InternalError",
            "InvalidParameter",
            "FailedOperation",
            "ResourceUnavailable",
            "InternalError.UnexceptedInternal",
        ] {
            for count in [1, 2, 8, 10, 33, 50] {
                for gone in [0, count / 2, count - 1] {
                    let (fake, caches) = Fake::new();
                    fake.state().unknown_ids = UnknownIds::Code(code);
                    let mut ids: Vec<_> = (0..count - 1).map(|i| fake.add(&format!("cache-{i}"))).collect();
                    ids.insert(gone, "imc-gone".to_owned());
                    let rows = join_all(ids.iter().map(|id| caches.get(REGION, id))).await;
                    for (id, row) in ids.iter().zip(rows) {
                        assert_eq!(row.unwrap().is_some(), id != "imc-gone", "{code} {count}: {id}");
                    }
                    let most = 2 + (count as f64).log2().ceil() as usize;
                    assert!(fake.describes() <= most, "{code} {count}: {} calls", fake.describes());
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn missing_permission_is_an_error_without_further_calls() {
        let (fake, caches) = Fake::new();
        let id = fake.add("web");
        fake.fault("describe", Fault::Code("InternalError.CamNoAuth"));
        assert!(caches.get(REGION, &id).await.unwrap_err().missing_permission().is_some());
        assert_eq!(fake.describes(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn several_vanished_caches_are_found_by_bisection() {
        let (fake, caches) = Fake::new();
        fake.state().unknown_ids = UnknownIds::Refused;
        let mut ids: Vec<_> = (0..10).map(|i| fake.add(&format!("cache-{i}"))).collect();
        for (at, id) in [(0, "imc-a"), (5, "imc-b"), (12, "imc-c")] {
            ids.insert(at, id.to_owned());
        }
        let rows = join_all(ids.iter().map(|id| caches.get(REGION, id))).await;
        let gone: Vec<_> =
            ids.iter().zip(rows).filter(|(_, row)| row.as_ref().unwrap().is_none()).map(|(id, _)| id).collect();
        assert_eq!(gone, ["imc-a", "imc-b", "imc-c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn unexplained_refusal_affects_only_the_wrong_id() {
        let (fake, caches) = Fake::new();
        fake.state().unknown_ids = UnknownIds::Html;
        let ids = [fake.add("a"), "imc-gone".to_owned(), fake.add("b")];
        let rows = join_all(ids.iter().map(|id| caches.get(REGION, id))).await;
        assert_eq!(rows.into_iter().map(|row| row.unwrap().is_some()).collect::<Vec<_>>(), [true, false, true]);
    }

    /// Each behavior alone was handled correctly, but together existing caches were read as deleted.
    #[tokio::test(start_paused = true)]
    async fn combined_refusals_lose_no_cache() {
        let unknown = [
            UnknownIds::LeftOut,
            UnknownIds::Refused,
            UnknownIds::RefusedAmongKnown,
            UnknownIds::Code("InvalidParameter"),
            UnknownIds::EmptyList,
            UnknownIds::Html,
        ];
        for unknown_ids in unknown {
            for max_ids in [None, Some(20), Some(1)] {
                for moves in [false, true] {
                    for gone in [&[0][..], &[120], &[7, 8], &[3, 55, 56, 119]] {
                        let (fake, caches) = Fake::new();
                        let mut ids: Vec<_> = (0..120).map(|i| fake.add(&format!("cache-{i}"))).collect();
                        for at in gone {
                            ids.insert(*at, format!("imc-gone-{at}"));
                        }
                        fake.set_listing(unknown_ids, max_ids, moves);
                        let rows = join_all(ids.iter().map(|id| caches.get(REGION, id))).await;
                        for (id, row) in ids.iter().zip(rows) {
                            let what = format!("{unknown_ids:?}, {max_ids:?}, {moves}, {gone:?}: {id}");
                            let row = row.unwrap_or_else(|error| panic!("{what}: {error}"));
                            assert_eq!(row.is_some(), !id.starts_with("imc-gone"), "{what}");
                        }
                    }
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failed_page_is_an_error() {
        let (fake, caches) = Fake::new();
        for i in 0..120 {
            fake.add(&format!("cache-{i}"));
        }
        for _ in 0..3 {
            fake.fault("describe", Fault::Code("InternalError"));
        }
        caches.list(REGION, &[]).await.unwrap_err();
    }
}
