//! The simulator as a program, for demos: serves until SIGINT or SIGTERM.
//!
//! The first line of its output is `listening on http://127.0.0.1:PORT`.

#![forbid(unsafe_code)]

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use tencentcloud_simulator::{Behavior, KeyPair, Settings, Simulator};
use tokio::signal;

const HELP: &str = "\
A simulator of the Tencent Cloud API.

Usage: tencentcloud-simulator [options]

  --listen ADDRESS:PORT     address to listen on [127.0.0.1:0, a free port]
  --build-time DURATION     duration of a build, such as 8s or 300ms [300ms]
  --secret-id ID            the key pair to accept [AKIDSIMULATOR]
  --secret-key KEY          [simulator-secret-key]
  --account-id UIN          the account of the key pair [100000000001]
  --unpullable IMAGE        builds with this image fail
  --instance-role NAME      the role of the instance in the metadata service [none]
  --requests-per-second N   limit of each action in each region [none; the real quota is 20]
  --variant QUESTION=NAME   variant of undocumented behavior; may be repeated
  --list-variants           print the questions with their variants, and exit
  --help                    print this, and exit
";

struct Options {
    settings: Settings,
    unpullable: Option<String>,
    instance_role: Option<String>,
}

fn main() -> ExitCode {
    let options = match parse(Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tencentcloud-simulator: {error}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tencentcloud-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn serve(Options { settings, unpullable, instance_role }: Options) -> io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    let simulator = Simulator::start_with(settings)?;
    if let Some(image) = unpullable {
        simulator.make_unpullable(&image);
    }
    simulator.set_instance_role(instance_role.as_deref());
    print(&format!("listening on {}\n", simulator.endpoint()))?;
    tokio::select! {
        result = signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

/// Unlike `print!`, returns an error if standard output is closed or full.
fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// `None` if the program only prints, and exits.
fn parse(mut parser: Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut settings = Settings::default();
    let mut key = KeyPair::default();
    let (mut unpullable, mut instance_role) = (None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("listen") => settings.listen = parser.value()?.parse()?,
            Arg::Long("build-time") => settings.build_time = parser.value()?.parse_with(duration)?,
            Arg::Long("secret-id") => key.secret_id = parser.value()?.string()?,
            Arg::Long("secret-key") => key.secret_key = parser.value()?.string()?,
            Arg::Long("account-id") => {
                key.account_id = parser.value()?.string()?;
                key.user_id = key.account_id.clone();
            }
            Arg::Long("unpullable") => unpullable = Some(parser.value()?.string()?),
            Arg::Long("instance-role") => instance_role = Some(parser.value()?.string()?),
            Arg::Long("requests-per-second") => settings.requests_per_second = Some(parser.value()?.parse()?),
            Arg::Long("variant") => {
                let text = parser.value()?.string()?;
                let changed = text.split_once('=').and_then(|(question, name)| settings.behavior.with(question, name));
                settings.behavior = changed.ok_or_else(|| format!("no such behavior variant: {text}"))?;
            }
            Arg::Long("list-variants") => {
                let defaults =
                    Behavior::default().variants().into_iter().map(|variant| format!("{variant} (default)\n"));
                let others = Behavior::single_variants().into_iter().map(|(variant, _)| format!("{variant}\n"));
                print(&defaults.chain(others).collect::<String>()).map_err(|error| error.to_string())?;
                return Ok(None);
            }
            Arg::Long("help") => {
                print(HELP).map_err(|error| error.to_string())?;
                return Ok(None);
            }
            other => return Err(other.unexpected()),
        }
    }
    settings.keys = vec![key];
    Ok(Some(Options { settings, unpullable, instance_role }))
}

/// A duration such as `8s` or `300ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let number = |digits: &str| digits.parse().ok();
    let parsed = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => number(digits).map(Duration::from_millis),
        (_, Some(digits)) => number(digits).map(Duration::from_secs),
        _ => None,
    };
    parsed.ok_or_else(|| format!("{text} is not a duration: write 8s or 300ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_or_milliseconds() {
        for (text, expected) in [
            ("8s", Some(Duration::from_secs(8))),
            ("300ms", Some(Duration::from_millis(300))),
            ("0s", Some(Duration::ZERO)),
            ("8", None),
            ("s", None),
            ("-1s", None),
            ("1.5s", None),
        ] {
            assert_eq!(duration(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn options_change_the_settings() {
        let arguments = ["simulator", "--build-time", "8s", "--secret-id", "A", "--variant", "shrink=refused"];
        let options = parse(Parser::from_iter(arguments)).unwrap().unwrap();
        assert_eq!(options.settings.build_time, Duration::from_secs(8));
        assert_eq!(options.settings.keys[0].secret_id, "A");
        assert_eq!(Some(options.settings.behavior), Behavior::default().with("shrink", "refused"));
        for arguments in [["simulator", "--variant", "shrink=maybe"], ["simulator", "--listen", "nowhere"]] {
            assert!(parse(Parser::from_iter(arguments)).is_err(), "{arguments:?}");
        }
    }
}
