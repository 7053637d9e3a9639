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
fn digest_with_and_without_tag() {
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
fn invalid_references_are_explained() {
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
        ("https://docker.io/nginx", "begins with \"https://\"; remove that"),
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
        ("a@sha256:abc", "a sha256 digest must have 64 lower case"),
        (&format!("a@{}", SHA256.to_uppercase().replace("SHA", "sha")), "a sha256 digest must have 64 lower case"),
        (&format!("a@{SHA256}@{SHA256}"), "a sha256 digest must have 64 lower case"),
    ] {
        let error = Reference::parse(input).unwrap_err().to_string();
        assert!(error.contains(reason), "{input}: {error}");
        assert!(error.ends_with("an example is \"nginx:1.27\""), "{error}");
    }
}

#[test]
fn longest_reference_is_valid() {
    let (label, name) = ("h".repeat(63), "a".repeat(255));
    let host = [label.as_str(), &label, &label, &label[..61]].join(".");
    let all = format!("{host}:65535/{name}:{}@sha512:{}", "t".repeat(128), "0".repeat(128));
    for input in [format!("{host}/{name}"), "a".repeat(247), format!("a:{}", "t".repeat(128)), all] {
        let reference = Reference::parse(&input).unwrap();
        assert_eq!(Reference::parse(&reference.to_string()), Ok(reference));
    }
}

/// Inputs on which implementations of the grammar differ most, with the expectations of its public test cases. Deviations,
/// where this parser is stricter because the image could not be pulled, are marked.
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
        // Stricter: the port must be valid.
        ("test:65536/repo", false),
    ] {
        assert_eq!(Reference::parse(input).is_ok(), expected, "{input}");
    }
}

#[test]
fn same_image_can_be_written_in_many_ways() {
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
fn error_is_short_for_long_input() {
    let error = Reference::parse(&"A".repeat(100_000)).unwrap_err().to_string();
    assert!(error.len() < 1200 && error.contains("it has 100000 bytes"), "{error}");
}

proptest! {
    #[test]
    fn canonical_form_parses_to_itself(input in "([a-z]{1,3}[.:]?[0-9]{1,4}/)?[a-z0-9_.-]{1,8}(/[a-z0-9]{1,4}){0,2}(:[A-Za-z0-9_.-]{1,6})?") {
        if let Ok(reference) = Reference::parse(&input) {
            prop_assert_eq!(Reference::parse(&reference.to_string()), Ok(reference));
        }
    }

    #[test]
    fn no_input_panics(input in ".{0,80}") {
        let _ = Reference::parse(&input);
    }
}
