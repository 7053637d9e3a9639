//! A registered resource: converts between its types and values.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::OnceLock;

use async_trait::async_trait;

use super::{AnyResource, Applied, Import, Planned, Resource, Response, Source, Stored};
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::framework::identity;
use crate::framework::plan::{self, ResourcePlan};
use crate::framework::response::{checked, errors, known, known_value, unreadable};
use crate::framework::stop::unless_stopped;
use crate::framework::validate::{self, WriteOnly};
use crate::framework::{Context, Outcome, Private, generate, panic};
use crate::schema::Schema;
use crate::value::{self, Value};

/// Registers a resource.
pub(super) fn register<R: Resource>(resource: R) -> Box<dyn AnyResource<R::Session>> {
    Box::new(Registered { resource, schema: OnceLock::new(), identity_schema: OnceLock::new(), session: PhantomData })
}

struct Registered<R: Resource> {
    resource: R,
    schema: OnceLock<Schema>,
    identity_schema: OnceLock<Schema>,
    session: PhantomData<fn() -> R::Session>,
}

#[async_trait]
impl<R: Resource> AnyResource<R::Session> for Registered<R> {
    fn type_name(&self) -> &'static str {
        R::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| checked(R::TYPE_NAME, Schema::of::<R::Model>(R::SCHEMA_VERSION)))
    }

    fn identity_schema(&self) -> &Schema {
        let schema = || checked(R::TYPE_NAME, self.schema().identity(R::IDENTITY_VERSION));
        self.identity_schema.get_or_init(schema)
    }

    async fn validate(&self, config: &Value, write_only: WriteOnly) -> Diagnostics {
        let block = &self.schema().block;
        validate::validate(block, config, write_only, |config, report| self.resource.validate(config, report)).await
    }

    async fn upgrade(&self, version: i64, state: &[u8]) -> Outcome<Value> {
        let schema = self.schema();
        let mut value = if version == R::SCHEMA_VERSION {
            value::json::decode_state(state, &schema.ty).map_err(|error| stored(R::TYPE_NAME, &error))?
        } else {
            let state = serde_json::from_slice(state).map_err(|error| stored(R::TYPE_NAME, &error))?;
            let upgraded = panic::catch_sync(|| self.resource.upgrade(version, state))??;
            decode(R::TYPE_NAME, &upgraded, schema)?
        };
        plan::null_write_only(&schema.block, &mut value);
        Ok(value)
    }

    async fn upgrade_identity(&self, version: i64, identity: &[u8]) -> Outcome<Value> {
        let mut identity = serde_json::from_slice(identity).map_err(|error| stored(R::TYPE_NAME, &error))?;
        if version != R::IDENTITY_VERSION {
            identity = panic::catch_sync(|| self.resource.upgrade_identity(version, identity))??;
        }
        decode(R::TYPE_NAME, &identity, self.identity_schema())
    }

    fn plan_deferred(&self, prior: Stored, proposed: Value, config: &Value) -> Planned {
        let (value, requires_replace) = self.default_plan(&prior.value, proposed, config);
        Planned { object: Stored { value, ..prior }, requires_replace, diagnostics: Diagnostics::default() }
    }

    async fn plan(&self, context: &Context<R::Session>, prior: Stored, proposed: Value, config: &Value) -> Planned {
        if proposed.is_null() {
            return self.plan_deferred(prior, proposed, config);
        }
        let (value, requires_replace) = self.default_plan(&prior.value, proposed, config);
        let Stored { value: prior, private, identity } = prior;
        let mut plan = match ResourcePlan::new(prior, config, value, requires_replace, private) {
            Ok(plan) => plan,
            Err(error) => {
                let object = Stored { identity, ..Stored::default() };
                return Planned { object, requires_replace: BTreeSet::new(), diagnostics: error.into() };
            }
        };
        let result = panic::catch(unless_stopped(&context.stop, self.resource.plan(context, &mut plan))).await;
        plan.diagnostics.extend(errors(result));
        let mut planned = plan.finish(&self.schema().ty);
        planned.object.identity = identity;
        if planned.object.identity.is_null() && !planned.diagnostics.has_errors() {
            // Omitted while any part is unknown: Terraform 1.12 to 1.16 cannot render a plan with a partly known
            // identity ("Failed to marshal plan to json: value is not known"), and OpenTofu 1.12 refuses it.
            planned.object.identity = self.identity_of(&planned.object.value);
        }
        planned.diagnostics = validate::in_lines(&self.schema().block, config, planned.diagnostics);
        planned
    }

    async fn apply(&self, context: &Context<R::Session>, prior: &Value, planned: Stored, config: &Value) -> Applied {
        let Stored { value: planned, private, identity } = planned;
        let state = match value::from_value(prior).map_err(unreadable) {
            Ok(state) => state,
            Err(error) => return lost(Stored { value: prior.clone(), private, identity }, error),
        };
        let mut response = Response { state, private, diagnostics: Diagnostics::default() };
        let result = panic::catch(async {
            if planned.is_null() {
                self.resource.delete(context, &mut response).await?;
                response.state = None;
                return Ok(());
            }
            let planned = value::from_value(&planned).map_err(unreadable)?;
            let config = value::from_value(config).map_err(unreadable)?;
            if prior.is_null() {
                self.resource.create(context, planned, config, &mut response).await
            } else {
                self.resource.update(context, planned, config, &mut response).await
            }
        });
        let result = result.await;
        let before = if prior.is_null() { Value::Null } else { identity };
        let mut applied = self.applied(response, result, &before);
        applied.diagnostics = validate::in_lines(&self.schema().block, config, applied.diagnostics);
        if applied.object.value.is_null() && !planned.is_null() && !applied.diagnostics.has_errors() {
            // Terraform would report a bug without the reason.
            let detail = "The operation ended without an object and without an error. This is a bug in the provider; \
                          please report it.";
            applied.diagnostics.push(Diagnostic::error("Nothing to save", detail));
        }
        applied
    }

    async fn read(&self, context: &Context<R::Session>, prior: Stored) -> Applied {
        let state = match value::from_value(&prior.value).map_err(unreadable) {
            Ok(state) => state,
            Err(error) => return lost(prior, error),
        };
        let mut response = Response { state, private: prior.private, diagnostics: Diagnostics::default() };
        let result = panic::catch(unless_stopped(&context.stop, self.resource.read(context, &mut response))).await;
        self.applied(response, result, &prior.identity)
    }

    async fn import(&self, context: &Context<R::Session>, import: Import<'_>) -> Applied {
        let imported = self.made(async {
            Ok(Some(match import {
                Import::Id(id) => self.resource.import(context, id)?,
                Import::Identity(identity) => {
                    identity::check(R::TYPE_NAME, self.identity_schema(), identity)?;
                    let known = identity.as_map().cloned().unwrap_or_default();
                    let object = identity::object(self.schema(), &known)?;
                    unless_stopped(&context.stop, self.resource.import_identity(context, object)).await?
                }
            }))
        });
        let mut imported = imported.await;
        let nulls = identity::nulls(&imported.object.identity);
        if nulls.is_empty() {
            return imported;
        }
        if let Import::Identity(_) = import {
            let detail = format!(
                "The import of this {} by its identity left {} of the identity null. This is a bug in the provider; please \
                 report it.",
                R::TYPE_NAME,
                nulls.join(" and "),
            );
            return Applied {
                object: Stored::default(),
                diagnostics: Diagnostic::error("Identity not complete", detail).into(),
            };
        }
        // The read that follows an import by ID returns the complete identity.
        imported.object.identity = Value::Null;
        imported
    }

    async fn move_state(&self, source: &Source, state: &[u8]) -> Applied {
        let moved = self.made(async {
            let state = serde_json::from_slice(state).map_err(|error| stored(&source.type_name, &error))?;
            let moved = self.resource.move_state(source, state)?;
            if moved.is_none() {
                let detail = format!(
                    "A {} of {} cannot become a {}. Remove the moved block; import the object instead.",
                    source.type_name,
                    source.provider_address,
                    R::TYPE_NAME
                );
                return Err(Diagnostic::error("Unsupported move", detail).into());
            }
            Ok(moved)
        });
        let mut moved = moved.await;
        if !identity::nulls(&moved.object.identity).is_empty() {
            // The read that follows returns the complete identity.
            moved.object.identity = Value::Null;
        }
        moved
    }

    async fn generate_config(&self, state: &Value) -> (Value, Diagnostics) {
        let schema = self.schema();
        let mut config = state.clone();
        generate::config_of_state(&schema.block, &mut config);
        let own = panic::catch_sync(|| {
            let mut model = value::from_value(&config).map_err(unreadable)?;
            self.resource.generate_config(&mut model);
            Outcome::Ok(model)
        });
        match own.unwrap_or_else(|panic| Err(panic.into())) {
            Ok(model) => {
                let mut diagnostics = Diagnostics::default();
                (known_value(schema, &Some::<R::Model>(model), &mut diagnostics), diagnostics)
            }
            Err(errors) => (config, errors),
        }
    }

    fn identity_of(&self, state: &Value) -> Value {
        let schema = self.identity_schema();
        identity::whole(schema, identity::of(schema, state))
    }
}

