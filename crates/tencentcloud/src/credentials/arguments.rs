//! The arguments of the blocks that request a session from STS: the name, the variable, and the limits of each.
//!
//! A block's own value takes precedence over the variable; an empty value counts as omitted.

use secrecy::SecretString;

use super::config::{AssumeRoleConfig, MfaConfig, SamlConfig, WebIdentityConfig, given, secret};
use super::limits::{self, LimitError};
use super::{CredentialsConfig, CredentialsError, Environment};

pub(super) const ASSUME_ROLE: &str = "assume_role";
pub(super) const WEB_IDENTITY: &str = "assume_role_with_web_identity";
pub(super) const SAML: &str = "assume_role_with_saml";
pub(super) const MFA: &str = "mfa_certification";

/// An argument of a block.
pub(super) struct Argument {
    pub name: &'static str,
    pub variable: Option<&'static str>,
    limit: fn(&str) -> Result<(), LimitError>,
}

pub(super) const ROLE_ARN: Argument = Argument::new("role_arn", Some("TENCENTCLOUD_ASSUME_ROLE_ARN"), limits::role_arn);
const SESSION_NAME: Argument =
    Argument::new("session_name", Some("TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"), limits::session_name);
const SESSION_DURATION: Argument =
    Argument::new("session_duration", Some("TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION"), limits::session_duration);

const POLICY: Argument = Argument::new("policy", None, limits::policy);
const EXTERNAL_ID: Argument =
    Argument::new("external_id", Some("TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID"), limits::external_id);
const SOURCE_IDENTITY: Argument =
    Argument::new("source_identity", Some("TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY"), any);
pub(super) const SERIAL_NUMBER: Argument =
    Argument::new("serial_number", Some("TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER"), limits::mfa_serial_number);
pub(super) const TOKEN_CODE: Argument = Argument::new("token_code", Some("TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE"), any);

const PROVIDER_ID: Argument = Argument::new("provider_id", Some("TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID"), any);
pub(super) const WEB_IDENTITY_TOKEN: Argument =
    Argument::new("web_identity_token", Some("TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN"), any);
pub(super) const WEB_IDENTITY_TOKEN_FILE: Argument =
    Argument::new("web_identity_token_file", Some("TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE"), any);

pub(super) const SAML_ASSERTION: Argument =
    Argument::new("saml_assertion", Some("TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION"), any);
pub(super) const PRINCIPAL_ARN: Argument =
    Argument::new("principal_arn", Some("TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN"), limits::principal_arn);

pub(super) const MFA_SERIAL_NUMBER: Argument =
    Argument::new("serial_number", Some("TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER"), limits::mfa_serial_number);
pub(super) const MFA_TOKEN_CODE: Argument =
    Argument::new("token_code", Some("TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE"), any);
const MFA_DURATION: Argument =
    Argument::new("duration_seconds", Some("TENCENTCLOUD_MFA_CERTIFICATION_DURATION_SECONDS"), limits::mfa_duration);

impl Argument {
    const fn new(
        name: &'static str,
        variable: Option<&'static str>,
        limit: fn(&str) -> Result<(), LimitError>,
    ) -> Self {
        Self { name, variable, limit }
    }

    /// Whether its variable is set.
    pub fn is_set(&self, environment: &Environment) -> bool {
        self.variable.is_some_and(|variable| environment.get(variable).is_some())
    }
}

fn any(_: &str) -> Result<(), LimitError> {
    Ok(())
}

/// A block that requests a session.
pub(super) trait Block: Clone + Default {
    const NAME: &'static str;

    /// Passes each argument through `arguments`.
    fn complete(self, arguments: &mut Arguments) -> Self;
}

impl Block for AssumeRoleConfig {
    const NAME: &'static str = ASSUME_ROLE;

