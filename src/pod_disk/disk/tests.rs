use super::*;
use image_registry::{Basis, ImageSize, Layer, Reference, Unpacked};
use terraform_plugin::diagnostics::Severity;

fn annotations(entries: &[(&str, &str)]) -> Annotations {
    let key = |key: &str| format!("eks.tke.cloud.tencent.com/{key}");
    entries.iter().map(|&(name, value)| (key(name), value.to_owned())).collect()
}

/// An image of the given size in GiB, without headroom.
fn need(gib: u64, threshold: u32) -> DiskNeed {
    estimated_need([gib, gib], threshold)
}

/// An image with a lower and an upper bound, in GiB.
fn estimated_need([min, max]: [u64; 2], threshold: u32) -> DiskNeed {
    let unpacked = Unpacked::estimated_between(min << 30, max << 30, Basis::NoContentSize);
    let layer = Layer { digest: "sha256:1".into(), compressed_bytes: 0, unpacked };
    let image = ImageSize { layers: vec![layer], ..ImageSize::empty(Reference::parse("nginx:1.27").unwrap()) };
    DiskNeed::new(&[image], 0, threshold.into())
}

#[test]
fn system_disk_is_written_if_given_or_larger_than_the_free_one() {
    for (size, needed, expected_size, billed_size, written) in [
        (None, None, 20, 0, None),
        (Some(20), None, 20, 0, Some("20")),
        (Some(21), None, 21, 1, Some("21")),
        (Some(50), None, 50, 30, Some("50")),
        (Some(32_000), None, 32_000, 31_980, Some("32000")),
        (None, Some(3), 20, 0, None),
        (None, Some(11), 20, 0, None),
        (None, Some(12), 30, 10, Some("30")),
        (Some(50), Some(21), 50, 30, Some("50")),
        (Some(35), Some(18), 35, 15, Some("35")),
    ] {
        let need = needed.map(|gib| need(gib, 80));
        let request = DiskRequest { size, need: need.as_ref(), ..Default::default() };
        let disk = request.disk().unwrap();
        let annotations = written.map(|size| annotations(&[("root-cbs-size", size)])).unwrap_or_default();
        let depends_on_need = size.is_none() && needed.is_some();
        let (size, billed_size) = (Some(expected_size), Some(billed_size));
        assert_eq!(
            disk,
            Disk { size, billed_size, annotations, warnings: vec![], depends_on_need },
            "needed {needed:?}"
        );
    }
}

#[test]
fn cache_disk_is_raised_by_size_or_need_and_billed_in_full() {
    for (size, needed, cache_size, expected, written) in [
        (None, None, None, None, None),
        (None, None, Some(40), Some(40), None),
        (Some(60), None, None, Some(60), Some("60")),
        (Some(60), None, Some(40), Some(60), Some("60")),
        (Some(40), None, Some(40), Some(40), Some("40")),
        (None, Some(20), Some(40), Some(40), None),
        (None, Some(18), Some(35), Some(35), None),
        (None, Some(30), Some(40), Some(50), Some("50")),
        (None, Some(41), None, None, None),
        (Some(80), Some(41), Some(40), Some(80), Some("80")),
    ] {
        let need = needed.map(|gib| need(gib, 80));
        let cache = CacheRequest { choice: "imc-1".into(), cache_size, ..Default::default() };
        let request = DiskRequest { size, need: need.as_ref(), image_cache: Some(cache), ..Default::default() };
        let disk = request.disk().unwrap();
        let mut annotations = annotations(&[("use-image-cache", "imc-1")]);
        annotations
            .extend(written.map(|size| self::annotations(&[("image-cache-disk-size", size)])).unwrap_or_default());
        let depends_on_need = size.is_none() && written.is_some();
        let expected = Disk { size: expected, billed_size: expected, annotations, warnings: vec![], depends_on_need };
        assert_eq!(disk, expected, "size {size:?}, needed {needed:?}, cache {cache_size:?}");
    }
}

#[test]
fn options_of_the_cache_are_written() {
    let (disk_type, retain_minutes) = (Some("CLOUD_SSD".to_owned()), Some(10));
    let fallback_size = Some(50);
    let cache = CacheRequest { choice: "auto".into(), cache_size: None, disk_type, retain_minutes, fallback_size };
    let disk = DiskRequest { image_cache: Some(cache), ..Default::default() }.disk().unwrap();
    let expected = annotations(&[
        ("use-image-cache", "auto"),
        ("image-cache-disk-type", "CLOUD_SSD"),
        ("image-cache-disk-retain-minute", "10"),
        ("root-cbs-size", "50"),
    ]);
    assert_eq!((disk.annotations, disk.size, disk.billed_size), (expected, None, None));
}

