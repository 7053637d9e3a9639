use std::io::Write;
use std::sync::Mutex;

use flate2::{Compression, write::GzEncoder};

use super::tar::tests::entry;
use super::*;

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const UNREADABLE: &str = "unreadable";

/// A blob in memory, possibly only its ends, that records the reads.
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

    /// A blob of `size` bytes whose middle is missing.
    fn forged(size: u64, head: &[u8], size_field: u32) -> Self {
        let tail = [vec![0; TAIL as usize - 4], size_field.to_le_bytes().to_vec()].concat();
        Self { size, tail, head: head[..HEAD as usize].to_vec(), media_type: GZIP, read: Mutex::default() }
    }

    fn reads(&self) -> usize {
        self.read.lock().unwrap().len()
    }

    async fn measure(&self) -> Unpacked {
        self.measure_with(&[], Ends::InTurn).await
    }

    async fn measure_with(&self, annotations: &[(&str, &str)], ends: Ends) -> Unpacked {
        let annotations = annotations.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let (digest, media_type) = (String::new(), self.media_type.to_owned());
        let descriptor = Descriptor { digest, media_type, size: self.size, annotations };
        let unpacked = measure(&descriptor, self, ends).await.unwrap();
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
async fn tail_is_sufficient_for_incompressible_layers() {
    for size in [70 << 10, 1 << 20] {
        let mut random = archive(&[size]);
        let mut state = 1u64;
        for byte in &mut random[512..size + 512] {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        for (layers, reads) in [(FEW_LAYERS, 2), (FEW_LAYERS + 1, 1)] {
            let blob = Blob { media_type: GZIP, ..Blob::new(gzip(&random)) };
            let unpacked = blob.measure_with(&[], Ends::of_image(layers)).await;
            assert_eq!((unpacked.bytes, unpacked.is_exact(), blob.reads()), (len(&random), true, reads), "{size}");
        }
    }
}

#[tokio::test]
async fn size_does_not_depend_on_how_the_ends_are_read() {
    for files in [vec![500_000, 500_000], vec![1_000; 400], vec![1 << 20]] {
        let blob = || Blob { media_type: GZIP, ..Blob::new(gzip(&archive(&files))) };
        assert_eq!(blob().measure_with(&[], Ends::Together).await, blob().measure_with(&[], Ends::InTurn).await);
    }
}

#[tokio::test]
async fn halves_of_equal_members_are_taken_for_one_member() {
    // A known limit: a second member that may be the whole layer, after a first one that is longer than the head.
    let content: Vec<u8> = text(1_000_000).iter().map(|byte| byte % 4).collect();
    let half = [entry("file", b'0', 1_000_000, &content), vec![0; 1024]].concat();
    let unpacked = Blob::new([gzip(&half), gzip(&half)].concat()).measure().await;
    assert_eq!((unpacked.bytes, unpacked.is_exact()), (len(&half), true));
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
    let unpacked = Blob::new(blob).measure_with(&annotation, Ends::Together).await;
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
    let unpacked = Blob::new(blob).measure_with(&annotation, Ends::Together).await;
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
    // The header of a file states it as well.
    let lastlog = [entry("lastlog", b'0', 5 << 30, &[]), vec![0; 64 << 20]].concat();
    let blob = Blob::forged((5 << 30) / 1030, &gzip(&lastlog), (1 << 30) + 1536);
    let unpacked = blob.measure().await;
    assert_eq!((unpacked.bytes, unpacked.is_exact()), ((5 << 30) + 1536, true));
}
