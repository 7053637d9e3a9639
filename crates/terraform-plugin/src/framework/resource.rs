//! Managed resources: planned, created, read, updated and deleted.
//!
//! Whatever happens in an apply, the response has what is known of the object: after an error, after a panic, after
//! Ctrl-C. A resource therefore writes what it knows into [`Response::state`] as soon as it knows it.

mod registered;

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::plan::ResourcePlan;
use super::validate::WriteOnly;
use super::{Context, Outcome, Private};
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::schema::{Model, Schema};
use crate::value::Value;

/// What an operation leaves behind, complete or not.
#[derive(Debug)]
pub struct Response<M> {
    /// The object as known now; `None` when there is none. Saved even when the operation fails later.
    pub state: Option<M>,
    /// The private state.
    pub private: Private,
    /// Warnings, and errors beside the one that ends the operation.
    pub diagnostics: Diagnostics,
}

/// A managed resource, as its author writes it.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// The provider that it belongs to.
    type Session: Send + Sync + 'static;
    /// Its schema and its state.
    type Model: Model;
    /// The identity of an object. Its required attributes must be given to import an object, its optional ones may be.
    type Identity: Model;
    /// `eks_image_cache`.
    const TYPE_NAME: &'static str;
    /// Counts up when stored state needs [`Resource::upgrade`].
    const SCHEMA_VERSION: i64 = 0;
    /// Counts up when stored identities need [`Resource::upgrade_identity`].
    const IDENTITY_VERSION: i64 = 0;

    /// Reports what is wrong with a configuration, beyond what its schema checks. Values may be unknown. No network.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Modifies the plan of a create or an update. A pure function of the plan and the provider's configuration.
    ///
    /// # Errors
    ///
    /// Why the change cannot be planned.
    async fn plan(&self, _context: &Context<Self::Session>, _plan: &mut ResourcePlan<Self::Model>) -> Outcome<()> {
        Ok(())
    }

    /// Creates the object. `config` holds the write-only values, `planned` everything else.
    ///
    /// # Errors
    ///
    /// Why it failed. With a [`Response::state`] the object is kept, tainted.
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
    /// Why it could not be read.
    async fn read(&self, context: &Context<Self::Session>, response: &mut Response<Self::Model>) -> Outcome<()>;

    /// Updates the object in place. [`Response::state`] starts as the prior state.
    ///
    /// # Errors
    ///
    /// Why it failed; [`Response::state`] is kept.
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
    /// Why it failed; the object stays in the state.
    async fn delete(&self, context: &Context<Self::Session>, response: &mut Response<Self::Model>) -> Outcome<()>;

    /// The object that an import ID names, as far as the ID determines it; it is read next.
    ///
    /// # Errors
    ///
    /// What is wrong with the ID.
    fn import(&self, context: &Context<Self::Session>, id: &str) -> Outcome<Self::Model>;

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

    /// What an object of another resource type, perhaps of another provider, is in this one; it is read next. `None` when
    /// `source` is not a type that can be moved. `state` is the JSON of its state.
    ///
    /// # Errors
    ///
    /// What is missing in `state`.
    fn move_state(&self, _source: &Source, _state: serde_json::Value) -> Outcome<Option<Self::Model>> {
        Ok(None)
    }

    /// Modifies the configuration that is generated from the state of an object: removes one of two arguments that are
    /// mutually exclusive. What only the provider sets, write-only values and what the schema would refuse are removed already.
    fn generate_config(&self, _config: &mut Self::Model) {}
}

/// The origin of an object that a `moved` block moves to another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `registry.terraform.io/hashicorp/null`.
    pub provider_address: String,
    /// `null_resource`.
    pub type_name: String,
    /// Version of the schema that wrote the state.
    pub schema_version: i64,
}

/// An object as Terraform stores it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// Its attributes; null when there is no object.
    pub value: Value,
    /// The private state.
    pub private: Private,
    /// The identity; null when that is not known.
    pub identity: Value,
}

/// A planned object.
#[derive(Debug)]
pub struct Planned {
    /// The object after apply; unknown parts are known then.
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
    /// Stored state, brought to the current schema.
    async fn upgrade(&self, version: i64, state: &[u8]) -> Outcome<Value>;
    /// A stored identity, brought to the current schema.
    async fn upgrade_identity(&self, version: i64, identity: &[u8]) -> Outcome<Value>;
    /// The plan for a change from `prior` to `proposed`, not modified by the resource: what is known of an object while the
    /// provider is not configured.
    fn plan_deferred(&self, prior: Stored, proposed: Value, config: &Value) -> Planned;
    /// The plan for a change from `prior` to `proposed`.
    async fn plan(&self, context: &Context<S>, prior: Stored, proposed: Value, config: &Value) -> Planned;
    /// Creates, updates or deletes the object, according to `prior` and `planned`.
    async fn apply(&self, context: &Context<S>, prior: &Value, planned: Stored, config: &Value) -> Applied;
    /// Reads the object again.
    async fn read(&self, context: &Context<S>, prior: Stored) -> Applied;
    /// The object that an import names.
    async fn import(&self, context: &Context<S>, import: Import<'_>) -> Applied;
    /// What an object of another type is in this one.
    async fn move_state(&self, source: &Source, state: &[u8]) -> Applied;
    /// A configuration that would be accepted for an object with this state.
    async fn generate_config(&self, state: &Value) -> (Value, Diagnostics);
    /// The identity of an object with this state, null when that is not known.
    fn identity_of(&self, state: &Value) -> Value;
}

/// Makes a resource part of a provider.
pub fn resource<R: Resource>(resource: R) -> Box<dyn AnyResource<R::Session>> {
    registered::register(resource)
}

#[cfg(test)]
mod tests;
