//! Service `sts`, version `2018-08-13`: identities, and temporary credentials for them.
//!
//! Actions: <https://cloud.tencent.com/document/api/1312/48197>; in English <https://www.tencentcloud.com/document/product/1150/49456>.
//!
//! Every role of the simulator's accounts exists, and may be assumed by all callers; a test that needs a refusal injects it, or
//! uses another account.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::action::{Action, Context};
use crate::error::ApiError;
use crate::parameters::{Field, Kind, Parameters, optional, required};
use crate::sessions::Identity;
use crate::state::World;

/// The default and maximum lifetime of a role's session, in seconds.
const ROLE_SESSION: (u64, u64) = (7_200, 43_200);

/// The default and maximum of `GetSessionToken`, for main accounts and for users.
const ACCOUNT_SESSION: (u64, u64) = (1_800, 7_200);
const USER_SESSION: (u64, u64) = (1_800, 129_600);

pub(crate) const ACTIONS: &[Action] = &[
    action("GetCallerIdentity", &[], false, get_caller_identity),
    action(
        "AssumeRole",
        &[
            required("RoleArn", Kind::String),
            required("RoleSessionName", Kind::String),
            optional("DurationSeconds", Kind::Uint),
            optional("Policy", Kind::String),
            optional("ExternalId", Kind::String),
            optional("Tags", TAGS),
            optional("SourceIdentity", Kind::String),
            optional("SerialNumber", Kind::String),
            optional("TokenCode", Kind::String),
        ],
        false,
        assume_role,
    ),
    action(
        "AssumeRoleWithWebIdentity",
        &[
            required("ProviderId", Kind::String),
            required("WebIdentityToken", Kind::String),
            required("RoleArn", Kind::String),
            required("RoleSessionName", Kind::String),
            optional("DurationSeconds", Kind::Uint),
        ],
        true,
        assume_role_with_web_identity,
    ),
    action(
        "AssumeRoleWithSAML",
        &[
            required("SAMLAssertion", Kind::String),
            required("PrincipalArn", Kind::String),
            required("RoleArn", Kind::String),
            required("RoleSessionName", Kind::String),
            optional("DurationSeconds", Kind::Uint),
        ],
        true,
        assume_role_with_saml,
    ),
    action(
        "GetSessionToken",
        &[
            optional("SerialNumber", Kind::String),
            optional("TokenCode", Kind::String),
            optional("DurationSeconds", Kind::Uint),
        ],
        false,
        get_session_token,
    ),
];

const TAGS: Kind = Kind::List(&Kind::Object(&[required("Key", Kind::String), required("Value", Kind::String)]));

