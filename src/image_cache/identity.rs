//! The identity of an image cache, in any state and for any client: its region and its ID.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::ImageCacheModel;
use super::{ImageCacheResource, import};
use crate::session::Session;
use terraform_plugin::framework::{Context, Identified, Outcome};
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

#[async_trait]
impl Identified for ImageCacheResource {
    type Identity = ImageCacheIdentity;

    fn identity(&self, state: &ImageCacheModel) -> ImageCacheIdentity {
        ImageCacheIdentity { id: state.id.clone(), region: state.region.clone() }
    }

    async fn import_identity(
        &self,
        context: &Context<Session>,
        identity: ImageCacheIdentity,
    ) -> Outcome<ImageCacheModel> {
        let mut imported = import::by_id(identity.region, identity.id.as_str().unwrap_or_default())?;
        // Without a region in its identity, Terraform 1.12 and later takes no import by identity.
        let region = context.session.region_of(&imported.region).await;
        imported.region = region.map_err(|errors| import::without_region(errors, &imported))?.into();
        Ok(imported)
    }
}
