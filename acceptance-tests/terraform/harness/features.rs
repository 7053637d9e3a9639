//! Features that not every client has.
//!
//! A test, or a part of it, that needs such a [`Feature`] is skipped, with a message that names the required version.

use super::cli::Cli;
use super::requirements::skip;

/// A feature that not every Terraform from 1.0, or not every OpenTofu from 1.6, has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// `precondition` in a resource, a data source or an output.
    Precondition,
    /// `plan -generate-config-out`. Crashes on computed nested attributes in Terraform 1.5 and 1.6 and in OpenTofu before
    /// 1.11.2: <https://github.com/hashicorp/terraform/issues/34463>, <https://github.com/opentofu/opentofu/issues/3555>.
    GeneratedConfig,
    /// The command `test`.
    ModuleTests,
    /// `for_each` in an `import` block.
    ImportForEach,
    /// `removed` blocks.
    RemovedBlock,
    /// `mock_provider` in tests of modules.
    MockProviders,
    /// Functions of providers.
    Functions,
    /// `moved` blocks between resource types. In OpenTofu: <https://github.com/opentofu/opentofu/pull/2370>.
    MovedBetweenTypes,
    /// Write-only arguments, and with them ephemeral variables and resources.
    WriteOnly,
    /// `identity` in an `import` block.
    ImportByIdentity,
    /// Identities in the state, and the command `state identities`.
    StateIdentities,
    /// The command `query`.
    Query,
    /// `action` blocks and `apply -invoke`.
    Actions,
}

/// Major and minor version.
type Version = (u32, u32);

impl Feature {
    /// Its name, and the first versions of Terraform and OpenTofu that have it. OpenTofu 1.12 does not have all of them.
    const fn facts(self) -> (&'static str, Version, Option<Version>) {
        match self {
            Self::Precondition => ("preconditions", (1, 2), Some((1, 6))),
            Self::GeneratedConfig => ("generated configurations", (1, 7), Some((1, 12))),
            Self::ModuleTests => ("tests of modules", (1, 6), Some((1, 6))),
            Self::ImportForEach => ("for_each of imports", (1, 7), Some((1, 7))),
            Self::RemovedBlock => ("removed blocks", (1, 7), Some((1, 7))),
            Self::MockProviders => ("mocks of providers", (1, 7), Some((1, 8))),
            Self::Functions => ("functions of providers", (1, 8), Some((1, 7))),
            Self::MovedBetweenTypes => ("moves between resource types", (1, 8), Some((1, 10))),
            Self::WriteOnly => ("write-only arguments", (1, 11), Some((1, 11))),
            Self::ImportByIdentity => ("imports by identity", (1, 12), Some((1, 12))),
            Self::StateIdentities => ("identities in the state", (1, 12), None),
            Self::Query => ("queries", (1, 14), None),
            Self::Actions => ("actions", (1, 14), None),
        }
    }
}

impl Cli {
    pub fn has(&self, feature: Feature) -> bool {
        self.first_version_with(feature).is_some_and(|first| self.version >= first)
    }

    fn first_version_with(&self, feature: Feature) -> Option<Version> {
        let (_, terraform, opentofu) = feature.facts();
        if self.is_opentofu { opentofu } else { Some(terraform) }
    }

    /// Whether the running test is skipped because this client lacks `feature`. Prints the reason.
    pub fn skips(&self, feature: Feature) -> bool {
        self.skips_as(None, feature)
    }

    /// Whether this part of the running test is skipped because this client lacks `feature`. Prints the reason.
    pub fn skips_part(&self, part: &str, feature: Feature) -> bool {
        self.skips_as(Some(part), feature)
    }

    fn skips_as(&self, part: Option<&str>, feature: Feature) -> bool {
        if self.has(feature) {
            return false;
        }
        let product = if self.is_opentofu { "OpenTofu" } else { "Terraform" };
        let (name, (major, minor)) = (feature.facts().0, self.version);
        let needed = match self.first_version_with(feature) {
            Some((major, minor)) => format!("{name} need {product} {major}.{minor}"),
            None => format!("no {product} has {name}"),
        };
        skip(part, &format!("{needed}, and this is {product} {major}.{minor}"));
        true
    }
}
