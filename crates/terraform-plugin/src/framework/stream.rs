//! Responses with several events, produced while the client reads them.

use std::future::Future;

use futures_util::stream::{self, Stream};
use tokio::sync::mpsc;

/// Runs `work`, and streams the events that it sends, in order, and its result as the last one.
///
/// The work runs only while the stream is read, at most one event ahead. If the client drops the stream, the work is dropped
/// where it waits.
pub(super) fn events<E, W>(work: impl FnOnce(mpsc::Sender<E>) -> W) -> impl Stream<Item = E>
where
    W: Future<Output = Option<E>>,
{
    let (sender, receiver) = mpsc::channel(1);
    let work = Box::pin(work(sender));
    stream::unfold((receiver, Some(work), None), async |(mut receiver, mut work, mut last)| {
        if let Some(running) = &mut work {
            tokio::select! {
                biased;
                Some(event) = receiver.recv() => return Some((event, (receiver, work, last))),
                end = running => last = end,
            }
        }
        work = None;
        // The work has dropped the sender: there are no further events.
        let event = match receiver.recv().await {
            Some(event) => event,
            None => last.take()?,
        };
        Some((event, (receiver, work, last)))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn events_are_in_order_and_the_result_is_last() {
        for end in [Some("end"), None] {
            let events = events(async |sender| {
                for event in ["a", "b", "c"] {
                    sender.send(event).await.unwrap();
                }
                end
            });
            let mut expected = vec!["a", "b", "c"];
            expected.extend(end);
            assert_eq!(events.collect::<Vec<_>>().await, expected);
        }
    }

    #[tokio::test]
    async fn work_runs_only_while_it_is_read() {
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&sent);
        let mut events = Box::pin(events(async move |sender| {
            for i in 0..100 {
                sender.send(i).await.unwrap();
                counter.fetch_add(1, Ordering::Relaxed);
            }
            None
        }));
        assert_eq!(events.next().await, Some(0));
        let ahead = sent.load(Ordering::Relaxed);
        assert!(ahead <= 3, "{ahead}");
        drop(events);
        assert_eq!((sent.load(Ordering::Relaxed), Arc::strong_count(&sent)), (ahead, 1));
    }
}
