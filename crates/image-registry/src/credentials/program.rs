//! Credential helpers: programs `docker-credential-<name>` on the `PATH`.
//!
//! Source: <https://github.com/docker/docker-credential-helpers#development>.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use crate::Environment;

use super::{Credential, CredentialsError, Login};
use crate::error::shown;

const TIMEOUT: Duration = Duration::from_secs(15);
const MAX_OUTPUT: u64 = 64 << 10;
/// Printed by a helper that has no credential.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// Shown instead of output that may be a credential.
const WITHHELD: &str = "(output not shown, because it may contain a secret)";
/// The user name that marks the secret as an identity token.
const TOKEN_USER: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperCredential {
    username: String,
    secret: SecretString,
}

/// Requests the credential of `server` from the helper `name`. `None` if it has none.
pub(super) async fn get(
    name: &str,
    server: &str,
    environment: &Environment,
) -> Result<Option<Credential>, CredentialsError> {
    let program = format!("docker-credential-{name}");
    let fail = |reason: String| CredentialsError::new(&program, reason);
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        return Err(fail("that is not the name of a credential helper".to_owned()));
    }
    let path = find(&program, environment.get("PATH").unwrap_or_default())
        .ok_or_else(|| fail("it cannot be started: no absolute directory of PATH contains it".to_owned()))?;
    let output = timeout(TIMEOUT, run(&path, server, environment)).await;
    let output = output.map_err(|_| fail(format!("no response within {} seconds", TIMEOUT.as_secs())))?;
    let Output { stdout, stderr, is_success } =
        output.map_err(|error| fail(format!("it cannot be started: {error}")))?;
    if stdout.len() as u64 > MAX_OUTPUT {
        return Err(fail(format!("its output is longer than {MAX_OUTPUT} bytes")));
    }
    if !is_success {
        if stdout.trim_ascii() == NOT_FOUND.as_bytes() {
            return Ok(None);
        }
        let said: Vec<_> = [&stdout, &stderr].into_iter().map(|output| failure(output)).collect();
        let said: Vec<_> = said.iter().map(String::as_str).filter(|said| !said.is_empty()).collect();
        let separator = if said.is_empty() { "" } else { ": " };
        return Err(fail(format!("it failed for {server}{separator}{}", said.join("; "))));
    }
    let found: HelperCredential = serde_json::from_slice(&stdout)
        .map_err(|_| fail("its output is not the JSON of a credential helper".to_owned()))?;
    Ok(Some(match found {
        HelperCredential { username, secret } if username == TOKEN_USER => Credential::IdentityToken(secret),
        HelperCredential { username, secret } => Credential::Login(Login { username, password: secret }),
    }))
}

/// The output of a failed helper, unless it may be a secret: by Docker's protocol, errors are on standard output.
fn failure(output: &[u8]) -> String {
    let message = String::from_utf8_lossy(output);
    let may_be_secret = serde_json::from_str::<serde::de::IgnoredAny>(&message).is_ok()
        || message.to_ascii_lowercase().contains("\"secret\"");
    if may_be_secret { WITHHELD.to_owned() } else { shown(&message) }
}

/// The program, from the first absolute directory of `path` that has it. An empty entry and "." are the working directory,
/// whose files are not trusted.
fn find(program: &str, path: &str) -> Option<PathBuf> {
    let program = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let directories = std::env::split_paths(path).filter(|directory| directory.is_absolute());
    directories.map(|directory| directory.join(&program)).find(|path| path.is_file())
}

/// The output of a program, and whether it succeeded.
struct Output {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    is_success: bool,
}

async fn run(program: &Path, server: &str, environment: &Environment) -> std::io::Result<Output> {
    let mut child = Command::new(program)
        .arg("get")
        .env_clear()
        .envs(environment.iter())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that fails early closes its standard input; its output is reported then.
        let _ = stdin.write_all(format!("{server}\n").as_bytes()).await;
    }
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::try_join!(read(stdout), read(stderr))?;
    if stdout.len() as u64 > MAX_OUTPUT || stderr.len() as u64 > MAX_OUTPUT {
        return Ok(Output { stdout, stderr, is_success: false });
    }
    Ok(Output { stdout, stderr, is_success: child.wait().await?.success() })
}

/// Reads a stream to its end, or to one byte beyond the limit.
async fn read(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(MAX_OUTPUT + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_does_not_show_a_secret() {
        for (printed, expected) in [
            ("", ""),
            ("access\u{1b}[2J denied\n", r"access\u{1b}[2J denied"),
            (r#"{"Username":"joe","Secret":"hunter2"}"#, WITHHELD),
            (r#"warning: old {"Secret": "hunter2"}"#, WITHHELD),
            (r#"{"username": "joe", "secret": "hunt"#, WITHHELD),
            (r#""hunter2""#, WITHHELD),
            ("123456", WITHHELD),
        ] {
            assert_eq!(failure(printed.as_bytes()), expected);
        }
    }

    #[test]
    fn find_looks_in_absolute_directories_only() {
        let directory = tempfile::tempdir().unwrap();
        let program = format!("docker-credential-x{}", std::env::consts::EXE_SUFFIX);
        std::fs::write(directory.path().join(&program), "").unwrap();
        let path = |entries: &[&str]| std::env::join_paths(entries).unwrap().into_string().unwrap();
        let absolute = directory.path().to_str().unwrap();
        // Cargo.toml is in the working directory of this test.
        for (program, entries, expected) in [
            ("docker-credential-x", &["", ".", "/does/not/exist", absolute][..], true),
            ("docker-credential-x", &[], false),
            ("docker-credential-y", &[absolute], false),
            ("Cargo.toml", &["", ".", "./", "src/.."], false),
        ] {
            assert_eq!(find(program, &path(entries)).is_some(), expected, "{program} {entries:?}");
        }
    }
}
