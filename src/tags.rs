//! Tags of image caches: which of the listed tags Terraform manages.
//!
//! | key | read into the state | sent |
//! | --- | --- | --- |
//! | reserved by the platform: `qcs:...`, `tencentcloud:...` | never | never |
//! | matched by `ignore_tags` | never | as listed, with every update that sends tags, because `Tags` replaces all of them |
//! | any other | yes | as planned |
//!
//! Limits: <https://cloud.tencent.com/document/product/651/13354>. Creator tags, which an account setting attaches to
//! everything: <https://cloud.tencent.com/document/product/651/60431>.

use std::collections::{BTreeMap, BTreeSet};

use tencentcloud::tke::{Tag, is_reserved_tag_key as is_reserved};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::value::Attr;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// The maximum number of tags of a resource.
const MAX_TAGS: usize = 50;

/// The maximum length of a key and of a value, in characters.
const MAX_KEY: usize = 127;
const MAX_VALUE: usize = 255;

/// Prefixes that are reserved by the documentation, but in common use.
const DISCOURAGED_PREFIXES: [&str; 2] = ["project", "项目"];

/// Keys that are managed outside of Terraform, for example by a tag policy or a cost allocation robot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoreTags {
    pub keys: BTreeSet<String>,
    pub key_prefixes: BTreeSet<String>,
}

impl IgnoreTags {
    /// Whether the key is ignored.
    pub fn matches(&self, key: &str) -> bool {
        self.keys.contains(key) || self.key_prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()))
    }
}

/// The tag settings of the provider block.
#[derive(Debug, Clone)]
pub struct TagPolicy {
    /// Tags of every cache.
    pub default_tags: Attr<Tags>,
    /// Unknown while any part of it is.
    pub ignore_tags: Attr<IgnoreTags>,
}

impl Default for TagPolicy {
    /// No default tags and no ignored tags.
    fn default() -> Self {
        Self { default_tags: Attr::Null, ignore_tags: IgnoreTags::default().into() }
    }
}

impl TagPolicy {
    /// `tags` merged with `default_tags`; unknown while one of them, or `ignore_tags`, is unknown.
    pub fn all(&self, tags: &Attr<Tags>) -> Attr<Tags> {
        if tags.is_unknown() || self.default_tags.is_unknown() || self.ignore_tags.is_unknown() {
            return Attr::Unknown;
        }
        let mut all = self.default_tags.known().cloned().unwrap_or_default();
        all.extend(tags.known().cloned().into_iter().flatten());
        all.into()
    }

    /// The part of `tags` that Terraform manages. While `ignore_tags` is unknown, the keys of `known`.
    pub fn managed(&self, mut tags: Tags, known: Option<&Tags>) -> Tags {
        tags.retain(|key, _| match &self.ignore_tags {
            _ if is_reserved(key) => false,
            Attr::Unknown => known.is_some_and(|known| known.contains_key(key)),
            ignore => !ignore.known().is_some_and(|ignore| ignore.matches(key)),
        });
        tags
    }

    /// The part of the listed tags that `ignore_tags` matches and a request may repeat.
    pub fn ignored(&self, listed: &[Tag]) -> Tags {
        let Some(ignore) = self.ignore_tags.known() else { return Tags::new() };
        let mut tags = by_key(listed);
        tags.retain(|key, _| !is_reserved(key) && ignore.matches(key));
        tags
    }

    /// Reports tags at `path` that `ignore_tags` matches: they could neither be compared nor removed.
    pub fn validate_not_ignored(&self, path: &AttributePath, tags: &Attr<Tags>, diagnostics: &mut Diagnostics) {
        let Some(ignore) = self.ignore_tags.known() else { return };
        for key in tags.known().into_iter().flat_map(BTreeMap::keys).filter(|key| ignore.matches(key)) {
            let detail = format!(
                "The key {key:?} is in {path} and is matched by ignore_tags of the provider block, so Terraform cannot manage \
                it. Remove it from one of them."
            );
            diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(path.clone()));
        }
    }
}

/// Tags by key.
pub fn by_key(tags: &[Tag]) -> Tags {
    let mut by_key = Tags::new();
    for tag in tags {
        by_key.insert(tag.key.clone(), tag.value.clone());
    }
    by_key
}

/// Tags in the form of requests.
pub fn to_list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

/// Reports `tags` that the platform would refuse, and likely mistakes. Values of tags are not secret, and are shown.
pub fn validate(path: &AttributePath, tags: &Attr<Tags>, diagnostics: &mut Diagnostics) {
    let mut error = |detail: String| diagnostics.push(Diagnostic::error("Invalid tags", detail).at(path.clone()));
    for (key, value) in tags.known().into_iter().flatten() {
        if is_reserved(key) {
            error(format!(
                "{path}: the key {key:?} is reserved. Keys that begin with \"qcs:\" or \"tencentcloud:\" belong to the \
                 platform, which attaches them itself. Remove it."
            ));
        } else if key.is_empty() || key.chars().count() > MAX_KEY {
            error(format!("{path}: expected keys of 1 to {MAX_KEY} characters, got {key:?}."));
        }
        if value.chars().count() > MAX_VALUE {
            error(format!(
                "{path}: expected values of at most {MAX_VALUE} characters, got {} for the key {key:?}.",
                value.chars().count()
            ));
        }
    }
    validate_count(path, tags, diagnostics);
    let mut warning = |summary: &str, detail: String| {
        diagnostics.push(Diagnostic::warning(summary, detail).at(path.clone()));
    };
    for (key, value) in tags.known().into_iter().flatten() {
        if let Some(prefix) = DISCOURAGED_PREFIXES.into_iter().find(|prefix| key.starts_with(prefix)) {
            let detail = format!(
                "{path}: the key {key:?} begins with {prefix:?}, which Tencent Cloud's documentation reserves. The API may \
                 refuse it."
            );
            warning("Discouraged tag key", detail);
        }
        if value.is_empty() {
            let detail = format!(
                "{path}: the value of the key {key:?} is empty. Tencent Cloud documents values of 1 to {MAX_VALUE} \
                 characters. The API may refuse it."
            );
            warning("Empty tag value", detail);
        }
    }
}

