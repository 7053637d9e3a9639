//! Calls about managed resources.
//!
//! A request that cannot even be read answers with what it brought: an object must not be lost by an error.

use super::convert::{decode, diagnostics, encode, path};
use super::tfplugin6::{
    self as wire, apply_resource_change, get_resource_identity_schemas, import_resource_state, plan_resource_change,
    read_resource, upgrade_resource_state, validate_resource_config,
};
use crate::diagnostics::Diagnostic;
use crate::framework::{Applied, Outcome, Private, Provider, Server, WriteOnly};

pub async fn identity_schemas<P: Provider>(
    _: &Server<P>,
    _: get_resource_identity_schemas::Request,
) -> get_resource_identity_schemas::Response {
    get_resource_identity_schemas::Response::default()
}

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

/// The JSON of stored state.
fn json(raw: Option<&wire::RawState>) -> Result<&[u8], Diagnostic> {
    match raw {
        Some(raw) if !raw.json.is_empty() => Ok(&raw.json),
        _ => Err(Diagnostic::error(
            "State of Terraform 0.11",
            "The state is in a format that ended with Terraform 0.12. Run `terraform apply` with Terraform 0.13 once to \
             convert it.",
        )),
    }
}

pub async fn upgrade<P: Provider>(
    server: &Server<P>,
    request: upgrade_resource_state::Request,
) -> upgrade_resource_state::Response {
    let upgrade = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let state = resource.upgrade(request.version, json(request.raw_state.as_ref())?).await?;
        Ok(upgrade_resource_state::Response {
            upgraded_state: Some(encode(&state, &resource.schema().ty)),
            ..Default::default()
        })
    };
    upgrade().await.unwrap_or_else(|errors| upgrade_resource_state::Response {
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}

pub async fn read<P: Provider>(server: &Server<P>, request: read_resource::Request) -> read_resource::Response {
    let read = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let ty = &resource.schema().ty;
        let prior = decode(request.current_state.as_ref(), ty)?;
        let private = Private::from_bytes(&request.private)?;
        let Applied { value, private, diagnostics: found } = resource.read(&server.context()?, &prior, private).await;
        Ok(read_resource::Response {
            new_state: Some(encode(&value, ty)),
            private: private.to_bytes(),
            diagnostics: diagnostics(found),
            ..Default::default()
        })
    };
    read().await.unwrap_or_else(|errors| read_resource::Response {
        new_state: request.current_state.clone(),
        private: request.private.clone(),
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}

pub async fn plan<P: Provider>(
    server: &Server<P>,
    request: plan_resource_change::Request,
) -> plan_resource_change::Response {
    let plan = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let ty = &resource.schema().ty;
        let prior = decode(request.prior_state.as_ref(), ty)?;
        let proposed = decode(request.proposed_new_state.as_ref(), ty)?;
        let config = decode(request.config.as_ref(), ty)?;
        let private = Private::from_bytes(&request.prior_private)?;
        let planned = resource.plan(&server.context()?, &prior, proposed, &config, private).await;
        Ok(plan_resource_change::Response {
            planned_state: Some(encode(&planned.value, ty)),
            requires_replace: planned.requires_replace.iter().map(path).collect(),
            planned_private: planned.private.to_bytes(),
            diagnostics: diagnostics(planned.diagnostics),
            ..Default::default()
        })
    };
    plan().await.unwrap_or_else(|errors| plan_resource_change::Response {
        planned_state: request.prior_state.clone(),
        planned_private: request.prior_private.clone(),
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
        let planned = decode(request.planned_state.as_ref(), ty)?;
        let config = decode(request.config.as_ref(), ty)?;
        let private = Private::from_bytes(&request.planned_private)?;
        let applied = resource.apply(&server.context()?, &prior, &planned, &config, private).await;
        Ok(apply_resource_change::Response {
            new_state: Some(encode(&applied.value, ty)),
            private: applied.private.to_bytes(),
            diagnostics: diagnostics(applied.diagnostics),
            ..Default::default()
        })
    };
    apply().await.unwrap_or_else(|errors| apply_resource_change::Response {
        new_state: request.prior_state.clone(),
        private: request.planned_private.clone(),
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
        let Applied { value, private, diagnostics: found } = resource.import(&server.context()?, &request.id).await;
        let imported = import_resource_state::ImportedResource {
            type_name: request.type_name.clone(),
            state: Some(encode(&value, &resource.schema().ty)),
            private: private.to_bytes(),
            ..Default::default()
        };
        Ok(import_resource_state::Response {
            imported_resources: if value.is_null() { Vec::new() } else { vec![imported] },
            diagnostics: diagnostics(found),
            ..Default::default()
        })
    };
    import().await.unwrap_or_else(|errors| import_resource_state::Response {
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}
