//! The pulls, one test for each kind of image.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::LazyLock;

use image_registry::{Config, DiskNeed, Inspector, LayerSum, Platform, Reference};

use crate::archives::{archive, archive_with, base, gzip, sources, tiny_files, write, zstd};
use crate::containerd::Containerd;
use crate::docker_registry::{DockerRegistry, Pushed, Setup, TAR_GZIP, digest};
use crate::estargz::estargz;
use crate::machine::FORBIDS_MOUNTS;
use crate::requirements::skip;

const TAR: &str = "application/vnd.oci.image.layer.v1.tar";
const TAR_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const DOCKER_TAR_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const MIB: u64 = 1 << 20;

/// A layer: the blob, its media type, and the archive inside.
#[derive(Clone)]
struct Layer {
    blob: Vec<u8>,
    media_type: &'static str,
    archive: Vec<u8>,
}

impl Layer {
    fn gzip(archive: Vec<u8>) -> Self {
        Self { blob: gzip(&archive), media_type: TAR_GZIP, archive }
    }
}

/// Pulls images with these layers onto one node, and compares the computed size with the actual one. `exact` is whether all layers
/// state their size.
async fn check(name: &str, exact: bool, images: &[&[&Layer]]) {
    if let Some(reason) = &*FORBIDS_MOUNTS {
        return skip(Some(name), reason);
    }
    let registry = DockerRegistry::start(Setup::default()).await;
    let mut references = Vec::new();
    for (number, layers) in images.iter().enumerate() {
        let repository = format!("node/{name}-{number}");
        let mut pushed: Vec<(Pushed, &str)> = Vec::new();
        for layer in *layers {
            pushed.push((registry.push_blob(&repository, layer.blob.clone()).await, layer.media_type));
        }
        let diff_ids: Vec<_> = layers.iter().map(|layer| digest(&layer.archive)).collect();
        let is_docker = layers.iter().any(|layer| layer.media_type == DOCKER_TAR_GZIP);
        registry.push_image(&repository, "1", &pushed, &diff_ids, is_docker).await;
        references.push(Reference::parse(&format!("{}/{repository}:1", registry.host)).unwrap());
    }

    let inspector = Inspector::new(Config { http_hosts: [registry.host.clone()].into(), ..Config::default() });
    let results = inspector.inspect(&references, &Platform::default()).await;
    let sizes: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    let sum = LayerSum::of(&sizes);
    let containerd = Containerd::start();
    let used: u64 = references.iter().map(|reference| containerd.pull(&reference.to_string())).sum();

    let (computed, need) = (sum.disk_bytes(), DiskNeed::new(&sizes, 0, 80));
    let report = format!("{name}: used {used}, computed {computed} ({:.3})\n{need}", computed as f64 / used as f64);
    println!("{report}");
    assert_eq!(sum.exact, exact, "{report}");
    assert!(computed >= used, "{report}");
    assert!(!exact || computed <= used + used * 12 / 100 + 64 * MIB, "{report}");
}

static BASE: LazyLock<Layer> = LazyLock::new(|| Layer::gzip(archive(base)));
static SOURCES: LazyLock<Layer> = LazyLock::new(|| Layer::gzip(archive(sources)));

#[tokio::test]
async fn base_in_gzip_of_both_manifest_formats() {
    let docker = Layer { media_type: DOCKER_TAR_GZIP, ..BASE.clone() };
    check("base", true, &[&[&BASE]]).await;
    check("docker-base", true, &[&[&docker]]).await;
}

#[tokio::test]
async fn shared_base_is_unpacked_once() {
    let other = Layer::gzip(archive(|root, random| tiny_files(root, random, 50, 90_000)));
    check("shared-base", true, &[&[&BASE, &SOURCES], &[&BASE, &other]]).await;
}

#[tokio::test]
async fn same_layer_is_unpacked_on_each_base_and_at_each_place() {
    let other = Layer::gzip(archive(|root, _| write(&root.join("etc/os-release"), b"ID=other\n")));
    check("two-bases", true, &[&[&BASE, &SOURCES], &[&other, &SOURCES]]).await;
    check("twice", true, &[&[&BASE, &SOURCES, &SOURCES]]).await;
}

