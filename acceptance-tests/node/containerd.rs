//! A separate containerd, with a new ext4 file system as its root.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::machine::{make_ext4, run};
use crate::requirements::tool;

/// Size of the file system. The file behind it is sparse.
const MIB: u64 = 4096;

/// A running containerd. Dropping it ends the process and removes its file system.
pub struct Containerd {
    process: Child,
    directory: TempDir,
}

impl Containerd {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("disk.img");
        make_ext4(&image, MIB);
        let root = directory.path().join("disk");
        std::fs::create_dir(&root).unwrap();
        run("mount", &["-o", "loop", image.to_str().unwrap(), root.to_str().unwrap()]);
        std::fs::write(directory.path().join("config.toml"), configuration(&directory)).unwrap();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let process = tool("containerd")
            .arg("--config")
            .arg(directory.path().join("config.toml"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let containerd = Self { process, directory };
        containerd.wait_until_ready();
        containerd
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.ctr(&["version"]).output().unwrap().status.success() {
            let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "containerd does not respond: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Pulls and unpacks an image, and returns the growth of the file system in bytes.
    pub fn pull(&self, image: &str) -> u64 {
        let before = self.used();
        let output = self.ctr(&["images", "pull", "--plain-http", image]).output().unwrap();
        assert!(output.status.success(), "pulling {image}: {}", String::from_utf8_lossy(&output.stderr));
        self.used() - before
    }

    fn ctr(&self, arguments: &[&str]) -> Command {
        let mut ctr = tool("ctr");
        ctr.arg("--address").arg(self.socket()).args(arguments);
        ctr
    }

    /// Used bytes, after a sync.
    fn used(&self) -> u64 {
        let disk = self.directory.path().join("disk");
        run("sync", &["--file-system", disk.to_str().unwrap()]);
        let output = run("df", &["--block-size=1", "--output=used", disk.to_str().unwrap()]);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().nth(1).unwrap().trim().parse().unwrap()
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        // Snapshots of a failed pull may still be mounted.
        let disk = self.directory.path().join("disk");
        let _ = tool("umount").args(["--recursive", "--lazy"]).arg(disk).output();
    }
}

fn configuration(directory: &TempDir) -> String {
    let path = |name: &str| directory.path().join(name).display().to_string();
    format!(
        "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\n[grpc]\naddress = {:?}\n",
        path("disk"),
        path("state"),
        path("socket")
    )
}
