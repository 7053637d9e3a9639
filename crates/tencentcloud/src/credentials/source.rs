//! The list of credential sources, in the order in which they are tried.

use super::{
    Credentials, CredentialsConfig, CredentialsError, Environment, Services, instance_role, profile, saml, static_keys,
    web_identity,
};
use crate::sts;

/// The input of a source.
#[derive(Debug)]
pub(super) struct Context<S> {
    pub config: CredentialsConfig,
    pub environment: Environment,
    pub services: S,
}

/// The outcome of a source that is not broken.
#[derive(Debug)]
pub(super) enum Outcome {
    Found(Found),
    /// Not configured, with the reason as a clause for the error that lists all sources.
    NotConfigured(String),
}

/// Credentials, and the role of the same source to assume with them.
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

/// A source of credentials.
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

    /// Queries the source. Nothing is cached: files are read, and STS is called, each time.
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

    /// The configured arguments of later sources, which this one overrides.
    pub fn overrides(self, config: &CredentialsConfig) -> Vec<&'static str> {
        let later = Self::ALL.into_iter().skip_while(|other| *other != self).skip(1);
        later.filter_map(|other| other.argument(config)).collect()
    }

    /// The configured argument of this source, if it is set.
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
