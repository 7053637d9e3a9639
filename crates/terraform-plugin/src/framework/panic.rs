//! Converts a panic in an operation into an error of that operation.
//!
//! Terraform loses an object if its apply gets no response, so the response of an operation that panics has the state that it
//! had saved.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::diagnostics::Diagnostic;

/// Runs `operation`; a panic becomes a diagnostic.
///
/// Changes that the operation made through its borrows are kept. This is intended, and sound because a state is set as a
/// whole.
pub async fn catch<T>(operation: impl Future<Output = T>) -> Result<T, Diagnostic> {
    AssertUnwindSafe(operation).catch_unwind().await.map_err(|panic| crash(&*panic))
}

/// [`catch`] for synchronous operations.
pub fn catch_sync<T>(operation: impl FnOnce() -> T) -> Result<T, Diagnostic> {
    std::panic::catch_unwind(AssertUnwindSafe(operation)).map_err(|panic| crash(&*panic))
}

fn crash(panic: &(dyn Any + Send)) -> Diagnostic {
    Diagnostic::error(
        "The provider crashed",
        format!(
            "An operation of the provider ended unexpectedly: {}. This is a bug in the provider. Please report it, with the \
            following stack trace and the configuration. The state contains what the operation had saved of the object.",
            message(panic)
        ),
    )
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panic_is_a_diagnostic_and_keeps_the_saved_state() {
        let mut saved = None;
        let result = catch(async {
            saved = Some("imc-1");
            panic!("no row {}", 7);
        })
        .await;
        let diagnostic = result.unwrap_err();
        assert!(diagnostic.detail.contains("ended unexpectedly: no row 7."), "{}", diagnostic.detail);
        assert_eq!(saved, Some("imc-1"));
    }
}
