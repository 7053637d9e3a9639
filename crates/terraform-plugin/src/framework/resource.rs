//! Managed resources: planned, created, read, updated and deleted.
//!
//! The response to an apply always has the known state of the object, even after an error, a panic or Ctrl-C. So a resource must
//! set [`Response::state`] as soon as it has new information.

mod registered;

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::plan::ResourcePlan;
use super::validate::WriteOnly;
use super::{Context, Outcome, Private, identity};
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::schema::{Model, Schema};
use crate::value::Value;

/// The result of an operation, complete or not.
#[derive(Debug)]
pub struct Response<M> {
    /// The known state of the object; `None` if there is none. Saved even if the operation fails later.
    pub state: Option<M>,
    /// The private state.
    pub private: Private,
    /// Warnings, and errors in addition to the one that ends the operation.
    pub diagnostics: Diagnostics,
}

/// A managed resource.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// The provider that it belongs to.
    type Session: Send + Sync + 'static;
    /// Its schema and its state. The attributes that are [`required_for_import`](crate::schema::Behavior::required_for_import) or
    /// [`optional_for_import`](crate::schema::Behavior::optional_for_import) are its identity.
    type Model: Model;
    /// `eks_image_cache`.
    const TYPE_NAME: &'static str;
    /// Schema version. Increase it if stored state needs [`Resource::upgrade`].
    const SCHEMA_VERSION: i64 = 0;
    /// Identity version. Increase it if stored identities need [`Resource::upgrade_identity`].
    const IDENTITY_VERSION: i64 = 0;

    /// Validates a configuration beyond its schema. Values may be unknown. Must not use the network.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Modifies the plan of a create or an update. A pure function of the plan and the provider's configuration.
    ///
    /// # Errors
    ///
    /// The change cannot be planned.
    async fn plan(&self, _context: &Context<Self::Session>, _plan: &mut ResourcePlan<Self::Model>) -> Outcome<()> {
        Ok(())
    }

    /// Creates the object. `config` has the write-only values, `planned` all others.
    ///
    /// # Errors
    ///
    /// The create failed. If [`Response::state`] is set, the object is saved as tainted.
    async fn create(
        &self,
        context: &Context<Self::Session>,
        planned: Self::Model,
        config: Self::Model,
        response: &mut Response<Self::Model>,
    ) -> Outcome<()>;

    /// Reads the object whose prior state is [`Response::state`], and sets that to `None` if it no longer exists.
    ///
    /// # Errors
    ///
    /// The read failed.
    async fn read(&self, context: &Context<Self::Session>, response: &mut Response<Self::Model>) -> Outcome<()>;

    /// Updates the object in place. [`Response::state`] starts as the prior state.
    ///
    /// # Errors
    ///
    /// The update failed; [`Response::state`] is saved.
    async fn update(
        &self,
        context: &Context<Self::Session>,
        planned: Self::Model,
        config: Self::Model,
        response: &mut Response<Self::Model>,
    ) -> Outcome<()>;

    /// Deletes the object whose prior state is [`Response::state`]; the framework clears it on success.
    ///
    /// # Errors
    ///
    /// The delete failed; the object stays in the state.
    async fn delete(&self, context: &Context<Self::Session>, response: &mut Response<Self::Model>) -> Outcome<()>;

    /// The object with this import ID, as far as the ID determines it; it is read next. By default the ID is the required
    /// attribute of the identity, if there is only one.
    ///
    /// # Errors
    ///
    /// The ID is invalid.
    fn import(&self, _context: &Context<Self::Session>, id: &str) -> Outcome<Self::Model> {
        identity::by_import_id(Self::TYPE_NAME, id)
    }

    /// The object with an identity, as far as the identity determines it; it is read next. `object` has the attributes of the
    /// identity; the others are null. An omitted optional attribute is null, too, and must be set: Terraform requires a complete
    /// identity.
    ///
    /// # Errors
    ///
    /// The identity is invalid, or an omitted attribute cannot be determined.
    async fn import_identity(&self, _context: &Context<Self::Session>, object: Self::Model) -> Outcome<Self::Model> {
        Ok(object)
    }

    /// Upgrades state of an older schema version, as JSON, to the current one.
    ///
    /// # Errors
    ///
    /// The version is not supported.
    fn upgrade(&self, version: i64, _state: serde_json::Value) -> Outcome<serde_json::Value> {
        Err(Diagnostic::error(
            "State of an unknown version",
            format!(
                "The state of this {} has schema version {version}, but this provider writes version {} and does not support \
                that one. Use the provider version that wrote the state.",
                Self::TYPE_NAME,
                Self::SCHEMA_VERSION
            ),
        )
        .into())
    }

    /// Upgrades an identity of an older version, as JSON, to the current one.
    ///
    /// # Errors
    ///
    /// The version is not supported.
    fn upgrade_identity(&self, version: i64, _identity: serde_json::Value) -> Outcome<serde_json::Value> {
        Err(Diagnostic::error(
            "Identity of an unknown version",
            format!(
                "The identity of this {} has version {version}, but this provider writes version {} and does not support \
                that one. Use the provider version that wrote the state.",
                Self::TYPE_NAME,
                Self::IDENTITY_VERSION
            ),
        )
        .into())
    }

    /// Converts an object of another resource type, possibly of another provider, to this one; it is read next. `None` if `source`
    /// is not a supported type. `state` is the JSON of its state.
    ///
    /// # Errors
    ///
    /// `state` is incomplete.
    fn move_state(&self, _source: &Source, _state: serde_json::Value) -> Outcome<Option<Self::Model>> {
        Ok(None)
    }

    /// Modifies a configuration that was generated from state, for example to remove one of two mutually exclusive arguments.
    /// Computed attributes, write-only values and values that the schema would refuse have been removed already.
    fn generate_config(&self, _config: &mut Self::Model) {}
}

