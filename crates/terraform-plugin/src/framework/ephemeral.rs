//! Ephemeral resources: values that no plan and no state ever holds.
//!
//! Terraform opens one when something needs it, renews it while that goes on, and closes it after; what the provider must
//! remember in between is in [`Private`].

use std::marker::PhantomData;
use std::sync::OnceLock;
use std::time::SystemTime;

use async_trait::async_trait;

use super::response::{checked, errors, known_value, unreadable};
use super::validate::{self, WriteOnly};
use super::{Context, Outcome, Private, panic};
use crate::diagnostics::Diagnostics;
use crate::schema::{Model, Schema};
use crate::value::{self, Value};

/// What an open gives.
#[derive(Debug)]
pub struct Opened<M> {
    /// The arguments as given, and the results.
    pub result: M,
    /// When to renew it; `None` when that is never needed.
    pub renew_at: Option<SystemTime>,
    /// What renew and close need.
    pub private: Private,
}

/// An ephemeral resource, as its author writes it.
#[async_trait]
pub trait EphemeralResource: Send + Sync + 'static {
    /// The provider that it belongs to.
    type Session: Send + Sync + 'static;
    /// Its schema: arguments and results.
    type Model: Model;
    /// `eks_registry_token`.
    const TYPE_NAME: &'static str;

    /// Reports what is wrong with the arguments, beyond what their schema checks. Values may be unknown. No network.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Makes the value. The arguments are known.
    ///
    /// # Errors
    ///
    /// Why there is none; then nothing is closed either.
    async fn open(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
        diagnostics: &mut Diagnostics,
    ) -> Outcome<Opened<Self::Model>>;

    /// Makes it last longer, and says when to do so again. Called at the time that [`Opened::renew_at`] says.
    ///
    /// # Errors
    ///
    /// Why it could not be renewed.
    async fn renew(&self, _: &Context<Self::Session>, _: &mut Private) -> Outcome<Option<SystemTime>> {
        Ok(None)
    }

    /// Ends it. Called after every open that succeeded.
    ///
    /// # Errors
    ///
    /// Why it may still be valid.
    async fn close(&self, _: &Context<Self::Session>, _: Private) -> Outcome<()> {
        Ok(())
    }
}

/// An ephemeral resource after an operation.
#[derive(Debug, PartialEq)]
pub struct Ephemeral {
    /// Arguments and results; null when it could not be opened, and after a renewal.
    pub value: Value,
    /// When to renew it.
    pub renew_at: Option<SystemTime>,
    /// What renew and close need.
    pub private: Private,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

/// An ephemeral resource without its types, for the server.
#[async_trait]
pub trait AnyEphemeralResource<S>: Send + Sync {
    /// Its name in a configuration.
    fn type_name(&self) -> &'static str;
    /// Its schema.
    fn schema(&self) -> &Schema;
    /// What is wrong with a configuration.
    async fn validate(&self, config: &Value) -> Diagnostics;
    /// Makes the value.
    async fn open(&self, context: &Context<S>, config: &Value) -> Ephemeral;
    /// Makes it last longer.
    async fn renew(&self, context: &Context<S>, private: Private) -> Ephemeral;
    /// Ends it.
    async fn close(&self, context: &Context<S>, private: Private) -> Diagnostics;
}

/// Makes an ephemeral resource part of a provider.
pub fn ephemeral_resource<E: EphemeralResource>(resource: E) -> Box<dyn AnyEphemeralResource<E::Session>> {
    Box::new(Registered { resource, schema: OnceLock::new(), session: PhantomData })
}

struct Registered<E: EphemeralResource> {
    resource: E,
    schema: OnceLock<Schema>,
    session: PhantomData<fn() -> E::Session>,
}

#[async_trait]
impl<E: EphemeralResource> AnyEphemeralResource<E::Session> for Registered<E> {
    fn type_name(&self) -> &'static str {
        E::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| checked(E::TYPE_NAME, Schema::of::<E::Model>(0)))
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        let block = &self.schema().block;
        validate::validate(block, config, WriteOnly::Refused, |config, report| self.resource.validate(config, report))
            .await
    }

    async fn open(&self, context: &Context<E::Session>, config: &Value) -> Ephemeral {
        let mut diagnostics = Diagnostics::default();
        let opened = panic::catch(async {
            let config = value::from_value(config).map_err(unreadable)?;
            self.resource.open(context, config, &mut diagnostics).await
        });
        match opened.await.unwrap_or_else(|panic| Err(panic.into())) {
            Ok(Opened { result, renew_at, private }) => {
                let value = known_value(self.schema(), &Some(result), &mut diagnostics);
                Ephemeral { value, renew_at, private, diagnostics }
            }
            Err(errors) => {
                diagnostics.extend(errors);
                Ephemeral { value: Value::Null, renew_at: None, private: Private::default(), diagnostics }
            }
        }
    }

    async fn renew(&self, context: &Context<E::Session>, mut private: Private) -> Ephemeral {
        let renewed = panic::catch(self.resource.renew(context, &mut private)).await;
        let (renew_at, diagnostics) = match renewed.unwrap_or_else(|panic| Err(panic.into())) {
            Ok(renew_at) => (renew_at, Diagnostics::default()),
            Err(errors) => (None, errors),
        };
        Ephemeral { value: Value::Null, renew_at, private, diagnostics }
    }

    async fn close(&self, context: &Context<E::Session>, private: Private) -> Diagnostics {
        errors(panic::catch(self.resource.close(context, private)).await)
    }
}
