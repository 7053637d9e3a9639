//! How large a layer is unpacked, told from a few of its bytes.
//!
//! Never more than 64 KiB of a layer are read, by `Range` requests: at its start, and where the format keeps sizes at the
//! end, there. The layer's own first bytes say what it is; its media type is not asked.
//!
//! | the layer is | unpacked size | exact |
//! | --- | --- | --- |
//! | a tar archive | its own | yes |
//! | at most 48 KiB | read whole, and counted (gzip, zstd with sizes) | yes |
//! | gzip, one member | the last four bytes modulo 2^32, see [`gzip`] | where one size alone is possible |
//! | eStargz | from its table of contents, or the annotation that its tools write, see [`estargz`] | yes |
//! | gzip, several members | compressed × [`TYPICAL_RATIO`], or × the ratio of its start if that is unusual | no |
//! | zstd with content sizes | from its frame headers, see [`zstd`] | yes |
//! | anything else, or the registry ignores `Range` | compressed × [`TYPICAL_RATIO`] | no |
//!
//! "Unpacked" is the length of the tar archive. The files on disk differ by what a file system rounds and tar pads.

mod estargz;
mod gzip;
mod zstd;

use std::ops::Range;

use super::manifest::Descriptor;

/// Unpacked over compressed, where nothing better is known. An assumption: system directories of Debian compress by 2.2
/// to 3 with gzip and zstd alike.
const TYPICAL_RATIO: f64 = 2.5;

/// A layer of at most so many bytes is read whole.
const WHOLE: u64 = 48 << 10;
/// What is read at the start and at the end of a longer one. With [`estargz::MAX_TOC`] this makes 64 KiB.
const HEAD: u64 = 24 << 10;
const TAIL: u64 = 8 << 10;

/// An unpacked size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unpacked {
    pub bytes: u64,
    /// Told by the layer, not estimated by a ratio.
    pub exact: bool,
}

/// Something that reads parts of a blob.
pub(super) trait ReadRange {
    /// Why it could not be read.
    type Error;

    /// Reads `range`, which is not empty and inside the blob. `None` when only whole blobs are to be had.
    fn read(&self, range: Range<u64>) -> impl Future<Output = Result<Option<Vec<u8>>, Self::Error>> + Send;
}

/// Measures the layer that `descriptor` describes.
///
/// # Errors
///
/// Those of `blob`. A layer that cannot be understood is no error: its size is estimated.
pub(super) async fn measure<R: ReadRange>(descriptor: &Descriptor, blob: &R) -> Result<Unpacked, R::Error> {
    let size = descriptor.size;
    if size == 0 || descriptor.is_foreign() {
        return Ok(estimate(size, None));
    }
    let head_len = if size <= WHOLE { size } else { HEAD };
    let Some(head) = blob.read(0..head_len).await? else {
        return Ok(estimate(size, None));
    };
    if zstd::is_zstd(&head) {
        return Ok(zstd::content_size(&head, size).map_or_else(|| estimate(size, None), exact));
    }
    if !gzip::is_gzip(&head) {
        return Ok(if is_tar(&head) { exact(size) } else { estimate(size, None) });
    }
    if head_len == size {
        return Ok(gzip::unpacked(&head).map_or_else(|| estimate(size, None), exact));
    }
    let sample = gzip::Sample::of(&head);
    let Some(tail) = blob.read(size - TAIL..size).await? else {
        return Ok(estimate(size, Some(sample.ratio)));
    };
    if let Some(toc) = estargz::toc_range(&tail, size) {
        if let Some(bytes) = estargz::annotated_size(&descriptor.annotations) {
            return Ok(exact(bytes));
        }
        if toc.end - toc.start <= estargz::MAX_TOC
            && let Some(toc) = blob.read(toc).await?
            && let Some(bytes) = estargz::unpacked(&toc)
        {
            return Ok(exact(bytes));
        }
        return Ok(estimate(size, Some(sample.ratio)));
    }
    let told = tail.last_chunk().and_then(|size_field| sample.resolve(size, u32::from_le_bytes(*size_field)));
    Ok(told.unwrap_or_else(|| estimate(size, Some(sample.ratio))))
}

fn exact(bytes: u64) -> Unpacked {
    Unpacked { bytes, exact: true }
}

fn estimate(compressed: u64, sampled_ratio: Option<f64>) -> Unpacked {
    let bytes = (compressed as f64 * expected_ratio(sampled_ratio)) as u64;
    Unpacked { bytes, exact: compressed == 0 }
}

/// The first bytes of a layer are mostly directories and small files, which say little of the rest. But a layer that
/// begins like packed data (model weights, archives) or like nothing at all (zeros) mostly goes on so.
fn expected_ratio(sampled: Option<f64>) -> f64 {
    sampled.filter(|ratio| !(1.4..=10.0).contains(ratio)).unwrap_or(TYPICAL_RATIO)
}

