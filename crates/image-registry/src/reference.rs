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
//! Stricter than the grammar where the result could never be pulled: host names that are longer than DNS has them, ports
//! above 65535, digests in upper case or of another length than their algorithm gives, algorithms that no registry serves.
//! A lone capitalized first component (`MyTeam/app`), which the reference implementation takes for a host by accident, is
//! refused.
//!
//! Own code, because `oci-spec` 0.10 has one error for nearly everything ("invalid reference format"), reads no IPv6
//! registry, accepts digests in upper case and 64 hexadecimal digits as a name, and brings `regex`.
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
// Of a host name, and of what is between two of its dots: RFC 1035, section 2.3.4.
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;
/// More than the longest host, repository, tag and digest together. It bounds what an error repeats.
const MAX_INPUT: usize = 1000;

/// A parsed image reference. Equal values name the same thing in the same way; see also [`Reference::same_image`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// Why a text is not an image reference. The text of the error says what to write instead.
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
    #[error("it has {0} bytes, and may have {MAX_INPUT}")]
    Length(usize),
    #[error("it has the character {0:?}, which is not allowed in a reference")]
    Character(char),
    #[error("it begins with {0:?}; leave that out")]
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
    #[error("the repository name has {0} characters, and may have {MAX_REPOSITORY}")]
    RepositoryLength(usize),
    #[error("64 hexadecimal digits are the ID of a local image, not a name")]
    ImageId,
    #[error("the tag is missing after the colon")]
    NoTag,
    #[error("the tag {0:?} must begin with a letter, digit or underscore, and go on with those, dots and dashes")]
    Tag(String),
    #[error("the tag has {0} characters, and may have {MAX_TAG}")]
    TagLength(usize),
    #[error("the digest {0:?} must be an algorithm, a colon and hexadecimal digits, as in \"sha256:9f86d0…\"")]
    Digest(String),
    #[error("the digest algorithm {0:?} is not one of sha256, sha384, sha512")]
    DigestAlgorithm(String),
    #[error("a {algorithm} digest has {expected} lower case hexadecimal digits, and this one does not")]
    DigestDigits { algorithm: &'static str, expected: usize },
}

impl Reference {
    /// Reads a reference as a user writes it, and fills in what he may leave out.
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

    /// Whether both references pull the same image, whatever the registry holds: `nginx` and
    /// `docker.io/library/nginx:latest` do. A digest decides alone; the tag beside it is not used in a pull.
    pub fn same_image(&self, other: &Self) -> bool {
        self.registry == other.registry
            && self.repository == other.repository
            && match (&self.digest, &other.digest) {
                (None, None) => self.tag == other.tag,
                (one, another) => one == another,
            }
    }
}

