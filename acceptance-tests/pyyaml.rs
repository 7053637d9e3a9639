//! Checks with PyYAML, which reads YAML 1.1 and shares no code with the provider, that `annotate_manifests` changes only
//! annotations, in manifests like those of charts and in every style of YAML.
//!
//! PyYAML is installed from PyPI, at a pinned version, into a virtual environment under `target/` on the first run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use eks::provider::EksProvider;
use serde_json::{Value as Json, json};
use terraform_plugin::framework::Server;
use terraform_plugin::value::Value;

const HINT: &str = "this test needs python3 (3.8 or later) with the venv module, and PyPI on the first run; on Debian: \
                    apt-get install python3 python3-venv";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The manifests of the unit tests, also with Windows line breaks.
fn manifests() -> Vec<(String, String)> {
    let directories = std::fs::read_dir(root().join("src/manifests/testdata")).unwrap();
    let mut manifests = Vec::new();
    for directory in directories.map(|entry| entry.unwrap().path()) {
        let name = directory.file_name().unwrap().display().to_string();
        if name == "json_stream" {
            continue; // PyYAML does not support JSON objects without a marker between them.
        }
        let text = std::fs::read_to_string(directory.join("manifest.yaml")).unwrap().replace("\r\n", "\n");
        manifests.push((format!("{name} with Windows line breaks"), text.replace('\n', "\r\n")));
        manifests.push((name, text));
    }
    manifests
}

#[test]
fn annotate_manifests_changes_annotations_only() {
    let server = Server::<EksProvider>::default();
    let function = server.functions.get("annotate_manifests").unwrap();
    let annotations = [("eks.tke.cloud.tencent.com/use-image-cache", "auto"), ("a.example.com/mode", "0644")];
    let pairs: Vec<Json> = manifests()
        .into_iter()
        .map(|(name, text)| {
            let annotated = function.call(vec![text.as_str().into(), Value::map(annotations)]);
            let annotated = annotated.unwrap_or_else(|error| panic!("{name}: {}", error.text));
            json!([name, text, annotated.as_str().unwrap()])
        })
        .collect();
    assert!(pairs.len() > 20, "{}", pairs.len());
    let annotations: serde_json::Map<_, _> =
        annotations.map(|(key, value)| (key.to_owned(), value.into())).into_iter().collect();
    let input = json!({ "annotations": annotations, "pairs": pairs });

    let mut python = Command::new(python())
        .arg(root().join("acceptance-tests/pyyaml/compare.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the virtual environment's python runs");
    python.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stdout == format!("{} pairs compared\n", pairs.len()), "{stdout}{stderr}");
}

/// The python of the virtual environment with PyYAML, which is created if it is missing or has another version.
fn python() -> PathBuf {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pyyaml");
    let (python, stamp) = (venv.join("bin/python"), venv.join("requirements.txt"));
    let requirements = root().join("acceptance-tests/pyyaml/requirements.txt");
    let wanted = std::fs::read(&requirements).unwrap();
    // The stamp is written last, so an interrupted installation is repeated.
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(&requirements));
    std::fs::write(&stamp, wanted).unwrap();
    python
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; {HINT}"));
    assert!(output.status.success(), "{command:?}: {}{HINT}", String::from_utf8_lossy(&output.stderr));
}
