use super::super::layer::Entries;
use super::*;
use crate::Reference;

const MB: u64 = 1_000_000;

fn layer(digest: &str, compressed_bytes: u64, unpacked_bytes: u64) -> Layer {
    Layer { digest: digest.to_owned(), compressed_bytes, unpacked: Unpacked::exact(unpacked_bytes) }
}

fn estimated(digest: &str, compressed_bytes: u64, [min, bytes, max]: [u64; 3]) -> Layer {
    let unpacked = Unpacked { min, bytes, max, basis: Basis::SizeFieldWraps, ..Unpacked::exact(0) };
    Layer { digest: digest.to_owned(), compressed_bytes, unpacked }
}

fn image(reference: &str, layers: Vec<Layer>) -> ImageSize {
    ImageSize { layers, ..ImageSize::empty(Reference::parse(reference).unwrap()) }
}

#[test]
fn compressed_bytes_count_per_digest_and_unpacked_bytes_per_chain() {
    let (base, other, model) = (layer("base", 1, 10), layer("other", 2, 20), layer("model", 4, 40));
    for (what, images, compressed, unpacked) in [
        ("one image", vec![vec![&base, &model]], 5, 50),
        ("the same image twice", vec![vec![&base, &model], vec![&base, &model]], 5, 50),
        ("a shared base", vec![vec![&base, &model], vec![&base, &other]], 7, 70),
        ("the same layer on two bases", vec![vec![&base, &model], vec![&other, &model]], 7, 110),
        ("the same layer twice in one image", vec![vec![&base, &model, &model]], 5, 90),
        ("the same layers in another order", vec![vec![&base, &model], vec![&model, &base]], 5, 100),
        ("nothing", vec![vec![]], 0, 0),
    ] {
        let images: Vec<_> =
            images.into_iter().map(|layers| image("a", layers.into_iter().cloned().collect())).collect();
        let sum = LayerSum::of(&images);
        assert_eq!((sum.compressed_bytes, sum.unpacked_bytes, sum.exact), (compressed, unpacked, true), "{what}");
        assert_eq!((sum.unpacked_bytes_min, sum.unpacked_bytes_max), (unpacked, unpacked), "{what}");
    }
}

/// Pulls measured with containerd and overlayfs on ext4, in bytes: the layers of the images, and the growth of the file system.
#[test]
fn disk_is_never_below_a_measured_pull_and_at_most_one_step_above() {
    let debian = || layer("debian", 93 * MB, 203 * MB);
    let torch = || layer("torch", 3_034 * MB, 5_610 * MB);
    let node = || layer("node", 184 * MB, 712 * MB);
    let model = |digest: &str| layer(digest, 40 * MB, 9_900 << 20);
    let stated = |what: &'static str, images: Vec<Vec<Layer>>, used: u64| (what, images, used * MB);
    for (what, images, used) in [
        stated("debian", vec![vec![debian()]], 308),
        stated("debian twice", vec![vec![debian()], vec![debian(), layer("ansible", 39 * MB, 267 * MB)]], 651),
        stated("debian as a tar", vec![vec![layer("debian", 204 * MB, 204 * MB)]], 419),
        stated("debian in zstd", vec![vec![layer("debian", 84 * MB, 203 * MB)]], 300),
        stated("debian in eStargz", vec![vec![layer("debian", 95 * MB, 206 * MB)]], 313),
        stated("ansible", vec![vec![debian(), layer("ansible", 39 * MB, 267 * MB)]], 651),
        stated("weights", vec![vec![layer("weights", 2_148 * MB, 2_148 * MB)]], 4_296),
        stated("node_modules", vec![vec![debian(), node()]], 1_427),
        stated("the same layer twice", vec![vec![debian(), node(), node()]], 2_360),
        stated(
            "the same layer on two bases",
            vec![vec![debian(), node()], vec![layer("b", 1, 1), node()]],
            2_361 - 216,
        ),
        stated("a model on two bases", vec![vec![debian(), model("m")], vec![layer("b", 1, 1), model("m")]], 20_941),
        stated("torch", vec![vec![debian(), torch()]], 9_000),
        stated("torch and weights", vec![vec![debian(), torch(), layer("w", 2_148 * MB, 2_148 * MB)]], 13_296),
    ] {
        let images: Vec<_> = images.into_iter().map(|layers| image("a", layers)).collect();
        for threshold in [80, 85] {
            let need = DiskNeed::new(&images, 5, threshold);
            let used = used + 5 * GIB;
            let ideal = (1..).map(|step| step * 10).find(|gib| used < FileSystem::of_gib(*gib).bytes_at(threshold));
            let required = need.required_gib();
            let ideal = ideal.unwrap();
            assert!((ideal..=ideal + 10).contains(&required), "{what}: {required} for {ideal}\n{need}");
            assert!(need.max_bytes() >= used, "{what}: {used}\n{need}");
        }
    }
}

