//! The HTTP/1.1 server: applies faults around the API, with real TCP resets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::behavior::Errors;
use crate::error::ApiError;
use crate::fault::{Fault, Moment};
use crate::recorder::{Outcome, Request};
use crate::reply::Reply;
use crate::shared::Shared;
use crate::signature::Authorization;
use crate::{api, metadata};

/// Serves until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new()
        .route("/", any(call))
        .route(metadata::PATH, get(metadata_role))
        .route(&format!("{}{{role}}", metadata::PATH), get(metadata_credentials))
        .with_state(shared);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, router.clone()));
            }
            // Out of file descriptors, or the peer disconnected at once: the next accept may succeed.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Marks a response that must not be sent: the connection is reset instead.
#[derive(Debug, Clone)]
struct Reset;

async fn connection(stream: TcpStream, router: Router) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let router = router.clone();
        Box::pin(async move {
            let response = match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            // After an error, hyper closes the connection without a response.
            if response.extensions().get::<Reset>().is_some() { Err("reset") } else { Ok(response) }
        })
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if (&mut connection).await.is_err_and(|error| error.is_user()) {
        // If the reset cannot be set up, the connection is closed, also without a response.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

/// A call of the API.
async fn call(State(shared): State<Arc<Shared>>, method: Method, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let request = request(&headers, &body);
    let act = |request: &Request| {
        let result = api::act(&shared, method.as_str(), request, &body);
        let errors = shared.world().behavior.errors;
        let outcome = result.as_ref().map_or_else(|error| Outcome::Refused(error.code.clone()), |_| Outcome::Responded);
        (Reply::of(&result, errors, &shared.request_id()), outcome)
    };
    faulted(&shared, request, act).await
}

/// The metadata service's name of the bound role.
async fn metadata_role(State(shared): State<Arc<Shared>>) -> Response<Body> {
    metadata_response(&shared, "").await
}

/// The metadata service's credentials of a role.
async fn metadata_credentials(State(shared): State<Arc<Shared>>, Path(role): Path<String>) -> Response<Body> {
    metadata_response(&shared, &role).await
}

async fn metadata_response(shared: &Shared, name: &str) -> Response<Body> {
    let request = Request {
        action: metadata::ACTION.to_owned(),
        body: format!("{}{name}", metadata::PATH).into(),
        ..request(&HeaderMap::new(), &[])
    };
    faulted(shared, request, |_| metadata::respond(&mut shared.world(), name, shared.clock.now())).await
}

/// Carries out `act`, with the fault for `request`, if any, and records the outcome.
async fn faulted(shared: &Shared, request: Request, act: impl FnOnce(&Request) -> (Reply, Outcome)) -> Response<Body> {
    let ticket = shared.recorder.begin(request.clone());
    let Some(fault) = shared.faults().strike(&request) else {
        let (reply, outcome) = act(&request);
        shared.recorder.finish(ticket, outcome);
        return response(shared, Some(reply));
    };
    if let Fault::Delay(by) = &fault {
        tokio::time::sleep(*by).await;
    }
    let acted = acts(&fault).then(|| act(&request));
    if let Fault::DelayedResponse(by) = &fault {
        tokio::time::sleep(*by).await;
    }
    let outcome = Outcome::Faulted { fault: fault.clone(), acted: matches!(acted, Some((_, Outcome::Responded))) };
    shared.recorder.finish(ticket, outcome);
    response(shared, spoilt(shared, fault, acted.map(|(reply, _)| reply)))
}

fn acts(fault: &Fault) -> bool {
    match fault {
        Fault::Reset(moment) | Fault::BadGateway(moment) | Fault::InternalError(moment) => {
            *moment == Moment::AfterActing
        }
        Fault::Error { moment, .. } => *moment == Moment::AfterActing,
        Fault::Throttled | Fault::AuthFailure => false,
        Fault::TruncatedJson
        | Fault::EmptyBody
        | Fault::Replaced { .. }
        | Fault::Delay(_)
        | Fault::DelayedResponse(_) => true,
    }
}

/// The response of a fault; `None` is a reset. `reply` is the regular response, for faults that carry out the action.
fn spoilt(shared: &Shared, fault: Fault, reply: Option<Reply>) -> Option<Reply> {
    let refusal = |error: ApiError| Some(Reply::of(&Err(error), Errors::Documented, &shared.request_id()));
    match fault {
        Fault::Reset(_) => None,
        Fault::BadGateway(_) => Some(Reply::html(502, "Bad Gateway")),
        Fault::InternalError(_) => refusal(ApiError::internal()),
        Fault::Throttled => refusal(ApiError::throttled(20)),
        Fault::AuthFailure => refusal(ApiError::new(
            "AuthFailure.SignatureFailure",
            "The provided credentials could not be validated. Please check your signature is correct.",
        )),
        Fault::Error { code, message, .. } => refusal(ApiError::new(code, message)),
        Fault::TruncatedJson => reply.map(|reply| {
            let half = reply.body.char_indices().nth(reply.body.chars().count() / 2).map_or(0, |(i, _)| i);
            Reply { body: reply.body[..half].to_owned().into(), ..reply }
        }),
        Fault::EmptyBody => reply.map(|reply| Reply { body: "".into(), ..reply }),
        Fault::Replaced { text, with } => {
            reply.map(|reply| Reply { body: reply.body.replace(&text, &with).into(), ..reply })
        }
        Fault::Delay(_) | Fault::DelayedResponse(_) => reply,
    }
}

fn response(shared: &Shared, reply: Option<Reply>) -> Response<Body> {
    let Some(Reply { status, content_type, body }) = reply else {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Reset);
        return response;
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&shared.clock.server_time());
    let headers = [(CONTENT_TYPE, content_type.to_owned()), (DATE, date.unwrap_or_default())];
    (status, headers, body.into_owned()).into_response()
}

