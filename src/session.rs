//! What configuring the provider yields, and what resources, data sources and actions use.
//!
//! No call has been made yet: what needs constants only works without credentials and without a region.

use std::collections::BTreeMap;

use image_registry::Inspectors;
use tencentcloud::credentials::{AccountGuard, CredentialsConfig, Environment, profile_region};
use tencentcloud::{Client, sts};
use terraform_plugin::diagnostics::Diagnostic;
use terraform_plugin::framework::Outcome;
use terraform_plugin::value::Attr;
use tokio::sync::OnceCell;

use crate::errors;
use crate::image_caches::ImageCaches;

/// The configured provider.
pub struct Session {
    pub region: Region,
    pub client: Client,
    pub image_caches: ImageCaches,
    pub default_tags: Attr<Tags>,
    pub account_guard: AccountGuard,
    pub inspectors: Inspectors,
}

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

impl Session {
    /// The region of what names none; unknown while the provider block is.
    ///
    /// # Errors
    ///
    /// When none is set anywhere.
    pub async fn region(&self) -> Outcome<Attr<String>> {
        self.region.get().await
    }

    /// The region of an object: its own, or the provider's.
    ///
    /// # Errors
    ///
    /// When none is set anywhere, or it is not known yet.
    pub async fn region_of(&self, own: &Attr<String>) -> Outcome<String> {
        if let Attr::Known(own) = own {
            return Ok(own.clone());
        }
        match self.region().await? {
            Attr::Known(region) => Ok(region),
            _ => Err(errors::region_not_known_yet().into()),
        }
    }

    /// The image caches of the account.
    pub fn image_caches(&self) -> &ImageCaches {
        &self.image_caches
    }

    /// The provider's `default_tags`.
    pub fn default_tags(&self) -> &Attr<Tags> {
        &self.default_tags
    }

    /// `tags` over the provider's `default_tags`; unknown when one of them is.
    pub fn tags_all(&self, tags: &Attr<Tags>) -> Attr<Tags> {
        if tags.is_unknown() || self.default_tags.is_unknown() {
            return Attr::Unknown;
        }
        let mut all = self.default_tags.known().cloned().unwrap_or_default();
        all.extend(tags.known().cloned().into_iter().flatten());
        all.into()
    }

    /// Refuses to go on in an account that the provider block does not allow. To be called before a write.
    ///
    /// # Errors
    ///
    /// When the account is not allowed, or cannot be determined.
    pub async fn guard_account(&self) -> Outcome<()> {
        let identity = self.client.send(sts::DEFAULT_REGION, &sts::GetCallerIdentity {});
        let allowed = self.account_guard.check(identity).await;
        allowed.map_err(|error| errors::account(&error).into())
    }
}

/// The region of what names none: the provider block, `TENCENTCLOUD_REGION`, the profile.
#[derive(Debug)]
pub struct Region {
    pub config: Attr<String>,
    pub credentials: CredentialsConfig,
    pub profile_is_known: bool,
    pub environment: Environment,
    pub found: OnceCell<Attr<String>>,
}

impl Region {
    /// The region; unknown while the arguments that give it are.
    ///
    /// # Errors
    ///
    /// When none is set, or the profile's file cannot be read.
    pub async fn get(&self) -> Outcome<Attr<String>> {
        if !self.config.is_null() {
            return Ok(self.config.clone());
        }
        let found = self.found.get_or_try_init(async || {
            if let Some(region) = self.environment.get("TENCENTCLOUD_REGION") {
                return Ok(region.to_owned().into());
            }
            if !self.profile_is_known {
                return Ok(Attr::Unknown);
            }
            match profile_region(&self.credentials, &self.environment).await {
                Ok(Some(region)) => Ok(region.into()),
                Ok(None) => Err(errors::no_region()),
                Err(error) => Err(Diagnostic::error("Unreadable profile", format!("{}.", errors::chain(&error)))),
            }
        });
        Ok(found.await?.clone())
    }
}
