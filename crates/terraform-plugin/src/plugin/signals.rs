//! Signals. Ctrl-C reaches every process of the terminal, but only Terraform may act on it: it asks its providers to
//! stop, and waits for what they have to say about objects half made.
//!
//! A Terraform that is killed does not end its providers, and nothing else would.

use std::io;
#[cfg(unix)]
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How often is looked whether Terraform is still there.
#[cfg(unix)]
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Who decides what Ctrl-C means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Terraform, which got it too.
    Ignored,
    /// The person at the terminal.
    Stops,
}

/// From now on, SIGTERM and SIGHUP cancel `shutdown`, and SIGINT if `interrupt` says so. A SIGHUP that is ignored, as under
/// `nohup`, stays ignored. Where it is not known whether it is, Terraform decides, which got it too: the process ends with
/// [its parent](watch_parent), and is not killed in the middle of a call.
#[cfg(unix)]
pub(super) fn watch(interrupt: Interrupt, shutdown: CancellationToken) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    // Installed in either case: the default would end the process.
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

/// From now on, the end of the process that started this one cancels `shutdown`.
#[cfg(unix)]
pub(super) fn watch_parent(shutdown: CancellationToken) {
    use std::os::unix::process::parent_id;

    let parent = parent_id();
    tokio::spawn(async move {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        // An orphan gets another parent.
        while parent_id() == parent {
            looks.tick().await;
        }
        shutdown.cancel();
    });
}

/// Not on Windows, where a process does not learn of its parent's end.
#[cfg(windows)]
pub(super) fn watch_parent(_: CancellationToken) {}

/// From now on, Ctrl-C cancels `shutdown` if `interrupt` says so, and does nothing otherwise.
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
