use std::time::SystemTime;

use serde::Serialize;

use super::*;
use crate::{
    Retry,
    canned::{Reply, Server, http, json},
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Probe {
    value: u32,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProbeResponse {
    result: String,
}

impl Action for Probe {
    const SERVICE: &'static str = "tke";
    const VERSION: &'static str = "2018-05-25";
    const NAME: &'static str = "Probe";
    type Response = ProbeResponse;

    fn retry(&self) -> Retry {
        Retry::Idempotent
    }
}

impl Transport {
    /// One attempt of `action`.
    pub async fn send<A: Action>(
        &self,
        region: Option<&str>,
        auth: Auth<'_>,
        action: &A,
    ) -> Result<A::Response, Error> {
        self.send_request(auth, &Request::of(region, action)).await?.decode::<A>()
    }
}

fn credentials() -> Credentials {
    Credentials {
        secret_id: "AKIDexample".into(),
        secret_key: "a-secret-key".into(),
        token: Some("a-token".into()),
        expires_at: None,
    }
}

async fn send(server: &Server) -> Result<ProbeResponse, Error> {
    let endpoints = Endpoints::default().with_override("tke", &server.url).unwrap();
    Transport::new(endpoints, Program::default())
        .send(Some("ap-guangzhou"), Auth::Signed(&credentials()), &Probe { value: 7 })
        .await
}

#[tokio::test]
async fn call_has_common_headers_and_signs_the_host_with_its_port() {
    let server = Server::start(vec![json(r#"{"Response": {"Result": "yes", "RequestId": "r", "New": null}}"#)]).await;
    assert_eq!(send(&server).await.unwrap(), ProbeResponse { result: "yes".to_owned() });

    let [request] = &server.requests()[..] else { panic!("one request") };
    let (head, body) = request.split_once("\n\n").unwrap();
    assert_eq!(body, r#"{"Value":7}"#);
    assert!(head.starts_with("post / http/1.1"), "{head}");
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or("absent");
    let host = server.url.trim_start_matches("http://");
    let program = Program::default();
    let client = format!("{}_{}", program.name, program.version);
    for (name, expected) in [
        ("host", host),
        ("content-type", CONTENT_TYPE),
        ("x-tc-action", "probe"),
        ("x-tc-version", "2018-05-25"),
        ("x-tc-region", "ap-guangzhou"),
        ("x-tc-language", "en-us"),
        ("x-tc-token", "a-token"),
        ("x-tc-requestclient", &client),
    ] {
        assert_eq!(header(name), expected, "{name}");
    }
    let time = Timestamp::from_second(header("x-tc-timestamp").parse().unwrap()).unwrap();
    let signed = [("content-type", CONTENT_TYPE), ("host", host), ("x-tc-action", "probe")];
    let request = tc3::Request { method: "POST", query: "", headers: &signed, body: body.as_bytes() };
    let Credentials { secret_id, secret_key, .. } = credentials();
    let expected = tc3::authorization(&request, "tke", time, &secret_id, &secret_key);
    assert_eq!(header("authorization"), expected.to_lowercase());
}

#[tokio::test]
async fn unsigned_call_sends_skip() {
    let server = Server::start(vec![json(r#"{"Response": {"Result": "yes"}}"#)]).await;
    let endpoints = Endpoints::default().with_override("tke", &server.url).unwrap();
    Transport::new(endpoints, Program::default()).send(None, Auth::Skip, &Probe { value: 7 }).await.unwrap();
    let request = &server.requests()[0];
    assert!(request.contains("authorization: skip\r\n"), "{request}");
    assert!(!request.contains("x-tc-region") && !request.contains("x-tc-token"), "{request}");
}

#[tokio::test]
async fn failure_describes_the_response() {
    for (case, reply, expected, unknown) in [
        (
            "error with status 200",
            json(r#"{"Response": {"Error": {"Code": "InvalidParameter", "Message": "no"}, "RequestId": "r-1"}}"#),
            "Probe: InvalidParameter: no (request r-1)",
            false,
        ),
        (
            "error with another status",
            http("400 Bad", "", r#"{"Response": {"Error": {"Code": "X", "Message": "no"}, "RequestId": "r-1"}}"#),
            "Probe: X: no (request r-1, HTTP status 400)",
            false,
        ),
        (
            "error of version 2",
            json(r#"{"code": 4000, "message": "no", "codeDesc": "InvalidAction"}"#),
            "Probe: InvalidAction: no (request )",
            false,
        ),
        (
            "a proxy's page",
            http("502 Bad Gateway", "", "<html>\nBad gateway</html>"),
            "Probe: unusable response, HTTP status 502 Bad Gateway: not JSON: <html> Bad gateway</html>",
            true,
        ),
        ("nothing", json(""), "Probe: unusable response, HTTP status 200: the body is empty", true),
        (
            "truncated JSON",
            json(r#"{"Response": {"Result": "ye"#),
            "Probe: unusable response, HTTP status 200: the JSON ends too early, at line 1 column 27",
            true,
        ),
        (
            "a missing field",
            json(r#"{"Response": {"RequestId": "r-1"}}"#),
            "Probe: unusable response, HTTP status 200 (request r-1): missing field `Result` at line 1 column 33",
            true,
        ),
        (
            "a field of another type, which may be secret",
            json(r#"{"Response": {"Result": 99887766, "RequestId": "r-1"}}"#),
            "Probe: unusable response, HTTP status 200 (request r-1): a field of an unexpected type ends at line 1 column 32",
            true,
        ),
        (
            "a redirect",
            http("302 Found", "Location: http://127.0.0.1:1/\r\n", ""),
            "Probe: unusable response, HTTP status 302 Found: the body is empty",
            false,
        ),
    ] {
        let server = Server::start(vec![reply]).await;
        let error = send(&server).await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{case}");
        assert_eq!(error.outcome_unknown(), unknown, "{case}");
    }
}

#[tokio::test]
async fn no_connection_differs_from_no_response() {
    let server =
        Server::start(vec![Reply::Silence, Reply::Bytes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".into())]);
    let mut server = server.await;
    for case in ["closed before the response", "closed within the response"] {
        let error = send(&server).await.unwrap_err();
        assert!(matches!(error, Error::NoResponse { .. }) && error.outcome_unknown(), "{case}: {error:?}");
    }
    server.closed().await;
    let error = send(&server).await.unwrap_err();
    assert!(error.is_not_connected() && !error.outcome_unknown(), "{error:?}");
}

#[tokio::test]
async fn wrong_clock_is_corrected_once() {
    let expired =
        r#"{"Response": {"Error": {"Code": "AuthFailure.SignatureExpire", "Message": ""}, "RequestId": "r"}}"#;
    let in_an_hour = SystemTime::now() + Duration::from_secs(3600);
    let date = format!("Date: {}\r\n", httpdate::fmt_http_date(in_an_hour));
    let refused = || http("200 OK", &date, expired);

    let server = Server::start(vec![refused(), json(r#"{"Response": {"Result": "yes"}}"#)]).await;
    send(&server).await.unwrap();
    let timestamp = |request: &String| -> i64 {
        request.lines().find_map(|line| line.strip_prefix("x-tc-timestamp: ")).unwrap().parse().unwrap()
    };
    let requests = server.requests();
    let moved = timestamp(&requests[1]) - timestamp(&requests[0]);
    assert!((3598..=3602).contains(&moved), "{moved}");

    let server = Server::start(vec![refused(), refused()]).await;
    let error = send(&server).await.unwrap_err();
    assert!(matches!(error, Error::ClockSkew { seconds_behind: Some(3595..=3600), .. }), "{error:?}");

    let server = Server::start(vec![json(expired)]).await;
    let error = send(&server).await.unwrap_err();
    assert!(matches!(error, Error::ClockSkew { seconds_behind: None, .. }), "{error:?}");
}

#[tokio::test]
async fn invalid_header_value_is_an_error_and_not_shown() {
    let transport = Transport::new(Endpoints::default(), Program::default());
    let credentials = Credentials { token: Some("a-token\n".into()), ..credentials() };
    let error = transport.send(None, Auth::Signed(&credentials), &Probe { value: 7 }).await.unwrap_err();
    assert!(matches!(error, Error::Unsendable { .. }) && !error.outcome_unknown(), "{error:?}");
    assert!(!format!("{error:?}").contains("a-token"), "{error:?}");
}
