//! Messages about waits, for any kind of object: its status, where it continues, and how to continue waiting.

use std::fmt;

use super::deadline::{Deadline, Operation};
use crate::diagnostics::Diagnostic;
use crate::value::duration;

/// The object that a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The kind of object in the singular, for example `image cache`.
    pub kind: &'static str,
    /// What identifies the object, for example `imc-1a2b3c4d in ap-guangzhou`.
    pub name: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

impl Subject {
    /// The warning if an interrupt ended the wait of a create or update. The object is in the state with this `status`.
    pub fn stopped(&self, operation: Operation, status: Option<&str>) -> Diagnostic {
        Diagnostic::warning(
            format!("Stopped waiting for the {}", self.kind),
            format!(
                "The {} of {self} is not complete{}, although Terraform reports the resource as complete. It continues in the \
                 background. The {} is saved in the state and not tainted. Apply again to continue waiting.",
                operation.name(),
                in_status(status),
                self.kind,
            ),
        )
    }

    /// The error if the wait of a create or update reached its timeout. The object is in the state with this `status`.
    /// `last_error` is the error of the last poll, if it failed.
    pub fn timed_out(&self, deadline: &Deadline, status: Option<&str>, last_error: Option<&str>) -> Diagnostic {
        let name = deadline.operation.name();
        let last_error = last_error.map(|error| format!(" The last poll failed: {error}.")).unwrap_or_default();
        let next = match deadline.operation {
            Operation::Create => self.tainted(),
            Operation::Update | Operation::Delete => "Apply again to continue waiting.".to_owned(),
        };
        Diagnostic::error(
            format!("{} not Ready", self.title()),
            format!(
                "The {name} of {self} is not complete after {}{}. It continues in the background.{last_error} {next} If it \
                 usually takes longer, set timeouts.{name}.",
                duration::show(deadline.timeout),
                in_status(status),
            ),
        )
        .at(deadline.operation.timeout_path())
    }

    /// The kind with a capital letter, for a summary.
    fn title(&self) -> String {
        let mut chars = self.kind.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
    }

    /// What to do after the error of a create that continues in the background.
    pub fn tainted(&self) -> String {
        format!(
            "Terraform marks the {} as tainted, and the next apply would replace it. To continue waiting instead, run \
             `terraform untaint` on the resource, and apply again.",
            self.kind
        )
    }

    /// The error if the wait for a deletion ended before the deletion. The object stays in the state.
    pub fn not_deleted(&self, deadline: &Deadline, stopped: bool) -> Diagnostic {
        let cause = if stopped {
            "the wait was stopped".to_owned()
        } else {
            format!("it still exists after {}", duration::show(deadline.timeout))
        };
        Diagnostic::error(
            format!("{} not deleted yet", self.title()),
            format!(
                "The deletion of {self} was accepted, but {cause}. It stays in the state. Run the command again. If deletions \
                 usually take longer, set timeouts.delete."
            ),
        )
        .at(Operation::Delete.timeout_path())
    }
}

fn in_status(status: Option<&str>) -> String {
    status.map(|status| format!(", its status is {status}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::value::Attr;

    #[tokio::test(start_paused = true)]
    async fn messages_name_the_object_and_give_advice() {
        let subject = Subject { kind: "disk", name: "d-1 in a".to_owned() };
        let deadline =
            |operation| Deadline::new(operation, &Attr::Null, Duration::from_secs(60), &CancellationToken::new());
        let text =
            |diagnostic: Diagnostic| format!("{}: {}: {}", diagnostic.path, diagnostic.summary, diagnostic.detail);
        for (message, expected) in [
            (
                subject.stopped(Operation::Update, Some("Busy")),
                ": Stopped waiting for the disk: The update of disk d-1 in a is not complete, its status is Busy, although Terraform \
                 reports the resource as complete. It continues in the background. The disk is saved in the state and not \
                 tainted. Apply again to continue waiting.",
            ),
            (
                subject.timed_out(&deadline(Operation::Create), None, Some("no route")),
                "timeouts.create: Disk not Ready: The create of disk d-1 in a is not complete after 1m. It continues in \
                 the background. The last poll failed: no route. Terraform marks the disk as tainted, and the next apply would \
                 replace it. To continue waiting instead, run `terraform untaint` on the resource, and apply again. If it \
                 usually takes longer, set timeouts.create.",
            ),
            (
                subject.timed_out(&deadline(Operation::Update), Some("Busy"), None),
                "timeouts.update: Disk not Ready: The update of disk d-1 in a is not complete after 1m, its status is \
                 Busy. It continues in the background. Apply again to continue waiting. If it usually takes longer, set \
                 timeouts.update.",
            ),
            (
                subject.not_deleted(&deadline(Operation::Delete), false),
                "timeouts.delete: Disk not deleted yet: The deletion of disk d-1 in a was accepted, but it still exists \
                 after 1m. It stays in the state. Run the command again. If deletions usually take longer, set timeouts.delete.",
            ),
        ] {
            assert_eq!(text(message), expected);
        }
    }
}
