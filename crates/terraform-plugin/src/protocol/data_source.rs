//! Calls about data sources.

use super::convert::{allows_deferral, decode, diagnostics, encode, not_configured_yet};
use super::tfplugin6::{read_data_source, validate_data_resource_config};
use crate::framework::{Outcome, Provider, Server};
use crate::value::Value;

pub async fn validate<P: Provider>(
    server: &Server<P>,
    request: validate_data_resource_config::Request,
) -> validate_data_resource_config::Response {
    let validate = async || -> Outcome<_> {
        let data_source = server.data_sources.get(&request.type_name)?;
        let config = decode(request.config.as_ref(), &data_source.schema().ty)?;
        Ok(data_source.validate(&config).await)
    };
    let found = validate().await.unwrap_or_else(|errors| errors);
    validate_data_resource_config::Response { diagnostics: diagnostics(found) }
}

pub async fn read<P: Provider>(server: &Server<P>, request: read_data_source::Request) -> read_data_source::Response {
    let read = async || -> Outcome<_> {
        let data_source = server.data_sources.get(&request.type_name)?;
        let ty = &data_source.schema().ty;
        if server.defers(allows_deferral(request.client_capabilities)) {
            let (state, deferred) = (Some(encode(&Value::Unknown, ty)), not_configured_yet());
            return Ok(read_data_source::Response { state, deferred, ..Default::default() });
        }
        let config = decode(request.config.as_ref(), ty)?;
        let (value, found) = data_source.read(&server.context()?, &config).await;
        Ok(read_data_source::Response {
            state: Some(encode(&value, ty)),
            diagnostics: diagnostics(found),
            ..Default::default()
        })
    };
    read()
        .await
        .unwrap_or_else(|errors| read_data_source::Response { diagnostics: diagnostics(errors), ..Default::default() })
}
