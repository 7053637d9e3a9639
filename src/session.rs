//! The configured provider, as resources, data sources and actions use it.
//!
//! Configuring makes no call, so that operations on constants work without credentials and without a region.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use image_registry::{Inspectors, Mirror};
use tencentcloud::credentials::{AccountGuard, CredentialsConfig, CredentialsError, Environment, profile_region};
use tencentcloud::{Client, Error, Program};
use terraform_plugin::diagnostics::Diagnostic;
use terraform_plugin::framework::{Outcome, Subject};
use terraform_plugin::value::Attr;
use tokio::sync::OnceCell;

use crate::errors;
use crate::image_caches::ImageCaches;
use crate::tags::TagPolicy;

/// How long a run waits for the account ID, if that is best effort.
const ACCOUNT_TIMEOUT: Duration = Duration::from_secs(5);

/// The provider's name and version, for the logs of the API and of registries.
pub const PROGRAM: Program = Program { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

/// The configured provider.
pub struct Session {
    pub region: Region,
    pub client: Client,
    pub image_caches: ImageCaches,
    pub tags: TagPolicy,
    pub access: Access,
    pub inspectors: Inspectors,
    /// By registry.
    pub registry_mirrors: BTreeMap<String, Mirror>,
}

/// Whether the API may be called, checked once per run.
#[derive(Debug, Default)]
pub struct Access {
    /// The account lists, which `client` checks as well.
    pub guard: AccountGuard,
    /// Whether the credentials need a one-time code, which a plan must not use.
    pub one_time_code: bool,
    credentials: OnceCell<Result<(), CredentialsError>>,
    /// The account was asked for in vain, which is not repeated for each object.
    account_timed_out: AtomicBool,
    /// The summaries of the errors that were reported in full, by cause.
    reported: Mutex<HashMap<String, String>>,
}

impl Access {
    pub fn new(guard: AccountGuard, one_time_code: bool) -> Self {
        Self { guard, one_time_code, ..Self::default() }
    }
}

impl Session {
    /// The default region; unknown while the provider block is.
    ///
    /// # Errors
    ///
    /// No region is configured.
    pub async fn region(&self) -> Outcome<Attr<String>> {
        let region = self.region.get().await;
        region.map_err(|errors| errors.into_iter().map(|error| self.report_once(error)).collect())
    }

    /// The region in which the API is called for an object: its own, or the provider's. To be called before each operation that
    /// uses the API: it also checks the access.
    ///
    /// # Errors
    ///
    /// There are no usable credentials, their account is not allowed, or the region is not known.
    pub async fn region_of(&self, own: &Attr<String>) -> Outcome<String> {
        self.check_credentials().await?;
        self.check_account().await?;
        if let Attr::Known(own) = own {
            return Ok(own.clone());
        }
        match self.region().await? {
            Attr::Known(region) => Ok(region),
            _ => Err(errors::region_not_known_yet().into()),
        }
    }

    /// As [`Session::region_of`], but `None` if no credentials or no region are configured: for optional checks.
    ///
    /// # Errors
    ///
    /// The configured credentials or region cannot be used.
    pub async fn region_if_configured(&self, own: &Attr<String>) -> Outcome<Option<String>> {
        if own.is_null() && self.region.get().await.is_err() {
            return Ok(None);
        }
        let credentials = self.access.credentials.get_or_init(|| self.client.check_credentials()).await;
        if matches!(credentials, Err(CredentialsError::NotFound { .. })) {
            return Ok(None);
        }
        self.region_of(own).await.map(Some)
    }

    /// Checks at plan time that an apply could call the API. Makes no call if the credentials are complete, except to STS if the
    /// provider block has an account list.
    ///
    /// # Errors
    ///
    /// There are no usable credentials, or their account is not allowed.
    pub async fn check_access(&self) -> Outcome<()> {
        self.check_credentials().await?;
        if self.access.one_time_code {
            return Ok(());
        }
        self.check_account().await
    }

    /// The account of the credentials in use now, best effort: `None` without the permission or while it is not known. One call
    /// for each key pair: a renewal may give those of another account.
    pub async fn account(&self) -> Option<String> {
        if self.access.account_timed_out.load(Ordering::Relaxed) {
            return None;
        }
        match tokio::time::timeout(ACCOUNT_TIMEOUT, self.client.account()).await {
            Ok(Ok(account)) => Some(account),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the account of the credentials is unknown");
                None
            }
            Err(_) => {
                tracing::debug!("the account of the credentials is unknown: no response in {ACCOUNT_TIMEOUT:?}");
                self.access.account_timed_out.store(true, Ordering::Relaxed);
                None
            }
        }
    }

    async fn check_credentials(&self) -> Outcome<()> {
        let checked = self.access.credentials.get_or_init(|| self.client.check_credentials()).await;
        checked.as_ref().map_err(|error| self.report_once(errors::credentials(error)).into()).copied()
    }

    async fn check_account(&self) -> Outcome<()> {
        if self.access.guard.allows_all() {
            return Ok(());
        }
        match self.client.check_account().await {
            Ok(()) => Ok(()),
            // The provider block is unknown.
            Err(Error::Credentials { source, .. }) if matches!(*source, CredentialsError::Unsettled { .. }) => Ok(()),
            Err(Error::Account { source, .. }) => Err(self.report_once(errors::account(&source)).into()),
            Err(Error::Credentials { source, .. }) => Err(self.report_once(errors::credentials(&source)).into()),
            Err(error) => Err(self.report_once(errors::account_unknown(&error)).into()),
        }
    }

    /// The error the first time, afterwards a short one that names its summary: Terraform calls the provider for each object, and
    /// sorts the diagnostics.
    fn report_once(&self, error: Diagnostic) -> Diagnostic {
        self.once(error.detail.clone(), error)
    }

    /// The diagnostic of a failed write. In full if the write may have been carried out, which concerns its object only; otherwise
    /// as [`Session::failed`].
    pub fn report(&self, cause: &Error, error: Diagnostic) -> Diagnostic {
        if cause.outcome_unknown() { error } else { self.once_for_cause(cause, error) }
    }

    /// [`errors::api`] of a failed read, in full unless an error with the same common cause has been reported.
    pub fn failed(&self, doing: &str, subject: &Subject, error: &Error) -> Diagnostic {
        self.once_for_cause(error, errors::api(doing, subject, error))
    }

    fn once_for_cause(&self, cause: &Error, error: Diagnostic) -> Diagnostic {
        match cause.common_cause() {
            Some(cause) => self.once(cause, error),
            None => error,
        }
    }

    fn once(&self, cause: String, error: Diagnostic) -> Diagnostic {
        let mut reported = self.access.reported.lock().unwrap_or_else(PoisonError::into_inner);
        match reported.entry(cause) {
            Entry::Vacant(entry) => {
                entry.insert(error.summary.clone());
                error
            }
            Entry::Occupied(entry) => errors::reported(entry.get()),
        }
    }
}

/// The default region: from the provider block, `TENCENTCLOUD_REGION`, or the profile.
#[derive(Debug)]
pub struct Region {
    pub config: Attr<String>,
    pub credentials: CredentialsConfig,
    pub profile_is_known: bool,
    pub environment: Environment,
    pub found: OnceCell<Attr<String>>,
    /// Whether the domain or the endpoint is configured, which regions of the financial cloud need.
    pub has_own_domain: bool,
}

impl Region {
    /// The region; unknown while its arguments are.
    ///
    /// # Errors
    ///
    /// No region is set, or the profile's file cannot be read.
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
