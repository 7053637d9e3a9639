//! Which disk Pods get, how it is asked for, and what is billed of it.
//!
//! | `image_cache` | disk | its size | billed |
//! | --- | --- | --- | --- |
//! | absent | system disk | the one given, else what the images need, at least the 20 GiB that every Pod has | all above 20 |
//! | given | made from the cache | the one given, else what the images need if the cache is too small, else the cache's own | all |
//!
//! A system disk of a given size is always asked for, one of a computed size only above 20. The size of a cache's disk cannot be
//! below the cache's own. A size that is given must hold the images. `root-cbs-size` is not written with a cache: what both together do is not documented.
//! Sources: <https://cloud.tencent.com/document/product/457/44173>, <https://cloud.tencent.com/document/product/457/65908>.

use crate::annotations::{self, Annotations, CacheDisk, FREE_DISK_SIZE, MAX_DISK_SIZE};
use image_registry::DiskNeed;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};

/// What a disk must be. All sizes are in GiB.
#[derive(Debug, Clone, Default)]
pub(super) struct DiskRequest<'a> {
    /// The size in the configuration.
    pub size: Option<u64>,
    /// What the images need, if that is known.
    pub need: Option<&'a DiskNeed>,
    /// What the disk is made from, if not the plain system disk.
    pub image_cache: Option<CacheRequest>,
}

/// A disk made from an image cache.
#[derive(Debug, Clone, Default)]
pub(super) struct CacheRequest {
    /// `auto`, or an ID.
    pub choice: String,
    /// The size of the cache itself, if it is known which one it will be.
    pub cache_size: Option<u64>,
    /// Type of the disk.
    pub disk_type: Option<String>,
    /// For how long it outlives its Pod.
    pub retain_minutes: Option<u64>,
}

/// A disk. Sizes are in GiB, and unknown when they are those of a cache that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disk {
    pub size: Option<u64>,
    pub billed_size: Option<u64>,
    pub annotations: Annotations,
}

impl DiskRequest<'_> {
    /// The disk that this asks for.
    ///
    /// # Errors
    ///
    /// At `size` when it is below the cache's own or cannot hold the images, at `images` when no disk can.
    pub fn disk(self) -> Result<Disk, Diagnostic> {
        match (self.size, self.need) {
            (Some(size), Some(need)) if !need.fits(size) => return Err(too_small(size, need)),
            (None, Some(need)) if need.required_gib() > MAX_DISK_SIZE => return Err(too_large(need)),
            _ => {}
        }
        match self.image_cache {
            None => Ok(system_disk(self.size, self.need)),
            Some(cache) => cache_disk(self.size, self.need, cache),
        }
    }
}

fn system_disk(given: Option<u64>, need: Option<&DiskNeed>) -> Disk {
    let size = given.or(need.map(DiskNeed::required_gib)).unwrap_or_default().max(FREE_DISK_SIZE);
    let asked_for = given.is_some() || size > FREE_DISK_SIZE;
    let annotations = if asked_for { annotations::root_disk(size) } else { Annotations::new() };
    Disk { size: Some(size), billed_size: Some(size - FREE_DISK_SIZE), annotations }
}

fn cache_disk(given: Option<u64>, need: Option<&DiskNeed>, cache: CacheRequest) -> Result<Disk, Diagnostic> {
    let CacheRequest { choice, cache_size, disk_type, retain_minutes } = cache;
    if let (Some(given), Some(own)) = (given, cache_size)
        && given < own
    {
        return Err(smaller_than_cache(given, own));
    }
    // Where the cache is not known, a larger one than the images need may be chosen later: its size may not be lowered.
    let too_small = need.filter(|need| cache_size.is_some_and(|own| !need.fits(own)));
    let raised = given.or(too_small.map(DiskNeed::required_gib));
    let size = raised.or(cache_size);
    let mut annotations = annotations::image_cache(&choice);
    annotations.extend(CacheDisk { size: raised, disk_type, retain_minutes }.annotations());
    Ok(Disk { size, billed_size: size, annotations })
}

fn too_small(size: u64, need: &DiskNeed) -> Diagnostic {
    let required = need.required_gib();
    let detail = format!(
        "A disk of {size} GiB does not hold the images:\n\n{need}\n\nSet size to {required}, or leave it out to take what the \
         images need."
    );
    Diagnostic::error("Disk too small for its images", detail).at(AttributePath::root("size"))
}

fn too_large(need: &DiskNeed) -> Diagnostic {
    let detail = format!(
        "The largest disk has {MAX_DISK_SIZE} GiB:\n\n{need}\n\nRun fewer or smaller images in one Pod, or lower headroom."
    );
    Diagnostic::error("Images do not fit onto any disk", detail).at(AttributePath::root("images"))
}

