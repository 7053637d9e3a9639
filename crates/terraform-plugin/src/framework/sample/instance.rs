//! `sample_instance`: a resource whose operations wait for the cloud. It is not registered in
//! [`SampleProvider`](super::SampleProvider): tests run it by itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::Span;

use super::Sample;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::framework::{
    Context, Deadline, InitialPoll, Operation, Outcome, Poll, Polled, Poller, Resource, Response, Subject, Timeouts,
    Unfinished,
};
use crate::schema::{BLOCK, COMPUTED, REQUIRED};
use crate::value::Attr;

/// How long the cloud takes to start, rename and stop an instance.
const WORK: Duration = Duration::from_secs(60);

/// The default timeout of each operation.
const TIMEOUT: Duration = Duration::from_secs(600);

/// An instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Instance {
    /// Its ID.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown().required_for_import()))]
    pub id: Attr<String>,
    /// Its name. An instance called `broken` fails to start.
    #[schemars(extend("x-terraform" = REQUIRED))]
    pub name: Attr<String>,
    /// Its status.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub status: Attr<String>,
    /// How long the operations may take.
    #[schemars(extend("x-terraform" = BLOCK))]
    pub timeouts: Attr<Timeouts>,
}

impl Instance {
    fn deadline(&self, operation: Operation, context: &Context<Sample>) -> Deadline {
        Deadline::new(operation, &self.timeouts, TIMEOUT, &context.stop)
    }

    fn subject(&self) -> Subject {
        Subject { kind: "instance", name: self.id.as_str().unwrap_or_default().to_owned() }
    }
}

/// The resource.
pub struct Instances;

#[async_trait]
impl Resource for Instances {
    type Session = Sample;
    type Model = Instance;
    const TYPE_NAME: &'static str = "sample_instance";

    fn validate(&self, config: &Instance, diagnostics: &mut Diagnostics) {
        Timeouts::validate(&config.timeouts, diagnostics);
    }

    async fn create(
        &self,
        context: &Context<Sample>,
        mut planned: Instance,
        _: Instance,
        response: &mut Response<Instance>,
    ) -> Outcome<()> {
        let deadline = planned.deadline(Operation::Create, context);
        let name = planned.name.as_str().unwrap_or_default();
        planned.id = context.session.machines.start(name).into();
        response.state = Some(Instance { status: "starting".into(), ..planned.clone() });
        wait_and_save(context, planned, &deadline, response).await
    }

    async fn read(&self, context: &Context<Sample>, response: &mut Response<Instance>) -> Outcome<()> {
        let Some(state) = response.state.take() else { return Ok(()) };
        let found = context.session.machines.find(state.id.as_str().unwrap_or_default());
        response.state =
            found.map(|machine| Instance { name: machine.name.into(), status: machine.status.into(), ..state });
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<Sample>,
        planned: Instance,
        _: Instance,
        response: &mut Response<Instance>,
    ) -> Outcome<()> {
        let deadline = planned.deadline(Operation::Update, context);
        let machines = &context.session.machines;
        machines.rename(planned.id.as_str().unwrap_or_default(), planned.name.as_str().unwrap_or_default());
        wait_and_save(context, planned, &deadline, response).await
    }

    async fn delete(&self, context: &Context<Sample>, response: &mut Response<Instance>) -> Outcome<()> {
        let Some(state) = &response.state else { return Ok(()) };
        let deadline = state.deadline(Operation::Delete, context);
        let id = state.id.as_str().unwrap_or_default();
        let machines = &context.session.machines;
        machines.stop(id);
        let gone = |found: Option<Machine>| found.is_none().then_some(());
        match machines.poller.wait(id, InitialPoll::Soon, deadline.left(), &context.stop, gone).await {
            Ok(()) => Ok(()),
            Err(unfinished) => {
                let stopped = matches!(unfinished, Unfinished::Stopped { .. });
                Err(state.subject().not_deleted(&deadline, stopped).into())
            }
        }
    }
}

