//! Calls that change something and that the API did not accept: it refused them, or the operation ended before.

use crate::errors;
use crate::image_caches::{Candidate, CreateError};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};
use terraform_plugin::framework::{Deadline, Ended, Subject};
use terraform_plugin::value::Attr;

/// A cache could not be created, or it is unknown whether it was.
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
            let detail =
                format!("Image cache {name:?} was not requested: nothing was created.{}", last.unwrap_or_default());
            deadline.not_accepted(*ended, &detail)
        }
        CreateError::Refused { source, existing } => {
            let refused = errors::api("creating", &subject, source);
            let Some(existing) = existing.first() else { return refused };
            let detail = format!(
                "{} Image cache {existing} has the same name, which may be the cause. If so, choose another name, or leave it \
                 out; create_before_destroy needs that as well. To manage {existing} instead, import it.",
                refused.detail
            );
            Diagnostic { detail, ..refused }.at(AttributePath::root("name"))
        }
        CreateError::OutcomeUnknown { source, candidates, .. } => Diagnostic::error(
            "Image cache may have been created",
            format!(
                "While creating {subject}: {}. It is unknown whether the cache was created; {}. The create was not repeated, because \
                 that could create, and bill, a second cache. Look for {name:?} in the console in a few minutes: if it exists, \
                 import or delete it; if not, apply again.",
                errors::chain(source),
                found(candidates)
            ),
        ),
    }
}

/// The new caches with the name of a create whose outcome is unknown.
fn found(candidates: &[Candidate]) -> String {
    if candidates.is_empty() {
        return "no new cache with this name was found".to_owned();
    }
    let line = |Candidate { id, differs }: &Candidate| match &differs[..] {
        [] => format!("{id}, which does not differ from the request, like another one"),
        attributes => format!("{id}, which differs in {}", attributes.join(", ")),
    };
    let lines: Vec<_> = candidates.iter().map(line).collect();
    format!("new caches with this name are listed, and none was adopted: {}", lines.join("; "))
}

/// An update ended from outside, before it was sent or while it was.
pub(in crate::image_cache) fn not_updated(
    id: &Attr<String>,
    ended: Ended,
    deadline: &Deadline,
    was_sent: bool,
) -> Diagnostic {
    let id = id.as_str().unwrap_or_default();
    let detail = if was_sent {
        format!("Whether the API changed image cache {id} is unknown. The next plan shows what it lists.")
    } else {
        format!("The update of image cache {id} was not sent: nothing was changed.")
    };
    deadline.not_accepted(ended, &detail)
}

/// A delete ended from outside, before it was sent or while it was.
pub(in crate::image_cache) fn not_deleted(id: &Attr<String>, ended: Ended, deadline: &Deadline) -> Diagnostic {
    let id = id.as_str().unwrap_or_default();
    let detail = format!("Image cache {id} stays in the state. Whether its deletion reached the API is unknown.");
    deadline.not_accepted(ended, &detail)
}
