//! Service `tke`, version `2018-05-25`: the five actions on image caches.
//!
//! Create <https://cloud.tencent.com/document/api/457/70861>, update `70857`, most suitable `70858`, describe `70859`;
//! types <https://cloud.tencent.com/document/api/457/31866>. What these leave open, the personality decides.

mod answer;
mod create;
mod delete;
mod describe;
mod suitable;
mod update;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::action::Action;
use crate::error::ApiError;
use crate::image_cache::ImageRegistryCredential;
use crate::parameters::{Field, Kind, Parameters, optional};

pub(crate) const ACTIONS: &[Action] =
    &[create::ACTION, delete::ACTION, describe::ACTION, suitable::ACTION, update::ACTION];

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

/// Tags of a create or update. Keys of the platform are refused: <https://cloud.tencent.com/document/product/651/13354>.
fn tags(parameters: &Parameters<'_>) -> Result<Option<Vec<(String, String)>>, ApiError> {
    let tag = |object: &Parameters<'_>| {
        (object.string("Key").unwrap_or_default(), object.string("Value").unwrap_or_default())
    };
    let tags: Option<Vec<_>> = parameters.objects("Tags").map(|tags| tags.iter().map(tag).collect());
    let reserved = |key: &str| key.is_empty() || key.starts_with("qcs:") || key.starts_with("tencentcloud:");
    match tags.iter().flatten().find(|(key, _)| reserved(key)) {
        Some((key, _)) => Err(ApiError::new("InvalidParameter", format!("The tag key {key:?} is reserved."))),
        None => Ok(tags),
    }
}

/// The tag that [`TagPolicy`](crate::personality::TagPolicy) assigns.
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

/// The size of a create or update, in GiB. The API refers to the sizes of premium cloud disks for the range; below 20
/// is refused because that is the smallest size that any document shows.
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

fn not_found<'a>(ids: impl IntoIterator<Item = &'a String>) -> ApiError {
    let ids: Vec<&str> = ids.into_iter().map(String::as_str).collect();
    ApiError::new("ResourceNotFound", format!("The image cache {} is not found.", ids.join(", ")))
}

/// `time` later by `by`; as late as can be told when that is too late to tell.
fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| time.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}
