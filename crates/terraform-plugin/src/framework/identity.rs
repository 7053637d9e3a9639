//! Resource identity: a few attributes that name a remote object for good, in any state and to any client.
//!
//! An identity is a function of the state. So it is right after create, read and import, an object from before there were
//! identities gets one when it is read, and the framework can hold that it never changes.

use std::sync::OnceLock;

use async_trait::async_trait;

use super::answer::{checked, unreadable};
use super::resource::register;
use super::{AnyResource, Context, Outcome, Resource};
use crate::diagnostics::Diagnostic;
use crate::schema::{Model, Schema};
use crate::value::{self, Value};

/// A resource whose objects have an identity.
#[async_trait]
pub trait Identified: Resource {
    /// The identity. Its required attributes must be given to import an object, its optional ones may be.
    type Identity: Model;
    /// Counts up when stored identities need [`Identified::upgrade_identity`].
    const IDENTITY_VERSION: i64 = 0;

    /// The identity of an object. What is unknown or null in the state may be so here.
    fn identity(&self, state: &Self::Model) -> Self::Identity;

    /// The object with this identity, as far as the identity determines it; it is read next. An optional attribute that was
    /// omitted is null here, and must be filled in: Terraform takes no import by identity without a complete identity.
    ///
    /// # Errors
    ///
    /// What is wrong with the identity, or why an omitted attribute cannot be filled in.
    async fn import_identity(&self, context: &Context<Self::Session>, identity: Self::Identity)
    -> Outcome<Self::Model>;

    /// Brings an identity of an older version, as JSON, to the current one.
    ///
    /// # Errors
    ///
    /// When there is no way from that version.
    fn upgrade_identity(&self, version: i64, _identity: serde_json::Value) -> Outcome<serde_json::Value> {
        Err(Diagnostic::error(
            "Identity of an unknown version",
            format!(
                "The identity of this {} has version {version}, and this provider writes version {} and cannot read that \
                 one. Use the provider version that wrote the state.",
                Self::TYPE_NAME,
                Self::IDENTITY_VERSION
            ),
        )
        .into())
    }
}

/// Makes a resource whose objects have an identity part of a provider.
pub fn identified_resource<R: Identified>(resource: R) -> Box<dyn AnyResource<R::Session>> {
    register(resource, ByIdentity::default())
}

/// How the framework gets at the identities of `R`'s objects.
#[async_trait]
pub(super) trait Identification<R: Resource>: Send + Sync + 'static {
    /// `None` when they have none.
    fn schema(&self) -> Option<&Schema>;
    /// The identity, perhaps not wholly known; null when they have none.
    fn of(&self, resource: &R, state: &R::Model) -> Result<Value, Diagnostic>;
    /// See [`Identified::import_identity`].
    async fn import(&self, resource: &R, context: &Context<R::Session>, identity: &Value) -> Outcome<R::Model>;
    /// See [`Identified::upgrade_identity`].
    fn upgrade(&self, resource: &R, version: i64, identity: serde_json::Value) -> Outcome<serde_json::Value>;
}

/// They have none.
pub(super) struct NoIdentity;

#[async_trait]
impl<R: Resource> Identification<R> for NoIdentity {
    fn schema(&self) -> Option<&Schema> {
        None
    }

    fn of(&self, _: &R, _: &R::Model) -> Result<Value, Diagnostic> {
        Ok(Value::Null)
    }

    async fn import(&self, _: &R, _: &Context<R::Session>, _: &Value) -> Outcome<R::Model> {
        Err(no_identity(R::TYPE_NAME).into())
    }

    fn upgrade(&self, _: &R, _: i64, _: serde_json::Value) -> Outcome<serde_json::Value> {
        Err(no_identity(R::TYPE_NAME).into())
    }
}

/// They have one, with this schema.
#[derive(Default)]
struct ByIdentity(OnceLock<Schema>);

impl ByIdentity {
    fn schema<R: Identified>(&self) -> &Schema {
        let schema = || checked(R::TYPE_NAME, Schema::of_identity::<R::Identity>(R::IDENTITY_VERSION));
        self.0.get_or_init(schema)
    }
}

#[async_trait]
impl<R: Identified> Identification<R> for ByIdentity {
    fn schema(&self) -> Option<&Schema> {
        Some(self.schema::<R>())
    }

    fn of(&self, resource: &R, state: &R::Model) -> Result<Value, Diagnostic> {
        let identity = value::to_value(&resource.identity(state)).map_err(unreadable)?;
        identity.conforms(&self.schema::<R>().ty).map_err(unreadable)?;
        Ok(identity)
    }

    async fn import(&self, resource: &R, context: &Context<R::Session>, identity: &Value) -> Outcome<R::Model> {
        let missing = missing(self.schema::<R>(), identity);
        if let Some(name) = missing {
            let detail = format!("The identity has no {name}, which an import of {} needs.", R::TYPE_NAME);
            return Err(Diagnostic::error("Incomplete identity", detail).into());
        }
        resource.import_identity(context, value::from_value(identity).map_err(unreadable)?).await
    }

    fn upgrade(&self, resource: &R, version: i64, identity: serde_json::Value) -> Outcome<serde_json::Value> {
        if version == R::IDENTITY_VERSION { Ok(identity) } else { resource.upgrade_identity(version, identity) }
    }
}

/// An identity for an answer about an object that exists: whole, or null.
pub(super) fn whole(schema: Option<&Schema>, identity: Value) -> Value {
    match schema {
        Some(schema) if identity.is_wholly_known() && missing(schema, &identity).is_none() => identity,
        _ => Value::Null,
    }
}

/// True when `after` contradicts `before`. What was null before, as after an import by an ID alone, may have become known.
pub(super) fn changed(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_map(), after.as_map()) else { return false };
    before.iter().any(|(name, value)| !value.is_null() && after.get(name) != Some(value))
}

/// The attributes that the identity of an object with this state leaves null.
pub(super) fn nulls(identity: &Value) -> Vec<&str> {
    let attributes = identity.as_map().into_iter().flatten();
    attributes.filter(|(_, value)| value.is_null()).map(|(name, _)| name.as_str()).collect()
}

/// A required attribute that the identity does not have.
fn missing<'a>(schema: &'a Schema, identity: &Value) -> Option<&'a str> {
    let has = |name: &String| identity.as_map().and_then(|identity| identity.get(name)).is_some_and(|v| !v.is_null());
    let mut required = schema.block.attributes.iter().filter(|(_, attribute)| attribute.behavior.required);
    required.find(|(name, _)| !has(name)).map(|(name, _)| name.as_str())
}

fn no_identity(type_name: &str) -> Diagnostic {
    let detail = format!("Objects of type {type_name} have no identity. Import them by their ID.");
    Diagnostic::error("No identity", detail)
}
