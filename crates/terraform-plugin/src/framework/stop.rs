//! What only looks ends at once when Terraform asks to stop. What changes something decides by itself what it leaves
//! behind, by [`Context::stop`](super::Context::stop).

use std::future::Future;

use tokio_util::sync::CancellationToken;

use super::Outcome;
use crate::diagnostics::Diagnostic;

/// Runs `look` until it ends or `stop` comes. It may be dropped at any time. Reads of resources and data sources run like this.
///
/// # Errors
///
/// That of `look`, or that Terraform asked to stop.
pub async fn unless_stopped<T>(stop: &CancellationToken, look: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::select! {
        biased;
        outcome = look => outcome,
        () = stop.cancelled() => {
            let detail = "Terraform was asked to stop while this was being looked up. Nothing was changed: run the command again.";
            Err(Diagnostic::error("Interrupted", detail).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_look_ends_by_itself_or_with_the_stop() {
        let stop = CancellationToken::new();
        assert_eq!(unless_stopped(&stop, async { Ok(1) }).await, Ok(1));
        stop.cancel();
        assert_eq!(unless_stopped(&stop, async { Ok(1) }).await, Ok(1), "what is there is not thrown away");
        let errors = unless_stopped(&stop, std::future::pending::<Outcome<()>>()).await.unwrap_err();
        assert_eq!(errors.iter().map(|error| error.summary.as_str()).collect::<Vec<_>>(), ["Interrupted"]);
    }
}
