//! Gzip: resolves the size field in the last four bytes.
//!
//! The field counts modulo 2^32, and counts the last member only. So the size is the field plus a multiple of 4 GiB, at
//! least about the compressed size, at least the size of the entries in the head of the archive, and at most 1032 times the
//! compressed size, which is deflate's limit. The length of a tar archive is a multiple of 512 bytes: any other value belongs to
//! one of several members.
//!
//! Not detected: several members, if the first is longer than the head and the last is large enough to be the whole, for example
//! two equal halves that unpack to twice their size or more. Such layers come from concatenated archives; image builders write
//! one member, or many small ones.
//!
//! Source: RFC 1952; zlib's "Technical Details" for the limit.

use flate2::bufread::{GzDecoder, MultiGzDecoder};

use super::content::Content;
use super::estimate::{lower, typical, upper};
use super::tar::{Entries, RECORD};
use super::{Basis, Unpacked};

const WRAP: u64 = 1 << 32;
const MAX_RATIO: u64 = 1032;
/// The end of a tar archive, padded as by GNU tar.
const END_OF_ARCHIVE: u64 = 20 << 10;

pub(super) fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b])
}

/// The content of a complete blob with all its members; `None` if it is damaged.
pub(super) fn unpacked(blob: &[u8]) -> Option<Unpacked> {
    let content = Content::read(MultiGzDecoder::new(blob));
    content.is_complete.then_some(Unpacked { entries: content.entries, ..Unpacked::exact(content.len) })
}

/// Properties of the first bytes of a blob.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sample {
    /// Unpacked over compressed. `None` when nothing can be unpacked.
    pub ratio: Option<f64>,
    /// The archive entries that begin in the sample.
    pub entries: Entries,
    /// The first member ends inside the sample, so there are more.
    has_members: bool,
}

impl Sample {
    pub fn of(head: &[u8]) -> Self {
        let mut content = Content::read(GzDecoder::new(head));
        let has_members = content.is_complete;
        if has_members {
            content = Content::read(MultiGzDecoder::new(head));
        }
        let ratio = (content.len > 0).then(|| content.len as f64 / head.len() as f64);
        Self { ratio, entries: content.entries, has_members }
    }

    /// The unpacked size of a blob of `compressed` bytes that ends with `size_field`.
    pub fn resolve(&self, compressed: u64, size_field: u32) -> Unpacked {
        let field = u64::from(size_field);
        let seen = self.entries.archive_bytes;
        let most = compressed.saturating_mul(MAX_RATIO);
        let least = lower(compressed).max(seen);
        let first = field + least.saturating_sub(field).div_ceil(WRAP) * WRAP;
        if self.has_members || seen > 0 && !field.is_multiple_of(RECORD) || first > most {
            return self.estimate(compressed, Basis::SeveralMembers).at_least(field);
        }
        let is_last_entry_seen = seen > 0 && first - seen <= END_OF_ARCHIVE;
        if first + WRAP > most || is_last_entry_seen {
            return self.with_entries(Unpacked::exact(first));
        }
        let upper = upper(compressed, self.ratio);
        if first > upper && first > field {
            // Either the last of several members, or a run of zeros.
            return self.estimate(compressed, Basis::SeveralMembers).at_least(field).at_most(first);
        }
        if first + WRAP > upper && first <= upper {
            return self.with_entries(Unpacked::exact(first));
        }
        // If even the first candidate exceeds the usual sizes, include one more: the layer has a run of zeros.
        let last = if first > upper { first + WRAP } else { first + (upper - first) / WRAP * WRAP };
        let last = if last > most { first } else { last };
        let expected = typical(compressed, self.ratio);
        let below = first + expected.saturating_sub(first) / WRAP * WRAP;
        let is_above_nearer = (below + WRAP) as f64 / (expected as f64) < expected as f64 / below as f64;
        let bytes = if is_above_nearer { below + WRAP } else { below }.min(last);
        self.with_entries(Unpacked { min: first, bytes, max: last, ..Unpacked::estimated(Basis::SizeFieldWraps) })
    }

    /// An estimate for a blob of `compressed` bytes that has no usable size field.
    pub fn estimate(&self, compressed: u64, basis: Basis) -> Unpacked {
        let unpacked = Unpacked::estimate(compressed, self.ratio, basis).at_least(self.entries.archive_bytes);
        self.with_entries(unpacked)
    }

