//! Gzip: the size field in the last four bytes, and what it leaves open.
//!
//! The field counts modulo 2^32, and counts the last member only. So the size is the field plus a multiple of 4 GiB, at
//! least about the compressed size and at most 1032 times that, which is deflate's limit. Where several multiples are
//! possible, the one nearest to the expected ratio is taken, and is not called exact unless all others would mean a ratio
//! above [`PLAUSIBLE_RATIO`]. Where none is near, the field belongs to the last of several members.
//!
//! What this cannot see: members after a first one that is longer than what was read, if the last is large enough to
//! pass for the whole.
//!
//! Source: RFC 1952; zlib's "Technical Details" for the limit.

use std::io::Read;

use flate2::bufread::{GzDecoder, MultiGzDecoder};

use super::{Unpacked, exact, expected_ratio};

const WRAP: u64 = 1 << 32;
const MAX_RATIO: u64 = 1032;
/// Layers of container images that compress better are rare. An assumption.
const PLAUSIBLE_RATIO: u64 = 10;
/// How far, as a factor, a size may be from the expected one if it was chosen among several.
const NEAR: f64 = 3.0;

pub(super) fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b])
}

/// The unpacked size of a complete blob, all its members; `None` if it is damaged.
pub(super) fn unpacked(blob: &[u8]) -> Option<u64> {
    std::io::copy(&mut MultiGzDecoder::new(blob), &mut std::io::sink()).ok()
}

/// What the first bytes of a blob tell.
pub(super) struct Sample {
    /// Unpacked over compressed.
    pub ratio: f64,
    /// The first member ends inside the sample, so there are more.
    has_members: bool,
}

impl Sample {
    pub fn of(head: &[u8]) -> Self {
        let (mut unpacked, has_members) = read_to_end(GzDecoder::new(head));
        if has_members {
            (unpacked, _) = read_to_end(MultiGzDecoder::new(head));
        }
        Self { ratio: unpacked as f64 / head.len() as f64, has_members }
    }

    /// The unpacked size of a blob of `compressed` bytes that ends with `size_field`. `None` if it has several members.
    pub fn resolve(&self, compressed: u64, size_field: u32) -> Option<Unpacked> {
        if self.has_members {
            return None;
        }
        let field = u64::from(size_field);
        // Data that cannot be compressed is stored, at a cost of five bytes in each 16 KiB and the headers.
        let least = compressed.saturating_sub(compressed / 1000 + 1024);
        let most = compressed.saturating_mul(MAX_RATIO);
        let first = field + least.saturating_sub(field).div_ceil(WRAP) * WRAP;
        if first > most {
            return None;
        }
        let expected = compressed as f64 * expected_ratio(Some(self.ratio));
        let is_near = |bytes: u64| (1.0 / NEAR..=NEAR).contains(&(bytes as f64 / expected));
        let plausible = compressed.saturating_mul(PLAUSIBLE_RATIO);
        let is_alone = first <= plausible && first + WRAP > plausible && self.ratio <= PLAUSIBLE_RATIO as f64;
        if first + WRAP > most || is_alone && (first < WRAP || is_near(first)) {
            return Some(exact(first));
        }
        let below = first + (expected as u64).saturating_sub(first) / WRAP * WRAP;
        let above = below + WRAP;
        let is_above_nearer = above as f64 / expected < expected / below as f64;
        let bytes = if is_above_nearer && above <= most { above } else { below };
        is_near(bytes).then_some(Unpacked { bytes, exact: false })
    }
}

/// How much comes out of `reader`, and whether it came to a proper end.
fn read_to_end(mut reader: impl Read) -> (u64, bool) {
    let (mut buffer, mut count) = ([0; 16 << 10], 0);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return (count, true),
            Ok(read) => count += read as u64,
            Err(_) => return (count, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_field_is_resolved() {
        const MB: u64 = 1_000_000;
        const GB: u64 = 1000 * MB;
        for (what, compressed, ratio, actual, expected) in [
            ("small", MB, 3.0, 3 * MB, Some(true)),
            ("stored", 100 * MB, 1.0, 100 * MB - 30_000, Some(true)),
            ("common", 150 * MB, 3.0, 400 * MB, Some(true)),
            ("sparse, but only one size is possible", 4 * MB, 3.0, 4 * GB, Some(true)),
            ("torch", 2_500 * MB, 4.0, 5_500 * MB, Some(false)),
            ("cuda", 1_100 * MB, 3.0, 2_400 * MB, Some(false)),
            ("just above 4 GiB", 1_800 * MB, 2.0, 4_300 * MB, Some(false)),
            ("weights", 20 * GB, 1.1, 22 * GB, Some(false)),
            ("zeros", 5 << 20, 1030.0, 5 << 30, Some(false)),
        ] {
            let sample = Sample { ratio, has_members: false };
            let unpacked = sample.resolve(compressed, actual as u32);
            assert_eq!(unpacked, expected.map(|exact| Unpacked { bytes: actual, exact }), "{what}");
        }
    }

    #[test]
    fn a_field_that_fits_nothing_belongs_to_one_of_several_members() {
        for (compressed, ratio, field, has_members) in [
            (1_000_000, 3.0, 5_000, false),
            (100_000_000, 3.0, 1_000_000, false),
            (450_000_000, 3.0, 1_000_000, false),
            (100_000_000, 3.0, 300_000_000, true),
        ] {
            assert_eq!(Sample { ratio, has_members }.resolve(compressed, field), None, "{compressed}");
        }
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        for compressed in [0, 1, 1 << 50] {
            for field in [0, 1, u32::MAX] {
                for ratio in [0.0, 1.0, 1030.0] {
                    let unpacked = Sample { ratio, has_members: false }.resolve(compressed, field);
                    assert!(unpacked.is_none_or(|unpacked| unpacked.bytes < 1 << 61), "{compressed} {field} {ratio}");
                }
            }
        }
    }
}
