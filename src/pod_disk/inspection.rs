//! What the images need, as their registries tell it.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::model::{ImageSize, PodDiskModel, RegistryCredentials};
use image_registry::{
    self, Cause, DiskNeed, Environment, InspectError, Inspectors, Login, Platform, Reference, sum_distinct_layers,
};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::Outcome;
use terraform_plugin::value::Attr;

/// GiB for what the containers write, when the configuration does not say.
const DEFAULT_HEADROOM: u64 = 5;

/// What the registries said.
#[derive(Debug)]
pub(super) struct Inspection {
    /// By image, as the configuration writes it.
    pub sizes: BTreeMap<String, ImageSize>,
    /// All images together, and the headroom.
    pub need: DiskNeed,
}

/// Asks the registries of the images in `config`. `None` when there are no images, or nobody is to be asked.
///
/// `environment` tells where the user's Docker configuration is, and the proxies.
///
/// # Errors
///
/// One for each image that could not be looked up, at `images`, or at `platform`.
pub(super) async fn inspect(
    inspectors: &Inspectors,
    config: &PodDiskModel,
    environment: Environment,
) -> Outcome<Option<Inspection>> {
    let Some(images) = config.images.known().filter(|_| config.inspect_images != Attr::Known(false)) else {
        return Ok(None);
    };
    let references: Vec<_> = images
        .iter()
        .map(|image| Reference::parse(image))
        .collect::<Result<_, _>>()
        .map_err(|error| Diagnostic::error("Invalid image reference", format!("{error}.")).at(at()))?;
    let platform = platform(config).map_err(|error| {
        Diagnostic::error("Invalid platform", format!("{error}.")).at(AttributePath::root("platform"))
    })?;

    let results = inspectors.of(settings(config, environment)).inspect(&references, &platform).await;
    let (mut inspected, mut errors) = (Vec::new(), Diagnostics::default());
    for result in results {
        match result {
            Ok(image) => inspected.push(image),
            Err(error) => errors.push(failed(&error, config)),
        }
    }
    if errors.has_errors() {
        return Err(errors);
    }
    let need = DiskNeed::new(&inspected, config.headroom.known().copied().unwrap_or(DEFAULT_HEADROOM));
    let sizes = images.iter().cloned().zip(inspected.iter().map(image_size)).collect();
    Ok(Some(Inspection { sizes, need }))
}

/// The platform in `config`, or the default one.
pub(super) fn platform(config: &PodDiskModel) -> Result<Platform, image_registry::PlatformError> {
    config.platform.as_str().map_or_else(|| Ok(Platform::default()), str::parse)
}

fn settings(config: &PodDiskModel, environment: Environment) -> image_registry::Config {
    let credentials = config.image_registry_credentials.known().into_iter().flatten();
    image_registry::Config {
        credentials: credentials.filter_map(|(server, one)| Some((server.clone(), login(one)?))).collect(),
        http_hosts: config.registry_http_endpoint_list.known().cloned().unwrap_or_default(),
        skip_verify_hosts: config.registry_skip_verify_list.known().cloned().unwrap_or_default(),
        environment,
    }
}

fn login(credentials: &RegistryCredentials) -> Option<Login> {
    let username = credentials.username.known()?.clone();
    let password = SecretString::from(credentials.password.known()?.expose());
    Some(Login { username, password })
}

fn image_size(image: &image_registry::ImageSize) -> ImageSize {
    let layers = sum_distinct_layers(&image.layers);
    ImageSize {
        digest: image.digest.clone().into(),
        compressed_bytes: layers.compressed_bytes.into(),
        unpacked_bytes: layers.unpacked_bytes.into(),
        exact: layers.exact.into(),
    }
}

/// The error of one image, with what to do about it, at the argument that is to be changed.
fn failed(error: &InspectError, config: &PodDiskModel) -> Diagnostic {
    let detail = format!("{}.\n\n{}", capitalized(&error.to_string()), advice(&error.cause, error.image.registry()));
    // Not at the credentials when they are wrong: Terraform prints the lines that an error points at, with the password.
    let at = match error.cause {
        Cause::NoPlatform { .. } if config.platform.is_known() => AttributePath::root("platform"),
        _ => at(),
    };
    Diagnostic::error("Size of an image not known", detail).at(at)
}

fn advice(cause: &Cause, registry: &str) -> String {
    let without = "set size, for example 50, and inspect_images to false";
    match cause {
        Cause::Unreachable { .. } => format!(
            "A registry that speaks plain HTTP must be in registry_http_endpoint_list, one whose certificate cannot be verified \
             in registry_skip_verify_list. Where the registry cannot be reached from here, {without}."
        ),
        Cause::Unauthorized { .. } => format!(
            "Credentials come from image_registry_credentials, under the key {registry:?}, else from your Docker configuration, \
             after \"docker login {registry}\". Without them, {without}."
        ),
        Cause::NoPlatform { .. } => "Set platform to the one that the Pods run on.".to_owned(),
        Cause::NotFound { .. } => format!("Check the name in images. Where the image is yet to be pushed, {without}."),
        _ => format!("Where the registry cannot be asked, {without}."),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn at() -> AttributePath {
    AttributePath::root("images")
}
