//! Create: sends the request once, saves the ID, waits, and compares the result with the plan.

use futures_util::future::FutureExt as _;

use super::fields::Planned;
use super::model::ImageCacheModel;
use super::{leftover, messages, request, state, verify, wait};
use crate::account;
use crate::image_caches::CreateError;
use crate::session::Session;
use tencentcloud::tke::Status;
use terraform_plugin::framework::{Context, Operation, Outcome, Response};
use terraform_plugin::value::Attr;

pub(super) async fn create(
    context: &Context<Session>,
    mut planned: ImageCacheModel,
    config: ImageCacheModel,
    response: &mut Response<ImageCacheModel>,
) -> Outcome<()> {
    let session = &context.session;
    let deadline = planned.deadline(Operation::Create, &context.stop);
    let name = planned.name.known().cloned().unwrap_or_else(request::unique_name);
    let not_created = |region: &str, error| messages::not_created(&name, region, &deadline, &error);
    let region = deadline.until.run(session.region_of(&planned.region)).await;
    let region = region.map_err(|ended| not_created("", CreateError::NotSent { ended, last: None }))??;
    let request = request::create(&planned, &config, &name);
    let caches = &session.image_caches;
    let created = async {
        let created = caches.create(&region, request.clone(), &deadline.until).await;
        created.map_err(|error| match &error {
            CreateError::Refused { source, .. } => {
                session.report(source, messages::not_created(&name, &region, &deadline, &error))
            }
            _ => not_created(&region, error),
        })
    };
    // An error ends the others.
    let (id, candidates, ()) = tokio::try_join!(
        created,
        leftover::candidates(session, &region, config.name.is_known()).map(Ok),
        account::save(session, &mut response.private).map(Ok),
    )?;
    response.diagnostics.extend(leftover::warning(session, &region, &request, candidates, &id));

    planned.region = region.clone().into();
    planned.name = name.into();
    state::set_id(&mut planned, &id);
    let status = Attr::from(Status::Pending.to_string());
    response.state = Some(ImageCacheModel { status, ..planned.clone() });
    if let Some(cache) =
        wait::wait_and_save(context, (&region, &id), planned.clone(), None, response, &deadline).await?
    {
        let from = Planned { planned: &planned, config: &config, tags: &session.tags, listed: None };
        verify::created(&request::planned(&from), &cache, &session.tags, response);
    }
    Ok(())
}
