//! How large a disk images need: the arithmetic, and the same arithmetic as text.
//!
//! Disk = sum over distinct layers of (compressed + unpacked) + headroom, rounded up to a multiple of 10 GiB. The node keeps
//! the compressed layers beside the unpacked ones, and keeps a layer that several images share once.

use std::collections::BTreeMap;
use std::fmt;

use super::inspect::{ImageSize, Layer};

const GIB: u64 = 1 << 30;
/// Disks come in steps of so many GiB.
const STEP_GIB: u64 = 10;

/// The distinct layers of several images, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayerSum {
    /// As the registry keeps them.
    pub compressed_bytes: u64,
    /// As tar archives.
    pub unpacked_bytes: u64,
    /// Whether no layer's unpacked size was estimated.
    pub exact: bool,
}

/// What some images need on a disk. `Display` shows how it was reckoned, one line for each term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskNeed {
    images: Vec<(String, LayerSum)>,
    sum: LayerSum,
    headroom_gib: u64,
}

/// Sums layers; one that occurs several times, by digest, counts once.
pub fn sum_distinct_layers<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> LayerSum {
    let distinct: BTreeMap<&str, &Layer> = layers.into_iter().map(|layer| (layer.digest.as_str(), layer)).collect();
    let empty = LayerSum { exact: true, ..LayerSum::default() };
    distinct.values().fold(empty, |sum, layer| LayerSum {
        compressed_bytes: sum.compressed_bytes.saturating_add(layer.compressed_bytes),
        unpacked_bytes: sum.unpacked_bytes.saturating_add(layer.unpacked_bytes),
        exact: sum.exact && layer.exact,
    })
}

impl DiskNeed {
    /// The need of `images` and `headroom_gib` GiB for what the containers write.
    pub fn new<'a>(images: impl IntoIterator<Item = &'a ImageSize>, headroom_gib: u64) -> Self {
        let images: Vec<&ImageSize> = images.into_iter().collect();
        let sum = sum_distinct_layers(images.iter().flat_map(|image| &image.layers));
        let images = images.iter().map(|image| (image.reference.to_string(), sum_distinct_layers(&image.layers)));
        Self { images: images.collect(), sum, headroom_gib }
    }

    /// The disk to order, in GiB: a multiple of 10.
    pub fn required_gib(&self) -> u64 {
        self.total_bytes().div_ceil(STEP_GIB * GIB) * STEP_GIB
    }

    /// Whether a disk of so many GiB holds the images and the headroom. It need not be a multiple of 10.
    pub fn fits(&self, disk_gib: u64) -> bool {
        self.total_bytes() <= disk_gib.saturating_mul(GIB)
    }

    /// The distinct layers of all images.
    pub fn layers(&self) -> LayerSum {
        self.sum
    }

    fn total_bytes(&self) -> u64 {
        self.layers().bytes().saturating_add(self.headroom_gib.saturating_mul(GIB))
    }
}

impl LayerSum {
    fn bytes(&self) -> u64 {
        self.compressed_bytes.saturating_add(self.unpacked_bytes)
    }
}

impl fmt::Display for DiskNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (image, sum) in &self.images {
            let estimated = if sum.exact { "" } else { ", estimated" };
            let (compressed, unpacked) = (Gib(sum.compressed_bytes), Gib(sum.unpacked_bytes));
            writeln!(f, "{:>12} {image} ({compressed} compressed + {unpacked} unpacked{estimated})", Gib(sum.bytes()))?;
        }
        let alone = self.images.iter().fold(0, |bytes: u64, (_, sum)| bytes.saturating_add(sum.bytes()));
        let shared = alone.saturating_sub(self.sum.bytes());
        if shared > 0 {
            writeln!(f, "{:>12} layers that images share count once", format!("-{}", Gib(shared)))?;
        }
        writeln!(f, "{:>12} headroom", Gib(self.headroom_gib.saturating_mul(GIB)))?;
        write!(f, "{:>12} in all: a disk of {} GiB", Gib(self.total_bytes()), self.required_gib())
    }
}

