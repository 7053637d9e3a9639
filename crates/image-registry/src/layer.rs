//! How large a layer is unpacked, found out from a few of its bytes.
//!
//! At most 64 KiB of a layer are read by `Range` requests; of an eStargz layer the table of contents as well, up to 1 MiB, and of a zstd
//! layer without content size 132 KiB, where its first block is longer.
//!
//! | the layer is | what decides | unpacked size |
//! | --- | --- | --- |
//! | at most 64 KiB | all of it | exact, with all entries |
//! | gzip, one member | the last four bytes modulo 2^32, and the head, see [`gzip`] | exact where one size alone is possible |
//! | eStargz | the table of contents, or the annotation that its tools write, see [`estargz`] | exact |
//! | gzip, several members | the head | estimated |
//! | zstd with content sizes | frame headers in the head, see [`zstd`] | exact |
//! | a tar archive | the head | exact: its own |
//! | anything else, or unreadable | | estimated |
//!
//! The tail of a gzip layer is read first, and decides alone where hardly anything was compressed, because then there can be few small
//! files. Otherwise the head is read as well: its entries are a sample of the files, see [`tar`].
//!
//! "Unpacked" is the length of the tar archive. Estimates are a range, see [`estimate`](mod@estimate).

mod content;
mod estargz;
mod estimate;
mod gzip;
mod tar;
mod zstd;

use std::fmt;
use std::ops::Range;

use self::tar::BLOCK;
pub(super) use self::tar::Entries;
use super::manifest::Descriptor;

/// A layer of at most so many bytes is read whole.
const WHOLE: u64 = 64 << 10;
/// What is read at the start and at the end of a longer one.
const HEAD: u64 = 48 << 10;
const TAIL: u64 = 8 << 10;
/// What is read at the start of a zstd layer whose first block is longer: a block and the headers before it.
const LONG_HEAD: u64 = 132 << 10;

/// The unpacked size of a layer: the length of its tar archive, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Unpacked {
    /// The size to expect.
    pub bytes: u64,
    /// The smallest possible size.
    pub min: u64,
    /// A size that the layer hardly exceeds. It equals the others where the size is exact.
    pub max: u64,
    /// What the size rests on.
    pub basis: Basis,
    /// The entries that were seen.
    pub(super) entries: Entries,
    /// Unpacked over compressed, in the beginning of the layer.
    pub(super) head_ratio: Option<f64>,
}

/// What the unpacked size of a layer rests on. `Display` is a phrase that says why a size is an estimate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The layer states its size.
    Exact,
    /// Its size field counts modulo 4 GiB, and several sizes are possible.
    SizeFieldWraps,
    /// It is made of several gzip members, of which only the last states its size, or of several zstd frames.
    SeveralMembers,
    /// A zstd encoder that wrote a stream did not state the size.
    NoContentSize,
    /// The table of contents is longer than what is read.
    LongTableOfContents,
    /// Its format is not known.
    UnknownFormat,
    /// Registries need not have it.
    NotDistributed,
    /// It cannot be read, or not in parts: the host that responded, and what it said.
    Unreadable(String),
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact => "it states its size",
            Self::SizeFieldWraps => "its gzip size field counts modulo 4 GiB",
            Self::SeveralMembers => "it has several gzip members or zstd frames, not all of which state their size",
            Self::NoContentSize => "its zstd frames do not state their size",
            Self::LongTableOfContents => "its eStargz table of contents is too long to be read",
            Self::UnknownFormat => "its format is not known",
            Self::NotDistributed => "its media type says that registries do not distribute it",
            Self::Unreadable(reason) => return write!(f, "it cannot be read in parts: {reason}"),
        })
    }
}

impl Unpacked {
    /// A size that the layer states.
    pub fn exact(bytes: u64) -> Self {
        let (entries, head_ratio) = (Entries::default(), None);
        Self { bytes, min: bytes, max: bytes, basis: Basis::Exact, entries, head_ratio }
    }

    /// An estimate without anything to go by but the compressed size, and the ratio in a sample if there is one.
    fn estimate(compressed: u64, sampled_ratio: Option<f64>, basis: Basis) -> Self {
        let [min, bytes, max] = [
            estimate::lower(compressed),
            estimate::typical(compressed, sampled_ratio),
            estimate::upper(compressed, sampled_ratio),
        ];
        Self { min: min.min(bytes), bytes, max: max.max(bytes), ..Self::estimated(basis) }
    }

