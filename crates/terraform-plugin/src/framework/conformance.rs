//! Simulates Terraform for one resource, and asserts Terraform's rules for each response.
//!
//! [`run`] runs the lifecycle of a resource; [`Terraform`] is for tests with other steps. A violation, which Terraform would
//! report as a bug in the provider, panics. Errors of the resource are returned to the test.

mod descriptions;
mod propose;
mod rules;

pub use descriptions::description_violations;
pub use propose::propose;
pub use rules::{
    Violations, apply_violations, identity_violations, plan_violations, second_plan_violations, state_violations,
};

use super::{AnyResource, Context, Import, Outcome, Planned, Stored, WriteOnly};
use crate::diagnostics::Diagnostics;
use crate::value::{Type, Value};

/// Creates, updates to each further configuration, and destroys. Asserts after each apply that a plan has no changes, with and
/// without a refresh.
///
/// # Panics
///
/// At any error, and any violation of Terraform's rules.
pub async fn run<S>(resource: &dyn AnyResource<S>, context: &Context<S>, configs: &[Value]) {
    let mut terraform = Terraform::new(resource, context);
    for config in configs {
        terraform.apply(config).await.unwrap_or_else(|errors| panic!("{config:?}: {errors:#?}"));
        terraform.assert_no_changes(config).await;
    }
    terraform.destroy().await.unwrap_or_else(|errors| panic!("{errors:#?}"));
}

/// `config` with null for each omitted attribute.
pub fn complete(config: Value, ty: &Type) -> Value {
    match (config, ty) {
        (Value::Map(mut object), Type::Object(types)) => Value::Map(
            types
                .iter()
                .map(|(name, ty)| (name.clone(), complete(object.remove(name).unwrap_or_default(), ty)))
                .collect(),
        ),
        (Value::Map(elements), Type::Map(element)) => {
            Value::Map(elements.into_iter().map(|(key, value)| (key, complete(value, element))).collect())
        }
        (Value::List(elements), Type::List(element) | Type::Set(element)) => {
            Value::List(elements.into_iter().map(|value| complete(value, element)).collect())
        }
        (value, _) => value,
    }
}

/// Terraform, with at most one object in its state.
pub struct Terraform<'a, S> {
    resource: &'a dyn AnyResource<S>,
    context: &'a Context<S>,
    /// The object; null if there is none.
    pub object: Stored,
    /// Whether the object is tainted, because its creation failed.
    pub tainted: bool,
}

impl<'a, S> Terraform<'a, S> {
    /// With an empty state.
    pub fn new(resource: &'a dyn AnyResource<S>, context: &'a Context<S>) -> Self {
        Self { resource, context, object: Stored::default(), tainted: false }
    }

    /// Plans a change to `config`, which is null to destroy.
    ///
    /// # Errors
    ///
    /// The errors of validation or planning.
    pub async fn plan(&self, config: &Value) -> Outcome<Planned> {
        self.plan_from(self.object.clone(), config).await
    }

    async fn plan_from(&self, prior: Stored, config: &Value) -> Outcome<Planned> {
        let (resource, schema) = (self.resource, self.resource.schema());
        assert_eq!(config.conforms(&schema.ty), Ok(()), "the test's own configuration");
        if !config.is_null() {
            let found = resource.validate(config, WriteOnly::Allowed).await;
            if found.has_errors() {
                return Err(found);
            }
        }
        let propose = || propose(&schema.block, &prior.value, config);
        let planned = resource.plan(self.context, prior.clone(), propose(), config).await;
        if planned.diagnostics.has_errors() {
            return Err(planned.diagnostics);
        }
        let none: &[String] = &[];
        assert_eq!(
            plan_violations(schema, &prior.value, config, &planned.object.value, &planned.requires_replace),
            none,
            "{config:?}"
        );
        assert_eq!(identity_violations(&planned.object.identity), none, "{config:?}");
        let again = resource.plan(self.context, prior.clone(), propose(), config).await;
        assert_eq!(
            (&planned.object, &planned.requires_replace),
            (&again.object, &again.requires_replace),
            "{config:?}"
        );
        Ok(planned)
    }

    /// Plans and applies.
    ///
    /// # Errors
    ///
    /// The errors of the apply; the state is what Terraform would have saved.
    pub async fn apply(&mut self, config: &Value) -> Outcome<Diagnostics> {
        self.apply_later(config, config).await
    }

