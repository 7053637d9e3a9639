//! Compares computed sizes with actual unpacked sizes.

use image_registry::{DiskNeed, Platform};
use serde_json::json;

use crate::docker_registry::{DockerRegistry, Setup, TAR_GZIP};
use crate::layers::{DOCKER_TAR_GZIP, TAR, TAR_ZSTD, gzip, tar, unpack, zstd};
use crate::zeros::gzip_zeros;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

#[tokio::test]
async fn computed_sizes_equal_unpacked_sizes() {
    let registry = DockerRegistry::start(Setup::default()).await;
    let large = tar(1, 1_500_000);
    let members = [gzip(&tar(2, 5_000)), gzip(&large), gzip(&tar(3, 9_000))].concat();
    for (name, blob, media_type, exact) in [
        ("gzip", gzip(&large), TAR_GZIP, true),
        ("small-gzip", gzip(&tar(4, 30_000)), DOCKER_TAR_GZIP, true),
        ("small-members", [gzip(&tar(5, 9_000)), gzip(&tar(6, 9_000))].concat(), TAR_GZIP, true),
        ("members", members, TAR_GZIP, false),
        ("zstd", zstd(&large, true), TAR_ZSTD, true),
        ("zstd-stream", zstd(&large, false), TAR_ZSTD, false),
        ("tar", large.clone(), TAR, true),
        // The content of a blob decides, not its media type.
        ("mislabeled", gzip(&large), TAR, true),
    ] {
        let unpacked = unpack(&blob);
        let layer = registry.push_blob(name, blob).await;
        let manifest =
            registry.push_image(name, "1", &[(layer.clone(), media_type)], &[], media_type == DOCKER_TAR_GZIP).await;
        let results =
            registry.inspector().inspect(&[registry.reference(&format!("{name}:1"))], &Platform::default()).await;
        let [Ok(image)] = results.as_slice() else { panic!("{name}: {results:?}") };
        let [measured] = image.layers.as_slice() else { panic!("{name}: {image:?}") };
        assert_eq!((&image.digest, &image.manifest_digest), (&manifest.digest, &manifest.digest), "{name}");
        assert_eq!((&measured.digest, measured.compressed_bytes), (&layer.digest, layer.size), "{name}");
        let found = &measured.unpacked;
        assert_eq!(found.is_exact(), exact, "{name}: {found:?}");
        assert!((found.min..=found.max).contains(&unpacked), "{name}: {unpacked} {found:?}");
        assert!(!exact || found.bytes == unpacked, "{name}: {unpacked} {found:?}");
    }
}

#[tokio::test]
async fn five_gib_in_five_mib_are_found() {
    let registry = DockerRegistry::start(Setup::default()).await;
    let blob = gzip_zeros(5 << 10);
    assert_eq!(unpack(&blob), 5 << 30);
    let layer = registry.push_blob("zeros", blob).await;
    registry.push_image("zeros", "1", &[(layer, TAR_GZIP)], &[], false).await;
    let results = registry.inspector().inspect(&[registry.reference("zeros:1")], &Platform::default()).await;
    let image = results[0].as_ref().unwrap();
    assert_eq!(image.layers[0].unpacked.bytes, 5 << 30);
    assert_eq!(DiskNeed::new([image], 5, 80).required_gib(), 20);
}

#[tokio::test]
async fn platform_selects_the_image_and_shared_layers_count_once() {
    let registry = DockerRegistry::start(Setup::default()).await;
    let base = registry.push_blob("app", gzip(&tar(1, 100_000))).await;
    let mut entries = Vec::new();
    let mut digests = Vec::new();
    for (seed, architecture) in [(2, "amd64"), (3, "arm64")] {
        let own = registry.push_blob("app", gzip(&tar(seed, 50_000 * seed as usize))).await;
        let image =
            registry.push_image("app", architecture, &[(base.clone(), TAR_GZIP), (own, TAR_GZIP)], &[], false).await;
        let platform = json!({ "os": "linux", "architecture": architecture });
        entries.push(json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": image.digest, "size": image.size, "platform": platform }));
        digests.push(image.digest);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    let index = registry.push_manifest("app", "1", INDEX, &index).await;

    let inspector = registry.inspector();
    let by_digest = registry.reference(&format!("app@{}", index.digest));
    let mut images = Vec::new();
    for (platform, digest) in [("linux/amd64", &digests[0]), ("linux/arm64/v8", &digests[1])] {
        for reference in [&registry.reference("app:1"), &by_digest] {
            let mut results = inspector.inspect(std::slice::from_ref(reference), &platform.parse().unwrap()).await;
            let image = results.remove(0).unwrap();
            assert_eq!((&image.digest, &image.manifest_digest), (&index.digest, digest), "{platform}");
            images.push(image);
        }
    }
    let need = DiskNeed::new(&images, 5, 80);
    let sum = need.layers();
    assert_eq!(sum.unpacked_bytes, [100_000, 100_000, 150_000].map(|len| tar(0, len).len() as u64).iter().sum::<u64>());
    assert!(sum.exact && need.to_string().contains("layers that images share count once"), "{need}");

    let results = inspector.inspect(&[by_digest], &"linux/s390x".parse().unwrap()).await;
    let error = results[0].as_ref().unwrap_err().to_string();
    assert!(
        error.ends_with("the image is not available for linux/s390x; it is available for linux/amd64, linux/arm64"),
        "{error}"
    );
}
