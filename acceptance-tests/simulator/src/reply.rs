//! HTTP responses, and the API's envelope.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::behavior::Errors;
use crate::error::ApiError;

/// An HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Cow<'static, str>,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, content_type: "application/json", body: body.to_string().into() }
    }

    pub fn html(status: u16, title: &str) -> Self {
        let body =
            format!("<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>{title}</body>\r\n</html>\r\n");
        Self { status, content_type: "text/html", body: body.into() }
    }

    /// The envelope around a result or an error.
    pub fn of(result: &Result<Value, ApiError>, errors: Errors, request_id: &str) -> Self {
        let error = match result {
            Ok(result) => {
                let mut response = result.as_object().cloned().unwrap_or_else(Map::new);
                response.insert("RequestId".to_owned(), request_id.into());
                return Self::json(200, &json!({ "Response": response }));
            }
            Err(error) => error,
        };
        let ApiError { code, message } = error;
        let documented = json!({"Response": {"Error": {"Code": code, "Message": message}, "RequestId": request_id}});
        match errors {
            Errors::Documented => Self::json(200, &documented),
            Errors::Legacy => Self::json(200, &json!({"code": 4000, "message": message, "codeDesc": code})),
            Errors::HttpStatus => Self::json(http_status(code), &documented),
            Errors::Html => Self::html(http_status(code), "Error"),
        }
    }
}

/// The HTTP status of a service that uses HTTP statuses.
fn http_status(code: &str) -> u16 {
    match code.split('.').next().unwrap_or_default() {
        "AuthFailure" => 401,
        "UnauthorizedOperation" => 403,
        "ResourceNotFound" => 404,
        "RequestLimitExceeded" => 429,
        "InternalError" => 500,
        _ => 400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_format_depends_on_the_variant() {
        let refusal = Err(ApiError::new("ResourceNotFound.X", "gone"));
        for (errors, status, body) in [
            (
                Errors::Documented,
                200,
                r#"{"Response":{"Error":{"Code":"ResourceNotFound.X","Message":"gone"},"RequestId":"r"}}"#,
            ),
            (Errors::Legacy, 200, r#"{"code":4000,"codeDesc":"ResourceNotFound.X","message":"gone"}"#),
            (
                Errors::HttpStatus,
                404,
                r#"{"Response":{"Error":{"Code":"ResourceNotFound.X","Message":"gone"},"RequestId":"r"}}"#,
            ),
        ] {
            let reply = Reply::of(&refusal, errors, "r");
            assert_eq!((reply.status, reply.content_type), (status, "application/json"), "{errors:?}");
            let (reply, body): (Value, Value) = (reply.body.parse().unwrap(), body.parse().unwrap());
            assert_eq!(reply, body, "{errors:?}");
        }
        assert_eq!(Reply::of(&refusal, Errors::Html, "r").content_type, "text/html");
    }
}
