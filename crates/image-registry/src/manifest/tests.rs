use super::*;

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn descriptor(size: &str) -> String {
    format!(r#"{{"mediaType":"m","digest":"{DIGEST}","size":{size}}}"#)
}

#[test]
fn image_has_layers() {
    let text = format!(r#"{{"schemaVersion":2,"config":{0},"layers":[{0}]}}"#, descriptor("7"));
    let Document::Image(manifest) = Document::parse(text.as_bytes()).unwrap() else { panic!("an index") };
    let [layer] = &manifest.layers[..] else { panic!("{manifest:?}") };
    assert_eq!((layer.size, layer.digest.as_str()), (7, DIGEST));
}

#[test]
fn optional_members_may_be_missing_or_null() {
    let image = Document::Image(Manifest::default());
    let layer = descriptor("7").replace('}', r#","annotations":null}"#);
    for (text, expected) in [
        (r#"{"schemaVersion":2,"config":{}}"#.to_owned(), Some(&image)),
        (r#"{"schemaVersion":2,"config":{},"layers":null}"#.to_owned(), Some(&image)),
        (r#"{"schemaVersion":2,"layers":[]}"#.to_owned(), Some(&image)),
        (r#"{"schemaVersion":2,"mediaType":null,"config":null,"layers":[]}"#.to_owned(), Some(&image)),
        (format!(r#"{{"schemaVersion":2,"layers":[{layer}]}}"#), None),
        (r#"{"schemaVersion":2,"manifests":[]}"#.to_owned(), None),
        (
            r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":null}"#.to_owned(),
            None,
        ),
    ] {
        let document = Document::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(expected.is_none_or(|expected| document.is_like(expected)), "{text}: {document:?}");
    }
}

impl Document {
    fn is_like(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Image(one), Self::Image(other)) if one.layers == other.layers)
    }
}

#[test]
fn artifacts_are_not_images() {
    for (config, artifact_type, expected) in [
        ("application/vnd.oci.image.config.v1+json", "", None),
        ("application/vnd.docker.container.image.v1+json", "", None),
        ("application/vnd.cncf.helm.config.v1+json", "", Some("application/vnd.cncf.helm.config.v1+json")),
        ("application/vnd.docker.plugin.v1+json", "", Some("application/vnd.docker.plugin.v1+json")),
        (EMPTY_CONFIG, "application/spdx+json", Some("application/spdx+json")),
        (EMPTY_CONFIG, "", Some("an artifact without a type")),
    ] {
        let text = format!(
            r#"{{"schemaVersion":2,"artifactType":{artifact_type:?},"config":{{"mediaType":{config:?},"digest":"{DIGEST}","size":2}},"layers":[]}}"#
        );
        let Document::Image(manifest) = Document::parse(text.as_bytes()).unwrap() else { panic!("an index") };
        assert_eq!(manifest.artifact.as_deref(), expected, "{config} {artifact_type}");
    }
}

#[test]
fn platform_is_read_from_a_configuration() {
    for (text, expected) in [
        (r#"{"os":"linux","architecture":"arm64","variant":"v8","rootfs":{}}"#, Some("linux/arm64")),
        (r#"{"os":"linux","architecture":null}"#, None),
        ("{}", None),
        ("[", None),
    ] {
        let platform = config_platform(text.as_bytes()).map(|platform| platform.to_string());
        assert_eq!(platform.as_deref(), expected, "{text}");
    }
}

#[test]
fn index_has_entries_with_and_without_a_platform() {
    let entry = |rest: &str| descriptor("7").replace('}', rest);
    let text = format!(
        r#"{{"schemaVersion":2,"manifests":[{},{},{},{},{}]}}"#,
        entry(r#","platform":{"os":"linux","architecture":"arm","variant":"v7"}}"#),
        entry(r#","platform":{"os":"unknown","architecture":"unknown"}}"#),
        entry(r#","artifactType":"application/spdx+json"}"#),
        entry("}"),
        entry(r#","platform":{}}"#),
    );
    let Document::Index(entries) = Document::parse(text.as_bytes()).unwrap() else { panic!("an image") };
    let platforms = entries.iter().map(|entry| entry.platform.as_ref().map(Platform::to_string));
    assert_eq!(platforms.collect::<Vec<_>>(), [Some("linux/arm/v7".to_owned()), None, None]);
}

#[test]
fn invalid_documents_are_explained() {
    let image = |size: &str| format!(r#"{{"schemaVersion":2,"layers":[{}]}}"#, descriptor(size));
    for (text, expected) in [
        (image("-1"), "invalid value: integer `-1`, expected u64"),
        (image("18446744073709551616"), "u64"),
        (image("1125899906842625"), "said to have 1125899906842625 bytes"),
        (image("1").replace(DIGEST, "sha256:../../etc"), "a sha256 digest must have 64"),
        (image("1").replace(DIGEST, ""), "must be an algorithm"),
        (r#"{"schemaVersion":2,"layers":[],"manifests":[]}"#.to_owned(), "both an image and an index"),
        (r#"{"schemaVersion":2}"#.to_owned(), "neither layers nor manifests"),
        (r#"{"schemaVersion":1,"fsLayers":[]}"#.to_owned(), "schema version 1"),
        ("[1]".to_owned(), "invalid"),
        ("<html>".to_owned(), "expected value"),
    ] {
        let error = Document::parse(text.as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn digest_is_verified_with_its_own_algorithm() {
    let long = "ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff";
    for (digest, expected) in [
        (DIGEST.to_owned(), true),
        (format!("sha512:{long}"), true),
        (DIGEST.replace("9f86", "9f87"), false),
        ("md5:098f6bcd4621d373cade4e832627b4f6".to_owned(), false),
        (String::new(), false),
    ] {
        assert_eq!(has_digest(b"test", &digest), expected, "{digest}");
    }
}

#[test]
fn foreign_layers_are_recognized_by_media_type() {
    for (media_type, expected) in [
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true),
        ("application/vnd.oci.image.layer.v1.tar+gzip", false),
    ] {
        let layer: Descriptor =
            serde_json::from_str(&descriptor("1").replace("\"m\"", &format!("{media_type:?}"))).unwrap();
        assert_eq!(layer.is_foreign(), expected, "{media_type}");
    }
}
