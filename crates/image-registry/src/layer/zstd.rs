//! Zstandard: the content sizes in the frame headers.
//!
//! Frames are walked from the start of the blob, block by block, as far as it was read. Skippable frames count nothing. A
//! frame without a content size makes the whole unknown: encoders that write to a stream leave it out, and `zstd:chunked`
//! is made of many such frames. The frame at which the reading ends is taken for the last one if its content is no smaller
//! than the rest of the blob; a blob of several long frames is not seen as such.
//!
//! Source: RFC 8878, section 3.1.

const FRAME: u32 = 0xFD2F_B528;
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184D_2A50..=0x184D_2A5F;

pub(super) fn is_zstd(head: &[u8]) -> bool {
    read_le(head, 0, 4).is_some_and(|magic| magic == u64::from(FRAME) || is_skippable(magic))
}

fn is_skippable(magic: u64) -> bool {
    u32::try_from(magic).is_ok_and(|magic| SKIPPABLE.contains(&magic))
}

/// The unpacked size of a blob of `size` bytes that begins with `head`, if its frames tell.
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
        content = content.checked_add(frame.content_size)?;
        match frame.end(head) {
            Some(end) => at = end as u64,
            // The blob was read whole: it is cut off.
            None if head.len() as u64 == size => return None,
            // A frame that holds less than what is left of the blob is followed by others.
            None => {
                let rest = size - at;
                let could_be_last = frame.content_size >= rest.saturating_sub(rest / 1000 + 1024);
                return could_be_last.then_some(content);
            }
        }
    }
    (at == size).then_some(content)
}

/// A frame header.
struct Frame {
    content_size: u64,
    has_checksum: bool,
    /// Where its blocks begin.
    blocks: usize,
}

impl Frame {
    fn read(head: &[u8], offset: usize) -> Option<Self> {
        let descriptor = *head.get(offset)?;
        let is_single_segment = descriptor & 0x20 != 0;
        let window_len = usize::from(!is_single_segment);
        let dictionary_len = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let size_len = match descriptor >> 6 {
            0 if is_single_segment => 1,
            0 => return None,
            1 => 2,
            2 => 4,
            _ => 8,
        };
        let at = offset + 1 + window_len + dictionary_len;
        let value = read_le(head, at, size_len)?;
        let content_size = if size_len == 2 { value + 256 } else { value };
        Some(Self { content_size, has_checksum: descriptor & 4 != 0, blocks: at + size_len })
    }

    /// Where the frame ends; `None` if that is beyond `head`.
    fn end(&self, head: &[u8]) -> Option<usize> {
        let mut at = self.blocks;
        loop {
            let header = usize::try_from(read_le(head, at, 3)?).ok()?;
            let (is_last, block_type, size) = (header & 1 == 1, header >> 1 & 3, header >> 3);
            // A block that repeats one byte holds just that byte.
            at += 3 + if block_type == 1 { 1 } else { size };
            if is_last {
                return Some(at + if self.has_checksum { 4 } else { 0 });
            }
        }
    }
}

fn read_le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with one block, of which only the header is there if `block_len` is beyond the blob.
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
    fn a_repeated_byte_takes_one_byte() {
        let mut blob = [&FRAME.to_le_bytes()[..], &[0xA0 | 4], &100_000u32.to_le_bytes()].concat();
        blob.extend(&((100_000u32 << 3) | (1 << 1) | 1).to_le_bytes()[..3]);
        blob.extend([b'x', 1, 2, 3, 4]);
        assert_eq!(content_size(&blob, blob.len() as u64), Some(100_000));
    }

    #[test]
    fn a_long_frame_is_the_last_one_if_it_holds_enough() {
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
    fn a_short_frame_that_is_cut_off_has_no_size() {
        for len in [1000, 1001, 1024, 1025] {
            let mut blob = frame(0, 2000);
            blob[13] &= !1; // Not the last block.
            blob.truncate(len);
            assert_eq!(content_size(&blob, len as u64), None, "{len}");
        }
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
