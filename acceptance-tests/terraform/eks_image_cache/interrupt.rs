//! Ctrl-C and `timeouts` with an API that does not respond: before a call, during it, and during the wait for its end. All
//! attempts to reach such an API take longer than [`Running::wait`](crate::harness::run::Running::wait), so a run that ends in
//! time was ended by the interrupt or the timeout.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use tencentcloud_simulator::Fault;

use crate::harness::cli::Cli;
use crate::harness::config::{CacheBlock, PROVIDER, REGION, cache};
use crate::harness::features::Feature;
use crate::harness::run::{Run, wait_until};
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

/// No test takes that long.
const NEVER: Duration = Duration::from_secs(3600);

/// The server at the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    /// Accepts connections, but does not respond.
    Silent,
    /// Does not listen.
    Refusing,
    /// Drops packets, so that no connection is established.
    Blackhole,
}

/// A socket that behaves as a peer until it is dropped.
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

    /// A log line for an attempt.
    fn attempt(self) -> &'static str {
        if self == Self::Refusing { "retrying after a pause" } else { "API request" }
    }
}

/// The error of a run, which is interrupted at its first attempt, or not at all.
fn run(workspace: &mut Workspace, peer: Peer, interrupt: bool, arguments: &[&str]) -> Run {
    let socket = peer.listen();
    let log = workspace.path("log");
    let _ = fs::remove_file(&log);
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", &socket.endpoint);
    workspace.environment("TF_LOG", "TRACE");
    workspace.environment("TF_LOG_PATH", log.to_str().unwrap());
    let running = workspace.start(arguments);
    if interrupt {
        wait_until("an attempt", || fs::read_to_string(&log).is_ok_and(|log| log.contains(peer.attempt())));
        running.interrupt();
    }
    let run = running.wait().fails();
    let endpoint = workspace.cloud.endpoint();
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", &endpoint);
    run
}

#[test]
fn interrupted_create_creates_nothing() {
    for peer in [Peer::Silent, Peer::Refusing, Peer::Blackhole] {
        let mut workspace = Workspace::new();
        workspace.write(cache());
        let apply = ["apply", "-auto-approve", "-input=false", "-json"];
        let error = run(&mut workspace, peer, true, &apply).error_of_interrupted_run();
        error.says(&["Interrupted", "nothing was created", "Run the command again"]);

        workspace.write(cache().block("timeouts {\n    create = \"1s\"\n  }"));
        let error = run(&mut workspace, peer, false, &apply).error();
        error.says(&["No response in time", "within 1s", "nothing was created", "timeouts.create"]);
        assert!(workspace.state().is_empty());
    }
}

#[test]
fn interrupted_delete_keeps_the_state() {
    for peer in [Peer::Silent, Peer::Refusing, Peer::Blackhole] {
        let mut workspace = Workspace::new();
        workspace.step(cache().block("timeouts {\n    delete = \"2s\"\n  }"));
        let destroy = ["destroy", "-refresh=false", "-auto-approve", "-input=false", "-json"];
        let error = run(&mut workspace, peer, false, &destroy).error();
        error.says(&["No response in time", "within 2s", "stays in the state", "timeouts.delete"]);

        workspace.step(cache());
        let id = workspace.state().id(TEST).to_owned();
        let error = run(&mut workspace, peer, true, &destroy).error_of_interrupted_run();
        error.says(&["Interrupted", &id, "stays in the state"]);
        assert_eq!(workspace.state().id(TEST), id);
        workspace.destroy();
    }
}

#[test]
fn interrupt_ends_the_account_check() {
    let mut workspace = Workspace::new();
    workspace.provider(&format!("{PROVIDER}\n  allowed_account_ids = [\"100000000001\"]"));
    workspace.step(cache());
    let destroy = ["destroy", "-refresh=false", "-auto-approve", "-input=false", "-json"];
    let error = run(&mut workspace, Peer::Silent, true, &destroy).error_of_interrupted_run();
    error.says(&["Interrupted", "stays in the state"]);

    let plan = ["plan", "-refresh=false", "-input=false", "-json"];
    workspace.write(cache().set("vpc_id", "\"vpc-other\""));
    let error = run(&mut workspace, Peer::Silent, true, &plan).error_of_interrupted_run();
    error.says(&["Interrupted", "Nothing was changed"]);

    if !Cli::get().skips_part("import", Feature::ImportByIdentity) {
        let other = CacheBlock::labelled("other");
        let import =
            "import {\n  to = eks_image_cache.other\n  identity = { id = \"imc-1a2b3c4d\", region = null }\n}\n";
        workspace.write(format!("{}{other}{import}", cache()));
        // Of the import alone.
        let plan = [&plan[..], &["-target=eks_image_cache.other"]].concat();
        let error = run(&mut workspace, Peer::Silent, true, &plan).error_of_interrupted_run();
        error.says(&["Interrupted", "Nothing was changed"]);
    }
    workspace.write(cache());
    workspace.destroy();
}

