//! The disk of a Pod, its annotations, and its billed size.
//!
//! | `image_cache` | disk | its size | billed |
//! | --- | --- | --- | --- |
//! | omitted | system disk | the given one, else the need of the images, at least the 20 GiB that every Pod has | all above 20 |
//! | given | made from the cache | the given one, else the need of the images if the cache is too small, else the cache's own | all |
//!
//! A given size of the system disk is always written, a computed one only above 20. The disk of a cache cannot be smaller than the
//! cache. A given size must be large enough for the images; if they exceed a threshold, this is a warning, or an error if the
//! images alone reach a threshold of the configuration. A computed size stays below the threshold. With a cache, `root-cbs-size` is
//! written only for `fallback_size`: the effect of both together is not documented.
//! Sources: <https://cloud.tencent.com/document/product/457/44173>, <https://cloud.tencent.com/document/product/457/65908>.

use super::thresholds::Threshold;
use crate::annotations::{self, Annotations, CacheDisk, FREE_DISK_SIZE, MAX_DISK_SIZE};
use image_registry::DiskNeed;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};

/// The requirements for a disk. All sizes are in GiB.
#[derive(Debug, Clone, Default)]
pub(super) struct DiskRequest<'a> {
    /// The size in the configuration.
    pub size: Option<u64>,
    /// The need of the images, if it is known.
    pub need: Option<&'a DiskNeed>,
    /// The cache that the disk is made from; `None` for the system disk.
    pub image_cache: Option<CacheRequest>,
    /// The usage that the images must not reach. `need` is computed with it.
    pub threshold: Threshold,
}

/// A disk made from an image cache.
#[derive(Debug, Clone, Default)]
pub(super) struct CacheRequest {
    /// `auto`, or an ID.
    pub choice: String,
    /// The size of the cache, if the cache is known.
    pub cache_size: Option<u64>,
    /// Type of the disk.
    pub disk_type: Option<String>,
    /// How long it is kept after its Pod.
    pub retain_minutes: Option<u64>,
    /// Size of the system disk of a Pod that no cache matches.
    pub fallback_size: Option<u64>,
}

/// A disk. Sizes are in GiB, and unknown if they are those of an unknown cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disk {
    pub size: Option<u64>,
    pub billed_size: Option<u64>,
    pub annotations: Annotations,
    /// Warnings about sizes with too little free space.
    pub warnings: Vec<Diagnostic>,
    /// Whether the size, or the result of its check, would be different if the images were smaller.
    pub depends_on_need: bool,
}

impl DiskRequest<'_> {
    /// The disk for these requirements.
    ///
    /// # Errors
    ///
    /// At `size` if it is below the cache's own, at `size` or `fallback_size` if it is too small for the images, at `images` if every
    /// disk is, and at a threshold of the configuration that the images alone reach.
    pub fn disk(self) -> Result<Disk, Diagnostic> {
        let Self { size, need, image_cache, threshold } = self;
        if let (None, Some(need)) = (size, need)
            && need.required_gib() > MAX_DISK_SIZE
        {
            return Err(too_large(need, &threshold));
        }
        let fallback_size = image_cache.as_ref().and_then(|cache| cache.fallback_size);
        let mut warnings = Vec::new();
        for (argument, size) in [("size", size), ("fallback_size", fallback_size)] {
            if let (Some(gib), Some(need)) = (size, need) {
                warnings.extend(GivenSize { argument, gib }.check(need, &threshold)?);
            }
        }
        let disk = match image_cache {
            None => system_disk(size, need),
            Some(cache) => cache_disk(size, need, cache)?,
        };
        let depends_on_need = disk.depends_on_need || !warnings.is_empty();
        Ok(Disk { warnings, depends_on_need, ..disk })
    }
}

/// A size in the configuration.
#[derive(Clone, Copy)]
struct GivenSize {
    argument: &'static str,
    gib: u64,
}

impl GivenSize {
    /// Checks that the images fit. Returns a warning if they exceed the threshold.
    fn check(self, need: &DiskNeed, threshold: &Threshold) -> Result<Option<Diagnostic>, Diagnostic> {
        if !need.fits(self.gib) {
            return Err(self.too_small(need));
        }
        if need.has_room(self.gib) {
            return Ok(None);
        }
        if threshold.is_given && need.images_reach_threshold(self.gib) {
            return Err(self.threshold_reached(need, threshold));
        }
        Ok(Some(self.too_full(need, threshold)))
    }