    fn estimated(basis: Basis) -> Self {
        Self { basis, ..Self::exact(0) }
    }

    /// An estimate between two bounds.
    pub fn estimated_between(min: u64, max: u64, basis: Basis) -> Self {
        Self { min, bytes: min, max, ..Self::estimated(basis) }
    }

    /// The same, where the layer is known to have at least `bytes`.
    fn at_least(self, bytes: u64) -> Self {
        Self { min: self.min.max(bytes), bytes: self.bytes.max(bytes), max: self.max.max(bytes), ..self }
    }

    /// The same, where the layer may have up to `bytes`.
    fn at_most(self, bytes: u64) -> Self {
        Self { max: self.max.max(bytes), ..self }
    }

    /// Whether the layer states its size.
    pub fn is_exact(&self) -> bool {
        self.basis == Basis::Exact
    }
}

/// Bytes of a blob, or why it cannot be read in parts.
pub(super) enum Part {
    Bytes(Vec<u8>),
    Unreadable(String),
}

/// Something that reads parts of a blob.
pub(super) trait ReadRange {
    /// What ends the whole inspection.
    type Error;

    /// Reads `range`, which is not empty and inside the blob.
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
/// Those of `blob`. A layer that cannot be read in parts, or not be understood, is not an error: its size is estimated.
pub(super) async fn measure<R: ReadRange>(descriptor: &Descriptor, blob: &R) -> Result<Unpacked, R::Error> {
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
        let tail = bytes_or_estimate!(blob.read(size - TAIL..size).await?, estimate);
        if let Some(unpacked) = tail_alone(descriptor, &tail) {
            return Ok(unpacked);
        }
        let head = bytes_or_estimate!(blob.read(0..HEAD).await?, estimate);
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

/// The size of a gzip layer whose tail decides alone: what was compressed is too little for the headers of many small files.
fn tail_alone(descriptor: &Descriptor, tail: &[u8]) -> Option<Unpacked> {
    let size = descriptor.size;
    let field = u64::from(u32::from_le_bytes(*tail.last_chunk()?));
    // A header shrinks by this much at least, and the file after it wastes less than a block.
    let most_entries = field.checked_sub(estimate::lower(size))? / 400;
    let has_few = most_entries.saturating_mul(BLOCK) <= field / 20;
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
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use flate2::{Compression, write::GzEncoder};

    use super::tar::tests::entry;
    use super::*;

    const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    const UNREADABLE: &str = "unreadable";

    /// A blob in memory, of which only the ends may be present, that records what was read.
    struct Blob {
        size: u64,
        head: Vec<u8>,
        tail: Vec<u8>,
        media_type: &'static str,
        read: Mutex<Vec<Range<u64>>>,
    }

    impl Blob {
        fn new(bytes: Vec<u8>) -> Self {
            let size = bytes.len() as u64;
            Self { size, tail: bytes.clone(), head: bytes, media_type: "m", read: Mutex::default() }
        }

        /// One of `size` bytes, whose middle is missing.
        fn forged(size: u64, head: &[u8], size_field: u32) -> Self {
            let tail = [vec![0; TAIL as usize - 4], size_field.to_le_bytes().to_vec()].concat();
            Self { size, tail, head: head[..HEAD as usize].to_vec(), media_type: GZIP, read: Mutex::default() }
        }

        fn reads(&self) -> usize {
            self.read.lock().unwrap().len()
        }

        async fn measure(&self) -> Unpacked {
            self.measure_with(&[]).await
        }

        async fn measure_with(&self, annotations: &[(&str, &str)]) -> Unpacked {
            let annotations = annotations.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
            let (digest, media_type) = (String::new(), self.media_type.to_owned());
            let descriptor = Descriptor { digest, media_type, size: self.size, annotations };
            let unpacked = measure(&descriptor, self).await.unwrap();
            let read = self.read.lock().unwrap().iter().map(|range| range.end - range.start).sum::<u64>();
            assert!(read <= 64 << 10, "read {read} bytes");
            unpacked
        }
    }

    impl ReadRange for Blob {
        type Error = std::convert::Infallible;

        async fn read(&self, range: Range<u64>) -> Result<Part, Self::Error> {
            assert!(range.start < range.end && range.end <= self.size, "{range:?} of {}", self.size);
            if self.media_type == UNREADABLE {
                return Ok(Part::Unreadable("r.io responds with status 416".to_owned()));
            }
            self.read.lock().unwrap().push(range.clone());
            let before_tail = self.size - self.tail.len() as u64;
            let (bytes, offset) = if range.start >= before_tail { (&self.tail, before_tail) } else { (&self.head, 0) };
            Ok(Part::Bytes(bytes[(range.start - offset) as usize..(range.end - offset) as usize].to_vec()))
        }
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// Bytes that gzip shrinks by about a fifth, so that a megabyte of them is a large blob.
    fn text(len: usize) -> Vec<u8> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b' ' + (state >> 24) as u8 % 80
        };
        (0..len).map(|_| next()).collect()
    }

    /// An archive with files of the given lengths.
    fn archive(files: &[usize]) -> Vec<u8> {
        let file = |len: &usize| entry("file", b'0', *len as u64, &text(*len));
        [files.iter().flat_map(file).collect(), vec![0; 1024]].concat()
    }

    fn len(archive: &[u8]) -> u64 {
        archive.len() as u64
    }

    #[tokio::test]
    async fn small_layer_is_counted() {
        let (one, two) = (archive(&[9_000]), archive(&[10_000, 10_000]));
        for (bytes, expected, count) in [
            (gzip(&one), len(&one), 1),
            (gzip(&[]), 0, 0),
            ([gzip(&one[..600]), gzip(&one[600..]), gzip(&[])].concat(), len(&one), 1),
            (gzip(&two), len(&two), 2),
            (gzip(&vec![0; 10 << 20]), 10 << 20, 0),
            (one.clone(), len(&one), 1),
        ] {
            let blob = Blob::new(bytes);
            let unpacked = blob.measure().await;
            assert_eq!((unpacked.bytes, unpacked.is_exact(), unpacked.entries.count), (expected, true, count));
            assert_eq!(blob.reads(), 1);
        }
    }

    #[tokio::test]
    async fn large_layer_states_its_size_in_its_last_bytes() {
        let archive = archive(&[500_000, 500_000]);
        for (media_type, ranges) in [(GZIP, 2), ("m", 2)] {
            let blob = Blob { media_type, ..Blob::new(gzip(&archive)) };
            assert!(blob.size > WHOLE);
            let unpacked = blob.measure().await;
            assert_eq!((unpacked.bytes, unpacked.is_exact()), (len(&archive), true));
            // The first file reaches beyond what was read.
            assert_eq!((unpacked.entries.count, unpacked.entries.archive_bytes), (1, 512 + 500_224));
            assert_eq!(blob.reads(), ranges);
        }
    }

    #[tokio::test]
    async fn tail_decides_alone_where_little_was_compressed() {
        let mut random = archive(&[1 << 20]);
        let mut state = 1u64;
        for byte in &mut random[512..(1 << 20) + 512] {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        let blob = Blob { media_type: GZIP, ..Blob::new(gzip(&random)) };
        let unpacked = blob.measure().await;
        assert_eq!((unpacked.bytes, unpacked.is_exact(), blob.reads()), (len(&random), true, 1));
    }

    #[tokio::test]
    async fn several_members_are_estimated() {
        let (small, large) = (archive(&[9_000]), archive(&[1_000_000]));
        for members in [[&small, &large], [&large, &small]] {
            let blob = Blob::new(members.into_iter().flat_map(|content| gzip(content)).collect());
            let actual = len(&small) + len(&large);
            let unpacked = blob.measure().await;
            assert_eq!(unpacked.basis, Basis::SeveralMembers);
            assert!((unpacked.min..=unpacked.max).contains(&actual), "{unpacked:?}");
            assert!((0.8..1.25).contains(&(unpacked.bytes as f64 / actual as f64)), "{unpacked:?}");
        }
    }

    #[tokio::test]
    async fn archive_has_its_own_size() {
        let archive = archive(&[1 << 20]);
        let unpacked = Blob::new(archive.clone()).measure().await;
        assert_eq!((unpacked.bytes, unpacked.is_exact(), unpacked.entries.count), (len(&archive), true, 1));
    }

    #[tokio::test]
    async fn unknown_format_is_estimated() {
        let damaged = [&gzip(&archive(&[9_000]))[..50], b"rest"].concat();
        for bytes in [text(100_000), damaged, vec![0x1f, 0x8b], vec![0x1f; 100]] {
            let (size, unpacked) = (bytes.len() as u64, Blob::new(bytes).measure().await);
            let expected = (estimate::typical(size, None), estimate::upper(size, None), Basis::UnknownFormat);
            assert_eq!((unpacked.bytes, unpacked.max, unpacked.basis), expected);
        }
    }

    #[tokio::test]
    async fn unreadable_layer_is_estimated() {
        for content in [archive(&[9_000]), archive(&[1_000_000])] {
            let blob = Blob { media_type: UNREADABLE, ..Blob::new(gzip(&content)) };
            let unpacked = blob.measure().await;
            assert_eq!(unpacked.basis.to_string(), "it cannot be read in parts: r.io responds with status 416");
            assert!((unpacked.min..=unpacked.max).contains(&len(&content)), "{unpacked:?}");
        }
    }

    #[tokio::test]
    async fn foreign_layer_is_not_read() {
        let media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
        let blob = Blob { media_type, ..Blob::new(vec![0; 1000]) };
        let unpacked = blob.measure().await;
        assert_eq!((unpacked.bytes, unpacked.max, unpacked.basis), (2500, 10_000, Basis::NotDistributed));
        assert_eq!(blob.reads(), 0);
    }

    #[tokio::test]
    async fn estargz_is_read_from_its_table_of_contents() {
        let entries = r#"{"version":1,"entries":[
            {"name":"dir/","type":"dir"},
            {"name":"dir/a","type":"reg","size":1000000},
            {"name":"dir/a","type":"chunk","size":500000},
            {"name":"b","type":"symlink"}]}"#;
        // Three headers, one file padded to 512 bytes, and the table's own archive.
        let expected = 3 * 512 + 1_000_448 + estargz::tests::toc_archive(entries).len() as u64;
        let content = gzip(&archive(&[1_000_000]));
        let blob = [&*content, &estargz::tests::toc_and_footer(entries, content.len() as u64)].concat();
        let unpacked = Blob::new(blob.clone()).measure().await;
        assert_eq!((unpacked.bytes, unpacked.is_exact(), unpacked.entries.count), (expected, true, 4));
        assert_eq!(unpacked.entries.archive_bytes, expected);
        let annotation = [("io.containers.estargz.uncompressed-size", "1234567")];
        let unpacked = Blob::new(blob).measure_with(&annotation).await;
        assert_eq!((unpacked.bytes, unpacked.is_exact(), unpacked.entries.count), (1_234_567, true, 4));
    }

