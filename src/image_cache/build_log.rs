//! The log of a build: at INFO, each change of status and each new event once, with the elapsed time.

use tokio::time::Instant;

use tencentcloud::tke::{Event, ImageCache, Status};
use terraform_plugin::value::duration;

/// What has been logged of a build.
#[derive(Debug)]
pub(super) struct BuildLog<'a> {
    region: &'a str,
    start: Instant,
    status: Option<Status>,
    events: Vec<Event>,
}

/// What is new in a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct News {
    /// The status changed.
    pub status: bool,
    pub events: Vec<Event>,
}

impl<'a> BuildLog<'a> {
    /// The log of a wait that begins now. What the cache lists `before` belongs to an older build.
    pub fn new(region: &'a str, before: Option<&ImageCache>) -> Self {
        let events = before.map(|before| before.events.clone()).unwrap_or_default();
        Self { region, start: Instant::now(), status: None, events }
    }

    /// Logs what is new.
    pub fn observe(&mut self, cache: &ImageCache) -> News {
        let news = self.news(cache);
        let (id, name, region) = (&cache.image_cache_id, &cache.image_cache_name, self.region);
        let elapsed = duration::show(self.start.elapsed());
        if news.status {
            tracing::info!(id, name, region, elapsed, status = cache.status.as_str(), "image cache");
        }
        for Event { kind, reason, message, last_timestamp, .. } in &news.events {
            tracing::info!(
                id,
                name,
                region,
                elapsed,
                kind,
                reason,
                message,
                time = last_timestamp,
                "image cache event"
            );
        }
        news
    }

    fn news(&mut self, cache: &ImageCache) -> News {
        let status = self.status.as_ref() != Some(&cache.status);
        self.status = Some(cache.status.clone());
        let events: Vec<_> = cache.events.iter().filter(|event| !self.events.contains(event)).cloned().collect();
        self.events.extend(events.iter().cloned());
        News { status, events }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: &str, reasons: &[&str]) -> ImageCache {
        let event = |reason: &&str| serde_json::json!({"Type": "Normal", "Reason": reason, "Message": "m"});
        let events: Vec<_> = reasons.iter().map(event).collect();
        let row = serde_json::json!({"ImageCacheId": "imc-1", "Status": status, "Events": events});
        serde_json::from_value(row).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn each_status_and_each_event_is_new_once() {
        let before = row("Ready", &["SnapCreated"]);
        let mut log = BuildLog::new("ap-guangzhou", Some(&before));
        for (status, reasons, is_new, events) in [
            ("Updating", &["SnapCreated"][..], true, &[][..]),
            ("Updating", &["DiskCreated", "SnapCreated"], false, &["DiskCreated"]),
            ("Updating", &["SnapCreated", "DiskCreated"], false, &[]),
            ("Ready", &["EksciDeleted", "DiskCreated"], true, &["EksciDeleted"]),
        ] {
            let news = log.observe(&row(status, reasons));
            let found: Vec<_> = news.events.iter().map(|event| event.reason.as_str()).collect();
            assert_eq!((news.status, &found[..]), (is_new, events), "{status} {reasons:?}");
        }
    }
}
