//! The processes of providers: start, schema, memory.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use eks::provider::EksProvider;
use terraform_plugin::protocol::Service;
use terraform_plugin::protocol::tfplugin6::get_provider_schema;
use terraform_plugin::protocol::tfplugin6::provider_client::ProviderClient;
use terraform_plugin::protocol::tfplugin6::provider_server::Provider as _;

use super::subject::Subject;
use super::{PROVIDER, mebibytes, median, milliseconds, row};
use terraform_plugin::plugin::test_client::{Identity, channel, dial, secure};

/// How often the process of a provider is started.
const STARTS: usize = 41;

/// The argument with which this program measures one `GetProviderSchema` and exits.
pub const SCHEMA: &str = "--schema";

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

pub fn measure() {
    let schema = median((0..21).map(|_| {
        let output = Command::new(std::env::current_exe().expect("it runs")).arg(SCHEMA).output().expect("it starts");
        let nanoseconds = String::from_utf8_lossy(&output.stdout).trim().parse().expect("it prints a number");
        Duration::from_nanos(nanoseconds)
    }));
    row("GetProviderSchema in process, the first", milliseconds(schema), "");

    let terraform = Identity::terraform();
    let (process, line, _) = start(PROVIDER.as_ref(), &terraform);
    request_schema(&terraform, &line);
    row("resident memory after schema", mebibytes(memory(process.id(), "VmRSS").unwrap_or(0)), "<= 12 MiB");
    end(process);
}

/// Implements [`SCHEMA`].
pub fn print_schema_time() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be created");
    let took = runtime.block_on(async {
        let service = Service::<EksProvider>::default();
        let request = tonic::Request::new(get_provider_schema::Request::default());
        let start = Instant::now();
        service.get_provider_schema(request).await.expect("a response");
        start.elapsed()
    });
    println!("{}", took.as_nanos());
}

/// A number of the process from `/proc`, in bytes; `None` if it has ended.
pub fn memory(process: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

/// Seconds from the start of each subject's process to its handshake line, with a client certificate.
pub fn start_times(subjects: &[Subject]) -> Vec<Option<f64>> {
    let terraform = Identity::terraform();
    let mut times: Vec<Vec<f64>> = subjects.iter().map(|_| Vec::new()).collect();
    for _ in 0..STARTS {
        for (times, subject) in times.iter_mut().zip(subjects) {
            if let Some(binary) = subject.path() {
                let (process, _, took) = start(binary, &terraform);
                end(process);
                times.push(took.as_secs_f64());
            }
        }
    }
    times.into_iter().map(|times| (!times.is_empty()).then(|| median(times))).collect()
}

fn start(binary: &Path, terraform: &Identity) -> (Child, String, Duration) {
    let begin = Instant::now();
    let mut process = Command::new(binary)
        .env_clear()
        .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_CLIENT_CERT", terraform.certificate.pem())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let stdout = process.stdout.as_mut().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("it prints a line");
    (process, line, begin.elapsed())
}

fn end(mut process: Child) {
    process.kill().and_then(|()| process.wait()).expect("it can be ended");
}

fn request_schema(terraform: &Identity, line: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be created");
    runtime.block_on(async {
        let fields: Vec<_> = line.trim_end().split('|').collect();
        let [_, _, network, address, _, certificate] = fields[..] else { panic!("no handshake: {line:?}") };
        let certificate = STANDARD_NO_PAD.decode(certificate).expect("a certificate").into();
        let io = dial(network, address).await;
        let tls = secure(io, certificate, Some(terraform), rustls::DEFAULT_VERSIONS).await.expect("TLS");
        let mut client = ProviderClient::new(channel(tls).await);
        client.get_provider_schema(get_provider_schema::Request::default()).await.expect("a response");
    });
}
