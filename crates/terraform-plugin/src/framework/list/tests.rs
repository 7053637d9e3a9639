use super::*;
use crate::framework::sample::{Disk, SampleProvider};

async fn filled() -> Arc<Server<SampleProvider>> {
    let server = Arc::new(Server::<SampleProvider>::default());
    server.configure(&Value::map([("prefix", "d-")])).await;
    let context = server.context().unwrap();
    for name in ["a", "b", "c"] {
        let disk = Disk { id: name.to_owned().into(), name: name.to_owned().into(), ..Disk::default() };
        context.session.cloud.lock().unwrap().insert(name.into(), disk);
    }
    server
}

fn list_disks(server: &Arc<Server<SampleProvider>>) -> impl Stream<Item = Listed> + Send + Unpin {
    let config = Value::map([("name", Value::Null)]);
    let query = Query { limit: 100, whole_objects: false };
    Box::pin(list(Arc::clone(server), "sample_disk".into(), config, query))
}

#[tokio::test]
async fn stop_ends_a_list() {
    let server = filled().await;
    let mut listed = list_disks(&server);
    assert_eq!(listed.next().await.unwrap().display_name, "a");
    server.stop();
    let rest: Vec<_> = listed.map(|listed| listed.display_name).collect().await;
    assert_eq!(rest, ["b"], "what was on its way arrives, and no more");
}

#[tokio::test]
async fn an_object_without_an_identity_is_a_bug() {
    let server = filled().await;
    let context = server.context().unwrap();
    context.session.cloud.lock().unwrap().insert("b".into(), Disk { name: "b".to_owned().into(), ..Disk::default() });
    let listed: Vec<_> = list_disks(&server).collect().await;
    let names: Vec<_> = listed.iter().map(|listed| listed.display_name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let errors: Vec<_> = listed[1].diagnostics.iter().map(|error| error.summary.as_str()).collect();
    assert_eq!(errors, ["Object without an identity"]);
    assert_eq!(listed[1].identity, Value::Null);
}
