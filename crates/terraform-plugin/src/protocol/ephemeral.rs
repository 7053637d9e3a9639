//! Calls about ephemeral resources.

use super::convert::{allows_deferral, decode, diagnostics, encode, not_configured_yet};
use super::tfplugin6::{
    close_ephemeral_resource, open_ephemeral_resource, renew_ephemeral_resource, validate_ephemeral_resource_config,
};
use crate::framework::{Ephemeral, Outcome, Private, Provider, Server};
use crate::value::Value;

pub async fn validate<P: Provider>(
    server: &Server<P>,
    request: validate_ephemeral_resource_config::Request,
) -> validate_ephemeral_resource_config::Response {
    let validate = async || -> Outcome<_> {
        let resource = server.ephemeral_resources.get(&request.type_name)?;
        let config = decode(request.config.as_ref(), &resource.schema().ty)?;
        Ok(resource.validate(&config).await)
    };
    let found = validate().await.unwrap_or_else(|errors| errors);
    validate_ephemeral_resource_config::Response { diagnostics: diagnostics(found) }
}

pub async fn open<P: Provider>(
    server: &Server<P>,
    request: open_ephemeral_resource::Request,
) -> open_ephemeral_resource::Response {
    let open = async || -> Outcome<_> {
        let resource = server.ephemeral_resources.get(&request.type_name)?;
        let ty = &resource.schema().ty;
        if server.defers(allows_deferral(request.client_capabilities)) {
            let (result, deferred) = (Some(encode(&Value::Unknown, ty)), not_configured_yet());
            return Ok(open_ephemeral_resource::Response { result, deferred, ..Default::default() });
        }
        let config = decode(request.config.as_ref(), ty)?;
        let Ephemeral { value, renew_at, private, diagnostics: found } =
            resource.open(&server.context()?, &config).await;
        Ok(open_ephemeral_resource::Response {
            result: Some(encode(&value, ty)),
            renew_at: renew_at.map(Into::into),
            private: Some(private.to_bytes()),
            diagnostics: diagnostics(found),
            ..Default::default()
        })
    };
    open().await.unwrap_or_else(|errors| open_ephemeral_resource::Response {
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}

pub async fn renew<P: Provider>(
    server: &Server<P>,
    request: renew_ephemeral_resource::Request,
) -> renew_ephemeral_resource::Response {
    let renew = async || -> Outcome<_> {
        let resource = server.ephemeral_resources.get(&request.type_name)?;
        let private = Private::from_bytes(request.private.as_deref().unwrap_or_default())?;
        let renewed = resource.renew(&server.context()?, private).await;
        Ok(renew_ephemeral_resource::Response {
            renew_at: renewed.renew_at.map(Into::into),
            private: Some(renewed.private.to_bytes()),
            diagnostics: diagnostics(renewed.diagnostics),
        })
    };
    renew().await.unwrap_or_else(|errors| renew_ephemeral_resource::Response {
        private: request.private.clone(),
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}

pub async fn close<P: Provider>(
    server: &Server<P>,
    request: close_ephemeral_resource::Request,
) -> close_ephemeral_resource::Response {
    let close = async || -> Outcome<_> {
        let resource = server.ephemeral_resources.get(&request.type_name)?;
        let private = Private::from_bytes(request.private.as_deref().unwrap_or_default())?;
        Ok(resource.close(&server.context()?, private).await)
    };
    let found = close().await.unwrap_or_else(|errors| errors);
    close_ephemeral_resource::Response { diagnostics: diagnostics(found) }
}
