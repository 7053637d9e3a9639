//! Calls about managed resources.
//!
//! If a request cannot be decoded, its object is returned unchanged, so that the error does not lose it.

use super::convert::{allows_deferral, decode, diagnostics, encode, json, not_configured_yet, path};
use super::identity;
use super::tfplugin6::{
    self as wire, apply_resource_change, generate_resource_config, import_resource_state, move_resource_state,
    plan_resource_change, read_resource, upgrade_resource_state, validate_resource_config,
};
use crate::framework::{AnyResource, Applied, Import, Outcome, Private, Provider, Server, Source, Stored, WriteOnly};

pub async fn validate<P: Provider>(
    server: &Server<P>,
    request: validate_resource_config::Request,
) -> validate_resource_config::Response {
    let write_only = match request.client_capabilities {
        Some(client) if client.write_only_attributes_allowed => WriteOnly::Allowed,
        _ => WriteOnly::Refused,
    };
    let validate = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let config = decode(request.config.as_ref(), &resource.schema().ty)?;
        Ok(resource.validate(&config, write_only).await)
    };
    let found = validate().await.unwrap_or_else(|errors| errors);
    validate_resource_config::Response { diagnostics: diagnostics(found) }
}

pub async fn upgrade<P: Provider>(
    server: &Server<P>,
    request: upgrade_resource_state::Request,
) -> upgrade_resource_state::Response {
    let upgrade = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let state = resource.upgrade(request.version, json(request.raw_state.as_ref())?).await?;
        let upgraded_state = Some(encode(&state, &resource.schema().ty));
        Ok(upgrade_resource_state::Response { upgraded_state, ..Default::default() })
    };
    upgrade().await.unwrap_or_else(|errors| upgrade_resource_state::Response {
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}

/// The object of a request.
fn stored<S>(
    resource: &dyn AnyResource<S>,
    value: Option<&wire::DynamicValue>,
    private: &[u8],
    identity: Option<&wire::ResourceIdentityData>,
) -> Outcome<Stored> {
    Ok(Stored {
        value: decode(value, &resource.schema().ty)?,
        private: Private::from_bytes(private)?,
        identity: identity::decode(identity, resource.identity_schema())?,
    })
}

pub async fn read<P: Provider>(server: &Server<P>, request: read_resource::Request) -> read_resource::Response {
    // The response without changes.
    let same = || read_resource::Response {
        new_state: request.current_state.clone(),
        private: request.private.clone(),
        new_identity: request.current_identity.clone(),
        ..Default::default()
    };
    let read = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        if server.defers(allows_deferral(request.client_capabilities)) {
            return Ok(read_resource::Response { deferred: not_configured_yet(), ..same() });
        }
        let identity = request.current_identity.as_ref();
        let prior = stored(resource, request.current_state.as_ref(), &request.private, identity)?;
        let Applied { object, diagnostics: found } = resource.read(&server.context()?, prior).await;
        Ok(read_resource::Response {
            new_state: Some(encode(&object.value, &resource.schema().ty)),
            private: object.private.to_bytes(),
            new_identity: identity::encode(&object.identity, resource.identity_schema()),
            diagnostics: diagnostics(found),
            ..Default::default()
        })
    };
    read().await.unwrap_or_else(|errors| read_resource::Response { diagnostics: diagnostics(errors), ..same() })
}