/// The configuration before and after an update that sets a field, and one that builds.
fn updates() -> [(CacheBlock, CacheBlock); 2] {
    let named = |name: &str| cache().set("name", format!("{name:?}"));
    let triggered = |digest: &str| cache().set("rebuild_triggers", format!("{{ digest = {digest:?} }}"));
    [(named("old"), named("new")), (triggered("old"), triggered("new"))]
}

/// The block with `create`, `update` or `delete` in its `timeouts`. On a busy machine, a call has been sent after five seconds.
fn with_timeout(block: &CacheBlock, timeout: &str) -> CacheBlock {
    block.clone().block(&format!("timeouts {{\n    {timeout} = \"5s\"\n  }}"))
}

const APPLY: [&str; 5] = ["apply", "-refresh=false", "-auto-approve", "-input=false", "-json"];

#[test]
fn update_ends_before_anything_is_sent() {
    for (before, after) in updates() {
        let mut workspace = Workspace::new();
        workspace.step(&before);
        let state = workspace.state();
        for peer in [Peer::Silent, Peer::Refusing, Peer::Blackhole] {
            workspace.write(&after);
            let error = run(&mut workspace, peer, true, &APPLY).error_of_interrupted_run();
            error.says(&["Interrupted", state.id(TEST), "was not sent: nothing was changed", "Run the command again"]);

            workspace.write(with_timeout(&after, "update"));
            let error = run(&mut workspace, peer, false, &APPLY).error();
            error.says(&["No response in time", "within 5s", "nothing was changed", "timeouts.update"]);
            assert_eq!(workspace.state().attributes(TEST), state.attributes(TEST), "{peer:?}");
        }
        workspace.step(&after);
        assert_eq!(workspace.cloud.count("UpdateImageCache"), 1);
        workspace.destroy();
    }
}

#[test]
fn update_without_a_response_ends_and_keeps_the_state() {
    for (before, after) in updates() {
        for (fault, interrupt) in [
            (Fault::Delay(NEVER), true),
            (Fault::Delay(NEVER), false),
            (Fault::DelayedResponse(NEVER), true),
            (Fault::DelayedResponse(NEVER), false),
        ] {
            let case = format!("{fault:?}, interrupted: {interrupt}\n{after}");
            let workspace = Workspace::new();
            workspace.step(&before);
            let state = workspace.state();
            workspace.cloud.inject(fault.on("UpdateImageCache").times(1));
            let timed = with_timeout(&after, "update");
            let config = if interrupt { &after } else { &timed };
            workspace.write(config);
            let running = workspace.start(&APPLY);
            workspace.wait_for_requests("UpdateImageCache", 1);
            if interrupt {
                running.interrupt();
            }
            let run = running.wait();
            let error = if interrupt { run.error_of_interrupted_run() } else { run.error() };
            let summary = if interrupt { "Interrupted" } else { "No response in time" };
            error.says(&[summary, &format!("It is unknown whether the API changed image cache {}", state.id(TEST))]);
            assert_eq!(workspace.state().attributes(TEST), state.attributes(TEST), "{case}");
            assert_eq!(workspace.cloud.count("UpdateImageCache"), 1, "{case}");

            workspace.step(&after);
            assert_eq!(workspace.cloud_cache().id, state.id(TEST), "{case}");
            workspace.destroy();
        }
    }
}

/// Waits until the API was sent `action`, stops its responses to reads, and waits for a read.
fn silence_after(workspace: &Workspace, action: &str) {
    workspace.wait_for_requests(action, 1);
    workspace.cloud.inject(Fault::Delay(NEVER).on("DescribeImageCaches"));
    let read = workspace.cloud.count("DescribeImageCaches");
    workspace.wait_for_requests("DescribeImageCaches", read + 1);
}

