//! Concurrent reads share calls, and a long series of reads shares the pages of the region (see [`snapshot`](super::snapshot)).
//!
//! A read sees every write of this process that ended before the read began. Cached rows are dropped when a write ends, and rows of
//! calls that began before are not cached. A read that waits for a batch begins before the batch's calls.
//!
//! A read completes as soon as its row is cached: while later pages of a region are being read, Terraform continues with the rows of
//! earlier ones.

use std::{
    collections::HashMap,
    mem,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
};
use tokio::{sync::Notify, time::Instant};
use tracing::Span;

use super::{
    RegionApi,
    batch::{Batches, Fetch},
    listing::{Absence, Row},
    snapshot::{Snapshot, Step},
};
use tencentcloud::tke::ImageCache;

/// The reads of one region.
#[derive(Debug)]
pub(super) struct Reads(Arc<Batches<Reader>>);

#[derive(Debug)]
struct Reader {
    api: Arc<dyn RegionApi>,
    state: Mutex<State>,
    /// Notifies that more rows are cached.
    has_more: Notify,
}

#[derive(Debug, Default)]
struct State {
    snapshot: Snapshot,
    /// The number of writes that ended.
    writes: u64,
}

impl Reads {
    pub(super) fn new(api: Arc<dyn RegionApi>, span: Span) -> Self {
        Self(Batches::new(Reader { api, state: Mutex::default(), has_more: Notify::new() }, span))
    }

    /// The row of `id`, or `None` if there is none.
    pub(super) async fn get(&self, id: &str) -> Row {
        let reader = &self.0.fetch;
        let mut response = pin!(self.0.get(id));
        loop {
            let has_more = pin!(reader.has_more.notified());
            if let Some(row) = reader.kept(id) {
                return Ok(Some(row));
            }
            match select(response.as_mut(), has_more).await {
                Either::Left((row, _)) => return row,
                Either::Right(_) => {}
            }
        }
    }

    /// Marks a write of this process, which ends when the value is dropped.
    pub(super) fn write(&self) -> Write<'_> {
        Write(&self.0.fetch)
    }
}

/// A write in progress.
#[derive(Debug)]
#[must_use = "the write ends when this is dropped"]
pub(super) struct Write<'a>(&'a Reader);

impl Drop for Write<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        // The burst is reset as well: between writes, cached rows are short-lived.
        *state = State { snapshot: Snapshot::default(), writes: state.writes + 1 };
    }
}

impl Reader {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, id: &str) -> Option<Arc<ImageCache>> {
        self.state().snapshot.row(id)
    }

    /// Moves the IDs of cached rows from `ids` to `rows`, and returns the step for the rest.
    fn take_kept(&self, ids: &mut Vec<String>, rows: &mut HashMap<String, Row>) -> Step {
        let mut state = self.state();
        let step = state.snapshot.next();
        ids.retain_mut(|id| match state.snapshot.row(id) {
            Some(row) => {
                rows.insert(mem::take(id), Ok(Some(row)));
                false
            }
            None => true,
        });
        step
    }

    /// Calls `keep` unless a write has ended since the count was `writes`.
    fn keep(&self, writes: u64, keep: impl FnOnce(&mut Snapshot)) {
        let mut state = self.state();
        if state.writes == writes {
            keep(&mut state.snapshot);
            self.has_more.notify_waiters();
        }
    }

    /// Reads the pages after the first, of `total` rows in all, and caches each as it arrives.
    async fn keep_other_pages(&self, total: u64) {
        let writes = self.state().writes;
        let mut pages = pin!(self.api.other_pages(&[], total));
        while let Some(page) = pages.next().await {
            match page {
                Ok(rows) => self.keep(writes, |snapshot| snapshot.keep_other(rows)),
                Err(_) => return,
            }
        }
        self.keep(writes, Snapshot::complete);
    }
}

impl Fetch for Reader {
    type Output = Row;