fn given(percent: u32) -> Threshold {
    Threshold { percent, path: AttributePath::root("pod_eviction_threshold"), is_given: true }
}

#[test]
fn size_is_checked_against_the_images_and_the_threshold() {
    use Severity::{Error, Warning};
    for (size, bounds, threshold, expected) in [
        (50, [10, 20], Threshold::default(), None),
        (20, [10, 10], Threshold::default(), None),
        (20, [20, 20], Threshold::default(), Some((Error, "size", "A disk of 20 GiB has room for 19.51 GiB"))),
        (
            20,
            [14, 14],
            Threshold::default(),
            Some((Warning, "size", "only 14.59 GiB below 80 %, the platform's default")),
        ),
        // The lower bound alone refuses a size.
        (20, [10, 40], Threshold::default(), Some((Warning, "size", "Set size to 60"))),
        (
            20,
            [14, 14],
            given(70),
            Some((Error, "pod_eviction_threshold", "is 70 %, which is 12.64 GiB of a disk of 20 GiB")),
        ),
        (50, [14, 14], given(70), None),
        (20, [1, 14], given(70), Some((Warning, "size", "below the 70 % of pod_eviction_threshold"))),
    ] {
        let need = estimated_need(bounds, threshold.percent);
        let result = DiskRequest { size: Some(size), need: Some(&need), threshold, ..Default::default() }.disk();
        let diagnostic = match result {
            Ok(disk) => {
                assert_eq!((disk.size, disk.depends_on_need), (Some(size), !disk.warnings.is_empty()));
                disk.warnings.into_iter().next()
            }
            Err(error) => Some(error),
        };
        assert_eq!(diagnostic.is_some(), expected.is_some(), "{size} {bounds:?}: {diagnostic:?}");
        if let (Some(diagnostic), Some((severity, path, says))) = (diagnostic, expected) {
            assert_eq!(
                (diagnostic.severity, &diagnostic.path),
                (severity, &AttributePath::root(path)),
                "{diagnostic:?}"
            );
            assert!(diagnostic.detail.contains(says), "{diagnostic:?}");
            assert!(diagnostic.detail.contains("files rounded up to blocks"), "{diagnostic:?}");
        }
    }
}

#[test]
fn fallback_size_is_checked_against_the_images() {
    use Severity::{Error, Warning};
    for (fallback_size, needed, threshold, expected) in [
        (70, 41, Threshold::default(), None),
        (60, 41, Threshold::default(), Some((Warning, "fallback_size", "Set fallback_size to 70."))),
        (40, 41, Threshold::default(), Some((Error, "fallback_size", "Set fallback_size to 70."))),
        (20, 14, given(70), Some((Error, "pod_eviction_threshold", "Set fallback_size to 30, or raise"))),
    ] {
        let need = need(needed, threshold.percent);
        let image_cache =
            CacheRequest { choice: "auto".into(), fallback_size: Some(fallback_size), ..Default::default() };
        let request = DiskRequest { size: None, need: Some(&need), image_cache: Some(image_cache), threshold };
        let diagnostics = request.disk().map_or_else(|error| vec![error], |disk| disk.warnings);
        assert_eq!(diagnostics.len(), usize::from(expected.is_some()), "{fallback_size}: {diagnostics:?}");
        for (diagnostic, (severity, path, says)) in diagnostics.iter().zip(expected) {
            assert_eq!((diagnostic.severity, &diagnostic.path), (severity, &AttributePath::root(path)));
            assert!(diagnostic.detail.contains(says), "{diagnostic:?}");
        }
    }
}

#[test]
fn impossible_disk_is_an_error_with_the_arithmetic() {
    let cache = |cache_size| Some(CacheRequest { choice: "imc-1".into(), cache_size, ..Default::default() });
    let platform = Threshold::default;
    for (size, needed, image_cache, threshold, path, says) in [
        (Some(40), None, cache(Some(60)), platform(), "size", "size is 40 GiB, but the image cache has 60 GiB"),
        (
            Some(40),
            Some(41),
            None,
            platform(),
            "size",
            "in all: a disk of 70 GiB, which has 51.16 GiB below 80 % of usage",
        ),
        (Some(40), Some(41), cache(None), platform(), "size", "Set size to 70"),
        (None, Some(32_001), None, platform(), "images", "The largest disk has 32000 GiB"),
        // ext4 reserves 5 %, which count as used.
        (None, Some(1), None, given(5), "pod_eviction_threshold", "no disk stays below 5 % of usage"),
    ] {
        let need = needed.map(|gib| need(gib, threshold.percent));
        let error = DiskRequest { size, need: need.as_ref(), image_cache, threshold }.disk().unwrap_err();
        assert_eq!(error.path, AttributePath::root(path), "{error:?}");
        assert!(error.detail.contains(says), "{error:?}");
    }
}
