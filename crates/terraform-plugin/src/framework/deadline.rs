//! The deadline of a create, update or delete: the timeout from the `timeouts` block applies to all its calls and waits
//! together, and Ctrl-C ends them.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::timeouts::Timeouts;
use super::until::{Ended, Until};
use crate::diagnostics::{AttributePath, Diagnostic};
use crate::value::{Attr, duration};

/// An operation in progress, and its deadline.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// The operation.
    pub operation: Operation,
    /// The configured or default timeout.
    pub timeout: Duration,
    /// The timeout, or Ctrl-C.
    pub until: Until,
}

/// An operation with a timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    /// The operation's argument in a `timeouts` block.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The path of the operation's timeout.
    pub fn timeout_path(self) -> AttributePath {
        AttributePath::root("timeouts").attribute(self.name())
    }
}

impl Deadline {
    /// The deadline of an operation that begins now. The timeout is `default` if the `timeouts` block omits it or has an invalid one,
    /// which [`Timeouts::validate`] reports. `stop` is Ctrl-C.
    pub fn new(operation: Operation, timeouts: &Attr<Timeouts>, default: Duration, stop: &CancellationToken) -> Self {
        let configured = timeouts.known().and_then(|timeouts| timeouts.of(operation).as_str());
        let timeout = configured.and_then(|text| duration::parse(text).ok()).unwrap_or(default);
        Self { operation, timeout, until: Until::new(stop, timeout) }
    }

    /// The elapsed time, at most the timeout.
    pub fn elapsed(&self) -> Duration {
        self.timeout.saturating_sub(self.left())
    }

    /// The remaining time; zero after the deadline.
    pub fn left(&self) -> Duration {
        self.until.left()
    }

    /// The error if the operation ended before the API accepted its request. `effect` says in sentences what that means for the
    /// object.
    pub fn not_accepted(&self, ended: Ended, effect: &str) -> Diagnostic {
        match ended {
            Ended::Interrupted => {
                Diagnostic::error("Interrupted", format!("Terraform was interrupted. {effect} Run the command again."))
            }
            Ended::TimedOut => {
                let timeout = duration::show(self.timeout);
                let detail = format!(
                    "The API accepted no request within {timeout}. {effect} Check the network, and run the command again. If \
                     the API needs longer, set timeouts.{}.",
                    self.operation.name()
                );
                Diagnostic::error("No response in time", detail).at(self.operation.timeout_path())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_of_an_operation_share_its_timeout() {
        let default = Duration::from_secs(600);
        let block = |update| Attr::Known(Timeouts { create: "5s".into(), update, ..Timeouts::default() });
        for (timeouts, seconds) in [
            (Attr::Null, 600),
            (block(Attr::Null), 600),
            (block(Attr::Unknown), 600),
            (block("soon".into()), 600),
            (block("90s".into()), 90),
        ] {
            let deadline = Deadline::new(Operation::Update, &timeouts, default, &CancellationToken::new());
            let timeout = Duration::from_secs(seconds);
            assert_eq!((deadline.timeout, deadline.left(), deadline.elapsed()), (timeout, timeout, Duration::ZERO));
            let minute = Duration::from_secs(60);
            tokio::time::advance(minute).await;
            assert_eq!((deadline.left(), deadline.elapsed()), (timeout - minute, minute));
            tokio::time::advance(Duration::from_secs(7200)).await;
            assert_eq!((deadline.left(), deadline.elapsed()), (Duration::ZERO, timeout));
        }
    }
}
