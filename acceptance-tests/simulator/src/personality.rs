//! What the API's documentation leaves open, as switches: every plausible answer to every open question can be played.
//!
//! The documents that leave them open are the pages of the five actions: <https://cloud.tencent.com/document/api/457/70861>
//! (create), `70857` (update), `70858` (most suitable), `70859` (describe), and the data types,
//! <https://cloud.tencent.com/document/api/457/31866>. None of the answers was seen on a live account.

use std::collections::BTreeSet;
use std::fmt;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

/// Declares the switches: a field of [`Personality`] and an enum each. The first answer is the default.
macro_rules! switches {
    ($($(#[doc = $doc:literal])* $field:ident: $switch:ident {
        $($(#[doc = $answer_doc:literal])* $answer:ident = $text:literal),+ $(,)?
    })+) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
            pub enum $switch { #[default] $($(#[doc = $answer_doc])* #[doc = $text] $answer),+ }

            impl $switch {
                const ANSWERS: &[Self] = &[$(Self::$answer),+];

                fn text(self) -> &'static str {
                    match self { $(Self::$answer => $text),+ }
                }
            }
        )+

        /// One answer to every open question.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Personality { $($(#[doc = $doc])* pub $field: $switch),+ }

        impl Personality {
            /// All switches with this personality's answers, for printing.
            pub fn switches(&self) -> Vec<Switch> {
                vec![$(Switch { name: stringify!($field), answer: self.$field.text() }),+]
            }

            /// Each answer of each switch that is not the default, alone: the switch as it then stands, and the
            /// personality to play it.
            pub fn single_deviations() -> Vec<(Switch, Personality)> {
                let mut deviations = Vec::new();
                $(for answer in &$switch::ANSWERS[1..] {
                    let personality = Personality { $field: *answer, ..Personality::default() };
                    deviations.push((Switch { name: stringify!($field), answer: answer.text() }, personality));
                })+
                deviations
            }

            /// A random answer to every question, the same for the same seed.
            pub fn random(seed: u64) -> Self {
                let mut rng = StdRng::seed_from_u64(seed);
                Self { $($field: $switch::ANSWERS.choose(&mut rng).copied().unwrap_or_default()),+ }
            }

            /// The default, with one to four random answers changed: closer to what an account may look like
            /// than [`Personality::random`], where everything is odd at once.
            pub fn random_few(seed: u64) -> Self {
                let mut rng = StdRng::seed_from_u64(seed);
                let mut personality = Self::default();
                for _ in 0..rng.random_range(1..=4) {
                    let mut chosen = rng.random_range(0..personality.switches().len());
                    $(
                        if chosen == 0 {
                            personality.$field = $switch::ANSWERS.choose(&mut rng).copied().unwrap_or_default();
                        }
                        chosen = chosen.wrapping_sub(1);
                    )+
                    let _ = chosen;
                }
                personality
            }

            /// The answers to each question, in order.
            fn catalog() -> Vec<(&'static str, Vec<&'static str>)> {
                vec![$((stringify!($field), $switch::ANSWERS.iter().map(|answer| answer.text()).collect())),+]
            }

            /// This personality with the answer `answer` to the switch `name`, both as [`Personality::switches`]
            /// prints them; `None` when there is no such switch or answer.
            pub fn with(mut self, name: &str, answer: &str) -> Option<Self> {
                match name {
                    $(stringify!($field) => {
                        self.$field = *$switch::ANSWERS.iter().find(|known| known.text() == answer)?;
                    })+
                    _ => return None,
                }
                Some(self)
            }
        }
    };
}

impl Personality {
    /// Combinations in which each two answers to any two questions occur together, but for `excluded` ones; the same for the
    /// same seed. A few dozen, where all combinations are more than can be counted.
    pub fn pairs(seed: u64, excluded: &[Switch]) -> Vec<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut catalog = Self::catalog();
        for (name, answers) in &mut catalog {
            answers.retain(|answer| !excluded.contains(&Switch { name, answer }));
        }
        // Of a question and its answer by position.
        type Chosen = (usize, usize);
        let pair = |one: Chosen, other: Chosen| (one.min(other), one.max(other));
        let mut missing: BTreeSet<(Chosen, Chosen)> = BTreeSet::new();
        for (i, (_, answers)) in catalog.iter().enumerate() {
            for (j, (_, others)) in catalog.iter().enumerate().skip(i + 1) {
                let of_two = (0..answers.len()).flat_map(|a| (0..others.len()).map(move |b| ((i, a), (j, b))));
                missing.extend(of_two);
            }
        }
        let mut combinations = Vec::new();
        while let Some((first, second)) = missing.iter().choose(&mut rng).copied() {
            let mut chosen = vec![first, second];
            let mut rest: Vec<_> = (0..catalog.len()).filter(|i| ![first.0, second.0].contains(i)).collect();
            rest.shuffle(&mut rng);
            for i in rest {
                let gain = |a: &usize| chosen.iter().filter(|other| missing.contains(&pair((i, *a), **other))).count();
                let mut answers: Vec<_> = (0..catalog[i].1.len()).collect();
                answers.shuffle(&mut rng);
                chosen.extend(answers.into_iter().max_by_key(gain).map(|a| (i, a)));
            }
            for one in &chosen {
                for other in &chosen {
                    missing.remove(&pair(*one, *other));
                }
            }
            let with = |all: Self, (i, a): Chosen| all.with(catalog[i].0, catalog[i].1[a]).unwrap_or(all);
            combinations.push(chosen.into_iter().fold(Self::default(), with));
        }
        combinations
    }
}