/// Both POSIX and GNU archives have `ustar` in their first header.
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// A blob in memory, of which only the ends may be there, that notes what was read.
    struct Blob {
        size: u64,
        head: Vec<u8>,
        tail: Vec<u8>,
        ranges: bool,
        read: Mutex<u64>,
    }

    impl Blob {
        fn new(bytes: Vec<u8>) -> Self {
            Self { size: bytes.len() as u64, tail: bytes.clone(), head: bytes, ranges: true, read: Mutex::default() }
        }

        async fn measure(&self) -> Unpacked {
            self.measure_with(&[]).await
        }

        async fn measure_with(&self, annotations: &[(&str, &str)]) -> Unpacked {
            let annotations = annotations.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
            let (digest, media_type) = (String::new(), String::new());
            let descriptor = Descriptor { digest, media_type, size: self.size, annotations };
            let unpacked = measure(&descriptor, self).await.unwrap();
            assert!(*self.read.lock().unwrap() <= 64 << 10, "read {} bytes", self.read.lock().unwrap());
            unpacked
        }
    }

    impl ReadRange for Blob {
        type Error = std::convert::Infallible;

        async fn read(&self, range: Range<u64>) -> Result<Option<Vec<u8>>, Self::Error> {
            assert!(range.start < range.end && range.end <= self.size, "{range:?} of {}", self.size);
            if !self.ranges && range.start > 0 {
                return Ok(None);
            }
            *self.read.lock().unwrap() += range.end - range.start;
            let before_tail = self.size - self.tail.len() as u64;
            let (bytes, offset) = if range.start >= before_tail { (&self.tail, before_tail) } else { (&self.head, 0) };
            Ok(Some(bytes[(range.start - offset) as usize..(range.end - offset) as usize].to_vec()))
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

    #[tokio::test]
    async fn small_layers_are_counted() {
        let (one, two) = (text(9_000), text(20_000));
        for (bytes, expected) in [
            (gzip(&one), 9_000),
            (gzip(&[]), 0),
            ([gzip(&one), gzip(&two), gzip(&[])].concat(), 29_000),
            (gzip(&vec![0; 10 << 20]), 10 << 20),
        ] {
            assert_eq!(Blob::new(bytes).measure().await, exact(expected));
        }
    }

    #[tokio::test]
    async fn a_large_layer_tells_its_size_in_its_last_bytes() {
        let blob = Blob::new(gzip(&text(1_000_000)));
        assert!(blob.size > WHOLE);
        assert_eq!(blob.measure().await, exact(1_000_000));
        assert_eq!(*blob.read.lock().unwrap(), HEAD + TAIL);
    }

    #[tokio::test]
    async fn several_members_are_estimated() {
        for members in [[text(9_000), text(1_000_000)], [text(1_000_000), text(9_000)]] {
            let blob = Blob::new(members.iter().flat_map(|content| gzip(content)).collect());
            let unpacked = blob.measure().await;
            let ratio = unpacked.bytes as f64 / blob.size as f64;
            assert!(!unpacked.exact && (1.1..=1.4).contains(&ratio), "{ratio}");
        }
    }

    #[tokio::test]
    async fn a_tar_archive_is_as_large_as_it_is() {
        let mut tar = vec![0; 1 << 20];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(Blob::new(tar).measure().await, exact(1 << 20));
    }

    #[tokio::test]
    async fn what_is_not_understood_is_estimated() {
        for bytes in [text(100_000), [&gzip(&text(9_000))[..50], b"rest"].concat(), vec![0x1f, 0x8b]] {
            let (size, unpacked) = (bytes.len() as f64, Blob::new(bytes).measure().await);
            assert_eq!(unpacked, Unpacked { bytes: (size * TYPICAL_RATIO) as u64, exact: false });
        }
        let without_ranges = Blob { ranges: false, ..Blob::new(gzip(&text(1_000_000))) };
        assert!(!without_ranges.measure().await.exact);
    }

    #[tokio::test]
    async fn a_foreign_layer_is_not_read() {
        let digest = String::new();
        let media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".to_owned();
        let descriptor = Descriptor { digest, media_type, size: 1000, annotations: Default::default() };
        let blob = Blob::new(Vec::new());
        assert_eq!(measure(&descriptor, &blob).await, Ok(Unpacked { bytes: 2500, exact: false }));
        assert_eq!(*blob.read.lock().unwrap(), 0);
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
        let blob = Blob::new([gzip(&text(1_000_000)), estargz::tests::toc_and_footer(entries, 800_000)].concat());
        let toc_at = blob.size - estargz::tests::toc_and_footer(entries, 0).len() as u64;
        let blob = Blob::new([gzip(&text(1_000_000)), estargz::tests::toc_and_footer(entries, toc_at)].concat());
        assert_eq!(blob.measure().await, exact(expected));
        let blob = Blob::new(blob.head);
        let annotation = [("io.containers.estargz.uncompressed-size", "1234567")];
        assert_eq!(blob.measure_with(&annotation).await, exact(1_234_567));
    }

    #[tokio::test]
    async fn five_gib_of_zeros_are_not_taken_for_one() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; 32 << 20]).unwrap();
        let zeros = encoder.finish().unwrap();
        // 5 GiB of zeros are 5 MiB of gzip, which end like this.
        let tail = [vec![0; TAIL as usize - 4], (1u32 << 30).to_le_bytes().to_vec()].concat();
        let size = (5 << 30) / 1030;
        let blob = Blob { size, head: zeros[..HEAD as usize].to_vec(), tail, ranges: true, read: Mutex::default() };
        assert_eq!(blob.measure().await.bytes, 5 << 30);
    }
}
