//! Undocumented behavior of the API: each question, and its behavior variants, one of which the simulator uses.
//!
//! The documentation is the pages of the five actions, <https://cloud.tencent.com/document/api/457/70861> (create), `70857`
//! (update), `70858` (most suitable), `70859` (describe), and the data types,
//! <https://cloud.tencent.com/document/api/457/31866>. No variant was verified with a real account.

mod pairs;

use std::fmt;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// Declares the questions: for each, a field of [`Behavior`] and an enum of variants, which an earlier question may have declared.
/// The first variant is the default.
macro_rules! questions {
    ($($(#[doc = $doc:literal])* $field:ident: $question:ident $({
        $($(#[doc = $variant_doc:literal])* $variant:ident = $text:literal),+ $(,)?
    })?)+) => {
        $($(
            /// The variants of a question of [`Behavior`].
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
            pub enum $question { #[default] $($(#[doc = $variant_doc])* #[doc = concat!("`", $text, "`")] $variant),+ }

            impl $question {
                const ALL: &[Self] = &[$(Self::$variant),+];

                fn text(self) -> &'static str {
                    match self { $(Self::$variant => $text),+ }
                }
            }
        )?)+

        /// One variant of each question.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Behavior { $($(#[doc = $doc])* pub $field: $question),+ }

        impl Behavior {
            /// The variant of each question, for printing.
            pub fn variants(&self) -> Vec<Variant> {
                vec![$(Variant { question: stringify!($field), name: self.$field.text() }),+]
            }

            /// Each variant that is not the default, and the behavior with only this variant.
            pub fn single_variants() -> Vec<(Variant, Behavior)> {
                let mut variants = Vec::new();
                $(for variant in &$question::ALL[1..] {
                    let behavior = Behavior { $field: *variant, ..Behavior::default() };
                    variants.push((Variant { question: stringify!($field), name: variant.text() }, behavior));
                })+
                variants
            }

            /// A random variant of each question, the same for the same seed.
            pub fn random(seed: u64) -> Self {
                let mut rng = StdRng::seed_from_u64(seed);
                Self { $($field: $question::ALL.choose(&mut rng).copied().unwrap_or_default()),+ }
            }

            /// The default with one to four random variants: more realistic than [`Behavior::random`].
            pub fn random_few(seed: u64) -> Self {
                let mut rng = StdRng::seed_from_u64(seed);
                let mut behavior = Self::default();
                for _ in 0..rng.random_range(1..=4) {
                    let mut chosen = rng.random_range(0..behavior.variants().len());
                    $(
                        if chosen == 0 {
                            behavior.$field = $question::ALL.choose(&mut rng).copied().unwrap_or_default();
                        }
                        chosen = chosen.wrapping_sub(1);
                    )+
                    let _ = chosen;
                }
                behavior
            }

            /// Each question and its variants, in order.
            fn catalog() -> Vec<(&'static str, Vec<&'static str>)> {
                vec![$((stringify!($field), $question::ALL.iter().map(|variant| variant.text()).collect())),+]
            }

            /// This behavior with another variant of a question, both named as in [`Behavior::variants`]; `None` if they do not
            /// exist.
            pub fn with(mut self, question: &str, variant: &str) -> Option<Self> {
                match question {
                    $(stringify!($field) => {
                        self.$field = *$question::ALL.iter().find(|known| known.text() == variant)?;
                    })+
                    _ => return None,
                }
                Some(self)
            }
        }
    };
}

/// A question and one of its variants, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    pub question: &'static str,
    pub name: &'static str,
}

impl fmt::Display for Variant {
    /// In the form of the program's option `--variant`: `shrink=refused`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.question, self.name)
    }
}

