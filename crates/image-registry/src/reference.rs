//! Image references, by the grammar that Docker, containerd and Kubernetes share.
//!
//! ```text
//! reference  = [ registry "/" ] repository [ ":" tag ] [ "@" digest ]
//! registry   = host [ ":" port ]            host is a name, an IPv4 address or a bracketed IPv6 address
//! repository = component *( "/" component ) lower case, 255 characters in all
//! ```
//!
//! The first component is a registry if it has a dot or a port, or is `localhost`. Otherwise the registry is `docker.io`,
//! where a name of one component belongs to `library/`. Without tag and digest the tag is `latest`.
//!
//! Stricter than the grammar where the image could never be pulled: host names that exceed DNS limits, ports above 65535,
//! digests in upper case or of a wrong length, algorithms that no registry serves. A first component with upper case letters
//! (`MyTeam/app`), which the reference implementation accidentally accepts as a host, is refused.
//!
//! Not `oci-spec` 0.10, because it has one error for nearly everything ("invalid reference format"), does not parse IPv6
//! registries, accepts digests in upper case and 64 hexadecimal digits as a name, and depends on `regex`.
//!
//! Source: <https://pkg.go.dev/github.com/distribution/reference>.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// The registry of references that name none.
pub const DEFAULT_REGISTRY: &str = "docker.io";
const OFFICIAL_NAMESPACE: &str = "library";
const DEFAULT_TAG: &str = "latest";
const MAX_REPOSITORY: usize = 255;
const MAX_TAG: usize = 128;
// Maximum length of a host name and of its labels: RFC 1035, section 2.3.4.
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;
/// More than the longest host, repository, tag and digest together. It bounds error messages.
const MAX_INPUT: usize = 1000;

/// A parsed image reference. Equality compares the written parts; see also [`Reference::same_image`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// Why a string is not an image reference. The message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input:?} is not an image reference: {reason}; an example is \"nginx:1.27\"")]
pub struct ReferenceError {
    input: String,
    reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("it is empty")]
    Empty,
    #[error("it has {0} bytes, but at most {MAX_INPUT} are allowed")]
    Length(usize),
    #[error("it has the character {0:?}, which is not allowed in a reference")]
    Character(char),
    #[error("it begins with {0:?}; remove that")]
    Scheme(String),
    #[error("the registry {0:?} is not a host name or address with an optional port")]
    Registry(String),
    #[error(
        "the registry's host name {0:?} is too long: it may have {MAX_HOST} characters, and {MAX_LABEL} between two dots"
    )]
    HostLength(String),
    #[error("the port {0:?} of the registry is not a number from 1 to 65535")]
    Port(String),
    #[error("the repository {0:?} must be lower case")]
    UpperCase(String),
    #[error("the repository name is missing")]
    NoRepository,
    #[error("the repository {0:?} has an empty part: a slash at its start or end, or two in a row")]
    EmptyComponent(String),
    #[error(
        "the part {0:?} of the repository must be letters and digits, joined by one dot, one or two underscores, or dashes"
    )]
    Component(String),
    #[error("the repository name has {0} characters, but at most {MAX_REPOSITORY} are allowed")]
    RepositoryLength(usize),
    #[error("64 hexadecimal digits are the ID of a local image, not a name")]
    ImageId,
    #[error("the tag is missing after the colon")]
    NoTag,
    #[error("the tag {0:?} must begin with a letter, digit or underscore, and may contain only these, dots and dashes")]
    Tag(String),
    #[error("the tag has {0} characters, but at most {MAX_TAG} are allowed")]
    TagLength(usize),
    #[error("the digest {0:?} must be an algorithm, a colon and hexadecimal digits, as in \"sha256:9f86d0…\"")]
    Digest(String),
    #[error("the digest algorithm {0:?} is not one of sha256, sha384, sha512")]
    DigestAlgorithm(String),
    #[error("a {algorithm} digest must have {expected} lower case hexadecimal digits")]
    DigestDigits { algorithm: &'static str, expected: usize },
}

impl Reference {
    /// Parses a reference, and fills in omitted parts.
    ///
    /// # Errors
    ///
    /// [`ReferenceError`] says which part is wrong and why.
    pub fn parse(input: &str) -> Result<Self, ReferenceError> {
        parse(input).map_err(|reason| ReferenceError { input: input.chars().take(MAX_INPUT).collect(), reason })
    }

    /// Host and optional port, in lower case: `docker.io`, `localhost:5000`, `[::1]:5000`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The name inside the registry: `library/nginx`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag; `latest` when neither tag nor digest was written, `None` when only a digest was.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest with its algorithm: `sha256:…`.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Whether both references pull the same image in every case, as `nginx` and `docker.io/library/nginx:latest` do. If there
    /// is a digest, the tag is ignored, as in a pull.
    pub fn same_image(&self, other: &Self) -> bool {
        self.registry == other.registry
            && self.repository == other.repository
            && match (&self.digest, &other.digest) {
                (None, None) => self.tag == other.tag,
                (one, another) => one == another,
            }
    }
}

