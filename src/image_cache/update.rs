//! An update: sent, waited for, read back, and mended where the API did more than it was asked for.
//!
//! What is not documented of `UpdateImageCache`, and how it is met:
//!
//! | question | answer |
//! | --- | --- |
//! | is a field that is left out kept or reset? | read back: what was reset is sent again, with everything else |
//! | in which status is an update refused? | while it builds: sent again afterwards; otherwise an error says what to do |
//! | when does an update show? | the wait looks for a trace of it, and gives up after some polls |

use std::sync::Arc;

use super::model::ImageCacheModel;
use super::{Deadline, Operation, account, address, messages, request, settle, verify};
use crate::errors;
use crate::image_caches::{Change, was_built};
use crate::session::Session;
use tencentcloud::tke::{ImageCache, Status, UpdateImageCache};
use terraform_plugin::framework::{Context, Outcome, Response};
use terraform_plugin::value::Attr;

pub(super) async fn update(
    context: &Context<Session>,
    planned: ImageCacheModel,
    config: ImageCacheModel,
    response: &mut Response<ImageCacheModel>,
) -> Outcome<()> {
    let Some(prior) = response.state.clone() else { return Ok(()) };
    let deadline = Deadline::of(Operation::Update, &planned);
    let (region, id) = address(&context.session, &prior).await?;
    let Some(mut request) = request::update(&prior, &planned, &config, &id) else {
        if planned.status.is_known() {
            // What changed is the provider's own, such as deletion_policy: nothing to call, and nothing to wait for.
            response.state = Some(planned);
            return Ok(());
        }
        response.state = Some(ImageCacheModel { status: prior.status, ..planned.clone() });
        settle(context, planned, None, response, &deadline).await?;
        return Ok(());
    };
    let caches = context.session.image_caches();
    let read = caches.get(&region, &id).await.map_err(|error| errors::api("reading", &id, &region, &error))?;
    let Some(mut before) = read else {
        account::check(&context.session, &response.private, &id, &region).await?;
        return Err(messages::gone(&id, &region).into());
    };
    if before.status.is_building() && planned.wait_for_ready == Attr::Known(true) {
        // The API may refuse a change during a build, and may lose one that it accepts.
        let waiting = ImageCacheModel {
            status: Attr::Unknown,
            wait_for_ready: planned.wait_for_ready,
            timeouts: planned.timeouts.clone(),
            ..prior.clone()
        };
        match settle(context, waiting, None, response, &deadline).await? {
            Some(built) => before = built,
            None => return Err(messages::update_not_sent(&id, &region).into()),
        }
    }

    request::add_untold(&mut request, &planned, &before);
    let asked = request.clone();
    let Some(after) = send(context, &planned, &before, request, response, &deadline).await? else { return Ok(()) };
    let default_tags = context.session.default_tags().known();
    let reset = verify::reset(&planned, &before, &after, &asked);
    if reset.is_empty() {
        verify::updated(&planned, &before, &after, &asked, default_tags, response);
        return Ok(());
    }
    tracing::warn!(id, region, ?reset, "the API changed what the update left out, sending everything");
    let everything = request::everything(&planned, &config, &id);
    let asked = everything.clone();
    let Some(mended) = send(context, &planned, &after, everything, response, &deadline).await? else { return Ok(()) };
    response.diagnostics.push(messages::reset(&id, &region, &reset, was_built(&before, &mended)));
    verify::updated(&planned, &after, &mended, &asked, default_tags, response);
    Ok(())
}

/// Sends a request and waits until it is carried out. Gives the cache as it then is; `None` when Ctrl-C ended the wait.
async fn send(
    context: &Context<Session>,
    planned: &ImageCacheModel,
    before: &ImageCache,
    request: UpdateImageCache,
    response: &mut Response<ImageCacheModel>,
    deadline: &Deadline,
) -> Outcome<Option<Arc<ImageCache>>> {
    let (region, _) = address(&context.session, planned).await?;
    let asked = request.clone();
    let sent = context.session.image_caches().update_when_built(&region, request, deadline.left(), &context.stop);
    sent.await.map_err(|error| messages::update_refused(&region, before, asked.image_cache_size, &error))?;

    let building = || Status::Updating.to_string().into();
    let status = if planned.status.is_unknown() { building() } else { planned.status.clone() };
    response.state = Some(ImageCacheModel { status, ..planned.clone() });
    let shows = |row: &ImageCache| verify::is_done(planned, before, row, &asked);
    let change = Change { before, builds: asked.images.is_some(), shows: &shows };
    settle::settle(context, planned.clone(), Some(change), response, deadline).await
}
