//! Look-ups end when Terraform asks to stop: nothing is lost, and nothing is saved.

use super::EksProvider;
use crate::diagnostics::Diagnostic;
use crate::framework::{Context, Outcome};

/// What `lookup` finds, unless Terraform asks to stop before. `doing` is a sentence that says what was under way.
///
/// # Errors
///
/// Those of the look-up, or that it was interrupted.
pub async fn unless_stopped<T>(
    context: &Context<EksProvider>,
    doing: &str,
    lookup: impl Future<Output = Outcome<T>>,
) -> Outcome<T> {
    tokio::select! {
        found = lookup => found,
        () = context.stop.cancelled() => Err(Diagnostic::error("Interrupted", doing).into()),
    }
}
