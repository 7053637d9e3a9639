//! `parse_image`: the parts of an image reference.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use image_registry::Reference;
use terraform_plugin::framework::{Function, FunctionError};
use terraform_plugin::value::Attr;

/// Parts of an image reference, with defaults for omitted parts.
///
/// Returns an object with `registry`, `repository`, `tag` (null if the reference has only a digest) and `digest` (null if it has
/// none).
///
/// The grammar is that of Docker, containerd and Kubernetes. `nginx` is `library/nginx` in `docker.io`, with the tag `latest`.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ParseImage {
    /// The reference, for example `"registry.example.com/team/app:1.0"`.
    reference: String,
}

/// The parts of an image reference.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Image {
    /// Host of the registry, with its port if it has one.
    registry: String,
    /// Name in the registry.
    repository: String,
    /// Tag; null if the reference has only a digest.
    tag: Attr<String>,
    /// Digest with its algorithm; null if the reference has none.
    digest: Attr<String>,
}

impl Function for ParseImage {
    type Result = Image;
    const NAME: &'static str = "parse_image";

    fn call(self) -> Result<Image, FunctionError> {
        let Self { reference } = self;
        let image = Reference::parse(&reference).map_err(|error| FunctionError::at(0, error.to_string()))?;
        Ok(Image {
            registry: image.registry().to_owned(),
            repository: image.repository().to_owned(),
            tag: image.tag().map(str::to_owned).into(),
            digest: image.digest().map(str::to_owned).into(),
        })
    }
}
