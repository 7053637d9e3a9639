//! The capabilities of the machine.

use std::path::Path;
use std::process::Output;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::requirements::tool;

/// Runs a program. Panics with its output on failure.
pub fn run(program: &str, arguments: &[&str]) -> Output {
    let output = tool(program).args(arguments).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {stderr}");
    output
}

/// Why no file system can be mounted here, if so: this needs root, and a kernel that allows it.
pub static FORBIDS_MOUNTS: LazyLock<Option<String>> = LazyLock::new(forbids_mounts);

fn forbids_mounts() -> Option<String> {
    if run("id", &["-u"]).stdout != b"0\n" {
        return Some("mounting a file system needs root".to_owned());
    }
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("probe.img");
    make_ext4(&image, 16);
    let mount = directory.path().join("mount");
    std::fs::create_dir(&mount).unwrap();
    let paths = [image.to_str().unwrap(), mount.to_str().unwrap()];
    let mounted = tool("mount").args(["-o", "loop"]).args(paths).output().unwrap();
    if !mounted.status.success() {
        let reason = String::from_utf8_lossy(&mounted.stderr);
        return Some(format!("this machine mounts no loop device: {}", reason.trim()));
    }
    // containerd mounts an overlay for each layer.
    let layers = ["lower", "upper", "work", "merged"].map(|name| mount.join(name));
    for layer in &layers {
        std::fs::create_dir(layer).unwrap();
    }
    let [lower, upper, work, merged] = layers.each_ref().map(|path| path.to_str().unwrap());
    let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
    let overlay = tool("mount").args(["-t", "overlay", "overlay", "-o", &options, merged]).output().unwrap();
    if overlay.status.success() {
        run("umount", &[merged]);
    }
    run("umount", &[paths[1]]);
    let reason = String::from_utf8_lossy(&overlay.stderr);
    (!overlay.status.success()).then(|| format!("this machine mounts no overlay: {}", reason.trim()))
}

/// A directory in memory, where that is allowed: to create and remove tens of thousands of files on a disk takes longer than the
/// pulls.
pub struct Scratch {
    directory: TempDir,
    is_mounted: bool,
}

impl Scratch {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mounted = tool("mount").args(["-t", "tmpfs", "tmpfs"]).arg(directory.path()).output().unwrap();
        Self { directory, is_mounted: mounted.status.success() }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.is_mounted {
            let _ = tool("umount").arg("--lazy").arg(self.path()).output();
        }
    }
}

/// Creates an ext4 file system of the given size in MiB in a sparse file.
pub fn make_ext4(image: &Path, mib: u64) {
    std::fs::File::create(image).unwrap().set_len(mib << 20).unwrap();
    run("mkfs.ext4", &["-q", "-F", image.to_str().unwrap()]);
}