#[test]
fn files_of_a_layer_count_by_its_entries() {
    const KIB: u64 = 1 << 10;
    let with = |compressed, archive, count, seen_archive, seen_disk, head_ratio| {
        let entries = Entries { count, archive_bytes: seen_archive, disk_bytes: seen_disk };
        let unpacked = Unpacked { entries, head_ratio, ..Unpacked::exact(archive) };
        Layer { digest: "a".to_owned(), compressed_bytes: compressed, unpacked }
    };
    let containerd = (64 << 10) + (1 << 20);
    for (what, layer, expected) in [
        ("nothing seen", with(50 * MB, 100 * MB, 0, 0, 0, None), 32 * MB),
        ("all seen", with(50 * KIB, 100 * KIB, 25, 100 * KIB, 130 * KIB, None), 30 * KIB),
        ("one large file", with(50 * MB, 100 * MB, 1, 100 * MB, 100 * MB, Some(1.0)), 0),
        ("small files throughout", with(5 * MB, 20 * MB, 100, MB, 4 * MB, Some(4.0)), 60 * MB),
        ("small files in the head", with(90 * MB, 200 * MB, 100, MB, 2 * MB, Some(5.0)), MB + 199 * MB * 32 / 100),
        ("small files in the head of less", with(20 * MB, 50 * MB, 100, MB, 2 * MB, Some(5.0)), 50 * MB),
        ("fewer bytes than in the archive", with(50 * MB, 100 * MB, 100, 100 * MB, 90 * MB, None), 0),
        ("20 GiB of libraries", with(9 * GIB, 20 * GIB, 0, 0, 0, None), 10 * GIB / 100 * 34),
    ] {
        let sum = LayerSum::of([&image("a", vec![layer])]);
        let (computed, expected) = (sum.files_bytes.1, expected + containerd);
        assert!(computed.abs_diff(expected) <= expected / 1000, "{what}: {computed} {expected}");
    }
}

#[test]
fn disk_has_enough_inodes() {
    // 2 million files of 1 KiB take 8 GB, and more inodes than a disk of 20 GiB has.
    let entries = Entries { count: 100, archive_bytes: 153_600, disk_bytes: 409_600 };
    let unpacked = Unpacked { entries, head_ratio: Some(1.5), ..Unpacked::exact(3_072 * MB) };
    let files = Layer { digest: "files".to_owned(), compressed_bytes: 2_048 * MB, unpacked };
    let need = DiskNeed::new(&[image("a", vec![files])], 0, 80);
    assert_eq!(need.sum.entries, 2_000_000);
    assert!(need.max_bytes() < FileSystem::of_gib(20).bytes_at(80), "{need}");
    assert_eq!(need.required_gib(), 40);
}

