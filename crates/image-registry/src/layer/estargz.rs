//! eStargz: a gzip member for each file, a table of contents in the last but one, and a footer with its position.
//!
//! The table lists every entry of the archive, so its sizes add up to the archive: a header for each entry, contents padded
//! to 512 bytes, and the table itself. Extended headers are not in it; they are counted where a long name or an attribute needs one.
//!
//! Source: <https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md>.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;

use flate2::bufread::GzDecoder;
use serde::Deserialize;

use super::Unpacked;
use super::tar::{BLOCK, Entries, RECORD};
use crate::manifest::MAX_SIZE;

const FOOTER: usize = 51;
/// The longest compressed table of contents that is read: that of some 20,000 files.
pub(super) const MAX_TOC: u64 = 1 << 20;
/// The longest one that is unpacked.
const MAX_ARCHIVE: u64 = 32 << 20;
/// A longer name needs an extended header.
const MAX_NAME: usize = 100;
/// An extended header: a header of its own, and one record of contents.
const EXTENDED_HEADER: u64 = 2 * RECORD;

#[derive(Deserialize)]
struct Toc {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    r#type: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    link_name: String,
    xattrs: Option<serde::de::IgnoredAny>,
}

/// Where the table of contents is, if `tail` ends with the footer of a blob of `size` bytes.
pub(super) fn toc_range(tail: &[u8], size: u64) -> Option<Range<u64>> {
    let footer = tail.last_chunk::<FOOTER>()?;
    // Ten bytes of gzip header with the flag for an extra field, then that field: its length, and one subfield.
    let (header, field) = (&footer[..10], &footer[10..38]);
    if header[..4] != [0x1f, 0x8b, 8, 4] || field[..6] != [26, 0, b'S', b'G', 22, 0] || !field.ends_with(b"STARGZ") {
        return None;
    }
    let start = u64::from_str_radix(std::str::from_utf8(&field[6..22]).ok()?, 16).ok()?;
    let end = size - FOOTER as u64;
    (start < end).then_some(start..end)
}

/// The unpacked size that Podman's tools write into the manifest.
pub(super) fn annotated_size(annotations: &BTreeMap<String, String>) -> Option<u64> {
    let size = annotations.get("io.containers.estargz.uncompressed-size")?.parse().ok()?;
    (size < MAX_SIZE).then_some(size)
}

/// The unpacked size of the blob with this compressed table of contents; `None` if the table is damaged or too long.
pub(super) fn unpacked(toc: &[u8]) -> Option<Unpacked> {
    let mut archive = Vec::new();
    GzDecoder::new(toc).take(MAX_ARCHIVE).read_to_end(&mut archive).ok()?;
    let size_field = std::str::from_utf8(archive.get(124..135)?).ok()?;
    let len = usize::from_str_radix(size_field.trim_matches(['\0', ' ']), 8).ok()?;
    let toc: Toc = serde_json::from_slice(archive.get(512..512usize.checked_add(len)?)?).ok()?;
    // The table itself is a file, too.
    let mut entries = Entries::default();
    entries.add(archive.len() as u64, len as u64);
    // Chunks are parts of the file before them.
    for entry in toc.entries.iter().filter(|entry| entry.r#type != "chunk") {
        entries.add(entry.archive_bytes()?, entry.disk_bytes());
    }
    (entries.archive_bytes <= MAX_SIZE).then(|| Unpacked { entries, ..Unpacked::exact(entries.archive_bytes) })
}

impl Entry {
    fn archive_bytes(&self) -> Option<u64> {
        let is_extended = self.name.len() > MAX_NAME || self.link_name.len() > MAX_NAME || self.xattrs.is_some();
        let header = if is_extended { RECORD + EXTENDED_HEADER } else { RECORD };
        self.size.checked_next_multiple_of(RECORD)?.checked_add(header)
    }

    fn disk_bytes(&self) -> u64 {
        match self.r#type.as_str() {
            "dir" => BLOCK,
            _ => self.size,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// The archive with the table of contents: header, table, padding, two blocks of zeros.
    pub fn toc_archive(json: &str) -> Vec<u8> {
        let mut archive = vec![0; 512];
        archive[..17].copy_from_slice(b"stargz.index.json");
        archive[124..135].copy_from_slice(format!("{:011o}", json.len()).as_bytes());
        archive.extend(json.as_bytes());
        archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
        archive
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    pub fn toc_and_footer(json: &str, toc_at: u64) -> Vec<u8> {
        let mut footer = vec![0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 26, 0, b'S', b'G', 22, 0];
        footer.extend(format!("{toc_at:016x}STARGZ").as_bytes());
        footer.extend([1, 0, 0, 255, 255]);
        footer.extend([0; 8]);
        [gzip(&toc_archive(json)), footer].concat()
    }

    #[test]
    fn footer_locates_the_table() {
        let tail = toc_and_footer("{}", 0x1234);
        assert_eq!(toc_range(&tail, 0x2000), Some(0x1234..0x2000 - 51));
        assert_eq!(toc_range(&tail, 0x1234), None, "a table behind the footer");
        assert_eq!(toc_range(&tail[..tail.len() - 1], 0x2000), None);
        assert_eq!(toc_range(&[0; 20], 0x2000), None);
    }

    #[test]
    fn damaged_table_has_no_size() {
        let negative = r#"{"entries":[{"name":"a","type":"reg","size":-5}]}"#;
        let huge = r#"{"entries":[{"name":"a","type":"reg","size":18446744073709551615}]}"#;
        let last_multiple = r#"{"entries":[{"name":"a","type":"reg","size":18446744073709551104}]}"#;
        let tables = [negative, huge, last_multiple, "["].map(|json| gzip(&toc_archive(json)));
        for toc in tables.into_iter().chain([gzip(b"x"), vec![1]]) {
            assert_eq!(unpacked(&toc).map(|unpacked| unpacked.bytes), None);
        }
    }
}
