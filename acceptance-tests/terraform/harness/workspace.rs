//! A directory with a configuration and a state, and the cloud that it is applied to.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tencentcloud_simulator::{ImageCache, KeyPair, Settings, Simulator};

use crate::harness::cli::Cli;
use crate::harness::config::{PROVIDER, REGION};
use crate::harness::plan::Plan;
use crate::harness::run::{Run, Running, wait_until};
use crate::harness::state::State;

pub const SOURCE: &str = "registry.terraform.io/supernode/eks";

/// The source addresses of `supernode/eks` in Terraform and in OpenTofu.
pub const SOURCES: [&str; 2] = [SOURCE, "registry.opentofu.org/supernode/eks"];

/// A directory with a configuration and a state, and the cloud that it is applied to. The test fails if the cloud still
/// contains caches when the value is dropped.
#[derive(Debug)]
pub struct Workspace {
    directory: TempDir,
    pub cloud: Simulator,
    /// The client of further runs; by default that of this test run.
    pub client: PathBuf,
    environment: Vec<(String, String)>,
}

impl Workspace {
    /// An empty cloud whose builds take 200 ms, so that an apply waits for them.
    pub fn new() -> Self {
        Self::with(Settings { build_time: Duration::from_millis(200), ..Settings::default() })
    }

    /// An empty cloud whose builds end only when the test ends them.
    pub fn with_endless_builds() -> Self {
        Self::with(Settings { build_time: Duration::from_secs(7 * 24 * 3600), ..Settings::default() })
    }

    pub fn with(settings: Settings) -> Self {
        let key = KeyPair::default();
        let cloud = Simulator::start_with(settings).unwrap();
        let environment = [
            ("TENCENTCLOUD_SECRET_ID", key.secret_id),
            ("TENCENTCLOUD_SECRET_KEY", key.secret_key),
            ("TENCENTCLOUD_ENDPOINT_URL", cloud.endpoint()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let client = Cli::get().path.clone();
        let workspace = Self { directory: tempfile::tempdir().unwrap(), cloud, client, environment };
        fs::create_dir(workspace.path("home")).unwrap();
        let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-eks")).parent().unwrap();
        let overrides = SOURCES.map(|source| format!("    {source:?} = {provider:?}\n")).concat();
        let cli_config = format!(
            "provider_installation {{\n  dev_overrides {{\n{overrides}  }}\n  direct {{}}\n}}\n\
             disable_checkpoint = true\n"
        );
        fs::write(workspace.path("cli.tfrc"), cli_config).unwrap();
        workspace.provider(PROVIDER);
        workspace
    }

    /// The path of a file or directory in it; `home` is the home directory of the runs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Sets an environment variable of further runs, or removes it if the value is empty.
    pub fn environment(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.environment.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Writes the arguments of the provider block.
    pub fn provider(&self, arguments: &str) {
        let text = format!(
            "terraform {{\n  required_providers {{\n    eks = {{ source = {SOURCE:?} }}\n  }}\n}}\n\n\
             provider \"eks\" {{\n{arguments}\n}}\n"
        );
        fs::write(self.path("provider.tf"), text).unwrap();
    }

    /// Copies the files of a directory, recursively.
    pub fn copy(&self, from: &Path) {
        copy(from, self.directory.path());
    }

    /// Removes a file of the configuration.
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Replaces the configuration.
    pub fn write(&self, config: impl Display) {
        fs::write(self.path("main.tf"), config.to_string()).unwrap();
    }

    /// Starts `terraform` with these arguments.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(&self.client);
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.directory.path())
            .env("TF_CLI_CONFIG_FILE", self.path("cli.tfrc"))
            .env("CHECKPOINT_DISABLE", "1")
            // Collects garbage less often than the default of 100: a tenth of the client's CPU time.
            .env("GOGC", "400")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        Running::start(command)
    }

    /// Runs `terraform` with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.start(arguments).wait()
    }

    /// `terraform apply`; may fail.
    pub fn apply(&self) -> Run {
        self.start_apply().wait()
    }

    /// `terraform apply`, in the background.
    pub fn start_apply(&self) -> Running {
        self.start(&["apply", "-auto-approve", "-input=false", "-json"])
    }

    /// `terraform plan`; may fail.
    pub fn plan(&self) -> Run {
        self.run(&["plan", "-input=false", "-json", "-out=plan"])
    }

    /// The saved plan of `config`.
    #[track_caller]
    pub fn planned(&self, config: impl Display) -> Plan {
        self.write(config);
        self.plan().succeeds();
        Plan(self.run(&["show", "-json", "plan"]).succeeds().json())
    }

    /// Applies the saved plan; may fail.
    pub fn apply_planned(&self) -> Run {
        self.run(&["apply", "-input=false", "-json", "plan"])
    }

    /// Applies a configuration, and asserts that the next plan is empty.
    #[track_caller]
    pub fn step(&self, config: impl Display) -> Run {
        self.write(config);
        let run = self.apply().succeeds();
        self.plan_is_empty();
        run
    }

    /// Asserts that a plan is empty, with and without a refresh.
    #[track_caller]
    pub fn plan_is_empty(&self) {
        for refresh in ["-refresh=false", "-refresh=true"] {
            let plan = self.run(&["plan", "-input=false", "-no-color", "-detailed-exitcode", refresh]);
            assert_eq!(plan.exit_code(), Some(0), "not empty: {plan}");
        }
    }

    /// `terraform destroy`, after which the state must be empty.
    #[track_caller]
    pub fn destroy(&self) -> Run {
        let run = self.run(&["destroy", "-auto-approve", "-input=false", "-json"]).succeeds();
        assert!(self.state().is_empty(), "{:#}", self.state().0);
        run
    }

    /// The state; empty if it has not been written, or the client was killed before it wrote it.
    pub fn state(&self) -> State {
        let text = fs::read(self.path("terraform.tfstate")).ok().filter(|text| !text.is_empty());
        State(text.map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap()))
    }

    /// The text of the state file and of its backup.
    pub fn state_text(&self) -> String {
        let read = |name| fs::read_to_string(self.path(name)).unwrap_or_default();
        read("terraform.tfstate") + &read("terraform.tfstate.backup")
    }

    /// The cache of [`cache`](crate::harness::config::cache) in the cloud.
    #[track_caller]
    pub fn cloud_cache(&self) -> ImageCache {
        let caches = self.cloud.caches(REGION);
        let [cache] = &caches[..] else { panic!("{} caches: {caches:#?}", caches.len()) };
        cache.clone()
    }

    /// Waits until the cloud has a cache, and returns its ID. A request is counted before it is carried out.
    #[track_caller]
    pub fn wait_for_cache(&self) -> String {
        wait_until("a cache", || !self.cloud.caches(REGION).is_empty());
        self.cloud_cache().id
    }

    /// The bodies of the requests for `action`, in order.
    pub fn sent(&self, action: &str) -> Vec<Value> {
        self.cloud.requests().into_iter().filter(|request| request.action == action).map(|r| r.body).collect()
    }

    /// Waits until the cloud has received `count` requests for `action`.
    pub fn wait_for_requests(&self, action: &str, count: usize) {
        wait_until(&format!("{count} requests for {action}"), || self.cloud.count(action) >= count);
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left: Vec<_> = self.cloud.regions().iter().flat_map(|region| self.cloud.caches(region)).collect();
            assert!(left.is_empty(), "left in the cloud: {left:#?}");
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
