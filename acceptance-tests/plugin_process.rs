//! The provider as a process, from start to end, with this test in place of Terraform.

#![cfg(unix)]

#[path = "requirements.rs"]
mod requirements;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use terraform_plugin::plugin::test_client::{Identity, channel, dial, secure};
use terraform_plugin::protocol::tfplugin6::provider_client::ProviderClient;
use terraform_plugin::protocol::tfplugin6::{get_functions, invoke_action, read_data_source};
use tokio::signal::unix::{SignalKind, signal};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use requirements::skip;

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The binary, without the environment variables of this test.
fn provider() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terraform-provider-eks"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A provider after its handshake.
struct Plugin {
    process: Child,
    stdout: BufReader<ChildStdout>,
    /// The first line of its output.
    line: String,
}

impl Plugin {
    fn start(command: &mut Command) -> Self {
        let mut process = command.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self { process, stdout, line }
    }

    fn started_by_terraform(terraform: &Identity, env: &[(&str, &str)]) -> Self {
        Self::start(
            provider()
                .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
                .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
                .env("PLUGIN_CLIENT_CERT", terraform.certificate.pem())
                .envs(env.iter().copied()),
        )
    }

    async fn connect(&self, terraform: &Identity) -> Channel {
        let fields: Vec<_> = self.line.trim_end().split('|').collect();
        let ["1", "6", network, address, "grpc", certificate] = fields[..] else { panic!("{:?}", self.line) };
        let certificate = STANDARD_NO_PAD.decode(certificate).unwrap().into();
        let io = dial(network, address).await;
        channel(secure(io, certificate, Some(terraform), rustls::DEFAULT_VERSIONS).await.unwrap()).await
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(name).arg(self.process.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end while connections continue. Also returns the rest of stdout, and stderr.
    async fn wait(mut self) -> (ExitStatus, String, String) {
        let wait = move || {
            let (mut stdout, mut stderr) = (String::new(), String::new());
            self.stdout.read_to_string(&mut stdout).unwrap();
            self.process.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
            (self.process.wait().unwrap(), stdout, stderr)
        };
        tokio::task::spawn_blocking(wait).await.unwrap()
    }
}

async fn is_serving(connection: &Channel) -> bool {
    let asked = HealthCheckRequest { service: "plugin".to_owned() };
    HealthClient::new(connection.clone()).check(asked).await.is_ok()
}

/// `plugin.GRPCController/Shutdown`; its messages are empty.
async fn shutdown(connection: Channel) {
    let mut client = tonic::client::Grpc::new(connection);
    client.ready().await.unwrap();
    let path = tonic::codegen::http::uri::PathAndQuery::from_static("/plugin.GRPCController/Shutdown");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    client.unary(tonic::Request::new(()), path, codec).await.unwrap();
}

fn run(arguments: &[&str]) -> (bool, String, String) {
    let Output { status, stdout, stderr } = provider().args(arguments).output().unwrap();
    (status.success(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn run_by_hand_prints_instructions() {
    let (ok, stdout, stderr) = run(&[]);
    assert!(!ok && stdout.is_empty() && stderr.starts_with("This is a Terraform provider"), "{stdout}{stderr}");

    let (ok, stdout, stderr) = run(&["--version"]);
    assert!(ok && stdout == concat!(env!("CARGO_PKG_VERSION"), "\n") && stderr.is_empty(), "{stdout}{stderr}");

    let (ok, stdout, stderr) = run(&["--frobnicate"]);
    assert!(!ok && stdout.is_empty() && stderr.contains("--frobnicate"), "{stdout}{stderr}");
}

#[test]
fn invalid_client_certificate_is_refused() {
    let mut command = provider();
    let output = command.env("TF_PLUGIN_MAGIC_COOKIE", COOKIE).env("PLUGIN_CLIENT_CERT", "no PEM").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().contains("PLUGIN_CLIENT_CERT"));
}

#[tokio::test]
async fn handshake_call_and_shutdown() {
    let sockets = tempfile::tempdir().unwrap();
    let terraform = Identity::terraform();
    let sockets_dir = sockets.path().to_str().unwrap();
    let plugin = Plugin::started_by_terraform(&terraform, &[("PLUGIN_UNIX_SOCKET_DIR", sockets_dir)]);
    let connection = plugin.connect(&terraform).await;
    assert!(is_serving(&connection).await);

    shutdown(connection).await;
    let (status, stdout, stderr) = plugin.wait().await;
    assert!(status.success(), "{status}");
    assert_eq!((stdout.as_str(), stderr.as_str()), ("", ""), "nothing but the line, unless TF_LOG asks");
    assert_eq!(std::fs::read_dir(sockets.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn sigint_is_ignored_and_sigterm_ends_it() {
    let sockets = tempfile::tempdir().unwrap();
    let terraform = Identity::terraform();
    let sockets_dir = sockets.path().to_str().unwrap();
    let plugin = Plugin::started_by_terraform(&terraform, &[("PLUGIN_UNIX_SOCKET_DIR", sockets_dir)]);
    let connection = plugin.connect(&terraform).await;
    plugin.signal("-INT");
    assert!(is_serving(&connection).await);
    plugin.signal("-INT");
    assert!(is_serving(&connection).await);

    plugin.signal("-TERM");
    assert!(plugin.wait().await.0.success());
    assert_eq!(std::fs::read_dir(sockets.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn sighup_ends_it_unless_it_is_ignored() {
    let sockets = tempfile::tempdir().unwrap();
    let terraform = Identity::terraform();
    let sockets_dir = sockets.path().to_str().unwrap();
    // These tests may run under `nohup`: a process starts with the default action of a signal that its parent handles.
    let _hangups = signal(SignalKind::hangup()).unwrap();
    let plugin = Plugin::started_by_terraform(&terraform, &[("PLUGIN_UNIX_SOCKET_DIR", sockets_dir)]);
    plugin.signal("-HUP");
    assert!(plugin.wait().await.0.success());
    assert_eq!(std::fs::read_dir(sockets.path()).unwrap().count(), 0);

    let mut nohup = Command::new("/bin/sh");
    nohup.args(["-c", "trap '' HUP; exec \"$0\"", env!("CARGO_BIN_EXE_terraform-provider-eks")]);
    nohup.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_clear();
    let pem = terraform.certificate.pem();
    let plugin = Plugin::start(nohup.env("TF_PLUGIN_MAGIC_COOKIE", COOKIE).env("PLUGIN_CLIENT_CERT", pem));
    let connection = plugin.connect(&terraform).await;
    plugin.signal("-HUP");
    assert!(is_serving(&connection).await);
    plugin.signal("-TERM");
    assert!(plugin.wait().await.0.success());
}

/// A shell that starts the provider as Terraform would, where `/proc` is empty as on other systems than Linux. Writes the
/// process ID of the provider to the file `pid`. `None` where no file system can be mounted.
fn without_proc(pid: &Path) -> Option<Command> {
    let hide = "mount -t tmpfs none /proc && ";
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--map-root-user", "/bin/sh", "-c", script])
            .args([env!("CARGO_BIN_EXE_terraform-provider-eks")]);
        command.arg(pid);
        command
    };
    let may_mount = unshare(&format!("{hide}exit 0")).output().is_ok_and(|output| output.status.success());
    may_mount.then(|| unshare(&format!("{hide}{{ \"$0\" & echo $! > \"$1\"; wait; }}")))
}

#[tokio::test]
async fn without_proc_terraform_decides_about_a_hangup_and_its_end_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let pid = directory.path().join("pid");
    let Some(mut shell) = without_proc(&pid) else {
        return skip(None, "no file system can be mounted here");
    };
    let sockets = tempfile::tempdir().unwrap();
    let terraform = Identity::terraform();
    let environment = [
        ("TF_PLUGIN_MAGIC_COOKIE", COOKIE),
        ("PLUGIN_UNIX_SOCKET_DIR", sockets.path().to_str().unwrap()),
        ("PLUGIN_CLIENT_CERT", &terraform.certificate.pem()),
    ];
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let plugin = Plugin::start(shell.env_clear().envs(environment));
    let connection = plugin.connect(&terraform).await;
    let provider = std::fs::read_to_string(&pid).unwrap();
    assert!(Command::new("kill").args(["-HUP", provider.trim()]).status().unwrap().success());
    assert!(is_serving(&connection).await);

    plugin.signal("-KILL");
    tokio::time::timeout(Duration::from_secs(60), plugin.wait()).await.expect("the provider ends");
    assert_eq!(std::fs::read_dir(sockets.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn unwritable_directory_does_not_prevent_serving() {
    let terraform = Identity::terraform();
    let plugin = Plugin::started_by_terraform(&terraform, &[("TMPDIR", "/does/not/exist")]);
    assert!(is_serving(&plugin.connect(&terraform).await).await);
    plugin.signal("-TERM");
    assert!(plugin.wait().await.0.success());
}

#[test]
fn failed_start_is_an_error_in_terraforms_log_and_on_stderr() {
    let environment = [("TF_PLUGIN_MAGIC_COOKIE", COOKIE), ("PLUGIN_CLIENT_CERT", "no PEM"), ("TF_LOG", "ERROR")];
    let output = provider().envs(environment).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let (log, plain) = stderr.split_once('\n').unwrap();
    let log: serde_json::Value = serde_json::from_str(log).unwrap();
    assert_eq!(log["@level"], "error");
    assert!(log["error"].as_str().unwrap().contains("PLUGIN_CLIENT_CERT"), "{log}");
    assert!(plain.contains("PLUGIN_CLIENT_CERT"), "{plain}");
}

#[tokio::test]
async fn provider_ends_when_terraform_is_killed() {
    let sockets = tempfile::tempdir().unwrap();
    let mut terraform = Command::new("/bin/sh");
    terraform.args(["-c", "\"$0\" & wait", env!("CARGO_BIN_EXE_terraform-provider-eks")]);
    terraform.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let environment =
        [("TF_PLUGIN_MAGIC_COOKIE", COOKIE), ("PLUGIN_UNIX_SOCKET_DIR", sockets.path().to_str().unwrap())];
    let plugin = Plugin::start(terraform.env_clear().envs(environment));
    plugin.signal("-KILL");
    // Stdout is closed when the last process that has it ends.
    tokio::time::timeout(Duration::from_secs(60), plugin.wait()).await.expect("the provider ends");
    assert_eq!(std::fs::read_dir(sockets.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn log_lines_are_hclog_objects() {
    let terraform = Identity::terraform();
    let plugin = Plugin::started_by_terraform(&terraform, &[("TF_LOG", "TRACE")]);
    shutdown(plugin.connect(&terraform).await).await;
    let (_, _, stderr) = plugin.wait().await;
    assert!(!stderr.is_empty());
    for line in stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for key in ["@level", "@message", "@module", "@timestamp"] {
            assert!(line[key].is_string(), "{key} in {line}");
        }
    }
}

/// Starts the provider for a debugger. Also returns the address of its socket.
fn debugged(flag: &str, env: &[(&str, &str)]) -> (Plugin, String) {
    let mut plugin = Plugin::start(provider().arg(flag).envs(env.iter().copied()));
    let mut setting = String::new();
    while !setting.starts_with("export TF_REATTACH_PROVIDERS=") {
        setting.clear();
        assert_ne!(plugin.stdout.read_line(&mut setting).unwrap(), 0);
    }
    let json = setting.trim_end().strip_prefix("export TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let provider = &json["registry.terraform.io/supernode/eks"];
    assert_eq!(*provider, json["registry.opentofu.org/supernode/eks"]);
    assert_eq!(provider["Pid"], plugin.process.id());
    let address = provider["Addr"]["String"].as_str().unwrap().to_owned();
    (plugin, address)
}

#[tokio::test]
async fn debug_serves_without_tls_until_ctrl_c() {
    for flag in ["--debug", "-debug=true"] {
        let (plugin, address) = debugged(flag, &[]);
        assert!(is_serving(&channel(dial("unix", &address).await).await).await);
        plugin.signal("-INT");
        assert!(plugin.wait().await.0.success());
        assert!(!Path::new(&address).exists());
    }
}

#[tokio::test]
async fn log_has_span_of_each_rpc() {
    let (plugin, address) = debugged("--debug", &[("TF_LOG", "TRACE")]);
    let mut client = ProviderClient::new(channel(dial("unix", &address).await).await);
    client.get_functions(get_functions::Request::default()).await.unwrap();
    let request = read_data_source::Request { type_name: "eks_pod_disk".to_owned(), ..Default::default() };
    client.read_data_source(request).await.unwrap();
    let request = invoke_action::Request { action_type: "eks_none".to_owned(), ..Default::default() };
    let mut events = client.invoke_action(request).await.unwrap().into_inner();
    while events.message().await.unwrap().is_some() {}
    plugin.signal("-INT");
    let (_, _, stderr) = plugin.wait().await;

    let lines: Vec<serde_json::Value> = stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (rpc, key, value) in [
        ("GetFunctions", "tf_resource_type", serde_json::Value::Null),
        ("ReadDataSource", "tf_data_source_type", "eks_pod_disk".into()),
        ("InvokeAction", "tf_action_type", "eks_none".into()),
    ] {
        let lines: Vec<_> = lines.iter().filter(|line| line["tf_rpc"] == rpc).collect();
        let ids: BTreeSet<_> = lines.iter().map(|line| line["tf_req_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 1, "{lines:#?}");
        assert!(lines.iter().all(|line| line[key] == value), "{lines:#?}");
        let served: Vec<_> = lines.iter().filter(|line| line["@message"] == "served RPC").collect();
        assert!(served.len() == 1 && served[0]["tf_req_duration_ms"].is_u64(), "{lines:#?}");
    }
}
