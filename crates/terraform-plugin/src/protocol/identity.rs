//! Resource identities on the wire, and calls about them.

use super::convert::{self, diagnostics, json};
use super::tfplugin6::{self as wire, get_resource_identity_schemas, upgrade_resource_identity};
use crate::diagnostics::Diagnostic;
use crate::framework::{Outcome, Provider, Server};
use crate::schema::Schema;
use crate::value::Value;

/// An identity for a response; `None` if it is null.
pub fn encode(identity: &Value, schema: &Schema) -> Option<wire::ResourceIdentityData> {
    let data = || wire::ResourceIdentityData { identity_data: Some(convert::encode(identity, &schema.ty)) };
    (!identity.is_null()).then(data)
}

/// Decodes an identity; null if there is none.
///
/// # Errors
///
/// The message does not fit the schema.
pub fn decode(identity: Option<&wire::ResourceIdentityData>, schema: &Schema) -> Result<Value, Diagnostic> {
    identity.map_or(Ok(Value::Null), |identity| convert::decode(identity.identity_data.as_ref(), &schema.ty))
}

pub async fn schemas<P: Provider>(
    server: &Server<P>,
    _: get_resource_identity_schemas::Request,
) -> get_resource_identity_schemas::Response {
    let identity_schemas = server.resources.to_map(|resource| schema(resource.identity_schema()));
    get_resource_identity_schemas::Response { identity_schemas, ..Default::default() }
}

fn schema(schema: &Schema) -> wire::ResourceIdentitySchema {
    let attributes =
        schema.block.attributes.iter().map(|(name, attribute)| wire::resource_identity_schema::IdentityAttribute {
            name: name.clone(),
            r#type: attribute.ty().to_json().into_bytes(),
            required_for_import: attribute.behavior.required,
            optional_for_import: attribute.behavior.optional,
            description: attribute.description.clone(),
        });
    wire::ResourceIdentitySchema { version: schema.version, identity_attributes: attributes.collect() }
}

pub async fn upgrade<P: Provider>(
    server: &Server<P>,
    request: upgrade_resource_identity::Request,
) -> upgrade_resource_identity::Response {
    let upgrade = async || -> Outcome<_> {
        let resource = server.resources.get(&request.type_name)?;
        let identity = resource.upgrade_identity(request.version, json(request.raw_identity.as_ref())?).await?;
        let upgraded_identity = encode(&identity, resource.identity_schema());
        Ok(upgrade_resource_identity::Response { upgraded_identity, ..Default::default() })
    };
    upgrade().await.unwrap_or_else(|errors| upgrade_resource_identity::Response {
        diagnostics: diagnostics(errors),
        ..Default::default()
    })
}
