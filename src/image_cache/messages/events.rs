//! Events of a build as lines of a message: quoted, bounded, failures first.

use safe_text::{QUOTE_LIMIT, quote};

use crate::image_caches::BuildInstance;
use tencentcloud::tke::{Event, ImageCache, Status};

/// Maximum number of events in a message.
const SHOWN: usize = 5;

/// Maximum characters of a type, a reason or a time.
const WORD_LIMIT: usize = 80;

/// The most recent events of a failed cache; `None` for others.
pub(in crate::image_cache) fn if_failed(cache: &ImageCache) -> Option<String> {
    matches!(cache.status, Status::Failed | Status::UpdateFailed).then(|| of_cache(cache))
}

/// The most recent events of a cache, one per line: failures first, then the newest.
pub(super) fn of_cache(cache: &ImageCache) -> String {
    let mut events: Vec<_> = by_age(cache).collect();
    events.sort_by_key(|event| !is_warning(event));
    let lines: Vec<_> = events.into_iter().take(SHOWN).map(line).collect();
    if lines.is_empty() { "  none".to_owned() } else { lines.join("\n") }
}

/// The most recent warnings of the container instance of a build, after a line that names it; `None` without warnings.
pub(in crate::image_cache) fn of_instance(instance: Option<&BuildInstance>) -> Option<String> {
    let instance = instance?;
    let lines: Vec<_> = warnings(instance).rev().take(SHOWN).map(line).collect();
    let BuildInstance { id, name, .. } = instance;
    let (id, name) = (quote(id, WORD_LIMIT), quote(name, WORD_LIMIT));
    (!lines.is_empty()).then(|| format!("Warnings of its container instance {id} ({name}):\n{}", lines.join("\n")))
}

/// The most recent event of a build: the last warning of its instance, or else the newest event of the cache.
pub(super) fn newest(cache: &ImageCache, instance: Option<&BuildInstance>) -> Option<String> {
    match instance.and_then(|instance| warnings(instance).next_back()) {
        Some(warning) => {
            Some(format!("{}: {}", quote(&warning.reason, WORD_LIMIT), quote(&warning.message, QUOTE_LIMIT)))
        }
        None => by_age(cache).next().map(|event| quote(&event.reason, WORD_LIMIT)),
    }
}

/// The failures among the events.
pub(super) fn failures<'a>(
    cache: Option<&'a ImageCache>,
    instance: Option<&'a BuildInstance>,
) -> impl Iterator<Item = &'a str> {
    let of_cache = cache.into_iter().flat_map(|cache| &cache.events).filter(|event| is_warning(event));
    of_cache.chain(instance.into_iter().flat_map(warnings)).map(|event| event.message.as_str())
}

fn warnings(instance: &BuildInstance) -> impl DoubleEndedIterator<Item = &Event> {
    instance.events.iter().filter(|event| is_warning(event))
}

fn is_warning(event: &Event) -> bool {
    event.kind != "Normal"
}

/// The events, newest first. The order of the API is not documented; times of one format can be compared.
fn by_age(cache: &ImageCache) -> impl Iterator<Item = &Event> {
    let mut events: Vec<_> = cache.events.iter().collect();
    if events.windows(2).all(|pair| pair[0].last_timestamp.len() == pair[1].last_timestamp.len()) {
        events.sort_by(|one, other| other.last_timestamp.cmp(&one.last_timestamp));
    }
    events.into_iter()
}

fn line(event: &Event) -> String {
    let [kind, reason, time] = [&event.kind, &event.reason, &event.last_timestamp].map(|word| quote(word, WORD_LIMIT));
    format!("  {kind} {reason}: {} ({time})", quote(&event.message, QUOTE_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, reason: &str, message: &str, time: &str) -> serde_json::Value {
        serde_json::json!({"Type": kind, "Reason": reason, "Message": message, "LastTimestamp": time})
    }

    fn cache(events: &[serde_json::Value]) -> ImageCache {
        let cache = serde_json::json!({"ImageCacheId": "imc-1", "Status": "Failed", "Events": events});
        serde_json::from_value(cache).unwrap()
    }

    fn instance(events: &[serde_json::Value]) -> BuildInstance {
        let events = events.iter().map(|event| serde_json::from_value(event.clone()).unwrap()).collect();
        BuildInstance { id: "eksci-1".to_owned(), name: "for-imc-1".to_owned(), events }
    }

    #[test]
    fn events_of_a_failed_cache_begin_with_the_failure() {
        let normal =
            |number: usize| event("Normal", &format!("step-{number}"), "m", &format!("2026-11-23 10:00:0{number}"));
        let failure = event("Warning", "ImagePullFailed", "m", "2026-11-23 10:00:07");
        let expected = ["ImagePullFailed", "step-9", "step-8", "step-6", "step-5"];
        let mut events: Vec<_> = [1, 2, 3, 4, 5, 6, 8, 9].map(normal).into();
        events.push(failure);
        for _ in ["oldest first", "newest first"] {
            events.reverse();
            let shown = of_cache(&cache(&events));
            let reasons: Vec<_> = shown.lines().map(|line| line.split([' ', ':']).nth(3).unwrap()).collect();
            assert_eq!(reasons, expected, "{shown}");
        }
    }

    #[test]
    fn warnings_of_an_instance_are_the_newest_and_name_it() {
        let mut events: Vec<_> = (0..9).map(|i| event("Warning", "Failed", &format!("m{i}"), "t")).collect();
        events.push(event("Normal", "Pulling", "m9", "t"));
        let shown = of_instance(Some(&instance(&events))).unwrap();
        let mut lines = shown.lines();
        assert_eq!(lines.next(), Some("Warnings of its container instance eksci-1 (for-imc-1):"));
        assert_eq!((lines.next(), lines.count()), (Some("  Warning Failed: m8 (t)"), 4));
        assert_eq!(of_instance(Some(&instance(&events[9..]))), None);
        assert_eq!(of_instance(None), None);
    }

    #[test]
    fn events_are_bounded_and_escaped() {
        let long = format!("\u{1b}[31m{}\nnext line", "x".repeat(100_000));
        let hostile = event(&long, &long, &long, &long);
        let hostile = [hostile];
        for shown in [of_cache(&cache(&hostile)), of_instance(Some(&instance(&hostile))).unwrap()] {
            assert!(shown.len() < 1000 && !shown.contains('\u{1b}') && shown.lines().count() <= 2, "{shown}");
        }
        assert!(newest(&cache(&[]), Some(&instance(&hostile))).unwrap().len() < 700);
    }
}
