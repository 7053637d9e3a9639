//! The disk space of the layers of several images on a node.
//!
//! The content store has each distinct blob once. A snapshot exists for each chain: a layer together with all layers below it.
//! So a layer on two different bases, or twice in one image, is stored compressed once and unpacked twice.
//! Source: `identity.ChainIDs` in <https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid>.

use std::collections::BTreeMap;

use crate::inspect::{ImageSize, Layer};
use crate::layer::{Entries, Unpacked};

const MIB: u64 = 1 << 20;
/// The overhead of unpacked files over their archive, in percent, if little is known of them. Measured on ext4: Debian 6,
/// Python packages 14, `node_modules` 31.
const FILES_PERCENT: u64 = 32;
/// The same beyond [`SMALL_FILES_BYTES`]: large layers are mostly libraries and model weights. Measured: PyTorch 1.
const LARGE_FILES_PERCENT: u64 = 2;
const SMALL_FILES_BYTES: u64 = 10 << 30;
/// The head of a layer has more small files than the rest, mostly. It speaks for so many bytes on the disk;
const HEAD_COUNTS_FOR: u64 = 60 * MIB;
/// and for so many bytes of the archive if the rest compresses like it, within a factor, and it has enough entries.
const ALIKE_COUNTS_FOR: u64 = 1 << 30;
const ALIKE: f64 = 1.12;
const ENTRIES_OF_A_SAMPLE: u64 = 16;
/// Directories and records that containerd keeps for a snapshot, and for an image with its manifest and configuration.
const SNAPSHOT_BYTES: u64 = 64 << 10;
const IMAGE_BYTES: u64 = MIB;

/// The layers of some images, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerSum {
    /// Compressed size, as registries store the layers; each distinct layer once.
    pub compressed_bytes: u64,
    /// Size of the tar archives; each distinct chain of layers once. The expected sum.
    pub unpacked_bytes: u64,
    /// The smallest possible sum.
    pub unpacked_bytes_min: u64,
    /// A sum that is rarely exceeded.
    pub unpacked_bytes_max: u64,
    /// Whether every layer states its unpacked size.
    pub exact: bool,
    /// The overhead of unpacked files over their archives, and the metadata of containerd: minimum and maximum.
    pub(super) files_bytes: (u64, u64),
    /// Number of files and directories.
    pub(super) entries: u64,
}

impl LayerSum {
    /// Sums the layers of `images`.
    pub fn of<'a>(images: impl IntoIterator<Item = &'a ImageSize>) -> Self {
        let (mut blobs, mut chains, mut count) = (BTreeMap::new(), BTreeMap::new(), 0);
        for image in images {
            count += 1;
            let mut chain = Vec::new();
            for layer in &image.layers {
                chain.push(layer.digest.as_str());
                blobs.insert(layer.digest.as_str(), layer.compressed_bytes);
                chains.insert(chain.clone(), layer);
            }
        }
        let sum = |values: &mut dyn Iterator<Item = u64>| values.fold(0, u64::saturating_add);
        let layers = || chains.values().map(|layer| &layer.unpacked);
        let own = SNAPSHOT_BYTES * chains.len() as u64 + IMAGE_BYTES * count;
        Self {
            compressed_bytes: sum(&mut blobs.values().copied()),
            unpacked_bytes: sum(&mut layers().map(|unpacked| unpacked.bytes)),
            unpacked_bytes_min: sum(&mut layers().map(|unpacked| unpacked.min)),
            unpacked_bytes_max: sum(&mut layers().map(|unpacked| unpacked.max)),
            exact: layers().all(|unpacked| unpacked.is_exact()),
            files_bytes: (
                sum(&mut layers().map(|unpacked| seen_bytes(&unpacked.entries))),
                files_bytes(chains.values().copied()).saturating_add(own),
            ),
            entries: sum(&mut chains.values().map(|layer| entries(layer))),
        }
    }

    /// The upper bound of the layers on a disk, in bytes, without headroom and regardless of thresholds.
    pub fn disk_bytes(&self) -> u64 {
        self.max()
    }

    /// The lower bound of the layers on a disk.
    pub(super) fn min(&self) -> u64 {
        self.compressed_bytes.saturating_add(self.unpacked_bytes_min).saturating_add(self.files_bytes.0)
    }

    /// The upper bound of the layers on a disk.
    pub(super) fn max(&self) -> u64 {
        self.compressed_bytes.saturating_add(self.unpacked_bytes_max).saturating_add(self.files_bytes.1)
    }
}

/// The overhead on a disk of the entries in the head of the archive.
fn seen_bytes(entries: &Entries) -> u64 {
    entries.disk_bytes.saturating_sub(entries.archive_bytes)
}

/// The upper bound of the overhead on a disk of the files in `layers`.
fn files_bytes<'a>(layers: impl Iterator<Item = &'a Layer>) -> u64 {
    let (mut bytes, mut unknown) = (0u64, 0u64);
    for layer in layers {
        let Unpacked { entries, max, .. } = &layer.unpacked;
        let rest = max.saturating_sub(entries.archive_bytes);
        let sampled = of_rest(layer, rest);
        bytes = bytes.saturating_add(seen_bytes(entries));
        if sampled > percent(rest, FILES_PERCENT) {
            bytes = bytes.saturating_add(sampled);
        } else {
            unknown = unknown.saturating_add(rest);
        }
    }
    let small = unknown.min(SMALL_FILES_BYTES);
    bytes.saturating_add(percent(small, FILES_PERCENT)).saturating_add(percent(unknown - small, LARGE_FILES_PERCENT))
}

/// The overhead of the remaining `rest` bytes of an archive, extrapolated from the entries in its head.
fn of_rest(layer: &Layer, rest: u64) -> u64 {
    let entries = &layer.unpacked.entries;
    if entries.count == 0 {
        return 0;
    }
    let beyond = (entries.disk_bytes as f64 / entries.archive_bytes as f64 - 1.0).max(0.0);
    if is_alike(layer, rest) {
        (rest.min(ALIKE_COUNTS_FOR) as f64 * beyond) as u64
    } else {
        ((rest as f64 * beyond) as u64).min(HEAD_COUNTS_FOR)
    }
}

/// Whether the remaining `rest` bytes of an archive resemble the entries in its head: many files of one kind.
fn is_alike(layer: &Layer, rest: u64) -> bool {
    let entries = &layer.unpacked.entries;
    let ratio = entries.archive_bytes.saturating_add(rest) as f64 / layer.compressed_bytes as f64;
    let is_near = |head: f64| (1.0 / ALIKE..=ALIKE).contains(&(head / ratio));
    entries.count >= ENTRIES_OF_A_SAMPLE && layer.unpacked.head_ratio.is_some_and(is_near)
}

/// Files and directories in a layer, counted or extrapolated from the head.
fn entries(layer: &Layer) -> u64 {
    let Unpacked { entries, max, .. } = &layer.unpacked;
    let rest = max.saturating_sub(entries.archive_bytes);
    let alike = if is_alike(layer, rest) { rest as f64 / entries.archive_bytes as f64 } else { 0.0 };
    entries.count + (entries.count as f64 * alike) as u64
}

fn percent(bytes: u64, percent: u64) -> u64 {
    u64::try_from(u128::from(bytes) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}
