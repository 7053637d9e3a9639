//! Delete: sends the request, again after a build that prevents it, and waits.

use std::time::Duration;

use super::messages;
use super::model::ImageCacheModel;
use super::read::address;
use crate::account;
use crate::session::Session;
use terraform_plugin::framework::{Context, Operation, Outcome, Response};

/// Time limit for reading a cache whose deletion was refused, for the message.
const LAST_LOOK: Duration = Duration::from_secs(5);

pub(super) async fn delete(context: &Context<Session>, response: &mut Response<ImageCacheModel>) -> Outcome<()> {
    let Some(state) = &response.state else { return Ok(()) };
    let session = &context.session;
    let deadline = state.deadline(Operation::Delete, &context.stop);
    let ended = |ended| messages::not_deleted(&state.id, ended, &deadline);
    let checked = async {
        let (region, id) = address(session, state).await?;
        account::check(session, &response.private, &messages::subject(&id, &region)).await?;
        Outcome::Ok((region, id))
    };
    let (region, id) = deadline.until.run(checked).await.map_err(ended)??;
    if state.is_retained() {
        response.diagnostics.push(messages::retained(&id, &region));
        return Ok(());
    }
    let caches = &session.image_caches;
    if let Err(error) = caches.delete_when_built(&region, &id, &deadline.until).await.map_err(ended)? {
        let listed = tokio::time::timeout(LAST_LOOK, caches.get(&region, &id)).await;
        let listed = listed.ok().and_then(Result::ok).flatten();
        let refused = messages::delete_refused(&id, &region, listed.as_deref(), &deadline, &error);
        return Err(session.report(&error, refused).into());
    }
    match caches.wait_gone(&region, &id, deadline.left(), &context.stop).await {
        Ok(()) => Ok(()),
        Err(error) => Err(messages::delete_wait(&id, &region, &deadline, &error).into()),
    }
}
