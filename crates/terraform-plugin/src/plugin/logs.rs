//! Log lines for Terraform: one JSON object per line on stderr, in the format of HashiCorp's hclog.
//!
//! `TF_LOG_PROVIDER_<NAME>`, else `TF_LOG_PROVIDER`, else `TF_LOG` sets the level, with the same names as in Terraform. If none
//! is set, nothing is installed, and an event costs one comparison.
//!
//! Only events of this crate and of the crates that the provider names are logged, at any level: the trace of a library may contain
//! request bodies and headers, and so secrets. The types of fields in our events hide secrets.

use std::error::Error;
use std::fmt;
use std::io::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use super::Program;

/// Terraform reads lines of up to 64 KiB; it shows a longer one as plain text in pieces.
const LINE_LIMIT: usize = 64 << 10;

/// Maximum bytes of a string. Several of this size fit into a line, even if JSON escapes each byte of one.
const TEXT_LIMIT: usize = 8 << 10;

/// Logs events to stderr, if the environment sets a level.
pub(super) fn init(program: Program) {
    let level = level(program.name(), |name| std::env::var(name).ok());
    if level == LevelFilter::OFF {
        return;
    }
    let stderr = |line: &str| {
        // Fails only after Terraform has ended.
        let _ = std::io::stderr().write_all(line.as_bytes());
    };
    // Fails if there is a subscriber already, which is kept.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Hclog {
        level,
        crates: program.log_crates,
        write: stderr,
    }));
}

/// The level from the environment. A value that is not a level, such as `JSON`, means all, as in Terraform.
fn level(provider: &str, env: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let own = format!("TF_LOG_PROVIDER_{}", provider.to_ascii_uppercase().replace('-', "_"));
    let word = set(&own).or_else(|| set("TF_LOG_PROVIDER")).or_else(|| set("TF_LOG"));
    match word.map(|word| word.to_ascii_uppercase()).as_deref() {
        None | Some("OFF") => LevelFilter::OFF,
        Some("ERROR") => LevelFilter::ERROR,
        Some("WARN") => LevelFilter::WARN,
        Some("INFO") => LevelFilter::INFO,
        Some("DEBUG") => LevelFilter::DEBUG,
        Some(_) => LevelFilter::TRACE,
    }
}

/// Writes each event, with the fields of the spans around it, as one line.
struct Hclog<W> {
    level: LevelFilter,
    crates: &'static [&'static str],
    write: W,
}

impl<S, W> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let name = metadata.target().split("::").next().unwrap_or_default();
        *metadata.level() <= self.level && (name == env!("CARGO_CRATE_NAME") || self.crates.contains(&name))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.0.extend(outer.0.clone());
            }
        }
        event.record(&mut fields);
        (self.write)(&line(event.metadata(), &Timestamp::now(), fields));
    }
}

/// One line with its line break. hclog's four keys are always present, and always strings; Terraform crashes on other types.
fn line(metadata: &Metadata<'_>, now: &Timestamp, Fields(mut fields): Fields) -> String {
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    let message = match fields.remove("message") {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let module = format!("provider.{}", metadata.target().replace("::", "."));
    // With any other number of digits, Terraform treats the line as plain text.
    let timestamp = format!("{now:.6}");
    let own = [("@level", level.to_owned()), ("@message", message), ("@module", module), ("@timestamp", timestamp)];
    let own = own.map(|(key, text)| (key.to_owned(), Value::String(text)));

    fields.extend(own.clone());
    let mut line = Value::Object(fields).to_string();
    if line.len() >= LINE_LIMIT {
        let mut short = Map::from_iter(own);
        short.insert("fields_dropped".to_owned(), true.into());
        line = Value::Object(short).to_string();
    }
    line.push('\n');
    line
}

/// The fields of an event or of a span.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, clip(safe_text::show(value)));
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        self.insert(field, clip(safe_text::show(&super::chain(error))));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, clip(safe_text::show(&format!("{value:?}"))));
    }
}

