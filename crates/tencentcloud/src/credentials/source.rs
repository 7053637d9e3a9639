//! The sources of credentials, as a list: the order in which they are tried, and what each of them may give.

use super::{
    Credentials, CredentialsConfig, CredentialsError, Environment, Services, instance_role, profile, saml, static_keys,
    web_identity,
};
use crate::sts;

/// What a source may look at.
#[derive(Debug)]
pub(super) struct Context<S> {
    pub config: CredentialsConfig,
    pub environment: Environment,
    pub services: S,
}

/// What a source gives unless it is broken.
#[derive(Debug)]
pub(super) enum Outcome {
    Found(Found),
    /// Not configured here, and why: a clause for the list of everything that was tried.
    NotConfigured(String),
}

/// Credentials, and the role that the same source wants assumed with them.
#[derive(Debug)]
pub(super) struct Found {
    pub credentials: Credentials,
    pub role: Option<Box<sts::AssumeRole>>,
}

impl From<Credentials> for Outcome {
    fn from(credentials: Credentials) -> Self {
        Self::Found(Found { credentials, role: None })
    }
}

/// One place where credentials may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Configuration,
    Environment,
    Profile,
    WebIdentity,
    Saml,
    PodIdentity,
    InstanceRole,
}

impl Source {
    /// The order in which they are tried.
    pub const ALL: [Self; 7] = [
        Self::Configuration,
        Self::Environment,
        Self::Profile,
        Self::WebIdentity,
        Self::Saml,
        Self::PodIdentity,
        Self::InstanceRole,
    ];

    /// Its name in messages.
    pub fn name(self, config: &CredentialsConfig) -> &'static str {
        match self {
            Self::Configuration => config.caller.configuration,
            Self::Environment => "environment",
            Self::Profile => "profile",
            Self::WebIdentity => "web identity",
            Self::Saml => "SAML",
            Self::PodIdentity => web_identity::POD_IDENTITY,
            Self::InstanceRole => "instance role",
        }
    }

    /// Asks it once. It keeps nothing: files are read, and STS is called, each time.
    pub async fn provide<S: Services>(self, context: &Context<S>) -> Result<Outcome, CredentialsError> {
        match self {
            Self::Configuration => static_keys::configuration(&context.config),
            Self::Environment => static_keys::environment(&context.config, &context.environment),
            Self::Profile => profile::provide(context).await,
            Self::WebIdentity => web_identity::configured(context).await,
            Self::Saml => saml::provide(context).await,
            Self::PodIdentity => web_identity::pod(context).await,
            Self::InstanceRole => instance_role::provide(context).await,
        }
    }

    /// The arguments of the configuration that ask for a source after this one, and so for what is not used.
    pub fn overrides(self, config: &CredentialsConfig) -> Vec<&'static str> {
        let later = Self::ALL.into_iter().skip_while(|other| *other != self).skip(1);
        later.filter_map(|other| other.argument(config)).collect()
    }

    /// The argument of the configuration that asks for this source, if it is set.
    fn argument(self, config: &CredentialsConfig) -> Option<&'static str> {
        let (argument, set) = match self {
            Self::Configuration => ("secret_id", config.secret_id.is_some()),
            Self::Profile => ("profile", config.profile.is_some()),
            Self::WebIdentity => ("assume_role_with_web_identity", config.assume_role_with_web_identity.is_some()),
            Self::Saml => ("assume_role_with_saml", config.assume_role_with_saml.is_some()),
            Self::InstanceRole => ("cam_role_name", config.cam_role_name.is_some()),
            Self::Environment | Self::PodIdentity => return None,
        };
        set.then_some(argument)
    }
}
