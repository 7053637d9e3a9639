//! HTTP: one connection at a time on HTTP/1.1, the faults around the API, and resets that are real TCP resets.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::any;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::api::{self, ApiError, Reply};
use crate::faults::{Fault, Moment};
use crate::personality::Errors;
use crate::recorder::{Outcome, Request};
use crate::signature::Authorization;
use crate::simulator::Shared;

/// Serves until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new().route("/", any(call)).with_state(shared);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, router.clone()));
            }
            // Out of file descriptors, or a peer that left at once: the next accept may do better.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Marks an answer that is not to be sent: the connection is reset instead.
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
            // hyper takes an error for the wish to end the connection without an answer.
            if response.extensions().get::<Reset>().is_some() { Err("reset") } else { Ok(response) }
        })
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if (&mut connection).await.is_err_and(|error| error.is_user()) {
        // Failing to arm the reset leaves a plain close, which is also no answer.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

/// A call of the API.
async fn call(
    State(shared): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Infallible> {
    let request = request(&headers, &body);
    let act = |request: &Request| {
        let result = api::act(&shared, method.as_str(), request, &body);
        let errors = shared.world().personality.errors;
        let outcome = result.as_ref().map_or_else(|error| Outcome::Refused(error.code.clone()), |_| Outcome::Answered);
        (Reply::of(&result, errors, &shared.request_id()), outcome)
    };
    Ok(faulted(&shared, request, act).await)
}

/// Carries out `act`, with the fault that strikes `request`, if any, and records what became of it.
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
    if let Fault::DelayedAnswer(by) = &fault {
        tokio::time::sleep(*by).await;
    }
    let outcome = Outcome::Faulted { fault: fault.clone(), acted: matches!(acted, Some((_, Outcome::Answered))) };
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
        Fault::TruncatedJson | Fault::EmptyBody | Fault::Delay(_) | Fault::DelayedAnswer(_) => true,
    }
}

/// What is answered instead; `None` is a reset. `reply` is the true answer, of faults that act.
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
        Fault::Delay(_) | Fault::DelayedAnswer(_) => reply,
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
