//! Data sources: read at plan time if their arguments are known.

use std::marker::PhantomData;
use std::sync::OnceLock;

use async_trait::async_trait;

use super::response::{checked, known_value, unreadable};
use super::stop::unless_stopped;
use super::validate::{self, WriteOnly};
use super::{Context, Outcome, panic};
use crate::diagnostics::Diagnostics;
use crate::schema::{Model, Schema};
use crate::value::{self, Value};

/// A data source.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// The provider that it belongs to.
    type Session: Send + Sync + 'static;
    /// Its schema: arguments and results.
    type Model: Model;
    /// `eks_pod_disk`.
    const TYPE_NAME: &'static str;

    /// Validates the arguments beyond their schema. Values may be unknown. Must not use the network.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Reads. Returns the arguments and the results.
    ///
    /// # Errors
    ///
    /// The read failed.
    async fn read(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
        diagnostics: &mut Diagnostics,
    ) -> Outcome<Self::Model>;
}

/// A data source without its types, for the server.
#[async_trait]
pub trait AnyDataSource<S>: Send + Sync {
    /// Its name in a configuration.
    fn type_name(&self) -> &'static str;
    /// Its schema.
    fn schema(&self) -> &Schema;
    /// Validates a configuration.
    async fn validate(&self, config: &Value) -> Diagnostics;
    /// The data source's state; null if the read failed.
    async fn read(&self, context: &Context<S>, config: &Value) -> (Value, Diagnostics);
}

/// Registers a data source.
pub fn data_source<D: DataSource>(data_source: D) -> Box<dyn AnyDataSource<D::Session>> {
    Box::new(Registered { data_source, schema: OnceLock::new(), session: PhantomData })
}

struct Registered<D: DataSource> {
    data_source: D,
    schema: OnceLock<Schema>,
    session: PhantomData<fn() -> D::Session>,
}

#[async_trait]
impl<D: DataSource> AnyDataSource<D::Session> for Registered<D> {
    fn type_name(&self) -> &'static str {
        D::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| checked(D::TYPE_NAME, Schema::of::<D::Model>(0)))
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        let block = &self.schema().block;
        validate::validate(block, config, WriteOnly::Refused, |config, report| {
            self.data_source.validate(config, report)
        })
        .await
    }

    async fn read(&self, context: &Context<D::Session>, config: &Value) -> (Value, Diagnostics) {
        let mut diagnostics = Diagnostics::default();
        let result = panic::catch(async {
            let config = value::from_value(config).map_err(unreadable)?;
            unless_stopped(&context.stop, self.data_source.read(context, config, &mut diagnostics)).await
        });
        let model = match result.await.unwrap_or_else(|panic| Err(panic.into())) {
            Ok(model) => Some(model),
            Err(errors) => {
                diagnostics.extend(errors);
                None
            }
        };
        let value = known_value(self.schema(), &model, &mut diagnostics);
        (value, validate::in_lines(&self.schema().block, config, diagnostics))
    }
}

#[cfg(test)]
mod tests;
