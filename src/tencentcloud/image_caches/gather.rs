//! Questions that arrive together become one batch.
//!
//! A batch is closed when for [`QUIET`] no further question came, and at the latest after [`LONGEST`]. While a batch is
//! being answered, the next gathers: its questions never get an answer that was asked for before they came.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

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
    queue: Mutex<Queue<A::Output>>,
}

#[derive(Debug)]
struct Queue<O> {
    waiting: HashMap<String, Vec<oneshot::Sender<O>>>,
    /// A task is at work and will look at `waiting` again before it ends.
    at_work: bool,
}

impl<A: Answer> Gather<A> {
    pub(super) fn new(answer: A) -> Arc<Self> {
        Arc::new(Self { answer, queue: Mutex::new(Queue { waiting: HashMap::new(), at_work: false }) })
    }

    /// The answer to `key`, asked for after this was called.
    pub(super) async fn ask(self: &Arc<Self>, key: &str) -> A::Output {
        let (sender, receiver) = oneshot::channel();
        {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.waiting.entry(key.to_owned()).or_default().push(sender);
            if !mem::replace(&mut queue.at_work, true) {
                // A task of its own: whoever asked first may go away without leaving the others alone.
                tokio::spawn(Arc::clone(self).work());
            }
        }
        receiver.await.expect("the task answers every key of its batch, or has panicked")
    }

    async fn work(self: Arc<Self>) {
        loop {
            self.gather().await;
            let batch = {
                let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
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
        let length = || self.queue.lock().unwrap_or_else(PoisonError::into_inner).waiting.len();
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
