//! Times of the API, whose format varies and is not documented.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Parses a time in one of the observed formats: `2026-03-30 07:03:35 +0000 UTC`, the same with Go's monotonic clock reading,
/// RFC 3339, milliseconds since 1970, and a local time without a zone, which is assumed to be Beijing's. `None` for others.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Timestamp::from_millisecond(text.parse().ok()?).ok();
    }
    let mut words = text.split_whitespace();
    let (date, time) = (words.next()?, words.next()?);
    let local: DateTime = format!("{date}T{time}").parse().ok()?;
    let offset = match words.next() {
        Some(offset) => parse_offset(offset)?,
        None => Offset::constant(8),
    };
    offset.to_timestamp(local).ok()
}

/// `+0800`.
fn parse_offset(text: &str) -> Option<Offset> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits =
        text.get(1..).filter(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_parsed() {
        for text in [
            "2026-03-30T07:03:35Z",
            "2026-03-30 07:03:35 +0000 UTC",
            "2026-03-30 15:03:35 +0800 CST m=+893.262707991",
            "2026-03-30 15:03:35",
            "2026-03-30T15:03:35+08:00",
            "1774854215000",
        ] {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some("2026-03-30T07:03:35Z"), "{text}");
        }
        for text in ["", "soon", "2026-03-30", "2026-13-30 15:03:35", "2026-03-30 15:03:35 CST", "1774854215", "+08"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
