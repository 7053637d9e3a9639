//! Profiles in files: tccli's JSON, `<directory>/<profile>.credential` and `.configure`, then the SDK's INI file,
//! `~/.tencentcloud/credentials` (or `TENCENTCLOUD_CREDENTIALS_FILE`), section `[<profile>]`.
//!
//! The directory is `~/.tccli` unless `shared_credentials_dir` is set; then the INI file is not read. A configured profile or
//! directory must exist; the default profile need not.
//!
//! The files are read again for each renewal, because other programs may update them.

#[cfg(any(test, fuzzing, feature = "testing"))]
pub mod fuzzing;

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;

use super::{
    Credentials, CredentialsConfig, CredentialsError, Environment, Names, Services,
    config::{given, secret},
    ini, instance_role, limits,
    source::{Context, Found, Outcome},
};
use crate::sts;

const DEFAULT_PROFILE: &str = "default";

const TCCLI_KEYS: Names = Names { id: "secretId", key: "secretKey", token: "token" };
const INI_KEYS: Names = Names { id: "secret_id", key: "secret_key", token: "token" };

/// `<profile>.credential`, as tccli 3 writes it: <https://github.com/TencentCloud/tencentcloud-cli>.
#[derive(Default, Deserialize)]
#[serde(default)]
struct CredentialFile {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "secretId")]
    secret_id: Option<SecretString>,
    #[serde(rename = "secretKey")]
    secret_key: Option<SecretString>,
    token: Option<SecretString>,
    /// Seconds since 1970.
    #[serde(rename = "expiresAt")]
    expires_at: Option<u64>,
    #[serde(rename = "role-arn")]
    role_arn: Option<String>,
    #[serde(rename = "role-session-name")]
    role_session_name: Option<String>,
}

/// `<profile>.configure`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ConfigureFile {
    #[serde(rename = "_sys_param")]
    common: CommonParameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CommonParameters {
    region: Option<String>,
}

/// A profile: its name, its directory, and whether it was configured.
struct Profile {
    name: String,
    directory: Option<PathBuf>,
    ini: Option<PathBuf>,
    named: bool,
    /// Default session name of the profile's role.
    session_name: &'static str,
}

impl Profile {
    fn new(config: &CredentialsConfig, environment: &Environment) -> Result<Self, CredentialsError> {
        let variable = |name: &str| environment.get(name).map(str::to_owned);
        let name = given(config.profile.clone()).or_else(|| variable("TENCENTCLOUD_PROFILE"));
        let directory =
            given(config.shared_credentials_dir.clone()).or_else(|| variable("TENCENTCLOUD_SHARED_CREDENTIALS_DIR"));
        let named = name.is_some() || directory.is_some();
        let name = name.unwrap_or_else(|| DEFAULT_PROFILE.to_owned());
        // The name is part of a file name, and must not leave the directory.
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(CredentialsError::invalid(
                "profile",
                format!("{name:?} is a path, expected a name such as \"default\""),
            ));
        }
        let in_home = |path: &str| environment.home().map(|home| home.join(path));
        let ini = match directory {
            Some(_) => None,
            None => environment
                .get("TENCENTCLOUD_CREDENTIALS_FILE")
                .map(|path| environment.expand(path))
                .or_else(|| in_home(".tencentcloud/credentials")),
        };
        let directory = directory.map(|path| environment.expand(&path)).or_else(|| in_home(".tccli"));
        Ok(Self { name, directory, ini, named, session_name: config.caller.session_name })
    }

    fn file(&self, extension: &str) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join(format!("{}.{extension}", self.name)))
    }
}

/// The region of the profile, from tccli's `<profile>.configure`; `None` if the file or its region is missing.
///
/// # Errors
///
/// [`CredentialsError::File`] if the file exists but cannot be read.
pub async fn profile_region(
    config: &CredentialsConfig,
    environment: &Environment,
) -> Result<Option<String>, CredentialsError> {
    let Some(path) = Profile::new(config, environment)?.file("configure") else { return Ok(None) };
    let Some(text) = read(&path).await? else { return Ok(None) };
    let file: ConfigureFile = json(&path, text.expose_secret(), "an object with a \"region\" in \"_sys_param\"")?;
    Ok(given(file.common.region))
}

pub(super) async fn provide<S: Services>(context: &Context<S>) -> Result<Outcome, CredentialsError> {
    let profile = Profile::new(&context.config, &context.environment)?;
    let mut searched = Vec::new();
    if let Some(path) = profile.file("credential") {
        if let Some(text) = read(&path).await?
            && let Some(found) = from_tccli(&context.services, &profile, &path, text.expose_secret()).await?
        {
            return Ok(Outcome::Found(found));
        }
        searched.push(path);
    }
    if let Some(path) = &profile.ini {
        if let Some(text) = read(path).await?
            && let Some(found) = from_ini(&profile, path, text.expose_secret())?
        {
            return Ok(Outcome::Found(found));
        }
        searched.push(path.clone());
    }
    if profile.named {
        return Err(CredentialsError::NoProfile { profile: profile.name, searched });
    }
    let places = searched.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" or ");
    Ok(Outcome::NotConfigured(match places.as_str() {
        "" => "there is no home directory: HOME is not set".to_owned(),
        places => format!("no profile \"default\" in {places}"),
    }))
}