/// The canonical form, with all parts filled in. It parses to an equal reference.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        Self::parse(input)
    }
}

fn parse(input: &str) -> Result<Reference, Reason> {
    if input.is_empty() {
        return Err(Reason::Empty);
    }
    if input.len() > MAX_INPUT {
        return Err(Reason::Length(input.len()));
    }
    if let Some((scheme, _)) = input.split_once("://") {
        return Err(Reason::Scheme(format!("{scheme}://")));
    }
    if let Some(c) = input.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(Reason::Character(c));
    }
    let (rest, digest) = match input.split_once('@') {
        Some((rest, digest)) => (rest, Some(parse_digest(digest)?)),
        None => (input, None),
    };
    // The colon of a port comes before a slash, the colon of a tag after the last one.
    let (name, tag) = match rest.rfind(':') {
        Some(colon) if !rest[colon..].contains('/') => (&rest[..colon], Some(parse_tag(&rest[colon + 1..])?)),
        _ => (rest, None),
    };
    // With a tag or a digest, 64 hexadecimal digits are an ordinary name.
    if tag.is_none() && digest.is_none() && name.len() == 64 && name.bytes().all(is_lower_hex) {
        return Err(Reason::ImageId);
    }
    let (registry, repository) = parse_name(name)?;
    let tag = if tag.is_none() && digest.is_none() { Some(DEFAULT_TAG.to_owned()) } else { tag };
    Ok(Reference { registry, repository, tag, digest })
}

fn parse_name(name: &str) -> Result<(String, String), Reason> {
    if name.is_empty() {
        return Err(Reason::NoRepository);
    }
    let (registry, path) = match name.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first.eq_ignore_ascii_case("localhost") => {
            (parse_registry(first)?, path)
        }
        _ => (DEFAULT_REGISTRY.to_owned(), name),
    };
    if path.is_empty() {
        return Err(Reason::NoRepository);
    }
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Reason::UpperCase(path.to_owned()));
    }
    for component in path.split('/') {
        if component.is_empty() {
            return Err(Reason::EmptyComponent(path.to_owned()));
        }
        if !is_component(component) {
            return Err(Reason::Component(component.to_owned()));
        }
    }
    let repository = match registry == DEFAULT_REGISTRY && !path.contains('/') {
        true => format!("{OFFICIAL_NAMESPACE}/{path}"),
        false => path.to_owned(),
    };
    if repository.len() > MAX_REPOSITORY {
        return Err(Reason::RepositoryLength(repository.len()));
    }
    Ok((registry, repository))
}

fn parse_registry(text: &str) -> Result<String, Reason> {
    let (host, port) = match text.rfind(':') {
        Some(colon) if !text[colon..].contains(']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    };
    if let Some(port) = port
        && !(port.len() <= 5
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0))
    {
        return Err(Reason::Port(port.to_owned()));
    }
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        // The dotted quad that RFC 4291 allows at the end is not in the grammar.
        Some(address) => !address.contains('.') && address.parse::<Ipv6Addr>().is_ok(),
        None => host.split('.').all(is_label),
    };
    if !is_host {
        return Err(Reason::Registry(text.to_owned()));
    }
    if host.len() > MAX_HOST || host.split('.').any(|label| label.len() > MAX_LABEL) {
        return Err(Reason::HostLength(host.to_owned()));
    }
    let registry = text.to_ascii_lowercase();
    // The name that Docker's configuration and old references use for Docker Hub.
    Ok(if registry == "index.docker.io" { DEFAULT_REGISTRY.to_owned() } else { registry })
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Runs of letters and digits, with a separator between two runs: `.`, `_`, `__` or any number of `-`.
fn is_component(component: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_separator = |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    component.starts_with(is_word) && component.ends_with(is_word) && component.split(is_word).all(is_separator)
}

fn parse_tag(tag: &str) -> Result<String, Reason> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if tag.is_empty() {
        return Err(Reason::NoTag);
    }
    if tag.len() > MAX_TAG {
        return Err(Reason::TagLength(tag.len()));
    }
    if !(tag.starts_with(is_word) && tag.chars().all(|c| is_word(c) || matches!(c, '.' | '-'))) {
        return Err(Reason::Tag(tag.to_owned()));
    }
    Ok(tag.to_owned())
}

pub(super) fn parse_digest(digest: &str) -> Result<String, Reason> {
    let Some((name, digits)) = digest.split_once(':') else {
        return Err(Reason::Digest(digest.to_owned()));
    };
    let (algorithm, expected) = match name {
        "sha256" => ("sha256", 64),
        "sha384" => ("sha384", 96),
        "sha512" => ("sha512", 128),
        _ => return Err(Reason::DigestAlgorithm(name.to_owned())),
    };
    if digits.len() != expected || !digits.bytes().all(is_lower_hex) {
        return Err(Reason::DigestDigits { algorithm, expected });
    }
    Ok(digest.to_owned())
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests;
