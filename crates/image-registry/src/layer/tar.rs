//! Tar archives: their entries, and the disk space of the entries.
//!
//! A file system rounds each file up to whole blocks, and stores a block for each directory and only an inode for a link. An
//! archive pads to 512 bytes instead, and has a header for each entry. So small files need more space on a disk than in an
//! archive; sparse files as well, because containerd writes them in full.
//!
//! Formats: POSIX (pax) and GNU, as <https://www.gnu.org/software/tar/manual/html_node/Standard.html> and
//! `Sparse-Formats.html` beside it describe them.

use std::io::{self, Read};

/// The block size of an archive.
pub(super) const RECORD: u64 = 512;
/// The block size of ext4.
pub(super) const BLOCK: u64 = 4096;
/// The size of a directory entry: inode, length, type, and a name of typical length.
const DIRECTORY_ENTRY: u64 = 40;
/// A longer target of a symbolic link does not fit into its inode.
const INLINE_LINK: usize = 59;
/// Extended headers that are longer are skipped, not read: names and attributes are much shorter.
const MAX_EXTENSION: u64 = 64 << 10;

/// The entries at the beginning of an archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Entries {
    /// Their number.
    pub count: u64,
    /// Their size in the archive, in bytes, including the contents of the last entry that were not read.
    pub archive_bytes: u64,
    /// Their size on a disk, in bytes.
    pub disk_bytes: u64,
}

impl Entries {
    /// Adds an entry that takes `archive_bytes` in the archive, and has contents of `size` bytes on a disk. A directory has a block.
    pub fn add(&mut self, archive_bytes: u64, size: u64) {
        self.count += 1;
        self.archive_bytes = self.archive_bytes.saturating_add(archive_bytes);
        let blocks = size.div_ceil(BLOCK).saturating_mul(BLOCK);
        self.disk_bytes = self.disk_bytes.saturating_add(blocks).saturating_add(DIRECTORY_ENTRY);
    }
}

/// Whether `head` begins with the header of an archive: its checksum is right.
pub(super) fn is_tar(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|header| Header(header).is_valid())
}

/// The entries of the archive in `reader`, up to its end or to where it breaks off.
pub(super) fn entries(reader: &mut impl Read) -> Entries {
    let (mut entries, mut extension) = (Entries::default(), Extension::default());
    let mut header = [0; RECORD as usize];
    while reader.read_exact(&mut header).is_ok() && Header(&header).is_valid() {
        let header = Header(&header);
        let size = extension.stored_size.unwrap_or_else(|| header.size());
        let stored = size.div_ceil(RECORD).saturating_mul(RECORD);
        let archive_bytes = RECORD.saturating_add(stored).saturating_add(extension.archive_bytes);
        match header.kind() {
            kind @ (b'x' | b'L' | b'K') if size <= MAX_EXTENSION => {
                let mut content = vec![0; stored as usize];
                if reader.read_exact(&mut content).is_err() {
                    break;
                }
                content.truncate(size as usize);
                extension.read(kind, &content);
                extension.archive_bytes = archive_bytes;
                continue;
            }
            b'x' | b'g' | b'L' | b'K' => extension.archive_bytes = archive_bytes,
            kind => {
                let maps = if kind == b'S' && header.has_more_maps() { skip_sparse_maps(reader) } else { Ok(0) };
                let Ok(maps) = maps else { break };
                let disk_bytes = match kind {
                    b'1' | b'3' | b'4' | b'6' => 0,
                    b'2' if extension.has_long_link || header.link_len() > INLINE_LINK => BLOCK,
                    b'2' => 0,
                    b'5' => BLOCK,
                    b'S' => header.real_size(),
                    _ => extension.real_size.unwrap_or(size),
                };
                entries.add(archive_bytes.saturating_add(maps), disk_bytes);
                extension = Extension::default();
            }
        }
        let skipped = io::copy(&mut reader.by_ref().take(stored), &mut io::sink());
        if !skipped.is_ok_and(|skipped| skipped == stored) {
            break;
        }
    }
    entries
}

/// Maps of a GNU sparse file that did not fit into its header, each with a flag for a further one. Their length.
fn skip_sparse_maps(reader: &mut impl Read) -> io::Result<u64> {
    let (mut map, mut len) = ([0; RECORD as usize], 0);
    loop {
        reader.read_exact(&mut map)?;
        len += RECORD;
        if map[504] == 0 {
            return Ok(len);
        }
    }
}

