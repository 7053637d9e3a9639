//! Service `tke`, version `2018-05-25`: the five actions on image caches, and two on the instances that build them.
//!
//! Create <https://cloud.tencent.com/document/api/457/70861>, update `70857`, most suitable `70858`, describe `70859`;
//! types <https://cloud.tencent.com/document/api/457/31866>. [`Behavior`](crate::Behavior) decides undocumented behavior.

mod container_instance;
mod create;
mod delete;
mod describe;
mod response;
mod suitable;
mod update;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::action::Action;
use crate::behavior::{PartlyUnknown, ProjectTags};
use crate::error::ApiError;
use crate::image_cache::ImageRegistryCredential;
use crate::parameters::{Field, Kind, Parameters, optional};

pub(crate) const ACTIONS: &[Action] = &[
    container_instance::EVENTS,
    container_instance::INSTANCES,
    create::ACTION,
    delete::ACTION,
    describe::ACTION,
    suitable::ACTION,
    update::ACTION,
];

const SERVICE: &str = "tke";
const VERSION: &str = "2018-05-25";

const STRINGS: Kind = Kind::List(&Kind::String);

const CREDENTIALS: Kind = Kind::List(&Kind::Object(&[
    optional("Server", Kind::String),
    optional("Username", Kind::String),
    optional("Password", Kind::String),
    optional("Name", Kind::String),
]));

const TAG: &[Field] = &[optional("Key", Kind::String), optional("Value", Kind::String)];
const TAGS: Kind = Kind::List(&Kind::Object(TAG));

fn credentials(parameters: &Parameters<'_>) -> Option<Vec<ImageRegistryCredential>> {
    let text = |object: &Parameters<'_>, name| object.string(name).unwrap_or_default();
    let credential = |object: &Parameters<'_>| ImageRegistryCredential {
        server: text(object, "Server"),
        username: text(object, "Username"),
        password: text(object, "Password"),
        name: text(object, "Name"),
    };
    Some(parameters.objects("ImageRegistryCredentials")?.iter().map(credential).collect())
}

/// The maximum number of tags of a resource.
const MOST_TAGS: usize = 50;

/// Tags of a create or update, within the limits of <https://cloud.tencent.com/document/product/651/13354>. Keys of the platform
/// are refused.
fn tags(parameters: &Parameters<'_>, variant: ProjectTags) -> Result<Option<Vec<(String, String)>>, ApiError> {
    let tag = |object: &Parameters<'_>| {
        (object.string("Key").unwrap_or_default(), object.string("Value").unwrap_or_default())
    };
    let tags: Option<Vec<_>> = parameters.objects("Tags").map(|tags| tags.iter().map(tag).collect());
    let is_project = |key: &str| variant == ProjectTags::Refused && matches!(key, "project" | "项目");
    let is_reserved = |key: &str| key.starts_with("qcs:") || key.starts_with("tencentcloud:") || is_project(key);
    let is_long = |key: &str, value: &str| !(1..=127).contains(&key.chars().count()) || value.chars().count() > 255;
    if tags.as_ref().is_some_and(|tags| tags.len() > MOST_TAGS) {
        return Err(ApiError::new("InvalidParameter", format!("More than {MOST_TAGS} tags.")));
    }
    match tags.iter().flatten().find(|(key, value)| is_reserved(key) || is_long(key, value)) {
        Some((key, _)) => Err(ApiError::new("InvalidParameter", format!("The tag {key:?} is reserved or too long."))),
        None => Ok(tags),
    }
}

/// The tag that [`TagPolicy`](crate::behavior::TagPolicy) assigns.
fn policy_tag() -> (String, String) {
    ("cost-center".to_owned(), "ml".to_owned())
}

/// Images of a create or update: at least one, none empty or with blanks.
fn images(parameters: &Parameters<'_>) -> Result<Option<Vec<String>>, ApiError> {
    let images = parameters.strings("Images");
    match images.as_deref() {
        Some([]) => Err(ApiError::new("InvalidParameter", "Images must have at least one image.")),
        Some(names) if names.iter().any(|image| image.is_empty() || image.contains(char::is_whitespace)) => {
            Err(ApiError::new("InvalidParameter", "Images has an image with an invalid name."))
        }
        _ => Ok(images),
    }
}

/// The size of a create or update, in GiB. The documentation refers to the sizes of premium cloud disks for the range; 20 is the
/// smallest size in any document.
fn size(parameters: &Parameters<'_>) -> Result<Option<u64>, ApiError> {
    let size = parameters.uint("ImageCacheSize");
    match size {
        Some(size) if !(20..=32000).contains(&size) => {
            let message = format!("ImageCacheSize {size} is out of the range [20, 32000].");
            Err(ApiError::new("InvalidParameter", message))
        }
        _ => Ok(size),
    }
}

fn not_found<'a>(code: &str, ids: impl IntoIterator<Item = &'a String>) -> ApiError {
    let ids: Vec<&str> = ids.into_iter().map(String::as_str).collect();
    ApiError::new(code, format!("The image cache {} is not found.", ids.join(", ")))
}

/// The error code for a list with some unknown IDs; `None` if it is not refused.
fn partly_unknown(variant: PartlyUnknown) -> Option<&'static str> {
    match variant {
        PartlyUnknown::Others => None,
        PartlyUnknown::ResourceNotFound => Some("ResourceNotFound"),
        PartlyUnknown::InvalidParameter => Some("InvalidParameter"),
        PartlyUnknown::InternalError => Some("InternalError"),
    }
}

/// `time` later by `by`, at most the latest timestamp.
fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| time.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}