    fn complete(self, arguments: &mut Arguments) -> Self {
        Self {
            role_arn: arguments.text(&ROLE_ARN, self.role_arn),
            session_name: arguments.text(&SESSION_NAME, self.session_name),
            session_duration: arguments.seconds(&SESSION_DURATION, self.session_duration),
            policy: arguments.text(&POLICY, self.policy),
            external_id: arguments.text(&EXTERNAL_ID, self.external_id),
            source_identity: arguments.text(&SOURCE_IDENTITY, self.source_identity),
            serial_number: arguments.text(&SERIAL_NUMBER, self.serial_number),
            token_code: arguments.secret(&TOKEN_CODE, self.token_code),
        }
    }
}

impl Block for WebIdentityConfig {
    const NAME: &'static str = WEB_IDENTITY;

    fn complete(self, arguments: &mut Arguments) -> Self {
        // One of the two is sufficient: a variable for the other must not conflict with it.
        let (web_identity_token, web_identity_token_file) =
            match (secret(self.web_identity_token), given(self.web_identity_token_file)) {
                (None, None) => {
                    (arguments.secret(&WEB_IDENTITY_TOKEN, None), arguments.text(&WEB_IDENTITY_TOKEN_FILE, None))
                }
                own => own,
            };
        Self {
            provider_id: arguments.text(&PROVIDER_ID, self.provider_id),
            web_identity_token,
            web_identity_token_file,
            role_arn: arguments.text(&ROLE_ARN, self.role_arn),
            session_name: arguments.text(&SESSION_NAME, self.session_name),
            session_duration: arguments.seconds(&SESSION_DURATION, self.session_duration),
        }
    }
}

impl Block for SamlConfig {
    const NAME: &'static str = SAML;

    fn complete(self, arguments: &mut Arguments) -> Self {
        Self {
            saml_assertion: arguments.secret(&SAML_ASSERTION, self.saml_assertion),
            principal_arn: arguments.text(&PRINCIPAL_ARN, self.principal_arn),
            role_arn: arguments.text(&ROLE_ARN, self.role_arn),
            session_name: arguments.text(&SESSION_NAME, self.session_name),
            session_duration: arguments.seconds(&SESSION_DURATION, self.session_duration),
        }
    }
}

impl Block for MfaConfig {
    const NAME: &'static str = MFA;

    fn complete(self, arguments: &mut Arguments) -> Self {
        Self {
            serial_number: arguments.text(&MFA_SERIAL_NUMBER, self.serial_number),
            token_code: arguments.secret(&MFA_TOKEN_CODE, self.token_code),
            duration_seconds: arguments.seconds(&MFA_DURATION, self.duration_seconds),
        }
    }
}

/// Completes the arguments of a block from variables, and collects those that STS would refuse.
pub(super) struct Arguments<'a> {
    block: &'static str,
    environment: &'a Environment,
    invalid: Vec<InvalidArgument>,
}

impl Arguments<'_> {
    fn text(&mut self, argument: &Argument, own: Option<String>) -> Option<String> {
        let (text, variable) = match given(own) {
            Some(text) => (text, None),
            None => (self.environment.get(argument.variable?)?.to_owned(), argument.variable),
        };
        if let Err(problem) = (argument.limit)(&text) {
            self.invalid.push(InvalidArgument { block: self.block, argument: argument.name, variable, problem });
        }
        Some(text)
    }

    /// Like [`Self::text`], for whole numbers. 0 means the API's default, like an omitted value.
    fn seconds(&mut self, argument: &Argument, own: Option<u64>) -> Option<u64> {
        let text = self.text(argument, own.map(|seconds| seconds.to_string()))?;
        text.parse().ok().filter(|seconds| *seconds != 0)
    }

    fn secret(&self, argument: &Argument, own: Option<SecretString>) -> Option<SecretString> {
        secret(own).or_else(|| self.environment.secret(argument.variable?))
    }
}

/// `block` with its arguments completed, and those that STS would refuse.
fn complete<B: Block>(block: &Option<B>, environment: &Environment) -> (B, Vec<InvalidArgument>) {
    let mut arguments = Arguments { block: B::NAME, environment, invalid: Vec::new() };
    let block = block.clone().unwrap_or_default().complete(&mut arguments);
    (block, arguments.invalid)
}

