//! Kills: Ctrl-C, and SIGKILL of the provider or Terraform, after a number of requests.

use std::process::Command;

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::harness::requirements::tool;
use crate::harness::run::{Run, Running, wait_until};
use crate::harness::workspace::Workspace;

/// The process to kill, and the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    Nothing,
    /// SIGINT, which reaches Terraform and the provider.
    Interrupt,
    Provider,
    Terraform,
}

impl Kill {
    /// None in half of the rounds.
    pub fn choose(rng: &mut StdRng) -> Self {
        match rng.random_range(0..6) {
            0..3 => Self::Nothing,
            3 => Self::Interrupt,
            4 => Self::Provider,
            _ => Self::Terraform,
        }
    }

    /// Whether it is SIGKILL, after which nothing is saved.
    pub fn is_sudden(self) -> bool {
        matches!(self, Self::Provider | Self::Terraform)
    }

    /// Sends the signal when the cloud has received `requests` requests, if it does, and waits until Terraform and the provider
    /// have ended.
    pub fn strike(self, workspace: &Workspace, mut running: Running, requests: usize) -> Run {
        if self == Self::Nothing {
            return running.wait();
        }
        let got = || ACTIONS.iter().map(|action| workspace.cloud.count(action)).sum::<usize>();
        wait_until("requests, or the end", || got() >= requests || running.has_ended());
        if running.has_ended() {
            return running.wait();
        }
        let terraform = running.process_id();
        let providers = children(terraform);
        match self {
            Self::Nothing => {}
            Self::Interrupt => running.interrupt(),
            Self::Provider => providers.iter().for_each(|provider| kill(provider)),
            Self::Terraform => kill(&terraform.to_string()),
        }
        let run = running.wait();
        wait_until("the end of the provider", || !providers.iter().any(|provider| is_alive(provider)));
        run
    }
}

const ACTIONS: [&str; 4] = ["CreateImageCache", "DescribeImageCaches", "UpdateImageCache", "DeleteImageCaches"];

/// Process IDs.
fn children(parent: u32) -> Vec<String> {
    let listed = tool("pgrep").args(["-P", &parent.to_string()]).output().unwrap();
    String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Sends SIGKILL; the process may have ended already.
fn kill(process: &str) {
    Command::new("kill").args(["-KILL", process]).output().unwrap();
}

/// Whether the process runs. A zombie does not count.
fn is_alive(process: &str) -> bool {
    let listed = tool("ps").args(["-o", "stat=", "-p", process]).output().unwrap();
    let state = String::from_utf8(listed.stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}
