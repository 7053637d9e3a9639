//! Layers in every compression, and their actual unpacked sizes.

use std::io::Write as _;
use std::process::Stdio;

use flate2::{Compression, write::GzEncoder};

use crate::requirements::tool;

pub const TAR: &str = "application/vnd.oci.image.layer.v1.tar";
pub const TAR_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
pub const DOCKER_TAR_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// A tar archive with one file of `len` bytes, which depend on `seed` and compress to about half.
pub fn tar(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"etaoinshrdlucmwf"[(state >> 28) as usize]
    };
    let mut archive = vec![0; 512];
    archive[..4].copy_from_slice(b"file");
    archive[124..135].copy_from_slice(format!("{len:011o}").as_bytes());
    archive[257..265].copy_from_slice(b"ustar\x0000");
    // The checksum counts its own field as spaces.
    archive[148..156].fill(b' ');
    let sum: u32 = archive.iter().map(|byte| u32::from(*byte)).sum();
    archive[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    archive.extend((0..len).map(|_| letter()));
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// By the program, with the content size in the frame header, or without, as streaming encoders write it.
pub fn zstd(content: &[u8], with_size: bool) -> Vec<u8> {
    let size = format!("--stream-size={}", content.len());
    run("zstd", if with_size { vec!["-q", "-c", &size] } else { vec!["-q", "-c"] }, content.to_vec())
}

/// The actual unpacked size of a blob.
pub fn unpack(blob: &[u8]) -> u64 {
    let program = match blob {
        [0x1f, 0x8b, ..] => "pigz",
        [0x28, 0xb5, ..] => "zstd",
        _ => return blob.len() as u64,
    };
    // Counted in a pipe, because the content may exceed the memory.
    tool(program);
    let script = format!("{program} -dc | wc -c");
    String::from_utf8(run("sh", vec!["-c", &script], blob.to_vec())).unwrap().trim().parse().unwrap()
}

fn run(program: &str, arguments: Vec<&str>, input: Vec<u8>) -> Vec<u8> {
    let mut child = tool(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{program} fails");
    output.stdout
}