pub async fn plan<P: Provider>(
    server: &Server<P>,
    request: plan_resource_change::Request,
) -> plan_resource_change::Response {
    let plan = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let ty = &resource.schema().ty;
        let identity = request.prior_identity.as_ref();
        let prior = stored(resource, request.prior_state.as_ref(), &request.prior_private, identity)?;
        let proposed = decode(request.proposed_new_state.as_ref(), ty)?;
        let config = decode(request.config.as_ref(), ty)?;
        let (planned, deferred) = if server.defers(allows_deferral(request.client_capabilities)) {
            (resource.plan_deferred(prior, proposed, &config), not_configured_yet())
        } else {
            (resource.plan(&server.context()?, prior, proposed, &config).await, None)
        };
        Ok(plan_resource_change::Response {
            planned_state: Some(encode(&planned.object.value, ty)),
            requires_replace: planned.requires_replace.iter().map(path).collect(),
            planned_private: planned.object.private.to_bytes(),
            planned_identity: identity::encode(&planned.object.identity, resource.identity_schema()),
            diagnostics: diagnostics(planned.diagnostics),
            deferred,
            ..Default::default()
        })
    };
    plan().await.unwrap_or_else(|errors| plan_resource_change::Response {
        planned_state: request.prior_state.clone(),
        planned_private: request.prior_private.clone(),
        planned_identity: request.prior_identity.clone(),
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}

pub async fn apply<P: Provider>(
    server: &Server<P>,
    request: apply_resource_change::Request,
) -> apply_resource_change::Response {
    let apply = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let ty = &resource.schema().ty;
        let prior = decode(request.prior_state.as_ref(), ty)?;
        let identity = request.planned_identity.as_ref();
        let planned = stored(resource, request.planned_state.as_ref(), &request.planned_private, identity)?;
        let config = decode(request.config.as_ref(), ty)?;
        let Applied { object, diagnostics: found } = resource.apply(&server.context()?, &prior, planned, &config).await;
        Ok(apply_resource_change::Response {
            new_state: Some(encode(&object.value, ty)),
            private: object.private.to_bytes(),
            new_identity: identity::encode(&object.identity, resource.identity_schema()),
            diagnostics: diagnostics(found),
            ..Default::default()
        })
    };
    apply().await.unwrap_or_else(|errors| apply_resource_change::Response {
        new_state: request.prior_state.clone(),
        private: request.planned_private.clone(),
        new_identity: request.planned_identity.clone(),
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}

pub async fn import<P: Provider>(
    server: &Server<P>,
    request: import_resource_state::Request,
) -> import_resource_state::Response {
    let import = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let imported = |object: &Stored| import_resource_state::ImportedResource {
            type_name: request.type_name.clone(),
            state: Some(encode(&object.value, &resource.schema().ty)),
            private: object.private.to_bytes(),
            identity: identity::encode(&object.identity, resource.identity_schema()),
        };
        if server.defers(allows_deferral(request.client_capabilities)) {
            // Exactly one null object: an unknown object breaks `terraform show -json` of the saved plan, and Terraform
            // crashes on an empty list in an import by identity, which must be returned as well.
            let null = import_resource_state::ImportedResource {
                identity: request.identity.clone(),
                ..imported(&Stored::default())
            };
            return Ok(import_resource_state::Response {
                imported_resources: vec![null],
                deferred: not_configured_yet(),
                ..Default::default()
            });
        }
        let identity = identity::decode(request.identity.as_ref(), resource.identity_schema())?;
        let import = if identity.is_null() { Import::Id(&request.id) } else { Import::Identity(&identity) };
        let Applied { object, diagnostics: found } = resource.import(&server.context()?, import).await;
        Ok(import_resource_state::Response {
            imported_resources: if object.value.is_null() { Vec::new() } else { vec![imported(&object)] },
            diagnostics: diagnostics(found),
            ..Default::default()
        })
    };
    import().await.unwrap_or_else(|errors| import_resource_state::Response {
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}

/// `MoveResourceState`: `move` is a keyword.
pub async fn move_state<P: Provider>(
    server: &Server<P>,
    request: move_resource_state::Request,
) -> move_resource_state::Response {
    let move_state = async || -> Outcome<_> {
        let resource = server.resources.get(&request.target_type_name)?;
        let source = Source {
            provider_address: request.source_provider_address.clone(),
            type_name: request.source_type_name.clone(),
            schema_version: request.source_schema_version,
        };
        let Applied { object, diagnostics: found } =
            resource.move_state(&source, json(request.source_state.as_ref())?).await;
        Ok(move_resource_state::Response {
            target_state: Some(encode(&object.value, &resource.schema().ty)),
            target_private: object.private.to_bytes(),
            target_identity: identity::encode(&object.identity, resource.identity_schema()),
            diagnostics: diagnostics(found),
        })
    };
    move_state().await.unwrap_or_else(|errors| move_resource_state::Response {
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}

pub async fn generate_config<P: Provider>(
    server: &Server<P>,
    request: generate_resource_config::Request,
) -> generate_resource_config::Response {
    let generate = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let ty = &resource.schema().ty;
        let (config, found) = resource.generate_config(&decode(request.state.as_ref(), ty)?).await;
        Ok(generate_resource_config::Response { config: Some(encode(&config, ty)), diagnostics: diagnostics(found) })
    };
    generate().await.unwrap_or_else(|errors| generate_resource_config::Response {
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}
