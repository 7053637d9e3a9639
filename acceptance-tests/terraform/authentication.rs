//! Each source of credentials from the configuration to a signed request, and the errors that need the cloud, as directories of
//! data in `authentication/testdata`. The variants of each source are unit tests of the client's credentials. A directory
//! contains:
//!
//! - `provider.hcl`: the arguments of the provider block.
//! - `environment.json`: the variables. The variable for the simulated cloud is already set; an empty one is removed.
//! - `home/`: the files of the home directory. `$HOME` in the other files is that directory.
//! - `cloud.json`: the configuration of the cloud, see [`Cloud`].
//! - `expected.json`: the expected calls and diagnostics, see [`Expected`].
//!
//! All but the last may be missing. Each test is a plan that reads an image cache, at the log level TRACE. Its output must not
//! contain secrets: every secret in these files ends in `-secret`, except those with a format that the API prescribes.

mod network;
mod renewal;
mod secrets;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tencentcloud_simulator::{Fault, ImageCache, KeyPair, Moment, Request, Settings};

use crate::harness::config::REGION;
use crate::harness::run::Run;
use crate::harness::workspace::Workspace;

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*
    };
}

cases![
    wrong_clock_is_corrected_by_one_retry,
    wrong_clock_is_reported,
    invalid_domain,
    unknown_domain,
    unknown_domain_for_a_role,
    role_of_another_account,
    role_with_keys_of_the_environment,
    token_of_another_key,
    web_identity_with_a_raw_token_file,
    incomplete_key_pair_in_the_block,
    keys_in_the_block,
    keys_override_a_profile_with_a_warning,
    no_credentials_anywhere,
    pod_identity_of_tke,
    profile_of_tccli_and_its_region,
    role_of_the_instance,
    role_of_the_saml_assertion,
    session_of_an_mfa_code_assumes_the_role,
];

/// The configuration of the cloud.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Cloud {
    /// The role of the instance in the metadata service.
    instance_role: Option<String>,
    /// The only accepted web identity token.
    web_identity: Option<String>,
    /// Seconds by which the server's clock is ahead.
    skew: i64,
    /// An action, and the error code with which it is refused.
    refused: BTreeMap<String, String>,
    /// An action that gets no response.
    silent: Option<String>,
}

/// The expected result.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// All calls, in order.
    calls: Vec<Call>,
    /// Parts of the only error.
    #[serde(default)]
    error: Vec<String>,
    /// Parts of the only warning.
    #[serde(default)]
    warning: Vec<String>,
}

/// A call of the API, or of the metadata service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    action: String,
    /// The ID of the signing key, `session` for temporary credentials, `unsigned` without a signature.
    by: String,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    parameters: Option<Value>,
}

fn directory(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("acceptance-tests/terraform/authentication/testdata").join(name)
}

