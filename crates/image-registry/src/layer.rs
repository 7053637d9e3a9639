//! Determines the unpacked size of a layer from a few of its bytes.
//!
//! At most 64 KiB of a layer are read by `Range` requests; of an eStargz layer also the table of contents, up to 1 MiB; of a
//! zstd layer without content size 132 KiB, if its first block is longer.
//!
//! | the layer is | what decides | requests | unpacked size |
//! | --- | --- | --- | --- |
//! | not distributed by registries | its media type | 0 | estimated |
//! | at most 64 KiB | all of it | 1 | exact, with all entries |
//! | gzip, almost incompressible | the tail: the last four bytes, the size modulo 2^32, which cannot have wrapped | 1 | exact |
//! | gzip, one member | tail and head, see [`gzip`] | 2 | exact if only one size is possible |
//! | gzip, several members | tail and head | 2 | estimated |
//! | eStargz | tail and head, and the table of contents, or the annotation that its tools write, see [`estargz`] | 3 | exact |
//! | zstd with content sizes | frame headers in the head, see [`zstd`] | 1 | exact |
//! | zstd without | the head, and a longer one if its first block is longer | 1 or 2 | estimated |
//! | a tar archive | the head | 1 | exact: its own |
//! | anything else, or unreadable | the head | 1 | estimated |
//!
//! An almost incompressible gzip layer can contain few small files, and its tail is sufficient. Otherwise the entries in the head
//! are a sample of the files, see [`tar`]. Only the tail shows which is the case. So tail and head are read concurrently or one
//! after the other, see [`Ends`].
//!
//! "Unpacked" is the length of the tar archive. Estimates are a range, see [`estimate`](mod@estimate).

mod content;
mod estargz;
mod estimate;
mod gzip;
mod tar;
mod unpacked;
mod zstd;

use std::ops::Range;

use futures_util::future::join;

use self::tar::BLOCK;
pub(super) use self::tar::Entries;
pub use self::unpacked::{Basis, Unpacked};
use super::manifest::Descriptor;

/// A layer of at most this size in bytes is read whole.
const WHOLE: u64 = 64 << 10;
/// Bytes that are read at the start and at the end of a longer one.
const HEAD: u64 = 48 << 10;
const TAIL: u64 = 8 << 10;
/// Bytes that are read at the start of a zstd layer whose first block is longer: a block and the headers before it.
const LONG_HEAD: u64 = 132 << 10;
/// Small files up to this size are covered by the overhead that is added for each layer.
const FEW_FILES_BYTES: u64 = 32 << 10;
/// Up to this number of layers, both ends of each layer are read concurrently.
const FEW_LAYERS: usize = 16;

/// How the two ends of a gzip layer are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Concurrently: the fewest round trips.
    Together,
    /// The head only if the tail is not sufficient: the fewest requests.
    InTurn,
}

impl Ends {
    /// For an image with the given number of layers: if there are many, the tails alone keep a registry busy.
    pub fn of_image(layers: usize) -> Self {
        if layers <= FEW_LAYERS { Self::Together } else { Self::InTurn }
    }
}

/// Bytes of a blob, or why it cannot be read in parts.
pub(super) enum Part {
    Bytes(Vec<u8>),
    Unreadable(String),
}

/// Reads parts of a blob.
pub(super) trait ReadRange {
    /// An error that ends the whole inspection.
    type Error;

    /// Reads `range`, which is not empty and lies within the blob.
    fn read(&self, range: Range<u64>) -> impl Future<Output = Result<Part, Self::Error>> + Send;
}

/// Takes the bytes of a part, or returns an estimate.
macro_rules! bytes_or_estimate {
    ($part:expr, $estimate:expr) => {
        match $part {
            Part::Bytes(bytes) => bytes,
            Part::Unreadable(reason) => return Ok($estimate(Basis::Unreadable(reason))),
        }
    };
}

/// Measures the layer that `descriptor` describes.
///
/// # Errors
///
/// Those of `blob`. It is not an error if a layer cannot be read in parts or decoded: its size is estimated.
pub(super) async fn measure<R: ReadRange>(descriptor: &Descriptor, blob: &R, ends: Ends) -> Result<Unpacked, R::Error> {
    let size = descriptor.size;
    let estimate = |basis| Unpacked::estimate(size, None, basis);
    if size == 0 {
        return Ok(Unpacked::exact(0));
    }
    if descriptor.is_foreign() {
        return Ok(estimate(Basis::NotDistributed));
    }
    if size <= WHOLE {
        let whole = bytes_or_estimate!(blob.read(0..size).await?, estimate);
        return Ok(unpack(&whole));
    }
    if descriptor.is_gzip() {
        let (tail, head) = match ends {
            Ends::Together => {
                let (tail, head) = join(blob.read(size - TAIL..size), blob.read(0..HEAD)).await;
                (tail?, Some(head?))
            }
            Ends::InTurn => (blob.read(size - TAIL..size).await?, None),
        };
        let tail = bytes_or_estimate!(tail, estimate);
        if let Some(unpacked) = tail_alone(descriptor, &tail) {
            return Ok(unpacked);
        }
        let head = match head {
            Some(head) => head,
            None => blob.read(0..HEAD).await?,
        };
        let head = bytes_or_estimate!(head, estimate);
        if gzip::is_gzip(&head) {
            return measure_gzip(descriptor, blob, &head, &tail).await;
        }
        return without_tail(blob, head, size).await;
    }
    let head = bytes_or_estimate!(blob.read(0..HEAD).await?, estimate);
    if !gzip::is_gzip(&head) {
        return without_tail(blob, head, size).await;
    }
    let sample = gzip::Sample::of(&head);
    let tail = bytes_or_estimate!(blob.read(size - TAIL..size).await?, |basis| sample.estimate(size, basis));
    measure_gzip(descriptor, blob, &head, &tail).await
}

