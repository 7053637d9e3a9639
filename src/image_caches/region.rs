//! The state of one region.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use tokio::sync::OnceCell;

use super::{RegionApi, build_events::BuildEvents, create::Creates, poll::Polls, read::Reads, wait::Goal};
use tencentcloud::tke::ImageCache;
use terraform_plugin::framework::{InitialPoll, Poller};

/// The shared state of a region.
#[derive(Debug)]
pub(super) struct Region {
    pub api: Arc<dyn RegionApi>,
    pub reads: Reads,
    pub creates: Creates,
    pub poller: Poller<Polls>,
    pub builds: Arc<BuildEvents>,
    pub listed: OnceCell<Vec<ImageCache>>,
    /// The IDs of managed objects.
    pub managed: Mutex<HashSet<String>>,
}

impl Region {
    /// `denied` is shared by all regions: whether the permission to read events of builds is missing.
    pub(super) fn new(name: &str, api: Arc<dyn RegionApi>, poll_interval: Duration, denied: Arc<AtomicBool>) -> Self {
        // The context of the log lines of a task that several operations share. An error span, so that events of every level
        // have its fields.
        let span = tracing::error_span!(parent: None, "shared", tf_resource_type = "eks_image_cache", region = name);
        let builds = Arc::new(BuildEvents::new(api.clone(), poll_interval, denied));
        Self {
            reads: Reads::new(api.clone(), span.clone()),
            creates: Creates::new(api.clone(), span.clone()),
            poller: Poller::new(Polls { api: api.clone(), builds: Arc::clone(&builds) }, poll_interval, span),
            builds,
            listed: OnceCell::new(),
            managed: Mutex::default(),
            api,
        }
    }

    /// A new cache takes minutes to build; a change may be complete at once.
    pub(super) fn initial_poll(&self, id: &str, goal: Goal<'_>) -> InitialPoll {
        let created = goal.built && goal.change.is_none() && self.creates.created(id);
        if created { InitialPoll::Regular } else { InitialPoll::Soon }
    }

    pub(super) fn is_managed(&self, id: &str) -> bool {
        self.managed.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }
}
