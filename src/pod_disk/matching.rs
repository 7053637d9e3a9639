//! Finds the image cache that Pods would start from, and warns if they cannot.
//!
//! A Pod that cannot use a cache silently pulls its images, so this is a warning; only a named cache that does not exist is an
//! error. Matching: <https://cloud.tencent.com/document/product/457/44484>.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::PodDiskModel;
use crate::annotations::{AUTO, FREE_DISK_SIZE};
use crate::image_cache::attributes::FoundImageCache;
use crate::session::Session;
use crate::{errors, image_cache, images};
use tencentcloud::Error;
use tencentcloud::tke::{ImageCache, Status};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::Outcome;

/// The cache that `config` names, or with `auto` the one that its images would get. With images, this needs the API and a region; a
/// named cache without images is looked up only if credentials and a region are configured.
///
/// # Errors
///
/// No region, a failed call about a named cache, or a named cache that does not exist.
pub(super) async fn find(
    session: &Session,
    config: &PodDiskModel,
    diagnostics: &mut Diagnostics,
) -> Outcome<Option<FoundImageCache>> {
    let (choice, images) = match (config.image_cache.as_str(), config.images.known()) {
        (None, _) | (Some(AUTO), None) => return Ok(None),
        (Some(choice), images) => (choice, images),
    };
    let region = match images {
        // The annotations of a named cache are known without the look-up, which can be omitted.
        None => match session.region_if_configured(&config.region).await? {
            Some(region) => region,
            None => return Ok(None),
        },
        Some(_) if choice != AUTO => session.region_of(&config.region).await.map_err(naming_the_function)?,
        Some(_) => session.region_of(&config.region).await?,
    };
    let caches = &session.image_caches;
    let found = match (choice, images) {
        (AUTO, Some(images)) => {
            match caches.most_suitable(&region, images.iter().cloned().collect(), None).await {
                Ok(found) => found.map(Arc::new),
                // The annotations are known without the look-up.
                Err(error) => {
                    diagnostics.push(match_unknown(&region, &error).at(at()));
                    return Ok(None);
                }
            }
        }
        _ => {
            let found = caches.get(&region, choice).await;
            found.map_err(|error| session.failed("reading", &image_cache::subject(choice, &region), &error).at(at()))?
        }
    };
    match found {
        Some(cache) => {
            diagnostics.extend(not_ready(&cache));
            diagnostics.extend(images.and_then(|images| not_in_cache(&cache, images)));
            Ok(Some(FoundImageCache::new(&region, &cache)))
        }
        None if choice == AUTO => {
            diagnostics.push(no_match(&region, config.fallback_size.known().copied()));
            Ok(None)
        }
        None => Err(image_cache::not_found(choice, &region).at(at()).into()),
    }
}

/// Advice to use the function, which needs no API.
fn naming_the_function(errors: Diagnostics) -> Diagnostics {
    let advice = "The images are compared with those of the cache, which needs the API. The function image_cache_annotations returns \
    the annotations of an ID without the API.";
    errors.into_iter().map(|error| Diagnostic { detail: format!("{} {advice}", error.detail), ..error }).collect()
}

fn at() -> AttributePath {
    AttributePath::root("image_cache")
}

fn match_unknown(region: &str, error: &Error) -> Diagnostic {
    let detail = format!(
        "It is unknown which image cache Pods in {region} would start from: {} The annotations do not depend on it.",
        errors::cause(error)
    );
    Diagnostic::warning("Image cache match unknown", detail)
}

fn no_match(region: &str, fallback_size: Option<u64>) -> Diagnostic {
    let size = fallback_size.unwrap_or(FREE_DISK_SIZE);
    let detail = format!(
        "No Ready image cache in {region} contains exactly these images, with identical names and tags. Pods would pull the images onto \
        the system disk of {size} GiB. Create a cache of these images, wait until it is Ready, or use the image names of an existing cache."
    );
    Diagnostic::warning("No image cache matches", detail).at(at())
}

fn not_ready(cache: &ImageCache) -> Option<Diagnostic> {
    if cache.status == Status::Ready {
        return None;
    }
    let (id, status) = (&cache.image_cache_id, cache.status.as_str());
    let until = if cache.status.is_building() { "Until then, Pods" } else { "Pods" };
    let detail = format!(
        "Image cache {id} is {status:?}, and Pods can use it only when it is \"Ready\". {until} pull their images themselves."
    );
    Some(Diagnostic::warning("Image cache not Ready", detail).at(at()))
}

/// Images that the cache does not contain with exactly the same name.
fn not_in_cache(cache: &ImageCache, images: &BTreeSet<String>) -> Option<Diagnostic> {
    let missing: Vec<_> = images
        .iter()
        .filter(|image| !cache.images.contains(image))
        .map(|image| match cache.images.iter().find(|cached| images::is_same(image, cached)) {
            Some(cached) => format!("{image} (the cache has it as {cached})"),
            None => image.clone(),
        })
        .collect();
    if missing.is_empty() {
        return None;
    }
    let detail = format!(
        "Image cache {} does not contain these images with identical names: {}. Pods pull them onto the disk made from the \
        cache, which takes time and space. Use exactly the image names of the Pods here and in the cache.",
        cache.image_cache_id,
        missing.join(", ")
    );
    Some(Diagnostic::warning("Image cache without some of the images", detail).at(AttributePath::root("images")))
}
