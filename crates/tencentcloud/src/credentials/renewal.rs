//! Caches temporary credentials, and renews them before they expire.
//!
//! - Nothing happens before the first call, and permanent credentials are issued once.
//! - They are renewed 5 minutes before they expire, or after half of a lifetime shorter than 10 minutes.
//! - One caller renews. Others use the old credentials until they expire; then they wait, and get the result of the attempt,
//!   even if it is an error.
//! - A renewal that fails before the old ones expire is a warning, and is retried after 30 seconds.
//! - Credentials that the API refuses are renewed in any case: they may have been revoked, or their expiry is unknown.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use super::{Credentials, CredentialsError};

/// How long before their expiry credentials are renewed, as in Tencent Cloud's SDKs for instance roles.
const RENEWAL_MARGIN: Duration = Duration::from_secs(300);

/// How long a failed renewal is not retried.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// Issues credentials.
#[async_trait::async_trait]
pub(super) trait Issue: Send + Sync + std::fmt::Debug {
    /// New credentials.
    async fn issue(&self) -> Result<Issued, CredentialsError>;
    /// The current time for expiry.
    fn now(&self) -> SystemTime;
}

/// New credentials, and whether they can be renewed.
#[derive(Debug, Clone)]
pub(super) struct Issued {
    pub credentials: Credentials,
    /// False if they were issued for a one-time code (MFA).
    pub renewable: bool,
}

/// The current credentials of an issuer.
#[derive(Debug)]
pub(super) struct Renewing<I> {
    issuer: I,
    current: Mutex<Option<Current>>,
    /// The error of the last attempt, if it failed. Locked by the caller that renews.
    attempt: tokio::sync::Mutex<Option<CredentialsError>>,
    /// The number of completed attempts.
    attempts: AtomicU64,
}

#[derive(Debug, Clone)]
struct Current {
    credentials: Credentials,
    renew_at: Option<SystemTime>,
}

impl<I: Issue> Renewing<I> {
    pub fn new(issuer: I) -> Self {
        Self { issuer, current: Mutex::new(None), attempt: Default::default(), attempts: AtomicU64::new(0) }
    }

    pub fn issuer(&self) -> &I {
        &self.issuer
    }

    /// The current credentials.
    pub async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let seen = self.attempts.load(Ordering::Acquire);
        let (mut attempt, old) = match self.state() {
            State::Fresh(credentials) => return Ok(credentials),
            State::Due(credentials) => match self.attempt.try_lock() {
                Ok(attempt) => (attempt, Some(credentials)),
                Err(_) => return Ok(credentials),
            },
            State::None => (self.attempt.lock().await, None),
        };
        // While this caller waited, another may have finished.
        match self.state() {
            State::Fresh(credentials) => return Ok(credentials),
            State::Due(credentials) if old.is_none() => return Ok(credentials),
            _ => {}
        }
        if let (true, Some(error)) = (self.attempts.load(Ordering::Acquire) != seen, &*attempt) {
            return old.ok_or_else(|| error.clone());
        }

        let issued = self.issuer.issue().await;
        self.attempts.fetch_add(1, Ordering::Release);
        match issued {
            Ok(issued) => {
                *attempt = None;
                Ok(self.keep(issued))
            }
            Err(error) => {
                *attempt = Some(error.clone());
                let old = old.ok_or(error.clone())?;
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not renew the credentials; using the current ones until they expire"
                );
                self.postpone();
                Ok(old)
            }
        }
    }

    /// Discards `refused`, unless the cache already has other credentials.
    pub fn discard(&self, refused: &Credentials) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|current| current.credentials.same_keys(refused));
    }

    fn state(&self) -> State {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(current) = current.as_ref() else { return State::None };
        let now = self.issuer.now();
        let passed = |time: Option<SystemTime>| time.is_some_and(|time| time <= now);
        if passed(current.credentials.expires_at) {
            State::None
        } else if passed(current.renew_at) {
            State::Due(current.credentials.clone())
        } else {
            State::Fresh(current.credentials.clone())
        }
    }

    fn keep(&self, issued: Issued) -> Credentials {
        let credentials = issued.credentials;
        let renew_at = credentials.expires_at.filter(|_| issued.renewable).map(|end| {
            let lifetime = end.duration_since(self.issuer.now()).unwrap_or_default();
            end - RENEWAL_MARGIN.min(lifetime / 2)
        });
        let current = Current { credentials: credentials.clone(), renew_at };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
        credentials
    }

    fn postpone(&self) {
        if let Some(current) = self.current.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            current.renew_at = Some(self.issuer.now() + RETRY_INTERVAL);
        }
    }
}

/// The state of the cached credentials.
enum State {
    /// There are none, or they have expired.
    None,
    /// They are valid, but must be renewed.
    Due(Credentials),
    Fresh(Credentials),
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use secrecy::ExposeSecret;
    use tokio::{sync::Semaphore, time::Instant};

    use super::*;

    /// Issues `key-1`, `key-2`, ..., each of which is valid for `lifetime`; fails while `broken`. Each attempt takes a permit.
    #[derive(Debug)]
    struct Mint {
        lifetime: Option<Duration>,
        renewable: bool,
        permits: Arc<Semaphore>,
        broken: Arc<Mutex<bool>>,
        attempts: Arc<AtomicU64>,
        started: Instant,
    }

