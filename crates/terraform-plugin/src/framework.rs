//! The parts of a Terraform provider: resources, data sources, functions and so on, and the rules of planning.
//!
//! A resource or data source is a typed trait ([`Resource`], [`DataSource`]) over a struct that is its schema. The
//! framework decodes, validates, plans and saves; a resource implements only its own logic. The framework implements
//! Terraform's rules, but not the wire format: [`crate::protocol`] does.

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
mod offers;
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
mod timeouts;
mod until;
mod validate;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use action::{Action, AnyAction, Progress, action};
pub(crate) use action::{ActionEvent, invoke};
pub use data_source::{AnyDataSource, DataSource, data_source};
pub use deadline::{Deadline, Operation};
pub(crate) use ephemeral::ephemeral_resource;
pub use ephemeral::{AnyEphemeralResource, Ephemeral, EphemeralResource, Opened};
pub use function::{AnyFunction, Function, FunctionError, function};
pub use list::{AnyListResource, ListResource, Listing};
pub(crate) use list::{Listed, Query, list, list_resource};
pub use named::Named;
pub use offers::Offers;
pub use plan::ResourcePlan;
pub use poll::{InitialPoll, Poll, Polled, Poller, Unfinished};
pub use private::Private;
pub use resource::{AnyResource, Applied, Import, Planned, Resource, Response, Source, Stored, resource};
pub use server::Server;
pub use stop::unless_stopped;
pub use subject::Subject;
pub use timeouts::Timeouts;
pub use until::{Ended, Until};
pub use validate::WriteOnly;

use crate::diagnostics::Diagnostics;
use crate::schema::Model;

/// The result of an operation: a value, or the errors that stopped it.
pub type Outcome<T> = Result<T, Diagnostics>;

/// A provider: its configuration, and what it offers.
pub trait Provider: Send + Sync + 'static {
    /// The provider block.
    type Config: Model;
    /// The configured provider, which operations use: clients, defaults. Resources depend on this type only, not on the
    /// provider that lists them.
    type Session: Send + Sync + 'static;

    /// Its resources, data sources, functions and so on.
    fn offers() -> Offers<Self::Session>;

    /// Validates the provider block beyond its schema. Values may be unknown. Must not use the network.
    fn validate(_config: &Self::Config, _diagnostics: &mut Diagnostics) {}

    /// Configures the provider. During plan, values may be unknown, which is not an error until they are needed.
    ///
    /// # Errors
    ///
    /// The configuration is invalid.
    fn configure(
        config: Self::Config,
        diagnostics: &mut Diagnostics,
    ) -> impl Future<Output = Outcome<Self::Session>> + Send;
}

/// The context of an operation.
#[derive(Debug)]
pub struct Context<S> {
    /// The configured provider.
    pub session: Arc<S>,
    /// Canceled when Terraform is interrupted. An operation then ends its waits, and saves its state.
    pub stop: CancellationToken,
}

impl<S> Clone for Context<S> {
    fn clone(&self) -> Self {
        Self { session: Arc::clone(&self.session), stop: self.stop.clone() }
    }
}
