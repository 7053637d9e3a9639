//! Reports panics in Go's format, which Terraform recognizes.
//!
//! Terraform looks for a line of stderr that starts with `panic: `, and shows it and the following lines as a stack trace of
//! this provider. It does not recognize Rust's format.

use std::backtrace::Backtrace;
use std::io::Write as _;
use std::panic::{PanicHookInfo, set_hook};

/// Reports every panic from now on, including caught ones.
pub(super) fn install() {
    set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let report = report(message(info), &place, &Backtrace::force_capture().to_string());
        // Fails only after Terraform has ended.
        let _ = std::io::stderr().write_all(report.as_bytes());
    }));
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn report(message: &str, place: &str, backtrace: &str) -> String {
    let mut report = format!("panic: {}\n\n{place}\n", safe_text::show(message));
    // A stripped binary has names for few frames.
    for frame in backtrace.lines().filter(|frame| !frame.ends_with("<unknown>")) {
        report.push_str(frame);
        report.push('\n');
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_has_gos_format_and_named_frames() {
        let report = report("index 3", "src/x.rs:1:2", "   0: <unknown>\n   1: main\n             at ./src/x.rs:1");
        assert_eq!(report, "panic: index 3\n\nsrc/x.rs:1:2\n   1: main\n             at ./src/x.rs:1\n");
    }
}
