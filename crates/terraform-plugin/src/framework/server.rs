//! A running provider: its resources, its configuration, and its stop signal.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;

use super::named::Named;
use super::response::{checked, unreadable};
use super::validate::{self, WriteOnly};
use super::{AnyAction, AnyDataSource, AnyEphemeralResource, AnyFunction, AnyListResource, AnyResource};
use super::{Context, Offers, Provider, panic};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::value::{self, Value};

/// A provider, and its configuration once Terraform has sent it.
///
/// A process may be configured more than once (when reattached, and in tests): the last configuration applies.
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
    /// Cancels operations in flight.
    stop: Mutex<CancellationToken>,
    /// Cancels operations in flight and later ones.
    shutdown: CancellationToken,
}

struct Configured<S> {
    session: Arc<S>,
    /// Whether a part of the configuration is unknown.
    in_part: bool,
}

impl<P: Provider> Default for Server<P> {
    fn default() -> Self {
        Self::new(CancellationToken::new())
    }
}

impl<P: Provider> Server<P> {
    /// A provider that is also stopped by `shutdown`, the end of the process.
    pub fn new(shutdown: CancellationToken) -> Self {
        let Offers { resources, data_sources, ephemeral_resources, list_resources, actions, functions } = P::offers();
        for (name, _) in list_resources.iter() {
            assert!(resources.get(name).is_ok(), "the list resource {name:?} needs a resource of that name");
        }
        Self {
            resources,
            data_sources,
            ephemeral_resources,
            list_resources,
            actions,
            functions,
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

    /// Validates the provider block.
    pub async fn validate(&self, config: &Value) -> Diagnostics {
        validate::validate(&self.schema().block, config, WriteOnly::Refused, P::validate).await
    }

    /// Configures the provider; replaces an earlier configuration.
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
        // Also after an error, so that no operation uses the replaced configuration.
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) =
            configured.map_err(|errors| diagnostics.extend(errors)).ok();
        validate::in_lines(&self.schema().block, config, diagnostics)
    }

    /// Whether to defer an operation if the client allows it: the provider's configuration is unknown. During apply, it is always
    /// known.
    pub fn defers(&self, allowed: bool) -> bool {
        let configured = self.configured.read().unwrap_or_else(PoisonError::into_inner);
        allowed && configured.as_ref().is_some_and(|configured| configured.in_part)
    }

    /// The context of an operation that begins now.
    ///
    /// # Errors
    ///
    /// The provider has not been configured.
    pub fn context(&self) -> Result<Context<P::Session>, Diagnostic> {
        let configured = self.configured.read().unwrap_or_else(PoisonError::into_inner);
        let configured = configured.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "Provider not configured",
                "Terraform requested an operation before it configured the provider. Please report this, with the \
                versions of Terraform and the provider.",
            )
        })?;
        Ok(Context { session: Arc::clone(&configured.session), stop: self.stop_token().clone() })
    }

    /// Cancels operations in flight, but not later ones.
    pub fn stop(&self) {
        std::mem::replace(&mut *self.stop_token(), self.shutdown.child_token()).cancel();
    }

    fn stop_token(&self) -> MutexGuard<'_, CancellationToken> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
