//! Lengths, patterns and ranges of STS parameters, checked before anything is sent. Errors say what was expected, with an
//! example.
//!
//! Source: <https://cloud.tencent.com/document/api/1312/48197> (AssumeRole) and the pages of the other actions.

use serde_json::Value;

/// What was expected instead of a value, with an example. It contains no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LimitError(String);

/// `RoleSessionName`: 2 to 128 of `[\w+=,.@_-]`.
pub fn session_name(name: &str) -> Result<(), LimitError> {
    check(
        of(name, 2..=128, "+=,.@_-"),
        "a session name has 2 to 128 letters, digits or characters of \"+=,.@_-\", for example \"terraform\"",
    )
}

/// `ExternalId`: 2 to 128 of `[\w+=,.@:/-]`.
pub fn external_id(id: &str) -> Result<(), LimitError> {
    check(
        of(id, 2..=128, "_+=,.@:/-"),
        "an external ID has 2 to 128 letters, digits or characters of \"_+=,.@:/-\", for example \"team-a\"",
    )
}

/// `DurationSeconds` of a role session. A role may have a lower maximum.
pub fn session_duration(seconds: &str) -> Result<(), LimitError> {
    check(
        whole(seconds).is_some_and(|seconds| seconds <= 43_200),
        "a role session lasts 0 (the default, 7200) to 43200 seconds, for example 3600",
    )
}

/// `DurationSeconds` of an MFA session; for the account's owner at most 7200.
pub fn mfa_duration(seconds: &str) -> Result<(), LimitError> {
    check(
        whole(seconds).is_some_and(|seconds| seconds <= 129_600),
        "an MFA session lasts 0 (the default, 1800) to 129600 seconds, for example 7200",
    )
}

/// `RoleArn`: by name or by ID, of a user-defined or a service role.
pub fn role_arn(arn: &str) -> Result<(), LimitError> {
    let role = of_account(arn, "qcs::cam::uin/", ':')
        .and_then(|role| role.strip_prefix("roleName/").or(role.strip_prefix("role/")));
    check(
        role.is_some_and(|name| !name.is_empty()),
        "a role's ARN has the form \"qcs::cam::uin/<uin>:roleName/<name>\", for example \"qcs::cam::uin/100000000001:roleName/terraform\"",
    )
}

/// `PrincipalArn` of a SAML identity provider.
pub fn principal_arn(arn: &str) -> Result<(), LimitError> {
    let provider = of_account(arn, "qcs::cam::uin/", ':').and_then(|rest| rest.strip_prefix("saml-provider/"));
    check(
        provider.is_some_and(|name| !name.is_empty()),
        "a SAML provider's ARN has the form \"qcs::cam::uin/<uin>:saml-provider/<name>\", for example \
         \"qcs::cam::uin/100000000001:saml-provider/okta\"",
    )
}

/// `SerialNumber` of an MFA device. Note the single colon before `uin`, unlike in a role's ARN.
pub fn mfa_serial_number(serial_number: &str) -> Result<(), LimitError> {
    let device = of_account(serial_number, "qcs::cam:uin/", ':').and_then(|rest| rest.strip_prefix(":mfa/"));
    check(
        device.is_some_and(|kind| !kind.is_empty()),
        "an MFA device has the form \"qcs::cam:uin/<uin>::mfa/softToken\", for example \
         \"qcs::cam:uin/100000000001::mfa/softToken\"",
    )
}

/// `Policy` of a session: a JSON object without `principal`, before it is URL-encoded.
pub fn policy(text: &str) -> Result<(), LimitError> {
    let expected =
        "a session policy is a JSON object, for example jsonencode({ version = \"2.0\", statement = [...] })";
    match serde_json::from_str::<Value>(text) {
        Ok(policy @ Value::Object(_)) => check(
            !has_principal(&policy),
            "a session policy may not have a \"principal\": it always applies to the session",
        ),
        _ => check(false, expected),
    }
}

/// An account ID (uin): digits.
pub fn account_id(id: &str) -> Result<(), LimitError> {
    check(is_uin(id), "an account ID (uin) has digits only, for example \"100000000001\"")
}

fn check(holds: bool, expected: &str) -> Result<(), LimitError> {
    if holds { Ok(()) } else { Err(LimitError(expected.to_owned())) }
}

fn of(text: &str, length: std::ops::RangeInclusive<usize>, others: &str) -> bool {
    length.contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

fn whole(number: &str) -> Option<u32> {
    number.parse().ok()
}

fn is_uin(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The rest after `<prefix><uin><separator>`.
fn of_account<'a>(text: &'a str, prefix: &str, separator: char) -> Option<&'a str> {
    let (uin, rest) = text.strip_prefix(prefix)?.split_once(separator)?;
    is_uin(uin).then_some(rest)
}

fn has_principal(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.eq_ignore_ascii_case("principal") || has_principal(value))
        }
        Value::Array(items) => items.iter().any(has_principal),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Limit = fn(&str) -> Result<(), LimitError>;

    #[test]
    fn values_within_the_limits_pass_and_others_do_not() {
        let long = "a".repeat(129);
        for (limit, value, expected) in [
            (session_name as Limit, "ci", true),
            (session_name, "a.b,c@d=e+f_g-h", true),
            (session_name, &long[..128], true),
            (session_name, &long, false),
            (session_name, "x", false),
            (session_name, "a b", false),
            (session_name, "a/b", false),
            (session_name, "sitzüng", false),
            (external_id, "a:b/c", true),
            (external_id, "a", false),
            (external_id, "a b", false),
            (role_arn, "qcs::cam::uin/12345678:roleName/ci", true),
            (role_arn, "qcs::cam::uin/12345678:role/4611686018427397919", true),
            (role_arn, "qcs::cam::uin/12345678:role/tencentcloudServiceRoleName/x", true),
            (role_arn, "qcs::cam::uin/12345678:roleName/", false),
            (role_arn, "qcs::cam::uin/me:roleName/ci", false),
            (role_arn, "arn:aws:iam::123456789012:role/ci", false),
            (principal_arn, "qcs::cam::uin/798950673:saml-provider/OneLogin", true),
            (principal_arn, "qcs::cam::uin/798950673:roleName/OneLogin", false),
            (mfa_serial_number, "qcs::cam:uin/12345678::mfa/softToken", true),
            (mfa_serial_number, "qcs::cam::uin/12345678::mfa/softToken", false),
            (policy, r#"{"version":"2.0","statement":[{"action":"*"}]}"#, true),
            (policy, r#"{"version":"2.0","statement":[{"Principal":{}}]}"#, false),
            (policy, "%7B%7D", false),
            (policy, "[]", false),
            (session_duration, "0", true),
            (session_duration, "43200", true),
            (session_duration, "43201", false),
            (session_duration, "-1", false),
            (session_duration, "1h", false),
            (mfa_duration, "129600", true),
            (mfa_duration, "129601", false),
            (account_id, "100000000001", true),
            (account_id, "1000-0001", false),
            (account_id, "", false),
        ] {
            assert_eq!(limit(value).is_ok(), expected, "{value}");
        }
    }
}