#[test]
fn disk_stays_below_the_threshold() {
    for (mib, headroom_gib, threshold, expected) in [
        (0, 0, 80, 10),
        (0, 5, 80, 10),
        (0, 7, 80, 10),
        (0, 8, 80, 20),
        (0, 14, 80, 20),
        (0, 15, 80, 30),
        (0, 15, 85, 20),
        (0, 18, 100, 20),
        (4 << 10, 5, 80, 20),
        (60 << 10, 5, 80, 90),
        (0, 0, 1, NO_DISK_GIB.next_multiple_of(10)),
    ] {
        let need = DiskNeed::new(&[image("a", vec![layer("a", mib << 20, 0)])], headroom_gib, threshold);
        assert_eq!(need.required_gib(), expected, "{need}");
        assert!(!need.has_room(expected - 10), "{need}");
    }
}

#[test]
fn estimate_bounds_the_disk_from_both_sides() {
    let torch = estimated("torch", 2_897 << 20, [5_355 << 20, 5_355 << 20, 9_451 << 20]);
    let need = DiskNeed::new(&[image("torch:2", vec![torch])], 5, 80);
    assert_eq!(need.required_gib(), 30);
    assert!(need.fits(20) && !need.fits(10) && !need.has_room(20));
    assert!(!need.images_reach_threshold(20) && need.images_reach_threshold(10));
    assert!(need.to_string().contains("an estimated 5.23 GiB to 9.23 GiB unpacked"), "{need}");
}

#[test]
fn one_byte_too_many_does_not_fit() {
    let capacity = FileSystem::of_gib(20).capacity();
    let need = |bytes: u64| DiskNeed::new(&[image("a", vec![layer("a", bytes - 5 * GIB, 0)])], 5, 80);
    assert!(need(capacity).fits(20) && !need(capacity + 1).fits(20));
    let own = DiskNeed::new(&[image("a", vec![layer("a", 0, 0)])], 0, 80).max_bytes();
    let room = FileSystem::of_gib(20).bytes_at(80) - own;
    assert!(need(room - 1).has_room(20) && !need(room).has_room(20));
}

#[test]
fn absurd_sizes_do_not_overflow() {
    let need = DiskNeed::new(&[image("a", vec![layer("a", u64::MAX, u64::MAX)])], u64::MAX, 80);
    assert!(!need.fits(32_000) && need.required_gib() > 32_000, "{need}");
}

#[test]
fn arithmetic_is_shown() {
    let base = layer("base", GIB, 2 * GIB);
    let vllm = estimated("v", 4 * GIB, [6 * GIB, 6 * GIB, 10 * GIB]);
    let images = [image("nginx:1.27", vec![base.clone()]), image("r.io/ai/vllm:1", vec![base, vllm])];
    assert_eq!(
        DiskNeed::new(&images, 5, 80).to_string(),
        "    3.00 GiB docker.io/library/nginx:1.27 (1.00 GiB compressed + 2.00 GiB unpacked)\n   \
         17.00 GiB r.io/ai/vllm:1 (5.00 GiB compressed + an estimated 8.00 GiB to 12.00 GiB unpacked)\n   \
         -3.00 GiB layers that images share count once\n    \
         3.25 GiB files rounded up to blocks\n    \
         5.00 GiB headroom\n   \
         25.25 GiB in all: a disk of 40 GiB, which has 29.24 GiB below 80 % of usage"
    );
}

#[test]
fn estimate_shows_the_candidates() {
    let wraps = estimated("a", 2_897 << 20, [5_355 << 20, 5_355 << 20, 9_451 << 20]);
    let mut other = wraps.clone();
    other.unpacked.basis = Basis::Unreadable("storage.example.com responds with status 403".to_owned());
    for (layer, expected) in [
        (wraps, "2.83 GiB compressed, 5.23 or 9.23 GiB unpacked: its gzip size field counts modulo 4 GiB"),
        (
            other,
            "2.83 GiB compressed, 5.23 to 9.23 GiB unpacked: it cannot be read in parts: storage.example.com responds with \
             status 403",
        ),
    ] {
        assert_eq!(layer.estimate().as_deref(), Some(expected));
    }
    assert_eq!(layer("a", 1, 1).estimate(), None);
}
