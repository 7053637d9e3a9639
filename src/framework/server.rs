//! A provider in service: what it has, its configuration, and its stop signal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;

use super::resource::{read_schema, unreadable};
use super::validate::{self, WriteOnly};
use super::{AnyDataSource, AnyResource, Context, Provider, panic};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::value::{self, Value};

/// A provider, and what Terraform has told it so far.
///
/// One process may be configured more than once (reattached, in tests): the last configuration counts.
pub struct Server<P> {
    schema: OnceLock<Schema>,
    resources: BTreeMap<&'static str, Box<dyn AnyResource<P>>>,
    data_sources: BTreeMap<&'static str, Box<dyn AnyDataSource<P>>>,
    configured: RwLock<Option<Arc<P>>>,
    stop: Mutex<CancellationToken>,
}

impl<P: Provider> Default for Server<P> {
    fn default() -> Self {
        Self {
            schema: OnceLock::new(),
            resources: P::resources().into_iter().map(|r| (r.type_name(), r)).collect(),
            data_sources: P::data_sources().into_iter().map(|d| (d.type_name(), d)).collect(),
            configured: RwLock::default(),
            stop: Mutex::default(),
        }
    }
}

impl<P: Provider> Server<P> {
    /// The schema of the provider block.
    pub fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| read_schema::<P::Config>("the provider", 0))
    }

    /// All resources.
    pub fn resources(&self) -> impl Iterator<Item = &dyn AnyResource<P>> {
        self.resources.values().map(|resource| &**resource)
    }

    /// All data sources.
    pub fn data_sources(&self) -> impl Iterator<Item = &dyn AnyDataSource<P>> {
        self.data_sources.values().map(|data_source| &**data_source)
    }

    /// One resource.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub fn resource(&self, type_name: &str) -> Result<&dyn AnyResource<P>, Diagnostic> {
        self.resources.get(type_name).map(|resource| &**resource).ok_or_else(|| unknown("resource", type_name))
    }

    /// One data source.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub fn data_source(&self, type_name: &str) -> Result<&dyn AnyDataSource<P>, Diagnostic> {
        self.data_sources.get(type_name).map(|source| &**source).ok_or_else(|| unknown("data source", type_name))
    }

    /// What is wrong with the provider block.
    pub async fn validate(&self, config: &Value) -> Diagnostics {
        validate::validate(&self.schema().block, config, WriteOnly::Refused, P::validate).await
    }

    /// Takes the provider block; replaces an earlier configuration.
    pub async fn configure(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        let configured = panic::catch(async {
            let config = value::from_value(config).map_err(unreadable)?;
            P::configure(config, &mut diagnostics).await
        });
        match configured.await.unwrap_or_else(|panic| Err(panic.into())) {
            Ok(provider) => {
                *self.configured.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(provider));
            }
            Err(errors) => diagnostics.extend(errors),
        }
        diagnostics
    }

    /// What an operation that begins now may use.
    ///
    /// # Errors
    ///
    /// When the provider has not been configured.
    pub fn context(&self) -> Result<Context<P>, Diagnostic> {
        let configured = self.configured.read().unwrap_or_else(PoisonError::into_inner);
        let provider = configured.clone().ok_or_else(|| {
            Diagnostic::error(
                "Provider not configured",
                "Terraform asked for an operation before it configured the provider. Please report this, with the \
                 versions of Terraform and of the provider.",
            )
        })?;
        Ok(Context { provider, stop: self.stop_token().clone() })
    }

    /// Cancels what is in flight. What begins later is not cancelled.
    pub fn stop(&self) {
        std::mem::take(&mut *self.stop_token()).cancel();
    }

    fn stop_token(&self) -> std::sync::MutexGuard<'_, CancellationToken> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown(what: &str, type_name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Unknown {what}"),
        format!("This version of the provider has no {what} {type_name:?}. Check the name, or upgrade the provider."),
    )
}
