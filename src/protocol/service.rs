//! The `tfplugin6.Provider` service: each call decoded, given to the framework, and its answer encoded.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::convert::{decode, diagnostics, encode, path, split};
use super::schema::schema;
use super::tfplugin6 as wire;
use super::tfplugin6::provider_server;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::framework::{Applied, Outcome, Private, Provider, Server, WriteOnly};
use crate::value::Value;

/// Serves a provider over the plugin protocol, version 6.
#[derive(Clone)]
pub struct Service<P> {
    server: Arc<Server<P>>,
}

impl<P: Provider> Default for Service<P> {
    fn default() -> Self {
        Self::new(CancellationToken::new())
    }
}

impl<P: Provider> Service<P> {
    /// Serves the provider until `shutdown`, which ends the waits that are in flight then.
    pub fn new(shutdown: CancellationToken) -> Self {
        Self { server: Arc::new(Server::new(shutdown)) }
    }
}

/// What every call answers.
type Answer<T> = Result<Response<T>, Status>;

/// What this server can do beyond the base protocol.
fn capabilities() -> wire::ServerCapabilities {
    // Terraform may keep the schema and skip the call that asks for it; nothing here is set up by that call.
    wire::ServerCapabilities { get_provider_schema_optional: true, ..Default::default() }
}

fn write_only(client: Option<wire::ClientCapabilities>) -> WriteOnly {
    match client {
        Some(client) if client.write_only_attributes_allowed => WriteOnly::Allowed,
        _ => WriteOnly::Refused,
    }
}

#[tonic::async_trait]
impl<P: Provider> provider_server::Provider for Service<P> {
    async fn get_metadata(&self, _: Request<wire::get_metadata::Request>) -> Answer<wire::get_metadata::Response> {
        let resource = |name: &str| wire::get_metadata::ResourceMetadata { type_name: name.to_owned() };
        let data_source = |name: &str| wire::get_metadata::DataSourceMetadata { type_name: name.to_owned() };
        Ok(Response::new(wire::get_metadata::Response {
            server_capabilities: Some(capabilities()),
            resources: self.server.resources().map(|r| resource(r.type_name())).collect(),
            data_sources: self.server.data_sources().map(|d| data_source(d.type_name())).collect(),
            ..Default::default()
        }))
    }

    async fn get_provider_schema(
        &self,
        _: Request<wire::get_provider_schema::Request>,
    ) -> Answer<wire::get_provider_schema::Response> {
        let server = &self.server;
        Ok(Response::new(wire::get_provider_schema::Response {
            provider: Some(schema(server.schema())),
            resource_schemas: server.resources().map(|r| (r.type_name().to_owned(), schema(r.schema()))).collect(),
            data_source_schemas: server
                .data_sources()
                .map(|d| (d.type_name().to_owned(), schema(d.schema())))
                .collect(),
            server_capabilities: Some(capabilities()),
            ..Default::default()
        }))
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<wire::get_resource_identity_schemas::Request>,
    ) -> Answer<wire::get_resource_identity_schemas::Response> {
        Ok(Response::new(Default::default()))
    }

    async fn validate_provider_config(
        &self,
        request: Request<wire::validate_provider_config::Request>,
    ) -> Answer<wire::validate_provider_config::Response> {
        let found = match decode(request.get_ref().config.as_ref(), &self.server.schema().ty) {
            Ok(config) => self.server.validate(&config).await,
            Err(error) => error.into(),
        };
        Ok(Response::new(wire::validate_provider_config::Response { diagnostics: diagnostics(found) }))
    }

    async fn validate_resource_config(
        &self,
        request: Request<wire::validate_resource_config::Request>,
    ) -> Answer<wire::validate_resource_config::Response> {
        let request = request.into_inner();
        let validate = async || -> Outcome<Diagnostics> {
            let resource = self.server.resource(&request.type_name)?;
            let config = decode(request.config.as_ref(), &resource.schema().ty)?;
            Ok(resource.validate(&config, write_only(request.client_capabilities)).await)
        };
        let found = validate().await.unwrap_or_else(|errors| errors);
        Ok(Response::new(wire::validate_resource_config::Response { diagnostics: diagnostics(found) }))
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<wire::validate_data_resource_config::Request>,
    ) -> Answer<wire::validate_data_resource_config::Response> {
        let request = request.into_inner();
        let validate = async || -> Outcome<Diagnostics> {
            let data_source = self.server.data_source(&request.type_name)?;
            let config = decode(request.config.as_ref(), &data_source.schema().ty)?;
            Ok(data_source.validate(&config).await)
        };
        let found = validate().await.unwrap_or_else(|errors| errors);
        Ok(Response::new(wire::validate_data_resource_config::Response { diagnostics: diagnostics(found) }))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<wire::upgrade_resource_state::Request>,
    ) -> Answer<wire::upgrade_resource_state::Response> {
        let request = request.into_inner();
        let upgrade = async || -> Outcome<_> {
            let resource = self.server.resource(&request.type_name)?;
            let raw = request.raw_state.as_ref().map(|raw| raw.json.as_slice()).unwrap_or_default();
            if raw.is_empty() {
                return Err(Diagnostic::error(
                    "State of Terraform 0.11",
                    "The state is in a format that ended with Terraform 0.12. Run `terraform apply` with Terraform 0.13 \
                     once to convert it.",
                )
                .into());
            }
            let state = resource.upgrade(request.version, raw).await?;
            Ok(encode(&state, &resource.schema().ty))
        };
        let (upgraded_state, diagnostics) = split(upgrade().await);
        Ok(Response::new(wire::upgrade_resource_state::Response { upgraded_state, diagnostics }))
    }