fn run(name: &str) {
    let mut workspace = Workspace::with(Settings { build_time: Duration::ZERO, ..Settings::default() });
    let home = workspace.path("home");
    let text = |file: &str| {
        let text = fs::read_to_string(directory(name).join(file)).ok()?;
        Some(text.replace("$HOME", home.to_str().unwrap()))
    };
    workspace.copy(&directory(name));
    prepare(&workspace, json(name, "cloud.json", text("cloud.json")).unwrap_or_default());
    workspace.provider(&text("provider.hcl").unwrap_or_default());
    no_keys(&mut workspace);
    let variables: BTreeMap<String, String> =
        json(name, "environment.json", text("environment.json")).unwrap_or_default();
    for (variable, value) in variables {
        workspace.environment(&variable, &value);
    }
    let id = look_at_a_cache(&workspace);

    workspace.environment("TF_LOG", "TRACE");
    let run = workspace.plan();
    assert_eq!(shown_secret(&workspace, &run), None, "a secret in the output of {name}");
    let expected: Expected = json(name, "expected.json", text("expected.json")).expect("expected.json exists");
    let parts = |parts: &[String]| parts.iter().map(|part| part.replace("$CACHE", &id)).collect::<Vec<_>>();
    let says = |diagnostic: &crate::harness::run::Diagnostic, texts: &[String]| {
        let texts = parts(texts);
        diagnostic.says(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    };
    if expected.error.is_empty() {
        assert!(run.stderr.contains("provider.tencentcloud"), "there is no log to look at");
        let warnings = run.succeeds().warnings();
        // Terraform configures the provider more than once, and may repeat diagnostics.
        assert_eq!(warnings.is_empty(), expected.warning.is_empty(), "{warnings:?}");
        warnings.iter().for_each(|warning| says(warning, &expected.warning));
    } else {
        says(&run.error(), &expected.error);
    }
    let requests = workspace.cloud.requests();
    let seen: Vec<_> = requests.iter().map(|request| format!("{} by {}", request.action, signer(request))).collect();
    let calls: Vec<_> = expected.calls.iter().map(|call| format!("{} by {}", call.action, call.by)).collect();
    assert_eq!(seen, calls);
    for (request, call) in requests.iter().zip(expected.calls) {
        assert!(call.region.is_none() || call.region == request.region, "{call:?} was in {:?}", request.region);
        assert!(call.parameters.is_none_or(|parameters| parameters == request.body), "{:#}", request.body);
    }
    workspace.cloud.delete_cache(REGION, &id);
}

/// Removes the default key of every workspace.
fn no_keys(workspace: &mut Workspace) {
    workspace.environment("TENCENTCLOUD_SECRET_ID", "");
    workspace.environment("TENCENTCLOUD_SECRET_KEY", "");
}

/// Adds a cache to the cloud, and writes a configuration whose plan reads it.
fn look_at_a_cache(workspace: &Workspace) -> String {
    let cache = ImageCache::ready("web", &["nginx:1.27"], workspace.cloud.clock().now());
    let id = workspace.cloud.insert_cache(REGION, cache);
    workspace.write(format!(
        "data \"eks_pod_disk\" \"test\" {{\n  image_cache    = {id:?}\n  images         = [\"nginx:1.27\"]\n  inspect_images = false\n}}\n"
    ));
    id
}

fn prepare(workspace: &Workspace, cloud: Cloud) {
    let Cloud { instance_role, web_identity, skew, refused, silent } = cloud;
    workspace.cloud.set_instance_role(instance_role.as_deref());
    workspace.cloud.accept_web_identity(web_identity.as_deref());
    workspace.cloud.clock().set_skew(skew);
    for (action, code) in refused {
        let message = "it was refused".to_owned();
        workspace.cloud.inject(Fault::Error { code, message, moment: Moment::BeforeActing }.on(action));
    }
    if let Some(action) = silent {
        workspace.cloud.inject(Fault::Delay(Duration::from_secs(600)).on(action));
    }
}

/// The secrets with a prescribed format: a SAML assertion, and an MFA code.
const PRESCRIBED: [&str; 2] = ["PHNhbWw+c2VjcmV0PC9zYW1sPg==", "135792"];

/// A secret in the output of the run, plain or encoded.
fn shown_secret(workspace: &Workspace, run: &Run) -> Option<String> {
    let [assertion, code] = PRESCRIBED;
    // Not a part of a number, or of a decimal fraction.
    let is_code = |text: &str, at: usize| {
        let around = |c: char| !c.is_ascii_alphanumeric() && c != '.';
        text[..at].chars().next_back().is_none_or(around) && text[at + code.len()..].chars().next().is_none_or(around)
    };
    let mut secrets = workspace.cloud.session_secrets();
    secrets.extend(["-secret".to_owned(), assertion.to_owned()]);
    let secrets: Vec<_> = secrets.iter().flat_map(|secret| encodings(secret)).collect();
    [&run.stdout, &run.stderr].into_iter().find_map(|text| {
        let secret = secrets.iter().find(|secret| text.contains(*secret)).cloned();
        secret.or_else(|| text.match_indices(code).any(|(at, _)| is_code(text, at)).then(|| code.to_owned()))
    })
}

/// A secret as plain text, and in JSON, a URL and base64. For base64, the part that does not depend on the surrounding text.
fn encodings(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let percent = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    let url: String = secret.bytes().map(percent).collect();
    let aligned = (0..3).filter_map(|start| {
        let whole = secret.len().checked_sub(start)? / 3 * 3;
        (whole >= 6).then(|| STANDARD_NO_PAD.encode(&secret.as_bytes()[start..start + whole]))
    });
    let mut forms: Vec<_> = aligned.collect();
    forms.extend([secret.to_owned(), json[1..json.len() - 1].to_owned(), url.replace("%20", "+"), url]);
    forms
}

#[test]
fn secret_is_found_in_each_encoding() {
    let secret = "p\"a/s s+word-secret";
    let forms = encodings(secret);
    let shown = |text: &str| forms.iter().any(|form| text.contains(form.as_str()));
    for before in ["", "u", "us"] {
        assert!(shown(&STANDARD.encode(format!("{before}{secret}:x"))), "{before:?}");
    }
    for text in [secret, r#"{"password":"p\"a/s s+word-secret"}"#, "password=p%22a%2Fs%20s%2Bword-secret"] {
        assert!(shown(text), "{text}");
    }
    assert!(!shown("p\"a/s"));
}

fn signer(request: &Request) -> String {
    let key = KeyPair::default().secret_id;
    let authorization = request.headers.get("authorization").map_or("SKIP", String::as_str);
    let id = authorization.split_once("Credential=").and_then(|(_, rest)| Some(rest.split_once('/')?.0));
    match id {
        None => "unsigned".to_owned(),
        Some(id) if id == key => key,
        Some(_) => "session".to_owned(),
    }
}

fn json<T: DeserializeOwned>(case: &str, file: &str, text: Option<String>) -> Option<T> {
    text.map(|text| serde_json::from_str(&text).unwrap_or_else(|error| panic!("{case}/{file}: {error}")))
}

#[test]
fn every_directory_is_run() {
    for entry in fs::read_dir(directory("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(NAMES.contains(&name.as_str()), "add {name} to the list of cases");
    }
}