/// The credentials of tccli's file; `None` if it has no credentials, as tccli creates it.
async fn from_tccli<S: Services>(
    services: &S,
    profile: &Profile,
    path: &Path,
    text: &str,
) -> Result<Option<Found>, CredentialsError> {
    let file: CredentialFile = json(path, text, "an object with \"secretId\" and \"secretKey\"")?;
    let invalid = |problem: String| CredentialsError::File { path: path.to_owned(), line: None, problem };
    let credentials = match file.kind.as_deref() {
        None | Some("" | "default") => {
            let origin = path.display().to_string();
            let [id, key, token] = [file.secret_id, file.secret_key, file.token].map(secret);
            let Some(mut credentials) = Credentials::from_parts(&origin, &TCCLI_KEYS, id, key, token)? else {
                return Ok(None);
            };
            credentials.expires_at =
                file.expires_at.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
            if credentials.expires_at.is_some_and(|end| end <= services.now()) {
                let remedy = "and a profile cannot renew them; write new ones to the file";
                return Err(CredentialsError::expired(origin, credentials.expires_at, remedy));
            }
            credentials
        }
        Some("cvm-role") => instance_role::credentials(services).await?,
        Some(kind @ ("oauth" | "sso")) => {
            return Err(invalid(format!(
                "the profile {:?} is a browser login ({kind}), which only tccli can renew; use keys, a role or an OpenID \
                 Connect token, or set the keys of one login in TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and \
                 TENCENTCLOUD_SECURITY_TOKEN",
                profile.name
            )));
        }
        Some(kind) => {
            return Err(invalid(format!("the type {kind:?} is not known; expected \"default\" or \"cvm-role\"")));
        }
    };
    let role = role(profile, path, file.role_arn, file.role_session_name)?;
    Ok(Some(Found { credentials, role }))
}

fn from_ini(profile: &Profile, path: &Path, text: &str) -> Result<Option<Found>, CredentialsError> {
    let section = ini::section(text, &profile.name).map_err(|(line, problem)| CredentialsError::File {
        path: path.to_owned(),
        line: Some(line),
        problem: problem.to_owned(),
    })?;
    let Some(section) = section else { return Ok(None) };
    let origin = format!("{}:{}", path.display(), section.line);
    let [id, key] = [INI_KEYS.id, INI_KEYS.key].map(|name| section.get(name));
    let Some(credentials) = Credentials::from_parts(&origin, &INI_KEYS, id, key, None)? else { return Ok(None) };
    let role = role(profile, path, section.get("role_arn").map(|arn| arn.expose_secret().to_owned()), None)?;
    Ok(Some(Found { credentials, role }))
}

/// The role to assume with the profile's keys.
fn role(
    profile: &Profile,
    path: &Path,
    role_arn: Option<String>,
    session_name: Option<String>,
) -> Result<Option<Box<sts::AssumeRole>>, CredentialsError> {
    let Some(role_arn) = given(role_arn) else { return Ok(None) };
    let role_session_name = given(session_name).unwrap_or_else(|| profile.session_name.to_owned());
    let invalid = |error| CredentialsError::invalid(path.display().to_string(), error);
    limits::role_arn(&role_arn).map_err(invalid)?;
    limits::session_name(&role_session_name).map_err(invalid)?;
    Ok(Some(Box::new(sts::AssumeRole {
        role_arn,
        role_session_name,
        duration_seconds: None,
        policy: None,
        external_id: None,
        source_identity: None,
        serial_number: None,
        token_code: None,
    })))
}

/// The text of `path`, or `None` if the file does not exist.
pub(super) async fn read(path: &Path) -> Result<Option<SecretString>, CredentialsError> {
    match tokio::fs::read_to_string(path).await {
        Ok(text) => Ok(Some(text.into())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(CredentialsError::File {
            path: path.to_owned(),
            line: None,
            problem: format!("cannot be read: {error}"),
        }),
    }
}

/// Parses `text` as JSON of the form `expected`.
pub(super) fn json<T: DeserializeOwned>(path: &Path, text: &str, expected: &str) -> Result<T, CredentialsError> {
    serde_json::from_str(text).map_err(|error| {
        // The parser's message would contain a value of the wrong type.
        let problem = match error.classify() {
            Category::Data => format!("expected {expected}"),
            _ => "not valid JSON; correct this line, or write the file again".to_owned(),
        };
        CredentialsError::File { path: path.to_owned(), line: Some(error.line()), problem }
    })
}