impl<R: Resource> Registered<R> {
    fn default_plan(&self, prior: &Value, proposed: Value, config: &Value) -> (Value, BTreeSet<AttributePath>) {
        if proposed.is_null() {
            return (Value::Null, BTreeSet::new());
        }
        plan::default_plan(&self.schema().block, prior, proposed, config)
    }

    /// The object to save: wholly known, without write-only values, and with the same identity as before.
    fn applied(
        &self,
        response: Response<R::Model>,
        result: Result<Outcome<()>, Diagnostic>,
        before: &Value,
    ) -> Applied {
        let Response { state, private, mut diagnostics } = response;
        diagnostics.extend(errors(result));
        let schema = self.schema();
        let state = value::to_value(&state).unwrap_or_else(|error| {
            diagnostics.push(unreadable(error));
            Value::Null
        });
        let mut identity = self.identity_of(&state);
        let mut value = known(schema, state, &mut diagnostics);
        plan::null_write_only(&schema.block, &mut value);
        if identity::changed(before, &identity) {
            let detail = format!(
                "The identity of this {} has changed, although it is the same object. This is a bug in the provider; please \
                report it.",
                R::TYPE_NAME
            );
            diagnostics.push(Diagnostic::error("Identity changed", detail));
            identity = before.clone();
        }
        Applied { object: Stored { value, private, identity }, diagnostics }
    }

    /// An object that was not read from the cloud. Its identity may have null attributes.
    async fn made(&self, make: impl Future<Output = Outcome<Option<R::Model>>>) -> Applied {
        let (state, result) = match panic::catch(make).await {
            Ok(Ok(state)) => (state, Ok(Ok(()))),
            Ok(Err(errors)) => (None, Ok(Err(errors))),
            Err(panic) => (None, Err(panic)),
        };
        let response = Response { state, private: Private::default(), diagnostics: Diagnostics::default() };
        self.applied(response, result, &Value::Null)
    }
}

/// A value from JSON of the current version.
fn decode(type_name: &str, json: &serde_json::Value, schema: &Schema) -> Outcome<Value> {
    Ok(value::json::decode_state(json.to_string().as_bytes(), &schema.ty).map_err(|error| stored(type_name, &error))?)
}

fn stored(type_name: &str, error: &dyn Display) -> Diagnostic {
    let detail = format!(
        "The stored state of this {type_name} cannot be read: {error}. Restore the state from a backup, or remove the \
         object from the state and import it again."
    );
    Diagnostic::error("Unreadable state", detail)
}

fn lost(object: Stored, error: Diagnostic) -> Applied {
    Applied { object, diagnostics: error.into() }
}