/// Reports too many tags.
pub fn validate_count(path: &AttributePath, tags: &Attr<Tags>, diagnostics: &mut Diagnostics) {
    let count = tags.known().map_or(0, Tags::len);
    if count > MAX_TAGS {
        let detail = format!("{path}: expected at most {MAX_TAGS} tags, got {count}.");
        diagnostics.push(Diagnostic::error("Invalid tags", detail).at(path.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(entries: &[(&str, &str)]) -> Tags {
        entries.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    fn ignoring(keys: &[&str], key_prefixes: &[&str]) -> TagPolicy {
        let set = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let ignore = IgnoreTags { keys: set(keys), key_prefixes: set(key_prefixes) };
        TagPolicy { ignore_tags: ignore.into(), ..TagPolicy::default() }
    }

    #[test]
    fn managed_tags_are_neither_reserved_nor_ignored() {
        let listed =
            [("qcs:tag:createdBy", "Root:1"), ("tencentcloud:x", "y"), ("team", "ml"), ("cost", "7"), ("robot-a", "1")];
        let unknown = TagPolicy { ignore_tags: Attr::Unknown, ..TagPolicy::default() };
        for (case, policy, managed, ignored) in [
            ("nothing ignored", TagPolicy::default(), &["cost", "robot-a", "team"][..], &[][..]),
            ("a key", ignoring(&["cost"], &[]), &["robot-a", "team"], &["cost"]),
            ("a prefix", ignoring(&[], &["robot-"]), &["cost", "team"], &["robot-a"]),
            ("both", ignoring(&["cost"], &["robot-"]), &["team"], &["cost", "robot-a"]),
            ("reserved ones as well", ignoring(&[], &["qcs:", "t"]), &["cost", "robot-a"], &["team"]),
            ("unknown", unknown, &["team"], &[]),
        ] {
            let known = tags(&[("team", "old")]);
            let found = policy.managed(tags(&listed), Some(&known));
            assert_eq!(found.keys().collect::<Vec<_>>(), managed, "{case}");
            assert_eq!(policy.ignored(&to_list(&tags(&listed))).keys().collect::<Vec<_>>(), ignored, "{case}");
        }
    }

    #[test]
    fn all_tags_are_unknown_while_a_part_is() {
        let own = Attr::from(tags(&[("a", "1")]));
        let defaults = TagPolicy { default_tags: tags(&[("a", "0"), ("b", "0")]).into(), ..TagPolicy::default() };
        assert_eq!(defaults.all(&own), tags(&[("a", "1"), ("b", "0")]).into());
        assert_eq!(defaults.all(&Attr::Unknown), Attr::Unknown);
        for policy in [
            TagPolicy { default_tags: Attr::Unknown, ..TagPolicy::default() },
            TagPolicy { ignore_tags: Attr::Unknown, ..TagPolicy::default() },
        ] {
            assert_eq!(policy.all(&own), Attr::Unknown);
        }
    }

    #[test]
    fn invalid_and_discouraged_tags() {
        let long = |length: usize| "长".repeat(length);
        let one = |key: &str, value: &str| tags(&[(key, value)]);
        let many = (0..51).map(|i| (format!("k{i}"), "v".to_owned())).collect::<Tags>();
        for (given, expected) in [
            (one("team", "ml"), None),
            (one(&long(127), &long(255)), None),
            (one("myqcs:x", "y"), None),
            (one("qcs:tag:createdBy", "Root:1"), Some("Error: Invalid tags")),
            (one("tencentcloud:autoscaling", "x"), Some("Error: Invalid tags")),
            (one("", "x"), Some("Error: Invalid tags")),
            (one(&long(128), "x"), Some("Error: Invalid tags")),
            (one("k", &long(256)), Some("Error: Invalid tags")),
            (many, Some("Error: Invalid tags")),
            (one("project", "x"), Some("Warning: Discouraged tag key")),
            (one("项目", "x"), Some("Warning: Discouraged tag key")),
            (one("team", ""), Some("Warning: Empty tag value")),
        ] {
            let mut diagnostics = Diagnostics::default();
            validate(&AttributePath::root("tags"), &given.clone().into(), &mut diagnostics);
            let found: Vec<_> =
                diagnostics.iter().map(|found| format!("{:?}: {}", found.severity, found.summary)).collect();
            assert_eq!(found, Vec::from_iter(expected), "{given:?}");
        }
    }

    #[test]
    fn ignored_key_conflicts_with_tags() {
        let path = AttributePath::root("tags");
        let given = Attr::from(tags(&[("cost", "7"), ("robot-a", "1"), ("team", "ml")]));
        for (policy, expected) in [
            (TagPolicy::default(), 0),
            (ignoring(&["cost"], &["robot-"]), 2),
            (TagPolicy { ignore_tags: Attr::Unknown, ..TagPolicy::default() }, 0),
        ] {
            let mut diagnostics = Diagnostics::default();
            policy.validate_not_ignored(&path, &given, &mut diagnostics);
            assert_eq!(diagnostics.iter().count(), expected);
            assert!(diagnostics.iter().all(|found| found.detail.contains("tags and is matched by ignore_tags")));
        }
    }
}