    async fn configure_provider(
        &self,
        request: Request<wire::configure_provider::Request>,
    ) -> Answer<wire::configure_provider::Response> {
        let found = match decode(request.get_ref().config.as_ref(), &self.server.schema().ty) {
            Ok(config) => self.server.configure(&config).await,
            Err(error) => error.into(),
        };
        Ok(Response::new(wire::configure_provider::Response { diagnostics: diagnostics(found) }))
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> Answer<wire::read_resource::Response> {
        let request = request.into_inner();
        let read = async || -> Outcome<wire::read_resource::Response> {
            let resource = self.server.resource(&request.type_name)?;
            let ty = &resource.schema().ty;
            let prior = decode(request.current_state.as_ref(), ty)?;
            let private = Private::from_bytes(&request.private)?;
            let Applied { value, private, diagnostics: found } =
                resource.read(&self.server.context()?, &prior, private).await;
            Ok(wire::read_resource::Response {
                new_state: encode(&value, ty),
                private: private.to_bytes(),
                diagnostics: diagnostics(found),
                ..Default::default()
            })
        };
        Ok(Response::new(read().await.unwrap_or_else(|errors| wire::read_resource::Response {
            new_state: request.current_state.clone(),
            private: request.private.clone(),
            diagnostics: diagnostics(errors),
            ..Default::default()
        })))
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> Answer<wire::plan_resource_change::Response> {
        let request = request.into_inner();
        let plan = async || -> Outcome<wire::plan_resource_change::Response> {
            let resource = self.server.resource(&request.type_name)?;
            let ty = &resource.schema().ty;
            let prior = decode(request.prior_state.as_ref(), ty)?;
            let proposed = decode(request.proposed_new_state.as_ref(), ty)?;
            let config = decode(request.config.as_ref(), ty)?;
            let private = Private::from_bytes(&request.prior_private)?;
            let planned = resource.plan(&self.server.context()?, &prior, proposed, &config, private).await;
            Ok(wire::plan_resource_change::Response {
                planned_state: encode(&planned.value, ty),
                requires_replace: planned.requires_replace.iter().map(path).collect(),
                planned_private: planned.private.to_bytes(),
                diagnostics: diagnostics(planned.diagnostics),
                ..Default::default()
            })
        };
        Ok(Response::new(plan().await.unwrap_or_else(|errors| wire::plan_resource_change::Response {
            planned_state: request.prior_state.clone(),
            planned_private: request.prior_private.clone(),
            diagnostics: diagnostics(errors),
            ..Default::default()
        })))
    }

    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> Answer<wire::apply_resource_change::Response> {
        let request = request.into_inner();
        let apply = async || -> Outcome<wire::apply_resource_change::Response> {
            let resource = self.server.resource(&request.type_name)?;
            let ty = &resource.schema().ty;
            let prior = decode(request.prior_state.as_ref(), ty)?;
            let planned = decode(request.planned_state.as_ref(), ty)?;
            let config = decode(request.config.as_ref(), ty)?;
            let private = Private::from_bytes(&request.planned_private)?;
            let applied = resource.apply(&self.server.context()?, &prior, &planned, &config, private).await;
            Ok(wire::apply_resource_change::Response {
                new_state: encode(&applied.value, ty),
                private: applied.private.to_bytes(),
                diagnostics: diagnostics(applied.diagnostics),
                ..Default::default()
            })
        };
        Ok(Response::new(apply().await.unwrap_or_else(|errors| wire::apply_resource_change::Response {
            new_state: request.prior_state.clone(),
            private: request.planned_private.clone(),
            diagnostics: diagnostics(errors),
            ..Default::default()
        })))
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> Answer<wire::import_resource_state::Response> {
        let request = request.into_inner();
        let import = async || -> Outcome<wire::import_resource_state::Response> {
            let resource = self.server.resource(&request.type_name)?;
            let Applied { value, private, diagnostics: found } =
                resource.import(&self.server.context()?, &request.id).await;
            let imported = wire::import_resource_state::ImportedResource {
                type_name: request.type_name.clone(),
                state: encode(&value, &resource.schema().ty),
                private: private.to_bytes(),
                ..Default::default()
            };
            Ok(wire::import_resource_state::Response {
                imported_resources: if value == Value::Null { Vec::new() } else { vec![imported] },
                diagnostics: diagnostics(found),
                ..Default::default()
            })
        };
        Ok(Response::new(import().await.unwrap_or_else(|errors| wire::import_resource_state::Response {
            diagnostics: diagnostics(errors),
            ..Default::default()
        })))
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> Answer<wire::read_data_source::Response> {
        let request = request.into_inner();
        let read = async || -> Outcome<wire::read_data_source::Response> {
            let data_source = self.server.data_source(&request.type_name)?;
            let ty = &data_source.schema().ty;
            let config = decode(request.config.as_ref(), ty)?;
            let (value, found) = data_source.read(&self.server.context()?, &config).await;
            Ok(wire::read_data_source::Response {
                state: encode(&value, ty),
                diagnostics: diagnostics(found),
                ..Default::default()
            })
        };
        Ok(Response::new(read().await.unwrap_or_else(|errors| wire::read_data_source::Response {
            diagnostics: diagnostics(errors),
            ..Default::default()
        })))
    }

    async fn stop_provider(&self, _: Request<wire::stop_provider::Request>) -> Answer<wire::stop_provider::Response> {
        self.server.stop();
        Ok(Response::new(Default::default()))
    }
}
