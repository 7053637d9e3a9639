//! Configurations of caches, as HCL.

use std::collections::BTreeMap;
use std::fmt;

/// The region of the provider block in every [`Workspace`](crate::harness::workspace::Workspace).
pub const REGION: &str = "ap-guangzhou";

/// The arguments of the provider block of every workspace, with a short poll interval.
pub const PROVIDER: &str = r#"
  region        = "ap-guangzhou"
  poll_interval = "100ms"
"#;

/// A `resource "eks_image_cache"` block with the required arguments.
#[derive(Debug, Clone)]
pub struct CacheBlock {
    label: String,
    arguments: BTreeMap<&'static str, String>,
    blocks: Vec<String>,
}

/// `resource "eks_image_cache" "test"`, with one image and no optional arguments.
pub fn cache() -> CacheBlock {
    CacheBlock::labelled("test")
}

impl CacheBlock {
    pub fn labelled(label: impl Into<String>) -> Self {
        Self { label: label.into(), arguments: BTreeMap::new(), blocks: Vec::new() }
            .set("images", r#"["nginx:1.27"]"#)
            .set("vpc_id", r#""vpc-test""#)
            .set("subnet_id", r#""subnet-test""#)
    }

    /// Sets an argument to an HCL expression.
    pub fn set(mut self, name: &'static str, expression: impl Into<String>) -> Self {
        self.arguments.insert(name, expression.into());
        self
    }

    pub fn without(mut self, name: &'static str) -> Self {
        self.arguments.remove(name);
        self
    }

    /// Adds a nested block, such as `timeouts { create = "1s" }`.
    pub fn block(mut self, block: &str) -> Self {
        self.blocks.push(block.to_owned());
        self
    }
}

impl fmt::Display for CacheBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "resource \"eks_image_cache\" {:?} {{", self.label)?;
        for (name, expression) in &self.arguments {
            writeln!(f, "  {name} = {expression}")?;
        }
        for block in &self.blocks {
            writeln!(f, "  {block}")?;
        }
        writeln!(f, "}}")
    }
}

/// Several blocks as one configuration.
pub fn all<T: fmt::Display>(blocks: impl IntoIterator<Item = T>) -> String {
    blocks.into_iter().map(|block| block.to_string()).collect::<Vec<_>>().join("\n")
}
