//! Waits for operations of a cloud in the background. All waits that use one [`Poller`] share its polls: a poll reads all their
//! objects at once.
//!
//! The first poll is one interval after the first wait began. The pause grows by [`GROWTH`] when no status changed, up to
//! [`LONGEST`] intervals, and returns to one interval when a status changed or a wait began. Each pause has jitter, so that
//! several runs of Terraform do not poll in step.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::RngExt as _;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

const GROWTH: f64 = 1.15;

/// In intervals.
const LONGEST: f64 = 4.0;

/// The jitter, as a fraction of the pause.
const JITTER: f64 = 0.1;

/// The fraction of an interval before the initial poll of a wait that may be over already.
const SOON: f64 = 0.2;

/// Reads objects of one kind.
pub trait Poll: Send + Sync + 'static {
    /// An object as returned by a poll.
    type Object: Clone + Debug + Send + Sync + 'static;
    /// An error of a poll.
    type Error: Clone + Debug + Send + Sync + 'static;

    /// Reads each of `ids`, which are distinct; `None` for an object that does not exist.
    fn read(&self, ids: Vec<String>) -> impl Future<Output = HashMap<String, Polled<Self>>> + Send;

    /// The status of an object. After a change of it, the pause returns to one interval.
    fn status(object: &Self::Object) -> &str;

    /// Whether an error is transient, so that waits continue.
    fn is_transient(error: &Self::Error) -> bool;
}

/// The result of a poll for one object.
pub type Polled<P> = Result<Option<<P as Poll>::Object>, <P as Poll>::Error>;

/// When the initial poll of a wait is due. Waits that begin before then share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialPoll {
    /// After a fifth of an interval: the wait may be over already.
    Soon,
    /// After an interval: the wait cannot be over yet.
    Regular,
}

/// Why a wait ended without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfinished<O, E> {
    /// Terraform was interrupted. The cloud continues.
    Stopped {
        /// The object as last polled.
        last: Option<O>,
    },
    /// The timeout was reached. The cloud continues.
    TimedOut {
        /// The object as last polled.
        last: Option<O>,
        /// Why the last poll failed, if it did.
        error: Option<E>,
    },
    /// A poll failed with a permanent error.
    Failed {
        /// The error.
        error: E,
    },
}

/// Polls the objects of all waits; does not poll without a wait. Clones share the polls.
#[derive(Debug)]
pub struct Poller<P: Poll>(Arc<Shared<P>>);

impl<P: Poll> Clone for Poller<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Shared<P: Poll> {
    poll: P,
    interval: Duration,
    span: Span,
    state: Mutex<State<P>>,
    /// Notifies that `due` is earlier than before.
    hurry: Notify,
}

#[derive(Debug)]
struct State<P: Poll> {
    watched: HashMap<String, watch::Sender<Option<Polled<P>>>>,
    due: Instant,
    pause: Duration,
    running: bool,
}

impl<P: Poll> Poller<P> {
    /// A poller with the given initial `interval`. The polls do not belong to an operation: `span` is the context of their log lines.
    pub fn new(poll: P, interval: Duration, span: Span) -> Self {
        let state = State { watched: HashMap::new(), due: Instant::now(), pause: interval, running: false };
        Self(Arc::new(Shared { poll, interval, span, state: Mutex::new(state), hurry: Notify::new() }))
    }

    /// Waits until `done`, which gets the result of each poll for the object `id`, returns `Some`. An object that does not exist is
    /// `None`. Failed polls are tolerated if their error is [transient](Poll::is_transient).
    ///
    /// # Errors
    ///
    /// Why the wait ended without a result.
    pub async fn wait<T>(
        &self,
        id: &str,
        initial: InitialPoll,
        timeout: Duration,
        stop: &CancellationToken,
        mut done: impl FnMut(Option<P::Object>) -> Option<T>,
    ) -> Result<T, Unfinished<P::Object, P::Error>> {
        let mut polls = self.watch(id, initial);
        let (mut last, mut failed) = (None, None);
        let end = sleep(timeout);
        tokio::pin!(end);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Err(Unfinished::Stopped { last }),
                changed = polls.changed() => {
                    changed.expect("the poller keeps the sender while there is a receiver, or has panicked");
                }
                () = &mut end => return Err(Unfinished::TimedOut { last, error: failed }),
            }
            let polled = polls.borrow_and_update().clone();
            match polled {
                None => {}
                Some(Ok(object)) => {
                    failed = None;
                    last = object.clone().or(last);
                    if let Some(result) = done(object) {
                        return Ok(result);
                    }
                }
                Some(Err(error)) if P::is_transient(&error) => failed = Some(error),
                Some(Err(error)) => return Err(Unfinished::Failed { error }),
            }
        }
    }

    /// Polls the object `id` until the receiver is dropped. Every poll sends a value, even if nothing changed.
    fn watch(&self, id: &str, initial: InitialPoll) -> watch::Receiver<Option<Polled<P>>> {
        let shared = &self.0;
        let pause = match initial {
            InitialPoll::Soon => shared.interval.mul_f64(SOON),
            InitialPoll::Regular => shared.interval,
        };
        let mut state = shared.state();
        let due = Instant::now() + pause;
        state.due = if state.running { state.due.min(due) } else { due };
        state.pause = shared.interval;
        let sender = state.watched.entry(id.to_owned()).or_insert_with(|| watch::Sender::new(None));
        let receiver = sender.subscribe();
        if mem::replace(&mut state.running, true) {
            shared.hurry.notify_one();
        } else {
            tokio::spawn(Arc::clone(shared).run().instrument(shared.span.clone()));
        }
        receiver
    }
}

