//! A running provider: what it offers, its configuration, and its stop signal.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;

use super::named::Named;
use super::response::{checked, unreadable};
use super::validate::{self, WriteOnly};
use super::{AnyAction, AnyDataSource, AnyEphemeralResource, AnyFunction, AnyListResource, AnyResource};
use super::{Context, Provider, panic};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::value::{self, Value};

/// A provider, and its configuration once Terraform has sent it.
///
/// One process may be configured more than once (reattached, in tests): the last configuration counts.
pub struct Server<P: Provider> {
    /// The resources.
    pub resources: Named<dyn AnyResource<P::Session>>,
    /// The data sources.
    pub data_sources: Named<dyn AnyDataSource<P::Session>>,
    /// The ephemeral resources.
    pub ephemeral_resources: Named<dyn AnyEphemeralResource<P::Session>>,
    /// The list resources; each has a resource of the same name.
    pub list_resources: Named<dyn AnyListResource<P::Session>>,
    /// The actions.
    pub actions: Named<dyn AnyAction<P::Session>>,
    /// The functions.
    pub functions: Named<dyn AnyFunction>,
    schema: OnceLock<Schema>,
    configured: RwLock<Option<Configured<P::Session>>>,
    /// Ends what is in flight now.
    stop: Mutex<CancellationToken>,
    /// Ends what is in flight, and what begins later.
    shutdown: CancellationToken,
}

struct Configured<S> {
    session: Arc<S>,
    /// Some of the configuration is not known before apply.
    in_part: bool,
}

impl<P: Provider> Default for Server<P> {
    fn default() -> Self {
        Self::new(CancellationToken::new())
    }
}

impl<P: Provider> Server<P> {
    /// A provider that is stopped, besides by [`Server::stop`], by `shutdown`: the end of the process.
    pub fn new(shutdown: CancellationToken) -> Self {
        let resources = Named::new("resource", P::resources(), |resource| resource.type_name());
        let list_resources = Named::new("list resource", P::list_resources(), |list| list.type_name());
        for (name, _) in list_resources.iter() {
            assert!(resources.get(name).is_ok(), "the list resource {name:?} needs a resource of that name");
        }
        Self {
            resources,
            data_sources: Named::new("data source", P::data_sources(), |source| source.type_name()),
            ephemeral_resources: Named::new("ephemeral resource", P::ephemeral_resources(), |resource| {
                resource.type_name()
            }),
            list_resources,
            actions: Named::new("action", P::actions(), |action| action.type_name()),
            functions: Named::new("function", P::functions(), |function| function.name()),
            schema: OnceLock::new(),
            configured: RwLock::default(),
            stop: Mutex::new(shutdown.child_token()),
            shutdown,
        }
    }

    /// The schema of the provider block.
    pub fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| checked("the provider block", Schema::of_provider::<P::Config>()))
    }

    /// What is wrong with the provider block.
    pub async fn validate(&self, config: &Value) -> Diagnostics {
        validate::validate(&self.schema().block, config, WriteOnly::Refused, P::validate).await
    }

    /// Takes the provider block; replaces an earlier configuration.
    pub async fn configure(&self, config: &Value) -> Diagnostics {
        if config.is_null() {
            return validate::missing().into();
        }
        let mut diagnostics = Diagnostics::default();
        let configured = panic::catch(async {
            let config = value::from_value(config).map_err(unreadable)?;
            P::configure(config, &mut diagnostics).await
        });
        let configured = configured.await.unwrap_or_else(|panic| Err(panic.into()));
        let in_part = !config.is_wholly_known();
        let configured = configured.map(|session| Configured { session: Arc::new(session), in_part });
        // Also after an error: nothing runs with a configuration that the user has replaced.
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) =
            configured.map_err(|errors| diagnostics.extend(errors)).ok();
        validate::in_lines(&self.schema().block, config, diagnostics)
    }

    /// True when an operation is to be deferred, if the client allows that: the provider's configuration is not
    /// known yet. During apply it always is.
    pub fn defers(&self, allowed: bool) -> bool {
        let configured = self.configured.read().unwrap_or_else(PoisonError::into_inner);
        allowed && configured.as_ref().is_some_and(|configured| configured.in_part)
    }

    /// What an operation that begins now may use.
    ///
    /// # Errors
    ///
    /// When the provider has not been configured.
    pub fn context(&self) -> Result<Context<P::Session>, Diagnostic> {
        let configured = self.configured.read().unwrap_or_else(PoisonError::into_inner);
        let configured = configured.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "Provider not configured",
                "Terraform asked for an operation before it configured the provider. Please report this, with the \
                 versions of Terraform and of the provider.",
            )
        })?;
        Ok(Context { session: Arc::clone(&configured.session), stop: self.stop_token().clone() })
    }

    /// Cancels what is in flight. What begins later is not canceled.
    pub fn stop(&self) {
        std::mem::replace(&mut *self.stop_token(), self.shutdown.child_token()).cancel();
    }

    fn stop_token(&self) -> MutexGuard<'_, CancellationToken> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
