//! All waits of a region share one poll: at most one call for every 50 caches waited for, however many wait.
//!
//! The first poll comes one interval after the first wait. From then on the pause grows by [`GROWTH`] whenever nothing
//! changed, up to [`LONGEST`] intervals, and falls back to one interval when a status changed or a wait began. Each pause
//! is longer by a random part, so that several runs of Terraform do not poll in step.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rand::RngExt;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};

use super::{RegionApi, listing::Absence};
use tencentcloud::{Error, tke::ImageCache};

const GROWTH: f64 = 1.15;

/// In intervals.
const LONGEST: f64 = 4.0;

/// The random part, of the pause.
const JITTER: f64 = 0.1;

/// The part of an interval after which a wait that may be over already is looked at.
const SOON: f64 = 0.2;

/// When a wait wants to be looked at first. Waits that begin before that share the look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstLook {
    /// After a part of an interval: what is waited for may have happened.
    Soon,
    /// After an interval: it cannot have happened yet.
    Regular,
}

/// What one poll saw of one cache.
#[derive(Debug, Clone)]
pub(super) enum Sighting {
    /// There was no poll yet.
    None,
    Listed(Arc<ImageCache>),
    Absent,
    Failed(Error),
}

/// The poll of one region. It runs while somebody waits.
#[derive(Debug)]
pub(super) struct Poller {
    api: RegionApi,
    interval: Duration,
    state: Mutex<State>,
    /// `due` is earlier than it was.
    hurry: Notify,
}

#[derive(Debug)]
struct State {
    watched: HashMap<String, watch::Sender<Sighting>>,
    due: Instant,
    pause: Duration,
    running: bool,
}

impl Poller {
    pub(super) fn new(api: RegionApi, interval: Duration) -> Arc<Self> {
        let state = State { watched: HashMap::new(), due: Instant::now(), pause: interval, running: false };
        Arc::new(Self { api, interval, state: Mutex::new(state), hurry: Notify::new() })
    }

    /// The pause between polls, at first.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// Has the cache `id` polled until the receiver is dropped. Every poll sends a value, also when nothing changed.
    pub(super) fn watch(self: &Arc<Self>, id: &str, first_look: FirstLook) -> watch::Receiver<Sighting> {
        let pause = match first_look {
            FirstLook::Soon => self.interval.mul_f64(SOON),
            FirstLook::Regular => self.interval,
        };
        let mut state = self.state();
        let due = Instant::now() + pause;
        state.due = if state.running { state.due.min(due) } else { due };
        state.pause = self.interval;
        let sender = state.watched.entry(id.to_owned()).or_insert_with(|| watch::Sender::new(Sighting::None));
        let receiver = sender.subscribe();
        if mem::replace(&mut state.running, true) {
            self.hurry.notify_one();
        } else {
            tokio::spawn(Arc::clone(self).run());
        }
        receiver
    }

    async fn run(self: Arc<Self>) {
        // Whoever waits learns of a panic by the end of the channel, and the next wait has a poll again.
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
                // Whoever begins to wait from now on may bring it forward.
                state.due = Instant::now() + self.interval.mul_f64(LONGEST);
                state.watched.keys().cloned().collect()
            };
            let rows = self.api.by_ids(ids, Absence::Believed).await;

