use super::*;
use crate::framework::sample::SampleProvider;

fn config(prefix: &str) -> Value {
    Value::map([("prefix", prefix)])
}

#[tokio::test]
async fn last_configuration_applies() {
    let server = Server::<SampleProvider>::default();
    assert_eq!(server.context().unwrap_err().summary, "Provider not configured");
    for prefix in ["a-", "b-"] {
        assert!(server.configure(&config(prefix)).await.is_empty());
        assert_eq!(server.context().unwrap().session.prefix.as_str(), Some(prefix));
    }
    for (prefix, expected) in [("refused", "Refused"), ("panic", "The provider crashed")] {
        assert!(server.configure(&config("c-")).await.is_empty());
        let found = server.configure(&config(prefix)).await;
        assert_eq!(found.iter().map(|d| d.summary.as_str()).collect::<Vec<_>>(), [expected]);
        assert!(server.context().is_err(), "{prefix}");
    }
    let found = server.configure(&Value::map([("prefix", Value::Null)])).await;
    assert!(!found.is_empty() && !found.has_errors());
    assert!(server.context().is_ok());
}

#[tokio::test]
async fn stop_cancels_operations_in_flight() {
    let server = Server::<SampleProvider>::default();
    server.configure(&config("a-")).await;
    let before = server.context().unwrap();
    server.stop();
    let after = server.context().unwrap();
    assert_eq!([before.stop.is_cancelled(), after.stop.is_cancelled()], [true, false]);
}
