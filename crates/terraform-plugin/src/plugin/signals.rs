//! Signals. Ctrl-C reaches every process of the terminal, but only Terraform may act on it: it requests its providers to stop,
//! and waits for the state of incomplete objects.
//!
//! If Terraform is killed, it does not end its providers, so they watch their parent process.

use std::io;
#[cfg(unix)]
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Interval of checks whether Terraform still runs.
#[cfg(unix)]
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Who handles Ctrl-C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Terraform, which also receives it.
    Ignored,
    /// This process.
    Stops,
}

/// Cancels `shutdown` on SIGTERM and SIGHUP, and on SIGINT if `interrupt` is this process. A SIGHUP that is ignored, as under
/// `nohup`, stays ignored. Where it is not known whether it is, Terraform decides, which got it too: the process ends with
/// [its parent](watch_parent), and is not killed in the middle of a call.
#[cfg(unix)]
pub(super) fn watch(interrupt: Interrupt, shutdown: CancellationToken) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    // Installed in both cases: the default action would end the process.
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let status = std::fs::read_to_string("/proc/self/status").ok();
    let hangup = status.and_then(|status| ignores_hangup(&status));
    let mut hangups = match hangup {
        Some(true) => None,
        None if interrupt == Interrupt::Stops => None,
        _ => Some(signal(SignalKind::hangup())?),
    };
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupts.recv(), if interrupt == Interrupt::Stops => {}
            _ = terminations.recv() => {}
            _ = async { hangups.as_mut().expect("the branch is disabled without it").recv().await },
                if hangups.is_some() && hangup.is_some() => {}
        }
        shutdown.cancel();
    });
    Ok(())
}

/// Whether SIGHUP was ignored when this process started, from its `status` in Linux's `/proc`. Other systems have no such
/// file.
#[cfg(unix)]
fn ignores_hangup(status: &str) -> Option<bool> {
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok())?;
    // SIGHUP is signal 1, the lowest bit.
    Some(mask & 1 != 0)
}

/// Cancels `shutdown` when the parent process ends.
#[cfg(unix)]
pub(super) fn watch_parent(shutdown: CancellationToken) {
    use std::os::unix::process::parent_id;

    let parent = parent_id();
    tokio::spawn(async move {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        // An orphan gets a new parent.
        while parent_id() == parent {
            looks.tick().await;
        }
        shutdown.cancel();
    });
}

/// Not implemented on Windows, where a process cannot easily detect the end of its parent.
#[cfg(windows)]
pub(super) fn watch_parent(_: CancellationToken) {}

/// Cancels `shutdown` on Ctrl-C if `interrupt` is this process, and ignores it otherwise.
#[cfg(windows)]
pub(super) fn watch(interrupt: Interrupt, shutdown: CancellationToken) -> io::Result<()> {
    let mut interrupts = tokio::signal::windows::ctrl_c()?;
    if interrupt == Interrupt::Stops {
        tokio::spawn(async move {
            interrupts.recv().await;
            shutdown.cancel();
        });
    }
    Ok(())
}
