//! Read: updates the state from the API.

use super::model::ImageCacheModel;
use super::{messages, private, state};
use crate::account;
use crate::session::Session;
use terraform_plugin::framework::{Context, Outcome, Response};

pub(super) async fn read(context: &Context<Session>, response: &mut Response<ImageCacheModel>) -> Outcome<()> {
    let Some(state) = &mut response.state else { return Ok(()) };
    let (region, id) = address(&context.session, state).await?;
    let read = context.session.image_caches.get(&region, &id).await;
    match read.map_err(|error| context.session.failed("reading", &messages::subject(&id, &region), &error))? {
        None => {
            account::check(&context.session, &response.private, &messages::subject(&id, &region)).await?;
            response.state = None;
        }
        Some(cache) => {
            account::save(&context.session, &mut response.private).await;
            let last_events = messages::last_events_if_failed(&cache);
            if last_events.is_none() {
                response.private.set(private::INSTANCE_WARNINGS, None);
            }
            response.private.set(private::LAST_EVENTS, last_events);
            if state.images.is_null() {
                // Only an import omits them.
                private::set_imported(&mut response.private, true);
            }
            state::refresh(state, &region, &cache, &context.session.tags);
        }
    }
    Ok(())
}

/// The region and the ID of the cache with this state, which is marked as managed.
pub(super) async fn address(session: &Session, state: &ImageCacheModel) -> Outcome<(String, String)> {
    let id = state.id.as_str().unwrap_or_default().to_owned();
    let region = session.region_of(&state.region).await?;
    session.image_caches.mark_managed(&region, &id);
    Ok((region, id))
}
