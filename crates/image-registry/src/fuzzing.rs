//! Responses of registries, and references in configurations. See the provider's `fuzzing`.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::ops::Range;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use futures_util::FutureExt as _;

pub use super::credentials::fuzzing::docker_config;
use super::layer::{Basis, Ends, Part, ReadRange, Unpacked, measure};
use super::manifest::{Descriptor, Document, MAX_SIZE, Manifest, has_digest, sha256};
use super::reference::parse_digest;
use super::{DiskNeed, ImageSize, Layer, Platform, Reference};

/// An accepted reference has a canonical form, which parses to an equal reference.
pub fn image_reference(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match Reference::parse(text) {
        Ok(reference) => {
            let written = reference.to_string();
            let read = Reference::parse(&written);
            assert_eq!(read.as_ref(), Ok(&reference), "{written}");
            assert!(reference.same_image(&reference));
            assert!(reference.tag().is_some() || reference.digest().is_some(), "{written} names no image");
            assert!(!written.contains(char::is_whitespace) && written == written.trim(), "{written:?}");
        }
        // The message is bounded.
        Err(error) => assert!(error.to_string().len() < 20_000),
    }
    if let Ok(platform) = text.parse::<Platform>() {
        assert_eq!(platform.to_string().parse().as_ref(), Ok(&platform), "{platform}");
    }
}

/// An accepted manifest has valid digests, and sizes whose sum does not overflow.
pub fn manifest(input: &[u8]) {
    assert!(has_digest(input, &sha256(input)));
    let Ok(document) = Document::parse(input) else { return };
    let reference = Reference::parse("nginx").expect("a reference");
    match document {
        Document::Image(Manifest { layers: descriptors, .. }) => {
            descriptors.iter().for_each(is_sound);
            // The largest unpacked size for a layer of this size.
            let layers = descriptors.into_iter().map(|Descriptor { digest, size, .. }| Layer {
                digest,
                compressed_bytes: size,
                unpacked: Unpacked { basis: Basis::UnknownFormat, ..Unpacked::exact(size.saturating_mul(1032)) },
            });
            let layers: Vec<_> = layers.collect();
            let compressed: u128 = layers.iter().map(|layer| u128::from(layer.compressed_bytes)).sum();
            let image = ImageSize { layers, ..ImageSize::empty(reference) };
            let need = DiskNeed::new([&image, &image], 5, 80);
            assert!(u128::from(need.layers().compressed_bytes) <= compressed, "layers count once");
            let required = need.required_gib();
            assert!(required.is_multiple_of(10) && required >= 10);
            assert!(required > 1 << 16 || need.has_room(required) && need.fits(required), "{need}");
            assert!(!need.has_room(required - 10), "{need}");
        }
        Document::Index(entries) => {
            entries.iter().for_each(|entry| is_sound(&entry.descriptor));
            let chosen = Platform::default().choose(&entries);
            assert!(chosen.is_none_or(|chosen| entries.contains(chosen)));
            for platform in entries.iter().filter_map(|entry| entry.platform.as_ref()) {
                assert!(platform.choose(&entries).is_some(), "{platform} is in its own index");
            }
        }
    }
}

fn is_sound(descriptor: &Descriptor) {
    assert!(descriptor.size <= MAX_SIZE);
    assert!(parse_digest(&descriptor.digest).is_ok(), "{}", descriptor.digest);
}

/// A blob of `size` bytes that ends with `tail`; what is before that and after `head` is zeros.
struct Blob {
    head: Vec<u8>,
    tail: Vec<u8>,
    size: u64,
}

impl ReadRange for Blob {
    type Error = std::convert::Infallible;

    async fn read(&self, range: Range<u64>) -> Result<Part, Self::Error> {
        assert!(range.start < range.end && range.end <= self.size, "{range:?} of {}", self.size);
        assert!(range.end - range.start <= 1 << 20, "{range:?}");
        let mut bytes = vec![0; (range.end - range.start) as usize];
        for (part, at) in [(&self.head, 0), (&self.tail, self.size - self.tail.len() as u64)] {
            let (from, to) = (range.start.max(at), range.end.min(at + part.len() as u64));
            if from < to {
                let source = &part[(from - at) as usize..(to - at) as usize];
                bytes[(from - range.start) as usize..(to - range.start) as usize].copy_from_slice(source);
            }
        }
        Ok(Part::Bytes(bytes))
    }
}

/// A layer is measured with few and small reads; the size of a layer that is read whole is its real unpacked size.
///
/// The first byte of the input selects the meaning of the rest: 0, a whole layer; 1 to 15, head and tail, in equal parts, of
/// a layer of 4^n KiB; otherwise the table of contents of an eStargz layer.
pub fn layer(input: &[u8]) {
    let Some((kind, bytes)) = input.split_first() else { return };
    match kind {
        0 => whole_layer(bytes),
        longer @ 1..16 => {
            let (head, tail) = bytes.split_at(bytes.len() / 2);
            let size = bytes.len() as u64 + (1024 << (longer * 2));
            measured(Blob { head: head.to_vec(), tail: tail.to_vec(), size });
        }
        _ => estargz_layer(bytes),
    }
}

fn measured(blob: Blob) -> Unpacked {
    let descriptor =
        Descriptor { media_type: String::new(), digest: String::new(), size: blob.size, annotations: BTreeMap::new() };
    let Ok(unpacked) = measure(&descriptor, &blob, Ends::Together).now_or_never().expect("memory is at hand");
    assert!(unpacked.min <= unpacked.bytes && unpacked.bytes <= unpacked.max, "{unpacked:?}");
    assert!(!unpacked.is_exact() || unpacked.min == unpacked.max, "{unpacked:?}");
    unpacked
}

fn whole_layer(bytes: &[u8]) {
    let size = bytes.len() as u64;
    let unpacked = measured(Blob { head: bytes.to_vec(), tail: Vec::new(), size });
    if unpacked.is_exact() && bytes.starts_with(&[0x1f, 0x8b]) && bytes.len() <= 48 << 10 {
        let mut content = Vec::new();
        MultiGzDecoder::new(bytes).read_to_end(&mut content).expect("an exact size is that of a sound layer");
        assert_eq!(unpacked.bytes, content.len() as u64);
    }
    assert!(size > 0 || (unpacked.bytes, unpacked.is_exact()) == (0, true));
}

fn estargz_layer(table: &[u8]) {
    let mut archive = vec![0; 512];
    archive[124..135].copy_from_slice(format!("{:011o}", table.len()).as_bytes());
    archive.extend(table);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    let mut tail = gzip(&archive);
    let size = (64 << 10) + tail.len() as u64 + 51;
    tail.extend(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0");
    tail.extend(format!("{:016x}STARGZ", 64 << 10).as_bytes());
    tail.extend(b"\x01\0\0\xff\xff\0\0\0\0\0\0\0\0");
    let unpacked = measured(Blob { head: gzip(b"a file"), tail, size });
    assert!(!unpacked.is_exact() || unpacked.bytes >= archive.len() as u64, "{unpacked:?}, table {}", archive.len());
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}
