//! What is compared: this provider, its peers, and a resource that Terraform has built in.

use std::path::{Path, PathBuf};

use super::PROVIDER;
use super::cloud::{REGION, caches};
use super::directory::{Directory, Plugin};

/// A provider with a resource to plan.
pub struct Subject {
    pub name: String,
    /// `None` for what is built into Terraform.
    pub binary: Option<PathBuf>,
    /// The configuration, in which `COUNT` stands for the number of resources.
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

    /// A directory with so many resources.
    pub fn directory(&self, count: usize) -> Directory {
        let plugin = |binary| Plugin { name: &self.name, binary };
        Directory::new(&self.hcl.replace("COUNT", &count.to_string()), self.binary.as_deref().map(plugin))
    }

    /// The file that is started.
    pub fn path(&self) -> Option<&Path> {
        self.binary.as_deref()
    }
}