            let mut state = self.state();
            let mut changed = false;
            for (id, row) in rows {
                let sighting = match row {
                    Ok(Some(cache)) => Sighting::Listed(cache),
                    Ok(None) => Sighting::Absent,
                    Err(error) => Sighting::Failed(error),
                };
                if let Some(sender) = state.watched.get(&id) {
                    let before = sender.send_replace(sighting.clone());
                    changed |= status(&before) != status(&sighting);
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has to change for a poll to have seen something new.
fn status(sighting: &Sighting) -> Option<&str> {
    match sighting {
        Sighting::Listed(cache) => Some(cache.status.as_str()),
        Sighting::None | Sighting::Absent | Sighting::Failed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio_util::sync::CancellationToken;

    use super::{
        super::{
            ImageCaches, WaitError,
            fake::{Fake, Fault, INTERVAL, REGION, UnknownIds, until},
        },
        *,
    };
    use tencentcloud::tke::CreateImageCache;

    /// Makes `count` caches one after the other, and waits for all of them together.
    async fn make(caches: &ImageCaches, count: usize) {
        let cancel = CancellationToken::new();
        let made = (0..count).map(|i| {
            let (caches, cancel) = (caches.clone(), &cancel);
            async move {
                let request = CreateImageCache { image_cache_name: format!("cache-{i}"), ..Default::default() };
                tokio::time::sleep(Duration::from_millis(51) * i as u32).await;
                let id = caches.create(REGION, request, &until()).await.unwrap();
                caches.wait_ready(REGION, &id, Duration::from_secs(3600), cancel, &mut |_| {}).await.unwrap();
            }
        });
        join_all(made).await;
    }

    fn polls(fake: &Fake) -> usize {
        fake.state().describes.iter().filter(|call| !call.image_cache_ids.is_empty()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_builds_of_half_a_minute_take_at_most_ten_polls() {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(30);
        make(&caches, 50).await;
        assert!(polls(&fake) <= 10, "{}", polls(&fake));
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_is_one_call_for_every_fifty_and_comes_less_often_by_and_by() {
        let (fake, caches) = Fake::new();
        fake.state().build = Duration::from_secs(1800);
        let start = Instant::now();
        make(&caches, 120).await;
        let took = start.elapsed();
        assert!(took < Duration::from_secs(1800 + 6) + INTERVAL.mul_f64(LONGEST * (1.0 + JITTER)), "{took:?}");
        // 3 calls every 5 seconds would be 1,080.
        assert!((260..400).contains(&polls(&fake)), "{}", polls(&fake));
    }

    #[tokio::test(start_paused = true)]
    async fn a_cache_that_vanishes_does_not_hide_those_that_are_waited_for_with_it() {
        for unknown_ids in [UnknownIds::LeftOut, UnknownIds::Refused, UnknownIds::EmptyList, UnknownIds::Html] {
            let (fake, caches) = Fake::new();
            fake.state().unknown_ids = unknown_ids;
            fake.state().build = Duration::from_secs(60);
            let delete = async {
                tokio::time::sleep(Duration::from_secs(20)).await;
                let id = fake.state().rows[0].cache.image_cache_id.clone();
                fake.state().rows.remove(0);
                id
            };
            let ids = join_all((0..3).map(|i| {
                let request = CreateImageCache { image_cache_name: format!("cache-{i}"), ..Default::default() };
                let caches = &caches;
                async move { caches.create(REGION, request, &until()).await }
            }));
            let ids: Vec<_> = ids.await.into_iter().map(Result::unwrap).collect();
            let never = CancellationToken::new();
            let waits =
                join_all(ids.iter().map(async |id| {
                    caches.wait_ready(REGION, id, Duration::from_secs(600), &never, &mut |_| {}).await
                }));
            let (waits, deleted) = tokio::join!(waits, delete);
            for (id, wait) in ids.iter().zip(waits) {
                let gone = matches!(wait, Err(WaitError::Gone { .. }));
                assert_eq!((gone, wait.is_ok()), (*id == deleted, *id != deleted), "{unknown_ids:?}: {wait:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_reaches_those_who_wait_and_nobody_else() {
        let (fake, caches) = Fake::new();
        let id = fake.add("web");
        fake.fault("describe", Fault::Panic);
        let wait = || {
            let (caches, id) = (caches.clone(), id.clone());
            tokio::spawn(async move {
                let never = CancellationToken::new();
                caches.wait_ready(REGION, &id, Duration::from_secs(600), &never, &mut |_| {}).await
            })
        };
        assert!(wait().await.unwrap_err().is_panic());
        assert!(wait().await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_polls_when_nobody_waits() {
        let (fake, caches) = Fake::new();
        let id = fake.add("web");
        caches.delete(REGION, &id).await.unwrap();
        let start = Instant::now();
        caches.wait_gone(REGION, &id, Duration::from_secs(600), &CancellationToken::new()).await.unwrap();
        assert!(start.elapsed() < INTERVAL / 2, "a deletion is looked at soon: {:?}", start.elapsed());
        let after = polls(&fake);
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(polls(&fake), after);
    }
}
