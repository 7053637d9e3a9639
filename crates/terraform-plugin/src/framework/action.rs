//! Actions: operations without an object in the state.

use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::Stream;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at};
use tokio_util::sync::CancellationToken;

use super::response::{checked, errors, unreadable};
use super::stream::events;
use super::validate::{self, WriteOnly};
use super::{Context, Outcome, Provider, Server, panic};
use crate::diagnostics::{Diagnostics, assert_prose};
use crate::schema::{Model, Schema};
use crate::value::{self, Value};

/// An action.
#[async_trait]
pub trait Action: Send + Sync + 'static {
    /// The provider that it belongs to.
    type Session: Send + Sync + 'static;
    /// Its arguments.
    type Config: Model;
    /// `eks_image_cache_rebuild`.
    const TYPE_NAME: &'static str;

    /// Validates the arguments beyond their schema. Values may be unknown. Must not use the network.
    fn validate(&self, _config: &Self::Config, _diagnostics: &mut Diagnostics) {}

    /// Plans the action. The arguments may contain unknown values.
    ///
    /// # Errors
    ///
    /// The action cannot be carried out.
    async fn plan(&self, _: &Context<Self::Session>, _: Self::Config, _: &mut Diagnostics) -> Outcome<()> {
        Ok(())
    }

    /// Carries out the action.
    ///
    /// # Errors
    ///
    /// The action failed.
    async fn invoke(
        &self,
        context: &Context<Self::Session>,
        config: Self::Config,
        progress: &Progress,
        diagnostics: &mut Diagnostics,
    ) -> Outcome<()>;
}

/// How often [`Progress::keep_alive`] reports: CI systems end jobs that print nothing for some minutes.
const REPORT_EVERY: Duration = Duration::from_secs(30);

/// Reports the progress of an action to the user.
#[derive(Debug)]
pub struct Progress {
    events: mpsc::Sender<ActionEvent>,
    stop: CancellationToken,
}

impl Progress {
    /// Shows a line; does nothing after StopProvider.
    ///
    /// Terraform 1.14 and 1.15 stop reading at the first event after an interrupt, and crash on a second one: there must be
    /// only the completion event.
    pub async fn report(&self, message: impl Into<String>) {
        let message = message.into();
        assert_prose(&message);
        if self.stop.is_cancelled() {
            return;
        }
        // Fails only if the client has disconnected.
        let _ = self.events.send(ActionEvent::Progress(message)).await;
    }

    /// Runs `work` to its end, and shows `line`, which gets the elapsed time, every 30 seconds.
    pub async fn keep_alive<T>(&self, work: impl Future<Output = T>, line: impl Fn(Duration) -> String) -> T {
        let start = Instant::now();
        let mut beats = interval_at(start + REPORT_EVERY, REPORT_EVERY);
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                result = &mut work => return result,
                now = beats.tick() => self.report(line(now - start)).await,
            }
        }
    }
}

/// An event of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionEvent {
    /// A line for the user.
    Progress(String),
    /// The end. The action failed if there is an error among the diagnostics.
    Completed(Diagnostics),
}

/// An action without its types, for the server.
#[async_trait]
pub trait AnyAction<S>: Send + Sync {
    /// Its name in a configuration.
    fn type_name(&self) -> &'static str;
    /// The schema of its arguments.
    fn schema(&self) -> &Schema;
    /// Validates a configuration.
    async fn validate(&self, config: &Value) -> Diagnostics;
    /// Plans the action.
    async fn plan(&self, context: &Context<S>, config: &Value) -> Diagnostics;
    /// Carries out the action.
    async fn invoke(&self, context: &Context<S>, config: &Value, progress: &Progress) -> Diagnostics;
}

/// Registers an action.
pub fn action<A: Action>(action: A) -> Box<dyn AnyAction<A::Session>> {
    Box::new(Registered { action, schema: OnceLock::new(), session: PhantomData })
}

struct Registered<A: Action> {
    action: A,
    schema: OnceLock<Schema>,
    session: PhantomData<fn() -> A::Session>,
}

#[async_trait]
impl<A: Action> AnyAction<A::Session> for Registered<A> {
    fn type_name(&self) -> &'static str {
        A::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| checked(A::TYPE_NAME, Schema::of::<A::Config>(0)))
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        let own = |config: &_, report: &mut _| self.action.validate(config, report);
        validate::validate(&self.schema().block, config, WriteOnly::Refused, own).await
    }

    async fn plan(&self, context: &Context<A::Session>, config: &Value) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        let planned = panic::catch(async {
            let config = value::from_value(config).map_err(unreadable)?;
            self.action.plan(context, config, &mut diagnostics).await
        });
        let planned = planned.await;
        diagnostics.extend(errors(planned));
        diagnostics
    }

    async fn invoke(&self, context: &Context<A::Session>, config: &Value, progress: &Progress) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        let invoked = panic::catch(async {
            let config = value::from_value(config).map_err(unreadable)?;
            self.action.invoke(context, config, progress, &mut diagnostics).await
        });
        let invoked = invoked.await;
        diagnostics.extend(errors(invoked));
        diagnostics
    }
}

/// Invokes an action while the stream is read.
pub fn invoke<P: Provider>(
    server: Arc<Server<P>>,
    type_name: String,
    config: Value,
) -> impl Stream<Item = ActionEvent> + Send {
    events(move |sender| async move {
        let invoke = async || -> Outcome<_> {
            let context = server.context()?;
            let progress = Progress { events: sender, stop: context.stop.clone() };
            Ok(server.actions.get(&type_name)?.invoke(&context, &config, &progress).await)
        };
        Some(ActionEvent::Completed(invoke().await.unwrap_or_else(|errors| errors)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn progress_after_stop_is_not_sent() {
        let (events, mut sent) = mpsc::channel(4);
        let stop = CancellationToken::new();
        let progress = Progress { events, stop: stop.clone() };
        progress.report("before").await;
        stop.cancel();
        progress.report("after").await;
        drop(progress);
        assert_eq!(sent.recv().await, Some(ActionEvent::Progress("before".to_owned())));
        assert_eq!(sent.recv().await, None);
    }

    #[tokio::test]
    #[should_panic = "a message contains a Debug form"]
    async fn progress_without_debug_form() {
        let progress = Progress { events: mpsc::channel(1).0, stop: CancellationToken::new() };
        progress.report(format!("{:?} is next", Some(1))).await;
    }

    #[tokio::test(start_paused = true)]
    async fn keep_alive_reports_every_30_seconds() {
        let (sender, mut receiver) = mpsc::channel(10);
        let progress = Progress { events: sender, stop: CancellationToken::new() };
        let work = async {
            tokio::time::sleep(Duration::from_secs(95)).await;
            "done"
        };
        let result = progress.keep_alive(work, |elapsed| format!("{}s elapsed", elapsed.as_secs())).await;
        assert_eq!(result, "done");
        for seconds in [30, 60, 90] {
            let expected = ActionEvent::Progress(format!("{seconds}s elapsed"));
            assert_eq!(receiver.try_recv().unwrap(), expected);
        }
        assert!(receiver.try_recv().is_err());
    }
}
