//! What names an image cache for good, in any state: its region and its ID.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::ImageCacheModel;
use super::{ImageCacheResource, import};
use crate::session::Session;
use terraform_plugin::framework::{Context, Identified, Outcome};
use terraform_plugin::schema::{OPTIONAL, REQUIRED};
use terraform_plugin::value::Attr;

/// What names an image cache for good.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheIdentity {
    /// ID of the cache, for example `imc-1a2b3c4d`.
    #[schemars(extend("x-terraform" = REQUIRED))]
    pub id: Attr<String>,

    /// Region of the cache, for example `ap-guangzhou`. In an import, the region of the provider when absent.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub region: Attr<String>,
}

impl Identified for ImageCacheResource {
    type Identity = ImageCacheIdentity;

    fn identity(&self, state: &ImageCacheModel) -> ImageCacheIdentity {
        ImageCacheIdentity { id: state.id.clone(), region: state.region.clone() }
    }

    fn import_identity(&self, _: &Context<Session>, identity: ImageCacheIdentity) -> Outcome<ImageCacheModel> {
        Ok(import::by_id(identity.region, identity.id.as_str().unwrap_or_default())?)
    }
}
