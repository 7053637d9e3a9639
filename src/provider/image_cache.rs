//! `eks_image_cache`: a cache of container images that Pods start from instead of pulling them.
//!
//! API: <https://cloud.tencent.com/document/api/457/70861> and its neighbours.
//!
//! What apply promises:
//!
//! - a cache is created at most once, even when the answer is lost, see [`crate::tencentcloud::image_caches`];
//! - its ID is in the state before the wait for it begins;
//! - Ctrl-C ends the wait with a warning and without a taint: the next apply goes on waiting;
//! - no message holds a secret.

mod identity;
mod import;
mod messages;
mod model;
mod plan;
mod request;
mod state;
mod validate;

use std::time::Duration;

use async_trait::async_trait;

pub use model::ImageCacheModel;

use super::{EksProvider, duration, errors};
use crate::diagnostics::Diagnostics;
use crate::framework::{Context, Outcome, Resource, ResourcePlan, Response, Source};
use crate::tencentcloud::image_caches::WaitError;
use crate::tencentcloud::tke::{ImageCache, Status};
use crate::value::Attr;

/// Waits that the `timeouts` block does not set.
const DEFAULT_BUILD_TIMEOUT: Duration = Duration::from_secs(60 * 60);
const DEFAULT_DELETE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// The resource.
pub struct ImageCacheResource;

#[async_trait]
impl Resource for ImageCacheResource {
    type Provider = EksProvider;
    type Model = ImageCacheModel;
    const TYPE_NAME: &'static str = "eks_image_cache";

    fn validate(&self, config: &ImageCacheModel, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn plan(&self, context: &Context<EksProvider>, plan: &mut ResourcePlan<ImageCacheModel>) -> Outcome<()> {
        plan::plan(&context.provider, plan).await
    }

    async fn create(
        &self,
        context: &Context<EksProvider>,
        mut planned: ImageCacheModel,
        config: ImageCacheModel,
        response: &mut Response<ImageCacheModel>,
    ) -> Outcome<()> {
        let provider = &context.provider;
        provider.guard_account().await?;
        let region = provider.region_of(&planned.region).await?;
        let name = planned.name.known().cloned().unwrap_or_else(request::unique_name);
        let request = request::create(&planned, &config, &name);
        let caches = provider.image_caches();
        let id = caches.create(&region, request).await.map_err(|error| errors::creating(&name, &region, &error))?;

        planned.region = region.clone().into();
        planned.name = name.into();
        state::set_id(&mut planned, &id);
        let status = Attr::from(Status::Pending.to_string());
        response.state = Some(ImageCacheModel { status, ..planned.clone() });
        settle(context, planned, response, Operation::Create).await
    }

    async fn read(&self, context: &Context<EksProvider>, response: &mut Response<ImageCacheModel>) -> Outcome<()> {
        let Some(state) = &mut response.state else { return Ok(()) };
        let (region, id) = address(&context.provider, state).await?;
        let read = context.provider.image_caches().get(&region, &id).await;
        match read.map_err(|error| errors::api("reading", &id, &region, &error))? {
            None => response.state = None,
            Some(cache) => {
                response.private.set(plan::LAST_EVENTS, messages::last_events_if_failed(&cache));
                state::refresh(state, &region, &cache, context.provider.default_tags().known());
            }
        }
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<EksProvider>,
        planned: ImageCacheModel,
        config: ImageCacheModel,
        response: &mut Response<ImageCacheModel>,
    ) -> Outcome<()> {
        let Some(prior) = response.state.clone() else { return Ok(()) };
        let provider = &context.provider;
        let (region, id) = address(provider, &prior).await?;
        let building = matches!(prior.status(), Some(Status::Pending | Status::Updating));
        let waits = planned.wait_for_ready == Attr::Known(true);
        let update = request::update(&prior, &planned, &config, &id);
        if building && waits && update.is_some() {
            // The API may refuse a change during a build, and may lose one that it accepts.
            let waiting = ImageCacheModel {
                status: Attr::Unknown,
                wait_for_ready: planned.wait_for_ready.clone(),
                timeouts: planned.timeouts.clone(),
                ..prior.clone()
            };
            settle(context, waiting, response, Operation::Update).await?;
            if context.stop.is_cancelled() {
                return Ok(());
            }
        }
        let mut status = prior.status;
        if let Some(update) = update {
            provider.guard_account().await?;
            let caches = provider.image_caches();
            caches.update(&region, update).await.map_err(|error| errors::api("updating", &id, &region, &error))?;
            if planned.status.is_unknown() {
                status = Status::Updating.to_string().into();
            }
        }
        response.state = Some(ImageCacheModel { status, ..planned.clone() });
        settle(context, planned, response, Operation::Update).await
    }

    async fn delete(&self, context: &Context<EksProvider>, response: &mut Response<ImageCacheModel>) -> Outcome<()> {
        let Some(state) = &response.state else { return Ok(()) };
        let provider = &context.provider;
        provider.guard_account().await?;
        let (region, id) = address(provider, state).await?;
        let timeout = timeout(state, Operation::Delete);
        let caches = provider.image_caches();
        caches.delete(&region, &id).await.map_err(|error| errors::api("deleting", &id, &region, &error))?;
        match caches.wait_gone(&region, &id, timeout, &context.stop).await {
            Ok(()) => Ok(()),
            Err(error) => Err(messages::delete_wait(&id, &region, timeout, &error).into()),
        }
    }

    fn import(&self, _: &Context<EksProvider>, import_id: &str) -> Outcome<ImageCacheModel> {
        Ok(import::by_import_id(import_id)?)
    }

    fn move_from(&self, source: &Source, state: serde_json::Value) -> Outcome<Option<ImageCacheModel>> {
        Ok(import::moved(source, state)?)
    }
}

/// What a wait belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Create,
    Update,
    Delete,
}

