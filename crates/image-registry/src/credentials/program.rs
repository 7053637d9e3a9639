//! Credential helpers: programs `docker-credential-<name>` on the `PATH`.
//!
//! Source: <https://github.com/docker/docker-credential-helpers#development>.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use crate::Environment;
use crate::error::shown;

use super::{Credential, CredentialsError, Login};

const TIMEOUT: Duration = Duration::from_secs(15);
const MAX_ANSWER: u64 = 64 << 10;
/// What helpers print when they work and have nothing.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// The user name that says that the secret is an identity token.
const TOKEN_USER: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: SecretString,
}

/// Asks the helper `name` for the credential of `server`. `None` if it has none.
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
    let asked = timeout(TIMEOUT, ask(&program, server, environment)).await;
    let asked = asked.map_err(|_| fail(format!("no answer within {} seconds", TIMEOUT.as_secs())))?;
    let (answer, is_success) = asked.map_err(|error| fail(format!("it cannot be started: {error}")))?;
    if answer.len() as u64 > MAX_ANSWER {
        return Err(fail(format!("its answer is longer than {MAX_ANSWER} bytes")));
    }
    if !is_success {
        let message = String::from_utf8_lossy(&answer);
        if message.trim() == NOT_FOUND {
            return Ok(None);
        }
        return Err(fail(format!("it failed for {server}{}", failure(&message))));
    }
    let answer: Answer = serde_json::from_slice(&answer)
        .map_err(|_| fail("its answer is not the JSON of a credential helper".to_owned()))?;
    Ok(Some(match answer {
        Answer { username, secret } if username == TOKEN_USER => Credential::IdentityToken(secret),
        Answer { username, secret } => Credential::Login(Login { username, password: secret }),
    }))
}

/// What a helper that failed printed, if that cannot be a secret: by Docker's protocol its errors are on standard output.
fn failure(message: &str) -> String {
    let is_secret = serde_json::from_str::<serde::de::IgnoredAny>(message).is_ok()
        || message.to_ascii_lowercase().contains("\"secret\"");
    match shown(message) {
        _ if is_secret => ", and what it printed may hold a secret".to_owned(),
        message if message.is_empty() => String::new(),
        message => format!(": {message}"),
    }
}

/// The program in the first absolute directory of `path` that has it. An empty entry and "." are the working directory, whose
/// files may come from anyone.
fn find(program: &str, path: &str) -> Option<PathBuf> {
    let program = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let directories = std::env::split_paths(path).filter(|directory| directory.is_absolute());
    directories.map(|directory| directory.join(&program)).find(|path| path.is_file())
}

/// What the program prints, and whether it succeeds.
async fn ask(program: &str, server: &str, environment: &Environment) -> std::io::Result<(Vec<u8>, bool)> {
    let path = find(program, environment.get("PATH").unwrap_or_default());
    let path = path.ok_or_else(|| std::io::Error::other("no absolute directory of PATH contains it"))?;
    let mut child = Command::new(path)
        .arg("get")
        .env_clear()
        .envs(environment.iter())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that fails early closes its end; what it prints is the answer then.
        let _ = stdin.write_all(format!("{server}\n").as_bytes()).await;
    }
    let mut answer = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_ANSWER + 1).read_to_end(&mut answer).await?;
    }
    if answer.len() as u64 > MAX_ANSWER {
        return Ok((answer, false));
    }
    Ok((answer, child.wait().await?.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_does_not_show_a_secret() {
        let withheld = ", and what it printed may hold a secret";
        for (printed, expected) in [
            ("", ""),
            ("access\u{1b}[2J denied\n", r": access\u{1b}[2J denied"),
            (r#"{"Username":"joe","Secret":"hunter2"}"#, withheld),
            (r#"warning: old {"Secret": "hunter2"}"#, withheld),
            (r#"{"username": "joe", "secret": "hunt"#, withheld),
            (r#""hunter2""#, withheld),
            ("123456", withheld),
        ] {
            assert_eq!(failure(printed), expected);
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
