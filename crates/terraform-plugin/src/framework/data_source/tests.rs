use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::framework::sample::{Disk, DiskSource, Sample};

#[tokio::test]
async fn read_returns_known_object_or_errors() {
    let context = Context { session: Arc::new(Sample::default()), stop: CancellationToken::new() };
    let disk = Disk { size: 7.into(), ..Disk::default() };
    context.session.cloud.lock().unwrap().insert("d-1".into(), disk);
    let object = |id: &str, size| Value::map([("id", id.into()), ("size", size)]);
    for (id, value, messages) in [
        ("d-1", object("d-1", 7_i64.into()), vec![("", "Looked up")]),
        ("d-2", Value::Null, vec![("id", "No such disk")]),
        ("vague", object("vague", Value::Null), vec![("size", "Value not known after the operation")]),
        ("panics", Value::Null, vec![("", "The provider crashed")]),
    ] {
        let (read, found) = data_source(DiskSource).read(&context, &object(id, Value::Null)).await;
        let found: Vec<_> = found.iter().map(|d| (d.path.to_string(), d.summary.as_str())).collect();
        let messages: Vec<_> = messages.into_iter().map(|(path, summary)| (path.to_owned(), summary)).collect();
        assert_eq!((read, found), (value, messages), "{id}");
    }
}

#[tokio::test]
async fn schema_and_data_source_validate() {
    for (id, expected) in [
        ("d-1".into(), None),
        (Value::Unknown, None),
        (Value::Null, Some("Missing required attribute")),
        ("".into(), Some("Empty ID")),
    ] {
        let found = data_source(DiskSource).validate(&Value::map([("id", id), ("size", Value::Null)])).await;
        assert_eq!(found.iter().next().map(|d| d.summary.as_str()), expected);
    }
}
