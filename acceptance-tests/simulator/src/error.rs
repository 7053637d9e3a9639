//! Errors of the API.

/// An error of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub code: String,
    pub message: String,
}

impl ApiError {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    pub fn missing(parameter: &str) -> Self {
        Self::new("MissingParameter", format!("The request is missing a required parameter `{parameter}`."))
    }

    pub fn wrong_type(parameter: &str) -> Self {
        Self::new("InvalidParameter", format!("The type of value of parameter `{parameter}` is not valid."))
    }

    pub fn internal() -> Self {
        Self::new("InternalError", "An internal error has occurred. Retry your request.")
    }

    pub fn throttled(limit: usize) -> Self {
        let message = format!(
            "Your current request times equals to `{}` in a second, which exceeds the frequency limit `{limit}` for a \
             second. Please reduce the frequency of calls.",
            limit + 1,
        );
        Self::new("RequestLimitExceeded", message)
    }
}
