//! Inspects the images in their registries, for their need.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::model::{ImageSize, PodDiskModel, RegistryCredentials};
use super::thresholds::Threshold;
use crate::session::{PROGRAM, Session};
use image_registry::{
    self, Basis, Cause, DiskNeed, Environment, InspectError, LayerSum, Login, Platform, Reference, Subject,
};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::Outcome;
use terraform_plugin::value::Attr;

/// Default of `headroom`, in GiB.
const DEFAULT_HEADROOM: u64 = 5;
/// Maximum number of layers in a warning.
const SHOWN_ESTIMATES: usize = 5;

/// The result of an inspection.
#[derive(Debug)]
pub(super) struct Inspection {
    /// Sizes by image, as spelled in the configuration.
    pub sizes: BTreeMap<String, ImageSize>,
    /// The need of all images and the headroom.
    pub need: DiskNeed,
    /// Layers that do not state their unpacked size.
    pub estimates: Vec<Estimate>,
    /// Warnings about images that Pods cannot run.
    pub notes: Vec<Diagnostic>,
}

/// A layer that does not state its unpacked size.
#[derive(Debug)]
pub(super) struct Estimate {
    max: u64,
    is_unreadable: bool,
    /// Image, layer, and its estimated size.
    text: String,
}

/// Inspects the images in `config` in their registries. `None` without images, and with `inspect_images = false`.
///
/// `environment` locates the user's registry configuration, and sets proxies.
///
/// # Errors
///
/// One for each image that could not be inspected, at `images`, or at `platform`.
pub(super) async fn inspect(
    session: &Session,
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

    let results = session.inspectors.of(settings(session, config, environment)).inspect(&references, &platform).await;
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
    let headroom = config.headroom.known().copied().unwrap_or(DEFAULT_HEADROOM);
    let need = DiskNeed::new(&inspected, headroom, Threshold::lowest(config).percent.into());
    let sizes = images.iter().cloned().zip(inspected.iter().map(image_size)).collect();
    let notes = inspected.iter().filter_map(|image| note(image, &platform)).collect();
    Ok(Some(Inspection { sizes, need, estimates: estimates(&inspected), notes }))
}

/// A warning that Pods cannot run the image, because it is not a container image, or is for another platform.
fn note(image: &image_registry::ImageSize, wanted: &Platform) -> Option<Diagnostic> {
    let reference = &image.reference;
    if let Some(artifact) = &image.artifact {
        let detail = format!(
            "{reference} is not a container image: its manifest describes {artifact:?}. Pods cannot run it. Check its name in images."
        );
        return Some(Diagnostic::warning("Not a container image", detail).at(at()));
    }
    let actual = image.platform.as_ref().filter(|actual| !wanted.accepts(actual))?;
    let detail = format!(
        "{reference} is an image for {actual} only, not for {wanted}. Nodes of another platform cannot run it. If the nodes have \
        this platform, set platform to {actual}; otherwise check its name in images."
    );
    Some(Diagnostic::warning("Image for another platform", detail).at(at()))
}

/// The layers without a stated size, each once, the largest first.
fn estimates(images: &[image_registry::ImageSize]) -> Vec<Estimate> {
    let mut layers = BTreeMap::new();
    for image in images {
        for layer in &image.layers {
            if let Some(estimate) = layer.estimate() {
                let text = format!("{}, layer {}: {estimate}", image.reference, layer.digest);
                let is_unreadable = matches!(layer.unpacked.basis, Basis::Unreadable(_));
                layers.entry(&layer.digest).or_insert(Estimate { max: layer.unpacked.max, is_unreadable, text });
            }
        }
    }
    let mut estimates: Vec<_> = layers.into_values().collect();
    estimates.sort_by_key(|estimate| std::cmp::Reverse(estimate.max));
    estimates
}

impl Inspection {
    /// A warning about estimated sizes, if a disk depends on them, or if a layer cannot be read.
    pub fn warning(&self, disk_depends_on_need: bool) -> Option<Diagnostic> {
        let is_unreadable = self.estimates.iter().any(|estimate| estimate.is_unreadable);
        if self.estimates.is_empty() || !(disk_depends_on_need || is_unreadable) {
            return None;
        }
        let shown: Vec<_> = self.estimates.iter().take(SHOWN_ESTIMATES).map(|estimate| &*estimate.text).collect();
        let more = match self.estimates.len() - shown.len() {
            0 => String::new(),
            more => format!("\n- {more} more"),
        };
        let detail = format!(
            "Some layers do not state their unpacked size. The upper bound is used to compute the size of the disk:\n\n- {}{more}\n\nTo \
            avoid an estimate, set size to the space that the images take on a node, or push images whose layers state their size: gzip \
            below 4 GiB unpacked, or zstd with the content size in its frame.",
            shown.join("\n- ")
        );
        Some(Diagnostic::warning("Disk size based on an estimate", detail).at(at()))
    }
}

