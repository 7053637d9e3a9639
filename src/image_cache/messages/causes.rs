//! Known causes of failed builds, and what to do about each.
//!
//! The words are those of containerd and of registries. The API does not document its messages, so only advice depends on them.

/// A cause: lower-case words, one of which is in the message, and the advice.
struct Cause {
    words: &'static [&'static str],
    advice: &'static str,
}

/// In order of precedence: if a message matches several, the first applies.
const CAUSES: [Cause; 7] = [
    Cause {
        words: &["no space left on device", "disk quota exceeded"],
        advice: "The images do not fit on the disk of the build. Increase image_cache_size; the data source eks_pod_disk computes \
        the required size.",
    },
    Cause {
        words: &["toomanyrequests", "429 too many requests", "rate limit"],
        advice: "The registry limits the number of pulls. Set image_registry_credentials for it, or use images of a mirror.",
    },
    Cause {
        words: &["server gave http response"],
        advice: "The registry serves plain HTTP. Add its host to registry_http_endpoint_list.",
    },
    Cause {
        words: &["x509:", "certificate signed by unknown authority", "tls: failed to verify"],
        advice: "The certificate of the registry is not trusted. Add its host to registry_skip_verify_list.",
    },
    Cause {
        words: &[
            "403 forbidden",
            "unauthorized",
            "authentication required",
            "authorization failed",
            "no basic auth credentials",
            "access denied",
            "insufficient_scope",
        ],
        advice: "The registry refuses the pull. Check image_registry_credentials: its key is the server as the image reference \
                 names it, and the user must be allowed to pull the repository. A repository that does not exist is refused \
                 in the same way.",
    },
    Cause {
        words: &[
            "i/o timeout",
            "connection timed out",
            "context deadline exceeded",
            "tls handshake timeout",
            "no route to host",
            "network is unreachable",
            "connection refused",
            "no such host",
            "server misbehaving",
        ],
        advice: "The build cannot reach the registry. Provide Internet access (a NAT gateway of the subnet, existed_eip_id or \
        auto_create_eip), and check the rules of security_group_ids, and resolve_config if a name is not resolved.",
    },
    Cause {
        words: &["manifest unknown", "no match for platform", "not found"],
        advice: "The registry does not have an image with this tag for linux/amd64. Check the references in images.",
    },
];

/// The advice for the known causes in `messages`, each once.
pub(super) fn advice<'a>(messages: impl Iterator<Item = &'a str>) -> Vec<&'static str> {
    let mut found = Vec::new();
    for message in messages {
        // The cause of a failed pull is in the first or the last characters of a message, which may be long.
        let message = safe_text::quote(message, 4096).to_lowercase();
        let cause = CAUSES.iter().find(|cause| cause.words.iter().any(|words| message.contains(words)));
        if let Some(cause) = cause.filter(|cause| !found.contains(&cause.advice)) {
            found.push(cause.advice);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_causes_have_advice_that_names_the_argument() {
        for (message, argument) in [
            ("failed to extract layer sha256:0a: write /images/mnt/a: no space left on device", "image_cache_size"),
            ("failed to resolve reference: unexpected status: 401 Unauthorized", "image_registry_credentials"),
            (
                "pull access denied, repository does not exist or may require authorization",
                "image_registry_credentials",
            ),
            ("unexpected status code: 429 Too Many Requests - toomanyrequests: rate limit", "mirror"),
            ("dial tcp 10.0.0.1:443: i/o timeout", "auto_create_eip"),
            ("lookup registry.example.com on 183.60.83.19:53: no such host", "resolve_config"),
            ("tls: failed to verify certificate: x509: signed by unknown authority", "registry_skip_verify_list"),
            ("http: server gave HTTP response to HTTPS client", "registry_http_endpoint_list"),
            ("registry.example.com/a:1: not found", "references in images"),
            ("no match for platform in manifest: not found", "linux/amd64"),
        ] {
            let found = advice([message].into_iter());
            let [advice] = &found[..] else { panic!("{message}: {found:?}") };
            assert!(advice.contains(argument), "{message}: {advice}");
        }
        assert!(advice(["Back-off pulling image \"a\"", ""].into_iter()).is_empty());
        let twice = ["no space left on device", "i/o timeout", "No space left on device"];
        assert_eq!(advice(twice.into_iter()).len(), 2);
    }
}
