//! The resource identity of an image cache: its region and its ID.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use terraform_plugin::schema::{OPTIONAL, REQUIRED};
use terraform_plugin::value::Attr;

/// The identity of an image cache.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheIdentity {
    /// ID of the cache, for example `imc-1a2b3c4d`.
    #[schemars(extend("x-terraform" = REQUIRED))]
    pub id: Attr<String>,

    /// Region of the cache, for example `ap-guangzhou`. In an import, defaults to the region of the provider.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub region: Attr<String>,
}
