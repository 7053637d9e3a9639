//! Actions of the Security Token Service, version 2018-08-13: <https://cloud.tencent.com/document/product/1312>.
//!
//! Four of them return temporary credentials, with the same response: [`SessionCredentials`].

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{Action, Retry, credentials::Credentials, secret};

/// The region that Tencent Cloud's SDKs send to STS: the service is global, but requires a region.
pub const DEFAULT_REGION: &str = "ap-guangzhou";

/// `AssumeRole`: temporary credentials of a role, for the holder of other credentials.
/// <https://cloud.tencent.com/document/api/1312/48197>
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRole {
    /// `qcs::cam::uin/<uin>:roleName/<name>`.
    pub role_arn: String,
    /// Appears in the audit log. 2 to 128 of `[\w+=,.@_-]`.
    pub role_session_name: String,
    /// At most 43200; the API defaults to 7200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
    /// Narrows the role's permissions; URL-encoded JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "secret::exposed_option")]
    pub external_id: Option<SecretString>,
    /// The caller's uin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// `qcs::cam:uin/<uin>::mfa/softToken`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// The MFA code of that device. Each code works once.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "secret::exposed_option")]
    pub token_code: Option<SecretString>,
}

/// `AssumeRoleWithWebIdentity`: credentials of a role for an OpenID Connect token. Not signed.
/// <https://www.tencentcloud.com/document/api/1150/49454>
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithWebIdentity {
    /// Name of the identity provider in CAM.
    pub provider_id: String,
    #[serde(serialize_with = "secret::exposed")]
    pub web_identity_token: SecretString,
    pub role_arn: String,
    pub role_session_name: String,
    /// At most 43200; the API defaults to 7200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
}

/// `AssumeRoleWithSAML`: credentials of a role for a SAML assertion. Not signed.
/// <https://www.tencentcloud.com/document/api/1150/49455>
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithSaml {
    /// Base64.
    #[serde(rename = "SAMLAssertion", serialize_with = "secret::exposed")]
    pub saml_assertion: SecretString,
    /// `qcs::cam::uin/<uin>:saml-provider/<name>`.
    pub principal_arn: String,
    pub role_arn: String,
    pub role_session_name: String,
    /// At most 43200; the API defaults to 7200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
}

/// `GetSessionToken`: temporary credentials of the caller that count as verified by MFA.
///
/// The fields are those of Tencent Cloud's SDKs; no documentation page was found.
/// <https://github.com/TencentCloud/tencentcloud-sdk-php/blob/master/src/TencentCloud/Sts/V20180813/Models/GetSessionTokenRequest.php>
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionToken {
    /// `qcs::cam:uin/<uin>::mfa/softToken`.
    pub serial_number: String,
    /// The MFA code of that device. Each code works once.
    #[serde(serialize_with = "secret::exposed")]
    pub token_code: SecretString,
    /// At most 129600, 7200 for the account's owner; the API defaults to 1800.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
}

/// `GetCallerIdentity`: the caller's account and identity. <https://cloud.tencent.com/document/api/1312/66098>
#[derive(Debug, Clone, Serialize)]
pub struct GetCallerIdentity {}

/// The response of the four actions that return credentials.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionCredentials {
    credentials: Keys,
    /// Seconds since 1970.
    expired_time: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    #[serde(deserialize_with = "secret::received")]
    token: SecretString,
    #[serde(deserialize_with = "secret::received")]
    tmp_secret_id: SecretString,
    #[serde(deserialize_with = "secret::received")]
    tmp_secret_key: SecretString,
}

/// The account and the user or role of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CallerIdentity {
    pub arn: String,
    /// The account's owner (main uin).
    pub account_id: String,
    pub user_id: String,
}

impl From<SessionCredentials> for Credentials {
    fn from(session: SessionCredentials) -> Self {
        Self {
            secret_id: session.credentials.tmp_secret_id,
            secret_key: session.credentials.tmp_secret_key,
            token: Some(session.credentials.token),
            expires_at: SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(session.expired_time)),
        }
    }
}

/// Each action: its name, whether it may be sent again after a lost response, and its response.
macro_rules! actions {
    ($($action:ident = $name:literal, $retry:expr => $response:ty;)*) => {$(
        impl Action for $action {
            const SERVICE: &'static str = "sts";
            const VERSION: &'static str = "2018-08-13";
            const NAME: &'static str = $name;
            const RESPONSE_LIMIT: usize = 1 << 20;
            type Response = $response;

            fn retry(&self) -> Retry {
                let retry: fn(&Self) -> Retry = $retry;
                retry(self)
            }
        }
    )*};
}

actions! {
    // An MFA code works once: the error of a second call would mislead.
    AssumeRole = "AssumeRole", |action| match action.token_code {
        Some(_) => Retry::Once,
        None => Retry::Idempotent,
    } => SessionCredentials;
    AssumeRoleWithWebIdentity = "AssumeRoleWithWebIdentity", |_| Retry::Idempotent => SessionCredentials;
    AssumeRoleWithSaml = "AssumeRoleWithSAML", |_| Retry::Idempotent => SessionCredentials;
    GetSessionToken = "GetSessionToken", |_| Retry::Once => SessionCredentials;
    GetCallerIdentity = "GetCallerIdentity", |_| Retry::Idempotent => CallerIdentity;
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    fn role(token_code: Option<&str>) -> AssumeRole {
        AssumeRole {
            role_arn: "qcs::cam::uin/1:roleName/ci".into(),
            role_session_name: "ci".into(),
            duration_seconds: None,
            policy: None,
            external_id: None,
            source_identity: None,
            serial_number: None,
            token_code: token_code.map(Into::into),
        }
    }

    #[test]
    fn absent_parameters_are_not_sent() {
        let request = role(Some("123456"));
        assert_eq!(
            serde_json::to_value(&request).unwrap(),
            json!({"RoleArn": "qcs::cam::uin/1:roleName/ci", "RoleSessionName": "ci", "TokenCode": "123456"})
        );
        assert!(!format!("{request:?}").contains("123456"));
    }

    #[test]
    fn calls_with_an_mfa_code_are_sent_once() {
        let session =
            GetSessionToken { serial_number: "1".into(), token_code: "123456".into(), duration_seconds: None };
        assert_eq!(role(Some("123456")).retry(), Retry::Once);
        assert_eq!(role(None).retry(), Retry::Idempotent);
        assert_eq!(session.retry(), Retry::Once);
    }

    #[test]
    fn response_becomes_temporary_credentials() {
        let response = json!({
            "Credentials": {"Token": "t", "TmpSecretId": "id", "TmpSecretKey": "key"},
            "ExpiredTime": 1543914376, "Expiration": "2018-12-04T09:06:16Z", "RequestId": "r",
        });
        let credentials = Credentials::from(serde_json::from_value::<SessionCredentials>(response).unwrap());
        assert_eq!(credentials.secret_id.expose_secret(), "id");
        assert_eq!(credentials.secret_key.expose_secret(), "key");
        assert_eq!(credentials.token.unwrap().expose_secret(), "t");
        assert_eq!(credentials.expires_at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_543_914_376)));
    }
}
