//! `sample_disk`, the list resource.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Disks, Sample};
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::framework::{Context, ListResource, Listing, Outcome};
use crate::schema::OPTIONAL;
use crate::value::Attr;

/// Finds disks.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct DiskFilter {
    /// Part of the name. `panics` panics after the first disk, `refused` ends there.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub name: Attr<String>,
}

/// The list resource.
pub struct DiskList;

#[async_trait]
impl ListResource for DiskList {
    type Resource = Disks;
    type Config = DiskFilter;

    fn validate(&self, config: &DiskFilter, diagnostics: &mut Diagnostics) {
        if config.name.as_str() == Some("") {
            diagnostics.push(Diagnostic::error("Empty name", "Leave it out.").at(AttributePath::root("name")));
        }
    }

    async fn list(
        &self,
        context: &Context<Sample>,
        config: DiskFilter,
        listing: &mut Listing<super::Disk>,
    ) -> Outcome<()> {
        listing.subject = "disks".to_owned();
        let name = config.name.as_str().unwrap_or_default();
        let disks: Vec<_> = context.session.cloud.lock().unwrap().values().cloned().collect();
        for disk in disks {
            if listing.push(disk.name.as_str().unwrap_or_default(), &disk).await.is_break() {
                return Ok(());
            }
            match name {
                "panics" => panic!("no list"),
                "refused" => return Err(Diagnostic::error("Refused", "No more of them.").into()),
                _ => {}
            }
        }
        Ok(())
    }
}