    fn too_small(self, need: &DiskNeed) -> Diagnostic {
        let (size, capacity, least, advice) =
            (self.gib, need.capacity_of(self.gib), need.at_least(), self.advice(need));
        let detail = format!(
            "A disk of {size} GiB has room for {capacity}. The images and the headroom take at least {least}:\n\n{need}\n\n{advice}"
        );
        Diagnostic::error("Disk too small for its images", detail).at(AttributePath::root(self.argument))
    }

    fn too_full(self, need: &DiskNeed, threshold: &Threshold) -> Diagnostic {
        let (size, room, threshold, advice) = (self.gib, need.room_of(self.gib), threshold.phrase(), self.advice(need));
        let detail = format!(
            "A disk of {size} GiB holds the images, but has only {room} below {threshold}:\n\n{need}\n\nThe node removes images or \
             restarts containers above the threshold, and images in use cannot be removed. {advice}"
        );
        Diagnostic::warning("Disk usage above a threshold", detail).at(AttributePath::root(self.argument))
    }

    fn advice(self, need: &DiskNeed) -> String {
        let (argument, required) = (self.argument, need.required_gib());
        let otherwise = if argument == "size" { ", or omit it to compute it from the images" } else { "" };
        format!("Set {argument} to {required}{otherwise}.")
    }

    fn threshold_reached(self, need: &DiskNeed, threshold: &Threshold) -> Diagnostic {
        let Self { argument, gib } = self;
        let (required, room, least) = (need.required_gib(), need.room_of(gib), need.images_at_least());
        let (path, percent) = (&threshold.path, threshold.percent);
        let larger = match required {
            ..=MAX_DISK_SIZE => format!("Set {argument} to {required}, or raise"),
            _ => "Raise".to_owned(),
        };
        let detail = format!(
            "{path} is {percent} %, which is {room} of a disk of {gib} GiB, but the images alone take at least {least}:\n\n{need}\n\n\
             Images in use cannot be removed, so the threshold is exceeded indefinitely. {larger} {path}."
        );
        Diagnostic::error("Disk usage above a threshold", detail).at(threshold.path.clone())
    }
}

fn system_disk(given: Option<u64>, need: Option<&DiskNeed>) -> Disk {
    let size = given.or(need.map(DiskNeed::required_gib)).unwrap_or_default().max(FREE_DISK_SIZE);
    let asked_for = given.is_some() || size > FREE_DISK_SIZE;
    let annotations = if asked_for { annotations::root_disk(size) } else { Annotations::new() };
    let depends_on_need = given.is_none() && need.is_some();
    let billed_size = Some(size - FREE_DISK_SIZE);
    Disk { size: Some(size), billed_size, annotations, warnings: Vec::new(), depends_on_need }
}

fn cache_disk(given: Option<u64>, need: Option<&DiskNeed>, cache: CacheRequest) -> Result<Disk, Diagnostic> {
    let CacheRequest { choice, cache_size, disk_type, retain_minutes, fallback_size } = cache;
    if let (Some(given), Some(own)) = (given, cache_size)
        && given < own
    {
        return Err(smaller_than_cache(given, own));
    }
    // If the cache is unknown, a larger one than the images need may be chosen later, whose size cannot be reduced.
    let too_small = need.filter(|need| cache_size.is_some_and(|own| !need.has_room(own)));
    let raised = given.or(too_small.map(DiskNeed::required_gib));
    let depends_on_need = given.is_none() && too_small.is_some();
    let size = raised.or(cache_size);
    let mut annotations = annotations::image_cache(&choice);
    annotations.extend(CacheDisk { size: raised, disk_type, retain_minutes, fallback_size }.annotations());
    Ok(Disk { size, billed_size: size, annotations, warnings: Vec::new(), depends_on_need })
}

fn too_large(need: &DiskNeed, threshold: &Threshold) -> Diagnostic {
    if threshold.is_given && need.fits(MAX_DISK_SIZE) {
        return GivenSize { argument: "size", gib: MAX_DISK_SIZE }.threshold_reached(need, threshold);
    }
    let detail = format!(
        "The largest disk has {MAX_DISK_SIZE} GiB:\n\n{need}\n\nRun fewer or smaller images in one Pod, or lower headroom."
    );
    Diagnostic::error("Images exceed the largest disk", detail).at(AttributePath::root("images"))
}

fn smaller_than_cache(size: u64, own: u64) -> Diagnostic {
    let detail = format!(
        "size is {size} GiB, but the image cache has {own} GiB. A disk made from a cache cannot be smaller than the cache. Set size to \
        {own} or more, or omit it to use the cache's own."
    );
    Diagnostic::error("Disk smaller than its image cache", detail).at(AttributePath::root("size"))
}

#[cfg(test)]
mod tests;
