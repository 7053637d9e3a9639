use super::*;
use crate::framework::sample::{RENEW_AT, Token};
use crate::protocol::tfplugin6::{
    close_ephemeral_resource, open_ephemeral_resource, renew_ephemeral_resource, validate_ephemeral_resource_config,
};

const TOKEN: &str = "sample_token";

fn token(user: Value, token: Value) -> Option<wire::DynamicValue> {
    object::<Token, 2>([("user", user), ("token", token)])
}

#[tokio::test]
async fn validation_needs_no_configured_provider() {
    for (type_name, config, expected) in [
        (TOKEN, token("u".into(), Value::Null), vec![]),
        (TOKEN, token(Value::Unknown, Value::Null), vec![]),
        (TOKEN, token("".into(), Value::Null), vec![error("Empty user", "Name one.", at([attribute("user")]))]),
        (TOKEN, bytes(b"\x80"), vec![malformed("missing attribute \"token\"", None)]),
        ("sample_none", null(), vec![unknown("ephemeral resource")]),
    ] {
        let request = validate_ephemeral_resource_config::Request { type_name: type_name.into(), config };
        let response = client().validate_ephemeral_resource_config(request).await.unwrap().into_inner();
        assert_eq!(response, validate_ephemeral_resource_config::Response { diagnostics: expected });
    }
}

fn refused() -> wire::Diagnostic {
    error("Refused", "No token for them.", None)
}

#[tokio::test]
async fn open_returns_a_value_and_its_renewal_time() {
    let opened = open_ephemeral_resource::Response {
        result: token("u".into(), "d-u".into()),
        renew_at: Some(prost_types::Timestamp { seconds: 1_000, nanos: 5 }),
        private: Some(br#"{"user":"u"}"#.into()),
        diagnostics: vec![warning("Opened", "It is open.")],
        ..Default::default()
    };
    assert_eq!((RENEW_AT.as_secs(), RENEW_AT.subsec_nanos()), (1_000, 5));
    let failed = |diagnostic| open_ephemeral_resource::Response {
        result: null(),
        private: Some(vec![]),
        diagnostics: vec![diagnostic],
        ..Default::default()
    };
    let unknown = unknown("ephemeral resource");
    for (type_name, user, expected) in [
        (TOKEN, "u", opened),
        (TOKEN, "refused", failed(refused())),
        (TOKEN, "panics", failed(crash("no token"))),
        ("sample_none", "u", open_ephemeral_resource::Response { diagnostics: vec![unknown], ..Default::default() }),
    ] {
        let config = token(user.into(), Value::Null);
        let request = open_ephemeral_resource::Request { type_name: type_name.into(), config, ..Default::default() };
        let response = configured().await.open_ephemeral_resource(request).await.unwrap().into_inner();
        assert_eq!(response, expected, "{user}");
    }
}

#[tokio::test]
async fn renew_and_close_get_the_private_state() {
    let unreadable = error(
        "Unreadable private state",
        "The state contains private data that this provider did not write (expected value at line 1 column 1). Restore the \
         state from a backup, or remove the object from the state and import it again.",
        None,
    );
    for (private, renewed, problem) in [
        (&br#"{"user":"u"}"#[..], &br#"{"renewed":"yes","user":"u"}"#[..], None),
        (br#"{"user":"refused"}"#, br#"{"user":"refused"}"#, Some(refused())),
        (br#"{"user":"panics"}"#, br#"{"user":"panics"}"#, Some(crash("no token"))),
        (b"!", b"!", Some(unreadable)),
    ] {
        let mut client = configured().await;
        let diagnostics: Vec<_> = problem.into_iter().collect();
        let private = Some(private.to_vec());
        let request = renew_ephemeral_resource::Request { type_name: TOKEN.into(), private: private.clone() };
        let response = client.renew_ephemeral_resource(request).await.unwrap().into_inner();
        let expected = renew_ephemeral_resource::Response {
            renew_at: None,
            private: Some(renewed.to_vec()),
            diagnostics: diagnostics.clone(),
        };
        assert_eq!(response, expected);

        let request = close_ephemeral_resource::Request { type_name: TOKEN.into(), private };
        let response = client.close_ephemeral_resource(request).await.unwrap().into_inner();
        assert_eq!(response, close_ephemeral_resource::Response { diagnostics });
    }
}
