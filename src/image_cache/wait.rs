//! After a write: waits for its end, and saves the state.

use std::sync::Arc;
use std::time::Duration;

use super::build_log::BuildLog;
use super::model::ImageCacheModel;
use super::{messages, private, state};
use crate::image_caches::{Change, Goal, Observation, WaitError};
use crate::session::Session;
use tencentcloud::tke::ImageCache;
use terraform_plugin::framework::{Context, Deadline, Operation, Outcome, Response};
use terraform_plugin::value::Attr;

/// Without `wait_for_ready`, how long to wait until the cache is listed: a read that does not find it removes it from the state.
const UNWAITED: Duration = Duration::from_secs(60);

/// Waits for the planned cache and saves it with the computed attributes: until it is Ready, or without `wait_for_ready` until
/// it is listed. After a `change`, also until that is observed, or its patience ends.
///
/// `address` is its region and its ID. Gives the cache as it then is; `None` when Ctrl-C ended the wait, or a cache that is not waited for could not be read.
pub(super) async fn wait_and_save(
    context: &Context<Session>,
    (region, id): (&str, &str),
    planned: ImageCacheModel,
    change: Option<Change<'_>>,
    response: &mut Response<ImageCacheModel>,
    deadline: &Deadline,
) -> Outcome<Option<Arc<ImageCache>>> {
    let caches = &context.session.image_caches;
    let operation = deadline.operation;
    let waits = planned.wait_for_ready != Attr::Known(false);
    let goal = Goal { built: waits, change };
    let timeout = if waits { deadline.left() } else { deadline.left().min(UNWAITED) };
    let mut log = BuildLog::new(id, region, change.map(|change| change.before));
    let mut on_change = |observed: Observation<'_>| drop(log.observe(observed));
    let waited = caches.wait_for(region, id, goal, timeout, &context.stop, &mut on_change).await;
    let instance = log.instance();
    match waited {
        Ok(cache) => {
            save(response, planned, Some(&cache));
            Ok(Some(cache))
        }
        Err(WaitError::Failed(cache) | WaitError::UpdateFailed(cache)) => {
            response.private.set(private::LAST_EVENTS, messages::last_events_if_failed(&cache));
            response.private.set(private::INSTANCE_WARNINGS, messages::instance_warnings(instance));
            save(response, planned, Some(&cache));
            Err(messages::failed(operation, region, &cache, instance).into())
        }
        Err(WaitError::Canceled { last, .. }) => {
            save(response, planned, last.as_deref());
            response.diagnostics.push(messages::subject(id, region).stopped(operation, status(response)));
            Ok(None)
        }
        Err(WaitError::UnknownStatus(cache)) => {
            save(response, planned, Some(&cache));
            Err(messages::unknown_status(region, &cache).into())
        }
        // Without a wait, an error would taint the new cache.
        Err(WaitError::TimedOut { last: None, source: None, .. } | WaitError::NeverListed { .. }) if !waits => {
            save(response, planned, None);
            response.diagnostics.push(messages::not_listed_yet(id, region));
            Ok(None)
        }
        Err(WaitError::TimedOut { last, source, .. }) if !waits => {
            save(response, planned, last.as_deref());
            response.diagnostics.extend(source.map(|source| messages::unread(id, region, &source)));
            Ok(None)
        }
        Err(WaitError::Api { source, .. }) if !waits => {
            save(response, planned, None);
            response.diagnostics.push(messages::unread(id, region, &source));
            Ok(None)
        }
        // It may be listed later, and only the state has its ID.
        Err(WaitError::NeverListed { .. }) if operation == Operation::Create => {
            Err(messages::never_listed(id, region).into())
        }
        Err(WaitError::Gone { .. } | WaitError::NeverListed { .. }) => {
            response.state = None;
            Err(messages::gone(id, region, instance).into())
        }
        Err(WaitError::TimedOut { last, source, .. }) => {
            save(response, planned, last.as_deref());
            Err(messages::timed_out(deadline, id, region, status(response), instance, source.as_deref()).into())
        }
        Err(WaitError::Api { source, .. }) => {
            save(response, planned, None);
            Err(messages::wait_failed(operation, id, region, &source).into())
        }
    }
}

