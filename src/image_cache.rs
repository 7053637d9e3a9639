//! `eks_image_cache`: a cache of container images that Pods start from instead of pulling them.
//!
//! API: <https://cloud.tencent.com/document/api/457/70861> and its neighbours.
//!
//! What apply promises:
//!
//! - a cache is created at most once, even when the answer is lost, see [`crate::image_caches`];
//! - its ID is in the state before the wait for it begins;
//! - what the API made of a change is read back, see [`verify`];
//! - Ctrl-C ends the wait with a warning and without a taint: the next apply goes on waiting;
//! - no message holds a secret.

pub mod attributes;
mod build_log;
mod changes;
mod data_source;
mod fields;
pub mod id;
mod identity;
mod import;
mod leftover;
mod list_data_source;
mod list_resource;
mod messages;
mod model;
mod plan;
mod private;
mod rebuild;
mod request;
mod state;
mod suitable_data_source;
mod update;
mod validate;
mod verify;
mod wait;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::FutureExt as _;

pub use data_source::ImageCacheData;
pub use identity::ImageCacheIdentity;
pub use list_data_source::ImageCachesData;
pub use list_resource::ImageCacheList;
pub use messages::{not_found, subject};
pub use model::ImageCacheModel;
pub use rebuild::ImageCacheRebuild;
pub use suitable_data_source::SuitableImageCache;

use self::fields::Planned;
use crate::image_caches::CreateError;
use crate::session::Session;
use crate::{account, errors};
use tencentcloud::tke::Status;
use terraform_plugin::diagnostics::Diagnostics;
use terraform_plugin::framework::{Context, Operation, Outcome, Resource, ResourcePlan, Response, Source};
use terraform_plugin::value::Attr;

/// How long a cache whose deletion was refused is looked at, to say why.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// The resource.
pub struct ImageCacheResource;

#[async_trait]
impl Resource for ImageCacheResource {
    type Session = Session;
    type Model = ImageCacheModel;
    type Identity = ImageCacheIdentity;
    const TYPE_NAME: &'static str = "eks_image_cache";

    fn validate(&self, config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn plan(&self, context: &Context<Session>, plan: &mut ResourcePlan<ImageCacheModel>) -> Outcome<()> {
        plan::plan(&context.session, plan).await
    }

    async fn create(
        &self,
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
        let caches = session.image_caches();
        let created = async {
            let created = caches.create(&region, request.clone(), &deadline.until).await;
            created.map_err(|error| not_created(&region, error))
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
        if let Some(cache) = wait::wait_and_save(context, planned.clone(), None, response, &deadline).await? {
            let from = Planned { planned: &planned, config: &config, tags: &session.tags, listed: None };
            verify::created(&request::planned(&from), &cache, &session.tags, response);
        }
        Ok(())
    }

    async fn read(&self, context: &Context<Session>, response: &mut Response<ImageCacheModel>) -> Outcome<()> {
        let Some(state) = &mut response.state else { return Ok(()) };
        let (region, id) = address(&context.session, state).await?;
        let read = context.session.image_caches().get(&region, &id).await;
        match read.map_err(|error| errors::api("reading", &messages::subject(&id, &region), &error))? {
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
                    // Nothing but an import leaves them out.
                    private::set_imported(&mut response.private, true);
                }
                state::refresh(state, &region, &cache, &context.session.tags);
            }
        }
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<Session>,
        planned: ImageCacheModel,
        config: ImageCacheModel,
        response: &mut Response<ImageCacheModel>,
    ) -> Outcome<()> {
        update::update(context, planned, config, response).await
    }

    async fn delete(&self, context: &Context<Session>, response: &mut Response<ImageCacheModel>) -> Outcome<()> {
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
        let caches = session.image_caches();
        let deletion = caches.delete_when_built(&region, &id, deadline.left(), &context.stop);
        if let Err(error) = deadline.until.run(deletion).await.map_err(ended)? {
            let listed = tokio::time::timeout(LAST_LOOK, caches.get(&region, &id)).await;
            let listed = listed.ok().and_then(Result::ok).flatten();
            return Err(messages::delete_refused(&id, &region, listed.as_deref(), &deadline, &error).into());
        }
        match caches.wait_gone(&region, &id, deadline.left(), &context.stop).await {
            Ok(()) => Ok(()),
            Err(error) => Err(messages::delete_wait(&id, &region, &deadline, &error).into()),
        }
    }

    fn import(&self, _: &Context<Session>, import_id: &str) -> Outcome<ImageCacheModel> {
        Ok(import::by_import_id(import_id)?)
    }

    fn identity(&self, state: &ImageCacheModel) -> ImageCacheIdentity {
        ImageCacheIdentity { id: state.id.clone(), region: state.region.clone() }
    }

    async fn import_identity(
        &self,
        context: &Context<Session>,
        identity: ImageCacheIdentity,
    ) -> Outcome<ImageCacheModel> {
        import::by_identity(&context.session, identity).await
    }

    fn move_state(&self, source: &Source, state: serde_json::Value) -> Outcome<Option<ImageCacheModel>> {
        Ok(import::moved(source, state)?)
    }
}

async fn address(session: &Session, state: &ImageCacheModel) -> Outcome<(String, String)> {
    let id = state.id.as_str().unwrap_or_default().to_owned();
    let region = session.region_of(&state.region).await?;
    session.image_caches().mark_managed(&region, &id);
    Ok((region, id))
}
