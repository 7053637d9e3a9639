//! A provider in service: what it has, its configuration, and its stop signal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;

use super::answer::{checked, unreadable};
use super::validate::{self, WriteOnly};
use super::{AnyDataSource, AnyEphemeralResource, AnyFunction, AnyResource, Context, FunctionError, Provider, panic};
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
    ephemeral_resources: BTreeMap<&'static str, Box<dyn AnyEphemeralResource<P>>>,
    functions: BTreeMap<&'static str, Box<dyn AnyFunction>>,
    configured: RwLock<Option<Arc<P>>>,
    /// Ends what is in flight now.
    stop: Mutex<CancellationToken>,
    /// Ends what is in flight, and what begins later.
    shutdown: CancellationToken,
}

impl<P: Provider> Default for Server<P> {
    fn default() -> Self {
        Self::new(CancellationToken::new())
    }
}

impl<P: Provider> Server<P> {
    /// A provider that is stopped, besides by [`Server::stop`], by `shutdown`: the end of the process.
    pub fn new(shutdown: CancellationToken) -> Self {
        Self {
            schema: OnceLock::new(),
            resources: by_name(P::resources(), |resource| resource.type_name()),
            data_sources: by_name(P::data_sources(), |data_source| data_source.type_name()),
            ephemeral_resources: by_name(P::ephemeral_resources(), |resource| resource.type_name()),
            functions: by_name(P::functions(), |function| function.name()),
            configured: RwLock::default(),
            stop: Mutex::new(shutdown.child_token()),
            shutdown,
        }
    }

    /// The schema of the provider block.
    pub fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| checked("the provider block", Schema::of_provider::<P::Config>()))
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

    /// All ephemeral resources.
    pub fn ephemeral_resources(&self) -> impl Iterator<Item = &dyn AnyEphemeralResource<P>> {
        self.ephemeral_resources.values().map(|resource| &**resource)
    }

    /// One ephemeral resource.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub fn ephemeral_resource(&self, type_name: &str) -> Result<&dyn AnyEphemeralResource<P>, Diagnostic> {
        let resource = self.ephemeral_resources.get(type_name).map(|resource| &**resource);
        resource.ok_or_else(|| unknown("ephemeral resource", type_name))
    }

    /// All functions.
    pub fn functions(&self) -> impl Iterator<Item = &dyn AnyFunction> {
        self.functions.values().map(|function| &**function)
    }

    /// One function.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub fn function(&self, name: &str) -> Result<&dyn AnyFunction, FunctionError> {
        let function = self.functions.get(name).map(|function| &**function);
        function.ok_or_else(|| FunctionError::new(unknown("function", name).detail))
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
        let configured = configured.await.unwrap_or_else(|panic| Err(panic.into()));
        // Also after an error: nothing runs with a configuration that the user has replaced.
        let provider = configured.map_err(|errors| diagnostics.extend(errors)).ok().map(Arc::new);
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) = provider;
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
        std::mem::replace(&mut *self.stop_token(), self.shutdown.child_token()).cancel();
    }

    fn stop_token(&self) -> std::sync::MutexGuard<'_, CancellationToken> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By name, each once: Terraform could not tell two of one name apart.
fn by_name<T: ?Sized>(all: Vec<Box<T>>, name: impl Fn(&T) -> &'static str) -> BTreeMap<&'static str, Box<T>> {
    let mut map = BTreeMap::new();
    for one in all {
        let name = name(&one);
        assert!(map.insert(name, one).is_none(), "the provider has two of the name {name:?}");
    }
    map
}

fn unknown(what: &str, type_name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Unknown {what}"),
        format!("This version of the provider has no {what} {type_name:?}. Check the name, or upgrade the provider."),
    )
}

#[cfg(test)]
mod tests;
