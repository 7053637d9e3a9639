//! The subjects of the comparison: this provider, its peers, and a resource that is built into Terraform.

use std::path::{Path, PathBuf};

use super::PROVIDER;
use super::cloud::{REGION, caches};
use super::directory::{Directory, Plugin};

/// A provider with a resource to plan.
pub struct Subject {
    pub name: String,
    /// `None` if it is built into Terraform.
    pub binary: Option<PathBuf>,
    /// The configuration, in which `COUNT` is the number of resources.
    hcl: String,
}

impl Subject {
    pub fn this() -> Self {
        let hcl = format!("provider \"eks\" {{\n  region = {REGION:?}\n}}\n\n{}", caches("COUNT", ""));
        Self { name: "eks".to_owned(), binary: Some(PROVIDER.into()), hcl }
    }

    pub fn built_in() -> Self {
        let hcl = "resource \"terraform_data\" \"a\" {\n  count = COUNT\n}\n".to_owned();
        Self { name: "terraform_data".to_owned(), binary: None, hcl }
    }

    pub fn peer(name: &str, binary: PathBuf, hcl: String) -> Self {
        Self { name: name.to_owned(), binary: Some(binary), hcl }
    }

    /// A directory with the given number of resources.
    pub fn directory(&self, count: usize) -> Directory {
        let plugin = |binary| Plugin { name: &self.name, binary };
        Directory::new(&self.hcl.replace("COUNT", &count.to_string()), self.binary.as_deref().map(plugin))
    }

    /// The executable file.
    pub fn path(&self) -> Option<&Path> {
        self.binary.as_deref()
    }
}
