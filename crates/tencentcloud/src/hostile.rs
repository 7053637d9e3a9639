//! Every action of the client against responses that no API sends: endless, compressed, with secrets of the request, with
//! control characters.

use secrecy::ExposeSecret as _;

use super::*;
use crate::{
    canned::{Reply, Server, http, json},
    sts, tcr, tke,
};

const SECRET_ID: &str = "AKIDhostileresponses";
const SECRET_KEY: &str = "key-of-\"hostile\"/responses+";
const TOKEN: &str = "token-of-hostile-responses";
const PASSWORD: &str = "p@ss of \\hostile/ responses";

fn credentials() -> Credentials {
    let (secret_id, secret_key) = (SECRET_ID.into(), SECRET_KEY.into());
    Credentials { secret_id, secret_key, token: Some(TOKEN.into()), expires_at: None }
}

/// The number of actions in [`send_all`].
const ACTIONS: usize = 13;

#[test]
fn every_action_of_the_crate_is_sent() {
    let defined = |source: &str| {
        let alone =
            source.lines().filter(|line| line.starts_with("action!(") || line.starts_with("impl Action for ")).count();
        let together = source.split("\nactions! {\n").nth(1).and_then(|rest| rest.split("\n}").next());
        alone + together.map_or(0, |actions| actions.lines().filter(|line| line.contains(" = \"")).count())
    };
    let sources = [
        include_str!("../tke/actions.rs"),
        include_str!("../tke/container_instance.rs"),
        include_str!("../sts.rs"),
        include_str!("../tcr.rs"),
    ];
    assert_eq!(sources.map(defined).iter().sum::<usize>(), ACTIONS);
}

/// What each action makes of the response.
async fn send_all(reply: impl Fn() -> Reply) -> Vec<String> {
    let server = Server::start((0..ACTIONS).map(|_| reply()).collect()).await;
    let mut endpoints = Endpoints::default();
    for service in ["tke", "sts", "tcr"] {
        endpoints = endpoints.with_override(service, &server.url).unwrap();
    }
    let transport = &Transport::new(endpoints, Program::default());
    async fn one<A: Action>(transport: &Transport, action: A) -> String {
        let sent = transport.send(None, Auth::Signed(&credentials()), &action).await;
        sent.map(drop).expect_err(A::NAME).to_string()
    }
    let credential = tke::ImageRegistryCredential {
        server: "registry.example.com".into(),
        username: "ci".into(),
        password: PASSWORD.into(),
        name: None,
    };
    let passwords = vec![credential];
    let create = tke::CreateImageCache { image_registry_credentials: passwords.clone(), ..Default::default() };
    let update = tke::UpdateImageCache { image_registry_credentials: Some(passwords), ..Default::default() };
    let assume = sts::AssumeRole {
        role_arn: "arn".into(),
        role_session_name: "ci".into(),
        duration_seconds: None,
        policy: None,
        external_id: Some(PASSWORD.into()),
        source_identity: None,
        serial_number: None,
        token_code: Some(PASSWORD.into()),
    };
    let web = sts::AssumeRoleWithWebIdentity {
        provider_id: "oidc".into(),
        web_identity_token: PASSWORD.into(),
        role_arn: "arn".into(),
        role_session_name: "ci".into(),
        duration_seconds: None,
    };
    let saml = sts::AssumeRoleWithSaml {
        saml_assertion: PASSWORD.into(),
        principal_arn: "arn".into(),
        role_arn: "arn".into(),
        role_session_name: "ci".into(),
        duration_seconds: None,
    };
    let session =
        sts::GetSessionToken { serial_number: "1".into(), token_code: PASSWORD.into(), duration_seconds: None };
    let token = tcr::CreateInstanceToken { registry_id: "tcr-1".into(), token_type: tcr::TokenType::Temp };
    let errors = vec![
        one(transport, create).await,
        one(transport, update).await,
        one(transport, tke::DescribeImageCaches::default()).await,
        one(transport, tke::DeleteImageCaches { image_cache_ids: Vec::new() }).await,
        one(transport, tke::GetMostSuitableImageCache { images: Vec::new(), snapshotter: None }).await,
        one(transport, tke::DescribeEKSContainerInstances::named(vec!["for-imc-1".into()])).await,
        one(transport, tke::DescribeEKSContainerInstanceEvent::default()).await,
        one(transport, assume).await,
        one(transport, web).await,
        one(transport, saml).await,
        one(transport, session).await,
        one(transport, sts::GetCallerIdentity {}).await,
        one(transport, token).await,
    ];
    for request in server.requests() {
        assert!(!request.contains("accept-encoding"), "{request}");
    }
    errors
}

fn api_error(code: &str, message: &str) -> String {
    let error = serde_json::json!({"Code": code, "Message": message});
    serde_json::json!({"Response": {"Error": error, "RequestId": message}}).to_string()
}

#[tokio::test]
async fn error_is_short_and_shows_no_secret_and_no_control_character() {
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let in_json = |text: &str| serde_json::to_string(text).unwrap();
    let secrets = [SECRET_ID, SECRET_KEY, TOKEN, PASSWORD];
    // The first requests hold no password yet.
    secrets.into_iter().for_each(safe_text::remember);
    let quoted = secrets.iter().flat_map(|secret| [secret.to_string(), in_json(secret), percent(secret)]);
    let quoted: Vec<_> = quoted.collect();
    for quoted in quoted.chunks(3) {
        let said = quoted.join(" ");
        for body in [
            api_error(&format!("InvalidParameter.{said}"), "no"),
            api_error("InvalidParameter", &format!("your request was {said}\u{1b}[2J\u{202e}")),
            format!("<html>\u{9b}1m {said}</html>"),
            serde_json::json!({"code": 1, "codeDesc": "X", "message": said}).to_string(),
        ] {
            for error in send_all(|| json(&body)).await {
                assert!(!quoted.iter().any(|quoted| error.contains(quoted)), "{error}");
                assert!(!error.chars().any(|c| c.is_control() || c == '\u{202e}'), "{error}");
            }
        }
    }
    for error in send_all(|| json(&api_error(&"C".repeat(1 << 20), &"m".repeat(1 << 20)))).await {
        assert!(error.len() < 1_000, "{}", error.len());
    }
}

#[tokio::test]
async fn long_and_compressed_responses_are_not_read() {
    let long = format!("{{\"Response\": {{\"RequestId\": \"{}\"}}}}", "r".repeat(17 << 20));
    for error in send_all(|| json(&long)).await {
        assert!(error.contains("the body is larger than"), "{error}");
    }
    // Compression that was not asked for is not undone: these bytes would be an empty object.
    let gzip = "\u{1f}compressed";
    for error in send_all(|| http("200 OK", "Content-Encoding: gzip\r\n", gzip)).await {
        assert!(error.contains("not JSON"), "{error}");
    }
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
