//! Update: sends the request, waits, reads back, and sends all fields again if the API reset others.
//!
//! Undocumented behavior of `UpdateImageCache`, and how the provider handles it:
//!
//! | question | handling |
//! | --- | --- |
//! | is an omitted field kept or reset? | read back: a field that was reset is sent again, with all others |
//! | in which status is an update refused? | during a build: sent again afterwards; otherwise an error says what to do |
//! | when is an update visible? | the wait looks for evidence of it, and stops looking after some polls |

use std::sync::Arc;

use super::changes::Changes;
use super::fields::Planned;
use super::model::ImageCacheModel;
use super::read::address;
use super::request::Extent;
use super::{messages, private, request, verify, wait};
use crate::account;
use crate::image_caches::{Change, was_built};
use crate::session::Session;
use tencentcloud::tke::{ImageCache, Status, UpdateImageCache};
use terraform_plugin::framework::{Context, Deadline, Operation, Outcome, Response};
use terraform_plugin::value::Attr;

pub(super) async fn update(
    context: &Context<Session>,
    planned: ImageCacheModel,
    config: ImageCacheModel,
    response: &mut Response<ImageCacheModel>,
) -> Outcome<()> {
    let Some(prior) = response.state.clone() else { return Ok(()) };
    let deadline = planned.deadline(Operation::Update, &context.stop);
    let not_sent = |ended| messages::not_updated(&prior.id, ended, &deadline, false);
    let (region, id) = deadline.until.run(address(&context.session, &prior)).await.map_err(not_sent)??;
    let imported = private::is_imported(&response.private);
    let changes = Changes { prior: &prior, planned: &planned, imported };
    let retry = prior.status() == Some(Status::UpdateFailed);
    if !retry && changes.fields().next().is_none() {
        private::set_imported(&mut response.private, false);
        if planned.status.is_known() {
            // Only attributes of the provider changed, such as deletion_policy: no call and no wait.
            response.state = Some(planned);
            return Ok(());
        }
        response.state = Some(ImageCacheModel { status: prior.status, ..planned.clone() });
        wait::wait_and_save(context, (&region, &id), planned, None, response, &deadline).await?;
        return Ok(());
    }
    let caches = &context.session.image_caches;
    let read = deadline.until.run(caches.get(&region, &id)).await.map_err(not_sent)?;
    let read = read.map_err(|error| context.session.failed("reading", &messages::subject(&id, &region), &error))?;
    let Some(mut before) = read else {
        account::check(&context.session, &response.private, &messages::subject(&id, &region)).await?;
        return Err(messages::gone(&id, &region, None).into());
    };
    if before.status.is_building() && planned.wait_for_ready == Attr::Known(true) {
        // The API may refuse a change during a build, and may lose one that it accepts.
        let waiting = ImageCacheModel {
            status: Attr::Unknown,
            wait_for_ready: planned.wait_for_ready,
            timeouts: planned.timeouts.clone(),
            ..prior.clone()
        };
        match wait::wait_and_save(context, (&region, &id), waiting, None, response, &deadline).await? {
            Some(built) => before = built,
            None => return Err(messages::update_not_sent(&id, &region).into()),
        }
    }

    let policy = &context.session.tags;
    let from = Planned { planned: &planned, config: &config, tags: policy, listed: Some(&before) };
    let waits = planned.wait_for_ready != Attr::Known(false);
    let builds = retry || !changes.rebuilding().is_empty();
    let sent = request::update(changes, &from, &before, if builds { Extent::Build } else { Extent::Changes });
    let Some(after) = send(context, &planned, &before, &sent, response, &deadline).await? else { return Ok(()) };
    let reset = verify::reset(&before, &after, &sent);
    if reset.is_empty() {
        verify::updated(&sent, &before, &after, policy, waits, response);
        return Ok(());
    }
    tracing::warn!(id, region, ?reset, "the API reset fields that the update omitted; sending all fields");
    let sent = request::update(changes, &from, &before, Extent::Restore);
    let Some(restored) = send(context, &planned, &after, &sent, response, &deadline).await? else { return Ok(()) };
    response.diagnostics.push(messages::reset(&id, &region, &reset, was_built(&before, &restored)));
    verify::updated(&sent, &after, &restored, policy, waits, response);
    Ok(())
}

/// Sends a request and waits until it is carried out. Returns the updated cache; `None` if Ctrl-C ended the wait.
async fn send(
    context: &Context<Session>,
    planned: &ImageCacheModel,
    before: &ImageCache,
    request: &UpdateImageCache,
    response: &mut Response<ImageCacheModel>,
    deadline: &Deadline,
) -> Outcome<Option<Arc<ImageCache>>> {
    let ended = |was_sent| move |ended| messages::not_updated(&planned.id, ended, deadline, was_sent);
    let (region, id) = deadline.until.run(address(&context.session, planned)).await.map_err(ended(false))??;
    let caches = &context.session.image_caches;
    let sent = caches.update_when_built(&region, request.clone(), &deadline.until).await.map_err(ended(true))?;
    sent.map_err(|error| {
        let refused = messages::update_refused(&region, before, request.image_cache_size, &error);
        context.session.report(&error, refused)
    })?;

    private::set_imported(&mut response.private, false);
    let building = || Status::Updating.to_string().into();
    let status = if planned.status.is_unknown() { building() } else { planned.status.clone() };
    response.state = Some(ImageCacheModel { status, ..planned.clone() });
    let shows = |row: &ImageCache| verify::is_done(request, before, row, &context.session.tags);
    let builds = request.images.is_some();
    let change = Change { before, builds, patience: caches.patience(), shows: &shows };
    wait::wait_and_save(context, (&region, &id), planned.clone(), Some(change), response, deadline).await
}
