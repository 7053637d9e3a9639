//! The platform of an image (operating system and architecture), and the choice of an index entry for one.
//!
//! Names are those of Go, as the OCI image specification requires; the names of `uname -m` are accepted for the two common
//! architectures. If the requested platform has no variant, an entry without one is preferred (`linux/amd64` to
//! `linux/amd64/v3`), then the first in the index.

use std::fmt;
use std::str::FromStr;

use super::manifest::IndexEntry;

/// A platform, for example `linux/amd64` or `linux/arm/v7`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// Why a string is not a platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a platform: write operating system and architecture, for example \"linux/amd64\"")]
pub struct PlatformError(String);

impl Default for Platform {
    /// `linux/amd64`.
    fn default() -> Self {
        Self::new("linux", "amd64", None)
    }
}

impl Platform {
    pub(super) fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let architecture = match architecture {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        // The only variant of 64-bit ARM, which some tools omit.
        let variant = variant.filter(|variant| !(variant.is_empty() || architecture == "arm64" && *variant == "v8"));
        Self { os: os.to_owned(), architecture: architecture.to_owned(), variant: variant.map(str::to_owned) }
    }

    /// The index entry for this platform, among those that state one.
    pub(super) fn choose<'a>(&self, entries: &'a [IndexEntry]) -> Option<&'a IndexEntry> {
        let platform = |entry: &'a IndexEntry| Some((entry, entry.platform.as_ref()?));
        let candidates = || entries.iter().filter_map(platform);
        let exact = candidates().find(|(_, platform)| *platform == self);
        let (entry, _) = exact.or_else(|| candidates().find(|(_, platform)| self.accepts(platform)))?;
        Some(entry)
    }

    /// Whether an image for `other` runs on this platform: the same, with any variant if this one has none.
    pub fn accepts(&self, other: &Self) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || self.variant == other.variant)
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
        };
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            _ if !parts.iter().all(|part| is_name(part)) => Err(PlatformError(text.to_owned())),
            [os, architecture] => Ok(Self::new(os, architecture, None)),
            [os, architecture, variant] => Ok(Self::new(os, architecture, Some(variant))),
            _ => Err(PlatformError(text.to_owned())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::Descriptor;
    use super::*;

    fn entry(platform: &str, size: u64) -> IndexEntry {
        let descriptor = Descriptor { size, ..Descriptor::default() };
        IndexEntry { descriptor, platform: platform.parse().ok() }
    }

    #[test]
    fn platforms_are_read_and_normalized() {
        for (text, expected) in [
            ("linux/amd64", Some("linux/amd64")),
            ("linux/x86_64", Some("linux/amd64")),
            ("linux/aarch64", Some("linux/arm64")),
            ("linux/arm64/v8", Some("linux/arm64")),
            ("linux/arm/v7", Some("linux/arm/v7")),
            ("linux", None),
            ("", None),
            ("/amd64", None),
            ("linux/", None),
            ("linux/amd64/v2/x", None),
            ("Linux/AMD64", None),
            ("linux amd64", None),
        ] {
            let platform = text.parse::<Platform>().map(|platform| platform.to_string());
            assert_eq!(platform.as_deref().ok(), expected, "{text}");
        }
    }

    #[test]
    fn index_entry_is_chosen_by_platform() {
        let entries =
            [entry("linux/arm/v6", 1), entry("linux/amd64/v3", 2), entry("linux/amd64", 3), entry("linux/arm/v7", 4)];
        for (platform, expected) in [
            ("linux/amd64", Some(3)),
            ("linux/amd64/v3", Some(2)),
            ("linux/amd64/v2", None),
            ("linux/arm", Some(1)),
            ("linux/arm/v7", Some(4)),
            ("linux/arm64", None),
            ("windows/amd64", None),
        ] {
            let chosen = platform.parse::<Platform>().unwrap().choose(&entries).map(|entry| entry.descriptor.size);
            assert_eq!(chosen, expected, "{platform}");
        }
    }
}