questions! {
    /// Fields omitted in `UpdateImageCache`.
    omitted_fields: OmittedFields {
        Kept = "kept",
        /// Images and name have no default, and are kept.
        Reset = "reset to the default",
    }
    /// `Tags` in an update.
    update_tags: UpdateTags { Replace = "replace", Merge = "merge" }
    /// An empty list in an update.
    empty_lists: EmptyLists { Clear = "clears", Ignored = "ignored" }
    /// An update of name, retention or tags only.
    light_update: LightUpdate { StaysReady = "stays Ready", Updates = "goes through Updating" }
    /// An update with unchanged images, size, security groups or credentials.
    unchanged_update: UnchangedUpdate { Rebuilds = "rebuilds", DoesNothing = "does nothing" }
    /// `SnapshotId` and a rebuild.
    rebuild_snapshot: RebuildSnapshot {
        Changes = "changes when done",
        Kept = "kept",
        AbsentMeanwhile = "absent meanwhile, then changes",
    }
    /// An update while `Pending` or `Updating`.
    update_while_building: UpdateRefusal {
        Accepted = "accepted",
        UnsupportedOperation = "UnsupportedOperation",
        TaskAlreadyRunning = "FailedOperation.TaskAlreadyRunning",
    }
    /// An update while `Failed`.
    update_when_failed: UpdateRefusal
    /// An update while `UpdateFailed`.
    update_when_update_failed: UpdateRefusal
    /// An update to a smaller size.
    shrink: Shrink { Accepted = "accepted", Refused = "refused", Ignored = "silently ignored" }
    /// A size that is not a multiple of 10.
    size_step: SizeStep { Accepted = "accepted", RoundedUp = "rounded up" }
    /// The values in lists after an update was accepted.
    update_shown: UpdateShown { AtOnce = "at once", Later = "the cache as it was for a while" }
    /// Deletion.
    delete: Delete {
        AtOnce = "at once",
        Lingers = "listed for a while",
        RefusedWhileBuilding = "refused while building",
    }
    /// `DescribeImageCaches` of unknown IDs only.
    describe_unknown: DescribeUnknown {
        Empty = "empty list",
        ResourceNotFound = "ResourceNotFound",
        /// A documented error, like the next one.
        InvalidParameter = "InvalidParameter",
        InternalError = "InternalError",
        DbRecordNotFound = "InternalError.DbRecordNotFound",
    }
    /// `DeleteImageCaches` of unknown IDs only. `ResourceNotFound` is a documented error.
    delete_unknown: DeleteUnknown {
        ResourceNotFound = "ResourceNotFound",
        Success = "success",
        InvalidParameter = "InvalidParameter",
        InternalError = "InternalError",
        RecordNotFound = "FailedOperation.RecordNotFound",
    }
    /// A list of IDs, to describe or delete, with some unknown ones.
    partly_unknown: PartlyUnknown {
        Others = "the others",
        ResourceNotFound = "ResourceNotFound for all",
        InvalidParameter = "InvalidParameter for all",
        InternalError = "InternalError for all",
    }
    /// Maximum number of IDs of `DescribeImageCaches`.
    describe_ids: DescribeIds {
        Unlimited = "any number",
        Twenty = "at most 20",
        Fifty = "at most 50",
        Hundred = "at most 100",
    }
    /// A new cache in lists.
    created: Created { ListedAtOnce = "listed at once", ListedLater = "absent for a while" }
    /// Names of caches.
    names: Names { NotUnique = "not unique", Unique = "a second create is refused" }
    /// `ImageCacheNames` and the filter `image-cache-name`.
    name_match: NameMatch { Exact = "exact", Substring = "substring" }
    /// Image references in responses.
    image_references: ImageReferences {
        AsGiven = "as given",
        Normalised = "normalised",
    }
    /// Order of lists and pages.
    order: Order { Stable = "stable", Changing = "changing" }
    /// `ImageRegistryCredentials` in responses.
    credentials: Credentials {
        Absent = "absent",
        Empty = "empty list",
        Masked = "password masked",
        Clear = "in clear",
    }
    /// Format of times.
    times: Times {
        GoUtc = "2026-03-30 07:03:35 +0000 UTC",
        GoMonotonic = "2026-03-30 17:07:11.389402882 +0800 CST m=+893.262707991",
        NoZone = "2021-12-06 22:52:24",
        Rfc3339 = "2024-01-01T00:00:00Z",
        Milliseconds = "1574104000000",
        Empty = "empty",
    }
    /// `ExpireDateTime` of a cache that never expires.
    never_expires: NeverExpires { Empty = "empty", HundredYears = "creation + 100 years" }
    /// The fields that older responses lack: `RetentionDays`, `ImageRegistryCredentials`, `Tags`, `ImageCacheType`,
    /// `Snapshotter`.
    optional_fields: OptionalFields {
        Present = "present",
        NullWhenEmpty = "null when empty",
        AbsentWhenEmpty = "absent when empty",
        Null = "always null",
        Absent = "always absent",
    }
    /// The site of the endpoint. The published API of the international site does not have image caches.
    site: Site { Mainland = "mainland", International = "InvalidAction" }
    /// Tags `project` and `项目` in a request, which are documented as reserved but in common use.
    project_tags: ProjectTags { Accepted = "accepted", Refused = "refused" }
    /// Tags that the platform attaches to every cache. They are listed, but requests cannot set or remove them.
    creator_tags: CreatorTags { Absent = "absent", Listed = "qcs:tag:createdBy is listed" }
    /// An account's tag policy, which assigns an ordinary tag, `cost-center`.
    tag_policy: TagPolicy {
        Absent = "none",
        OnCreate = "adds a tag to a new cache",
        Always = "adds a tag after every write",
    }
    /// The caches that `GetMostSuitableImageCache` matches.
    suitable: Suitable {
        AtLeast = "caches with at least the images",
        Exactly = "caches with exactly the images",
    }
    /// Numbers in responses.
    numbers: Numbers { Numbers = "numbers", Strings = "strings" }
    /// Caches whose first build failed.
    failed_caches: FailedCaches { Stay = "stay", Vanish = "vanish after a while" }
    /// The events of a cache whose build failed. Published examples do not contain the reason.
    failure_events: FailureEvents { Reason = "say why", Silent = "say nothing" }
    /// The container instance in which a cache is built.
    build_instance: BuildInstance {
        Named = "for-<cache ID>",
        OtherName = "another name",
        NoPermission = "InternalError.CamNoAuth",
        NotOffered = "InvalidAction",
        FiveNames = "at most 5 names a look-up",
    }
    /// Text from registries in the events of such an instance.
    instance_events: InstanceEvents { Plain = "plain", Hostile = "100 kB with control characters" }
    /// Format of errors.
    errors: Errors {
        Documented = "as documented",
        Legacy = "legacy shape",
        HttpStatus = "HTTP 4xx or 5xx with JSON",
        Html = "HTTP 4xx or 5xx with HTML",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn single_variant_changes_one_question() {
        let default = Behavior::default();
        for (variant, behavior) in Behavior::single_variants() {
            let changed: Vec<Variant> = behavior
                .variants()
                .into_iter()
                .zip(default.variants())
                .filter(|(a, b)| a != b)
                .map(|(a, _)| a)
                .collect();
            assert_eq!(changed, [variant]);
            assert_eq!(default.with(variant.question, variant.name), Some(behavior));
        }
    }

    #[test]
    fn behavior_depends_on_the_seed_and_seeds_reach_every_variant() {
        let mut seen = HashSet::new();
        for seed in 0..200 {
            assert_eq!(Behavior::random(seed), Behavior::random(seed));
            assert_eq!(Behavior::random_few(seed), Behavior::random_few(seed));
            seen.extend(Behavior::random(seed).variants().into_iter().map(|variant| (variant.question, variant.name)));
        }
        for (variant, _) in Behavior::single_variants() {
            assert!(seen.contains(&(variant.question, variant.name)), "{variant:?}");
        }
    }

    #[test]
    fn few_random_variants_are_at_most_four() {
        let default = Behavior::default().variants();
        let counts: HashSet<usize> = (0..200)
            .map(|seed| Behavior::random_few(seed).variants().iter().zip(&default).filter(|(a, b)| a != b).count())
            .collect();
        assert_eq!(counts.iter().max(), Some(&4));
    }

    #[test]
    fn unknown_questions_and_variants_are_none() {
        assert_eq!(Behavior::default().with("shrinks", "refused"), None);
        assert_eq!(Behavior::default().with("shrink", "perhaps"), None);
    }
}
