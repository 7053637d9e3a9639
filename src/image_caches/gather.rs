//! Questions that arrive together become one batch.
//!
//! A batch is closed when for [`QUIET`] no further question came, and at the latest after [`LONGEST`]. While a batch is
//! being answered, the next gathers: its questions never get an answer that was asked for before they came.

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

/// What answers a batch.
pub(super) trait Answer: Send + Sync + 'static {
    type Output: Clone + Send + 'static;

    /// The answer to each of `keys`, which are distinct.
    fn answer(&self, keys: Vec<String>) -> impl Future<Output = HashMap<String, Self::Output>> + Send;
}

/// Collects questions for an [`Answer`].
#[derive(Debug)]
pub(super) struct Gather<A: Answer> {
    pub(super) answer: A,
    /// The context of the log lines of a batch, which belongs to no operation.
    span: Span,
    queue: Mutex<Queue<A::Output>>,
}

#[derive(Debug)]
struct Queue<O> {
    waiting: HashMap<String, Vec<oneshot::Sender<O>>>,
    /// A task is at work and will look at `waiting` again before it ends.
    at_work: bool,
}

impl<O> Queue<O> {
    fn new() -> Self {
        Self { waiting: HashMap::new(), at_work: false }
    }
}

impl<A: Answer> Gather<A> {
    pub(super) fn new(answer: A, span: Span) -> Arc<Self> {
        Arc::new(Self { answer, span, queue: Mutex::new(Queue::new()) })
    }

    fn queue(&self) -> MutexGuard<'_, Queue<A::Output>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to `key`, asked for after this was called.
    pub(super) async fn ask(self: &Arc<Self>, key: &str) -> A::Output {
        let (sender, receiver) = oneshot::channel();
        {
            let mut queue = self.queue();
            queue.waiting.entry(key.to_owned()).or_default().push(sender);
            if !mem::replace(&mut queue.at_work, true) {
                // A task of its own: whoever asked first may go away without leaving the others alone.
                tokio::spawn(Arc::clone(self).work().instrument(self.span.clone()));
            }
        }
        receiver.await.expect("the task answers every key of its batch, or has panicked")
    }

    async fn work(self: Arc<Self>) {
        // Whoever waits learns of a panic by the end of the channel, and the next question has a task again.
        scopeguard::defer_on_unwind! { *self.queue() = Queue::new(); }
        loop {
            self.gather().await;
            let batch = {
                let mut queue = self.queue();
                if queue.waiting.is_empty() {
                    queue.at_work = false;
                    return;
                }
                mem::take(&mut queue.waiting)
            };
            let mut answers = self.answer.answer(batch.keys().cloned().collect()).await;
            for (key, senders) in batch {
                let answer = answers.remove(&key).expect("there is an answer to every key");
                for sender in senders {
                    // Whoever asked may have gone away.
                    let _gone = sender.send(answer.clone());
                }
            }
        }
    }

    async fn gather(&self) {
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

    /// Answers with the number of keys, after one panic.
    #[derive(Default)]
    struct Count {
        has_panicked: AtomicBool,
    }

    impl Answer for Count {
        type Output = usize;

        async fn answer(&self, keys: Vec<String>) -> HashMap<String, usize> {
            assert!(self.has_panicked.swap(true, Relaxed), "the first answer panics");
            let count = keys.len();
            keys.into_iter().map(|key| (key, count)).collect()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_reaches_those_who_wait_and_nobody_else() {
        let counts = Gather::new(Count::default(), Span::none());
        let ask = |key: &'static str| {
            let counts = Arc::clone(&counts);
            tokio::spawn(async move { counts.ask(key).await })
        };
        let (one, two) = tokio::join!(ask("a"), ask("b"));
        assert!(one.unwrap_err().is_panic() && two.unwrap_err().is_panic());
        let (one, two) = tokio::join!(ask("a"), ask("b"));
        assert_eq!((one.unwrap(), two.unwrap()), (2, 2));
    }
}
