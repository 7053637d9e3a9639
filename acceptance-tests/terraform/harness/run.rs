//! A run of the client, in progress and completed.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Time limit of a run or a condition. The slowest run takes some seconds on an idle machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// Interval between evaluations of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Waits until `condition` is true.
///
/// # Panics
///
/// If it is still false after two minutes; the message contains `what`.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "timed out: {what}");
        thread::sleep(POLL_INTERVAL);
    }
}

/// A run in the background, in a process group of its own, which is killed when the value is dropped.
#[derive(Debug)]
pub struct Running {
    arguments: String,
    process: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut process = command.spawn().unwrap();
        let stdout = Some(read(process.stdout.take().unwrap()));
        let stderr = Some(read(process.stderr.take().unwrap()));
        Self { arguments: arguments.join(" "), process, stdout, stderr }
    }

    /// Sends SIGINT to Terraform and to the provider, as Ctrl-C in a terminal does.
    pub fn interrupt(&self) {
        assert!(self.signal("-INT"), "terraform {} cannot be interrupted", self.arguments);
    }

    /// The process ID of the client.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Run {
        let mut status = None;
        wait_until(&format!("the end of terraform {}", self.arguments), || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        let text = |thread: Option<JoinHandle<String>>| thread.unwrap().join().unwrap();
        Run {
            arguments: std::mem::take(&mut self.arguments),
            status: status.unwrap(),
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
        }
    }

    /// Sends a signal to the process group, and returns whether that succeeded.
    fn signal(&self, name: &str) -> bool {
        let group = format!("-{}", self.process.id());
        Command::new("kill").args([name, "--", &group]).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|status| status.is_none()) && self.signal("-KILL") {
            let _ = self.process.wait();
        }
    }
}

fn read(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
}

/// A completed run.
#[derive(Debug)]
pub struct Run {
    arguments: String,
    status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert!(self.status.success(), "{self}");
        self
    }

    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(!self.status.success(), "{self}");
        self
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Stdout as one JSON document, as `show -json` writes it.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self}"))
    }

    /// The messages of a run with `-json`.
    pub fn messages(&self) -> impl Iterator<Item = Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok())
    }

    /// Errors and warnings of a run with `-json`, without Terraform's own warning about the development override.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let read = |message: Value| serde_json::from_value(message.get("diagnostic")?.clone()).ok();
        let found: Vec<Diagnostic> = if self.arguments.starts_with("validate") {
            serde_json::from_value(self.json()["diagnostics"].clone()).unwrap()
        } else {
            self.messages().filter_map(read).collect()
        };
        found
            .into_iter()
            .filter(|diagnostic| diagnostic.summary != "Provider development overrides are in effect")
            .collect()
    }

    /// The only error of a run with `-json` that failed.
    #[track_caller]
    pub fn error(&self) -> Diagnostic {
        assert!(!self.status.success(), "{self}");
        let errors: Vec<_> = self.diagnostics().into_iter().filter(|d| d.severity == "error").collect();
        let [error] = &errors[..] else { panic!("{} errors in {self}", errors.len()) };
        error.clone()
    }

    /// The error of an interrupted run with `-json`, apart from Terraform's own. OpenTofu plans a replacement twice, and
    /// reports the same error for both.
    #[track_caller]
    pub fn error_of_interrupted_run(&self) -> Diagnostic {
        assert!(!self.status.success(), "{self}");
        let is_other = |d: &Diagnostic| d.severity == "error" && d.summary != "execution halted";
        let mut errors: Vec<_> = self.diagnostics().into_iter().filter(is_other).collect();
        errors.dedup_by(|a, b| (&a.summary, &a.detail) == (&b.summary, &b.detail));
        let [error] = &errors[..] else { panic!("{} errors in {self}", errors.len()) };
        error.clone()
    }

    /// The warnings of a run with `-json`.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        self.diagnostics().into_iter().filter(|diagnostic| diagnostic.severity == "warning").collect()
    }

    /// Stderr as one line, without the frames and line breaks that the client adds to messages.
    pub fn unwrapped_stderr(&self) -> String {
        let words = self.stderr.split_whitespace().filter(|word| !matches!(*word, "│" | "╷" | "╵"));
        words.collect::<Vec<_>>().join(" ")
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { arguments, status, stdout, stderr } = self;
        write!(f, "terraform {arguments}: {status}\n{stdout}\n{stderr}")
    }
}

/// An error or a warning of the client's machine-readable output.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Diagnostic {
    pub severity: String,
    pub summary: String,
    #[serde(default)]
    pub detail: String,
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default)]
    snippet: Option<Snippet>,
}

#[derive(Debug, Clone, serde::Deserialize)]
struct Snippet {
    code: String,
    #[serde(default)]
    context: Option<String>,
}

impl Diagnostic {
    /// The line of the configuration that it refers to, or an empty string.
    pub fn code(&self) -> &str {
        self.snippet.as_ref().map(|snippet| snippet.code.trim()).unwrap_or_default()
    }

    /// The header of the block that it refers to, such as `resource "eks_image_cache" "test"`.
    pub fn block(&self) -> &str {
        self.snippet.as_ref().and_then(|snippet| snippet.context.as_deref()).unwrap_or_default()
    }

    /// Asserts that summary or detail contain each of `parts`.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) -> &Self {
        let text = format!("{}\n{}", self.summary, self.detail);
        for part in parts {
            assert!(text.contains(part), "no {part:?} in: {text}");
        }
        self
    }
}