/// The canonical form, with everything that was filled in. It parses to an equal reference.
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
    // Beside a tag or a digest, 64 hexadecimal digits are a name like any other.
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHA256: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn valid_references_get_their_defaults() {
        let docker = "docker.io";
        for (input, registry, repository, tag) in [
            ("nginx", docker, "library/nginx", "latest"),
            ("nginx:1.27", docker, "library/nginx", "1.27"),
            ("library/nginx:1.27", docker, "library/nginx", "1.27"),
            ("docker.io/nginx", docker, "library/nginx", "latest"),
            ("index.docker.io/library/nginx", docker, "library/nginx", "latest"),
            ("bitnami/redis:7", docker, "bitnami/redis", "7"),
            ("a/b/c/d", docker, "a/b/c/d", "latest"),
            // One component with a dot or a colon is a repository: a registry needs a slash after it.
            ("test.com:5000", docker, "library/test.com", "5000"),
            ("localhost", docker, "library/localhost", "latest"),
            ("ccr.ccs.tencentyun.com/team/app:v1", "ccr.ccs.tencentyun.com", "team/app", "v1"),
            ("demo.tencentcloudcr.com/ai/vllm:0.9.1-cu128", "demo.tencentcloudcr.com", "ai/vllm", "0.9.1-cu128"),
            ("registry:5000/app", "registry:5000", "app", "latest"),
            ("localhost/app", "localhost", "app", "latest"),
            ("LocalHost:5000/app:X", "localhost:5000", "app", "X"),
            ("GHCR.io/owner/app", "ghcr.io", "owner/app", "latest"),
            ("192.168.1.10:5000/app", "192.168.1.10:5000", "app", "latest"),
            ("[::1]:5000/app:1", "[::1]:5000", "app", "1"),
            ("[2001:db8::1]/app", "[2001:db8::1]", "app", "latest"),
            ("xn--n3h.com/app", "xn--n3h.com", "app", "latest"),
            ("x/a.b_c__d-e---f/g", docker, "x/a.b_c__d-e---f/g", "latest"),
            ("app:_x.Y-z", docker, "library/app", "_x.Y-z"),
        ] {
            let reference = Reference::parse(input).unwrap();
            let parts = (reference.registry(), reference.repository(), reference.tag(), reference.digest());
            assert_eq!(parts, (registry, repository, Some(tag), None), "{input}");
        }
    }

    #[test]
    fn a_digest_stands_with_or_without_a_tag() {
        for (input, tag, canonical) in [
            (format!("nginx@{SHA256}"), None, format!("docker.io/library/nginx@{SHA256}")),
            (format!("nginx:1@{SHA256}"), Some("1"), format!("docker.io/library/nginx:1@{SHA256}")),
            (format!("r:5/a@{SHA256}"), None, format!("r:5/a@{SHA256}")),
        ] {
            let reference = Reference::parse(&input).unwrap();
            assert_eq!((reference.tag(), reference.digest()), (tag, Some(SHA256)), "{input}");
            assert_eq!(reference.to_string(), canonical);
        }
        for (algorithm, digits) in [("sha384", 96), ("sha512", 128)] {
            let digest = format!("{algorithm}:{}", "a".repeat(digits));
            assert_eq!(Reference::parse(&format!("a@{digest}")).unwrap().digest(), Some(digest.as_str()));
        }
    }

    #[test]
    fn invalid_references_say_what_is_wrong() {
        let long_tag = format!("a:{}", "t".repeat(129));
        let long_name = format!("r.io/{}", "a".repeat(256));
        let long_official = "a".repeat(248);
        let (long_label, long_host) = (format!("{}.io/a", "h".repeat(64)), format!("h{}.io/a", ".h".repeat(125)));
        for (input, reason) in [
            ("", "it is empty"),
            ("   ", "the character ' '"),
            ("nginx: 1.27", "the character ' '"),
            ("nginx\n", "the character '\\n'"),
            ("nginx:ü", "the character 'ü'"),
            ("https://docker.io/nginx", "begins with \"https://\"; leave that out"),
            ("docker://nginx", "begins with \"docker://\""),
            ("Nginx", "the repository \"Nginx\" must be lower case"),
            ("MyTeam/app", "the repository \"MyTeam/app\" must be lower case"),
            ("r.io/Team/app", "the repository \"Team/app\" must be lower case"),
            (":tag", "the repository name is missing"),
            ("r.io/", "the repository name is missing"),
            ("r.io/:1", "the repository name is missing"),
            ("/nginx", "an empty part"),
            ("a//b", "an empty part"),
            ("a/", "an empty part"),
            ("nginx:", "the tag is missing"),
            ("nginx:-1", "the tag \"-1\" must begin"),
            ("nginx:1+2", "the tag \"1+2\" must begin"),
            (&long_tag, "the tag has 129 characters"),
            (&long_name, "the repository name has 256 characters"),
            (&long_official, "the repository name has 256 characters"),
            ("a..b", "the part \"a..b\""),
            ("a___b", "the part \"a___b\""),
            ("a._b", "the part \"a._b\""),
            ("-a", "the part \"-a\""),
            ("a-", "the part \"a-\""),
            ("a/_b", "the part \"_b\""),
            ("a:b:c", "the part \"a:b\""),
            ("a$b", "the part \"a$b\""),
            ("my_host:5000/a", "the registry \"my_host:5000\""),
            ("-h.io/a", "the registry \"-h.io\""),
            ("h..io/a", "the registry \"h..io\""),
            ("./a", "the registry \".\""),
            ("[::g]:5/a", "the registry \"[::g]:5\""),
            ("r.io:/a", "the port \"\""),
            ("r.io:0/a", "the port \"0\""),
            ("r.io:65536/a", "the port \"65536\""),
            ("r.io:+1/a", "the port \"+1\""),
            ("r.io:005000/a", "the port \"005000\""),
            (&long_label, "is too long: it may have 253 characters, and 63 between"),
            (&long_host, "is too long: it may have 253 characters, and 63 between"),
            (&SHA256[7..], "64 hexadecimal digits are the ID"),
            ("a@", "the digest \"\""),
            ("a@sha256", "the digest \"sha256\""),
            ("a@md5:d41d8cd98f00b204e9800998ecf8427e", "the digest algorithm \"md5\""),
            ("a@sha256:abc", "a sha256 digest has 64 lower case"),
            (&format!("a@{}", SHA256.to_uppercase().replace("SHA", "sha")), "a sha256 digest has 64 lower case"),
            (&format!("a@{SHA256}@{SHA256}"), "a sha256 digest has 64 lower case"),
        ] {
            let error = Reference::parse(input).unwrap_err().to_string();
            assert!(error.contains(reason), "{input}: {error}");
            assert!(error.ends_with("an example is \"nginx:1.27\""), "{error}");
        }
    }

    #[test]
    fn a_reference_of_the_greatest_length_is_valid() {
        let (label, name) = ("h".repeat(63), "a".repeat(255));
        let host = [label.as_str(), &label, &label, &label[..61]].join(".");
        let all = format!("{host}:65535/{name}:{}@sha512:{}", "t".repeat(128), "0".repeat(128));
        for input in [format!("{host}/{name}"), "a".repeat(247), format!("a:{}", "t".repeat(128)), all] {
            let reference = Reference::parse(&input).unwrap();
            assert_eq!(Reference::parse(&reference.to_string()), Ok(reference));
        }
    }

    /// Inputs on which implementations of the grammar differ most, with what its public test cases expect. Where this parser is
    /// stricter, because the image could not be pulled, the expectation is marked.
    #[test]
    fn grammar_agrees_with_its_reference_implementation() {
        let hex = &SHA256[7..];
        let (hex_with_tag, hex_with_digest, hex_in_path) =
            (format!("{hex}:tag"), format!("{hex}@{SHA256}"), format!("{hex}/{hex}"));
        let long = format!("{}a", "a/".repeat(128));
        let longest = format!("a/{}", "a".repeat(253));
        let digest_of_128 = format!("test.com/repo@sha256:{}", "f".repeat(128));
        for (input, expected) in [
            ("test_com", true),
            ("test.com:tag", true),
            ("test.com:5000", true),
            ("test.com/repo:tag", true),
            ("test:5000/repo", true),
            ("test:5000/repo:tag", true),
            ("", false),
            (":justtag", false),
            ("@sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", false),
            ("repo@sha256:ffffffffffffffffffffffffffffffffff", false),
            ("validname@invaliddigest:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", false),
            (&digest_of_128, false),
            ("Uppercase:tag", false),
            ("test:5000/Uppercase/lowercase:tag", false),
            ("lowercase:Uppercase", true),
            (&long, false),
            (&longest, true),
            ("aa/asdf$$^/aa", false),
            ("sub-dom1.foo.com/bar/baz/quux", true),
            ("sub-dom1.foo.com/bar/baz/quux:some-long-tag", true),
            ("b.gcr.io/test.example.com/my-app:test.example.com", true),
            ("xn--n3h.com/myimage:xn--n3h.com", true),
            ("foo_bar.com:8080", true),
            ("foo/foo_bar.com:8080", true),
            ("192.168.1.1", true),
            ("192.168.1.1:tag", true),
            ("192.168.1.1:5000/repo", true),
            ("[2001:db8::1]", false),
            ("[2001:db8::1]:5000", false),
            ("[2001:db8::1]:tag", false),
            ("[2001:db8::1]/repo", true),
            ("[2001:db8:1:2:3:4:5:6]/repo:tag", true),
            ("[2001:db8::1]:5000/repo", true),
            ("[2001:db8::]:5000/repo", true),
            ("[::1]:5000/repo", true),
            ("[fe80::1%eth0]:5000/repo", false),
            ("[fe80::1%@invalidzone]:5000/repo", false),
            ("[::ffff:192.168.1.1]:5000/repo", false),
            ("[64:ff9b::192.0.2.1]/repo", false),
            (hex, false),
            (&hex_with_tag, true),
            (&hex_with_digest, true),
            (&hex_in_path, true),
            ("docker/docker", true),
            ("docker.io/docker/docker", true),
            ("foo/foo/bar", true),
            ("foo__/bar", false),
            ("foo//bar", false),
            ("a-b-----c", true),
            ("a_b__c", true),
            ("a___c", false),
            ("foo..bar", false),
            ("xn--7o8h.com/myimage", true),
            ("localhost:8080/repo", true),
            ("-test.com/repo", false),
            ("test-.com/repo", false),
            ("my.domain/path@tag", false),
            // Stricter: no port that TCP does not have.
            ("test:65536/repo", false),
        ] {
            assert_eq!(Reference::parse(input).is_ok(), expected, "{input}");
        }
    }

    #[test]
    fn the_same_image_can_be_written_in_many_ways() {
        let other = SHA256.replace("9f86", "0000");
        for (one, another, expected) in [
            ("nginx:1.27", "docker.io/library/nginx:1.27", true),
            ("nginx", "nginx:latest", true),
            ("nginx", "index.docker.io/nginx:latest", true),
            ("nginx:1", "nginx:2", false),
            ("nginx", "bitnami/nginx", false),
            ("nginx", "r.io/library/nginx", false),
            (&format!("nginx:1@{SHA256}"), &format!("nginx:2@{SHA256}"), true),
            (&format!("nginx@{SHA256}"), &format!("nginx@{other}"), false),
            (&format!("nginx:1@{SHA256}"), "nginx:1", false),
        ] {
            let (one, another) = (Reference::parse(one).unwrap(), Reference::parse(another).unwrap());
            assert_eq!(one.same_image(&another), expected, "{one} {another}");
            assert_eq!(another.same_image(&one), expected, "{another} {one}");
        }
    }

    #[test]
    fn an_error_stays_short_when_the_input_is_long() {
        let error = Reference::parse(&"A".repeat(100_000)).unwrap_err().to_string();
        assert!(error.len() < 1200 && error.contains("it has 100000 bytes"), "{error}");
    }

    proptest! {
        #[test]
        fn the_canonical_form_parses_to_itself(input in "([a-z]{1,3}[.:]?[0-9]{1,4}/)?[a-z0-9_.-]{1,8}(/[a-z0-9]{1,4}){0,2}(:[A-Za-z0-9_.-]{1,6})?") {
            if let Ok(reference) = Reference::parse(&input) {
                prop_assert_eq!(Reference::parse(&reference.to_string()), Ok(reference));
            }
        }

        #[test]
        fn no_input_panics(input in ".{0,80}") {
            let _ = Reference::parse(&input);
        }
    }
}
