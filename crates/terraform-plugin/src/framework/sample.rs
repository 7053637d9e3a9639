//! A small provider with its cloud in memory, for tests of the framework and the protocol.
//!
//! The names of its objects select how they fail, see [`Disks`].

mod disk;
mod disk_list;
mod disk_source;
mod format;
mod instance;
mod label;
mod repeat;
mod token;

use std::collections::BTreeMap;
use std::sync::Mutex;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use disk::{Disk, Disks};
pub use disk_list::{DiskFilter, DiskList};
pub use disk_source::{DiskLookup, DiskSource};
pub use format::{Format, FormatConfig};
pub use instance::{Instance, Instances, Machines};
pub use label::Label;
pub use repeat::Repeat;
pub use token::{RENEW_AT, Token, Tokens};

use super::{Offers, Outcome, Provider};
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::schema::OPTIONAL;
use crate::value::Attr;

/// The provider.
pub struct SampleProvider;

/// Its session: the provider block, and the cloud.
#[derive(Debug, Default)]
pub struct Sample {
    /// The provider block.
    pub prefix: Attr<String>,
    /// By ID.
    pub cloud: Mutex<BTreeMap<String, Disk>>,
    /// The cloud of [`Instances`].
    pub machines: Machines,
}

/// Simulated disks.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SampleConfig {
    /// Prefix of every ID. `panic` panics, `refused` is refused.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub prefix: Attr<String>,
}

impl Provider for SampleProvider {
    type Config = SampleConfig;
    type Session = Sample;

    fn offers() -> Offers<Sample> {
        Offers::new()
            .resource(Disks)
            .data_source(DiskSource)
            .ephemeral_resource(Tokens)
            .list_resource(DiskList)
            .action(Format)
            .function::<Repeat>()
            .function::<Label>()
    }

    fn validate(config: &SampleConfig, diagnostics: &mut Diagnostics) {
        if config.prefix.as_str().is_some_and(|prefix| prefix.contains(' ')) {
            let detail = "prefix holds a space. Remove it.";
            diagnostics.push(Diagnostic::error("Invalid prefix", detail).at(AttributePath::root("prefix")));
        }
    }

    async fn configure(config: SampleConfig, diagnostics: &mut Diagnostics) -> Outcome<Sample> {
        match config.prefix.as_str() {
            Some("panic") => panic!("no prefix"),
            Some("refused") => Err(Diagnostic::error("Refused", "This prefix is refused.").into()),
            _ => {
                if config.prefix.is_null() {
                    diagnostics.push(Diagnostic::warning("No prefix", "IDs begin with nothing."));
                }
                Ok(Sample { prefix: config.prefix, ..Sample::default() })
            }
        }
    }
}
