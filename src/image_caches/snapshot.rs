//! Caches the rows of a region for a few seconds, and chooses between pages and reads by ID.
//!
//! Terraform reads `-parallelism` (10) objects at a time, so reads by ID come in batches of 10: a refresh of 1,000 caches would be
//! 100 calls, while all pages of the region are 20. The number of reads is not known in advance. So:
//!
//! 1. The first call reads by ID: most refreshes are small and end there.
//! 2. If reads continue, the next call is the first page. It shows the number of rows, and may have the requested ones.
//! 3. The other pages are read as soon as they cost at most [`GAIN`] times the calls by ID so far. This assumes that a refresh which
//!    has continued for a while will continue several times longer. If so, 1,000 of 1,000 caches take 24 calls instead of 100.
//!    Otherwise, it costs at most [`GAIN`] times the calls so far; an account with far more caches than are requested never reaches
//!    this point.
//! 4. Above [`MAX_ROWS`], they are not read at all, which bounds the memory.
//!
//! A cached row shows that a cache exists. A missing row shows nothing, because rows can be missed between pages: the cache is then
//! read by ID.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use tencentcloud::tke::{ImageCache, MAX_LIMIT};

/// How long rows are cached, and the pause that ends a burst of reads. Writes of this process drop the rows; this limit is for
/// changes by others.
pub(super) const KEPT: Duration = Duration::from_secs(10);

/// How many pages may be read for each call by ID, see above.
const GAIN: u64 = 5;

/// About a kilobyte each.
const MAX_ROWS: u64 = 5000;

/// The next step for reads without a cached row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    ByIds,
    FirstPage,
    /// The other pages of this many rows.
    OtherPages(u64),
}

/// The cached rows, and the current burst of reads.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    rows: HashMap<String, Arc<ImageCache>>,
    /// When the first page was requested, and the total number of rows.
    first_page: Option<(Instant, u64)>,
    complete: bool,
    /// Calls by ID in this burst, and the time of the last one.
    calls: u64,
    last_call: Option<Instant>,
}

impl Snapshot {
    /// The row of `id`, if it is cached and recent.
    pub(super) fn row(&self, id: &str) -> Option<Arc<ImageCache>> {
        self.first_page.filter(|(asked, _)| asked.elapsed() <= KEPT)?;
        self.rows.get(id).cloned()
    }

    /// The next step of the rule above. Drops old rows.
    pub(super) fn next(&mut self) -> Step {
        if self.last_call.is_some_and(|last| last.elapsed() > KEPT) {
            self.calls = 0;
        }
        if self.first_page.is_some_and(|(asked, _)| asked.elapsed() > KEPT) {
            *self = Self { calls: self.calls, last_call: self.last_call, ..Self::default() };
        }
        match self.first_page {
            None if self.calls == 0 => Step::ByIds,
            None => Step::FirstPage,
            Some(_) if self.complete => Step::ByIds,
            Some((_, total)) => {
                let other_pages = total.div_ceil(MAX_LIMIT).saturating_sub(1);
                if total <= MAX_ROWS && other_pages <= GAIN * self.calls {
                    Step::OtherPages(total)
                } else {
                    Step::ByIds
                }
            }
        }
    }

    /// Counts calls by ID.
    pub(super) fn count(&mut self, ids: usize) {
        self.calls += (ids as u64).div_ceil(MAX_LIMIT);
        self.last_call = Some(Instant::now());
    }

    /// Keeps a first page, asked for at `asked`. Without a total it counts as all there is to keep.
    pub(super) fn keep_first(&mut self, asked: Instant, total: Option<u64>, rows: Vec<ImageCache>) {
        let total = total.unwrap_or(rows.len() as u64);
        self.complete = total <= rows.len() as u64;
        self.first_page = Some((asked, total));
        self.rows.clear();
        self.extend(rows);
    }

    /// Keeps another page.
    pub(super) fn keep_other(&mut self, rows: Vec<ImageCache>) {
        self.extend(rows);
    }

    /// Notes that all pages are cached.
    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// Keeps [`MAX_ROWS`] at most, also of pages that are longer than was requested.
    fn extend(&mut self, rows: Vec<ImageCache>) {
        let room = (MAX_ROWS as usize).saturating_sub(self.rows.len());
        self.rows.extend(rows.into_iter().take(room).map(|row| (row.image_cache_id.clone(), Arc::new(row))));
    }
}
