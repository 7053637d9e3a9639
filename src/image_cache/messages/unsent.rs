//! Messages about writes that the API did not accept: it refused them, or the operation ended before.

use crate::errors;
use crate::image_caches::{Candidate, CreateError};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};
use terraform_plugin::framework::{Deadline, Ended, Subject};
use terraform_plugin::value::Attr;

/// A cache was not created, or it is unknown whether it was.
pub(in crate::image_cache) fn not_created(
    name: &str,
    region: &str,
    deadline: &Deadline,
    error: &CreateError,
) -> Diagnostic {
    let subject = Subject { kind: "image cache", name: format!("{name:?} in {region}") };
    match error {
        CreateError::NotSent { ended, last } => {
            let last = last.as_ref().map(|error| format!(" The last attempt: {}.", errors::chain(error)));
            let detail = format!(
                "The request for image cache {name:?} was not sent: nothing was created.{}",
                last.unwrap_or_default()
            );
            deadline.not_accepted(*ended, &detail)
        }
        CreateError::Refused { source, existing } => {
            let refused = errors::api("creating", &subject, source);
            let Some(existing) = existing.first() else { return refused };
            let detail = format!(
                "{} Image cache {existing} has the same name, which may be the cause. If so, use another name, or omit name, as \
                create_before_destroy requires. To manage {existing} instead, import it.",
                refused.detail
            );
            Diagnostic { detail, ..refused }.at(AttributePath::root("name"))
        }
        CreateError::OutcomeUnknown { source, candidates, .. } => Diagnostic::error(
            "Image cache may have been created",
            format!(
                "While creating {subject}: {}. It is unknown whether the cache was created; {}. The create was not retried, because \
                that could create, and bill, a second cache. Check in a few minutes whether {name:?} exists in the console: if so, \
                import or delete it; if not, apply again.",
                errors::chain(source),
                found(candidates)
            ),
        ),
    }
}

/// Lists the new caches with the name of a create whose outcome is unknown.
fn found(candidates: &[Candidate]) -> String {
    if candidates.is_empty() {
        return "no new cache with this name was found".to_owned();
    }
    let line = |Candidate { id, differs }: &Candidate| match &differs[..] {
        [] => format!("{id}, which matches the request, like another one"),
        attributes => format!("{id}, which differs in {}", attributes.join(", ")),
    };
    let lines: Vec<_> = candidates.iter().map(line).collect();
    format!("new caches with this name are listed, and none was adopted: {}", lines.join("; "))
}

/// An update was interrupted before or while it was sent.
pub(in crate::image_cache) fn not_updated(
    id: &Attr<String>,
    ended: Ended,
    deadline: &Deadline,
    was_sent: bool,
) -> Diagnostic {
    let id = id.as_str().unwrap_or_default();
    let detail = if was_sent {
        format!("It is unknown whether the API changed image cache {id}. The next plan shows its current values.")
    } else {
        format!("The update of image cache {id} was not sent: nothing was changed.")
    };
    deadline.not_accepted(ended, &detail)
}

/// A delete was interrupted before or while it was sent.
pub(in crate::image_cache) fn not_deleted(id: &Attr<String>, ended: Ended, deadline: &Deadline) -> Diagnostic {
    let id = id.as_str().unwrap_or_default();
    let detail = format!("Image cache {id} stays in the state. It is unknown whether its deletion reached the API.");
    deadline.not_accepted(ended, &detail)
}