impl<P: Poll> Shared<P> {
    async fn run(self: Arc<Self>) {
        // A panic closes the channels of the waits, and the next wait starts a new task.
        scopeguard::defer_on_unwind! {
            let mut state = self.state();
            state.watched.clear();
            state.running = false;
        }
        loop {
            self.wait_until_due().await;
            let ids: Vec<String> = {
                let mut state = self.state();
                state.watched.retain(|_, sender| sender.receiver_count() > 0);
                if state.watched.is_empty() {
                    state.running = false;
                    return;
                }
                // A wait that begins from now on may make it earlier.
                state.due = Instant::now() + self.interval.mul_f64(LONGEST);
                state.watched.keys().cloned().collect()
            };
            tracing::debug!(objects = ids.len(), "polling");
            let found = self.poll.read(ids).await;

            let mut state = self.state();
            let mut changed = false;
            for (id, polled) in found {
                if let Some(sender) = state.watched.get(&id) {
                    let before = sender.send_replace(Some(polled.clone()));
                    changed |= status::<P>(before.as_ref()) != status::<P>(Some(&polled));
                }
            }
            state.pause =
                if changed { self.interval } else { state.pause.mul_f64(GROWTH).min(self.interval.mul_f64(LONGEST)) };
            let pause = state.pause.mul_f64(1.0 + rand::rng().random_range(0.0..JITTER));
            state.due = state.due.min(Instant::now() + pause);
        }
    }