/// Waits until the planned instance runs, and saves its state.
async fn wait_and_save(
    context: &Context<Sample>,
    planned: Instance,
    deadline: &Deadline,
    response: &mut Response<Instance>,
) -> Outcome<()> {
    let subject = planned.subject();
    let id = planned.id.as_str().unwrap_or_default().to_owned();
    let done = |found: Option<Machine>| match found {
        Some(machine) if ["running", "failed"].contains(&machine.status) => Some(machine),
        _ => None,
    };
    let poller = &context.session.machines.poller;
    let waited = poller.wait(&id, InitialPoll::Regular, deadline.left(), &context.stop, done).await;
    let mut save = |machine: Option<&Machine>| {
        let status = machine.map(|machine| machine.status);
        response.state = Some(Instance { status: status.map(str::to_owned).into(), ..planned.clone() });
        status
    };
    match waited {
        Ok(machine) => {
            save(Some(&machine));
            if machine.status == "failed" {
                return Err(Diagnostic::error("Instance failed", format!("{subject} has failed.")).into());
            }
        }
        Err(Unfinished::Stopped { last }) => {
            let status = save(last.as_ref());
            response.diagnostics.push(subject.stopped(deadline.operation, status));
        }
        Err(Unfinished::TimedOut { last, error: _ }) => {
            let status = save(last.as_ref());
            return Err(subject.timed_out(deadline, status, None).into());
        }
        Err(Unfinished::Failed { error }) => match error {},
    }
    Ok(())
}

/// An instance in the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    name: String,
    status: &'static str,
    /// The time of the next status.
    until: Instant,
}

/// The cloud, and the poller of all waits.
#[derive(Debug)]
pub struct Machines {
    cloud: Arc<Cloud>,
    poller: Poller<Arc<Cloud>>,
}

impl Default for Machines {
    fn default() -> Self {
        let cloud = Arc::new(Cloud::default());
        let poller = Poller::new(Arc::clone(&cloud), Duration::from_secs(5), Span::none());
        Self { cloud, poller }
    }
}

/// Instances by ID.
#[derive(Debug, Default)]
struct Cloud(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    machines: BTreeMap<String, Machine>,
    polls: usize,
}

impl Machines {
    /// The number of polls.
    pub fn polls(&self) -> usize {
        self.cloud.0.lock().unwrap().polls
    }

    fn start(&self, name: &str) -> String {
        let machines = &mut self.cloud.0.lock().unwrap().machines;
        let id = format!("i-{}", machines.len());
        machines
            .insert(id.clone(), Machine { name: name.to_owned(), status: "starting", until: Instant::now() + WORK });
        id
    }

    fn rename(&self, id: &str, name: &str) {
        if let Some(machine) = self.cloud.0.lock().unwrap().machines.get_mut(id) {
            *machine = Machine { name: name.to_owned(), status: "renaming", until: Instant::now() + WORK };
        }
    }

    fn stop(&self, id: &str) {
        if let Some(machine) = self.cloud.0.lock().unwrap().machines.get_mut(id) {
            (machine.status, machine.until) = ("stopping", Instant::now() + WORK);
        }
    }

    fn find(&self, id: &str) -> Option<Machine> {
        self.cloud.0.lock().unwrap().find(id)
    }
}

impl Log {
    fn find(&mut self, id: &str) -> Option<Machine> {
        let machine = self.machines.get_mut(id)?;
        if machine.until <= Instant::now() {
            match machine.status {
                "stopping" => drop(self.machines.remove(id)),
                "starting" if machine.name == "broken" => machine.status = "failed",
                "starting" | "renaming" => machine.status = "running",
                _ => {}
            }
        }
        self.machines.get(id).cloned()
    }
}

impl Poll for Arc<Cloud> {
    type Object = Machine;
    type Error = std::convert::Infallible;