/// Saves the planned state with the computed attributes; without a response, the saved state is kept.
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

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::block::{self, ProviderConfig};
    use crate::image_caches::fake::{Fake, REGION};
    use crate::session::Access;
    use tencentcloud::credentials::{AccountGuard, Credentials, CredentialsError, Environment, ProvideCredentials};
    use tencentcloud::{Api, Client, Settings};
    use terraform_plugin::diagnostics::Diagnostics;
    use terraform_plugin::framework::Private;

    /// The diagnostic for a cache that the API accepted but does not list, and whether it stays in the state.
    async fn unlisted(operation: Operation, wait_for_ready: bool) -> (Vec<String>, bool) {
        let (_fake, caches) = Fake::new();
        let config = ProviderConfig { region: REGION.to_owned().into(), ..ProviderConfig::with_keys() };
        let mut session = block::configure(config, Environment::default(), &mut Diagnostics::default()).unwrap();
        session.image_caches = caches;
        let context = Context { session: Arc::new(session), stop: CancellationToken::new() };
        let planned = ImageCacheModel {
            id: "imc-1".to_owned().into(),
            region: REGION.to_owned().into(),
            wait_for_ready: wait_for_ready.into(),
            ..ImageCacheModel::default()
        };
        let mut response =
            Response { state: Some(planned.clone()), private: Private::default(), diagnostics: Diagnostics::default() };
        let deadline = planned.deadline(operation, &context.stop);
        let waited = wait_and_save(&context, (REGION, "imc-1"), planned, None, &mut response, &deadline).await;
        let mut reported = response.diagnostics;
        reported.extend(waited.err().unwrap_or_default());
        (reported.iter().map(|one| format!("{:?}: {}", one.severity, one.summary)).collect(), response.state.is_some())
    }

    #[tokio::test(start_paused = true)]
    async fn unlisted_new_cache_stays_in_the_state() {
        for (operation, waits, reported, kept) in [
            (Operation::Create, true, "Error: Image cache not listed", true),
            (Operation::Create, false, "Warning: Image cache not listed yet", true),
            (Operation::Update, true, "Error: Image cache no longer exists", false),
            (Operation::Update, false, "Warning: Image cache not listed yet", true),
        ] {
            assert_eq!(unlisted(operation, waits).await, (vec![reported.to_owned()], kept), "{operation:?} {waits}");
        }
    }

    /// Credentials whose source does not respond.
    #[derive(Debug)]
    struct Silent;

    #[async_trait::async_trait]
    impl ProvideCredentials for Silent {
        async fn credentials(&self) -> Result<Credentials, CredentialsError> {
            std::future::pending().await
        }

        fn discard(&self, _: &Credentials) {}
    }

    /// They may have to be renewed after the call that the wait follows.
    #[tokio::test(start_paused = true)]
    async fn wait_ends_although_credentials_are_not_renewed() {
        let (_fake, caches) = Fake::new();
        let config = ProviderConfig { region: REGION.to_owned().into(), ..ProviderConfig::with_keys() };
        let mut session = block::configure(config, Environment::default(), &mut Diagnostics::default()).unwrap();
        let guard = || AccountGuard::new(["1".to_owned()], []);
        session.access = Access::new(guard(), false);
        session.client = Client::new(Api::new(Settings::default()), Arc::new(Silent)).guarded(guard());
        session.image_caches = caches;
        let context = Context { session: Arc::new(session), stop: CancellationToken::new() };
        let planned = ImageCacheModel { id: "imc-1".to_owned().into(), ..ImageCacheModel::default() };
        let mut response =
            Response { state: Some(planned.clone()), private: Private::default(), diagnostics: Diagnostics::default() };
        let deadline = planned.deadline(Operation::Create, &context.stop);
        context.stop.cancel();
        let waited = wait_and_save(&context, (REGION, "imc-1"), planned, None, &mut response, &deadline);
        let waited = tokio::time::timeout(Duration::from_secs(3600), waited).await.expect("the wait was stopped");
        assert!(waited.unwrap().is_none());
        assert_eq!(response.diagnostics.iter().count(), 1);
    }
}