/// The platform in `config`, or the default.
pub(super) fn platform(config: &PodDiskModel) -> Result<Platform, image_registry::PlatformError> {
    config.platform.as_str().map_or_else(|| Ok(Platform::default()), str::parse)
}

fn settings(session: &Session, config: &PodDiskModel, environment: Environment) -> image_registry::Config {
    let credentials = config.image_registry_credentials.known().into_iter().flatten();
    image_registry::Config {
        credentials: credentials.filter_map(|(server, one)| Some((server.clone(), login(one)?))).collect(),
        http_hosts: config.registry_http_endpoint_list.known().cloned().unwrap_or_default(),
        skip_verify_hosts: config.registry_skip_verify_list.known().cloned().unwrap_or_default(),
        mirrors: session.registry_mirrors.clone(),
        environment,
        program: PROGRAM,
    }
}

fn login(credentials: &RegistryCredentials) -> Option<Login> {
    let username = credentials.username.known()?.clone();
    let password = SecretString::from(credentials.password.known()?.expose());
    Some(Login { username, password })
}

fn image_size(image: &image_registry::ImageSize) -> ImageSize {
    let layers = LayerSum::of([image]);
    ImageSize {
        digest: image.digest.clone().into(),
        compressed_bytes: layers.compressed_bytes.into(),
        unpacked_bytes: layers.unpacked_bytes.into(),
        unpacked_bytes_min: layers.unpacked_bytes_min.into(),
        unpacked_bytes_max: layers.unpacked_bytes_max.into(),
        exact: layers.exact.into(),
    }
}

/// The error of one image, with advice, at the argument to change.
fn failed(error: &InspectError, config: &PodDiskModel) -> Diagnostic {
    let detail =
        format!("{}.\n\n{}", capitalized(&error.to_string()), advice(error.cause.last(), error.image.registry()));
    // Never at the credentials: Terraform prints the lines that a diagnostic refers to, including the password.
    let at = match error.cause.last() {
        Cause::NoPlatform { .. } if config.platform.is_known() => AttributePath::root("platform"),
        _ => at(),
    };
    Diagnostic::error("Image size not known", detail).at(at)
}

fn advice(cause: &Cause, registry: &str) -> String {
    let without = "set size, for example 50, and inspect_images to false";
    match cause.subject() {
        Some(Subject::Certificate) => {
            return format!(
                "To skip verification of the registry's certificate, here and in Pods, add {registry:?} to registry_skip_verify_list. To \
                contact no registry, {without}."
            );
        }
        Some(Subject::NoTls) => {
            return format!("If the registry speaks plain HTTP, add {registry:?} to registry_http_endpoint_list.");
        }
        Some(Subject::Proxy) => {
            return format!("Check the variable, or name the registry in NO_PROXY. To contact no registry, {without}.");
        }
        Some(Subject::Server | Subject::Machine) => {
            return format!(
                "Check the registry's name. If it cannot be reached from here, set registry_mirrors of the provider, or {without}. \
                 If it speaks plain HTTP, add {registry:?} to registry_http_endpoint_list."
            );
        }
        None => {}
    }
    match cause {
        Cause::Unauthorized { .. } => format!(
            "Credentials come from image_registry_credentials, under the key {registry:?}, else from your Docker or Podman configuration, \
             after \"docker login {registry}\". Without them, {without}."
        ),
        Cause::NotARegistry { host, .. } => format!(
            "Check the registry's name in images, and whether the network shows a login page. To avoid the request to {host}, \
            {without}."
        ),
        Cause::Refused { status: 500.., .. } => {
            format!("The registry, or a proxy in front of it, is down. Apply again later, or {without}.")
        }
        Cause::NoPlatform { .. } => "Set platform to that of the nodes.".to_owned(),
        Cause::NotFound { .. } => format!("Check the name in images. If the image has not been pushed yet, {without}."),
        _ => format!("To contact no registry, {without}."),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn at() -> AttributePath {
    AttributePath::root("images")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_pods_cannot_run_are_noted() {
        let image = |platform: Option<&str>, artifact: Option<&str>| image_registry::ImageSize {
            platform: platform.map(|platform| platform.parse().unwrap()),
            artifact: artifact.map(str::to_owned),
            ..image_registry::ImageSize::empty(Reference::parse("r.example.com/app:1").unwrap())
        };
        let helm = "application/vnd.cncf.helm.config.v1+json";
        for (image, expected) in [
            (image(Some("linux/amd64"), None), None),
            (image(None, None), None),
            (image(Some("linux/arm64"), None), Some(("Image for another platform", "linux/arm64"))),
            (image(None, Some(helm)), Some(("Not a container image", helm))),
        ] {
            let note = note(&image, &Platform::default());
            assert_eq!(note.as_ref().map(|note| note.summary.as_str()), expected.map(|(summary, _)| summary));
            if let (Some(note), Some((_, says))) = (note, expected) {
                assert!(note.detail.contains("r.example.com/app:1") && note.detail.contains(says), "{note:?}");
            }
        }
    }
}
