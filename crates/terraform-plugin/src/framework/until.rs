//! Limits of an operation: Ctrl-C, and its timeout.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// The limit that ended an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Terraform was interrupted.
    Interrupted,
    /// The timeout of the operation was reached.
    TimedOut,
}

/// The limits of an operation, shared by everything that it does.
#[derive(Debug, Clone)]
pub struct Until {
    stop: CancellationToken,
    end: Instant,
}

impl Until {
    /// Limits work by `stop` and by `timeout` from now.
    pub fn new(stop: &CancellationToken, timeout: Duration) -> Self {
        Self { stop: stop.clone(), end: Instant::now() + timeout }
    }

    /// The remaining time; zero after the end.
    pub fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// The token that Ctrl-C cancels.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Runs `work`, and drops it when a limit is reached.
    ///
    /// # Errors
    ///
    /// The limit that ended it.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Ended> {
        tokio::select! {
            biased;
            result = work => Ok(result),
            ended = self.ended() => Err(ended),
        }
    }

    /// Returns when a limit is reached.
    pub async fn ended(&self) -> Ended {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Ended::Interrupted,
            () = sleep_until(self.end) => Ended::TimedOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_ends_when_complete_stopped_or_timed_out() {
        let stop = CancellationToken::new();
        let until = Until::new(&stop, Duration::from_secs(9));
        assert_eq!(until.run(async { 1 }).await, Ok(1));
        assert_eq!(until.run(pending::<()>()).await, Err(Ended::TimedOut));
        assert_eq!(until.left(), Duration::ZERO);
        let until = Until::new(&stop, Duration::from_secs(9));
        stop.cancel();
        assert_eq!(until.run(pending::<()>()).await, Err(Ended::Interrupted));
        assert_eq!(until.run(async { 1 }).await, Ok(1), "a result is returned after the end");
    }
}
