//! Archives of each kind, created by GNU tar from real files, and their compressions.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::machine::Scratch;
use crate::requirements::tool;

/// Deterministic pseudorandom numbers.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// Bytes that cannot be compressed.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        static POOL: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let mut random = Random(3);
            (0..POOL_BYTES / 4).flat_map(|_| (random.next() as u32).to_le_bytes()).collect()
        });
        self.part_of(&POOL, len)
    }

    /// Words, which compress to about a third.
    pub fn text(&mut self, len: usize) -> Vec<u8> {
        static POOL: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let mut random = Random(5);
            let mut text = Vec::with_capacity(POOL_BYTES);
            while text.len() < POOL_BYTES {
                let number = random.next();
                text.extend(WORDS[number as usize % WORDS.len()].bytes());
                text.extend(if number.is_multiple_of(7) {
                    format!("_{}\n", number % 1000).into_bytes()
                } else {
                    b" ".to_vec()
                });
            }
            text
        });
        self.part_of(&POOL, len)
    }

    /// Random parts of the pool: repetitions are too far apart for a compressor to find.
    fn part_of(&mut self, pool: &[u8], len: usize) -> Vec<u8> {
        let mut at = self.next() as usize % pool.len();
        let mut bytes = Vec::with_capacity(len);
        while bytes.len() < len {
            let part = &pool[at..pool.len().min(at + len - bytes.len())];
            bytes.extend_from_slice(part);
            at = 0;
        }
        bytes
    }
}

const POOL_BYTES: usize = 4 << 20;
const WORDS: [&str; 16] = [
    "import",
    "return",
    "self",
    "value",
    "error",
    "function",
    "const",
    "if",
    "the",
    "configuration",
    "none",
    "def",
    "class",
    "result",
    "await",
    "string",
];

/// Fills a directory with a layer's files, and packs it.
pub fn archive(fill: impl FnOnce(&Path, &mut Random)) -> Vec<u8> {
    archive_with(&[], fill)
}

/// The same, with further options of GNU tar.
pub fn archive_with(options: &[&str], fill: impl FnOnce(&Path, &mut Random)) -> Vec<u8> {
    let directory = Scratch::new();
    fill(directory.path(), &mut Random(1));
    let tar = tool("tar")
        .args(["--create", "--file=-", "--sort=name", "--format=posix", "--numeric-owner"])
        .args(options)
        .arg("--directory")
        .arg(directory.path())
        .arg(".")
        .output()
        .unwrap();
    assert!(tar.status.success(), "tar: {}", String::from_utf8_lossy(&tar.stderr));
    tar.stdout
}

pub fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Directories, configuration, programs and libraries, about 60 MB, like the base of a distribution.
pub fn base(root: &Path, random: &mut Random) {
    for directory in
        ["bin", "boot", "dev", "etc/default", "home", "proc", "root", "run", "sys", "tmp", "var/lib/dpkg/info"]
    {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    for number in 0..300 {
        let len = 100 + random.next() as usize % 3000;
        write(&root.join(format!("etc/default/service-{number}")), &random.text(len));
        write(&root.join(format!("var/lib/dpkg/info/package-{number}.list")), &random.text(len / 2));
    }
    for number in 0..200 {
        let len = random.next() as usize % 400_000;
        let content = [random.text(len / 2), random.bytes(len / 4)].concat();
        write(&root.join(format!("usr/lib/library-{number}.so.1.0")), &content);
        symlink(format!("library-{number}.so.1.0"), root.join(format!("usr/lib/library-{number}.so"))).unwrap();
    }
    for number in 0..20 {
        write(&root.join(format!("usr/share/locale/{number}/messages.mo")), &random.text(900_000));
    }
}

/// A tree of sources like `node_modules`: 20,000 files of mostly a few hundred bytes.
pub fn sources(root: &Path, random: &mut Random) {
    for number in 0..20_000u32 {
        let scale = if number.is_multiple_of(40) { 60_000 } else { 3_000 };
        let len = random.next() as usize % scale;
        write(&root.join(format!("app/node_modules/package-{}/lib/file-{number}.js", number / 25)), &random.text(len));
    }
}

/// Incompressible files of the same size.
pub fn tiny_files(root: &Path, random: &mut Random, count: usize, len: usize) {
    for number in 0..count {
        write(&root.join(format!("data/{}/{number}", number / 500)), &random.bytes(len));
    }
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// With the content size in the frame header, or without, as streaming encoders write it.
pub fn zstd(content: &[u8], with_size: bool) -> Vec<u8> {
    let size = format!("--stream-size={}", content.len());
    let arguments = if with_size { vec!["-q", "-c", &size] } else { vec!["-q", "-c"] };
    let mut child = tool("zstd").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, content) = (child.stdin.take().unwrap(), content.to_vec());
    let writer = std::thread::spawn(move || stdin.write_all(&content).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    output.stdout
}