    async fn read(&self, ids: Vec<String>) -> HashMap<String, Polled<Self>> {
        let mut log = self.0.lock().unwrap();
        log.polls += 1;
        ids.into_iter().map(|id| (id.clone(), Ok(log.find(&id)))).collect()
    }

    fn status(machine: &Machine) -> &str {
        machine.status
    }

    fn is_transient(error: &Self::Error) -> bool {
        match *error {}
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::framework::conformance::{self, Terraform};
    use crate::framework::resource;
    use crate::value::Value;

    fn context() -> Context<Sample> {
        Context { session: Arc::new(Sample::default()), stop: CancellationToken::new() }
    }

    fn config(name: &str, timeouts: Value) -> Value {
        let config = Value::map([("name", name.into()), ("timeouts", timeouts)]);
        conformance::complete(config, &resource(Instances).schema().ty)
    }

    fn summaries(diagnostics: Diagnostics) -> Vec<String> {
        diagnostics.into_iter().map(|diagnostic| diagnostic.summary).collect()
    }

    fn status<'a>(terraform: &'a Terraform<'_, Sample>) -> &'a Value {
        &terraform.object.value.as_map().unwrap()["status"]
    }

    #[tokio::test(start_paused = true)]
    async fn create_update_and_delete_wait() {
        let context = context();
        let configs = [config("a", Value::Null), config("b", Value::Null)];
        let start = Instant::now();
        conformance::run(&*resource(Instances), &context, &configs).await;
        assert!(start.elapsed() >= 3 * WORK, "{:?}", start.elapsed());
        assert!(context.session.machines.cloud.0.lock().unwrap().machines.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn interrupted_create_is_saved_and_not_tainted() {
        let context = context();
        let instances = resource(Instances);
        let mut terraform = Terraform::new(&*instances, &context);
        let config = config("a", Value::Null);
        let (applied, ()) = tokio::join!(terraform.apply(&config), async {
            tokio::time::sleep(WORK / 2).await;
            context.stop.cancel();
        });
        assert_eq!(summaries(applied.unwrap()), ["Stopped waiting for the instance"]);
        assert_eq!((terraform.tainted, status(&terraform)), (false, &"starting".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn timeouts_block_ends_waits() {
        let context = context();
        let instances = resource(Instances);
        let mut terraform = Terraform::new(&*instances, &context);
        let short = Value::map([("create", "20s".into()), ("update", Value::Null), ("delete", "10s".into())]);
        let errors = terraform.apply(&config("a", short.clone())).await.unwrap_err();
        assert_eq!(summaries(errors), ["Instance not Ready"]);
        assert_eq!((terraform.tainted, status(&terraform)), (true, &"starting".into()));
        let errors = terraform.destroy().await.unwrap_err();
        assert_eq!(summaries(errors), ["Instance not deleted yet"]);

        let wrong = Value::map([("create", "soon".into()), ("update", Value::Null), ("delete", Value::Null)]);
        let errors = Terraform::new(&*instances, &context).apply(&config("b", wrong)).await.unwrap_err();
        assert_eq!(summaries(errors), ["Invalid duration"]);
    }

    #[tokio::test(start_paused = true)]
    async fn failed_create_is_tainted_with_its_status() {
        let context = context();
        let instances = resource(Instances);
        let mut terraform = Terraform::new(&*instances, &context);
        let errors = terraform.apply(&config("broken", Value::Null)).await.unwrap_err();
        assert_eq!(summaries(errors), ["Instance failed"]);
        assert_eq!((terraform.tainted, status(&terraform)), (true, &"failed".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_of_many_instances_share_polls() {
        let context = context();
        let instances = resource(Instances);
        join_all((0..50).map(async |i| {
            let config = config(&format!("n{i}"), Value::Null);
            Terraform::new(&*instances, &context).apply(&config).await.unwrap();
        }))
        .await;
        assert!(context.session.machines.polls() <= 12, "{}", context.session.machines.polls());
    }
}
