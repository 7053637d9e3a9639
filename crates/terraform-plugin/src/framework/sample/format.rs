//! `sample_format`, an action.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sample;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::framework::{Action, Context, Outcome, Progress};
use crate::schema::REQUIRED;
use crate::value::Attr;

/// Formats a disk.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct FormatConfig {
    /// Its ID. `refused` is refused, `panics` panics, `waits` waits until Terraform is interrupted.
    #[schemars(extend("x-terraform" = REQUIRED))]
    pub id: Attr<String>,
}

/// The action.
pub struct Format;

#[async_trait]
impl Action for Format {
    type Session = Sample;
    type Config = FormatConfig;
    const TYPE_NAME: &'static str = "sample_format";

    fn validate(&self, config: &FormatConfig, diagnostics: &mut Diagnostics) {
        if config.id.as_str() == Some("") {
            diagnostics.push(Diagnostic::error("Empty ID", "Give one.").at(AttributePath::root("id")));
        }
    }

    async fn plan(&self, _: &Context<Sample>, config: FormatConfig, diagnostics: &mut Diagnostics) -> Outcome<()> {
        match config.id.as_str() {
            Some("panics") => panic!("no plan"),
            Some("refused") => Err(Diagnostic::error("Refused", "It cannot be formatted.").into()),
            _ => {
                diagnostics.push(Diagnostic::warning("Planned", "It will be formatted."));
                Ok(())
            }
        }
    }

    async fn invoke(
        &self,
        context: &Context<Sample>,
        config: FormatConfig,
        progress: &Progress,
        diagnostics: &mut Diagnostics,
    ) -> Outcome<()> {
        progress.report("begun").await;
        match config.id.as_str() {
            Some("panics") => panic!("no disk"),
            Some("refused") => return Err(Diagnostic::error("Refused", "It is in use.").into()),
            Some("waits") => {
                context.stop.cancelled().await;
                diagnostics.push(Diagnostic::warning("Stopped", "The wait was ended."));
            }
            _ => progress.report("half done").await,
        }
        Ok(())
    }
}
