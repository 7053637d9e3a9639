//! A simulated image cache: its state, and a build or update in progress. The caller supplies the time.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use serde_json::Value;

use crate::behavior::{Behavior, FailedCaches, FailureEvents, RebuildSnapshot};
use crate::random::random_id;

/// `Status`: the documented set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    Pending,
    Ready,
    Failed,
    Updating,
    UpdateFailed,
}

/// An `ImageCacheEvent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `Normal` or `Warning`.
    pub kind: &'static str,
    pub reason: String,
    pub message: String,
    pub time: Timestamp,
}

/// An `ImageRegistryCredential`; omitted fields are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageRegistryCredential {
    pub server: String,
    pub username: String,
    pub password: String,
    pub name: String,
}

/// An image cache: the fields that the API returns, and those that it does not.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageCache {
    /// `imc-` and 8 characters. [`Simulator::insert_cache`](crate::Simulator::insert_cache) generates one if it is empty.
    pub id: String,
    pub name: String,
    pub images: Vec<String>,
    /// In GiB.
    pub image_cache_size: u64,
    /// 0: never expires.
    pub retention_days: u64,
    pub status: Status,
    pub snapshot_id: Option<String>,
    pub creation_time: Timestamp,
    pub last_matched_time: Option<Timestamp>,
    /// Newest first.
    pub events: Vec<Event>,
    pub tags: BTreeMap<String, String>,
    pub image_registry_credentials: Vec<ImageRegistryCredential>,
    /// `manual`, or `auto` for caches that super nodes created.
    pub image_cache_type: String,
    pub snapshotter: String,
    /// Not returned by the API, like all following fields.
    pub vpc_id: String,
    pub subnet_id: String,
    pub security_group_ids: Vec<String>,
    pub existed_eip_id: Option<String>,
    pub auto_create_eip: bool,
    /// As sent.
    pub auto_create_eip_attribute: Option<Value>,
    pub registry_skip_verify_list: Vec<String>,
    pub registry_http_end_point_list: Vec<String>,
    pub resolve_config: Option<String>,
    /// The number of builds that were started, including the first.
    pub builds: u32,
    pub(crate) work: Option<Work>,
    pub(crate) instance: Option<Instance>,
    pub(crate) listed_from: Option<Timestamp>,
    pub(crate) gone_at: Option<Timestamp>,
    pub(crate) deleted: bool,
    /// The cache before an update, and until when lists show it.
    pub(crate) shown_as: Option<(Timestamp, Box<Self>)>,
}

/// The operation in progress.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Work {
    due: Timestamp,
    rebuild: bool,
    /// The snapshot to restore if the update fails.
    snapshot_before: Option<String>,
}

/// The container instance of the last build.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instance {
    /// `eksci-` and a suffix.
    pub id: String,
    pub created: Timestamp,
    /// The end of its build.
    pub ended: Option<Timestamp>,
    /// The reason if its build failed.
    pub failure: Option<String>,
}

impl ImageCache {
    /// A `Ready` cache of 20 GiB, created manually at `now`, for
    /// [`Simulator::insert_cache`](crate::Simulator::insert_cache).
    pub fn ready(name: &str, images: &[&str], now: Timestamp) -> Self {
        Self {
            id: String::new(),
            name: name.to_owned(),
            images: images.iter().map(|image| (*image).to_owned()).collect(),
            image_cache_size: 20,
            retention_days: 0,
            status: Status::Ready,
            snapshot_id: None,
            creation_time: now,
            last_matched_time: None,
            events: Vec::new(),
            tags: BTreeMap::new(),
            image_registry_credentials: Vec::new(),
            image_cache_type: "manual".to_owned(),
            snapshotter: "overlay".to_owned(),
            vpc_id: String::new(),
            subnet_id: String::new(),
            security_group_ids: Vec::new(),
            existed_eip_id: None,
            auto_create_eip: false,
            auto_create_eip_attribute: None,
            registry_skip_verify_list: Vec::new(),
            registry_http_end_point_list: Vec::new(),
            resolve_config: None,
            builds: 0,
            work: None,
            instance: None,
            listed_from: None,
            gone_at: None,
            deleted: false,
            shown_as: None,
        }
    }

