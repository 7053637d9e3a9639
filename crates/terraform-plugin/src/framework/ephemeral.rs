//! Ephemeral resources: values that are not stored in plan or state.
//!
//! Terraform opens one when it is needed, renews it while it is in use, and closes it afterwards. Data for these calls is in
//! [`Private`].

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

/// The result of an open.
#[derive(Debug)]
pub struct Opened<M> {
    /// The arguments and the results.
    pub result: M,
    /// When to renew it; `None` for never.
    pub renew_at: Option<SystemTime>,
    /// What renew and close need.
    pub private: Private,
}

/// An ephemeral resource.
#[async_trait]
pub trait EphemeralResource: Send + Sync + 'static {
    /// The provider that it belongs to.
    type Session: Send + Sync + 'static;
    /// Its schema: arguments and results.
    type Model: Model;
    /// `eks_registry_token`.
    const TYPE_NAME: &'static str;

    /// Validates the arguments beyond their schema. Values may be unknown. Must not use the network.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Opens the resource. The arguments are known.
    ///
    /// # Errors
    ///
    /// The open failed. Terraform then does not call close.
    async fn open(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
        diagnostics: &mut Diagnostics,
    ) -> Outcome<Opened<Self::Model>>;

    /// Renews the resource, and returns when to do so again. Called at [`Opened::renew_at`].
    ///
    /// # Errors
    ///
    /// The renewal failed.
    async fn renew(&self, _: &Context<Self::Session>, _: &mut Private) -> Outcome<Option<SystemTime>> {
        Ok(None)
    }

    /// Closes the resource. Called after every successful open.
    ///
    /// # Errors
    ///
    /// The close failed: the value may still be valid.
    async fn close(&self, _: &Context<Self::Session>, _: Private) -> Outcome<()> {
        Ok(())
    }
}

/// An ephemeral resource after an operation.
#[derive(Debug, PartialEq)]
pub struct Ephemeral {
    /// Arguments and results; null if the open failed, and after a renewal.
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
    /// Validates a configuration.
    async fn validate(&self, config: &Value) -> Diagnostics;
    /// Opens the resource.
    async fn open(&self, context: &Context<S>, config: &Value) -> Ephemeral;
    /// Renews the resource.
    async fn renew(&self, context: &Context<S>, private: Private) -> Ephemeral;
    /// Closes the resource.
    async fn close(&self, context: &Context<S>, private: Private) -> Diagnostics;
}

/// Registers an ephemeral resource.
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
