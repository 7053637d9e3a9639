//! A directory with a configuration and a state, in which Terraform runs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tencentcloud_simulator::KeyPair;

use super::PROVIDER;
use super::process::memory;

/// Interval between observations of the processes. Usage after the last one is not counted.
const OBSERVED_EVERY: Duration = Duration::from_millis(2);

pub struct Directory(TempDir);

/// A provider that runs as a separate process.
pub struct Plugin<'a> {
    /// Its local name, and the prefix of its types.
    pub name: &'a str,
    pub binary: &'a Path,
}

/// The usage of a run.
#[derive(Debug)]
pub struct Run {
    pub time: Duration,
    /// Of Terraform itself: user and system.
    pub terraform_cpu: Duration,
    /// Of the provider's processes together: user and system.
    pub provider_cpu: Duration,
    /// Peak memory of the largest of them.
    pub provider_memory: u64,
}

impl Directory {
    /// A directory with this configuration, and its provider.
    pub fn new(configuration: &str, plugin: Option<Plugin<'_>>) -> Self {
        let directory = Self(tempfile::tempdir().expect("a directory can be made"));
        directory.write("main.tf", configuration);
        let mut overrides = String::new();
        if let Some(Plugin { name, binary }) = plugin {
            let source = format!("supernode/{name}");
            let bin = directory.path("bin");
            fs::create_dir(&bin).expect("the directory can be written");
            symlink(binary, bin.join(format!("terraform-provider-{name}"))).expect("the directory can be written");
            overrides = format!("dev_overrides {{\n    {source:?} = {bin:?}\n  }}");
            let required = format!("required_providers {{\n    {name} = {{ source = {source:?} }}\n  }}");
            directory.write("required.tf", &format!("terraform {{\n  {required}\n}}\n"));
        }
        directory.write("cli.tfrc", &format!("provider_installation {{\n  {overrides}\n  direct {{}}\n}}\n"));
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
    /// If it fails; the message has its output.
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
        let Watched { success, terraform_cpu, providers } = watch(&mut terraform);
        let time = start.elapsed();
        let said = || ["stdout", "stderr"].map(|name| fs::read_to_string(self.path(name)).unwrap_or_default()).concat();
        assert!(success, "terraform {}: {}", arguments.join(" "), said());
        Run {
            time,
            terraform_cpu,
            provider_cpu: providers.values().map(|(cpu, _)| *cpu).sum(),
            provider_memory: providers.values().map(|(_, memory)| *memory).max().unwrap_or(0),
        }
    }
}

static TERRAFORM: OnceLock<PathBuf> = OnceLock::new();

/// Installs the Terraform of every measurement, if it is not installed yet.
///
/// # Panics
///
/// If it cannot be installed.
pub fn install_terraform(version: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/acceptance-tests/install-terraform");
    // The provider is in target/release/.
    let target = Path::new(PROVIDER).ancestors().nth(2).expect("the binary is in target/");
    let mut install = Command::new("python3");
    let output = install.arg(script).arg(target).arg(version).stderr(Stdio::inherit()).output();
    let output = output.expect("python3 is in PATH");
    assert!(output.status.success(), "Terraform {version} is not installed");
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end());
    TERRAFORM.set(path).expect("it is installed once");
}

fn terraform() -> &'static Path {
    TERRAFORM.get().expect("it is installed before anything is measured")
}

/// Observations of Terraform and its children.
struct Watched {
    success: bool,
    terraform_cpu: Duration,
    /// CPU time and peak memory by process.
    providers: BTreeMap<u32, (Duration, u64)>,
}

/// Waits for the end of Terraform.
fn watch(terraform: &mut Child) -> Watched {
    let (mut terraform_cpu, mut providers) = (Duration::ZERO, BTreeMap::new());
    loop {
        terraform_cpu = cpu(terraform.id()).unwrap_or_default().max(terraform_cpu);
        for process in children(terraform.id()) {
            if let (Some(cpu), Some(memory)) = (cpu(process), memory(process, "VmHWM")) {
                providers.insert(process, (cpu, memory));
            }
        }
        if let Some(status) = terraform.try_wait().expect("it can be waited for") {
            return Watched { success: status.success(), terraform_cpu, providers };
        }
        thread::sleep(OBSERVED_EVERY);
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
