//! Every call of this crate with hostile responses: endless, compressed, with secrets of the request, with control characters.
//! A call is an action of the API, or a request to the metadata service.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::ExposeSecret as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::{Instant, sleep},
};
use url::Url;

use crate::{
    Action, Api, Auth, Endpoints, Program, Settings,
    canned::{Reply, Server, http, json},
    credentials::{CloudServices, Credentials, instance_role},
    sts, tcr, tke,
    transport::Transport,
};

const SECRET_ID: &str = "AKIDhostileresponses";
const SECRET_KEY: &str = "key-of-\"hostile\"/responses+";
const TOKEN: &str = "token-of-hostile-responses";
const PASSWORD: &str = "p@ss of \\hostile/ responses";
const SECRETS: [&str; 4] = [SECRET_ID, SECRET_KEY, TOKEN, PASSWORD];

/// The calls of the metadata service.
const METADATA: [&str; 2] = ["metadata: name of the role", "metadata: credentials of the role"];

/// The error of each call for the response `reply`.
async fn call_all(reply: &Reply) -> BTreeMap<&'static str, String> {
    async fn action<A: Action>(reply: &Reply, action: A) -> (&'static str, String) {
        let server = Server::start(vec![reply.clone()]).await;
        let endpoints = Endpoints::default().with_override(A::SERVICE, &server.url).unwrap();
        let (secret_id, secret_key) = (SECRET_ID.into(), SECRET_KEY.into());
        let credentials = Credentials { secret_id, secret_key, token: Some(TOKEN.into()), expires_at: None };
        let transport = Transport::new(endpoints, Program::default());
        let sent = transport.send(None, Auth::Signed(&credentials), &action).await;
        let error = sent.map(drop).expect_err(A::NAME);
        let [request] = &server.requests()[..] else { panic!("{}: {error}", A::NAME) };
        assert!(!request.contains("accept-encoding"), "{request}");
        assert!(request.contains(&format!("x-tc-action: {}", A::NAME.to_lowercase())), "{request}");
        let refused = crate::Error::Api {
            action: A::NAME,
            code: "UnauthorizedOperation".to_owned(),
            message: String::new(),
            request_id: String::new(),
            http_status: 200,
        };
        assert_eq!(refused.missing_permission(), Some(format!("{}:{}", A::SERVICE, A::NAME)), "add it to error.rs");
        (A::NAME, chain(&error))
    }
    async fn metadata(call: &'static str, replies: Vec<Reply>) -> (&'static str, String) {
        let server = Server::start(replies).await;
        let services = CloudServices::new(Api::new(Settings::default()), Url::parse(&server.url).unwrap(), None);
        let error = instance_role::credentials(&services).await.expect_err(call);
        for request in server.requests() {
            assert!(!request.contains("accept-encoding"), "{request}");
        }
        (call, chain(&error))
    }
    let passwords = || {
        let (server, username) = ("registry.example.com".into(), "ci".into());
        vec![tke::ImageRegistryCredential { server, username, password: PASSWORD.into(), name: None }]
    };
    let (role_arn, role_session_name, duration_seconds) = (|| "arn".to_owned(), || "ci".to_owned(), None);
    let assume_role = sts::AssumeRole {
        role_arn: role_arn(),
        role_session_name: role_session_name(),
        duration_seconds,
        policy: None,
        external_id: Some(PASSWORD.into()),
        source_identity: None,
        serial_number: None,
        token_code: Some(PASSWORD.into()),
    };
    let with_web_identity = sts::AssumeRoleWithWebIdentity {
        provider_id: "oidc".into(),
        web_identity_token: PASSWORD.into(),
        role_arn: role_arn(),
        role_session_name: role_session_name(),
        duration_seconds,
    };
    let with_saml = sts::AssumeRoleWithSaml {
        saml_assertion: PASSWORD.into(),
        principal_arn: "arn".into(),
        role_arn: role_arn(),
        role_session_name: role_session_name(),
        duration_seconds,
    };
    let session = sts::GetSessionToken { serial_number: "1".into(), token_code: PASSWORD.into(), duration_seconds };
    let token = tcr::CreateInstanceToken { registry_id: "tcr-1".into(), token_type: tcr::TokenType::Temp };
    let create = tke::CreateImageCache { image_registry_credentials: passwords(), ..Default::default() };
    let update = tke::UpdateImageCache { image_registry_credentials: Some(passwords()), ..Default::default() };
    let role = http("200 OK", "", "ci-role");
    BTreeMap::from([
        action(reply, create).await,
        action(reply, update).await,
        action(reply, tke::DescribeImageCaches::default()).await,
        action(reply, tke::DeleteImageCaches::default()).await,
        action(reply, tke::GetMostSuitableImageCache::default()).await,
        action(reply, tke::DescribeEKSContainerInstances::named(vec!["for-imc-1".into()])).await,
        action(reply, tke::DescribeEKSContainerInstanceEvent::default()).await,
        action(reply, assume_role).await,
        action(reply, with_web_identity).await,
        action(reply, with_saml).await,
        action(reply, session).await,
        action(reply, sts::GetCallerIdentity {}).await,
        action(reply, token).await,
        metadata(METADATA[0], vec![reply.clone()]).await,
        metadata(METADATA[1], vec![role, reply.clone()]).await,
    ])
}

