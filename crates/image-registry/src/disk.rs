//! The disk size that images need, and an explanation of the computation.
//!
//! Need = compressed layers + unpacked layers + a share for the file system + headroom, see [`sum`]. Disk = the next multiple of 10 GiB
//! on which the need stays below the threshold at which the node starts to remove images or to evict Pods, see
//! [`filesystem`]. Images in use cannot be removed, so on a fuller disk this would continue indefinitely.
//!
//! Layers that do not state their unpacked size count with an upper bound. A disk is reported as too small only if it is too
//! small for their lower bound.

mod filesystem;
mod sum;

use std::fmt;

use self::filesystem::{FileSystem, GIB};
pub use self::sum::LayerSum;
use super::inspect::{ImageSize, Layer};
use super::layer::{Basis, Unpacked};

/// Disks come in steps of this many GiB.
const STEP_GIB: u64 = 10;
/// Larger than any disk. It ends the search when no disk is large enough.
const NO_DISK_GIB: u64 = 1 << 16;
/// A node is under pressure when fewer than 5 % of the inodes are free.
const INODES_PERCENT: u64 = 95;

/// The disk space that images need. `Display` writes the computation, one line for each term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskNeed {
    images: Vec<(String, LayerSum)>,
    sum: LayerSum,
    headroom_gib: u64,
    threshold: u64,
}

impl DiskNeed {
    /// The need of `images`, plus `headroom_gib` GiB for the containers' own data, on a disk whose usage stays below `threshold`
    /// percent.
    pub fn new<'a>(images: impl IntoIterator<Item = &'a ImageSize>, headroom_gib: u64, threshold: u64) -> Self {
        let images: Vec<&ImageSize> = images.into_iter().collect();
        let sum = LayerSum::of(images.iter().copied());
        let images = images.iter().map(|image| (image.reference.to_string(), LayerSum::of([*image])));
        Self { images: images.collect(), sum, headroom_gib, threshold }
    }

    /// The disk to order, in GiB: the smallest multiple of 10 with enough [room](Self::has_room).
    pub fn required_gib(&self) -> u64 {
        let mut gib = (self.max_bytes() / GIB / STEP_GIB).max(1).saturating_mul(STEP_GIB);
        while gib < NO_DISK_GIB && !self.has_room(gib) {
            gib += STEP_GIB;
        }
        gib
    }

    /// Whether the images and the headroom fit on a disk of the given size, regardless of the threshold.
    pub fn fits(&self, disk_gib: u64) -> bool {
        self.min_bytes() <= FileSystem::of_gib(disk_gib).capacity()
    }

    /// Whether the images and the headroom stay below the threshold on a disk of the given size.
    pub fn has_room(&self, disk_gib: u64) -> bool {
        let disk = FileSystem::of_gib(disk_gib);
        self.max_bytes() < disk.bytes_at(self.threshold) && self.sum.entries <= disk.inodes_at(INODES_PERCENT)
    }

    /// Whether the images alone, without the headroom, reach the threshold on a disk of the given size.
    pub fn images_reach_threshold(&self, disk_gib: u64) -> bool {
        self.sum.min() >= FileSystem::of_gib(disk_gib).bytes_at(self.threshold)
    }

    /// The usage of the disk, in percent, that must not be reached.
    pub fn threshold(&self) -> u64 {
        self.threshold
    }

    /// The layers of all images.
    pub fn layers(&self) -> LayerSum {
        self.sum
    }

    /// The lower bound of the images and the headroom, for example `12.34 GiB`.
    pub fn at_least(&self) -> String {
        Gib(self.min_bytes()).to_string()
    }

    /// The lower bound of the images, for example `12.34 GiB`.
    pub fn images_at_least(&self) -> String {
        Gib(self.sum.min()).to_string()
    }

    /// The space below the threshold on a disk of the given size, for example `14.60 GiB`.
    pub fn room_of(&self, disk_gib: u64) -> String {
        Gib::rounded_down(FileSystem::of_gib(disk_gib).bytes_at(self.threshold))
    }

    /// The capacity of a disk of the given size, for example `19.51 GiB`.
    pub fn capacity_of(&self, disk_gib: u64) -> String {
        Gib::rounded_down(FileSystem::of_gib(disk_gib).capacity())
    }

    fn min_bytes(&self) -> u64 {
        self.sum.min().saturating_add(self.headroom_bytes())
    }

    fn max_bytes(&self) -> u64 {
        self.sum.max().saturating_add(self.headroom_bytes())
    }

    fn headroom_bytes(&self) -> u64 {
        self.headroom_gib.saturating_mul(GIB)
    }
}

