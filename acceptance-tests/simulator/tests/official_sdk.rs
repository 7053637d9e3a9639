//! Verifies the simulator with the official Python SDK: the script `acceptance-tests/sdk/drive.py` calls every action of the
//! simulator's program.
//!
//! The SDK is installed from PyPI, at pinned versions, into a virtual environment under `target/` on the first run.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const HINT: &str = "this test needs Python 3.8 or later with the module venv, and PyPI on the first run; acceptance-tests/run.sh \
                    installs Python, or says how to";

#[test]
fn official_sdk_calls_every_action() {
    let python = sdk();
    let (mut simulator, endpoint) = simulator();
    let output =
        Command::new(python).arg(scripts().join("drive.py")).arg(endpoint).output().expect("the SDK's python runs");
    simulator.kill().expect("the simulator was running");
    simulator.wait().expect("the simulator ends");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stdout.ends_with("checks passed\n"), "{stdout}{stderr}");
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk")
}

/// Starts the program, and returns it with its address.
fn simulator() -> (Child, String) {
    let mut simulator = Command::new(env!("CARGO_BIN_EXE_tencentcloud-simulator"))
        .args(["--build-time", "0s", "--instance-role", "builder"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the simulator starts");
    let mut line = String::new();
    let stdout = simulator.stdout.take().expect("stdout is piped");
    BufReader::new(stdout).read_line(&mut line).expect("the simulator prints its address");
    let endpoint = line.trim_end().strip_prefix("listening on ").expect("its first line is its address").to_owned();
    (simulator, endpoint)
}

/// The python of the virtual environment with the SDK, which is created if it is missing or has other versions.
fn sdk() -> PathBuf {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tencentcloud-sdk");
    let (python, stamp) = (venv.join("bin/python"), venv.join("requirements.txt"));
    let requirements = scripts().join("requirements.txt");
    let wanted = std::fs::read(&requirements).expect("the requirements can be read");
    // The stamp is written last, so an interrupted installation is repeated.
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--requirement"];
    run(Command::new(&python).args(pip).arg(&requirements));
    std::fs::write(&stamp, wanted).expect("the virtual environment can be written");
    python
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; {HINT}"));
    assert!(output.status.success(), "{command:?}: {}; {HINT}", String::from_utf8_lossy(&output.stderr));
}