    async fn fetch(&self, mut ids: Vec<String>) -> HashMap<String, Row> {
        let mut rows = HashMap::with_capacity(ids.len());
        let mut step = self.take_kept(&mut ids, &mut rows);
        // After a failed page, the rows are read by ID, and the error of that call is returned.
        if step == Step::FirstPage && !ids.is_empty() {
            let (writes, asked) = (self.state().writes, Instant::now());
            if let Ok(page) = self.api.page(&[], 0).await {
                self.keep(writes, |snapshot| snapshot.keep_first(asked, page.total_count, page.image_caches));
            }
            step = self.take_kept(&mut ids, &mut rows);
        }
        if let Step::OtherPages(total) = step
            && !ids.is_empty()
        {
            self.keep_other_pages(total).await;
            self.take_kept(&mut ids, &mut rows);
        }
        if !ids.is_empty() {
            self.state().snapshot.count(ids.len());
            rows.extend(self.api.by_ids(ids, Absence::AskedAlone).await);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::{
        future::join_all,
        stream::{self, StreamExt},
    };

    use super::super::{
        fake::{Fake, Fault, LATENCY, REGION, UnknownIds},
        snapshot::KEPT,
    };
    use crate::image_caches::ImageCaches;
    use tencentcloud::tke::UpdateImageCache;

    /// Reads `ids` as Terraform does, ten at a time.
    async fn refresh(caches: &ImageCaches, ids: &[String]) {
        let reads = ids.iter().map(|id| async move { (id, caches.get(REGION, id).await) });
        let rows: Vec<_> = stream::iter(reads).buffer_unordered(10).collect().await;
        for (id, row) in rows {
            assert_eq!(row.unwrap().unwrap().image_cache_id, *id);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refresh_takes_few_calls_for_any_account() {
        for (asked, rows, most) in [
            (1, 1, 1),
            (10, 10, 1),
            (1, 10_000, 1),
            (10, 10_000, 1),
            (20, 20, 2),
            (100, 100, 4),
            (1_000, 1_000, 25),
            (1_000, 1_100, 28),
            // One page shows that there are too many rows, and is read again every ten seconds.
            (50, 2_000, 6),
            (1_000, 10_000, 102),
            (5_000, 5_000, 122),
        ] {
            let (fake, caches) = Fake::new();
            let ids: Vec<_> = (0..rows).map(|i| fake.add(&format!("cache-{i}"))).collect();
            refresh(&caches, &ids[..asked]).await;
            let calls = fake.describes();
            assert!(calls <= most, "{asked} of {rows}: {calls} calls, not {most}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn read_ends_when_its_page_arrives() {
        let (fake, caches) = Fake::new();
        let ids: Vec<_> = (0..500).map(|i| fake.add(&format!("cache-{i}"))).collect();
        refresh(&caches, &ids[..20]).await;
        // The last page takes a minute.
        for _ in 0..9 {
            fake.fault("describe", Fault::Late(LATENCY));
        }
        fake.fault("describe", Fault::Late(Duration::from_secs(60)));
        let start = tokio::time::Instant::now();
        refresh(&caches, &ids[20..430]).await;
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn read_sees_every_write_that_ended_before_it() {
        let (fake, caches) = Fake::new();
        let ids: Vec<_> = (0..100).map(|i| fake.add(&format!("cache-{i}"))).collect();
        refresh(&caches, &ids).await;
        let kept = fake.describes();
        refresh(&caches, &ids).await;
        assert_eq!(fake.describes(), kept, "the rows are kept");

        let name = Some("new".to_owned());
        let request = UpdateImageCache { image_cache_id: ids[7].clone(), image_cache_name: name, ..Default::default() };
        caches.update(REGION, request).await.unwrap();
        assert_eq!(caches.get(REGION, &ids[7]).await.unwrap().unwrap().image_cache_name, "new");
        caches.delete(REGION, &ids[8]).await.unwrap();
        assert_eq!(caches.get(REGION, &ids[8]).await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn rows_requested_before_a_write_are_not_kept() {
        let (fake, caches) = Fake::new();
        let ids: Vec<_> = (0..20).map(|i| fake.add(&format!("cache-{i}"))).collect();
        refresh(&caches, &ids[..10]).await;
        // The page has read the rows when the update changes them, and arrives when the update has ended.
        fake.fault("describe", Fault::Late(LATENCY * 10));
        let page = async { caches.get(REGION, &ids[10]).await.unwrap() };
        let write = async {
            tokio::time::sleep(LATENCY * 2).await;
            let name = Some("new".to_owned());
            let id = ids[11].clone();
            let request = UpdateImageCache { image_cache_id: id, image_cache_name: name, ..Default::default() };
            caches.update(REGION, request).await.unwrap();
        };
        tokio::join!(page, write);
        assert_eq!(caches.get(REGION, &ids[11]).await.unwrap().unwrap().image_cache_name, "new");
    }

    #[tokio::test(start_paused = true)]
    async fn rows_are_kept_for_seconds() {
        let (fake, caches) = Fake::new();
        let ids: Vec<_> = (0..20).map(|i| fake.add(&format!("cache-{i}"))).collect();
        refresh(&caches, &ids).await;
        fake.state().row(&ids[3]).unwrap().cache.image_cache_name = "changed elsewhere".to_owned();
        tokio::time::sleep(KEPT + Duration::from_millis(1)).await;
        let row = caches.get(REGION, &ids[3]).await.unwrap().unwrap();
        assert_eq!(row.image_cache_name, "changed elsewhere");
    }

    #[tokio::test(start_paused = true)]
    async fn unknown_id_does_not_affect_others() {
        for unknown in [UnknownIds::LeftOut, UnknownIds::Refused, UnknownIds::EmptyList] {
            let (fake, caches) = Fake::new();
            fake.state().unknown_ids = unknown;
            let mut ids: Vec<_> = (0..8).map(|i| fake.add(&format!("cache-{i}"))).collect();
            ids.extend(["imc-gone".to_owned(), "imc-lost".to_owned()]);
            let rows = join_all(ids.iter().map(|id| caches.get(REGION, id))).await;
            for (id, row) in ids.iter().zip(rows) {
                let there = row.unwrap().is_some();
                assert_eq!(there, id != "imc-gone" && id != "imc-lost", "{unknown:?}: {id}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn error_reaches_the_reads_of_its_call_only() {
        let (fake, caches) = Fake::new();
        let ids: Vec<_> = (0..10).map(|i| fake.add(&format!("cache-{i}"))).collect();
        fake.fault("describe", Fault::Code("UnauthorizedOperation"));
        let rows = join_all(ids.iter().map(|id| caches.get(REGION, id))).await;
        assert!(rows.iter().all(|row| row.as_ref().unwrap_err().code() == Some("UnauthorizedOperation")));
        refresh(&caches, &ids).await;
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_read_does_not_stop_the_others() {
        let (fake, caches) = Fake::new();
        let ids = [fake.add("a"), fake.add("b")];
        let (first, second) = tokio::join!(
            tokio::time::timeout(Duration::from_millis(1), caches.get(REGION, &ids[0])),
            caches.get(REGION, &ids[1])
        );
        first.unwrap_err();
        assert!(second.unwrap().is_some());
    }
}