impl LayerSum {
    /// Layers without the share for the file system.
    fn largest(&self) -> u64 {
        self.compressed_bytes.saturating_add(self.unpacked_bytes_max)
    }
}

impl fmt::Display for DiskNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (image, sum) in &self.images {
            let compressed = Gib(sum.compressed_bytes);
            let unpacked = if sum.exact {
                format!("{} unpacked", Gib(sum.unpacked_bytes))
            } else {
                let (min, max) = (Gib(sum.unpacked_bytes_min), Gib(sum.unpacked_bytes_max));
                format!("an estimated {min} to {max} unpacked")
            };
            writeln!(f, "{:>12} {image} ({compressed} compressed + {unpacked})", Gib(sum.largest()))?;
        }
        let alone = self.images.iter().fold(0, |bytes: u64, (_, sum)| bytes.saturating_add(sum.largest()));
        let shared = alone.saturating_sub(self.sum.largest());
        if shared > 0 {
            writeln!(f, "{:>12} layers that images share count once", format!("-{}", Gib(shared)))?;
        }
        writeln!(f, "{:>12} files rounded up to blocks", Gib(self.sum.files_bytes.1))?;
        writeln!(f, "{:>12} headroom", Gib(self.headroom_bytes()))?;
        let required = self.required_gib();
        if required >= NO_DISK_GIB {
            return write!(
                f,
                "{:>12} in all: no disk stays below {} % of usage",
                Gib(self.max_bytes()),
                self.threshold
            );
        }
        let (total, room, threshold) = (Gib(self.max_bytes()), self.room_of(required), self.threshold);
        write!(f, "{total:>12} in all: a disk of {required} GiB, which has {room} below {threshold} % of usage")
    }
}

impl Layer {
    /// The estimate for a layer that does not state its unpacked size, and the reason, for example
    /// `2.83 GiB compressed, 5.23 or 9.23 GiB unpacked: its gzip size field counts modulo 4 GiB`.
    pub fn estimate(&self) -> Option<String> {
        let Unpacked { min, max, basis, .. } = &self.unpacked;
        let number = |bytes| Gib(bytes).to_string().replace(" GiB", "");
        let sizes = match basis {
            Basis::Exact => return None,
            Basis::SizeFieldWraps => {
                let candidates: Vec<_> = (*min..=*max).step_by(1 << 32).map(number).collect();
                candidates.join(" or ")
            }
            _ => format!("{} to {}", number(*min), number(*max)),
        };
        Some(format!("{} compressed, {sizes} GiB unpacked: {basis}", Gib(self.compressed_bytes)))
    }
}

/// Bytes as GiB with two decimals, rounded up so that a term never looks smaller than it is.
pub(super) struct Gib(pub u64);

impl Gib {
    fn rounded_down(bytes: u64) -> String {
        let hundredths = u128::from(bytes) * 100 / u128::from(GIB);
        format!("{}.{:02} GiB", hundredths / 100, hundredths % 100)
    }
}

impl fmt::Display for Gib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (u128::from(self.0) * 100).div_ceil(u128::from(GIB));
        f.pad(&format!("{}.{:02} GiB", hundredths / 100, hundredths % 100))
    }
}

#[cfg(test)]
mod tests;
