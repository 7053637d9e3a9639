//! The log of a build: at INFO, each change of status and each new event once, with the elapsed time.
//!
//! Events of the cache and of the container instance in which it is built are logged in the same form.

use safe_text::{QUOTE_LIMIT, quote};
use tokio::time::Instant;

use crate::image_caches::{BuildInstance, Observation};
use tencentcloud::tke::{Event, ImageCache, Status};
use terraform_plugin::value::duration;

/// The logged status and events of a build.
#[derive(Debug)]
pub(super) struct BuildLog<'a> {
    id: &'a str,
    region: &'a str,
    start: Instant,
    name: String,
    status: Option<Status>,
    events: Vec<Event>,
    instance: Option<BuildInstance>,
}

/// The new information in an observation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct News {
    /// The status changed.
    pub status: bool,
    pub events: Vec<Event>,
}

impl<'a> BuildLog<'a> {
    /// The log of a wait for the cache `id` that begins now. Events that the cache lists `before` belong to an older build.
    pub fn new(id: &'a str, region: &'a str, before: Option<&ImageCache>) -> Self {
        let name = before.map(|before| before.image_cache_name.clone()).unwrap_or_default();
        let events = before.map(|before| before.events.clone()).unwrap_or_default();
        Self { id, region, start: Instant::now(), name, status: None, events, instance: None }
    }

    /// Logs new information.
    pub fn observe(&mut self, observed: Observation<'_>) -> News {
        let (news, instance) = match observed {
            Observation::Cache(cache) => (self.cache_news(cache), None),
            Observation::Instance(instance) => (self.instance_news(instance), Some(instance.name.as_str())),
        };
        let Self { id, region, name, .. } = self;
        let elapsed = duration::show(self.start.elapsed());
        if let Some(status) = self.status.as_ref().filter(|_| news.status) {
            tracing::info!(id, name, region, elapsed, status = status.as_str(), "image cache");
        }
        for Event { kind, reason, message, last_timestamp, .. } in &news.events {
            let (reason, detail) = (quote(reason, QUOTE_LIMIT), quote(message, QUOTE_LIMIT));
            // A field named `message` would replace the message of the line.
            tracing::info!(
                id,
                name,
                region,
                elapsed,
                instance,
                kind,
                reason,
                detail,
                time = last_timestamp,
                "image cache event"
            );
        }
        news
    }

    /// The container instance of the build, if it is known.
    pub fn instance(&self) -> Option<&BuildInstance> {
        self.instance.as_ref()
    }

    fn cache_news(&mut self, cache: &ImageCache) -> News {
        self.name.clone_from(&cache.image_cache_name);
        let status = self.status.as_ref() != Some(&cache.status);
        self.status = Some(cache.status.clone());
        let events: Vec<_> = cache.events.iter().filter(|event| !self.events.contains(event)).cloned().collect();
        self.events.extend(events.iter().cloned());
        News { status, events }
    }

    fn instance_news(&mut self, instance: &BuildInstance) -> News {
        let known = self.instance.take().filter(|known| known.id == instance.id).map(|known| known.events.len());
        let events = instance.events[known.unwrap_or_default().min(instance.events.len())..].to_vec();
        self.instance = Some(instance.clone());
        News { status: false, events }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(reasons: &[&str]) -> serde_json::Value {
        reasons.iter().map(|reason| serde_json::json!({"Type": "Normal", "Reason": reason, "Message": "m"})).collect()
    }

    fn row(status: &str, reasons: &[&str]) -> ImageCache {
        let row = serde_json::json!({"ImageCacheId": "imc-1", "Status": status, "Events": events(reasons)});
        serde_json::from_value(row).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn each_status_and_each_event_is_new_once() {
        let before = row("Ready", &["SnapCreated"]);
        let mut log = BuildLog::new("imc-1", "ap-guangzhou", Some(&before));
        for (status, reasons, is_new, events) in [
            ("Updating", &["SnapCreated"][..], true, &[][..]),
            ("Updating", &["DiskCreated", "SnapCreated"], false, &["DiskCreated"]),
            ("Updating", &["SnapCreated", "DiskCreated"], false, &[]),
            ("Ready", &["EksciDeleted", "DiskCreated"], true, &["EksciDeleted"]),
        ] {
            let news = log.observe(Observation::Cache(&row(status, reasons)));
            let found: Vec<_> = news.events.iter().map(|event| event.reason.as_str()).collect();
            assert_eq!((news.status, &found[..]), (is_new, events), "{status} {reasons:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_event_of_an_instance_is_new_once() {
        let mut log = BuildLog::new("imc-1", "ap-guangzhou", None);
        for (id, reasons, expected) in [
            ("eksci-1", &[][..], &[][..]),
            ("eksci-1", &["Pulling"], &["Pulling"]),
            ("eksci-1", &["Pulling", "Failed"], &["Failed"]),
            ("eksci-2", &["Pulling"], &["Pulling"]),
        ] {
            let events = serde_json::from_value(events(reasons)).unwrap();
            let instance = BuildInstance { id: id.to_owned(), name: "for-imc-1".to_owned(), events };
            let news = log.observe(Observation::Instance(&instance));
            assert_eq!(news.events.iter().map(|event| event.reason.as_str()).collect::<Vec<_>>(), expected, "{id}");
            assert_eq!(log.instance(), Some(&instance));
        }
    }
}