    fn with_entries(&self, unpacked: Unpacked) -> Unpacked {
        Unpacked { entries: self.entries, head_ratio: self.ratio, ..unpacked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;
    const GB: u64 = 1000 * MB;

    fn sample(ratio: f64, archive_bytes: u64) -> Sample {
        let entries = Entries { count: 1, archive_bytes, disk_bytes: archive_bytes };
        Sample { ratio: Some(ratio), entries, has_members: false }
    }

    /// A length that an archive can have.
    fn archive(len: u64) -> u64 {
        len.next_multiple_of(512)
    }

    #[test]
    fn size_field_resolves() {
        for (what, compressed, ratio, seen, actual) in [
            ("small", MB, 3.0, 512, 3 * MB),
            ("stored", 100 * MB, 1.0, 512, 100 * MB - 30_000),
            ("common", 150 * MB, 3.0, 512, 400 * MB),
            ("sparse, but only one size is possible", 4 * MB, 3.0, 512, 4 * GB),
            ("one file of 22 GB", 20 * GB, 1.1, archive(22 * GB) - 5120, 22 * GB),
            ("zeros after small files, all seen", 5 << 20, 3.0, (5 << 30) - 1024, 5 << 30),
        ] {
            let unpacked = sample(ratio, seen).resolve(compressed, archive(actual) as u32);
            assert_eq!((unpacked.bytes, unpacked.is_exact()), (archive(actual), true), "{what}: {unpacked:?}");
        }
    }

    #[test]
    fn size_field_is_ambiguous_by_multiples_of_4_gib() {
        const GIB: u64 = 1 << 30;
        for (what, compressed, ratio, seen, actual, all) in [
            ("torch", 3_034 * MB, 4.0, 512, 5_610 * MB, vec![0, 1]),
            ("source trees", 3 * GIB, 4.0, 512, 9 * GIB + 900 * MB, vec![-1, 0]),
            ("cuda libraries", 8 * GIB, 2.0, 512, 12 * GIB + 800 * MB, vec![-1, 0, 1, 2]),
            ("just above 4 GiB", 1_800 * MB, 2.0, 512, 4_300 * MB, vec![0]),
            ("zeros", 5 << 20, 1030.0, 512, 5 * GIB, vec![-1, 0]),
            ("a run of zeros that was not seen", 100 * MB, 3.0, 512, 1_500 * MB, vec![0, 1]),
            ("a first file that excludes the lowest", 3_034 * MB, 2.0, 6 * GB, 5_610 * MB + 4 * GIB, vec![0]),
        ] {
            let actual = archive(actual);
            let unpacked = sample(ratio, seen).resolve(compressed, actual as u32);
            let bounds = [unpacked.min, unpacked.max].map(|bound| (bound as i64 - actual as i64) >> 32);
            assert_eq!(bounds, [all[0], all[all.len() - 1]], "{what}: {unpacked:?}");
            assert_eq!((unpacked.max - unpacked.min) >> 32, all.len() as u64 - 1, "{what}");
            assert!((unpacked.min..=unpacked.max).contains(&unpacked.bytes), "{what}: {unpacked:?}");
        }
    }

    #[test]
    fn size_field_of_one_of_several_members_is_a_lower_bound() {
        for (what, compressed, seen, field, has_members) in [
            ("a small last member", MB, 512, 5_120, false),
            ("no length of an archive", 100 * MB, 512, 200 * MB + 1, false),
            ("a last member smaller than the blob", 450 * MB, 512, archive(MB), false),
            ("less than the entries that were seen", 100 * MB, 2 * GB, archive(GB), false),
            ("members in the head", 100 * MB, 512, archive(300 * MB), true),
        ] {
            let unpacked = Sample { has_members, ..sample(3.0, seen) }.resolve(compressed, field as u32);
            assert!(!unpacked.is_exact(), "{what}: {unpacked:?}");
            assert!(unpacked.min >= field.max(seen) && unpacked.max >= 4 * compressed, "{what}: {unpacked:?}");
        }
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        for compressed in [0, 1, 1 << 50] {
            for field in [0, 1, u32::MAX] {
                for ratio in [0.0, 1.0, 1030.0] {
                    for seen in [0, 512, u64::MAX / 2] {
                        let Unpacked { min, bytes, max, .. } = sample(ratio, seen).resolve(compressed, field);
                        assert!(min <= bytes && bytes <= max, "{compressed} {field} {ratio} {seen}");
                    }
                }
            }
        }
    }
}
