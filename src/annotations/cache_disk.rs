//! The disk that a Pod gets from an image cache.

use std::collections::BTreeMap;

use super::{
    Annotations, CACHE_DISK_RETAIN_MINUTES, CACHE_DISK_SIZE, CACHE_DISK_TYPE, MAX_DISK_SIZE, MIN_DISK_SIZE,
    PlannedAnnotations, ROOT_DISK_SIZE, annotation, planned,
};
use terraform_plugin::value::{Attr, Number, Value};

/// The options of the disk that a Pod gets from an image cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheDisk {
    /// `image-cache-disk-size` in GiB: the cache's own size if omitted, never less.
    pub size: Option<u64>,
    /// `image-cache-disk-type`: `CLOUD_PREMIUM` if omitted.
    pub disk_type: Option<String>,
    /// `image-cache-disk-retain-minute`: how long a later Pod may reuse the disk; not at all if omitted.
    pub retain_minutes: Option<u64>,
    /// `root-cbs-size` in GiB: the system disk of a Pod that no cache matches; not written if omitted. Manifests of Tencent Cloud
    /// have it beside `use-image-cache`, but its effect there is not documented.
    pub fallback_size: Option<u64>,
}

impl CacheDisk {
    /// The annotations for the options.
    pub fn annotations(&self) -> Annotations {
        let size = self.size.map(|gib| annotation(CACHE_DISK_SIZE, gib));
        let disk_type = self.disk_type.as_ref().map(|name| annotation(CACHE_DISK_TYPE, name));
        let retain = self.retain_minutes.map(|minutes| annotation(CACHE_DISK_RETAIN_MINUTES, minutes));
        let fallback = self.fallback_size.map(|gib| annotation(ROOT_DISK_SIZE, gib));
        [size, disk_type, retain, fallback].into_iter().flatten().collect()
    }
}

/// The options from an object of a configuration.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DiskOptions {
    /// The options.
    pub annotations: PlannedAnnotations,
    /// Whether an option is unknown and may become null, so that its key is uncertain.
    pub uncertain: bool,
}

/// Checks the value of an option, and returns the value of the annotation.
type Check = fn(&Value) -> Result<String, String>;

impl DiskOptions {
    /// The form of the object, for a message.
    pub const FORM: &str =
        "an object with any of size, disk_type, retain_minutes and fallback_size, for example { size = 100 }";

    /// Reads the options, converting numbers and strings as Terraform does. Null counts as omitted.
    ///
    /// # Errors
    ///
    /// The first option that does not exist or has an invalid value. An unknown value may become valid.
    pub fn read(options: &BTreeMap<String, Value>) -> Result<Self, String> {
        let mut read = Self::default();
        for (name, value) in options {
            let (key, check): (_, Check) = match name.as_str() {
                "size" => (CACHE_DISK_SIZE, |value| whole(value, MIN_DISK_SIZE, Some(MAX_DISK_SIZE))),
                "fallback_size" => (ROOT_DISK_SIZE, |value| whole(value, MIN_DISK_SIZE, Some(MAX_DISK_SIZE))),
                "retain_minutes" => (CACHE_DISK_RETAIN_MINUTES, |value| whole(value, 1, None)),
                "disk_type" => (CACHE_DISK_TYPE, text),
                _ => return Err(format!("unknown option {name:?}: expected {}", Self::FORM)),
            };
            let value = match value {
                value if value.is_null() => continue,
                Value::UnknownNotNull => Attr::Unknown,
                value if value.is_unknown() => {
                    read.uncertain = true;
                    continue;
                }
                value => Attr::Known(check(value).map_err(|expected| format!("{name}: {expected}"))?),
            };
            read.annotations.extend(planned(key, &value));
        }
        Ok(read)
    }
}

fn whole(value: &Value, min: u64, max: Option<u64>) -> Result<String, String> {
    let number = match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => text.parse::<Number>().ok(),
        _ => None,
    };
    let within = |number: &u64| *number >= min && max.is_none_or(|max| *number <= max);
    match number.as_ref().and_then(Number::as_u64).filter(within) {
        Some(number) => Ok(number.to_string()),
        None => {
            let expected = match max {
                Some(max) => format!("a whole number from {min} to {max}"),
                None => format!("a whole number of at least {min}"),
            };
            Err(format!("expected {expected}{}", found(value)))
        }
    }
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        _ => Err(format!("expected the name of a disk type, for example \"CLOUD_SSD\"{}", found(value))),
    }
}

fn found(value: &Value) -> String {
    match value {
        Value::Number(number) => format!(", got {number}"),
        Value::String(text) => format!(", got {text:?}"),
        Value::Bool(bool) => format!(", got {bool}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_disk_writes_its_options() {
        assert_eq!(CacheDisk::default().annotations(), Annotations::new());
        let disk = CacheDisk {
            size: Some(60),
            disk_type: Some("CLOUD_SSD".into()),
            retain_minutes: Some(10),
            fallback_size: Some(70),
        };
        let expected = [
            ("eks.tke.cloud.tencent.com/image-cache-disk-retain-minute", "10"),
            ("eks.tke.cloud.tencent.com/image-cache-disk-size", "60"),
            ("eks.tke.cloud.tencent.com/image-cache-disk-type", "CLOUD_SSD"),
            ("eks.tke.cloud.tencent.com/root-cbs-size", "70"),
        ];
        assert_eq!(disk.annotations(), expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    }
}
