//! Unpacked sizes of layers that do not state them.
//!
//! The compression ratio of a layer depends on its content, which correlates with its size: small ones are system directories and
//! source code, large ones libraries and model weights. Measured with gzip: a Debian base 2.2; `node_modules` and source trees 3.3 to 4;
//! Python packages up to 7; a layer of PyTorch with CUDA (3 GB) 1.85; large layers of AI images 1.5 to 1.9. zstd is close to gzip.

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Segments of a function from compressed to unpacked bytes: up to the given number of compressed bytes, each byte unpacks to
/// the given number of tenths of a byte.
type Segments = &'static [(u64, u64)];

const TYPICAL: Segments = &[(256 * MIB, 25), (16 * GIB, 17), (u64::MAX, 13)];
const UPPER: Segments = &[(128 * MIB, 100), (4 * GIB, 40), (16 * GIB, 18), (u64::MAX, 15)];

/// The ratio of the head of a layer is used for the rest only if it is unusually high.
const UNUSUAL_BELOW: f64 = 1.4;
const UNUSUAL_ABOVE: f64 = 10.0;

/// The expected unpacked size of `compressed` bytes, whose beginning unpacks to `sampled_ratio` times its size.
pub(super) fn typical(compressed: u64, sampled_ratio: Option<f64>) -> u64 {
    match sampled_ratio.filter(|ratio| *ratio < UNUSUAL_BELOW || *ratio > UNUSUAL_ABOVE) {
        Some(ratio) => (compressed as f64 * ratio) as u64,
        None => evaluate(TYPICAL, compressed),
    }
}

/// An unpacked size that few layers of `compressed` bytes exceed.
pub(super) fn upper(compressed: u64, sampled_ratio: Option<f64>) -> u64 {
    let usual = evaluate(UPPER, compressed);
    let sampled =
        sampled_ratio.filter(|ratio| *ratio > UNUSUAL_ABOVE).map(|ratio| (compressed as f64 * ratio * 1.1) as u64);
    sampled.map_or(usual, |sampled| sampled.max(usual))
}

/// The smallest unpacked size: incompressible data is stored, at a cost of some bytes for each 16 KiB.
pub(super) fn lower(compressed: u64) -> u64 {
    compressed.saturating_sub(compressed / 1000 + 1024)
}

fn evaluate(segments: Segments, compressed: u64) -> u64 {
    let (mut tenths, mut from) = (0, 0);
    for (to, ratio) in segments {
        tenths += u128::from(compressed.min(*to) - from) * u128::from(*ratio);
        from = compressed.min(*to);
    }
    u64::try_from(tenths / 10).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_depend_on_the_compressed_size() {
        for (what, compressed, actual) in [
            ("a Debian base", 93_000_000, 203_800_000),
            ("Python packages", 39_000_000, 267_000_000),
            ("node_modules", 184_000_000, 712_000_000),
            ("PyTorch", 3_034_000_000, 5_610_000_000),
            ("CUDA libraries", 8 * GIB, GIB / 10 * 128),
            ("source trees", 3 * GIB, GIB / 10 * 99),
        ] {
            assert!((lower(compressed)..=upper(compressed, None)).contains(&actual), "{what}");
            let typical = typical(compressed, None) as f64;
            assert!((0.3..2.0).contains(&(typical / actual as f64)), "{what}: {typical}");
        }
    }

    #[test]
    fn unusual_ratio_of_the_head_is_used_for_the_rest() {
        for (ratio, expected) in [(1.0, 1000), (1.3, 1300), (1.5, 2500), (9.0, 2500), (12.0, 12_000)] {
            assert_eq!(typical(1000, Some(ratio)), expected, "{ratio}");
        }
        assert_eq!((upper(1000, Some(1.0)), upper(1000, Some(50.0)), upper(1000, None)), (10_000, 55_000, 10_000));
    }

    #[test]
    fn estimates_grow_with_the_size_and_do_not_overflow() {
        let sizes: Vec<u64> = (0..64).map(|bits| 1 << bits).chain([u64::MAX]).collect();
        for pair in sizes.windows(2) {
            assert!(typical(pair[0], None) <= typical(pair[1], None) && upper(pair[0], None) <= upper(pair[1], None));
            assert!(lower(pair[1]) <= typical(pair[1], None) && typical(pair[1], None) <= upper(pair[1], None));
        }
    }
}
