//! Ephemeral resource `eks_registry_token`: a password for an image cache, which is not stored in plan or state.
//!
//! A temporary token expires after an hour and cannot be revoked, so there is nothing to close; a new one would not reach the
//! consumers of the first, so there is nothing to renew.

use async_trait::async_trait;
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use crate::session::Session;
use crate::{errors, regions};
use tencentcloud::tcr::{CreateInstanceToken, TokenType};
use terraform_plugin::diagnostics::{AttributePath, Diagnostics};
use terraform_plugin::framework::{self, Context, EphemeralResource, Opened, Outcome, Private};
use terraform_plugin::schema::{COMPUTED, OPTIONAL_COMPUTED, REQUIRED};
use terraform_plugin::value::{Attr, Secret};

/// A temporary token for an instance of Tencent Container Registry (TCR), for the `password_wo` of `eks_image_cache`. It is not
/// stored in plan or state.
///
/// Each run creates a new token, which is valid for an hour. The images must be pulled within that time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RegistryTokenModel {
    /// ID of the registry instance, for example `tcr-1a2b3c4d`.
    #[schemars(extend("x-terraform" = REQUIRED), length(min = 1))]
    pub registry_id: Attr<String>,

    /// Region of the registry instance, for example `ap-guangzhou`. Default: the region of the provider.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED), length(min = 1))]
    pub region: Attr<String>,

    /// User name that belongs to the token: the number (uin) of the account.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub username: Attr<String>,

    /// The token, a password.
    #[schemars(extend("x-terraform" = COMPUTED.sensitive()))]
    pub token: Attr<Secret>,

    /// When the token expires, in RFC 3339, UTC, for example `2026-11-22T20:00:00Z`. Null if the API returns no valid time.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub expires_at: Attr<String>,
}

/// The ephemeral resource.
pub struct RegistryToken;

#[async_trait]
impl EphemeralResource for RegistryToken {
    type Session = Session;
    type Model = RegistryTokenModel;
    const TYPE_NAME: &'static str = "eks_registry_token";

    fn validate(&self, config: &RegistryTokenModel, diagnostics: &mut Diagnostics) {
        regions::validate(AttributePath::root("region"), &config.region, diagnostics);
    }

    async fn open(
        &self,
        context: &Context<Session>,
        config: RegistryTokenModel,
        _: &mut Diagnostics,
    ) -> Outcome<Opened<RegistryTokenModel>> {
        let session = &context.session;
        framework::unless_stopped(&context.stop, async {
            let region = session.region_of(&config.region).await?;
            let registry_id = config.registry_id.known().cloned().unwrap_or_default();
            let request = CreateInstanceToken { registry_id: registry_id.clone(), token_type: TokenType::Temp };
            let response = session.client.send(&region, &request).await.map_err(|error| {
                errors::registry_token(&registry_id, &region, &error).at(AttributePath::root("registry_id"))
            })?;
            let result = RegistryTokenModel {
                region: region.into(),
                expires_at: response.expires_at().map(|time| time.to_string()).into(),
                username: response.username.into(),
                token: Secret::from(response.token.expose_secret()).into(),
                ..config
            };
            Ok(Opened { result, renew_at: None, private: Private::default() })
        })
        .await
    }
}
