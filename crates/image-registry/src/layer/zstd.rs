//! Zstandard: the content sizes in the frame headers, and the content of the first blocks.
//!
//! Frames are read from the start of the blob, block by block, up to the end of the head. Skippable frames have no content. The
//! size is unknown if any frame lacks a content size: streaming encoders omit it, and `zstd:chunked` consists of many such frames.
//! The frame at the end of the head is assumed to be the last one if its content is at least as long as the rest of the blob; a
//! blob of several long frames is not detected.
//!
//! Source: RFC 8878, section 3.1.

use std::io::Read as _;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::content::Content;

const FRAME: u32 = 0xFD2F_B528;
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184D_2A50..=0x184D_2A5F;
/// The maximum that is unpacked: a few bytes can contain gigabytes.
const MAX_CONTENT: usize = 16 << 20;
/// An empty block that ends a frame, and a checksum, which is not verified.
const END_OF_FRAME: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

pub(super) fn is_zstd(head: &[u8]) -> bool {
    read_le(head, 0, 4).is_some_and(|magic| magic == u64::from(FRAME) || is_skippable(magic))
}

fn is_skippable(magic: u64) -> bool {
    u32::try_from(magic).is_ok_and(|magic| SKIPPABLE.contains(&magic))
}

/// The content of the complete blocks in `head`, up to 16 MiB.
pub(super) fn content(head: &[u8]) -> Content {
    let (mut unpacked, mut is_complete) = (Vec::new(), false);
    let mut rest = head;
    while let Some(magic) = read_le(rest, 0, 4) {
        let end = if is_skippable(magic) {
            read_le(rest, 4, 4).and_then(|len| usize::try_from(len + 8).ok())
        } else if let Some(frame) = Frame::read(rest, 4).filter(|_| magic == u64::from(FRAME)) {
            let blocks = frame.blocks(rest);
            let is_decoded = decode(&rest[..blocks.complete], &mut unpacked);
            blocks.end.filter(|_| is_decoded)
        } else {
            None
        };
        let Some(next) = end.and_then(|end| rest.get(end..)) else { break };
        (rest, is_complete) = (next, next.is_empty());
    }
    Content { is_complete, ..Content::read(&*unpacked) }
}

/// Unpacks a frame that may end after any block. Returns whether it is complete.
fn decode(frame: &[u8], unpacked: &mut Vec<u8>) -> bool {
    let mut source = frame.chain(&END_OF_FRAME[..]);
    let mut decoder = FrameDecoder::new();
    let left = MAX_CONTENT.saturating_sub(unpacked.len());
    let is_decoded = decoder.init(&mut source).is_ok()
        && decoder.decode_blocks(&mut source, BlockDecodingStrategy::UptoBytes(left)).is_ok();
    unpacked.extend(decoder.collect().unwrap_or_default());
    is_decoded && decoder.is_finished()
}

/// The unpacked size of a blob of `size` bytes that begins with `head`, if its frames state it.
pub(super) fn content_size(head: &[u8], size: u64) -> Option<u64> {
    let (mut at, mut content) = (0, 0u64);
    while at < size {
        let offset = usize::try_from(at).ok()?;
        let magic = read_le(head, offset, 4)?;
        if is_skippable(magic) {
            at += 8 + read_le(head, offset + 4, 4)?;
            continue;
        }
        if magic != u64::from(FRAME) {
            return None;
        }
        let frame = Frame::read(head, offset + 4)?;
        let frame_size = frame.content_size?;
        content = content.checked_add(frame_size)?;
        match frame.blocks(head).end {
            Some(end) => at = end as u64,
            // The blob was read whole: it is truncated.
            None if head.len() as u64 == size => return None,
            // A frame with less content than the rest of the blob is followed by others.
            None => {
                let rest = size - at;
                let could_be_last = frame_size >= rest.saturating_sub(rest / 1000 + 1024);
                return could_be_last.then_some(content);
            }
        }
    }
    (at == size).then_some(content)
}

/// A frame header.
struct Frame {
    content_size: Option<u64>,
    has_checksum: bool,
    /// Where its blocks begin.
    blocks: usize,
}

/// How far the blocks of a frame go.
struct Blocks {
    /// Where the last complete block ends.
    complete: usize,
    /// Where the frame ends, if its last block begins in what was read.
    end: Option<usize>,
}

impl Frame {
    fn read(head: &[u8], offset: usize) -> Option<Self> {
        let descriptor = *head.get(offset)?;
        let is_single_segment = descriptor & 0x20 != 0;
        let window_len = usize::from(!is_single_segment);
        let dictionary_len = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let size_len = match descriptor >> 6 {
            0 => usize::from(is_single_segment),
            1 => 2,
            2 => 4,
            _ => 8,
        };
        let at = offset + 1 + window_len + dictionary_len;
        let value = read_le(head, at, size_len)?;
        let content_size = match size_len {
            0 => None,
            2 => Some(value + 256),
            _ => Some(value),
        };
        Some(Self { content_size, has_checksum: descriptor & 4 != 0, blocks: at + size_len })
    }

    fn blocks(&self, head: &[u8]) -> Blocks {
        let mut at = self.blocks;
        let mut complete = at;
        while let Some(header) = read_le(head, at, 3).and_then(|header| usize::try_from(header).ok()) {
            let (is_last, block_type, size) = (header & 1 == 1, header >> 1 & 3, header >> 3);
            // A block that repeats one byte contains just that byte.
            at += 3 + if block_type == 1 { 1 } else { size };
            if at <= head.len() {
                complete = at;
            }
            if is_last {
                return Blocks { complete, end: Some(at + if self.has_checksum { 4 } else { 0 }) };
            }
        }
        Blocks { complete, end: None }
    }
}