/// A layer that was read whole.
fn unpack(whole: &[u8]) -> Unpacked {
    let size = whole.len() as u64;
    if gzip::is_gzip(whole) {
        let damaged = || gzip::Sample::of(whole).estimate(size, Basis::UnknownFormat);
        return gzip::unpacked(whole).unwrap_or_else(damaged);
    }
    by_head(whole, size)
}

/// A layer of `size` bytes that is not gzip, and begins with `head`.
async fn without_tail<R: ReadRange>(blob: &R, head: Vec<u8>, size: u64) -> Result<Unpacked, R::Error> {
    let unpacked = by_head(&head, size);
    if unpacked.basis == Basis::NoContentSize
        && unpacked.head_ratio.is_none()
        && let Part::Bytes(head) = blob.read(0..LONG_HEAD.min(size)).await?
    {
        return Ok(by_head(&head, size));
    }
    Ok(unpacked)
}

fn by_head(head: &[u8], size: u64) -> Unpacked {
    if zstd::is_zstd(head) {
        return by_zstd_head(head, size);
    }
    if tar::is_tar(head) {
        return Unpacked { entries: tar::entries(&mut &head[..]), ..Unpacked::exact(size) };
    }
    Unpacked::estimate(size, None, Basis::UnknownFormat)
}

fn by_zstd_head(head: &[u8], size: u64) -> Unpacked {
    let content = zstd::content(head);
    let entries = content.entries;
    let head_ratio = (content.len > 0).then(|| content.len as f64 / head.len() as f64);
    let whole = (content.is_complete && head.len() as u64 == size).then_some(content.len);
    let unpacked = match whole.or_else(|| zstd::content_size(head, size)) {
        // A tar archive is a multiple of 512 bytes long, and not shorter than its entries.
        Some(bytes) if entries.count == 0 || bytes >= entries.archive_bytes && bytes.is_multiple_of(tar::RECORD) => {
            Unpacked::exact(bytes)
        }
        Some(bytes) => Unpacked::estimate(size, head_ratio, Basis::SeveralMembers).at_least(bytes),
        None => Unpacked::estimate(size, head_ratio, Basis::NoContentSize),
    };
    let unpacked = if unpacked.is_exact() { unpacked } else { unpacked.at_least(entries.archive_bytes) };
    Unpacked { entries, head_ratio, ..unpacked }
}

/// The size of a gzip layer whose tail is sufficient: it compressed too little to contain the headers of many small files.
fn tail_alone(descriptor: &Descriptor, tail: &[u8]) -> Option<Unpacked> {
    let size = descriptor.size;
    let field = u64::from(u32::from_le_bytes(*tail.last_chunk()?));
    // A header shrinks by at least this much, and the file after it wastes less than a block.
    let most_entries = field.checked_sub(estimate::lower(size))? / 400;
    let has_few = most_entries.saturating_mul(BLOCK) <= (field / 20).max(FEW_FILES_BYTES);
    let is_decided = has_few
        && field.is_multiple_of(tar::RECORD)
        && estimate::upper(size, None) < 1 << 32
        && estargz::toc_range(tail, size).is_none();
    is_decided.then(|| Unpacked { head_ratio: None, ..Unpacked::exact(field) })
}

async fn measure_gzip<R: ReadRange>(
    descriptor: &Descriptor,
    blob: &R,
    head: &[u8],
    tail: &[u8],
) -> Result<Unpacked, R::Error> {
    let size = descriptor.size;
    let sample = gzip::Sample::of(head);
    let Some(toc) = estargz::toc_range(tail, size) else {
        let size_field = tail.last_chunk().copied().map_or(0, u32::from_le_bytes);
        return Ok(sample.resolve(size, size_field));
    };
    let annotated = estargz::annotated_size(&descriptor.annotations);
    if toc.end - toc.start <= estargz::MAX_TOC {
        let toc = match blob.read(toc).await? {
            Part::Bytes(toc) => estargz::unpacked(&toc),
            Part::Unreadable(_) => None,
        };
        if let Some(unpacked) = toc {
            return Ok(unpacked.at_least(annotated.unwrap_or(0)));
        }
    }
    let estimate = || sample.estimate(size, Basis::LongTableOfContents);
    Ok(annotated.map_or_else(estimate, |bytes| Unpacked { entries: sample.entries, ..Unpacked::exact(bytes) }))
}

#[cfg(test)]
mod tests;
