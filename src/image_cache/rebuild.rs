//! Action `eks_image_cache_rebuild`: pulls the images of a cache again, in place, without a change of its configuration.
//!
//! It is assumed that sending the same images requests a pull, as for `rebuild_triggers`: the fields that do are not documented.
//! It is not documented either whether the API keeps omitted fields, so all listed ones are sent: name, size, retention and
//! tags. Credentials and security groups are not listed, and an action has none.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::build_log::BuildLog;
use super::model::DEFAULT_BUILD_TIMEOUT;
use super::{messages, request, verify};
use crate::image_caches::{BuildInstance, Change, Goal, Observation, WaitError};
use crate::session::Session;
use crate::{errors, image_cache_id, regions};
use tencentcloud::tke::{ImageCache, Status};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::{Action, Context, Outcome, Progress, unless_stopped};
use terraform_plugin::schema::{OPTIONAL, REQUIRED};
use terraform_plugin::value::Attr;

/// Pulls the images of a cache again, in place, for tags that moved. Pods that start in the meantime may pull their images.
///
/// Name, size, retention and tags are sent as the API lists them. Credentials and security groups are not listed, and are not
/// sent. For images of private registries, change `rebuild_triggers` of `eks_image_cache` instead.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RebuildConfig {
    /// ID of the cache, for example `imc-1a2b3c4d`.
    #[schemars(extend("x-terraform" = REQUIRED), length(min = 1))]
    pub image_cache_id: Attr<String>,

    /// Region of the cache, for example `ap-guangzhou`. Defaults to the region of the provider.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub region: Attr<String>,

    /// Whether to wait until the cache is Ready again, for an hour at most. Default `true`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub wait: Attr<bool>,
}

/// The action.
pub struct ImageCacheRebuild;

#[async_trait]
impl Action for ImageCacheRebuild {
    type Session = Session;
    type Config = RebuildConfig;
    const TYPE_NAME: &'static str = "eks_image_cache_rebuild";

    fn validate(&self, config: &RebuildConfig, diagnostics: &mut Diagnostics) {
        image_cache_id::validate(AttributePath::root("image_cache_id"), &config.image_cache_id, diagnostics);
        regions::validate(AttributePath::root("region"), &config.region, diagnostics);
    }

    async fn invoke(
        &self,
        context: &Context<Session>,
        config: RebuildConfig,
        progress: &Progress,
        diagnostics: &mut Diagnostics,
    ) -> Outcome<()> {
        let session = &context.session;
        let id = config.image_cache_id.as_str().unwrap_or_default();
        let found = unless_stopped(&context.stop, async {
            let region = session.region_of(&config.region).await?;
            let before = rebuildable(session, &region, id).await?;
            Ok((region, before))
        });
        let (region, before) = found.await?;
        let sent = request::rebuild(&before);
        let updated = context.stop.run_until_cancelled(session.image_caches.update(&region, sent.clone())).await;
        let updated = updated.ok_or_else(|| messages::rebuild_unknown(id))?;
        updated.map_err(|error| errors::api("rebuilding", &messages::subject(id, &region), &error))?;
        progress.report(format!("Image cache {id} in {region} pulls its images again")).await;
        if config.wait == Attr::Known(false) {
            return Ok(());
        }
        let (waited, instance) = wait(context, &region, &before, progress).await;
        match waited {
            Err(WaitError::Canceled { .. }) => {
                diagnostics.push(messages::rebuild_interrupted(id));
                Ok(())
            }
            Err(error) => Err(messages::rebuild(id, &region, &error, instance.as_ref()).into()),
            Ok(after) => {
                diagnostics.extend(verify::rebuilt(&sent, &before, &after));
                Ok(())
            }
        }
    }
}

/// The cache, unless it cannot be rebuilt now.
async fn rebuildable(session: &Session, region: &str, id: &str) -> Outcome<Arc<ImageCache>> {
    let at = AttributePath::root("image_cache_id");
    let read = session.image_caches.get(region, id).await;
    let Some(cache) = read.map_err(|error| errors::api("reading", &messages::subject(id, region), &error))? else {
        return Err(messages::not_found(id, region).at(at).into());
    };
    let what_to_do = match cache.status {
        Status::Failed => "Its first build failed, and it cannot be repaired: replace it",
        Status::Pending | Status::Updating => "Its images are being pulled already: wait until it is Ready",
        _ => return Ok(cache),
    };
    let detail = format!("Image cache {id} in {region} is {}. {what_to_do}.", cache.status);
    Err(Diagnostic::error("Image cache cannot be rebuilt now", detail).at(at).into())
}

/// Waits until the cache is Ready, and reports each status. Also returns the container instance of the build, if it is known.
async fn wait(
    context: &Context<Session>,
    region: &str,
    before: &ImageCache,
    progress: &Progress,
) -> (Result<Arc<ImageCache>, WaitError>, Option<BuildInstance>) {
    let (sender, mut changes) = mpsc::unbounded_channel();
    let id = before.image_cache_id.as_str();
    let mut log = BuildLog::new(id, region, Some(before));
    let mut on_change = |observed: Observation<'_>| {
        log.observe(observed);
        let cache = if let Observation::Cache(cache) = observed { Some(cache.clone()) } else { None };
        // Fails only if the receiver below was dropped, together with the wait.
        let _ = sender.send((cache, log.instance().cloned()));
    };
    let caches = &context.session.image_caches;
    let change = Change { before, builds: true, patience: caches.patience(), shows: &|_| true };
    let goal = Goal { built: true, change: Some(change) };
    let ready = caches.wait_for(region, id, goal, DEFAULT_BUILD_TIMEOUT, &context.stop, &mut on_change);
    let latest = Mutex::new((before.clone(), None));
    let reported = async {
        tokio::pin!(ready);
        let mut status = None;
        let mut observe = async |cache: Option<ImageCache>, instance: Option<BuildInstance>| {
            if let Some(cache) = &cache
                && status.as_ref() != Some(&cache.status)
            {
                progress.report(format!("Image cache {id} is {}", cache.status)).await;
                status = Some(cache.status.clone());
            }
            let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
            *latest = (cache.unwrap_or_else(|| latest.0.clone()), instance);
        };
        loop {
            tokio::select! {
                biased;
                Some((cache, instance)) = changes.recv() => observe(cache, instance).await,
                result = &mut ready => {
                    while let Ok((cache, instance)) = changes.try_recv() {
                        observe(cache, instance).await;
                    }
                    return result;
                }
            }
        }
    };
    let line = |elapsed| {
        let latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
        messages::still_building(region, &latest.0, latest.1.as_ref(), elapsed)
    };
    let waited = progress.keep_alive(reported, line).await;
    (waited, latest.into_inner().unwrap_or_else(PoisonError::into_inner).1)
}
