//! The output of a decoder, and the entries of the archive in it.

use std::io::{self, Read};

use super::tar::{self, Entries};

/// The output of a decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub len: u64,
    pub entries: Entries,
    /// Whether it is complete; otherwise more would have followed.
    pub is_complete: bool,
}

impl Content {
    pub fn read(decoder: impl Read) -> Self {
        let mut counter = Counter { reader: decoder, count: 0, is_intact: true };
        let entries = tar::entries(&mut counter);
        let drained = io::copy(&mut counter, &mut io::sink());
        Self { len: counter.count, entries, is_complete: drained.is_ok() && counter.is_intact }
    }
}

/// Counts the bytes that are read, and records whether reading failed.
struct Counter<R> {
    reader: R,
    count: u64,
    is_intact: bool,
}

impl<R: Read> Read for Counter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_intact {
            return Ok(0);
        }
        let read = self.reader.read(buffer).inspect_err(|_| self.is_intact = false)?;
        self.count += read as u64;
        Ok(read)
    }
}
