//! The end of an operation that may take long: a create, update or delete lasts as long as the `timeouts` block says, and
//! ends with Ctrl-C, however many calls and waits it consists of.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::until::{Ended, Until};
use crate::diagnostics::{AttributePath, Diagnostic};
use crate::value::{Attr, duration};

/// An operation under way, and its end.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// The operation.
    pub operation: Operation,
    /// As configured, or the default.
    pub timeout: Duration,
    /// The timeout, or Ctrl-C.
    pub until: Until,
}

/// What has a timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    /// The name of the operation's argument in a `timeouts` block.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Where the operation's timeout is configured.
    pub fn timeout_path(self) -> AttributePath {
        AttributePath::root("timeouts").attribute(self.name())
    }
}

impl Deadline {
    /// The end of an operation that begins now. `configured` is its argument in the `timeouts` block; the timeout
    /// is `default` if that is omitted or not a duration, which [`duration::validate`] reports. `stop` is Ctrl-C.
    pub fn new(
        operation: Operation,
        configured: Option<&Attr<String>>,
        default: Duration,
        stop: &CancellationToken,
    ) -> Self {
        let configured = configured.and_then(|timeout| timeout.as_str());
        let timeout = configured.and_then(|text| duration::parse(text).ok()).unwrap_or(default);
        Self { operation, timeout, until: Until::new(stop, timeout) }
    }

    /// The time since the operation began, at most the timeout.
    pub fn elapsed(&self) -> Duration {
        self.timeout.saturating_sub(self.left())
    }

    /// What is left of the time; zero afterwards.
    pub fn left(&self) -> Duration {
        self.until.left()
    }

    /// The error after the operation ended before the API accepted its call. `effect` says in sentences what that means
    /// for the object.
    pub fn not_accepted(&self, ended: Ended, effect: &str) -> Diagnostic {
        match ended {
            Ended::Interrupted => Diagnostic::error(
                "Interrupted",
                format!("Terraform was asked to stop. {effect} Run the command again."),
            ),
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
    async fn waits_of_an_operation_share_its_time() {
        let default = Duration::from_secs(600);
        let configured = Attr::from("90s");
        for (configured, seconds) in
            [(None, 600), (Some(&Attr::Null), 600), (Some(&Attr::Unknown), 600), (Some(&configured), 90)]
        {
            let deadline = Deadline::new(Operation::Update, configured, default, &CancellationToken::new());
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