#[test]
fn wait_without_responses_ends_and_saves_the_state() {
    for interrupt in [true, false] {
        let workspace = Workspace::with_endless_builds();
        let config = |image: &str, timeout: &str| {
            let block = cache().set("images", format!("[{image:?}]"));
            if interrupt { block } else { with_timeout(&block, timeout) }
        };
        let apply = |action: &str, config: CacheBlock| {
            workspace.write(config);
            let running = workspace.start(&APPLY);
            silence_after(&workspace, action);
            if interrupt {
                running.interrupt();
            }
            let run = running.wait();
            workspace.cloud.clear_faults();
            let id = workspace.cloud_cache().id;
            if interrupt {
                let [warning] = &run.warnings()[..] else { panic!("{run}") };
                warning.says(&["Stopped waiting", &id, "not tainted"]);
            } else {
                run.error().says(&["Image cache not Ready", &id, "after 5s"]);
            }
            assert_eq!(workspace.state().id(TEST), id);
            id
        };
        let id = apply("CreateImageCache", config("nginx:1.27", "create"));
        assert_eq!(workspace.state().is_tainted(TEST), !interrupt);
        if !interrupt {
            workspace.run(&["untaint", TEST]).succeeds();
        }
        workspace.cloud.finish_build(REGION, &id);
        workspace.step(cache());

        apply("UpdateImageCache", config("nginx:1.28", "update"));
        let state = workspace.state();
        assert!(!state.is_tainted(TEST));
        assert_eq!(state.attributes(TEST)["images"][0], "nginx:1.28");
        workspace.cloud.finish_build(REGION, &id);
        workspace.step(config("nginx:1.28", "delete"));
        assert_eq!((workspace.cloud.count("CreateImageCache"), workspace.cloud.count("UpdateImageCache")), (1, 1));
        assert_eq!(workspace.cloud_cache().id, id);

        // A deletion reads nothing before its call.
        workspace.cloud.inject(Fault::Delay(NEVER).on("DescribeImageCaches"));
        let read = workspace.cloud.count("DescribeImageCaches");
        let running = workspace.start(&["destroy", "-refresh=false", "-auto-approve", "-input=false", "-json"]);
        workspace.wait_for_requests("DescribeImageCaches", read + 1);
        assert_eq!(workspace.cloud.count("DeleteImageCaches"), 1);
        if interrupt {
            running.interrupt();
        }
        let run = running.wait();
        let error = if interrupt { run.error_of_interrupted_run() } else { run.error() };
        error.says(&["not deleted yet", &id]);
        assert_eq!(workspace.state().id(TEST), id);
        workspace.cloud.clear_faults();
        workspace.destroy();
    }
}

/// The action has no `timeouts`: it ends with Ctrl-C, and with the attempts of a call.
#[test]
fn rebuild_action_ends_and_is_sent_once() {
    if Cli::get().skips(Feature::Actions) {
        return;
    }
    let workspace = Workspace::with_endless_builds();
    let action = "action \"eks_image_cache_rebuild\" \"test\" {\n  config {\n    image_cache_id = eks_image_cache.test.id\n  }\n}\n";
    workspace.write(cache());
    let apply = workspace.start_apply();
    let id = workspace.wait_for_cache();
    workspace.cloud.finish_build(REGION, &id);
    apply.wait().succeeds();
    workspace.write(format!("{}\n{action}", cache()));
    let state = workspace.state();

    for (fault, silent, updates, says) in [
        (Fault::Delay(NEVER), "DescribeImageCaches", 0, "Nothing was changed"),
        (Fault::Delay(NEVER), "UpdateImageCache", 1, "It is unknown whether the rebuild"),
        (Fault::DelayedResponse(NEVER), "UpdateImageCache", 2, "It is unknown whether the rebuild"),
    ] {
        let seen = workspace.cloud.count(silent);
        workspace.cloud.inject(fault.on(silent));
        let running = workspace.start(&[&APPLY[..], &["-invoke=action.eks_image_cache_rebuild.test"]].concat());
        workspace.wait_for_requests(silent, seen + 1);
        running.interrupt();
        running.wait().error_of_interrupted_run().says(&["Interrupted", says]);
        workspace.cloud.clear_faults();
        assert_eq!(workspace.cloud.count("UpdateImageCache"), updates, "{silent}");
        assert_eq!(workspace.state().attributes(TEST), state.attributes(TEST));
    }
    let cache = workspace.cloud_cache();
    assert_eq!((cache.id.as_str(), cache.builds), (id.as_str(), 2), "the second call was carried out");
    workspace.cloud.finish_build(REGION, &id);
    workspace.destroy();
}