fn request(headers: &HeaderMap, body: &[u8]) -> Request {
    let headers: BTreeMap<String, String> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let header = |name: &str| headers.get(name).cloned();
    let service = header("authorization").and_then(|value| Some(Authorization::parse(&value).ok()?.service.to_owned()));
    Request {
        action: header("x-tc-action").unwrap_or_default(),
        version: header("x-tc-version").unwrap_or_default(),
        service,
        region: header("x-tc-region"),
        body: serde_json::from_slice(body).unwrap_or(Value::Null),
        headers,
        received: Instant::now(),
        outcome: Outcome::Open,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::signature::{self, SignedRequest};
    use crate::{Settings, Simulator};
    use serde_json::json;

    const REGION: &str = "ap-guangzhou";

    /// Sends one request on a new connection, and returns the whole response.
    fn send(simulator: &Simulator, request: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(simulator.endpoint().trim_start_matches("http://"))?;
        stream.write_all(request.as_bytes())?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        Ok(response)
    }

    /// Calls an action of `tke` as the default key.
    fn call(simulator: &Simulator, action: &str, body: &Value) -> std::io::Result<String> {
        call_at(simulator, action, body, jiff::Timestamp::now().as_second())
    }

    fn call_at(simulator: &Simulator, action: &str, body: &Value, timestamp: i64) -> std::io::Result<String> {
        let body = body.to_string();
        let mut headers: BTreeMap<String, String> = [
            ("host", "tke.tencentcloudapi.com"),
            ("content-type", "application/json"),
            ("connection", "close"),
            ("content-length", &body.len().to_string()),
            ("x-tc-action", action),
            ("x-tc-version", "2018-05-25"),
            ("x-tc-region", REGION),
            ("x-tc-timestamp", &timestamp.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let signed = SignedRequest { method: "POST", query: "", headers: &headers, body: body.as_bytes() };
        let authorization = signature::authorization(&signed, "tke", "AKIDSIMULATOR", "simulator-secret-key");
        headers.insert("authorization".to_owned(), authorization);
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        send(simulator, &format!("POST / HTTP/1.1\r\n{headers}\r\n{body}"))
    }

    fn create(simulator: &Simulator) -> std::io::Result<String> {
        let body = json!({"Images": ["nginx:1"], "VpcId": "vpc-1", "SubnetId": "subnet-1"});
        call(simulator, "CreateImageCache", &body)
    }

    fn body(response: &str) -> &str {
        response.split_once("\r\n\r\n").unwrap().1
    }

    #[test]
    fn response_has_the_envelope_and_is_recorded() {
        let simulator = Simulator::start().unwrap();
        let response = create(&simulator).unwrap();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"), "{response}");
        let envelope: Value = body(&response).parse().unwrap();
        let id = envelope["Response"]["ImageCacheId"].as_str().unwrap();
        assert_eq!(simulator.caches(REGION)[0].id, id);
        assert_eq!(envelope["Response"]["RequestId"].as_str().unwrap().len(), 36);
        let request = &simulator.requests()[0];
        assert_eq!((request.action.as_str(), request.version.as_str()), ("CreateImageCache", "2018-05-25"));
        assert_eq!((request.service.as_deref(), request.region.as_deref()), (Some("tke"), Some(REGION)));
        assert_eq!((&request.body["VpcId"], &request.outcome), (&json!("vpc-1"), &Outcome::Responded));
    }

    #[test]
    fn errors_have_the_status_200() {
        let simulator = Simulator::start().unwrap();
        for (action, body_sent, code) in [
            ("DescribeImageCaches", json!({"Limit": 51}), "InvalidParameter"),
            ("DescribeImageCaches", json!({"Token": "x"}), "UnknownParameter"),
            ("DescribeImages", json!({}), "InvalidAction"),
        ] {
            let response = call(&simulator, action, &body_sent).unwrap();
            let envelope: Value = body(&response).parse().unwrap();
            assert!(response.starts_with("HTTP/1.1 200"), "{response}");
            assert_eq!(envelope["Response"]["Error"]["Code"], code);
            assert_eq!(simulator.requests().last().unwrap().outcome, Outcome::Refused(code.to_owned()));
        }
    }

    #[test]
    fn reset_closes_the_connection_before_or_after_the_action() {
        for (moment, made) in [(Moment::BeforeActing, 0), (Moment::AfterActing, 1)] {
            let simulator = Simulator::start().unwrap();
            simulator.inject(Fault::Reset(moment).on("CreateImageCache").nth(1));
            assert_eq!(create(&simulator).unwrap_err().kind(), ErrorKind::ConnectionReset, "{moment:?}");
            assert_eq!(simulator.caches(REGION).len(), made, "{moment:?}");
            let outcome = Outcome::Faulted { fault: Fault::Reset(moment), acted: made == 1 };
            assert_eq!(simulator.requests()[0].outcome, outcome);
            assert!(create(&simulator).unwrap().contains("ImageCacheId"));
        }
    }

    #[test]
    fn faults_carry_out_the_action_and_respond_as_documented() {
        use Moment::{AfterActing, BeforeActing};
        let denied = |moment| Fault::Error { code: "UnauthorizedOperation".into(), message: "no".into(), moment };
        for (fault, status, response, is_json, made) in [
            (Fault::BadGateway(BeforeActing), 502, "<html>", false, 0),
            (Fault::BadGateway(AfterActing), 502, "<html>", false, 1),
            (Fault::InternalError(BeforeActing), 200, r#""Code":"InternalError""#, true, 0),
            (Fault::InternalError(AfterActing), 200, r#""Code":"InternalError""#, true, 1),
            (Fault::Throttled, 200, r#""Code":"RequestLimitExceeded""#, true, 0),
            (Fault::AuthFailure, 200, r#""Code":"AuthFailure.SignatureFailure""#, true, 0),
            (denied(BeforeActing), 200, r#""Code":"UnauthorizedOperation""#, true, 0),
            (denied(AfterActing), 200, r#""Code":"UnauthorizedOperation""#, true, 1),
            (Fault::TruncatedJson, 200, r#"{"Response":"#, false, 1),
            (Fault::EmptyBody, 200, "", false, 1),
            (Fault::Replaced { text: "imc-".into(), with: "odd-".into() }, 200, "odd-", true, 1),
            (Fault::Delay(Duration::from_millis(1)), 200, "ImageCacheId", true, 1),
            (Fault::DelayedResponse(Duration::from_millis(1)), 200, "ImageCacheId", true, 1),
        ] {
            let simulator = Simulator::start().unwrap();
            simulator.inject(fault.clone().on("CreateImageCache"));
            let received = create(&simulator).unwrap();
            assert!(received.starts_with(&format!("HTTP/1.1 {status} ")), "{fault:?}: {received}");
            assert!(body(&received).contains(response), "{fault:?}: {received}");
            assert_eq!(body(&received).parse::<Value>().is_ok(), is_json, "{fault:?}: {received}");
            assert_eq!(simulator.caches(REGION).len(), made, "{fault:?}");
        }
    }

    #[test]
    fn skewed_server_refuses_and_sends_its_time() {
        let simulator = Simulator::start().unwrap();
        simulator.clock().set_skew(3600);
        let response = create(&simulator).unwrap();
        assert!(response.contains("AuthFailure.SignatureExpire"), "{response}");
        let date = response.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
        let server_time = jiff::fmt::rfc2822::parse(date).unwrap().timestamp().as_second();
        assert!(server_time - jiff::Timestamp::now().as_second() > 3500, "{date}");
        let response = call_at(&simulator, "DescribeImageCaches", &json!({}), server_time).unwrap();
        assert!(response.contains("TotalCount"), "{response}");
    }

    #[test]
    fn request_limit_is_per_action_and_recorded() {
        let settings = Settings { requests_per_second: Some(2), ..Settings::default() };
        let simulator = Simulator::start_with(settings).unwrap();
        let describe = || call(&simulator, "DescribeImageCaches", &json!({})).unwrap();
        let responses = [describe(), describe(), describe()];
        // On a stalled machine, these may take more than a second: then none is refused.
        let refused = responses.iter().filter(|response| response.contains("RequestLimitExceeded")).count();
        assert_eq!(refused, usize::from(simulator.highest_rate("DescribeImageCaches") == 3));
        assert!(create(&simulator).unwrap().contains("ImageCacheId"));
    }

    #[test]
    fn metadata_service_returns_credentials_and_faults() {
        let simulator = Simulator::start().unwrap();
        simulator.set_instance_role(Some("builder"));
        let get = |name: &str| {
            let path = format!("{}{name}", metadata::PATH);
            send(&simulator, &format!("GET {path} HTTP/1.1\r\nhost: metadata\r\nconnection: close\r\n\r\n")).unwrap()
        };
        assert_eq!(body(&get("")), "builder");
        assert!(body(&get("builder")).contains("TmpSecretId"));
        simulator.inject(Fault::BadGateway(Moment::BeforeActing).on("metadata"));
        assert!(get("").starts_with("HTTP/1.1 502"));
        assert_eq!(simulator.count("metadata"), 3);
    }

    #[test]
    fn simulator_can_be_dropped_in_an_asynchronous_test() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { drop(Simulator::start().unwrap()) });
    }
}
