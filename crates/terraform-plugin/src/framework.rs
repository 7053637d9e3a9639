//! What a Terraform provider is made of: resources, data sources, and the rules of planning.
//!
//! A resource or data source is a typed trait ([`Resource`], [`DataSource`]) over a struct that is its schema. The
//! framework decodes, validates, plans and saves; a resource implements only what is its own. The framework knows Terraform's
//! rules, but not the wire: [`crate::protocol`] does.

mod action;
#[cfg(any(test, feature = "testing"))]
pub mod conformance;
mod data_source;
mod deadline;
mod ephemeral;
mod function;
mod generate;
mod identity;
mod list;
mod named;
mod panic;
mod plan;
mod poll;
mod private;
mod resource;
mod response;
#[cfg(any(test, feature = "testing"))]
pub mod sample;
mod server;
mod stop;
mod stream;
mod subject;
mod until;
mod validate;

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use action::{Action, AnyAction, Progress, action};
pub(crate) use action::{ActionEvent, invoke};
pub use data_source::{AnyDataSource, DataSource, data_source};
pub use deadline::{Deadline, Operation};
pub use ephemeral::{AnyEphemeralResource, Ephemeral, EphemeralResource, Opened, ephemeral_resource};
pub use function::{AnyFunction, Function, FunctionError, function};
pub use list::{AnyListResource, ListResource, Listing, list_resource};
pub(crate) use list::{Listed, Query, list};
pub use named::Named;
pub use plan::ResourcePlan;
pub use poll::{InitialPoll, Poll, Polled, Poller, Unfinished};
pub use private::Private;
pub use resource::{AnyResource, Applied, Import, Planned, Resource, Response, Source, Stored, resource};
pub use server::Server;
pub use stop::unless_stopped;
pub use subject::Subject;
pub use until::{Ended, Until};
pub use validate::WriteOnly;

use crate::diagnostics::Diagnostics;
use crate::schema::Model;

/// What an operation returns: a value, or the errors that stopped it.
pub type Outcome<T> = Result<T, Diagnostics>;

/// What a provider offers, and what configuring it yields.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The provider block.
    type Config: Model;
    /// The configured provider, which operations use: clients, defaults. Resources name this type alone, and not the one that
    /// lists them.
    type Session: Send + Sync + 'static;

    /// Reports what is wrong with the provider block, beyond what its schema checks. Values may be unknown. No network.
    fn validate(_config: &Self::Config, _diagnostics: &mut Diagnostics) {}

    /// Configures the provider. Values may still be unknown during plan, which is not an error until something needs them.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    async fn configure(config: Self::Config, diagnostics: &mut Diagnostics) -> Outcome<Self::Session>;

    /// The resources, each made by [`resource()`].
    fn resources() -> Vec<Box<dyn AnyResource<Self::Session>>> {
        Vec::new()
    }

    /// The data sources, each made by [`data_source()`].
    fn data_sources() -> Vec<Box<dyn AnyDataSource<Self::Session>>> {
        Vec::new()
    }

    /// The ephemeral resources, each made by [`ephemeral_resource()`].
    fn ephemeral_resources() -> Vec<Box<dyn AnyEphemeralResource<Self::Session>>> {
        Vec::new()
    }

    /// The list resources, each made by [`list_resource()`].
    fn list_resources() -> Vec<Box<dyn AnyListResource<Self::Session>>> {
        Vec::new()
    }

    /// The actions, each made by [`action()`].
    fn actions() -> Vec<Box<dyn AnyAction<Self::Session>>> {
        Vec::new()
    }

    /// The functions, each made by [`function()`].
    fn functions() -> Vec<Box<dyn AnyFunction>> {
        Vec::new()
    }
}

/// What an operation may use beside its values.
#[derive(Debug)]
pub struct Context<S> {
    /// The configured provider.
    pub session: Arc<S>,
    /// Canceled when Terraform asks to stop. An operation then ends its waits, and saves what it has.
    pub stop: CancellationToken,
}

impl<S> Clone for Context<S> {
    fn clone(&self) -> Self {
        Self { session: Arc::clone(&self.session), stop: self.stop.clone() }
    }
}