/// The properties that extended headers give the following entry.
#[derive(Default)]
struct Extension {
    archive_bytes: u64,
    stored_size: Option<u64>,
    /// Of a sparse file.
    real_size: Option<u64>,
    has_long_link: bool,
}

impl Extension {
    fn read(&mut self, kind: u8, content: &[u8]) {
        match kind {
            b'K' => self.has_long_link = content.len() > INLINE_LINK,
            b'x' => {
                for (key, value) in pax_records(content) {
                    match key {
                        "size" => self.stored_size = value.parse().ok(),
                        "GNU.sparse.size" | "GNU.sparse.realsize" => self.real_size = value.parse().ok(),
                        "linkpath" => self.has_long_link = value.len() > INLINE_LINK,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// The records `length key=value\n` of a pax header. Records that are not UTF-8 are skipped.
fn pax_records(mut content: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        loop {
            let space = content.iter().position(|byte| *byte == b' ')?;
            let len: usize = std::str::from_utf8(&content[..space]).ok()?.parse().ok()?;
            let record = content.get(space + 1..len.checked_sub(1)?)?;
            content = content.get(len..)?;
            if let Some(record) = std::str::from_utf8(record).ok().and_then(|record| record.split_once('=')) {
                return Some(record);
            }
        }
    })
}

struct Header<'a>(&'a [u8; RECORD as usize]);

impl Header<'_> {
    /// The checksum is the sum of all bytes, where its own field counts as spaces.
    fn is_valid(&self) -> bool {
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        let actual = sum(&self.0[..148]) + 8 * u64::from(b' ') + sum(&self.0[156..]);
        self.0[0] != 0 && self.number(148..156) == Some(actual)
    }

    fn kind(&self) -> u8 {
        self.0[156]
    }

    fn size(&self) -> u64 {
        self.number(124..136).unwrap_or(0)
    }

    fn link_len(&self) -> usize {
        self.0[157..257].iter().take_while(|byte| **byte != 0).count()
    }

    /// Of an old GNU sparse file.
    fn real_size(&self) -> u64 {
        self.number(483..495).unwrap_or_else(|| self.size())
    }

    fn has_more_maps(&self) -> bool {
        self.0[482] != 0
    }

    /// An octal number, or the big-endian bytes that GNU tar writes after a byte 0x80. `None` if it is neither, negative, or
    /// longer than 64 bits.
    fn number(&self, range: std::ops::Range<usize>) -> Option<u64> {
        let field = &self.0[range];
        if field[0] & 0x80 != 0 {
            let digits = field.strip_prefix(&[0x80])?;
            return digits
                .iter()
                .try_fold(0_u64, |value, byte| value.checked_mul(256).map(|value| value | u64::from(*byte)));
        }
        let digits = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
        u64::from_str_radix(digits, 8).ok()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An entry: a header, and contents padded to 512 bytes.
    pub fn entry(name: &str, kind: u8, size: u64, content: &[u8]) -> Vec<u8> {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        if size < 8 << 30 {
            header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        } else {
            header[124] = 0x80;
            header[128..136].copy_from_slice(&size.to_be_bytes());
        }
        header[156] = kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        finish(header, content)
    }

    fn finish(mut header: [u8; 512], content: &[u8]) -> Vec<u8> {
        header[148..156].fill(b' ');
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut entry = header.to_vec();
        entry.extend(content);
        entry.resize(entry.len().next_multiple_of(512), 0);
        entry
    }

    fn file(name: &str, content: &[u8]) -> Vec<u8> {
        entry(name, b'0', content.len() as u64, content)
    }

    fn pax(records: &[(&str, &str)]) -> Vec<u8> {
        let mut content = String::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let len = (rest + 1..).find(|len| rest + len.to_string().len() == *len).unwrap();
            content += &format!("{len} {key}={value}\n");
        }
        entry("pax", b'x', content.len() as u64, content.as_bytes())
    }

    #[test]
    fn entries_take_blocks_on_disk_and_records_in_the_archive() {
        let mut sparse = [0; 512];
        sparse[..1].copy_from_slice(b"s");
        sparse[124..135].copy_from_slice(b"00000001000");
        sparse[156] = b'S';
        sparse[482] = 1;
        sparse[483..494].copy_from_slice(b"00100000000");
        let old_sparse = [finish(sparse, &[]), vec![0; 512], vec![0; 512]].concat();
        for (what, archive, disk_bytes) in [
            ("an empty file", file("a", b""), 0),
            ("a small file", file("a", b"x"), 4096),
            ("a file of a block", file("a", &[1; 4096]), 4096),
            ("a larger file", file("a", &[1; 4097]), 8192),
            ("a directory", entry("d/", b'5', 0, b""), 4096),
            ("a hard link", entry("l", b'1', 0, b""), 0),
            ("a symbolic link", entry("l", b'2', 0, b""), 0),
            ("a long symbolic link", [pax(&[("linkpath", &"x".repeat(60))]), entry("l", b'2', 0, b"")].concat(), 4096),
            ("a device, as whiteouts are", entry("c", b'3', 0, b""), 0),
            ("a long name", [entry("L", b'L', 200, &[b'n'; 200]), file("n", b"x")].concat(), 4096),
            ("a pax sparse file", [pax(&[("GNU.sparse.realsize", "1048576")]), file("s", b"0\n")].concat(), 1 << 20),
            ("a GNU sparse file", old_sparse, 1 << 24),
            ("a pax size", [pax(&[("size", "600")]), entry("a", b'0', 0, &[1; 600])].concat(), 4096),
        ] {
            let expected =
                Entries { count: 1, archive_bytes: archive.len() as u64, disk_bytes: disk_bytes + DIRECTORY_ENTRY };
            assert_eq!(entries(&mut archive.as_slice()), expected, "{what}");
            let ended = [archive.clone(), vec![0; 1024], file("after the end", b"x")].concat();
            assert_eq!(entries(&mut ended.as_slice()), expected, "{what}, ended");
            assert!(is_tar(&archive), "{what}");
        }
    }

    #[test]
    fn truncated_entry_counts_in_full() {
        let archive = [file("a", b"x"), entry("model", b'0', 20 << 30, &[7; 100_000])].concat();
        let seen = entries(&mut &archive[..50_000]);
        assert_eq!((seen.count, seen.archive_bytes), (2, 1024 + 512 + (20 << 30)));
        assert_eq!(seen.disk_bytes, 4096 + (20 << 30) + 2 * DIRECTORY_ENTRY);
    }

    #[test]
    fn other_content_has_no_entries() {
        let mut wrong_sum = file("a", b"x");
        wrong_sum[0] = b'b';
        for bytes in [&[][..], &[0; 1024], &[7; 1024], &wrong_sum, &file("a", b"x")[..511]] {
            assert_eq!(entries(&mut &bytes[..]), Entries::default());
            assert!(!is_tar(bytes));
        }
    }

    /// Found by fuzzing: the checksum has 8 bytes, where sizes have 12.
    #[test]
    fn binary_numbers_are_read_at_every_field_length() {
        let number = |digits: &[u8]| {
            let mut header = [0; 512];
            header[148] = 0x80;
            header[156 - digits.len()..156].copy_from_slice(digits);
            header[124] = 0x80;
            header[136 - digits.len()..136].copy_from_slice(digits);
            (Header(&header).number(148..156), Header(&header).number(124..136))
        };
        assert_eq!(number(&[]), (Some(0), Some(0)));
        assert_eq!(number(&[1, 0, 2]), (Some(65_538), Some(65_538)));
        assert_eq!(number(&[0xff; 7]), (Some((1 << 56) - 1), Some((1 << 56) - 1)));
        let mut negative = [0; 512];
        negative[148..156].fill(0xff);
        negative[124..136].fill(0x80);
        assert_eq!((Header(&negative).number(148..156), Header(&negative).number(124..136)), (None, None));
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        let mut archive = Vec::new();
        for kind in [b'0', b'5', b'1', b'2', b'x', b'g', b'L', b'S'] {
            archive.extend(entry("a", kind, u64::MAX, b""));
            entries(&mut archive.as_slice());
            archive.extend(pax(&[("size", "18446744073709551615"), ("GNU.sparse.size", "18446744073709551615")]));
            archive.extend(entry("a", kind, 0, b""));
            entries(&mut archive.as_slice());
        }
    }
}