const fn action(
    name: &'static str,
    fields: &'static [Field],
    unsigned: bool,
    run: fn(&mut World, &Context, &Parameters<'_>) -> Result<Value, ApiError>,
) -> Action {
    Action { service: "sts", version: "2018-08-13", name, fields, unsigned, run }
}

fn caller(context: &Context) -> Result<&Identity, ApiError> {
    context.caller.as_ref().ok_or_else(|| ApiError::new("UnauthorizedOperation", "This action needs a signature."))
}

fn get_caller_identity(_: &mut World, context: &Context, _: &Parameters<'_>) -> Result<Value, ApiError> {
    let Identity { arn, account_id, user_id, principal_id, kind, .. } = caller(context)?;
    Ok(json!({"Arn": arn, "AccountId": account_id, "UserId": user_id, "PrincipalId": principal_id, "Type": kind}))
}

fn assume_role(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    let principal = caller(context)?.principal_id.clone();
    check_mfa(parameters)?;
    if let Some(policy) = parameters.string("Policy") {
        check_policy(&policy)?;
    }
    if let Some(id) = parameters.string("ExternalId") {
        check_text("ExternalId", &id, "+=,.@:/-_")?;
    }
    role_session(world, context, parameters, Some(principal))
}

fn assume_role_with_web_identity(
    world: &mut World,
    context: &Context,
    parameters: &Parameters<'_>,
) -> Result<Value, ApiError> {
    let token = parameters.string("WebIdentityToken").unwrap_or_default();
    if !world.sts.accepts_web_identity(&token) {
        return Err(ApiError::new("InvalidParameter.WebIdentityTokenError", "The web identity token is not valid."));
    }
    role_session(world, context, parameters, None)
}

fn assume_role_with_saml(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(&byte);
    let assertion = parameters.string("SAMLAssertion").unwrap_or_default();
    if assertion.is_empty() || !assertion.bytes().all(is_base64) {
        return Err(ApiError::new("InvalidParameter.ParamError", "SAMLAssertion is not base64."));
    }
    role_session(world, context, parameters, None)
}

/// Credentials for the role of the request. `principal` is the caller, if it is known.
fn role_session(
    world: &mut World,
    context: &Context,
    parameters: &Parameters<'_>,
    principal: Option<String>,
) -> Result<Value, ApiError> {
    let arn = parameters.string("RoleArn").unwrap_or_default();
    let (account, role) = role(&arn).ok_or_else(|| {
        let message = format!("RoleArn {arn} is not of the form qcs::cam::uin/<uin>:roleName/<name>.");
        ApiError::new("InvalidParameter.ParamError", message)
    })?;
    if !world.keys.iter().any(|key| key.account_id == account) {
        return Err(ApiError::new("ResourceNotFound.RoleNotFound", format!("The role {arn} does not exist.")));
    }
    let session = parameters.string("RoleSessionName").unwrap_or_default();
    check_text("RoleSessionName", &session, "+=,.@_-")?;
    let seconds = duration(parameters, ROLE_SESSION)?;
    let identity = Identity::of_role(account, role, &session, principal.as_deref().unwrap_or(account));
    Ok(world.issue(identity, seconds, context.now).response())
}

fn get_session_token(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    let identity = caller(context)?.clone();
    if identity.temporary {
        let message = "This action cannot be called with temporary credentials.";
        return Err(ApiError::new("FailedOperation.TempKeyNotAllowed", message));
    }
    check_mfa(parameters)?;
    let is_account = identity.user_id == identity.account_id;
    let seconds = duration(parameters, if is_account { ACCOUNT_SESSION } else { USER_SESSION })?;
    Ok(world.issue(Identity { temporary: true, ..identity }, seconds, context.now).response())
}

/// The account and the role (a name or an ID) of a role's ARN.
fn role(arn: &str) -> Option<(&str, &str)> {
    let (account, role) = arn.strip_prefix("qcs::cam::uin/")?.split_once(':')?;
    let role = role.strip_prefix("roleName/").or_else(|| role.strip_prefix("role/"))?;
    let role = role.rsplit('/').next().filter(|role| !role.is_empty())?;
    (!account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit())).then_some((account, role))
}

/// Zero means the default, as the SDKs send it.
fn duration(parameters: &Parameters<'_>, (default, longest): (u64, u64)) -> Result<u64, ApiError> {
    match parameters.uint("DurationSeconds").filter(|seconds| *seconds > 0).unwrap_or(default) {
        seconds if seconds > longest => {
            let message = format!("DurationSeconds {seconds} is longer than {longest}.");
            Err(ApiError::new("InvalidParameter.OverTimeError", message))
        }
        seconds => Ok(seconds),
    }
}

fn check_text(name: &str, text: &str, marks: &str) -> Result<(), ApiError> {
    if (2..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c)) {
        return Ok(());
    }
    let message = format!("{name} must have 2 to 128 letters, digits and {marks}.");
    Err(ApiError::new("InvalidParameter.ParamError", message))
}

/// Every device accepts every code of six digits.
fn check_mfa(parameters: &Parameters<'_>) -> Result<(), ApiError> {
    match (parameters.string("SerialNumber"), parameters.string("TokenCode")) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(ApiError::missing("TokenCode")),
        (None, Some(_)) => Err(ApiError::missing("SerialNumber")),
        (Some(serial), _) if !(serial.starts_with("qcs::cam:uin/") && serial.ends_with("::mfa/softToken")) => Err(
            ApiError::new("FailedOperation.MFATypeNotSupported", format!("The MFA device {serial} is not supported.")),
        ),
        (_, Some(code)) if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        _ => Err(ApiError::new("FailedOperation.CheckMFAError", "The MFA code is not valid.")),
    }
}

