//! Managed resources: planned, created, read, updated and deleted.
//!
//! Whatever happens in an apply, the answer holds what is known of the object: after an error, after a panic, after
//! Ctrl-C. A resource therefore writes what it knows into [`Response::state`] as soon as it knows it.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::OnceLock;

use async_trait::async_trait;

use super::answer::{checked, errors, known_value, unreadable};
use super::plan::{self, ResourcePlan};
use super::validate::{self, WriteOnly};
use super::{Context, Outcome, Private, panic};
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::schema::{Model, Schema};
use crate::value::{self, Value};

/// What an operation leaves behind, complete or not.
#[derive(Debug)]
pub struct Response<M> {
    /// The object as known now; `None` when there is none. Saved even when the operation fails later.
    pub state: Option<M>,
    /// What the resource remembers.
    pub private: Private,
    /// Warnings, and errors beside the one that ends the operation.
    pub diagnostics: Diagnostics,
}

/// A managed resource, as its author writes it.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// The provider that it belongs to.
    type Provider: Send + Sync + 'static;
    /// Its schema and its state.
    type Model: Model;
    /// `eks_image_cache`.
    const TYPE_NAME: &'static str;
    /// Counts up when stored state needs [`Resource::upgrade`].
    const SCHEMA_VERSION: i64 = 0;

    /// Says what is wrong with a configuration, which may hold unknown values. No network.
    fn validate(&self, config: &Self::Model, diagnostics: &mut Diagnostics);

    /// Has its say in the plan of a create or an update. A pure function of the plan and the provider's configuration.
    ///
    /// # Errors
    ///
    /// Why the change cannot be planned.
    async fn plan(&self, context: &Context<Self::Provider>, plan: &mut ResourcePlan<Self::Model>) -> Outcome<()>;

    /// Creates the object. `config` holds the write-only values, `planned` everything else.
    ///
    /// # Errors
    ///
    /// Why it failed. With a [`Response::state`] the object is kept, tainted.
    async fn create(
        &self,
        context: &Context<Self::Provider>,
        planned: Self::Model,
        config: Self::Model,
        response: &mut Response<Self::Model>,
    ) -> Outcome<()>;

    /// Reads the object whose prior state is [`Response::state`], and sets that to `None` when it is gone.
    ///
    /// # Errors
    ///
    /// Why it could not be read.
    async fn read(&self, context: &Context<Self::Provider>, response: &mut Response<Self::Model>) -> Outcome<()>;

    /// Updates the object in place. [`Response::state`] starts as the prior state.
    ///
    /// # Errors
    ///
    /// Why it failed; [`Response::state`] is kept.
    async fn update(
        &self,
        context: &Context<Self::Provider>,
        planned: Self::Model,
        config: Self::Model,
        response: &mut Response<Self::Model>,
    ) -> Outcome<()>;

    /// Deletes the object whose prior state is [`Response::state`]; the framework clears it on success.
    ///
    /// # Errors
    ///
    /// Why it failed; the object stays in the state.
    async fn delete(&self, context: &Context<Self::Provider>, response: &mut Response<Self::Model>) -> Outcome<()>;

    /// What an import ID says of the object; it is read next.
    ///
    /// # Errors
    ///
    /// What is wrong with the ID.
    fn import(&self, context: &Context<Self::Provider>, id: &str) -> Outcome<Self::Model>;

    /// Brings state of an older schema version, as JSON, to the current one.
    ///
    /// # Errors
    ///
    /// When there is no way from that version.
    fn upgrade(&self, version: i64, _state: serde_json::Value) -> Outcome<serde_json::Value> {
        Err(Diagnostic::error(
            "State of an unknown version",
            format!(
                "The state of this {} has schema version {version}, and this provider writes version {} and cannot read \
                 that one. Use the provider version that wrote the state.",
                Self::TYPE_NAME,
                Self::SCHEMA_VERSION
            ),
        )
        .into())
    }
}

/// A planned object.
#[derive(Debug)]
pub struct Planned {
    /// The object after apply; unknown parts are known then. Null to destroy it.
    pub value: Value,
    /// The attributes whose change replaces the object.
    pub requires_replace: BTreeSet<AttributePath>,
    /// What the resource remembers.
    pub private: Private,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

/// An object after an operation.
#[derive(Debug)]
pub struct Applied {
    /// The object; null when there is none.
    pub value: Value,
    /// What the resource remembers.
    pub private: Private,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

/// A resource without its types, for the server.
#[async_trait]
pub trait AnyResource<P>: Send + Sync {
    /// Its name in a configuration.
    fn type_name(&self) -> &'static str;
    /// Its schema.
    fn schema(&self) -> &Schema;
    /// What is wrong with a configuration.
    async fn validate(&self, config: &Value, write_only: WriteOnly) -> Diagnostics;
    /// Stored state, brought to the current schema.
    async fn upgrade(&self, version: i64, state: &[u8]) -> Outcome<Value>;
    /// The plan for a change from `prior` to `proposed`.
    async fn plan(
        &self,
        context: &Context<P>,
        prior: &Value,
        proposed: Value,
        config: &Value,
        private: Private,
    ) -> Planned;
    /// Creates, updates or deletes, as `prior` and `planned` say.
    async fn apply(
        &self,
        context: &Context<P>,
        prior: &Value,
        planned: &Value,
        config: &Value,
        private: Private,
    ) -> Applied;
    /// Reads the object again.
    async fn read(&self, context: &Context<P>, prior: &Value, private: Private) -> Applied;
    /// What an import ID says of the object.
    async fn import(&self, context: &Context<P>, id: &str) -> Applied;
}

/// Makes a resource part of a provider.
pub fn resource<R: Resource>(resource: R) -> Box<dyn AnyResource<R::Provider>> {
    Box::new(Registered { resource, schema: OnceLock::new(), provider: PhantomData })
}

struct Registered<R: Resource> {
    resource: R,
    schema: OnceLock<Schema>,
    provider: PhantomData<fn() -> R::Provider>,
}

#[async_trait]
impl<R: Resource> AnyResource<R::Provider> for Registered<R> {
    fn type_name(&self) -> &'static str {
        R::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| checked(R::TYPE_NAME, Schema::of::<R::Model>(R::SCHEMA_VERSION)))
    }

