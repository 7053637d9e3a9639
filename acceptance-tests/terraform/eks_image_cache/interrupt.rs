//! Ctrl-C and `timeouts` against an API that does not respond: before anything was created, and during a deletion.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::harness::config::{PROVIDER, cache};
use crate::harness::run::{Run, wait_until};
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

/// A run that ends takes a few seconds; attempts to reach the API take minutes.
const SOON: Duration = Duration::from_secs(25);

/// What is at the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    /// Accepts connections, and never responds.
    Silent,
    /// Does not listen.
    Refusing,
    /// Drops what is sent to it, so that no connection is made.
    Blackhole,
}

/// A socket whose behavior is that of a peer while it is not dropped.
struct Socket {
    endpoint: String,
    _listener: Option<TcpListener>,
    _backlog: Vec<TcpStream>,
}

impl Peer {
    fn listen(self) -> Socket {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let endpoint = format!("http://{address}");
        // The backlog accepts connections, until it is full.
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
        let backlog = if self == Self::Blackhole { std::iter::from_fn(connect).collect() } else { Vec::new() };
        let listener = (self != Self::Refusing).then_some(listener);
        Socket { endpoint, _listener: listener, _backlog: backlog }
    }

    /// A line of the log that shows an attempt.
    fn attempt(self) -> &'static str {
        if self == Self::Refusing { "made again after a pause" } else { "API request" }
    }
}

/// What a run ends with that is interrupted at its first attempt, or not at all.
fn run(workspace: &mut Workspace, peer: Peer, interrupt: bool, arguments: &[&str]) -> Run {
    let socket = peer.listen();
    let log = workspace.path("log");
    let _ = fs::remove_file(&log);
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", &socket.endpoint);
    workspace.environment("TF_LOG", "TRACE");
    workspace.environment("TF_LOG_PATH", log.to_str().unwrap());
    let start = Instant::now();
    let running = workspace.start(arguments);
    if interrupt {
        wait_until("an attempt", || fs::read_to_string(&log).is_ok_and(|log| log.contains(peer.attempt())));
        running.interrupt();
    }
    let run = running.wait().fails();
    assert!(start.elapsed() < SOON, "{peer:?}: {:?}", start.elapsed());
    let endpoint = workspace.cloud.endpoint();
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", &endpoint);
    run
}

#[test]
fn create_ends_before_anything_is_created() {
    for peer in [Peer::Silent, Peer::Refusing, Peer::Blackhole] {
        let mut workspace = Workspace::new();
        workspace.write(cache());
        let apply = ["apply", "-auto-approve", "-input=false", "-json"];
        let error = run(&mut workspace, peer, true, &apply).error_beside_the_halt();
        error.says(&["Interrupted", "nothing was created", "Run the command again"]);

        workspace.write(cache().block("timeouts {\n    create = \"1s\"\n  }"));
        let error = run(&mut workspace, peer, false, &apply).error();
        error.says(&["No response in time", "within 1s", "nothing was created", "timeouts.create"]);
        assert!(workspace.state().is_empty());
    }
}

#[test]
fn delete_ends_and_keeps_the_state() {
    for peer in [Peer::Silent, Peer::Refusing, Peer::Blackhole] {
        let mut workspace = Workspace::new();
        workspace.step(cache().block("timeouts {\n    delete = \"2s\"\n  }"));
        let destroy = ["destroy", "-refresh=false", "-auto-approve", "-input=false", "-json"];
        let error = run(&mut workspace, peer, false, &destroy).error();
        error.says(&["No response in time", "within 2s", "stays in the state", "timeouts.delete"]);

        workspace.step(cache());
        let id = workspace.state().id(TEST).to_owned();
        let error = run(&mut workspace, peer, true, &destroy).error_beside_the_halt();
        error.says(&["Interrupted", &id, "stays in the state"]);
        assert_eq!(workspace.state().id(TEST), id);
        workspace.destroy();
    }
}

#[test]
fn account_check_ends_with_the_operation() {
    let mut workspace = Workspace::new();
    workspace.provider(&format!("{PROVIDER}\n  allowed_account_ids = [\"100000000001\"]"));
    workspace.step(cache());
    let destroy = ["destroy", "-refresh=false", "-auto-approve", "-input=false", "-json"];
    let error = run(&mut workspace, Peer::Silent, true, &destroy).error_beside_the_halt();
    error.says(&["Interrupted", "stays in the state"]);

    let plan = ["plan", "-refresh=false", "-input=false", "-json"];
    workspace.write(cache().set("vpc_id", "\"vpc-other\""));
    let error = run(&mut workspace, Peer::Silent, true, &plan).error_beside_the_halt();
    error.says(&["Interrupted", "Nothing was changed"]);
    workspace.destroy();
}