/// The source of an object that a `moved` block moves to another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `registry.terraform.io/hashicorp/null`.
    pub provider_address: String,
    /// `null_resource`.
    pub type_name: String,
    /// Schema version of the state.
    pub schema_version: i64,
}

/// An object in Terraform's state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// Its attributes; null if there is no object.
    pub value: Value,
    /// The private state.
    pub private: Private,
    /// The identity; null if it is not known.
    pub identity: Value,
}

/// A planned object.
#[derive(Debug)]
pub struct Planned {
    /// The planned new state; unknown parts are known after apply.
    pub object: Stored,
    /// The attributes whose change replaces the object.
    pub requires_replace: BTreeSet<AttributePath>,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

/// An object after an operation.
#[derive(Debug)]
pub struct Applied {
    /// The object.
    pub object: Stored,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

/// Import target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Import<'a> {
    /// The ID of `terraform import`.
    Id(&'a str),
    /// An identity.
    Identity(&'a Value),
}

/// A resource without its types, for the server.
#[async_trait]
pub trait AnyResource<S>: Send + Sync {
    /// Its name in a configuration.
    fn type_name(&self) -> &'static str;
    /// Its schema.
    fn schema(&self) -> &Schema;
    /// The schema of its identity.
    fn identity_schema(&self) -> &Schema;
    /// The errors and warnings about a configuration.
    async fn validate(&self, config: &Value, write_only: WriteOnly) -> Diagnostics;
    /// Upgrades stored state to the current schema.
    async fn upgrade(&self, version: i64, state: &[u8]) -> Outcome<Value>;
    /// Upgrades a stored identity to the current schema.
    async fn upgrade_identity(&self, version: i64, identity: &[u8]) -> Outcome<Value>;
    /// The plan for a change from `prior` to `proposed`, without modifications by the resource: for use while the provider is not
    /// configured.
    fn plan_deferred(&self, prior: Stored, proposed: Value, config: &Value) -> Planned;
    /// The plan for a change from `prior` to `proposed`.
    async fn plan(&self, context: &Context<S>, prior: Stored, proposed: Value, config: &Value) -> Planned;
    /// Creates, updates or deletes the object, according to `prior` and `planned`.
    async fn apply(&self, context: &Context<S>, prior: &Value, planned: Stored, config: &Value) -> Applied;
    /// Reads the object again.
    async fn read(&self, context: &Context<S>, prior: Stored) -> Applied;
    /// Imports an object.
    async fn import(&self, context: &Context<S>, import: Import<'_>) -> Applied;
    /// Converts an object of another type to this one.
    async fn move_state(&self, source: &Source, state: &[u8]) -> Applied;
    /// Generates a configuration from the state of an object.
    async fn generate_config(&self, state: &Value) -> (Value, Diagnostics);
    /// The identity of an object with this state, null if it is not known.
    fn identity_of(&self, state: &Value) -> Value;
}

/// Registers a resource.
pub fn resource<R: Resource>(resource: R) -> Box<dyn AnyResource<R::Session>> {
    registered::register(resource)
}

#[cfg(test)]
mod tests;