fn timeout(state: &ImageCacheModel, operation: Operation) -> Duration {
    let timeouts = state.timeouts.known();
    let (text, default) = match operation {
        Operation::Create => (timeouts.map(|t| &t.create), DEFAULT_BUILD_TIMEOUT),
        Operation::Update => (timeouts.map(|t| &t.update), DEFAULT_BUILD_TIMEOUT),
        Operation::Delete => (timeouts.map(|t| &t.delete), DEFAULT_DELETE_TIMEOUT),
    };
    text.and_then(Attr::as_str).and_then(|text| duration::parse(text).ok()).unwrap_or(default)
}

async fn address(provider: &EksProvider, state: &ImageCacheModel) -> Outcome<(String, String)> {
    let id = state.id.as_str().unwrap_or_default().to_owned();
    Ok((provider.region_of(&state.region).await?, id))
}

/// Waits for the planned cache, if it is to be waited for, and saves it with what the API computed.
async fn settle(
    context: &Context<EksProvider>,
    planned: ImageCacheModel,
    response: &mut Response<ImageCacheModel>,
    operation: Operation,
) -> Outcome<()> {
    let (region, id) = address(&context.provider, &planned).await?;
    let (region, id) = (region.as_str(), id.as_str());
    let caches = context.provider.image_caches();
    if planned.wait_for_ready == Attr::Known(false) {
        let read = caches.get(region, id).await;
        save(response, planned, read.as_ref().ok().and_then(Option::as_deref));
        // An error would taint what was just made.
        response.diagnostics.extend(read.err().map(|error| messages::unread(id, region, &error)));
        return Ok(());
    }
    let timeout = timeout(&planned, operation);
    let mut log = |cache: &ImageCache| tracing::info!(id, region, status = cache.status.as_str(), "image cache");
    match caches.wait_ready(region, id, timeout, &context.stop, &mut log).await {
        Ok(cache) => {
            save(response, planned, Some(&cache));
            Ok(())
        }
        Err(WaitError::Failed(cache) | WaitError::UpdateFailed(cache)) => {
            response.private.set(plan::LAST_EVENTS, messages::last_events_if_failed(&cache));
            save(response, planned, Some(&cache));
            Err(messages::failed(operation, region, &cache).into())
        }
        Err(WaitError::Cancelled { last, .. }) => {
            save(response, planned, last.as_deref());
            response.diagnostics.push(messages::interrupted(id, status(response)));
            Ok(())
        }
        Err(WaitError::TimedOut { last, source, .. }) => {
            save(response, planned, last.as_deref());
            Err(messages::timed_out(operation, id, region, timeout, status(response), source.as_deref()).into())
        }
        Err(WaitError::UnknownStatus(cache)) => {
            save(response, planned, Some(&cache));
            Err(messages::unknown_status(region, &cache).into())
        }
        Err(WaitError::Gone { .. }) => {
            response.state = None;
            Err(messages::gone(id, region).into())
        }
        Err(WaitError::Api { source, .. }) => {
            save(response, planned, None);
            Err(messages::wait_failed(operation, id, region, &source).into())
        }
    }
}

/// Saves what was planned, with what the API says of the rest; without an answer, what was saved before stays.
fn save(response: &mut Response<ImageCacheModel>, planned: ImageCacheModel, cache: Option<&ImageCache>) {
    if cache.is_some() {
        response.state = Some(planned);
    }
    if let Some(state) = &mut response.state {
        state::complete(state, cache);
    }
}

fn status(response: &Response<ImageCacheModel>) -> Option<&str> {
    response.state.as_ref().and_then(|state| state.status.as_str())
}