    #[async_trait::async_trait]
    impl Issue for Mint {
        async fn issue(&self) -> Result<Issued, CredentialsError> {
            self.permits.acquire().await.unwrap().forget();
            let number = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
            if *self.broken.lock().unwrap() {
                return Err(CredentialsError::Metadata { problem: format!("attempt {number} failed") });
            }
            let credentials = Credentials {
                secret_id: format!("key-{number}").into(),
                secret_key: "key".into(),
                token: None,
                expires_at: self.lifetime.map(|lifetime| self.now() + lifetime),
            };
            Ok(Issued { credentials, renewable: self.renewable })
        }

        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + self.started.elapsed()
        }
    }

    fn mint(lifetime: Option<u64>) -> Mint {
        Mint {
            lifetime: lifetime.map(Duration::from_secs),
            renewable: true,
            permits: Arc::new(Semaphore::new(1000)),
            broken: Arc::default(),
            attempts: Arc::default(),
            started: Instant::now(),
        }
    }

    async fn key(renewing: &Renewing<Mint>) -> String {
        match renewing.credentials().await {
            Ok(credentials) => credentials.secret_id.expose_secret().to_owned(),
            Err(error) => error.to_string(),
        }
    }

    async fn at(renewing: &Renewing<Mint>, seconds: u64) -> String {
        let then = renewing.issuer.started + Duration::from_secs(seconds);
        tokio::time::advance(then - Instant::now()).await;
        key(renewing).await
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_are_renewed_before_they_expire() {
        for (lifetime, renewed_at) in [(7200, 6900), (601, 301), (600, 300), (60, 30)] {
            let renewing = Renewing::new(mint(Some(lifetime)));
            assert_eq!(at(&renewing, 0).await, "key-1", "{lifetime}");
            assert_eq!(at(&renewing, renewed_at - 1).await, "key-1", "{lifetime}");
            assert_eq!(at(&renewing, renewed_at).await, "key-2", "{lifetime}");
            assert_eq!(at(&renewing, renewed_at + 1).await, "key-2", "{lifetime}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn permanent_credentials_are_issued_once() {
        let renewing = Renewing::new(mint(None));
        for seconds in [0, 1, 10_000_000] {
            assert_eq!(at(&renewing, seconds).await, "key-1");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn unrenewable_credentials_are_used_until_they_expire() {
        let renewing = Renewing::new(Mint { renewable: false, ..mint(Some(600)) });
        for (seconds, expected) in [(0, "key-1"), (599, "key-1"), (600, "key-2")] {
            assert_eq!(at(&renewing, seconds).await, expected, "{seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failed_renewal_keeps_the_old_credentials_and_is_retried() {
        let renewing = Renewing::new(mint(Some(7200)));
        assert_eq!(at(&renewing, 0).await, "key-1");
        *renewing.issuer.broken.lock().unwrap() = true;
        for (seconds, expected, attempts) in [
            (6900, "key-1", 2),
            (6929, "key-1", 2),
            (6930, "key-1", 3),
            (7199, "key-1", 4),
            (7200, "instance role: attempt 5 failed", 5),
            (7201, "instance role: attempt 6 failed", 6),
        ] {
            assert_eq!(at(&renewing, seconds).await, expected, "{seconds}");
            assert_eq!(renewing.issuer.attempts.load(Ordering::Relaxed), attempts, "{seconds}");
        }
        *renewing.issuer.broken.lock().unwrap() = false;
        assert_eq!(at(&renewing, 7202).await, "key-7");
    }

    #[tokio::test(start_paused = true)]
    async fn refused_credentials_are_renewed_once_for_all_callers() {
        for lifetime in [Some(7200), None] {
            let renewing = Renewing::new(mint(lifetime));
            let refused = renewing.credentials().await.unwrap();
            let callers = futures_util::future::join_all((0..10).map(|_| async {
                renewing.discard(&refused);
                key(&renewing).await
            }));
            assert_eq!(callers.await, ["key-2"; 10], "{lifetime:?}");
            renewing.discard(&refused);
            assert_eq!(key(&renewing).await, "key-2", "a late refusal of the first key does not affect the second");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_callers_share_one_attempt() {
        for (broken, expected) in [(false, "key-1"), (true, "instance role: attempt 1 failed")] {
            let mint = mint(Some(7200));
            *mint.broken.lock().unwrap() = broken;
            let renewing = Renewing::new(mint);
            let permits = Arc::clone(&renewing.issuer.permits);
            permits.forget_permits(permits.available_permits());
            let callers = futures_util::future::join_all((0..10).map(|_| key(&renewing)));
            let (outcomes, ()) = tokio::join!(callers, async { permits.add_permits(1) });
            for outcome in outcomes {
                assert_eq!(outcome, expected);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_caller_renews_and_others_do_not_wait() {
        let renewing = Renewing::new(mint(Some(7200)));
        let permits = Arc::clone(&renewing.issuer.permits);
        assert_eq!(at(&renewing, 0).await, "key-1");
        permits.forget_permits(permits.available_permits());
        tokio::time::advance(Duration::from_secs(7000)).await;

        let renewal = key(&renewing);
        tokio::pin!(renewal);
        assert!((&mut renewal).now_or_never().is_none());
        assert_eq!(key(&renewing).await, "key-1");
        permits.add_permits(1);
        assert_eq!(renewal.await, "key-2");
        assert_eq!(key(&renewing).await, "key-2");
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_caller_leaves_the_attempt_to_the_next() {
        let renewing = Renewing::new(mint(Some(7200)));
        let permits = Arc::clone(&renewing.issuer.permits);
        permits.forget_permits(permits.available_permits());
        {
            let abandoned = key(&renewing);
            tokio::pin!(abandoned);
            assert!((&mut abandoned).now_or_never().is_none());
        }
        permits.add_permits(1);
        assert_eq!(key(&renewing).await, "key-1");
    }
}