/// A policy must be URL-encoded JSON without a principal.
fn check_policy(policy: &str) -> Result<(), ApiError> {
    let decoded = percent_decode_str(policy).decode_utf8().ok();
    let parsed = decoded.and_then(|text| serde_json::from_str::<Value>(&text).ok()).filter(Value::is_object);
    let plain = policy.contains(['{', '"', ' ']);
    let Some(parsed) = parsed.filter(|_| !plain) else {
        return Err(ApiError::new("InvalidParameter.StrategyFormatError", "Policy is not URL-encoded JSON."));
    };
    if parsed.to_string().contains("\"principal\":") {
        return Err(ApiError::new("InvalidParameter.StrategyInvalid", "Policy must not have a principal."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture::Api;

    const ROLE: &str = "qcs::cam::uin/100000000001:roleName/builder";

    fn code(action: &str, body: Value) -> Option<String> {
        Api::new(|_| ()).call(action, body).err()
    }

    #[test]
    fn role_arns_are_parsed() {
        for (arn, expected) in [
            (ROLE, Some(("100000000001", "builder"))),
            ("qcs::cam::uin/1:role/4611686018427397919", Some(("1", "4611686018427397919"))),
            ("qcs::cam::uin/1:role/tencentcloudServiceRoleName/svc", Some(("1", "svc"))),
            ("qcs::cam::uin/1:roleName/", None),
            ("qcs::cam::uin/:roleName/x", None),
            ("qcs::cam::uin/x:roleName/x", None),
            ("arn:aws:iam::1:role/x", None),
        ] {
            assert_eq!(role(arn), expected, "{arn}");
        }
    }

    #[test]
    fn invalid_role_sessions_are_refused() {
        for (change, expected) in [
            (json!({}), None),
            (json!({"DurationSeconds": 43_200}), None),
            (json!({"DurationSeconds": 43_201}), Some("InvalidParameter.OverTimeError")),
            (json!({"RoleSessionName": "x"}), Some("InvalidParameter.ParamError")),
            (json!({"RoleSessionName": "two words"}), Some("InvalidParameter.ParamError")),
            (json!({"RoleArn": "builder"}), Some("InvalidParameter.ParamError")),
            (json!({"RoleArn": "qcs::cam::uin/2:roleName/x"}), Some("ResourceNotFound.RoleNotFound")),
            (json!({"Policy": "%7B%22version%22%3A%222.0%22%7D"}), None),
            (json!({"Policy": "{\"version\":\"2.0\"}"}), Some("InvalidParameter.StrategyFormatError")),
            (json!({"Policy": "%7B%22principal%22%3A%7B%7D%7D"}), Some("InvalidParameter.StrategyInvalid")),
            (json!({"ExternalId": "a b"}), Some("InvalidParameter.ParamError")),
            (json!({"TokenCode": "123456"}), Some("MissingParameter")),
            (json!({"Session": "x"}), Some("UnknownParameter")),
        ] {
            let mut body = json!({"RoleArn": ROLE, "RoleSessionName": "tf-run"});
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert_eq!(code("AssumeRole", body).as_deref(), expected, "{change}");
        }
    }

    #[test]
    fn federated_sessions_need_a_valid_token() {
        let web = |token| json!({"ProviderId": "oidc", "WebIdentityToken": token, "RoleArn": ROLE, "RoleSessionName": "tf-run"});
        assert_eq!(code("AssumeRoleWithWebIdentity", web("a.b.c")), None);
        assert_eq!(code("AssumeRoleWithWebIdentity", web("")).unwrap(), "InvalidParameter.WebIdentityTokenError");
        let mut api = Api::new(|world| world.sts.accept_web_identity(Some("rotated".to_owned())));
        assert!(api.call("AssumeRoleWithWebIdentity", web("a.b.c")).is_err());
        assert!(api.call("AssumeRoleWithWebIdentity", web("rotated")).is_ok());
        let saml = |assertion| {
            json!({"SAMLAssertion": assertion, "PrincipalArn": "qcs::cam::uin/1:saml-provider/idp", "RoleArn": ROLE,
                   "RoleSessionName": "tf-run"})
        };
        assert_eq!(code("AssumeRoleWithSAML", saml("PHNhbWw+")), None);
        assert_eq!(code("AssumeRoleWithSAML", saml("<saml>")).unwrap(), "InvalidParameter.ParamError");
    }

    #[test]
    fn session_token_needs_a_valid_mfa_code() {
        let serial = "qcs::cam:uin/100000000001::mfa/softToken";
        for (body, expected) in [
            (json!({}), None),
            (json!({"SerialNumber": serial, "TokenCode": "123456"}), None),
            (json!({"SerialNumber": serial, "TokenCode": "12345"}), Some("FailedOperation.CheckMFAError")),
            (json!({"SerialNumber": "phone", "TokenCode": "123456"}), Some("FailedOperation.MFATypeNotSupported")),
            (json!({"DurationSeconds": 7201}), Some("InvalidParameter.OverTimeError")),
        ] {
            assert_eq!(code("GetSessionToken", body.clone()).as_deref(), expected, "{body}");
        }
    }
}