/// The message of an error, and those of its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The files of the crate, without tests, and their names.
fn sources() -> Vec<(String, String)> {
    fn files(directory: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = files(&root).into_iter().filter(|path| !path.ends_with("hostile.rs") && !path.ends_with("tests.rs"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        (path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"), code)
    };
    sources.map(read).collect()
}

/// The actions that a file defines: by `action!`, `actions!` or an `impl`.
fn defined(code: &str) -> impl Iterator<Item = String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric()).collect::<String>();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).filter_map(move |line| {
        let alone = line.strip_prefix("action!(").or_else(|| Some(line.split_once("Action for ")?.1));
        // In the definition of a macro the name is a variable.
        let listed = || line.split_once(" = \"").filter(|(_, name)| name.contains("\", |")).map(|(_, name)| name);
        alone.or_else(listed).map(word).filter(|name| !name.is_empty())
    })
}

#[tokio::test]
async fn every_call_is_in_the_table() {
    let sources = sources();
    let defined = sources.iter().flat_map(|(_, code)| defined(code)).map(|name| name.to_lowercase());
    let called = call_all(&Reply::Silence).await;
    let actions = called.keys().filter(|call| !METADATA.contains(call)).map(|name| name.to_lowercase());
    assert_eq!(actions.collect::<BTreeSet<_>>(), defined.collect());

    // The calls: actions, and requests to the metadata service.
    let sends = |code: &str| code.contains("network::client()") || code.contains("network::plain_client()");
    let senders = sources.iter().filter(|(_, code)| sends(code)).map(|(name, _)| name.as_str());
    assert_eq!(senders.collect::<BTreeSet<_>>(), ["credentials/services.rs", "transport.rs"].into());
}

fn api_error(code: &str, message: &str) -> String {
    let error = serde_json::json!({"Code": code, "Message": message});
    serde_json::json!({"Response": {"Error": error, "RequestId": message}}).to_string()
}

fn bytes(text: impl Into<Vec<u8>>) -> Reply {
    Reply::Bytes(text.into())
}

