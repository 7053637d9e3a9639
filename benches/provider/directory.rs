//! A directory with a configuration and a state, in which Terraform runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tencentcloud_simulator::KeyPair;

use super::PROVIDER;
use super::cloud::REGION;
use super::process::memory;

/// How often the provider's processes are looked at. What they use after the last look is not counted.
const LOOK_EVERY: Duration = Duration::from_millis(2);

pub struct Directory(TempDir);

/// What a run took.
#[derive(Debug)]
pub struct Run {
    pub time: Duration,
    /// Of the provider's processes together: user and system.
    pub provider_cpu: Duration,
    /// Of the largest of them.
    pub provider_memory: u64,
}

impl Directory {
    /// These resources, and a provider block with these arguments, if the resources need one.
    pub fn new(resources: &str, provider: Option<&str>) -> Self {
        let directory = Self(tempfile::tempdir().expect("a directory can be made"));
        let bin = Path::new(PROVIDER).parent().expect("it is in a directory");
        let overrides = format!("dev_overrides {{ \"supernode/eks\" = {bin:?} }}");
        directory.write("cli.tfrc", &format!("provider_installation {{\n  {overrides}\n  direct {{}}\n}}\n"));
        directory.write("main.tf", resources);
        if let Some(arguments) = provider {
            let required = "required_providers {\n    eks = { source = \"supernode/eks\" }\n  }";
            let block = format!("provider \"eks\" {{\n  region = {REGION:?}\n  {arguments}\n}}");
            directory.write("provider.tf", &format!("terraform {{\n  {required}\n}}\n\n{block}\n"));
        }
        directory
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the directory can be written");
    }

    /// Runs Terraform with these arguments against the cloud at `endpoint`.
    ///
    /// # Panics
    ///
    /// When it fails, with what it said.
    pub fn run(&self, endpoint: &str, arguments: &[&str]) -> Run {
        let key = KeyPair::default();
        let log = |name: &str| fs::File::create(self.path(name)).expect("the directory can be written");
        let start = Instant::now();
        let mut terraform = Command::new(terraform())
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("TMPDIR", self.0.path())
            .env("TF_CLI_CONFIG_FILE", self.path("cli.tfrc"))
            .env("CHECKPOINT_DISABLE", "1")
            .env("TENCENTCLOUD_SECRET_ID", key.secret_id)
            .env("TENCENTCLOUD_SECRET_KEY", key.secret_key)
            .env("TENCENTCLOUD_ENDPOINT_URL", endpoint)
            .stdin(Stdio::null())
            .stdout(log("stdout"))
            .stderr(log("stderr"))
            .spawn()
            .expect("the installed Terraform runs");
        let (success, providers) = watch(&mut terraform);
        let time = start.elapsed();
        let said = || ["stdout", "stderr"].map(|name| fs::read_to_string(self.path(name)).unwrap_or_default()).concat();
        assert!(success, "terraform {}: {}", arguments.join(" "), said());
        Run {
            time,
            provider_cpu: providers.values().map(|(cpu, _)| *cpu).sum(),
            provider_memory: providers.values().map(|(_, memory)| *memory).max().unwrap_or(0),
        }
    }
}

/// The Terraform of every measurement, installed on first use.
///
/// # Panics
///
/// When it cannot be installed.
fn terraform() -> &'static Path {
    const VERSION: &str = "1.11.4";
    static TERRAFORM: LazyLock<PathBuf> = LazyLock::new(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/acceptance-tests/install-terraform");
        // The provider is in target/release/.
        let target = Path::new(PROVIDER).ancestors().nth(2).expect("the binary is in target/");
        let mut install = Command::new("python3");
        let output = install.arg(script).arg(target).arg(VERSION).stderr(Stdio::inherit()).output();
        let output = output.expect("python3 is in PATH");
        assert!(output.status.success(), "Terraform {VERSION} is not installed");
        PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end())
    });
    &TERRAFORM
}

/// Waits for the end. Also: CPU time and most memory of each of its children.
fn watch(terraform: &mut Child) -> (bool, BTreeMap<u32, (Duration, u64)>) {
    let mut providers = BTreeMap::new();
    loop {
        for process in children(terraform.id()) {
            if let (Some(cpu), Some(memory)) = (cpu(process), memory(process, "VmHWM")) {
                providers.insert(process, (cpu, memory));
            }
        }
        if let Some(status) = terraform.try_wait().expect("it can be waited for") {
            return (status.success(), providers);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// The processes that any thread of `parent` started.
fn children(parent: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
}

/// User and system time of all threads. `/proc/PID/stat` has it in hundredths of a second only.
fn cpu(process: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?.flatten();
    let times = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Some(Duration::from_nanos(times.sum()))
}
