//! Rows of a region that are kept for a few seconds, and the choice between them and reads by ID.
//!
//! Terraform reads with `-parallelism` (10) at a time, so that reads by ID come in batches of 10: a refresh of 1,000
//! caches would be 100 calls, all pages of the region are 20. How many reads will come is not known. So:
//!
//! 1. The first call reads by ID: most refreshes are small and end there.
//! 2. If reads go on, the next call is the first page. It shows how many rows there are, and may have the requested ones.
//! 3. The other pages are read as soon as they cost at most [`GAIN`] times the calls by ID made so far. This is a bet that a
//!    refresh which has gone on for a while will go on for some times longer. Won, 1,000 of 1,000 caches take 24 calls
//!    instead of 100. Lost, it costs at most [`GAIN`] times what was spent anyway; an account that holds far more than is
//!    asked for never reaches the point.
//! 4. Above [`MAX_ROWS`] they are not read at all, which bounds the memory.
//!
//! A row that is kept says that a cache exists, and how it is. That a cache is missing says nothing, because rows can be
//! missed between pages: it is then asked for by ID.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use tencentcloud::tke::{ImageCache, MAX_LIMIT};

/// How long rows are kept, and how long a pause ends a burst of reads. Within one run of Terraform, its own writes drop
/// the rows; this is for what others do.
pub(super) const KEPT: Duration = Duration::from_secs(10);

/// How many pages a call by ID is worth, see above.
const GAIN: u64 = 5;

/// About a kilobyte each.
const MAX_ROWS: u64 = 5000;

/// What to do for reads of which no row is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    ByIds,
    FirstPage,
    /// The other pages of this many rows.
    OtherPages(u64),
}

/// The rows kept, and the burst of reads going on.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    rows: HashMap<String, Arc<ImageCache>>,
    /// When the first page was asked for, and how many rows there are in all.
    first_page: Option<(Instant, u64)>,
    complete: bool,
    /// Calls by ID in this burst, and when the last was.
    calls: u64,
    last_call: Option<Instant>,
}

impl Snapshot {
    /// The row of `id`, if it is kept and young enough.
    pub(super) fn row(&self, id: &str) -> Option<Arc<ImageCache>> {
        self.first_page.filter(|(asked, _)| asked.elapsed() <= KEPT)?;
        self.rows.get(id).cloned()
    }

    /// The next step of the rule above. Drops what is too old.
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

    /// Calls by ID were made.
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

    /// All pages are kept.
    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// Keeps [`MAX_ROWS`] at most, also of pages that are longer than was requested.
    fn extend(&mut self, rows: Vec<ImageCache>) {
        let room = (MAX_ROWS as usize).saturating_sub(self.rows.len());
        self.rows.extend(rows.into_iter().take(room).map(|row| (row.image_cache_id.clone(), Arc::new(row))));
    }
}
