//! Ends reads at once when Terraform is interrupted. Operations that change something handle
//! [`Context::stop`](super::Context::stop) themselves.

use std::future::Future;

use tokio_util::sync::CancellationToken;

use super::Outcome;
use crate::diagnostics::Diagnostic;

/// Runs `look`, a read of a resource or a data source, until it ends or `stop` is canceled. It may be dropped at any time.
///
/// # Errors
///
/// The errors of `look`, or that Terraform was interrupted.
pub async fn unless_stopped<T>(stop: &CancellationToken, look: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::select! {
        biased;
        outcome = look => outcome,
        () = stop.cancelled() => {
            let detail = "Terraform was interrupted while this was being looked up. Nothing was changed: run the command again.";
            Err(Diagnostic::error("Interrupted", detail).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn read_ends_when_complete_or_stopped() {
        let stop = CancellationToken::new();
        assert_eq!(unless_stopped(&stop, async { Ok(1) }).await, Ok(1));
        stop.cancel();
        assert_eq!(unless_stopped(&stop, async { Ok(1) }).await, Ok(1), "a result is returned after the stop");
        let errors = unless_stopped(&stop, std::future::pending::<Outcome<()>>()).await.unwrap_err();
        assert_eq!(errors.iter().map(|error| error.summary.as_str()).collect::<Vec<_>>(), ["Interrupted"]);
    }
}
