//! A panic in one operation is an error of that operation, not the end of the process.
//!
//! Terraform loses an object whose apply gets no response, so the response of an operation that panics has the state that it
//! had saved so far.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::diagnostics::Diagnostic;

/// Runs `operation`; a panic becomes a diagnostic.
///
/// What the operation had changed through its borrows stays changed: that is the point, and it is sound because a
/// state is set whole or not at all.
pub async fn catch<T>(operation: impl Future<Output = T>) -> Result<T, Diagnostic> {
    AssertUnwindSafe(operation).catch_unwind().await.map_err(|panic| crash(&*panic))
}

/// As [`catch`], for what does not wait.
pub fn catch_sync<T>(operation: impl FnOnce() -> T) -> Result<T, Diagnostic> {
    std::panic::catch_unwind(AssertUnwindSafe(operation)).map_err(|panic| crash(&*panic))
}

fn crash(panic: &(dyn Any + Send)) -> Diagnostic {
    Diagnostic::error(
        "The provider crashed",
        format!(
            "An operation of the provider ended unexpectedly: {}. This is a bug in the provider. Please report it, with \
             the stack trace that follows and the configuration that leads to it. What was known of the object until \
             then is in the state.",
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
    async fn a_panic_is_a_diagnostic_and_what_was_saved_stays() {
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