#[tokio::test]
async fn small_files_take_blocks() {
    for (name, count, len) in [("tiny-files", 20_000, 200), ("kib-files", 15_000, 1_000), ("empty-files", 20_000, 0)] {
        let layer = Layer::gzip(archive(|root, random| tiny_files(root, random, count, len)));
        check(name, true, &[&[&layer]]).await;
    }
    check("sources", true, &[&[&SOURCES]]).await;
    let few = Layer::gzip(archive(|root, random| tiny_files(root, random, 400, 50)));
    check("few-tiny-files", true, &[&[&few]]).await;
}

#[tokio::test]
async fn zeros_and_sparse_files_are_written_out() {
    let zeros = Layer::gzip(archive(|root, _| write(&root.join("var/log/lastlog"), &vec![0; 150 << 20])));
    check("zeros", true, &[&[&zeros]]).await;
    let sparse = Layer::gzip(archive_with(&["--sparse"], |root, random| {
        write(&root.join("var/log/lastlog"), &random.text(5_000));
        fs::File::options().write(true).open(root.join("var/log/lastlog")).unwrap().set_len(150 << 20).unwrap();
    }));
    check("sparse", true, &[&[&sparse]]).await;
}

#[tokio::test]
async fn large_files_have_little_overhead() {
    let weights = archive(|root, random| write(&root.join("models/weights.safetensors"), &random.bytes(150 << 20)));
    check("weights", true, &[&[&Layer::gzip(weights.clone())]]).await;
    let tar = Layer { blob: weights.clone(), media_type: TAR, archive: weights };
    check("weights-tar", true, &[&[&tar]]).await;
}

#[tokio::test]
async fn zstd_with_and_without_content_size() {
    let archive = BASE.archive.clone();
    for (name, exact) in [("zstd", true), ("zstd-stream", false)] {
        let layer = Layer { blob: zstd(&archive, exact), media_type: TAR_ZSTD, archive: archive.clone() };
        check(name, exact, &[&[&layer]]).await;
    }
    let files = archive_of_tiny_files();
    let layer = Layer { blob: zstd(&files, false), media_type: TAR_ZSTD, archive: files };
    check("zstd-stream-tiny-files", false, &[&[&layer]]).await;
}

fn archive_of_tiny_files() -> Vec<u8> {
    archive(|root, random| tiny_files(root, random, 20_000, 200))
}

#[tokio::test]
async fn estargz_of_both_lengths_of_its_table() {
    let file = |number: usize, len: usize| {
        let content = crate::archives::Random(number as u64).text(len);
        (format!("app/{}/file-{number}", number / 100), content)
    };
    let some: Vec<_> = (0..2_000).map(|number| file(number, 10_000)).collect();
    let many: Vec<_> = (0..30_000).map(|number| file(number, 700)).collect();
    for (name, files, exact) in [("estargz", some, true), ("estargz-long-table", many, false)] {
        let (blob, archive) = estargz(&files);
        check(name, exact, &[&[&Layer { blob, media_type: TAR_GZIP, archive }]]).await;
    }
}

#[tokio::test]
async fn several_members_are_not_taken_for_one() {
    let archive = BASE.archive.clone();
    for (name, cut) in [("small-first-member", 10_240), ("small-last-member", archive.len() - 10_240)] {
        let blob = [gzip(&archive[..cut]), gzip(&archive[cut..])].concat();
        check(name, false, &[&[&Layer { blob, media_type: TAR_GZIP, archive: archive.clone() }]]).await;
    }
}

#[tokio::test]
async fn links_and_whiteouts_take_no_blocks() {
    let links = Layer::gzip(archive(|root, random| {
        for number in 0..200 {
            let file = root.join(format!("usr/bin/program-{number}"));
            write(&file, &random.text(50_000));
            for link in 0..20 {
                fs::hard_link(&file, root.join(format!("usr/bin/program-{number}-{link}"))).unwrap();
                let target =
                    format!("{}program-{number}", if link == 0 { "../bin/".repeat(20) } else { String::new() });
                symlink(target, root.join(format!("usr/bin/link-{number}-{link}"))).unwrap();
            }
        }
    }));
    check("links", true, &[&[&links]]).await;
    let whiteouts = Layer::gzip(archive(|root, _| {
        for number in 0..150 {
            write(&root.join(format!("usr/bin/.wh.program-{number}")), b"");
        }
        write(&root.join("etc/.wh..wh..opq"), b"");
    }));
    check("whiteouts", true, &[&[&links, &whiteouts]]).await;
}
