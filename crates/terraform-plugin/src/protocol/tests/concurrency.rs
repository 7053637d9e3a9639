use std::time::Duration;

use super::apply::create;
use super::*;
use crate::protocol::tfplugin6::stop_provider;

#[tokio::test(start_paused = true)]
async fn stop_cancels_calls_in_flight_only() {
    let mut client = configured().await;
    let (mut waiting, mut stopping) = (client.clone(), client.clone());
    // Both begin before either can continue: there is one thread, and create runs until its wait.
    let (waited, _) = tokio::join!(create(&mut waiting, "waits"), async {
        tokio::task::yield_now().await;
        stopping.stop_provider(stop_provider::Request {}).await.unwrap()
    });
    assert_eq!(waited.diagnostics, [warning("Stopped", "The wait was ended.")]);
    assert_ne!(waited.new_state, null());

    let later = tokio::time::timeout(Duration::from_secs(3600), create(&mut client, "waits")).await;
    assert!(later.is_err(), "a call after the stop is not stopped");
    assert_eq!(create(&mut client, "a").await.diagnostics, []);
}

#[tokio::test]
async fn calls_run_side_by_side() {
    let client = configured().await;
    let names: Vec<_> = (0..20).map(|i| format!("n{i}")).collect();
    // One waits indefinitely; the others must not wait for it.
    let mut stuck = client.clone();
    let all = futures_util::future::join_all(names.iter().map(|name| {
        let mut client = client.clone();
        async move { create(&mut client, name).await }
    }));
    tokio::select! {
        biased;
        _ = create(&mut stuck, "waits") => panic!("nothing stopped it"),
        responses = all => assert!(responses.iter().all(|response| response.diagnostics.is_empty() && response.new_state != null())),
    }
}