/// The first bytes of a long string, and its length.
fn clip(mut text: String) -> String {
    let length = text.len();
    if length > TEXT_LIMIT {
        let end = (0..=TEXT_LIMIT).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
        text.truncate(end);
        text.push_str(&format!("... ({length} bytes)"));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The lines that `events` writes at `level`, parsed.
    fn lines(level: LevelFilter, events: impl FnOnce()) -> Vec<Map<String, Value>> {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = written.clone();
        let write = move |line: &str| sink.lock().unwrap().push(line.to_owned());
        let subscriber = tracing_subscriber::registry().with(Hclog { level, crates: &["eks"], write });
        tracing::subscriber::with_default(subscriber, events);
        let written = written.lock().unwrap();
        for line in written.iter() {
            assert!(line.len() <= LINE_LIMIT && line.ends_with('\n') && line.matches('\n').count() == 1);
        }
        written.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn most_specific_variable_sets_the_level() {
        for (env, expected) in [
            (&[][..], LevelFilter::OFF),
            (&[("TF_LOG", "")], LevelFilter::OFF),
            (&[("TF_LOG", "off")], LevelFilter::OFF),
            (&[("TF_LOG", "debug")], LevelFilter::DEBUG),
            (&[("TF_LOG", "JSON")], LevelFilter::TRACE),
            (&[("TF_LOG", "loud")], LevelFilter::TRACE),
            (&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER", "WARN")], LevelFilter::WARN),
            (&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER", "OFF")], LevelFilter::OFF),
            (&[("TF_LOG_PROVIDER", "WARN"), ("TF_LOG_PROVIDER_EKS", "error")], LevelFilter::ERROR),
            (&[("TF_LOG_PROVIDER_EKS", "info")], LevelFilter::INFO),
            (&[("TF_LOG_CORE", "trace")], LevelFilter::OFF),
        ] {
            let env_var = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(level("eks", env_var), expected, "{env:?}");
        }
    }

    #[test]
    fn line_has_hclog_keys_and_span_fields() {
        let lines = lines(LevelFilter::TRACE, || {
            let call = tracing::info_span!("call", tf_rpc = "ReadResource", attempt = 1, found = tracing::field::Empty);
            call.record("found", true);
            let _inside = call.entered();
            let error = Outer(std::io::Error::other("gone"));
            tracing::warn!(attempt = 2, elapsed = 0.5, error = &error as &dyn Error, "slow \"read\"\n{}", 7);
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        let text = |key| line[key].as_str().unwrap();
        assert_eq!(text("@level"), "warn");
        assert_eq!(text("@message"), "slow \"read\"\n7");
        assert_eq!(text("@module"), "provider.terraform_plugin.plugin.logs.tests");
        assert_eq!(text("error"), "cannot read: gone");
        assert_eq!(text("tf_rpc"), "ReadResource");
        assert_eq!((&line["attempt"], &line["elapsed"], &line["found"]), (&2.into(), &0.5.into(), &true.into()));
        assert_eq!(line.len(), 9, "{line:?}");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn timestamp_has_six_decimal_places() {
        for (nanoseconds, expected) in [
            (0, "2026-11-22T11:41:01.000000Z"),
            (294_000_000, "2026-11-22T11:41:01.294000Z"),
            (999_999_999, "2026-11-22T11:41:01.999999Z"),
        ] {
            let now = Timestamp::new(1_795_347_661, nanoseconds).unwrap();
            assert_eq!(format!("{now:.6}"), expected);
        }
    }

    #[test]
    fn events_below_the_level_or_of_libraries_are_not_logged() {
        let lines = lines(LevelFilter::INFO, || {
            tracing::debug!("too fine");
            tracing::error!(target: "h2::codec", "frame with a body");
            tracing::error!(target: "eksperiment", "another crate");
            tracing::info!(target: "eks", "ours");
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["@message"], "ours");
    }

    #[test]
    fn long_strings_and_lines_are_truncated() {
        let long = format!("a{}", "é".repeat(40_000));
        let quotes = "\"".repeat(40_000);
        let lines = lines(LevelFilter::INFO, || {
            tracing::info!(long, "{long}");
            tracing::info!(quotes, two = quotes, three = quotes, four = quotes, "{quotes}");
        });
        assert_eq!(lines[0]["long"], lines[0]["@message"]);
        assert!(lines[0]["long"].as_str().unwrap().ends_with("é... (80001 bytes)"));
        assert_eq!(lines[1]["fields_dropped"], true);
        assert!(lines[1]["@message"].as_str().unwrap().ends_with("\"... (40000 bytes)"));
        assert!(!lines[1].contains_key("quotes"));
    }
}