/// `block` with its arguments completed.
///
/// # Errors
///
/// The first argument that STS would refuse.
pub(super) fn completed<B: Block>(block: &Option<B>, environment: &Environment) -> Result<B, CredentialsError> {
    let (block, invalid) = complete(block, environment);
    match invalid.into_iter().next() {
        Some(invalid) => Err(invalid.into()),
        None => Ok(block),
    }
}

/// An argument that STS would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidArgument {
    /// Field of [`CredentialsConfig`].
    pub block: &'static str,
    /// Field of the block.
    pub argument: &'static str,
    /// The variable with the value; `None` when the block has it.
    variable: Option<&'static str>,
    /// What was expected, with an example. It contains no secret.
    pub problem: LimitError,
}

impl From<InvalidArgument> for CredentialsError {
    fn from(InvalidArgument { block, argument, variable, problem }: InvalidArgument) -> Self {
        let origin = variable.map_or_else(|| format!("{block}.{argument}"), str::to_owned);
        Self::invalid(origin, problem)
    }
}

impl CredentialsConfig {
    /// The arguments that STS would refuse. Reads no variables and does not report missing arguments, so that a user interface can
    /// report mistakes early.
    pub fn check(&self) -> Vec<InvalidArgument> {
        let none = &Environment::default();
        let invalid = [
            complete(&self.assume_role, none).1,
            complete(&self.assume_role_with_web_identity, none).1,
            complete(&self.assume_role_with_saml, none).1,
            complete(&self.mfa_certification, none).1,
        ];
        invalid.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_reports_each_argument_at_its_place() {
        let config: CredentialsConfig = serde_json::from_value(serde_json::json!({
            "assume_role": {
                "role_arn": "ci", "session_name": "x", "session_duration": 43201, "policy": "[]", "external_id": "x",
                "source_identity": "anything", "serial_number": "phone", "token_code": "anything",
            },
            "assume_role_with_web_identity": {
                "provider_id": "anything", "web_identity_token": "anything", "web_identity_token_file": "anything",
                "role_arn": "ci", "session_name": "x", "session_duration": 43201,
            },
            "assume_role_with_saml": {
                "saml_assertion": "anything", "principal_arn": "okta", "role_arn": "ci", "session_name": "x",
                "session_duration": 43201,
            },
            "mfa_certification": {"serial_number": "phone", "token_code": "anything", "duration_seconds": 129601},
        }))
        .unwrap();
        let reported: Vec<_> = config.check().iter().map(|invalid| (invalid.block, invalid.argument)).collect();
        let role = ["role_arn", "session_name", "session_duration"];
        let mut expected = role.map(|argument| (ASSUME_ROLE, argument)).to_vec();
        expected.extend(["policy", "external_id", "serial_number"].map(|argument| (ASSUME_ROLE, argument)));
        expected.extend(role.map(|argument| (WEB_IDENTITY, argument)));
        expected.push((SAML, "principal_arn"));
        expected.extend(role.map(|argument| (SAML, argument)));
        expected.extend(["serial_number", "duration_seconds"].map(|argument| (MFA, argument)));
        assert_eq!(reported, expected);
    }

    #[test]
    fn check_accepts_absent_and_empty_arguments() {
        let empty = MfaConfig { serial_number: Some(String::new()), duration_seconds: Some(0), ..Default::default() };
        let config = CredentialsConfig {
            assume_role: Some(AssumeRoleConfig::default()),
            mfa_certification: Some(empty),
            ..Default::default()
        };
        assert_eq!(config.check(), []);
    }

    #[test]
    fn invalid_value_is_reported_where_it_was_set() {
        let variable = ("TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME".to_owned(), "a b".to_owned());
        let environment = Environment::from_iter([variable]);
        for (own, origin) in [
            (None, "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME: a session name has"),
            (Some("c d"), "assume_role_with_saml.session_name: a session name has"),
            (Some(""), "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME: a session name has"),
        ] {
            let block = SamlConfig { session_name: own.map(str::to_owned), ..Default::default() };
            let error = completed(&Some(block), &environment).unwrap_err().to_string();
            assert!(error.starts_with(origin), "{error}");
        }
    }
}
