//! Calls about the provider as a whole.

use super::convert::{decode, diagnostics};
use super::function::signature;
use super::schema::schema;
use super::tfplugin6::{
    self as wire, configure_provider, get_metadata, get_provider_schema, stop_provider, validate_provider_config,
};
use crate::framework::{Named, Provider, Server};

/// The server's optional capabilities.
fn capabilities() -> wire::ServerCapabilities {
    // Terraform may cache the schema and skip `GetProviderSchema`, which initializes nothing here.
    wire::ServerCapabilities {
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
        // A plan to destroy needs no provider.
        plan_destroy: false,
    }
}

pub async fn metadata<P: Provider>(server: &Server<P>, _: get_metadata::Request) -> get_metadata::Response {
    fn names<T: ?Sized, M>(named: &Named<T>, metadata: impl Fn(String) -> M) -> Vec<M> {
        named.iter().map(|(name, _)| metadata(name.to_owned())).collect()
    }
    get_metadata::Response {
        server_capabilities: Some(capabilities()),
        resources: names(&server.resources, |type_name| get_metadata::ResourceMetadata { type_name }),
        data_sources: names(&server.data_sources, |type_name| get_metadata::DataSourceMetadata { type_name }),
        ephemeral_resources: names(&server.ephemeral_resources, |type_name| get_metadata::EphemeralMetadata {
            type_name,
        }),
        list_resources: names(&server.list_resources, |type_name| get_metadata::ListResourceMetadata { type_name }),
        actions: names(&server.actions, |type_name| get_metadata::ActionMetadata { type_name }),
        functions: names(&server.functions, |name| get_metadata::FunctionMetadata { name }),
        ..Default::default()
    }
}

pub async fn schemas<P: Provider>(
    server: &Server<P>,
    _: get_provider_schema::Request,
) -> get_provider_schema::Response {
    get_provider_schema::Response {
        provider: Some(schema(server.schema())),
        resource_schemas: server.resources.to_map(|resource| schema(resource.schema())),
        data_source_schemas: server.data_sources.to_map(|source| schema(source.schema())),
        ephemeral_resource_schemas: server.ephemeral_resources.to_map(|resource| schema(resource.schema())),
        list_resource_schemas: server.list_resources.to_map(|list| schema(list.schema())),
        action_schemas: server.actions.to_map(|action| wire::ActionSchema { schema: Some(schema(action.schema())) }),
        functions: server.functions.to_map(|function| signature(function.signature())),
        server_capabilities: Some(capabilities()),
        ..Default::default()
    }
}

pub async fn validate<P: Provider>(
    server: &Server<P>,
    request: validate_provider_config::Request,
) -> validate_provider_config::Response {
    let found = match decode(request.config.as_ref(), &server.schema().ty) {
        Ok(config) => server.validate(&config).await,
        Err(error) => error.into(),
    };
    validate_provider_config::Response { diagnostics: diagnostics(found) }
}

pub async fn configure<P: Provider>(
    server: &Server<P>,
    request: configure_provider::Request,
) -> configure_provider::Response {
    let found = match decode(request.config.as_ref(), &server.schema().ty) {
        Ok(config) => server.configure(&config).await,
        Err(error) => error.into(),
    };
    configure_provider::Response { diagnostics: diagnostics(found) }
}

pub async fn stop<P: Provider>(server: &Server<P>, _: stop_provider::Request) -> stop_provider::Response {
    server.stop();
    stop_provider::Response::default()
}
