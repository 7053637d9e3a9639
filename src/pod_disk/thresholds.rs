//! The usage of a disk that its images must not reach.

use super::model::PodDiskModel;
use crate::annotations::{DEFAULT_CONTAINER_THRESHOLD, DEFAULT_HIGH_THRESHOLD};
use terraform_plugin::diagnostics::AttributePath;

/// A usage in percent at which the node removes images or containers, or restarts containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Threshold {
    pub percent: u32,
    /// The argument that sets it.
    pub path: AttributePath,
    /// Whether the configuration sets it; otherwise it is the platform's default.
    pub is_given: bool,
}

impl Default for Threshold {
    fn default() -> Self {
        Threshold { percent: DEFAULT_HIGH_THRESHOLD, path: high_threshold(), is_given: false }
    }
}

impl Threshold {
    /// The lowest effective threshold. By default, Pods are not evicted.
    pub fn lowest(config: &PodDiskModel) -> Self {
        let high = config.image_gc.known().and_then(|gc| gc.high_threshold.known().copied());
        let image = Self::new(high, Some(DEFAULT_HIGH_THRESHOLD), high_threshold());
        let container = config.container_gc_threshold.known().copied();
        let container =
            Self::new(container, Some(DEFAULT_CONTAINER_THRESHOLD), AttributePath::root("container_gc_threshold"));
        let eviction = config.pod_eviction_threshold.known().copied();
        let eviction = Self::new(eviction, None, AttributePath::root("pod_eviction_threshold"));
        let all = [eviction, image, container].into_iter().flatten();
        all.min_by_key(|threshold| threshold.percent).unwrap_or_default()
    }

    fn new(given: Option<u32>, default: Option<u32>, path: AttributePath) -> Option<Self> {
        Some(Self { percent: given.or(default)?, path, is_given: given.is_some() })
    }

    /// The threshold as a phrase, for example `80 %, the platform's default`.
    pub fn phrase(&self) -> String {
        let Self { percent, path, is_given } = self;
        if *is_given { format!("the {percent} % of {path}") } else { format!("{percent} %, the platform's default") }
    }
}

fn high_threshold() -> AttributePath {
    AttributePath::root("image_gc").attribute("high_threshold")
}

#[cfg(test)]
mod tests {
    use super::super::model::ImageGc;
    use super::*;

    #[test]
    fn lowest_threshold_applies() {
        for (high, container, eviction, expected) in [
            (None, None, None, "80 %, the platform's default"),
            (Some(70), None, None, "the 70 % of image_gc.high_threshold"),
            (Some(90), None, None, "85 %, the platform's default"),
            (Some(90), Some(95), None, "the 90 % of image_gc.high_threshold"),
            (None, Some(75), None, "the 75 % of container_gc_threshold"),
            (None, None, Some(60), "the 60 % of pod_eviction_threshold"),
            (None, None, Some(90), "80 %, the platform's default"),
            (Some(95), Some(95), Some(95), "the 95 % of pod_eviction_threshold"),
        ] {
            let config = PodDiskModel {
                image_gc: ImageGc { high_threshold: high.into(), ..Default::default() }.into(),
                container_gc_threshold: container.into(),
                pod_eviction_threshold: eviction.into(),
                ..Default::default()
            };
            assert_eq!(Threshold::lowest(&config).phrase(), expected);
        }
    }
}
