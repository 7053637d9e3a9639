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
async fn stop_ends_a_list_with_an_error() {
    let server = filled().await;
    let mut listed = list_disks(&server);
    assert_eq!(listed.next().await.unwrap().display_name, "a");
    server.stop();
    let rest: Vec<_> = listed.collect().await;
    let names: Vec<_> = rest.iter().map(|listed| listed.display_name.as_str()).collect();
    assert_eq!(names, ["b", ""], "objects in flight arrive, and no others");
    let detail = "Terraform was interrupted while disks were being listed. 2 were listed until then, and there may be more. \
                  Run the command again for the complete list.";
    assert_eq!(rest[1].diagnostics, Diagnostic::error("Listing interrupted", detail).into());
}

#[tokio::test]
async fn stop_after_the_last_object_leaves_the_list_complete() {
    let server = filled().await;
    let config = Value::map([("name", Value::Null)]);
    let query = Query { limit: 3, whole_objects: false };
    let mut listed = Box::pin(list(Arc::clone(&server), "sample_disk".into(), config, query));
    for name in ["a", "b"] {
        assert_eq!(listed.next().await.unwrap().display_name, name);
    }
    server.stop();
    let rest: Vec<_> = listed.collect().await;
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].display_name.as_str(), rest[0].diagnostics.is_empty()), ("c", true));
}

#[tokio::test]
async fn object_without_an_identity_is_a_bug() {
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