/// Bytes as GiB with two decimals, rounded up so that a term never looks smaller than it is.
struct Gib(u64);

impl fmt::Display for Gib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (u128::from(self.0) * 100).div_ceil(u128::from(GIB));
        f.pad(&format!("{}.{:02} GiB", hundredths / 100, hundredths % 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reference;

    fn layer(digest: &str, compressed_gib: u64, unpacked_gib: u64, exact: bool) -> Layer {
        let (compressed_bytes, unpacked_bytes) = (compressed_gib * GIB, unpacked_gib * GIB);
        Layer { digest: digest.to_owned(), compressed_bytes, unpacked_bytes, exact }
    }

    fn image(reference: &str, layers: Vec<Layer>) -> ImageSize {
        let reference = Reference::parse(reference).unwrap();
        ImageSize { reference, digest: String::new(), manifest_digest: String::new(), layers }
    }

    #[test]
    fn a_layer_counts_once() {
        let layers = [layer("a", 1, 2, true), layer("b", 3, 4, true), layer("a", 1, 2, true)];
        let sum = sum_distinct_layers(&layers);
        assert_eq!(sum, LayerSum { compressed_bytes: 4 * GIB, unpacked_bytes: 6 * GIB, exact: true });
        assert!(!sum_distinct_layers([&layers[0], &layer("c", 0, 0, false)]).exact);
        assert_eq!(sum_distinct_layers([]), LayerSum { compressed_bytes: 0, unpacked_bytes: 0, exact: true });
    }

    #[test]
    fn the_disk_is_rounded_up_to_ten_gib() {
        for (unpacked_gib, headroom_gib, expected) in
            [(0, 0, 0), (0, 5, 10), (4, 5, 10), (5, 5, 20), (14, 5, 20), (15, 5, 30), (94, 5, 100), (0, 19, 20)]
        {
            let need = DiskNeed::new(&[image("a", vec![layer("a", 1, unpacked_gib, true)])], headroom_gib);
            assert_eq!(need.required_gib(), if unpacked_gib + headroom_gib == 0 { 10 } else { expected }, "{need}");
        }
    }

    #[test]
    fn one_byte_too_many_does_not_fit() {
        let mut layer = layer("a", 5, 10, true);
        let need = |layer: &Layer| DiskNeed::new(&[image("a", vec![layer.clone()])], 5);
        assert_eq!((need(&layer).fits(20), need(&layer).fits(19), need(&layer).required_gib()), (true, false, 20));
        layer.unpacked_bytes += 1;
        assert_eq!((need(&layer).fits(20), need(&layer).fits(21), need(&layer).required_gib()), (false, true, 30));
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        let mut huge = layer("a", 0, 0, true);
        huge.unpacked_bytes = u64::MAX;
        huge.compressed_bytes = u64::MAX;
        assert!(!DiskNeed::new(&[image("a", vec![huge])], u64::MAX).fits(32_000));
    }

    #[test]
    fn the_arithmetic_is_shown() {
        let base = layer("base", 1, 2, true);
        let images =
            [image("nginx:1.27", vec![base.clone()]), image("r.io/ai/vllm:1", vec![base, layer("v", 4, 9, false)])];
        assert_eq!(
            DiskNeed::new(&images, 5).to_string(),
            "    3.00 GiB docker.io/library/nginx:1.27 (1.00 GiB compressed + 2.00 GiB unpacked)\n   \
             16.00 GiB r.io/ai/vllm:1 (5.00 GiB compressed + 11.00 GiB unpacked, estimated)\n   \
             -3.00 GiB layers that images share count once\n    \
             5.00 GiB headroom\n   \
             21.00 GiB in all: a disk of 30 GiB"
        );
    }
}