fn read_le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with one block, of which only the header exists if `block_len` is beyond the blob.
    fn frame(content_size: u64, block_len: usize) -> Vec<u8> {
        let mut frame = FRAME.to_le_bytes().to_vec();
        frame.push(0xC0 | 0x20);
        frame.extend(content_size.to_le_bytes());
        frame.extend(&((block_len << 3 | 2 << 1 | 1) as u32).to_le_bytes()[..3]);
        frame.extend(vec![0; block_len]);
        frame
    }

    fn skippable(len: usize) -> Vec<u8> {
        [&0x184D_2A5E_u32.to_le_bytes()[..], &(len as u32).to_le_bytes(), &vec![7; len]].concat()
    }

    #[test]
    fn every_size_of_the_size_field_is_read() {
        for (header, expected) in [
            (&[0x20, 200][..], Some(200)),
            (&[0x40, 0x58, 0, 1][..], Some(512)),
            (&[0x60, 0, 1][..], Some(512)),
            (&[0x80, 0x58, 1, 0, 1, 0][..], Some(65_537)),
            (&[0x82, 0x58, 9, 9, 1, 0, 1, 0][..], Some(65_537)),
            (&[0xE0, 0, 0, 0, 0, 1, 0, 0, 0][..], Some(1 << 32)),
            (&[0x00, 0x58][..], None),
        ] {
            let last_empty_block = [1, 0, 0];
            let blob = [&FRAME.to_le_bytes()[..], header, &last_empty_block].concat();
            assert_eq!(content_size(&blob, blob.len() as u64), expected, "{header:x?}");
        }
    }

    #[test]
    fn frames_are_summed_and_skippable_ones_left_out() {
        let blob = [skippable(5), frame(1000, 400), skippable(0), frame(50, 20), skippable(64)].concat();
        assert_eq!(content_size(&blob, blob.len() as u64), Some(1050));
        assert!(is_zstd(&blob) && is_zstd(&frame(1, 1)));
    }

    #[test]
    fn repeated_byte_takes_one_byte() {
        let mut blob = [&FRAME.to_le_bytes()[..], &[0xA0 | 4], &100_000u32.to_le_bytes()].concat();
        blob.extend(&((100_000u32 << 3) | (1 << 1) | 1).to_le_bytes()[..3]);
        blob.extend([b'x', 1, 2, 3, 4]);
        assert_eq!(content_size(&blob, blob.len() as u64), Some(100_000));
    }

    #[test]
    fn long_frame_is_the_last_if_its_content_is_long_enough() {
        for (content, size, expected) in [
            (10_000_000, 4_000_000, Some(10_000_000)),
            (4_000_000, 4_000_000, Some(4_000_000)),
            (1_000_000, 4_000_000, None),
        ] {
            let mut head = frame(content, 100_000);
            head[13] &= !1; // Not the last block.
            assert_eq!(content_size(&head[..24_000], size), expected, "{content} in {size}");
        }
    }

    #[test]
    fn truncated_short_frame_has_no_size() {
        for len in [1000, 1001, 1024, 1025] {
            let mut blob = frame(0, 2000);
            blob[13] &= !1; // Not the last block.
            blob.truncate(len);
            assert_eq!(content_size(&blob, len as u64), None, "{len}");
        }
    }

    /// A frame without a content size, with blocks that repeat one byte.
    fn stream(lens: &[u32]) -> Vec<u8> {
        let mut frame = [&FRAME.to_le_bytes()[..], &[0, 0x50]].concat();
        for (number, len) in lens.iter().enumerate() {
            let is_last = u32::from(number + 1 == lens.len());
            frame.extend(&(len << 3 | 1 << 1 | is_last).to_le_bytes()[..3]);
            frame.push(b'x');
        }
        frame
    }

    #[test]
    fn complete_blocks_are_unpacked() {
        let one = stream(&[1000, 2000, 30]);
        for (what, blob, len, is_complete) in [
            ("a frame", one.clone(), 3030, true),
            ("two frames", [skippable(9), one.clone(), skippable(3), one.clone()].concat(), 6060, true),
            ("cut off in the last block", one[..one.len() - 1].to_vec(), 3000, false),
            ("cut off in the first block", one[..9].to_vec(), 0, false),
            ("something behind it", [&one[..], b"rubbish"].concat(), 3030, false),
            ("a skippable frame that is cut off", [&one[..], &skippable(9)[..10]].concat(), 3030, false),
            ("nothing", Vec::new(), 0, false),
        ] {
            let content = content(&blob);
            assert_eq!((content.len, content.is_complete), (len, is_complete), "{what}");
        }
    }

    #[test]
    fn unpacking_is_limited() {
        let blob = stream(&[128 << 10; 16_000]);
        let content = content(&blob);
        assert!(!content.is_complete && content.len <= (MAX_CONTENT + (128 << 10)) as u64, "{content:?}");
    }

    #[test]
    fn damaged_blobs_have_no_size() {
        let good = frame(1000, 400);
        for blob in [
            [&good[..], b"rubbish!"].concat(),
            skippable(9)[..10].to_vec(),
            [frame(u64::MAX, 4), frame(1, 4)].concat(),
            good[..5].to_vec(),
        ] {
            assert_eq!(content_size(&blob, blob.len() as u64), None);
        }
        for size in 0..40 {
            assert_eq!(content_size(&skippable(100)[..8], size).unwrap_or(0), 0);
        }
    }
}
