//! Objects from an import or from another resource type. They are read next.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::model::{ImageCacheModel, RegistryCredentials};
use super::state;
use crate::session::Session;
use crate::{errors, image_cache_id};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::{Outcome, Source};
use terraform_plugin::value::{Attr, Secret};

/// The object with this import ID: `imc-1a2b3c4d` or `ap-guangzhou/imc-1a2b3c4d`.
///
/// # Errors
///
/// The import ID is invalid.
pub(super) fn by_import_id(import_id: &str) -> Result<ImageCacheModel, Diagnostic> {
    match import_id.split_once('/') {
        Some((region, id)) => by_id(region.to_owned().into(), id),
        None => by_id(Attr::Null, import_id),
    }
    .map_err(|_| {
        let detail = format!(
            "Expected the ID of an image cache, for example imc-1a2b3c4d, or its region and ID, for example \
             ap-guangzhou/imc-1a2b3c4d, got {import_id:?}."
        );
        Diagnostic::error("Invalid import ID", detail)
    })
}

/// The object with this ID, in this region or the provider's.
///
/// # Errors
///
/// The ID or the region is invalid.
pub(super) fn by_id(region: Attr<String>, id: &str) -> Result<ImageCacheModel, Diagnostic> {
    if !image_cache_id::is_id(id) || region.as_str().is_some_and(str::is_empty) {
        let region = region.as_str().map(|region| format!(" with the region {region:?}")).unwrap_or_default();
        let detail = format!(
            "Expected the ID of an image cache, for example \"imc-1a2b3c4d\", and a region that is absent or has a name, for \
             example \"ap-guangzhou\", got the ID {id:?}{region}."
        );
        return Err(Diagnostic::error("Invalid identity", detail));
    }
    Ok(state::imported(region, id))
}

/// The object with the identity of `object`, in the provider's region if the identity has none: Terraform 1.12 and later requires a
/// complete identity after the import.
///
/// # Errors
///
/// The identity is invalid, or the region is not known.
pub(super) async fn by_identity(session: &Session, object: ImageCacheModel) -> Outcome<ImageCacheModel> {
    let mut imported = by_id(object.region, object.id.as_str().unwrap_or_default())?;
    let region = match &imported.region {
        Attr::Known(_) => imported.region.clone(),
        _ => {
            let region = session.region().await.and_then(|region| match region {
                Attr::Known(_) => Ok(region),
                _ => Err(errors::region_not_known_yet().into()),
            });
            region.map_err(|errors| without_region(errors, &imported))?
        }
    };
    imported.region = session.region_of(&region).await?.into();
    Ok(imported)
}

/// The errors of an import by identity without a region in the identity or the provider block.
fn without_region(errors: Diagnostics, imported: &ImageCacheModel) -> Diagnostics {
    let id = imported.id.as_str().unwrap_or_default();
    let in_identity = |error: Diagnostic| {
        let detail = format!(
            "{} An import may also set it in the identity: identity = {{ id = {id:?}, region = \"ap-guangzhou\" }}.",
            error.detail
        );
        // The path is that of the provider block.
        Diagnostic { detail, ..error }.at(AttributePath::default())
    };
    errors.into_iter().map(in_identity).collect()
}

/// The resource type of Tencent Cloud's CloudApp dialect, whose objects can be moved here.
/// <https://cloud.tencent.com/document/product/1689/90575>
const CLOUD_APP_TYPE: &str = "tencentcloud_tke_image_cache";

/// Its documented attributes, except the zone and the creation time.
#[derive(Deserialize)]
struct CloudAppImageCache {
    id: String,
    name: Option<String>,
    images: Option<BTreeSet<String>>,
    vpc_id: Option<String>,
    subnet_id: Option<String>,
    image_cache_size: Option<u64>,
    retention_days: Option<u64>,
    image_registry_credentials: Option<Vec<CloudAppCredentials>>,
}

#[derive(Deserialize)]
struct CloudAppCredentials {
    server: String,
    username: Option<String>,
    password: Option<Secret>,
    name: Option<String>,
}

/// The object for `state` of another resource type; `None` if `source` is not supported.
///
/// # Errors
///
/// The state is not as documented.
pub(super) fn moved(source: &Source, state: serde_json::Value) -> Result<Option<ImageCacheModel>, Diagnostic> {
    if source.type_name != CLOUD_APP_TYPE {
        return Ok(None);
    }
    let from: CloudAppImageCache = serde_json::from_value(state).map_err(|error| {
        let detail = format!(
            "The state of this {CLOUD_APP_TYPE} is not as documented: {error}. Remove the moved block, and import the cache \
             by its ID."
        );
        Diagnostic::error("Unreadable state", detail)
    })?;
    let credentials = from.image_registry_credentials.filter(|credentials| !credentials.is_empty());
    Ok(Some(ImageCacheModel {
        name: from.name.into(),
        images: from.images.into(),
        vpc_id: from.vpc_id.into(),
        subnet_id: from.subnet_id.into(),
        image_cache_size: from.image_cache_size.into(),
        retention_days: from.retention_days.into(),
        image_registry_credentials: credentials.map(by_server).into(),
        ..by_id(Attr::Null, &from.id)?
    }))
}

fn by_server(credentials: Vec<CloudAppCredentials>) -> BTreeMap<String, RegistryCredentials> {
    let one = |from: CloudAppCredentials| {
        let username = from.username.into();
        let password = from.password.into();
        (from.server, RegistryCredentials { username, password, name: from.name.into(), ..Default::default() })
    };
    credentials.into_iter().map(one).collect()
}
