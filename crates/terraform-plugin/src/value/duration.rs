//! Durations in a configuration: `"5s"`, `"60m"`, `"1h30m"`.

use std::time::Duration;

use super::Attr;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};

/// A year: no wait needs more, and adding it to the current time does not overflow.
const LONGEST: Duration = Duration::from_secs(8760 * 3600);

/// Parses a duration of up to a year.
///
/// # Errors
///
/// What was expected, with an example.
pub fn parse(text: &str) -> Result<Duration, String> {
    // The parser also accepts calendar units and ISO 8601, which Terraform users do not expect.
    let units = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'h' | 'm' | 's' | 'n' | 'u' | 'µ'));
    let duration = units.then(|| text.parse::<jiff::SignedDuration>().ok()).flatten();
    match duration.and_then(|duration| Duration::try_from(duration).ok()) {
        Some(duration) if !duration.is_zero() && duration <= LONGEST => Ok(duration),
        _ => Err(format!(
            "expected a duration greater than zero and up to 8760h, for example \"30s\", \"60m\" or \"1h30m\", got {text:?}"
        )),
    }
}

/// Reports a known value that is not a valid duration.
pub fn validate(path: AttributePath, value: &Attr<String>, diagnostics: &mut Diagnostics) {
    if let Some(Err(expected)) = value.as_str().map(parse) {
        diagnostics.push(Diagnostic::error("Invalid duration", format!("{path}: {expected}.")).at(path));
    }
}

/// A duration as a configuration writes it: `90s`, `1h30m`.
pub fn show(duration: Duration) -> String {
    let (hours, minutes) = (duration.as_secs() / 3600, duration.as_secs() / 60 % 60);
    match (hours, minutes, duration.as_secs() % 60, duration.subsec_millis()) {
        (0, 0, 0, millis) => format!("{millis}ms"),
        (0, 0, seconds, _) => format!("{seconds}s"),
        (0, minutes, 0, _) => format!("{minutes}m"),
        (0, minutes, seconds, _) => format!("{minutes}m{seconds}s"),
        (hours, 0, ..) => format!("{hours}h"),
        (hours, minutes, ..) => format!("{hours}h{minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, expected) in [
            ("5s", Some(Duration::from_secs(5))),
            ("60m", Some(Duration::from_secs(3600))),
            ("1h30m", Some(Duration::from_secs(5400))),
            ("250ms", Some(Duration::from_millis(250))),
            ("1.5h", Some(Duration::from_secs(5400))),
            ("", None),
            ("5", None),
            ("0s", None),
            ("-5s", None),
            ("5 minutes", None),
            ("1d", None),
            ("PT5S", None),
            ("8760h", Some(LONGEST)),
            ("8760h1s", None),
            ("2562047788015h", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(parse(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn show_writes_as_in_a_configuration() {
        for (millis, expected) in [
            (250, "250ms"),
            (30_000, "30s"),
            (90_000, "1m30s"),
            (600_000, "10m"),
            (3_600_000, "1h"),
            (5_400_000, "1h30m"),
        ] {
            assert_eq!(show(Duration::from_millis(millis)), expected);
        }
    }
}
