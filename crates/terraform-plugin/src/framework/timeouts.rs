//! The `timeouts` block.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::deadline::Operation;
use crate::diagnostics::Diagnostics;
use crate::schema::OPTIONAL;
use crate::value::{Attr, duration};

/// How long operations may take. A field `timeouts` of this type is a [`BLOCK`](crate::schema::BLOCK), whose doc comment has
/// the defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timeouts {
    /// How long create waits, for example `"90m"`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub create: Attr<String>,

    /// How long update waits, for example `"90m"`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub update: Attr<String>,

    /// How long delete waits, for example `"10m"`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub delete: Attr<String>,
}

impl Timeouts {
    /// The timeout of an operation.
    pub fn of(&self, operation: Operation) -> &Attr<String> {
        match operation {
            Operation::Create => &self.create,
            Operation::Update => &self.update,
            Operation::Delete => &self.delete,
        }
    }

    /// Reports what is not a duration.
    pub fn validate(timeouts: &Attr<Self>, diagnostics: &mut Diagnostics) {
        let Some(timeouts) = timeouts.known() else { return };
        for operation in [Operation::Create, Operation::Update, Operation::Delete] {
            duration::validate(operation.timeout_path(), timeouts.of(operation), diagnostics);
        }
    }
}
