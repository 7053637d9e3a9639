//! Responses of the API, or of a proxy in front of it. See the provider's `fuzzing`.

use super::response::RawResponse;
use crate::tke::{
    CreateImageCache, DeleteImageCaches, DescribeImageCaches, GetMostSuitableImageCache, ImageCache, UpdateImageCache,
};
use crate::{Action, Error, sts, tcr};

/// Any response is a result or an error; an error does not contain the response.
///
/// The input: an HTTP status as text, a line break, and the body.
pub fn api_response(input: &[u8]) {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let Some(http_status) = std::str::from_utf8(&input[..end]).ok().and_then(|status| status.parse().ok()) else {
        return;
    };
    let body = &input[end + 1..];
    if let Ok(response) = decode::<DescribeImageCaches>(http_status, body) {
        response.image_caches.iter().for_each(is_sound);
    }
    let _ = decode::<CreateImageCache>(http_status, body);
    let _ = decode::<UpdateImageCache>(http_status, body);
    let _ = decode::<DeleteImageCaches>(http_status, body);
    let _ = decode::<GetMostSuitableImageCache>(http_status, body);
    let _ = decode::<sts::GetCallerIdentity>(http_status, body);
    if let Ok(session) = decode::<sts::AssumeRole>(http_status, body) {
        let credentials = super::Credentials::from(session);
        assert!(!format!("{credentials:?}").contains("secret_key: \""));
    }
    if let Ok(token) = decode::<tcr::CreateInstanceToken>(http_status, body) {
        let _ = token.expires_at();
    }
}

fn decode<A: Action>(http_status: u16, body: &[u8]) -> Result<A::Response, Error> {
    let response = RawResponse::new(http_status, None, body.to_vec());
    let decoded = response.check(A::SERVICE, A::NAME).and_then(|()| response.decode::<A>());
    if let Err(error) = &decoded {
        is_reported(error, body);
    }
    decoded
}

/// Every row has the ID of its cache; an unknown status is kept as it is.
fn is_sound(cache: &ImageCache) {
    assert_eq!(crate::tke::Status::from(cache.status.to_string()), cache.status);
}

/// A throttled call was certainly not carried out; the error for unreadable JSON shows only the position.
fn is_reported(error: &Error, body: &[u8]) {
    assert!(!(error.is_throttling() && error.outcome_unknown()), "{error}");
    assert!(!error.is_not_connected(), "there was a response");
    if let Error::Unreadable { problem, .. } = error
        && String::from_utf8_lossy(body).trim_start().starts_with('{')
    {
        assert!(problem.len() < 80 && problem.is_ascii() && !problem.contains('"'), "{problem}");
    }
}
