//! Service `tcr`, version `2019-09-24`: access tokens of the container registry.
//!
//! Action: <https://cloud.tencent.com/document/api/1141/41829>.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::action::{Action, Context};
use crate::error::ApiError;
use crate::parameters::{Kind, Parameters, optional, required};
use crate::random::{random_id, random_text};
use crate::state::World;

/// The lifetime of a temporary token.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

pub(crate) const ACTIONS: &[Action] = &[Action {
    service: "tcr",
    version: "2019-09-24",
    name: "CreateInstanceToken",
    fields: &[
        required("RegistryId", Kind::String),
        optional("TokenType", Kind::String),
        optional("Desc", Kind::String),
    ],
    unsigned: false,
    run: create_instance_token,
}];

/// Every ID that begins with `tcr-` is an instance of the caller.
fn create_instance_token(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    let registry = parameters.string("RegistryId").unwrap_or_default();
    if !registry.starts_with("tcr-") {
        let message = format!("The instance {registry} does not exist.");
        return Err(ApiError::new("ResourceNotFound.TcrResourceNotFound", message));
    }
    let user = context.caller.as_ref().map_or("", |caller| &caller.account_id);
    let token = random_text(&mut world.rng, 64);
    match parameters.string("TokenType").as_deref() {
        // The unit of ExpTime is not documented; the official example has milliseconds.
        None | Some("temp") => Ok(json!({
            "Username": user,
            "Token": token,
            "ExpTime": (context.now + LIFETIME).as_millisecond(),
            "TokenId": "",
        })),
        Some("longterm") => {
            let id = random_id(&mut world.rng, "token-");
            Ok(json!({"Username": user, "Token": token, "ExpTime": 0, "TokenId": id}))
        }
        Some(other) => {
            Err(ApiError::new("InvalidParameter", format!("TokenType `{other}` is neither temp nor longterm.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture::Api;

    #[test]
    fn temporary_token_expires_in_an_hour_in_milliseconds() {
        let mut api = Api::new(|_| ());
        let response = api.call("CreateInstanceToken", json!({"RegistryId": "tcr-12345678"})).unwrap();
        assert_eq!(response["ExpTime"], 1_700_003_600_000_u64);
        assert_eq!((&response["Username"], &response["TokenId"]), (&json!("100000000001"), &json!("")));
    }

    #[test]
    fn wrong_instances_and_types_are_refused() {
        for (body, expected) in [
            (json!({"RegistryId": "ins-1"}), "ResourceNotFound.TcrResourceNotFound"),
            (json!({"RegistryId": "tcr-1", "TokenType": "eternal"}), "InvalidParameter"),
            (json!({}), "MissingParameter"),
        ] {
            assert_eq!(Api::new(|_| ()).call("CreateInstanceToken", body).unwrap_err(), expected);
        }
    }
}
