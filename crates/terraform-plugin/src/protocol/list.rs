//! Calls about list resources.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::convert::{decode, diagnostics, encode};
use super::service::Events;
use super::tfplugin6::{list_resource, validate_list_resource_config};
use super::{identity, tfplugin6 as wire};
use crate::diagnostics::Diagnostic;
use crate::framework::{self, Listed, Outcome, Provider, Query, Server};
use crate::value::Value;

pub async fn validate<P: Provider>(
    server: &Server<P>,
    request: validate_list_resource_config::Request,
) -> validate_list_resource_config::Response {
    let validate = async || -> Outcome<_> {
        let list_resource = server.list_resources.get(&request.type_name)?;
        let config = decode(request.config.as_ref(), &list_resource.schema().ty)?;
        Ok(list_resource.validate(&config).await)
    };
    let found = validate().await.unwrap_or_else(|errors| errors);
    validate_list_resource_config::Response { diagnostics: diagnostics(found) }
}

pub fn list<P: Provider>(server: Arc<Server<P>>, request: list_resource::Request) -> Events<list_resource::Event> {
    let config = || -> Result<Value, Diagnostic> {
        let list_resource = server.list_resources.get(&request.type_name)?;
        decode(request.config.as_ref(), &list_resource.schema().ty)
    };
    let config = match config() {
        Ok(config) => config,
        Err(error) => {
            let diagnostic = diagnostics([error]);
            return stream::iter([Ok(list_resource::Event { diagnostic, ..Default::default() })]).boxed();
        }
    };
    let query = Query {
        limit: u64::try_from(request.limit).ok().filter(|limit| *limit > 0).unwrap_or(u64::MAX),
        whole_objects: request.include_resource_object,
    };
    let name = request.type_name.clone();
    let found = framework::list(Arc::clone(&server), request.type_name, config, query);
    found.map(move |listed| Ok(event(&server, &name, listed))).boxed()
}

fn event<P: Provider>(server: &Server<P>, type_name: &str, listed: Listed) -> list_resource::Event {
    let Listed { display_name, identity, object, diagnostics: found } = listed;
    let resource = server.resources.get(type_name).ok();
    let encode_object = |object: Value| -> Option<wire::DynamicValue> { Some(encode(&object, &resource?.schema().ty)) };
    list_resource::Event {
        identity: resource.and_then(|resource| identity::encode(&identity, resource.identity_schema())),
        display_name: safe_text::quote(&display_name, safe_text::QUOTE_LIMIT),
        resource_object: object.and_then(encode_object),
        diagnostic: diagnostics(found),
    }
}
