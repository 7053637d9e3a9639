//! The resources, data sources and so on of a provider.

use super::named::Named;
use super::{Action, DataSource, EphemeralResource, Function, ListResource, Resource};
use super::{AnyAction, AnyDataSource, AnyEphemeralResource, AnyFunction, AnyListResource, AnyResource};
use super::{action, data_source, ephemeral_resource, function, list_resource, resource};

/// The resources, data sources and so on of a provider with the session `S`.
///
/// # Panics
///
/// Each method panics if two items of a kind have the same name, which is a bug in the provider.
pub struct Offers<S> {
    pub(super) resources: Named<dyn AnyResource<S>>,
    pub(super) data_sources: Named<dyn AnyDataSource<S>>,
    pub(super) ephemeral_resources: Named<dyn AnyEphemeralResource<S>>,
    pub(super) list_resources: Named<dyn AnyListResource<S>>,
    pub(super) actions: Named<dyn AnyAction<S>>,
    pub(super) functions: Named<dyn AnyFunction>,
}

impl<S> Default for Offers<S> {
    fn default() -> Self {
        Self {
            resources: Named::new("resource"),
            data_sources: Named::new("data source"),
            ephemeral_resources: Named::new("ephemeral resource"),
            list_resources: Named::new("list resource"),
            actions: Named::new("action"),
            functions: Named::new("function"),
        }
    }
}

impl<S> Offers<S> {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource.
    #[must_use]
    pub fn resource<R: Resource<Session = S>>(mut self, one: R) -> Self {
        self.resources.insert(R::TYPE_NAME, resource(one));
        self
    }

    /// Adds a data source.
    #[must_use]
    pub fn data_source<D: DataSource<Session = S>>(mut self, one: D) -> Self {
        self.data_sources.insert(D::TYPE_NAME, data_source(one));
        self
    }

    /// Adds an ephemeral resource.
    #[must_use]
    pub fn ephemeral_resource<E: EphemeralResource<Session = S>>(mut self, one: E) -> Self {
        self.ephemeral_resources.insert(E::TYPE_NAME, ephemeral_resource(one));
        self
    }

    /// Adds a list resource. The resource whose objects it lists must be added, too.
    #[must_use]
    pub fn list_resource<L: ListResource<Resource: Resource<Session = S>>>(mut self, one: L) -> Self {
        self.list_resources.insert(L::Resource::TYPE_NAME, list_resource(one));
        self
    }

    /// Adds an action.
    #[must_use]
    pub fn action<A: Action<Session = S>>(mut self, one: A) -> Self {
        self.actions.insert(A::TYPE_NAME, action(one));
        self
    }

    /// Adds a function.
    #[must_use]
    pub fn function<F: Function>(mut self) -> Self {
        self.functions.insert(F::NAME, function::<F>());
        self
    }
}