    async fn validate(&self, config: &Value, write_only: WriteOnly) -> Diagnostics {
        let block = &self.schema().block;
        validate::validate(block, config, write_only, |config, report| self.resource.validate(config, report)).await
    }

    async fn upgrade(&self, version: i64, state: &[u8]) -> Outcome<Value> {
        let schema = self.schema();
        let unreadable = |error: &dyn Display| {
            let detail = format!(
                "The stored state of this {} cannot be read: {error}. Restore the state from a backup, or remove the \
                 object from the state and import it again.",
                R::TYPE_NAME
            );
            Diagnostic::error("Unreadable state", detail)
        };
        let mut value = if version == R::SCHEMA_VERSION {
            value::json::decode_state(state, &schema.ty).map_err(|error| unreadable(&error))?
        } else {
            let state = serde_json::from_slice(state).map_err(|error| unreadable(&error))?;
            let upgraded = panic::catch(async { self.resource.upgrade(version, state) }).await??;
            value::json::decode_state(upgraded.to_string().as_bytes(), &schema.ty)
                .map_err(|error| unreadable(&error))?
        };
        plan::null_write_only(&schema.block, &mut value);
        Ok(value)
    }

    async fn plan(
        &self,
        context: &Context<R::Provider>,
        prior: &Value,
        proposed: Value,
        config: &Value,
        private: Private,
    ) -> Planned {
        if proposed == Value::Null {
            let (requires_replace, diagnostics) = Default::default();
            return Planned { value: Value::Null, requires_replace, private, diagnostics };
        }
        let (value, replace) = plan::default_plan(&self.schema().block, prior, proposed, config);
        let mut plan = match ResourcePlan::new(prior, config, value, replace, private) {
            Ok(plan) => plan,
            Err(error) => {
                let (requires_replace, private) = Default::default();
                return Planned { value: prior.clone(), requires_replace, private, diagnostics: error.into() };
            }
        };
        let result = panic::catch(self.resource.plan(context, &mut plan)).await;
        plan.diagnostics.extend(errors(result));
        plan.finish(&self.schema().ty)
    }

    async fn apply(
        &self,
        context: &Context<R::Provider>,
        prior: &Value,
        planned: &Value,
        config: &Value,
        private: Private,
    ) -> Applied {
        let state = match value::from_value(prior).map_err(unreadable) {
            Ok(state) => state,
            Err(error) => return Applied { value: prior.clone(), private, diagnostics: error.into() },
        };
        let mut response = Response { state, private, diagnostics: Diagnostics::default() };
        let result = panic::catch(async {
            match (prior, planned) {
                (_, Value::Null) => {
                    self.resource.delete(context, &mut response).await?;
                    response.state = None;
                    Ok(())
                }
                (prior, _) => {
                    let planned = value::from_value(planned).map_err(unreadable)?;
                    let config = value::from_value(config).map_err(unreadable)?;
                    match prior {
                        Value::Null => self.resource.create(context, planned, config, &mut response).await,
                        _ => self.resource.update(context, planned, config, &mut response).await,
                    }
                }
            }
        });
        let result = result.await;
        let mut applied = self.applied(response, result);
        if applied.value.is_null() && !planned.is_null() && !applied.diagnostics.has_errors() {
            // Terraform would report a bug without a word of what happened.
            let detail = "The operation ended without an object and without an error. This is a bug in the provider; \
                          please report it.";
            applied.diagnostics.push(Diagnostic::error("Nothing to save", detail));
        }
        applied
    }

    async fn read(&self, context: &Context<R::Provider>, prior: &Value, private: Private) -> Applied {
        let state = match value::from_value(prior).map_err(unreadable) {
            Ok(state) => state,
            Err(error) => return Applied { value: prior.clone(), private, diagnostics: error.into() },
        };
        let mut response = Response { state, private, diagnostics: Diagnostics::default() };
        let result = panic::catch(self.resource.read(context, &mut response)).await;
        self.applied(response, result)
    }

    async fn import(&self, context: &Context<R::Provider>, id: &str) -> Applied {
        let mut response = Response { state: None, private: Private::default(), diagnostics: Diagnostics::default() };
        let result = panic::catch(async {
            response.state = Some(self.resource.import(context, id)?);
            Ok(())
        });
        let result = result.await;
        self.applied(response, result)
    }
}

impl<R: Resource> Registered<R> {
    /// What is saved: wholly known, without write-only values.
    fn applied(&self, response: Response<R::Model>, result: Result<Outcome<()>, Diagnostic>) -> Applied {
        let Response { state, private, mut diagnostics } = response;
        diagnostics.extend(errors(result));
        let schema = self.schema();
        let mut value = known_value(schema, &state, &mut diagnostics);
        plan::null_write_only(&schema.block, &mut value);
        Applied { value, private, diagnostics }
    }
}

#[cfg(test)]
mod tests;