    /// Plans for `config`, which may contain unknown values, and applies `known`, in which they are known.
    ///
    /// # Errors
    ///
    /// As [`Terraform::apply`].
    pub async fn apply_later(&mut self, config: &Value, known: &Value) -> Outcome<Diagnostics> {
        let planned = self.plan(config).await?;
        if !self.object.value.is_null() && (self.tainted || !planned.requires_replace.is_empty()) {
            let replacement = self.plan_from(Stored::default(), config).await?;
            self.destroy().await?;
            return self.apply_plan(replacement, known).await;
        }
        self.apply_plan(planned, known).await
    }

    async fn apply_plan(&mut self, first: Planned, config: &Value) -> Outcome<Diagnostics> {
        let schema = self.resource.schema();
        let planned = self.plan(config).await?;
        let none: &[String] = &[];
        assert_eq!(second_plan_violations(&first.object.value, &planned.object.value, &schema.ty), none, "{config:?}");
        let mut found = first.diagnostics;
        found.extend(planned.diagnostics);
        let (prior, planned) = (self.object.value.clone(), planned.object);
        if planned.value == prior {
            return Ok(found);
        }
        let applied = self.resource.apply(self.context, &prior, planned.clone(), config).await;
        let has_errors = applied.diagnostics.has_errors();
        let object = applied.object;
        assert_eq!(apply_violations(schema, &planned.value, &object.value, has_errors), none, "{config:?}");
        found.extend(applied.diagnostics);
        if object.value.is_null() {
            if !has_errors {
                self.object = Stored::default();
            }
        } else {
            self.tainted = has_errors && prior.is_null();
            self.keep(object, has_errors);
        }
        if has_errors { Err(found) } else { Ok(found) }
    }

    /// Saves an object, and checks that it has an identity.
    fn keep(&mut self, object: Stored, has_errors: bool) {
        assert!(has_errors || !object.identity.is_null(), "an object has an identity");
        let none: &[String] = &[];
        assert_eq!(identity_violations(&object.identity), none);
        self.object = object;
    }

    /// Reads the object again.
    ///
    /// # Errors
    ///
    /// The errors of the read; the state is unchanged.
    pub async fn refresh(&mut self) -> Outcome<Diagnostics> {
        let read = self.resource.read(self.context, self.object.clone()).await;
        if read.diagnostics.has_errors() {
            return Err(read.diagnostics);
        }
        let none: &[String] = &[];
        assert_eq!(state_violations(self.resource.schema(), &read.object.value), none);
        if read.object.value.is_null() {
            self.object = Stored::default();
        } else {
            self.keep(read.object, false);
        }
        Ok(read.diagnostics)
    }

    /// Imports by ID or by identity, and reads.
    ///
    /// # Errors
    ///
    /// The errors of the import. If the object does not exist, the state is empty.
    pub async fn import(&mut self, import: Import<'_>) -> Outcome<Diagnostics> {
        assert!(self.object.value.is_null(), "an import needs an empty state");
        let imported = self.resource.import(self.context, import).await;
        if imported.diagnostics.has_errors() {
            return Err(imported.diagnostics);
        }
        assert!(!imported.object.value.is_null(), "an import without an error has an object");
        let none: &[String] = &[];
        assert_eq!(state_violations(self.resource.schema(), &imported.object.value), none);
        assert_eq!(identity_violations(&imported.object.identity), none);
        self.object = imported.object;
        self.refresh().await
    }

    /// Destroys the object.
    ///
    /// # Errors
    ///
    /// The errors of the delete; the object stays in the state.
    pub async fn destroy(&mut self) -> Outcome<Diagnostics> {
        let planned = self.plan(&Value::Null).await?;
        self.apply_plan(planned, &Value::Null).await
    }

    /// Asserts that a plan has no changes, before and after a refresh.
    ///
    /// # Panics
    ///
    /// If a plan differs from the state, or a read changes it.
    pub async fn assert_no_changes(&mut self, config: &Value) {
        for refreshed in [false, true] {
            let planned = self.plan(config).await.unwrap_or_else(|errors| panic!("{errors:#?}"));
            assert_eq!(planned.object, self.object, "a plan with nothing to do (refreshed: {refreshed})");
            let before = self.object.clone();
            self.refresh().await.unwrap_or_else(|errors| panic!("{errors:#?}"));
            assert_eq!(before, self.object, "a read of an unchanged object");
        }
    }
}

#[cfg(test)]
mod tests;
