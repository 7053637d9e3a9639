//! The log span of an RPC, with the field names of HashiCorp's SDK, so that log filters for other providers work for this
//! one.
//!
//! Names: <https://github.com/hashicorp/terraform-plugin-go/blob/v0.31.0/internal/logging/keys.go>

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream;
use tracing::{Instrument as _, Span};

use super::service::Events;

/// Runs `serving` in `span`.
pub async fn respond<T>(span: Span, serving: impl Future<Output = T>) -> T {
    let serving = async {
        let start = received();
        let response = serving.await;
        served(start);
        response
    };
    serving.instrument(span).await
}

/// Runs `serving`, and later each step of its events, in `span`.
pub fn stream<E: 'static>(span: Span, serving: impl FnOnce() -> Events<E>) -> Events<E> {
    let (start, mut events) = span.in_scope(|| (received(), serving()));
    let events = stream::poll_fn(move |context| {
        let _inside = span.enter();
        let polled = events.poll_next_unpin(context);
        if matches!(polled, std::task::Poll::Ready(None)) {
            served(start);
        }
        polled
    });
    events.fuse().boxed()
}

fn received() -> Instant {
    tracing::trace!("received RPC");
    Instant::now()
}

fn served(start: Instant) {
    let duration = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(tf_req_duration_ms = duration, "served RPC");
}

/// The protocol's name of an RPC: `ReadResource` for `read_resource`.
pub fn name(call: &str) -> String {
    call.split('_')
        .flat_map(|word| word[..1].chars().map(|c| c.to_ascii_uppercase()).chain(word[1..].chars()))
        .collect()
}

/// The ID of an RPC, unique among those of the processes that one command starts.
pub fn id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_in_the_protocol() {
        for (call, expected) in
            [("read_resource", "ReadResource"), ("get_resource_identity_schemas", "GetResourceIdentitySchemas")]
        {
            assert_eq!(name(call), expected);
        }
    }

    #[test]
    fn ids_unique() {
        assert_ne!(id(), id());
    }
}
