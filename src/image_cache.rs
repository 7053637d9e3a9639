//! `eks_image_cache`: a cache of container images that Pods start from instead of pulling them.
//!
//! API: <https://cloud.tencent.com/document/api/457/70861> and its neighbours.
//!
//! Guarantees of apply:
//!
//! - a cache is created at most once, even if the response is lost, see [`crate::image_caches`];
//! - its ID is in the state before the wait begins;
//! - the result of a change is read back, see [`verify`];
//! - Ctrl-C ends the wait with a warning and without a taint: the next apply continues waiting;
//! - no message contains a secret.

pub mod attributes;
mod build_log;
mod changes;
mod computed;
mod create;
mod create_only;
mod creation_time;
mod data_source;
mod delete;
mod fields;
mod import;
mod leftover;
mod list_data_source;
mod list_resource;
mod messages;
mod model;
mod plan;
mod private;
mod read;
mod rebuild;
mod request;
mod state;
mod suitable_data_source;
mod update;
mod validate;
mod verify;
mod wait;

use async_trait::async_trait;

pub use data_source::ImageCacheData;
pub use list_data_source::ImageCachesData;
pub use list_resource::ImageCacheList;
pub use messages::{not_found, subject};
pub use model::ImageCacheModel;
pub use rebuild::ImageCacheRebuild;
pub use suitable_data_source::SuitableImageCache;

use crate::session::Session;
use terraform_plugin::diagnostics::Diagnostics;
use terraform_plugin::framework::{Context, Outcome, Resource, ResourcePlan, Response, Source};

/// The resource.
pub struct ImageCacheResource;

#[async_trait]
impl Resource for ImageCacheResource {
    type Session = Session;
    type Model = ImageCacheModel;
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
        planned: ImageCacheModel,
        config: ImageCacheModel,
        response: &mut Response<ImageCacheModel>,
    ) -> Outcome<()> {
        create::create(context, planned, config, response).await
    }

    async fn read(&self, context: &Context<Session>, response: &mut Response<ImageCacheModel>) -> Outcome<()> {
        read::read(context, response).await
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
        delete::delete(context, response).await
    }

    fn import(&self, _: &Context<Session>, import_id: &str) -> Outcome<ImageCacheModel> {
        Ok(import::by_import_id(import_id)?)
    }

    async fn import_identity(&self, context: &Context<Session>, object: ImageCacheModel) -> Outcome<ImageCacheModel> {
        import::by_identity(&context.session, object).await
    }

    fn move_state(&self, source: &Source, state: serde_json::Value) -> Outcome<Option<ImageCacheModel>> {
        Ok(import::moved(source, state)?)
    }
}

#[cfg(test)]
mod tests;