    async fn wait_until_due(&self) {
        loop {
            let due = self.state().due;
            tokio::select! {
                () = sleep_until(due) => return,
                () = self.hurry.notified() => {}
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn status<P: Poll>(polled: Option<&Polled<P>>) -> Option<&str> {
    polled?.as_ref().ok()?.as_ref().map(P::status)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const INTERVAL: Duration = Duration::from_secs(5);
    const TIMEOUT: Duration = Duration::from_secs(600);

    /// Objects that are their own status, and errors of the next polls.
    #[derive(Debug, Default)]
    struct Cloud {
        objects: Mutex<HashMap<String, String>>,
        faults: Mutex<VecDeque<&'static str>>,
        polls: Mutex<Vec<Instant>>,
        span: Mutex<Option<&'static str>>,
    }

    impl Poll for Arc<Cloud> {
        type Object = String;
        type Error = &'static str;

        async fn read(&self, ids: Vec<String>) -> HashMap<String, Polled<Self>> {
            self.polls.lock().unwrap().push(Instant::now());
            *self.span.lock().unwrap() = Span::current().metadata().map(|span| span.name());
            let fault = self.faults.lock().unwrap().pop_front();
            assert_ne!(fault, Some("panic"));
            let objects = self.objects.lock().unwrap();
            let find = |id: String| {
                let found = fault.map_or_else(|| Ok(objects.get(&id).cloned()), Err);
                (id, found)
            };
            ids.into_iter().map(find).collect()
        }

        fn status(object: &String) -> &str {
            object
        }

        fn is_transient(error: &&'static str) -> bool {
            *error == "busy"
        }
    }

    fn new() -> (Arc<Cloud>, Poller<Arc<Cloud>>) {
        let cloud = Arc::new(Cloud::default());
        (Arc::clone(&cloud), Poller::new(cloud, INTERVAL, Span::none()))
    }

    impl Cloud {
        fn set(&self, id: &str, status: &str) {
            self.objects.lock().unwrap().insert(id.to_owned(), status.to_owned());
        }

        fn fail(&self, faults: &[&'static str]) {
            self.faults.lock().unwrap().extend(faults);
        }

        fn polls(&self) -> usize {
            self.polls.lock().unwrap().len()
        }
    }

    type End = Result<(), Unfinished<String, &'static str>>;

    async fn ready(poller: &Poller<Arc<Cloud>>, id: &str, stop: &CancellationToken) -> End {
        let done = |object: Option<String>| (object.as_deref() == Some("ready")).then_some(());
        poller.wait(id, InitialPoll::Regular, TIMEOUT, stop, done).await
    }

    #[tokio::test(start_paused = true)]
    async fn waits_share_polls_and_end_separately() {
        let (cloud, poller) = new();
        for id in ["a", "b", "c"] {
            cloud.set(id, "building");
        }
        let (never, stop) = (CancellationToken::new(), CancellationToken::new());
        let (a, b, c, ()) =
            tokio::join!(ready(&poller, "a", &never), ready(&poller, "b", &stop), ready(&poller, "c", &never), async {
                sleep(INTERVAL.mul_f64(1.5)).await;
                stop.cancel();
                cloud.set("a", "ready");
            });
        assert_eq!(a, Ok(()));
        assert_eq!(b, Err(Unfinished::Stopped { last: Some("building".to_owned()) }));
        assert_eq!(c, Err(Unfinished::TimedOut { last: Some("building".to_owned()), error: None }));
        // One poll every 5 seconds would be 120.
        assert!((27..45).contains(&cloud.polls()), "{}", cloud.polls());
    }

    #[tokio::test(start_paused = true)]
    async fn pause_grows_until_a_status_changes() {
        let (cloud, poller) = new();
        cloud.set("a", "building");
        let never = CancellationToken::new();
        let (waited, ()) = tokio::join!(ready(&poller, "a", &never), async {
            sleep(Duration::from_secs(300)).await;
            cloud.set("a", "testing");
            sleep(Duration::from_secs(100)).await;
            cloud.set("a", "ready");
        });
        assert_eq!(waited, Ok(()));
        let polls = cloud.polls.lock().unwrap();
        let pauses: Vec<_> =
            polls.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64() / INTERVAL.as_secs_f64()).collect();
        let longest = pauses.iter().copied().fold(0.0, f64::max);
        assert!((LONGEST..LONGEST * (1.0 + JITTER) + 0.01).contains(&longest), "{pauses:?}");
        let after_longest = pauses.iter().skip_while(|pause| **pause < LONGEST).find(|pause| **pause < LONGEST);
        assert!(*after_longest.unwrap() < 1.0 + JITTER + 0.01, "{pauses:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn wait_continues_after_transient_errors_only() {
        let (cloud, poller) = new();
        cloud.set("a", "ready");
        cloud.fail(&["busy", "busy"]);
        let never = CancellationToken::new();
        assert_eq!(ready(&poller, "a", &never).await, Ok(()));
        cloud.fail(&["busy", "denied"]);
        assert_eq!(ready(&poller, "a", &never).await, Err(Unfinished::Failed { error: "denied" }));
        cloud.fail(&["busy"; 200]);
        assert_eq!(ready(&poller, "a", &never).await, Err(Unfinished::TimedOut { last: None, error: Some("busy") }));
    }

    #[tokio::test(start_paused = true)]
    async fn panic_ends_current_waits_only() {
        let (cloud, poller) = new();
        cloud.set("a", "ready");
        cloud.fail(&["panic"]);
        let wait = || {
            let poller = poller.clone();
            tokio::spawn(async move { ready(&poller, "a", &CancellationToken::new()).await })
        };
        assert!(wait().await.unwrap_err().is_panic());
        assert_eq!(wait().await.unwrap(), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn polls_have_the_span_of_the_poller() {
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry());
        let cloud = Arc::new(Cloud::default());
        cloud.set("a", "ready");
        let poller = Poller::new(Arc::clone(&cloud), INTERVAL, tracing::error_span!("polls"));
        let operation = tracing::error_span!("operation of the first wait");
        ready(&poller, "a", &CancellationToken::new()).instrument(operation).await.unwrap();
        assert_eq!(*cloud.span.lock().unwrap(), Some("polls"));
    }

    #[tokio::test(start_paused = true)]
    async fn initial_poll_can_be_early_and_polls_end_with_the_last_wait() {
        let (cloud, poller) = new();
        let start = Instant::now();
        let gone = |object: Option<String>| object.is_none().then_some(());
        poller.wait("a", InitialPoll::Soon, TIMEOUT, &CancellationToken::new(), gone).await.unwrap();
        assert!(start.elapsed() < INTERVAL / 2, "{:?}", start.elapsed());
        sleep(TIMEOUT).await;
        assert_eq!(cloud.polls(), 1);
    }
}
