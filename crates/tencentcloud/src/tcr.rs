//! Service `tcr`, version 2019-09-24: access to the instances of the container registry.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{Action, Retry, secret};

/// `CreateInstanceToken`: creates a user name and a token for pulling and pushing an instance's images.
/// <https://cloud.tencent.com/document/api/1141/41829>
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateInstanceToken {
    /// ID of the instance: `tcr-` and a suffix.
    pub registry_id: String,
    pub token_type: TokenType,
}

/// Lifetime of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    /// One hour. It is not listed anywhere, and expires by itself.
    Temp,
}

impl Action for CreateInstanceToken {
    const SERVICE: &'static str = "tcr";
    const VERSION: &'static str = "2019-09-24";
    const NAME: &'static str = "CreateInstanceToken";
    const RESPONSE_LIMIT: usize = 1 << 20;
    type Response = InstanceToken;

    /// A second temporary token has no effect but that one is unused.
    fn retry(&self) -> Retry {
        Retry::Idempotent
    }
}

/// The response to [`CreateInstanceToken`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceToken {
    /// The account's number (uin), as text.
    pub username: String,
    #[serde(deserialize_with = "secret::received")]
    pub token: SecretString,
    /// Assumed to be milliseconds since 1970: the documentation names no unit, and its example has thirteen digits.
    exp_time: i64,
}

impl InstanceToken {
    /// When it expires; `None` if the API returns an invalid time.
    pub fn expires_at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.exp_time).ok()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn request_is_for_a_temporary_token() {
        let request = CreateInstanceToken { registry_id: "tcr-1a2b3c4d".into(), token_type: TokenType::Temp };
        let expected = json!({"RegistryId": "tcr-1a2b3c4d", "TokenType": "temp"});
        assert_eq!(serde_json::to_value(request).unwrap(), expected);
    }

    #[test]
    fn documented_response_is_read() {
        let response =
            json!({"Username": "100000000001", "Token": "hidden", "ExpTime": 1_735_880_997_750_i64, "TokenId": ""});
        let token: InstanceToken = serde_json::from_value(response).unwrap();
        assert_eq!((token.username.as_str(), token.token.expose_secret()), ("100000000001", "hidden"));
        assert_eq!(token.expires_at().unwrap().to_string(), "2025-01-03T05:09:57.75Z");
        assert!(!format!("{token:?}").contains("hidden"), "{token:?}");
    }
}
