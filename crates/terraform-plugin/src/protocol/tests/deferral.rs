//! Deferral while the provider's configuration is unknown, for clients that allow it.

use super::identity::identity;
use super::resource::{DISK, disk};
use super::*;
use crate::framework::sample::{DiskLookup, Token};
use crate::protocol::tfplugin6::{
    import_resource_state, open_ephemeral_resource, plan_resource_change, read_data_source, read_resource,
};

/// A client of a provider whose prefix is unknown.
async fn waiting() -> Client {
    let mut client = client();
    assert_eq!(configure(&mut client, Value::Unknown).await, configure_provider::Response::default());
    client
}

fn allowed() -> Option<wire::ClientCapabilities> {
    Some(wire::ClientCapabilities { deferral_allowed: true, ..Default::default() })
}

fn deferred() -> Option<wire::Deferred> {
    Some(wire::Deferred { reason: wire::deferred::Reason::ProviderConfigUnknown.into() })
}

fn unknown_value() -> Option<wire::DynamicValue> {
    bytes(&[0xd4, 0, 0])
}

#[tokio::test]
async fn read_returns_the_prior_state() {
    let state = disk([("id", "d-1".into())]);
    let request = read_resource::Request {
        type_name: DISK.into(),
        current_state: state.clone(),
        private: b"{}".into(),
        client_capabilities: allowed(),
        current_identity: identity("d-1".into(), "a".into()),
        ..Default::default()
    };
    let response = waiting().await.read_resource(request).await.unwrap().into_inner();
    let expected = read_resource::Response {
        new_state: state,
        private: b"{}".into(),
        new_identity: identity("d-1".into(), "a".into()),
        deferred: deferred(),
        ..Default::default()
    };
    assert_eq!(response, expected);
}

#[tokio::test]
async fn plan_uses_the_schema_only() {
    let config = disk([("name", "refused in plan".into())]);
    let request = |client_capabilities| plan_resource_change::Request {
        type_name: DISK.into(),
        prior_state: null(),
        proposed_new_state: config.clone(),
        config: config.clone(),
        client_capabilities,
        ..Default::default()
    };
    let mut client = waiting().await;
    let response = client.plan_resource_change(request(allowed())).await.unwrap().into_inner();
    let planned_state = disk([
        ("id", Value::Unknown),
        ("name", "refused in plan".into()),
        ("size", Value::Unknown),
        ("status", Value::Unknown),
        ("wait", true.into()),
    ]);
    let expected = plan_resource_change::Response { planned_state, deferred: deferred(), ..Default::default() };
    assert_eq!(response, expected);

    // If the client does not allow deferrals, or the configuration is known, the resource plans.
    let refused = [error("Refused", "It cannot be planned.", None)];
    let response = client.plan_resource_change(request(None)).await.unwrap().into_inner();
    assert_eq!((response.diagnostics, response.deferred), (refused.to_vec(), None));
    let response = configured().await.plan_resource_change(request(allowed())).await.unwrap().into_inner();
    assert_eq!((response.diagnostics, response.deferred), (refused.to_vec(), None));
}

/// The three forms of an import: by ID, by a complete identity, and by one without its optional attributes.
#[tokio::test]
async fn import_deferred_returns_one_null_object_with_its_identity() {
    let mut client = waiting().await;
    for (id, identity) in
        [("d-1", None), ("", identity("d-1".into(), "a".into())), ("", identity("d-1".into(), Value::Null))]
    {
        let request = import_resource_state::Request {
            type_name: DISK.into(),
            id: id.into(),
            identity: identity.clone(),
            client_capabilities: allowed(),
        };
        let response = client.import_resource_state(request).await.unwrap().into_inner();
        let imported = import_resource_state::ImportedResource {
            type_name: DISK.into(),
            state: null(),
            identity,
            ..Default::default()
        };
        let expected = import_resource_state::Response {
            imported_resources: vec![imported],
            deferred: deferred(),
            ..Default::default()
        };
        assert_eq!(response, expected);
    }
}

#[tokio::test]
async fn values_without_a_prior_value_are_unknown() {
    let mut client = waiting().await;
    let request = read_data_source::Request {
        type_name: DISK.into(),
        config: object::<DiskLookup, 1>([("id", "d-1".into())]),
        client_capabilities: allowed(),
        ..Default::default()
    };
    let response = client.read_data_source(request).await.unwrap().into_inner();
    let expected = read_data_source::Response { state: unknown_value(), deferred: deferred(), ..Default::default() };
    assert_eq!(response, expected);

    let request = open_ephemeral_resource::Request {
        type_name: "sample_token".into(),
        config: object::<Token, 1>([("user", "u".into())]),
        client_capabilities: allowed(),
    };
    let response = client.open_ephemeral_resource(request).await.unwrap().into_inner();
    let expected =
        open_ephemeral_resource::Response { result: unknown_value(), deferred: deferred(), ..Default::default() };
    assert_eq!(response, expected);
}
