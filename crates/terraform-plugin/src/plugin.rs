//! The process that Terraform starts: the plugin side of HashiCorp's go-plugin, with gRPC and mutual TLS.
//!
//! [`main`] reads the environment, binds, prints one line on stdout, and serves until Terraform ends it. It does nothing else
//! before that line, because one command starts a provider several times, and prints nothing after it.
//!
//! The only published library for Rust, `tf-provider` 0.2.2 (July 2024), was tried. It implements protocol 6.5, without
//! write-only attributes, identity, ephemeral and list resources, and actions; it does not effectively check the client's
//! certificate; it sends both kinds of type for nested attributes, so that they do not load; Ctrl-C kills it during an apply; it
//! refuses messages above 4 MiB; and it needs protoc to build.

mod debug;
mod handshake;
mod listener;
mod logs;
mod panics;
mod proto;
mod server;
mod services;
mod signals;
#[cfg(all(unix, any(test, feature = "testing")))]
pub mod test_client;
mod tls;

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use self::handshake::{HandshakeError, Invitation};
use self::listener::Listener;
use self::signals::Interrupt;
use self::tls::TlsError;
use crate::protocol::tfplugin6::provider_server::Provider;

const HELP: &str = "\
A Terraform provider, which Terraform starts. Options:

  --debug    serve without being started by Terraform, and print the variable that makes Terraform attach;
             also -debug and -debug=true
  --version  print the version
  --help     print this
";

/// Terraform connects as soon as it has read the address. It waits a minute for the address, then ends the provider.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

/// Why the process ends with exit code 1.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error("unknown argument {0:?}; --help lists the options")]
    Argument(OsString),
    #[error("cannot set up TLS with Terraform")]
    Tls(#[from] TlsError),
    #[error("cannot start")]
    Io(#[from] io::Error),
}

/// The program that serves a provider.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Source address with its host, for example `registry.terraform.io/hashicorp/null`.
    pub address: &'static str,
    /// For `--version`.
    pub version: &'static str,
    /// Crates whose events are logged, besides this one. Their events must not contain secrets.
    pub log_crates: &'static [&'static str],
}

impl Program {
    /// Last part of the address: by default, the provider's local name.
    fn name(&self) -> &'static str {
        self.address.rsplit('/').next().unwrap_or(self.address)
    }
}

/// The mode of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    /// By Terraform, without an argument.
    Serve,
    Debug,
    Version,
    Help,
}

impl Command {
    /// Flags as in Go: with one or two dashes, and boolean ones with an optional value.
    fn of(argument: Option<OsString>) -> Result<Self, StartError> {
        let Some(argument) = argument else { return Ok(Self::Serve) };
        let unknown = || StartError::Argument(argument.clone());
        let flag = argument.to_str().ok_or_else(unknown)?;
        let flag = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-')).ok_or_else(unknown)?;
        match flag.split_once('=').unwrap_or((flag, "true")) {
            ("debug", "1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Self::Debug),
            ("debug", "0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Self::Serve),
            ("version", "true") => Ok(Self::Version),
            ("help" | "h", "true") => Ok(Self::Help),
            _ => Err(unknown()),
        }
    }
}

/// Runs a provider from start to end.
///
/// `make_service` gets a token that is canceled when the process must end: calls in flight should then soon respond with what
/// they have. It is called after the address has been printed for Terraform.
pub fn main<S: Provider>(program: Program, make_service: impl FnOnce(CancellationToken) -> S) -> ExitCode {
    panics::install();
    match run(program, make_service) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = safe_text::show(&chain(&error));
            // Terraform logs plain lines of stderr at DEBUG only, and reports that a provider that did not start may not be
            // compiled for this architecture.
            tracing::error!(error = message, "the provider cannot start");
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run<S: Provider>(program: Program, make_service: impl FnOnce(CancellationToken) -> S) -> Result<(), StartError> {
    logs::init(program);
    match Command::of(std::env::args_os().nth(1))? {
        Command::Serve => {
            let invitation = Invitation::from_env(|name| std::env::var_os(name))?;
            block_on(serve_terraform(invitation, make_service))
        }
        Command::Debug => block_on(serve_debugger(program.address, make_service)),
        Command::Version => Ok(print(&format!("{}\n", program.version))?),
        Command::Help => Ok(print(HELP)?),
    }
}

/// Two threads: a provider mostly waits for the network.
fn block_on(serving: impl Future<Output = Result<(), StartError>>) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(serving);
    runtime.shutdown_background();
    served
}

async fn serve_terraform<S: Provider>(
    invitation: Invitation,
    make_service: impl FnOnce(CancellationToken) -> S,
) -> Result<(), StartError> {
    let shutdown = CancellationToken::new();
    signals::watch(Interrupt::Ignored, shutdown.clone())?;
    signals::watch_parent(shutdown.clone());
    let (tls, certificate) = invitation.client_certificate.map(tls::acceptor).transpose()?.unzip();
    let listener = Listener::bind(invitation.socket_dir.as_deref(), invitation.ports, tls.is_some()).await?;
    let (network, address) = listener.address()?;
    print(&format!("{}\n", handshake::line(network, &address, certificate.as_ref())))?;
    tracing::debug!(network, address, tls = tls.is_some(), "listening");
    server::serve(make_service(shutdown.clone()), listener, tls, shutdown, Some(CONNECT_TIMEOUT)).await;
    Ok(())
}

async fn serve_debugger<S: Provider>(
    address: &str,
    make_service: impl FnOnce(CancellationToken) -> S,
) -> Result<(), StartError> {
    let shutdown = CancellationToken::new();
    signals::watch(Interrupt::Stops, shutdown.clone())?;
    let listener = Listener::bind(None, 0..=0, false).await?;
    let (network, socket) = listener.address()?;
    print(&debug::instructions(address, network, &socket, std::process::id()))?;
    tracing::debug!(network, address = socket, "listening");
    server::serve(make_service(shutdown.clone()), listener, None, shutdown, None).await;
    Ok(())
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// The message of an error, and those of its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_of_argument() {
        for (argument, expected) in [
            (None, Some(Command::Serve)),
            (Some("--debug"), Some(Command::Debug)),
            (Some("-debug"), Some(Command::Debug)),
            (Some("-debug=true"), Some(Command::Debug)),
            (Some("--debug=true"), Some(Command::Debug)),
            (Some("--debug=1"), Some(Command::Debug)),
            (Some("-debug=false"), Some(Command::Serve)),
            (Some("--debug=perhaps"), None),
            (Some("debug"), None),
            (Some("---debug"), None),
            (Some("-version"), Some(Command::Version)),
            (Some("--help"), Some(Command::Help)),
            (Some("-h"), Some(Command::Help)),
            (Some("--frobnicate"), None),
            (Some(""), None),
        ] {
            assert_eq!(Command::of(argument.map(Into::into)).ok(), expected, "{argument:?}");
        }
    }
}
