//! Reads that arrive together share calls, and many reads in a row share the pages of the region
//! ([`snapshot`](super::snapshot) has the rule and its reason).
//!
//! A read sees every write of this process that ended before the read began. Kept rows are dropped when a write ends,
//! and rows whose call began before that are not kept. A read that waits for a batch begins before the batch's calls.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

use super::{
    RegionApi,
    gather::{Answer, Gather},
    listing::{Absence, Row},
    snapshot::{Snapshot, Step},
};

/// The reads of one region.
#[derive(Debug)]
pub(super) struct Reads(Arc<Gather<Reader>>);

#[derive(Debug)]
struct Reader {
    api: RegionApi,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    snapshot: Snapshot,
    /// The number of writes that ended.
    writes: u64,
}

impl Reads {
    pub(super) fn new(api: RegionApi) -> Self {
        Self(Gather::new(Reader { api, state: Mutex::default() }))
    }

    /// The row of `id`, or `None` when there is none.
    pub(super) async fn get(&self, id: &str) -> Row {
        let kept = self.0.answer.state().snapshot.row(id);
        match kept {
            Some(row) => Ok(Some(row)),
            None => self.0.ask(id).await,
        }
    }

    /// Marks a write of this process, which ends when the value is dropped, however it ends.
    pub(super) fn write(&self) -> Write<'_> {
        Write(&self.0.answer)
    }
}

/// A write under way.
#[derive(Debug)]
#[must_use = "the write ends when this is dropped"]
pub(super) struct Write<'a>(&'a Reader);

impl Drop for Write<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        // With the burst as well: where there are writes, kept rows do not live long.
        *state = State { snapshot: Snapshot::default(), writes: state.writes + 1 };
    }
}

impl Reader {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves what kept rows answer from `ids` to `rows`, and says what to do for the rest.
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

    /// Calls `keep` unless a write ended since there were `writes` of them.
    fn keep(&self, writes: u64, keep: impl FnOnce(&mut Snapshot)) {
        let mut state = self.state();
        if state.writes == writes {
            keep(&mut state.snapshot);
        }
    }
}

impl Answer for Reader {
    type Output = Row;

    async fn answer(&self, mut ids: Vec<String>) -> HashMap<String, Row> {
        let mut rows = HashMap::with_capacity(ids.len());
        let mut step = self.take_kept(&mut ids, &mut rows);
        // A page that fails is no loss: the rows are then read by ID, and that error counts.
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
            let writes = self.state().writes;
            if let Ok(others) = self.api.pages_after_the_first(&[], total).await {
                self.keep(writes, |snapshot| snapshot.keep_others(others));
            }
            self.take_kept(&mut ids, &mut rows);
        }
        if !ids.is_empty() {
            self.state().snapshot.count(ids.len());
            rows.extend(self.api.by_ids(ids, Absence::AskedAlone).await);
        }
        rows
    }
}
