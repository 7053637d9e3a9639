//! List resources: find the remote objects of a resource type.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures_util::stream::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::response::{checked, known, unreadable};
use super::stream::events;
use super::validate::{self, WriteOnly};
use super::{Context, Outcome, Provider, Resource, Server, panic};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::{Model, Schema};
use crate::value::{self, Value, ValueError};

/// A list resource. It has the type name of its resource.
#[async_trait]
pub trait ListResource: Send + Sync + 'static {
    /// The resource whose objects it finds.
    type Resource: Resource;
    /// Its arguments.
    type Config: Model;

    /// Validates the arguments beyond their schema. Values may be unknown. Must not use the network.
    fn validate(&self, _config: &Self::Config, _diagnostics: &mut Diagnostics) {}

    /// Lists objects, and pushes each as its resource would read it, until there are no more or [`Listing::push`] breaks.
    ///
    /// When Terraform is interrupted, the future is dropped, and the listing ends with an error, because the list is incomplete.
    ///
    /// # Errors
    ///
    /// The listing is incomplete. The objects that were pushed before are still listed.
    async fn list(
        &self,
        context: &Context<<Self::Resource as Resource>::Session>,
        config: Self::Config,
        listing: &mut Listing<<Self::Resource as Resource>::Model>,
    ) -> Outcome<()>;
}

/// Receives the objects that a list resource finds.
#[derive(Debug)]
pub struct Listing<M> {
    /// The listed objects, for messages, for example `image caches in ap-guangzhou`. Defaults to the type name.
    pub subject: String,
    sender: mpsc::Sender<Found>,
    limit: u64,
    pushed: u64,
    model: PhantomData<fn(M)>,
}

/// A pushed object, or the error that ended the listing.
type Found = Result<(String, Result<Value, ValueError>), Diagnostics>;

impl<M: Model> Listing<M> {
    /// Sends `object` with its display name to the client. Breaks if no further object is needed: the limit is reached, or the
    /// client has disconnected.
    pub async fn push(&mut self, display_name: impl Into<String>, object: &M) -> ControlFlow<()> {
        if self.pushed == self.limit {
            return ControlFlow::Break(());
        }
        let sent = self.sender.send(Ok((display_name.into(), value::to_value(object)))).await;
        if sent.is_err() {
            return ControlFlow::Break(());
        }
        self.pushed += 1;
        if self.pushed == self.limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn interrupted(&self) -> Diagnostic {
        let detail = format!(
            "Terraform was interrupted while {} were being listed. {} were listed until then, and there may be more. Run the \
             command again for the complete list.",
            self.subject, self.pushed
        );
        Diagnostic::error("Listing interrupted", detail)
    }
}

/// A list request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Maximum number of objects.
    pub limit: u64,
    /// Whether to return the objects, not only their identities.
    pub whole_objects: bool,
}

/// An object that was found, or an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The display name.
    pub display_name: String,
    /// Its identity.
    pub identity: Value,
    /// The object, if it was requested.
    pub object: Option<Value>,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

/// A list resource without its types, for the server.
#[async_trait]
pub trait AnyListResource<S>: Send + Sync {
    /// Its name in a configuration.
    fn type_name(&self) -> &'static str;
    /// The schema of its arguments.
    fn schema(&self) -> &Schema;
    /// Validates a configuration.
    async fn validate(&self, config: &Value) -> Diagnostics;
    /// Sends the objects that are found.
    async fn list(&self, context: &Context<S>, config: &Value, limit: u64, sender: mpsc::Sender<Found>) -> Diagnostics;
}

/// Registers a list resource.
pub fn list_resource<L: ListResource>(
    list_resource: L,
) -> Box<dyn AnyListResource<<L::Resource as Resource>::Session>> {
    Box::new(Registered { list_resource, schema: OnceLock::new() })
}

struct Registered<L> {
    list_resource: L,
    schema: OnceLock<Schema>,
}

#[async_trait]
impl<L: ListResource> AnyListResource<<L::Resource as Resource>::Session> for Registered<L> {
    fn type_name(&self) -> &'static str {
        L::Resource::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| checked(L::Resource::TYPE_NAME, Schema::of::<L::Config>(0)))
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        let own = |config: &_, report: &mut _| self.list_resource.validate(config, report);
        validate::validate(&self.schema().block, config, WriteOnly::Refused, own).await
    }

    async fn list(
        &self,
        context: &Context<<L::Resource as Resource>::Session>,
        config: &Value,
        limit: u64,
        sender: mpsc::Sender<Found>,
    ) -> Diagnostics {
        let subject = L::Resource::TYPE_NAME.to_owned();
        let mut listing = Listing { subject, sender, limit, pushed: 0, model: PhantomData };
        let listed = panic::catch(async {
            let config = value::from_value(config).map_err(unreadable)?;
            let listed = tokio::select! {
                biased;
                result = self.list_resource.list(context, config, &mut listing) => Some(result),
                () = context.stop.cancelled() => None,
            };
            listed.transpose()
        });
        match listed.await {
            Ok(Ok(Some(()))) => Diagnostics::default(),
            Ok(Ok(None)) => listing.interrupted().into(),
            Ok(Err(error)) => error,
            Err(panic) => panic.into(),
        }
    }
}

/// Lists objects of a type that has a list resource while the stream is read.
pub fn list<P: Provider>(
    server: Arc<Server<P>>,
    type_name: String,
    config: Value,
    query: Query,
) -> impl Stream<Item = Listed> + Send {
    let lister = Arc::clone(&server);
    let name = type_name.clone();
    let found = events(move |sender| async move {
        let list = async || -> Outcome<_> {
            let context = lister.context()?;
            Ok(lister.list_resources.get(&name)?.list(&context, &config, query.limit, sender).await)
        };
        let diagnostics = list().await.unwrap_or_else(|errors| errors);
        (!diagnostics.is_empty()).then_some(Err(diagnostics))
    });
    found.map(move |found| match found {
        Ok((display_name, value)) => listed(&server, &type_name, display_name, value, query.whole_objects),
        Err(diagnostics) => Listed { display_name: String::new(), identity: Value::Null, object: None, diagnostics },
    })
}

fn listed<P: Provider>(
    server: &Server<P>,
    type_name: &str,
    display_name: String,
    value: Result<Value, ValueError>,
    whole_object: bool,
) -> Listed {
    let mut diagnostics = Diagnostics::default();
    let found = || -> Outcome<_> {
        let resource = server.resources.get(type_name)?;
        let object = known(resource.schema(), value.map_err(unreadable)?, &mut diagnostics);
        let identity = resource.identity_of(&object);
        if identity.is_null() {
            let detail = format!("{display_name} has no identity. This is a bug in the provider; please report it.");
            return Err(Diagnostic::error("Object without an identity", detail).into());
        }
        Ok((identity, whole_object.then_some(object)))
    };
    let (identity, object) = found().unwrap_or_else(|errors| {
        diagnostics.extend(errors);
        (Value::Null, None)
    });
    Listed { display_name, identity, object, diagnostics }
}

#[cfg(test)]
mod tests;