    #[tokio::test]
    async fn long_table_of_contents_is_estimated() {
        let content = gzip(&archive(&[1_000_000]));
        let footer = &estargz::tests::toc_and_footer("{}", content.len() as u64);
        let blob = [&*content, &vec![7; 2 << 20], &footer[footer.len() - 51..]].concat();
        let unpacked = Blob::new(blob.clone()).measure().await;
        assert_eq!(unpacked.basis, Basis::LongTableOfContents);
        assert_eq!(unpacked.entries.count, 1);
        let annotation = [("io.containers.estargz.uncompressed-size", "1234567")];
        let unpacked = Blob::new(blob).measure_with(&annotation).await;
        assert_eq!((unpacked.bytes, unpacked.is_exact()), (1_234_567, true));
    }

    #[tokio::test]
    async fn five_gib_of_zeros_are_not_taken_for_one() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; 64 << 20]).unwrap();
        let zeros = encoder.finish().unwrap();
        // 5 GiB of zeros are 5 MiB of gzip.
        let blob = Blob::forged((5 << 30) / 1030, &zeros, 1 << 30);
        assert_eq!(blob.measure().await.bytes, 5 << 30);
        // The header of a file says it, too.
        let lastlog = [entry("lastlog", b'0', 5 << 30, &[]), vec![0; 64 << 20]].concat();
        let blob = Blob::forged((5 << 30) / 1030, &gzip(&lastlog), (1 << 30) + 1536);
        let unpacked = blob.measure().await;
        assert_eq!((unpacked.bytes, unpacked.is_exact()), ((5 << 30) + 1536, true));
    }
}
