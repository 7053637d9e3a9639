//! Disk housekeeping of a Pod: removal of unused images and of exited containers, and eviction.
//!
//! Thresholds are percentages of the disk that are in use.

use super::{Annotations, annotation};

/// Default of `image-gc-high-threshold`.
pub const DEFAULT_HIGH_THRESHOLD: u32 = 80;

/// Default of `image-gc-low-threshold`.
pub const DEFAULT_LOW_THRESHOLD: u32 = 75;

/// Default of `container-gc-threshold`.
pub const DEFAULT_CONTAINER_THRESHOLD: u32 = 85;

/// Disk housekeeping. Omitted fields have the platform's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Housekeeping {
    /// Removal of unused images.
    pub image_gc: ImageGc,
    /// `container-gc-threshold`: usage at which exited containers are removed.
    pub container_gc_threshold: Option<u32>,
    /// `must-keep-last-container`: exited containers stay. Only `true` is documented, so `false` writes nothing.
    pub must_keep_last_container: bool,
    /// `pod-eviction-threshold`: usage at which the containers are restarted; never if omitted.
    pub pod_eviction_threshold: Option<u32>,
}

/// Removal of unused images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageGc {
    /// `image-gc-high-threshold`: usage at which images are removed; defaults to [`DEFAULT_HIGH_THRESHOLD`].
    pub high_threshold: Option<u32>,
    /// `image-gc-low-threshold`: usage down to which images are removed; defaults to [`DEFAULT_LOW_THRESHOLD`].
    pub low_threshold: Option<u32>,
    /// `image-gc-period`: interval between checks of the usage, a duration with units; defaults to `3m`.
    pub period: Option<String>,
}

/// The low threshold is not below the high one: images would be removed endlessly, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a low_threshold below the high_threshold, for example 70 and 85, got a low_threshold of {low}{} and a \
     high_threshold of {high}{}",
    platform_default(*.low_given), platform_default(*.high_given)
)]
pub struct ThresholdFault {
    low: u32,
    low_given: bool,
    high: u32,
    high_given: bool,
}

fn platform_default(given: bool) -> &'static str {
    if given { "" } else { " (the platform's default)" }
}

impl ImageGc {
    /// Checks that the low threshold is below the high one. An omitted one has the platform's default.
    ///
    /// # Errors
    ///
    /// [`ThresholdFault`] if the low one is not below the high one.
    pub fn check_thresholds(&self) -> Result<(), ThresholdFault> {
        let (low_given, high_given) = (self.low_threshold.is_some(), self.high_threshold.is_some());
        let low = self.low_threshold.unwrap_or(DEFAULT_LOW_THRESHOLD);
        let high = self.high_threshold.unwrap_or(DEFAULT_HIGH_THRESHOLD);
        if low < high { Ok(()) } else { Err(ThresholdFault { low, low_given, high, high_given }) }
    }
}

impl Housekeeping {
    /// The annotations for the fields that are set.
    pub fn annotations(&self) -> Annotations {
        let percent = |key, threshold: Option<u32>| threshold.map(|percent| annotation(key, percent));
        [
            percent("image-gc-high-threshold", self.image_gc.high_threshold),
            percent("image-gc-low-threshold", self.image_gc.low_threshold),
            self.image_gc.period.as_ref().map(|period| annotation("image-gc-period", period)),
            percent("container-gc-threshold", self.container_gc_threshold),
            self.must_keep_last_container.then(|| annotation("must-keep-last-container", true)),
            percent("pod-eviction-threshold", self.pod_eviction_threshold),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_set_fields_are_written() {
        assert_eq!(Housekeeping::default().annotations(), Annotations::new());
        let all = Housekeeping {
            image_gc: ImageGc { high_threshold: Some(85), low_threshold: Some(70), period: Some("5m".into()) },
            container_gc_threshold: Some(80),
            must_keep_last_container: true,
            pod_eviction_threshold: Some(90),
        };
        let expected = [
            ("container-gc-threshold", "80"),
            ("image-gc-high-threshold", "85"),
            ("image-gc-low-threshold", "70"),
            ("image-gc-period", "5m"),
            ("must-keep-last-container", "true"),
            ("pod-eviction-threshold", "90"),
        ];
        let expected = expected.map(|(key, value)| (format!("eks.tke.cloud.tencent.com/{key}"), value.to_owned()));
        assert_eq!(all.annotations(), Annotations::from(expected));
    }

    #[test]
    fn low_threshold_is_below_the_high_one() {
        for (low, high, expected) in [
            (None, None, None),
            (Some(70), Some(85), None),
            (Some(79), None, None),
            (None, Some(76), None),
            (Some(85), Some(85), Some("a low_threshold of 85 and a high_threshold of 85")),
            (Some(80), None, Some("a low_threshold of 80 and a high_threshold of 80 (the platform's default)")),
            (None, Some(75), Some("a low_threshold of 75 (the platform's default) and a high_threshold of 75")),
        ] {
            let gc = ImageGc { low_threshold: low, high_threshold: high, period: None };
            let fault = gc.check_thresholds().err().map(|fault| fault.to_string());
            assert_eq!(fault.is_some(), expected.is_some(), "{low:?} {high:?}");
            assert!(fault.unwrap_or_default().ends_with(expected.unwrap_or_default()), "{low:?} {high:?}");
        }
    }
}
