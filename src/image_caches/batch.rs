//! Batches concurrent requests.
//!
//! A batch is closed when no request has arrived for [`QUIET`], and at the latest after [`LONGEST`]. While a batch is being
//! fetched, new requests go to the next one: a request never gets the result of a call that began before it.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};
use tracing::{Instrument as _, Span};

/// Terraform starts its operations within a millisecond of each other, as many as `-parallelism` allows.
const QUIET: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_millis(20);

/// Fetches a batch.
pub(super) trait Fetch: Send + Sync + 'static {
    type Output: Clone + Send + 'static;

    /// The output for each of `keys`, which are distinct.
    fn fetch(&self, keys: Vec<String>) -> impl Future<Output = HashMap<String, Self::Output>> + Send;
}

/// Collects requests for a [`Fetch`].
#[derive(Debug)]
pub(super) struct Batches<F: Fetch> {
    pub(super) fetch: F,
    /// The context of the log lines of a batch, which does not belong to an operation.
    span: Span,
    queue: Mutex<Queue<F::Output>>,
}

#[derive(Debug)]
struct Queue<O> {
    waiting: HashMap<String, Vec<oneshot::Sender<O>>>,
    /// Whether a task is running, which reads `waiting` again before it ends.
    at_work: bool,
}

impl<O> Queue<O> {
    fn new() -> Self {
        Self { waiting: HashMap::new(), at_work: false }
    }
}

impl<F: Fetch> Batches<F> {
    pub(super) fn new(fetch: F, span: Span) -> Arc<Self> {
        Arc::new(Self { fetch, span, queue: Mutex::new(Queue::new()) })
    }

    fn queue(&self) -> MutexGuard<'_, Queue<F::Output>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The output for `key`, from a call that begins after this one.
    pub(super) async fn get(self: &Arc<Self>, key: &str) -> F::Output {
        let (sender, receiver) = oneshot::channel();
        {
            let mut queue = self.queue();
            queue.waiting.entry(key.to_owned()).or_default().push(sender);
            if !mem::replace(&mut queue.at_work, true) {
                // A separate task, because the first request may be dropped while others wait for the batch.
                tokio::spawn(Arc::clone(self).work().instrument(self.span.clone()));
            }
        }
        receiver.await.expect("the task sends an output for every key of its batch, or has panicked")
    }

    async fn work(self: Arc<Self>) {
        // A panic closes the channels of waiting requests, and the next request starts a new task.
        scopeguard::defer_on_unwind! { *self.queue() = Queue::new(); }
        loop {
            self.collect().await;
            let batch = {
                let mut queue = self.queue();
                if queue.waiting.is_empty() {
                    queue.at_work = false;
                    return;
                }
                mem::take(&mut queue.waiting)
            };
            let mut outputs = self.fetch.fetch(batch.keys().cloned().collect()).await;
            for (key, senders) in batch {
                let output = outputs.remove(&key).expect("there is an output for every key");
                for sender in senders {
                    // Fails only if the request was dropped.
                    let _dropped = sender.send(output.clone());
                }
            }
        }
    }

    async fn collect(&self) {
        let length = || self.queue().waiting.len();
        let start = Instant::now();
        let mut before = length();
        while before > 0 && start.elapsed() < LONGEST {
            sleep(QUIET).await;
            let now = length();
            if now == before {
                return;
            }
            before = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use super::*;

    /// Returns the number of keys; panics at the first call.
    #[derive(Default)]
    struct Count {
        has_panicked: AtomicBool,
    }

    impl Fetch for Count {
        type Output = usize;

        async fn fetch(&self, keys: Vec<String>) -> HashMap<String, usize> {
            assert!(self.has_panicked.swap(true, Relaxed), "the first batch panics");
            let count = keys.len();
            keys.into_iter().map(|key| (key, count)).collect()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn panic_ends_the_requests_of_its_batch_only() {
        let counts = Batches::new(Count::default(), Span::none());
        let get = |key: &'static str| {
            let counts = Arc::clone(&counts);
            tokio::spawn(async move { counts.get(key).await })
        };
        let (one, two) = tokio::join!(get("a"), get("b"));
        assert!(one.unwrap_err().is_panic() && two.unwrap_err().is_panic());
        let (one, two) = tokio::join!(get("a"), get("b"));
        assert_eq!((one.unwrap(), two.unwrap()), (2, 2));
    }
}