/// The name of a switch and an answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    pub name: &'static str,
    pub answer: &'static str,
}

impl fmt::Display for Switch {
    /// As the program's option `--switch` takes it, `shrink=refused`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.answer)
    }
}

switches! {
    /// Fields omitted in `UpdateImageCache`.
    omitted_fields: OmittedFields {
        Kept = "kept",
        /// Images and name have no default, and stay.
        Reset = "reset to the default",
    }
    /// `Tags` in an update.
    update_tags: UpdateTags { Replace = "replace", Merge = "merge" }
    /// An empty list in an update.
    empty_lists: EmptyLists { Clear = "clears", Ignored = "ignored" }
    /// An update of name, retention or tags alone.
    light_update: LightUpdate { StaysReady = "stays Ready", Updates = "goes through Updating" }
    /// An update whose images, size, security groups or credentials are what the cache has already.
    unchanged_update: UnchangedUpdate { Rebuilds = "rebuilds", DoesNothing = "does nothing" }
    /// `SnapshotId` and a rebuild.
    rebuild_snapshot: RebuildSnapshot {
        Changes = "changes when done",
        Kept = "kept",
        AbsentMeanwhile = "absent meanwhile, then changes",
    }
    /// An update while `Pending` or `Updating`.
    update_while_building: UpdateWhileBuilding {
        Accepted = "accepted",
        UnsupportedOperation = "UnsupportedOperation",
        TaskAlreadyRunning = "FailedOperation.TaskAlreadyRunning",
    }
    /// An update while `Failed`.
    update_when_failed: UpdateWhenFailed {
        Accepted = "accepted",
        UnsupportedOperation = "UnsupportedOperation",
        TaskAlreadyRunning = "FailedOperation.TaskAlreadyRunning",
    }
    /// An update while `UpdateFailed`.
    update_when_update_failed: UpdateWhenUpdateFailed {
        Accepted = "accepted",
        UnsupportedOperation = "UnsupportedOperation",
        TaskAlreadyRunning = "FailedOperation.TaskAlreadyRunning",
    }
    /// An update to a smaller size.
    shrink: Shrink { Accepted = "accepted", Refused = "refused", Ignored = "silently ignored" }
    /// A size that is not a multiple of 10.
    size_step: SizeStep { Accepted = "accepted", RoundedUp = "rounded up" }
    /// What lists show after an update was accepted.
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
        /// A declared error of it, as the next.
        InvalidParameter = "InvalidParameter",
        InternalError = "InternalError",
        DbRecordNotFound = "InternalError.DbRecordNotFound",
    }
    /// `DeleteImageCaches` of unknown IDs only. Documented: `ResourceNotFound` is a declared error of it.
    delete_unknown: DeleteUnknown {
        ResourceNotFound = "ResourceNotFound",
        Success = "success",
        InvalidParameter = "InvalidParameter",
        InternalError = "InternalError",
        RecordNotFound = "FailedOperation.RecordNotFound",
    }
    /// A list of IDs, to describe or delete, of which some are unknown.
    partly_unknown: PartlyUnknown {
        Others = "the others",
        ResourceNotFound = "ResourceNotFound for all",
        InvalidParameter = "InvalidParameter for all",
        InternalError = "InternalError for all",
    }
    /// How many IDs one `DescribeImageCaches` takes.
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
    /// Image references in answers.
    image_references: ImageReferences {
        AsGiven = "as given",
        Normalised = "normalised",
    }
    /// The order of lists and pages.
    order: Order { Stable = "stable", Changing = "changing" }
    /// `ImageRegistryCredentials` in answers.
    credentials: Credentials {
        Absent = "absent",
        Empty = "empty list",
        Masked = "password masked",
        Clear = "in clear",
    }
    /// The form of times.
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
    /// The fields that old answers lack: `RetentionDays`, `ImageRegistryCredentials`, `Tags`, `ImageCacheType`,
    /// `Snapshotter`.
    optional_fields: OptionalFields {
        Present = "present",
        NullWhenEmpty = "null when empty",
        AbsentWhenEmpty = "absent when empty",
        Null = "always null",
        Absent = "always absent",
    }
    /// The site whose endpoint is called. The published API of the international one lacks the image caches.
    site: Site { Mainland = "mainland", International = "InvalidAction" }
    /// Tags `project` and `项目` of a request, documented as reserved and in common use.
    project_tags: ProjectTags { Accepted = "accepted", Refused = "refused" }
    /// Tags that the platform attaches to every cache by itself. They are listed, and no request can set or remove them.
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
    /// Numbers in answers.
    numbers: Numbers { Numbers = "numbers", Strings = "strings" }
    /// Caches whose creation failed.
    failed_caches: FailedCaches { Stay = "stay", Vanish = "vanish after a while" }
    /// The events of a cache whose build failed. Those seen in public say nothing of the reason.
    failure_events: FailureEvents { Reason = "say why", Silent = "say nothing" }
    /// The container instance in which a cache is built.
    build_instance: BuildInstance {
        Named = "for-<cache ID>",
        OtherName = "another name",
        NoPermission = "InternalError.CamNoAuth",
        NotOffered = "InvalidAction",
        FiveNames = "at most 5 names a look-up",
    }
    /// What remote registries write into the events of such an instance.
    instance_events: InstanceEvents { Plain = "plain", Hostile = "100 kB with control characters" }
    /// The form of refusals.
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
    fn every_deviation_changes_one_switch() {
        let default = Personality::default();
        for (switch, personality) in Personality::single_deviations() {
            let changed: Vec<Switch> = personality
                .switches()
                .into_iter()
                .zip(default.switches())
                .filter(|(a, b)| a != b)
                .map(|(a, _)| a)
                .collect();
            assert_eq!(changed, [switch]);
            assert_eq!(default.with(switch.name, switch.answer), Some(personality));
        }
    }

    #[test]
    fn a_seed_gives_the_same_personality_and_seeds_reach_every_answer() {
        let mut seen = HashSet::new();
        for seed in 0..200 {
            assert_eq!(Personality::random(seed), Personality::random(seed));
            assert_eq!(Personality::random_few(seed), Personality::random_few(seed));
            seen.extend(Personality::random(seed).switches().into_iter().map(|switch| (switch.name, switch.answer)));
        }
        for (switch, _) in Personality::single_deviations() {
            assert!(seen.contains(&(switch.name, switch.answer)), "{switch:?}");
        }
    }

    #[test]
    fn every_pair_occurs_but_for_the_excluded() {
        let excluded = [Switch { name: "site", answer: "InvalidAction" }];
        let combinations = Personality::pairs(0, &excluded);
        assert_eq!(combinations, Personality::pairs(0, &excluded));
        assert!(combinations.len() < 80, "{}", combinations.len());
        let rows: Vec<_> = combinations.iter().map(Personality::switches).collect();
        let mut seen = HashSet::new();
        for row in &rows {
            seen.extend(row.iter().flat_map(|one| row.iter().map(move |other| (one.to_string(), other.to_string()))));
        }
        let all: Vec<_> = Personality::catalog()
            .into_iter()
            .flat_map(|(name, answers)| answers.into_iter().map(move |answer| Switch { name, answer }))
            .filter(|switch| !excluded.contains(switch))
            .collect();
        for one in &all {
            for other in all.iter().filter(|other| other.name != one.name) {
                assert!(seen.contains(&(one.to_string(), other.to_string())), "{one}, {other}");
            }
        }
        assert!(rows.iter().all(|row| !row.contains(&excluded[0])));
    }

    #[test]
    fn few_random_answers_are_at_most_four() {
        let default = Personality::default().switches();
        let counts: HashSet<usize> = (0..200)
            .map(|seed| Personality::random_few(seed).switches().iter().zip(&default).filter(|(a, b)| a != b).count())
            .collect();
        assert_eq!(counts.iter().max(), Some(&4));
    }

    #[test]
    fn unknown_switches_and_answers_are_none() {
        assert_eq!(Personality::default().with("shrinks", "refused"), None);
        assert_eq!(Personality::default().with("shrink", "perhaps"), None);
    }
}
