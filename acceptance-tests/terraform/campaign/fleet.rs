//! The configured caches of a round.

use std::collections::BTreeMap;
use std::fmt;

use rand::RngExt as _;
use rand::rngs::StdRng;
use tencentcloud_simulator::{ImageCache, Status};

use crate::harness::config::CacheBlock;

/// The tag that identifies the resource of a cache in the cloud.
pub const LABEL: &str = "label";

/// The configured caches by label: `resource "eks_image_cache" "<label>"`.
#[derive(Debug, Clone, Default)]
pub struct Fleet(pub BTreeMap<String, Spec>);

/// The arguments of one cache. All can be changed in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// `None` for a generated name.
    pub name: Option<String>,
    pub version: u32,
    pub size: u64,
    pub retention_days: u64,
    pub revision: u32,
    /// `wait_for_ready`. Without it, the cache is not changed: the API may refuse that during the build.
    pub waits: bool,
}

impl Spec {
    pub fn named(name: Option<&str>) -> Self {
        Self { name: name.map(str::to_owned), version: 1, size: 20, retention_days: 7, revision: 1, waits: true }
    }

    fn image(&self) -> String {
        format!("nginx:1.{}", self.version)
    }

    /// Changes one argument, or several.
    fn change(&mut self, rng: &mut StdRng) {
        let mut changes = |one_in| rng.random_ratio(1, one_in);
        self.version += u32::from(changes(3));
        self.size += if changes(6) { 10 } else { 0 };
        self.retention_days += u64::from(changes(3));
        if let Some(name) = &mut self.name
            && changes(6)
        {
            name.push('x');
        }
        self.revision += 1;
    }

    /// The difference of `cache` from the configuration, if any.
    pub fn difference(&self, label: &str, cache: &ImageCache) -> Option<String> {
        let tag = |key| cache.tags.get(key).map(String::as_str);
        let same = cache.images == [self.image()]
            && cache.image_cache_size == self.size
            && cache.retention_days == self.retention_days
            && self.name.as_ref().is_none_or(|name| *name == cache.name)
            && tag(LABEL) == Some(label)
            && tag("revision") == Some(&self.revision.to_string())
            && (cache.status == Status::Ready || !self.waits);
        (!same).then(|| format!("{self:?} is {cache:?}"))
    }
}

impl Fleet {
    /// Adds, removes and changes some of `size` caches. A third has distinct names, a third generated ones, and some of the rest
    /// share a name.
    pub fn change(&mut self, size: usize, rng: &mut StdRng) {
        for i in 0..size {
            let label = format!("c{i:02}");
            let fate = rng.random_range(0..10);
            match (self.0.get_mut(&label), fate) {
                (None, 0..8) => {
                    let name = match i % 3 {
                        0 => Some(label.clone()),
                        1 => None,
                        _ => Some(format!("shared-{}", i % 4)),
                    };
                    self.0.insert(label, Spec { waits: i % 5 > 0, ..Spec::named(name.as_deref()) });
                }
                (Some(_), 0..2) => drop(self.0.remove(&label)),
                (Some(spec), 2..6) if spec.waits => spec.change(rng),
                _ => {}
            }
        }
    }
}

impl fmt::Display for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (label, spec) in &self.0 {
            let tags = format!("{{ {LABEL} = {label:?}, revision = \"{}\" }}", spec.revision);
            let mut block = CacheBlock::labelled(label)
                .set("images", format!("[{:?}]", spec.image()))
                .set("image_cache_size", spec.size.to_string())
                .set("retention_days", spec.retention_days.to_string())
                .set("tags", tags)
                .set("wait_for_ready", spec.waits.to_string());
            if let Some(name) = &spec.name {
                block = block.set("name", format!("{name:?}"));
            }
            write!(f, "{block}")?;
        }
        Ok(())
    }
}