    /// A `Ready` cache without a name, as super nodes create them on the first use of an image.
    pub fn automatic(images: &[&str], now: Timestamp) -> Self {
        Self { image_cache_type: "auto".to_owned(), ..Self::ready("", images, now) }
    }

    /// When the cache expires; `None` for never. It is assumed that `RetentionDays` counts from the creation, also after an
    /// update.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let days = i64::try_from(self.retention_days).ok().filter(|days| *days > 0)?;
        self.creation_time.checked_add(SignedDuration::from_hours(days.checked_mul(24)?)).ok()
    }

    /// Whether lists contain the cache.
    pub(crate) fn is_listed(&self, now: Timestamp) -> bool {
        self.listed_from.is_none_or(|from| from <= now)
    }

    /// The cache as listed.
    pub(crate) fn as_listed(&self, now: Timestamp) -> &Self {
        match &self.shown_as {
            Some((until, before)) if now < *until => before,
            _ => self,
        }
    }

    pub(crate) fn has_ended(&self, now: Timestamp) -> bool {
        self.gone_at.or_else(|| self.expires_at()).is_some_and(|at| at <= now)
    }

    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.work.as_ref().is_some_and(|work| work.due <= now)
    }

    pub(crate) fn is_building(&self) -> bool {
        matches!(self.status, Status::Pending | Status::Updating)
    }

    /// Starts pulling the images onto a new disk. A cache that is `Pending` stays `Pending`, and starts again.
    pub(crate) fn start_build(&mut self, now: Timestamp, due: Timestamp, behavior: &Behavior, rng: &mut StdRng) {
        let snapshot_before = match self.work.take() {
            Some(work) => work.snapshot_before,
            None => self.snapshot_id.clone(),
        };
        if self.status != Status::Pending {
            self.status = Status::Updating;
            if behavior.rebuild_snapshot == RebuildSnapshot::AbsentMeanwhile {
                self.snapshot_id = None;
            }
        }
        self.work = Some(Work { due, rebuild: true, snapshot_before });
        self.builds += 1;
        let (instance, disk) = (random_id(rng, "eksci-"), random_id(rng, "disk-"));
        self.add_event(now, "Normal", "EksciCreated", format!("Eksci {instance} created"));
        self.add_event(now, "Normal", "DiskCreated", format!("Disk {disk} created"));
        self.instance = Some(Instance { id: instance, created: now, ended: None, failure: None });
    }

    /// Goes through `Updating` without a build, unless an operation is in progress.
    pub(crate) fn start_light_update(&mut self, due: Timestamp) {
        if self.work.is_none() {
            self.status = Status::Updating;
            self.work = Some(Work { due, rebuild: false, snapshot_before: self.snapshot_id.clone() });
        }
    }

    /// Ends the operation in progress; it fails if `failure` has a reason.
    pub(crate) fn finish_build(
        &mut self,
        now: Timestamp,
        failure: Option<String>,
        behavior: &Behavior,
        failed_for: Duration,
        rng: &mut StdRng,
    ) {
        let Some(Work { due, rebuild, snapshot_before }) = self.work.take() else { return };
        let ended = due.min(now);
        if !rebuild {
            self.status = Status::Ready;
            return;
        }
        if let Some(instance) = &mut self.instance {
            (instance.ended, instance.failure) = (Some(ended), failure.clone());
        }
        let created = self.status == Status::Pending;
        if let Some(message) = failure {
            self.status = if created { Status::Failed } else { Status::UpdateFailed };
            self.snapshot_id = snapshot_before;
            if behavior.failure_events == FailureEvents::Reason {
                self.add_event(ended, "Warning", "ImagePullFailed", message);
            }
            if created && behavior.failed_caches == FailedCaches::Vanish {
                self.gone_at = SignedDuration::try_from(failed_for).ok().and_then(|time| ended.checked_add(time).ok());
            }
            return;
        }
        self.status = Status::Ready;
        self.snapshot_id = match (behavior.rebuild_snapshot, snapshot_before) {
            (RebuildSnapshot::Kept, Some(kept)) => Some(kept),
            _ => Some(random_id(rng, "snap-")),
        };
        let snapshot = self.snapshot_id.clone().unwrap_or_default();
        self.add_event(ended, "Normal", "SnapCreated", format!("Snap {snapshot} created"));
    }

    fn add_event(&mut self, time: Timestamp, kind: &'static str, reason: &str, message: String) {
        self.events.insert(0, Event { kind, reason: reason.to_owned(), message, time });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const LAG: Duration = Duration::from_secs(5);

    struct Build {
        cache: ImageCache,
        behavior: Behavior,
        rng: StdRng,
        now: Timestamp,
    }

    /// A cache in `status` with a build that ends in 10 seconds.
    fn build(status: Status, behavior: Behavior) -> Build {
        let mut rng = StdRng::seed_from_u64(1);
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let mut cache = ImageCache { status, ..ImageCache::ready("a", &["nginx:1"], now) };
        if status != Status::Pending {
            cache.snapshot_id = Some("snap-old".to_owned());
        }
        cache.start_build(now, now + SignedDuration::from_secs(10), &behavior, &mut rng);
        Build { cache, behavior, rng, now }
    }

    impl Build {
        fn end(mut self, failure: Option<&str>) -> ImageCache {
            let end = self.now + SignedDuration::from_secs(10);
            assert!(self.cache.is_due(end));
            self.cache.finish_build(end, failure.map(str::to_owned), &self.behavior, LAG, &mut self.rng);
            self.cache
        }
    }

    #[test]
    fn final_status_depends_on_start_and_outcome() {
        for (start, meanwhile, failure, end) in [
            (Status::Pending, Status::Pending, None, Status::Ready),
            (Status::Pending, Status::Pending, Some("no"), Status::Failed),
            (Status::Ready, Status::Updating, None, Status::Ready),
            (Status::Ready, Status::Updating, Some("no"), Status::UpdateFailed),
            (Status::UpdateFailed, Status::Updating, None, Status::Ready),
            (Status::Failed, Status::Updating, None, Status::Ready),
        ] {
            let build = build(start, Behavior::default());
            assert_eq!(build.cache.status, meanwhile);
            assert!(!build.cache.is_due(build.now));
            assert_eq!(build.end(failure).status, end, "{start:?} {failure:?}");
        }
    }

    #[test]
    fn events_of_a_build_are_newest_first() {
        let reasons = |cache: ImageCache| cache.events.into_iter().map(|event| event.reason).collect::<Vec<_>>();
        let build = || build(Status::Pending, Behavior::default());
        assert_eq!(reasons(build().end(None)), ["SnapCreated", "DiskCreated", "EksciCreated"]);
        let failed = build().end(Some("not found"));
        assert_eq!((failed.events[0].kind, failed.events[0].message.as_str()), ("Warning", "not found"));
    }

    #[test]
    fn snapshot_of_a_rebuild_depends_on_the_variant() {
        for (variant, meanwhile, changed) in [
            (RebuildSnapshot::Changes, Some("snap-old"), true),
            (RebuildSnapshot::Kept, Some("snap-old"), false),
            (RebuildSnapshot::AbsentMeanwhile, None, true),
        ] {
            let behavior = Behavior { rebuild_snapshot: variant, ..Behavior::default() };
            let build = || build(Status::Ready, behavior);
            assert_eq!(build().cache.snapshot_id.as_deref(), meanwhile, "{variant:?}");
            assert_eq!(build().end(None).snapshot_id.unwrap() != "snap-old", changed, "{variant:?}");
            assert_eq!(build().end(Some("no")).snapshot_id.unwrap(), "snap-old", "{variant:?}");
        }
    }

    #[test]
    fn failed_caches_stay_or_vanish() {
        for (variant, vanishes) in [(FailedCaches::Stay, false), (FailedCaches::Vanish, true)] {
            let build = build(Status::Pending, Behavior { failed_caches: variant, ..Behavior::default() });
            let end = build.now + SignedDuration::from_secs(10);
            let cache = build.end(Some("no"));
            assert!(!cache.has_ended(end));
            assert_eq!(cache.has_ended(end + SignedDuration::from_secs(5)), vanishes);
        }
    }

    #[test]
    fn cache_expires_after_retention_days() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let cache = ImageCache { retention_days: 2, ..ImageCache::ready("a", &["nginx:1"], now) };
        assert!(!cache.has_ended(now + SignedDuration::from_hours(47)));
        assert!(cache.has_ended(now + SignedDuration::from_hours(48)));
        assert_eq!(ImageCache::ready("a", &[], now).expires_at(), None);
        assert_eq!(ImageCache { retention_days: u64::MAX, ..cache }.expires_at(), None);
    }
}
