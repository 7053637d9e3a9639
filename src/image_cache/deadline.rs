//! An operation takes as long as the `timeouts` block says, and ends with Ctrl-C, however many calls and waits it is made of.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::model::ImageCacheModel;
use crate::duration;
use crate::image_caches::Until;
use terraform_plugin::value::Attr;

/// What the `timeouts` block does not set.
pub(super) const DEFAULT_BUILD_TIMEOUT: Duration = Duration::from_secs(60 * 60);
const DEFAULT_DELETE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// What has a timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    /// The argument of the `timeouts` block.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// An operation under way, and its end.
#[derive(Debug, Clone)]
pub(super) struct Deadline {
    pub operation: Operation,
    /// As configured, or the default.
    pub timeout: Duration,
    pub until: Until,
}

impl Deadline {
    /// The end of an operation that begins now, on a cache with this configuration or state; `stop` is Ctrl-C.
    pub fn of(operation: Operation, cache: &ImageCacheModel, stop: &CancellationToken) -> Self {
        let timeouts = cache.timeouts.known();
        let (text, default) = match operation {
            Operation::Create => (timeouts.map(|t| &t.create), DEFAULT_BUILD_TIMEOUT),
            Operation::Update => (timeouts.map(|t| &t.update), DEFAULT_BUILD_TIMEOUT),
            Operation::Delete => (timeouts.map(|t| &t.delete), DEFAULT_DELETE_TIMEOUT),
        };
        let timeout = text.and_then(Attr::as_str).and_then(|text| duration::parse(text).ok()).unwrap_or(default);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_cache::model::Timeouts;

    #[tokio::test(start_paused = true)]
    async fn the_waits_of_an_operation_share_its_time() {
        let cache = ImageCacheModel {
            timeouts: Attr::Known(Timeouts { update: "90s".to_owned().into(), ..Timeouts::default() }),
            ..ImageCacheModel::default()
        };
        for (operation, seconds) in [(Operation::Create, 3600), (Operation::Update, 90), (Operation::Delete, 600)] {
            let deadline = Deadline::of(operation, &cache, &CancellationToken::new());
            assert_eq!(
                (deadline.timeout, deadline.left()),
                (Duration::from_secs(seconds), Duration::from_secs(seconds))
            );
            tokio::time::advance(Duration::from_secs(60)).await;
            assert_eq!(deadline.left(), Duration::from_secs(seconds - 60));
            tokio::time::advance(Duration::from_secs(7200)).await;
            assert_eq!(deadline.left(), Duration::ZERO);
        }
    }
}
