//! `sample_disk`, the data source.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sample;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::framework::{Context, DataSource, Outcome};
use crate::schema::{COMPUTED, REQUIRED};
use crate::value::Attr;

/// Looks up a disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiskLookup {
    /// Its ID. `panics` panics, `vague` leaves the size unknown.
    #[schemars(extend("x-terraform" = REQUIRED))]
    pub id: Attr<String>,
    /// In GiB.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub size: Attr<u64>,
}

/// The data source.
pub struct DiskSource;

#[async_trait]
impl DataSource for DiskSource {
    type Session = Sample;
    type Model = DiskLookup;
    const TYPE_NAME: &'static str = "sample_disk";

    fn validate(&self, config: &DiskLookup, diagnostics: &mut Diagnostics) {
        if config.id.as_str() == Some("") {
            diagnostics.push(Diagnostic::error("Empty ID", "Give one.").at(AttributePath::root("id")));
        }
    }

    async fn read(
        &self,
        context: &Context<Sample>,
        config: DiskLookup,
        diagnostics: &mut Diagnostics,
    ) -> Outcome<DiskLookup> {
        let id = config.id.as_str().unwrap_or_default();
        match id {
            "panics" => panic!("no disk"),
            "vague" => return Ok(DiskLookup { size: Attr::Unknown, ..config }),
            _ => {}
        }
        let size = context.session.cloud.lock().unwrap().get(id).map(|disk| disk.size);
        let Some(size) = size else {
            let detail = format!("There is no disk {id:?}.");
            return Err(Diagnostic::error("No such disk", detail).at(AttributePath::root("id")).into());
        };
        diagnostics.push(Diagnostic::warning("Looked up", "It was there."));
        Ok(DiskLookup { size, ..config })
    }
}