/// Responses that contain `said` and control characters.
fn quoting(said: &str) -> Vec<Reply> {
    let (escape, bidirectional) = ("\u{1b}[2J\u{7}\r\n\u{9b}1m", "\u{202e}");
    vec![
        json(&api_error(&format!("InvalidParameter.{said}"), "no")),
        json(&api_error("InvalidParameter", &format!("your request was {said}{escape}{bidirectional}"))),
        json(&format!("<html>{escape}{said}</html>")),
        json(&serde_json::json!({"code": 1, "codeDesc": said, "message": format!("{escape}{said}")}).to_string()),
        json(&serde_json::json!({"Code": format!("{escape}{said}"), "Response": said}).to_string()),
        json(said),
        http(&format!("502 {bidirectional}"), "", &format!("{escape}{said}")),
        bytes(format!("HTTP/1.1 200 {escape}{said}\r\n{escape}: x\r\n\r\n")),
        bytes([b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe\x00<".as_slice(), said.as_bytes(), b"\xc3\x28"].concat()),
    ]
}

#[tokio::test]
async fn error_is_short_and_shows_no_secret_and_no_control_character() {
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let in_json = |text: &str| serde_json::to_string(text).unwrap();
    // The first requests contain no password yet.
    SECRETS.into_iter().for_each(safe_text::remember);
    for secret in SECRETS {
        let forms = [secret.to_owned(), in_json(secret), percent(secret)];
        for reply in quoting(&forms.join(" ")) {
            for (call, error) in call_all(&reply).await {
                assert!(!forms.iter().any(|form| error.contains(form)), "{call}: {error}");
                assert!(!error.chars().any(|c| c.is_control() || c == '\u{202e}'), "{call}: {error:?}");
                assert!(error.len() < 1_000, "{call}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn response_that_is_not_one_is_a_short_error() {
    let limit = 17 << 20;
    let long = "x".repeat(limit);
    for (name, reply, expected) in [
        ("long", json(&format!("{{\"Response\": {{\"RequestId\": {long:?}}}}}")), Some("larger than")),
        ("endless", bytes(format!("HTTP/1.1 200 OK\r\n\r\n{{{long}")), Some("larger than")),
        // Unrequested compression is not decoded.
        ("compressed", http("200 OK", "Content-Encoding: gzip\r\n", "\u{1f}compressed"), None),
        ("long words", json(&api_error(&"C".repeat(1 << 19), &"m".repeat(1 << 19))), None),
        ("deep objects", json(&"{\"Response\":".repeat(50_000)), None),
        ("deep lists", json(&format!("{{\"Response\":{}", "[".repeat(500_000))), None),
        ("short", bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), None),
        ("long headers", bytes(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "h".repeat(2 << 20))), None),
        ("redirect", http("302 Found", "Location: http://example.com/\r\n", ""), None),
        ("no HTTP", bytes("SSH-2.0-OpenSSH_9.6\r\n"), None),
        ("nothing", Reply::Silence, None),
    ] {
        for (call, error) in call_all(&reply).await {
            assert!(error.contains(expected.unwrap_or_default()), "{name}, {call}: {error}");
            assert!(error.len() < 1_000, "{name}, {call}: {} bytes", error.len());
        }
    }
}

/// Time is paused: while nothing else happens, it jumps to the next byte, or to the timeout.
#[tokio::test(start_paused = true)]
async fn response_that_does_not_end_is_given_up_after_60_seconds() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _request = stream.read(&mut [0; 4096]).await;
        let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{").await;
        while sent.is_ok() {
            sleep(Duration::from_secs(10)).await;
            sent = stream.write_all(b" ").await;
        }
    });
    let endpoints = Endpoints::default().with_override("sts", &endpoint).unwrap();
    let start = Instant::now();
    let transport = Transport::new(endpoints, Program::default());
    let error = transport.send(None, Auth::Skip, &sts::GetCallerIdentity {}).await.unwrap_err();
    assert!(chain(&error).contains("does not respond in time"), "{}", chain(&error));
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn secrets_of_a_response_are_remembered() {
    let body = serde_json::json!({"Response": {
        "Credentials": {"Token": "received-token", "TmpSecretId": "received-id", "TmpSecretKey": "received-key"},
        "ExpiredTime": 1,
    }});
    let server = Server::start(vec![json(&body.to_string())]).await;
    let endpoints = Endpoints::default().with_override("sts", &server.url).unwrap();
    let action =
        sts::GetSessionToken { serial_number: "1".into(), token_code: "123456".into(), duration_seconds: None };
    let session = Transport::new(endpoints, Program::default()).send(None, Auth::Skip, &action).await.unwrap();
    assert_eq!(Credentials::from(session).secret_key.expose_secret(), "received-key");
    assert_eq!(safe_text::quote("received-token received-id received-key", 99), "(redacted) (redacted) (redacted)");
}