fn smaller_than_cache(size: u64, own: u64) -> Diagnostic {
    let detail = format!(
        "size is {size} GiB, and the image cache has {own} GiB: a disk made from a cache may be larger than the cache, never \
         smaller. Set size to {own} or more, or leave it out to take the cache's own."
    );
    Diagnostic::error("Disk smaller than its image cache", detail).at(AttributePath::root("size"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image_registry::{ImageSize, Layer, Reference};

    fn annotations(entries: &[(&str, &str)]) -> Annotations {
        let key = |key: &str| format!("eks.tke.cloud.tencent.com/{key}");
        entries.iter().map(|&(name, value)| (key(name), value.to_owned())).collect()
    }

    /// An image of so many GiB, and no headroom.
    fn need(gib: u64) -> DiskNeed {
        let layer = Layer { digest: "sha256:1".into(), compressed_bytes: 0, unpacked_bytes: gib << 30, exact: true };
        let (digest, manifest_digest) = ("sha256:2".to_owned(), "sha256:2".to_owned());
        let reference = Reference::parse("nginx:1.27").unwrap();
        DiskNeed::new(&[ImageSize { reference, digest, manifest_digest, layers: vec![layer] }], 0)
    }

    #[test]
    fn a_system_disk_is_asked_for_when_given_or_larger_than_the_free_one() {
        for (size, needed, expected_size, billed_size, written) in [
            (None, None, 20, 0, None),
            (Some(20), None, 20, 0, Some("20")),
            (Some(21), None, 21, 1, Some("21")),
            (Some(50), None, 50, 30, Some("50")),
            (Some(32_000), None, 32_000, 31_980, Some("32000")),
            (None, Some(3), 20, 0, None),
            (None, Some(20), 20, 0, None),
            (None, Some(21), 30, 10, Some("30")),
            (Some(50), Some(21), 50, 30, Some("50")),
            (Some(25), Some(25), 25, 5, Some("25")),
        ] {
            let need = needed.map(need);
            let disk = DiskRequest { size, need: need.as_ref(), image_cache: None }.disk().unwrap();
            let annotations = written.map(|size| annotations(&[("root-cbs-size", size)])).unwrap_or_default();
            let expected = Disk { size: Some(expected_size), billed_size: Some(billed_size), annotations };
            assert_eq!(disk, expected, "size {size:?}, needed {needed:?}");
        }
    }

    #[test]
    fn a_cache_disk_is_raised_by_size_or_need_and_billed_in_full() {
        for (size, needed, cache_size, expected, written) in [
            (None, None, None, None, None),
            (None, None, Some(40), Some(40), None),
            (Some(60), None, None, Some(60), Some("60")),
            (Some(60), None, Some(40), Some(60), Some("60")),
            (Some(40), None, Some(40), Some(40), Some("40")),
            (None, Some(30), Some(40), Some(40), None),
            (None, Some(35), Some(35), Some(35), None),
            (None, Some(41), Some(40), Some(50), Some("50")),
            (None, Some(41), None, None, None),
            (Some(60), Some(41), Some(40), Some(60), Some("60")),
        ] {
            let need = needed.map(need);
            let cache = CacheRequest { choice: "imc-1".into(), cache_size, ..Default::default() };
            let disk = DiskRequest { size, need: need.as_ref(), image_cache: Some(cache) }.disk().unwrap();
            let mut expected_annotations = annotations(&[("use-image-cache", "imc-1")]);
            expected_annotations
                .extend(written.map(|size| annotations(&[("image-cache-disk-size", size)])).unwrap_or_default());
            let expected = Disk { size: expected, billed_size: expected, annotations: expected_annotations };
            assert_eq!(disk, expected, "size {size:?}, needed {needed:?}, cache {cache_size:?}");
        }
    }

    #[test]
    fn type_and_retention_go_with_the_cache() {
        let (disk_type, retain_minutes) = (Some("CLOUD_SSD".to_owned()), Some(10));
        let cache = CacheRequest { choice: "auto".into(), cache_size: None, disk_type, retain_minutes };
        let disk = DiskRequest { image_cache: Some(cache), ..Default::default() }.disk().unwrap();
        let expected = annotations(&[
            ("use-image-cache", "auto"),
            ("image-cache-disk-type", "CLOUD_SSD"),
            ("image-cache-disk-retain-minute", "10"),
        ]);
        assert_eq!(disk.annotations, expected);
    }

    #[test]
    fn a_disk_that_cannot_be_is_an_error_with_the_numbers() {
        let cache = |cache_size| Some(CacheRequest { choice: "imc-1".into(), cache_size, ..Default::default() });
        for (size, needed, image_cache, path, says) in [
            (Some(40), None, cache(Some(60)), "size", "size is 40 GiB, and the image cache has 60 GiB"),
            (Some(40), Some(41), None, "size", "41.00 GiB in all: a disk of 50 GiB\n\nSet size to 50"),
            (Some(40), Some(41), cache(None), "size", "41.00 GiB in all: a disk of 50 GiB"),
            (None, Some(32_001), None, "images", "32001.00 GiB in all: a disk of 32010 GiB"),
        ] {
            let need = needed.map(need);
            let error = DiskRequest { size, need: need.as_ref(), image_cache }.disk().unwrap_err();
            assert_eq!(error.path, AttributePath::root(path), "{error:?}");
            assert!(error.detail.contains(says), "{error:?}");
        }
    }
}
