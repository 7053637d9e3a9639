//! The unpacked size of a layer, and its basis.

use std::fmt;

use super::estimate;
use super::tar::Entries;

/// The unpacked size of a layer: the length of its tar archive, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Unpacked {
    /// The expected size.
    pub bytes: u64,
    /// The smallest possible size.
    pub min: u64,
    /// A size that the layer rarely exceeds. It equals the others if the size is exact.
    pub max: u64,
    /// The basis of the size.
    pub basis: Basis,
    /// The entries at the beginning of the layer.
    pub(crate) entries: Entries,
    /// Unpacked over compressed, in the beginning of the layer.
    pub(crate) head_ratio: Option<f64>,
}

/// The basis of an unpacked size. `Display` writes why the size is an estimate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The layer states its size.
    Exact,
    /// Its size field counts modulo 4 GiB, and several sizes are possible.
    SizeFieldWraps,
    /// It is made of several gzip members, of which only the last states its size, or of several zstd frames.
    SeveralMembers,
    /// Its zstd frames have no content size, as a streaming encoder writes them.
    NoContentSize,
    /// Its table of contents exceeds the limit.
    LongTableOfContents,
    /// Its format is not known.
    UnknownFormat,
    /// Registries need not have it.
    NotDistributed,
    /// It cannot be read in parts: the host and its response.
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

    /// An estimate from the compressed size, and from the ratio of a sample if there is one.
    pub(super) fn estimate(compressed: u64, sampled_ratio: Option<f64>, basis: Basis) -> Self {
        let [min, bytes, max] = [
            estimate::lower(compressed),
            estimate::typical(compressed, sampled_ratio),
            estimate::upper(compressed, sampled_ratio),
        ];
        Self { min: min.min(bytes), bytes, max: max.max(bytes), ..Self::estimated(basis) }
    }

    pub(super) fn estimated(basis: Basis) -> Self {
        Self { basis, ..Self::exact(0) }
    }

    /// An estimate between two bounds.
    pub fn estimated_between(min: u64, max: u64, basis: Basis) -> Self {
        Self { min, bytes: min, max, ..Self::estimated(basis) }
    }

    /// Raises the lower bound to `bytes`.
    pub(super) fn at_least(self, bytes: u64) -> Self {
        Self { min: self.min.max(bytes), bytes: self.bytes.max(bytes), max: self.max.max(bytes), ..self }
    }

    /// Raises the upper bound to `bytes`.
    pub(super) fn at_most(self, bytes: u64) -> Self {
        Self { max: self.max.max(bytes), ..self }
    }

    /// Whether the layer states its size.
    pub fn is_exact(&self) -> bool {
        self.basis == Basis::Exact
    }
}
