//! Looks images up in their registries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::header::{CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::authorization::{Challenge, WITH_CREDENTIALS, WITHOUT_CREDENTIALS, unauthorized};
use super::credentials::{Credentials, Login};
use super::environment::Environment;
use super::error::{Cause, InspectError, shown};
use super::layer::{Part, ReadRange, Unpacked, measure};
use super::manifest::{Descriptor, Document, MEDIA_TYPES, has_digest, sha256};
use super::once::OnceMap;
use super::platform::Platform;
use super::reference::Reference;
use super::transport::{Get, Transport, host, read_body, read_prefix};

/// For one image, from its first request to its last.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The limit that the distribution specification recommends to registries.
const MAX_MANIFEST: usize = 4 << 20;
const MAX_ERROR: usize = 16 << 10;
const IMAGES_AT_ONCE: usize = 6;
const LAYERS_AT_ONCE: usize = 4;

/// What an [`Inspector`] may do, and as whom.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// By registry server. A server that is not here is looked up in the user's Docker configuration.
    pub credentials: BTreeMap<String, Login>,
    /// Registries, and hosts that they refer to, that are reached over plain HTTP: `host:port`, or `host` for any port.
    pub http_hosts: BTreeSet<String>,
    /// Hosts whose TLS certificate is not verified, written likewise.
    pub skip_verify_hosts: BTreeSet<String>,
    /// Where the Docker configuration is, which proxies to use, and what credential helpers see.
    pub environment: Environment,
}

/// An image, as its registry has it.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSize {
    /// The image that was asked for.
    pub reference: Reference,
    /// What the reference leads to: an index, or the manifest itself. It is what `docker pull` prints.
    pub digest: String,
    /// The manifest of the platform. It stays when only other platforms change.
    pub manifest_digest: String,
    /// Lowest first.
    pub layers: Vec<Layer>,
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Of the compressed blob.
    pub digest: String,
    /// Length of the blob in the registry.
    pub compressed_bytes: u64,
    /// Length of the tar archive inside.
    pub unpacked: Unpacked,
}

impl ImageSize {
    /// An image without layers.
    pub fn empty(reference: Reference) -> Self {
        Self { reference, digest: String::new(), manifest_digest: String::new(), layers: Vec::new() }
    }
}

/// Looks images up in their registries. A layer that several images share is read once.
pub struct Inspector {
    transport: Transport,
    credentials: Credentials,
    /// By registry and digest: what one registry says of a digest does not count for another.
    measured: OnceMap<(String, String), Unpacked>,
}

impl Inspector {
    /// An inspector. Nothing is read or called yet.
    pub fn new(config: Config) -> Self {
        let Config { credentials, http_hosts, skip_verify_hosts, environment } = config;
        let credentials = Credentials::new(credentials, environment.clone());
        let transport = Transport::new(http_hosts, skip_verify_hosts, environment);
        Self { transport, credentials, measured: OnceMap::default() }
    }

    /// Looks `references` up, some at a time, each for at most 30 seconds. The results are in the same order.
    ///
    /// # Errors
    ///
    /// Each image has its own; one that fails does not stop the others.
    pub async fn inspect(&self, references: &[Reference], platform: &Platform) -> Vec<Result<ImageSize, InspectError>> {
        // Collected, because a closure inside the stream would keep this future from being `Send`.
        let inspections: Vec<_> = references.iter().map(|reference| self.inspect_one(reference, platform)).collect();
        stream::iter(inspections).buffered(IMAGES_AT_ONCE).collect().await
    }

    async fn inspect_one(&self, reference: &Reference, platform: &Platform) -> Result<ImageSize, InspectError> {
        let deadline = Instant::now() + TIMEOUT;
        let inspection = async {
            let home = self.transport.base(reference.registry())?;
            let repository = Repository { inspector: self, reference, home, deadline, authorization: OnceCell::new() };
            repository.image_size(platform).await
        };
        let result = timeout_at(deadline, inspection).await.unwrap_or(Err(Cause::TimedOut(TIMEOUT)));
        result.map_err(|cause| InspectError { image: reference.clone(), cause })
    }
}

/// Without its parts: proxies and tokens among them are secret.
impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector").finish_non_exhaustive()
    }
}

/// The repository of an image, and access to it.
struct Repository<'a> {
    inspector: &'a Inspector,
    reference: &'a Reference,
    home: Url,
    deadline: Instant,
    authorization: OnceCell<HeaderValue>,
}

impl Repository<'_> {
    async fn image_size(&self, platform: &Platform) -> Result<ImageSize, Cause> {
        let (digest, document) = self.tagged_document().await?;
        let (manifest_digest, layers) = match document {
            Document::Image(layers) => (digest.clone(), layers),
            Document::Index(entries) => {
                let chosen = platform.choose(&entries).ok_or_else(|| {
                    let available: Vec<_> = entries.iter().map(|entry| entry.platform.to_string()).collect();
                    Cause::NoPlatform { wanted: platform.clone(), available: shown(&available.join(", ")) }
                })?;
                (chosen.digest.clone(), self.layers_of(chosen).await?)
            }
        };
        let layers: Vec<_> = layers.iter().map(|layer| self.layer(layer)).collect();
        let layers = stream::iter(layers).buffered(LAYERS_AT_ONCE).try_collect().await?;
        Ok(ImageSize { reference: self.reference.clone(), digest, manifest_digest, layers })
    }

    /// What tag or digest of the reference lead to, and its digest.
    async fn tagged_document(&self) -> Result<(String, Document), Cause> {
        let (digest, tag) = (self.reference.digest(), self.reference.tag());
        let name = digest.or(tag).expect("a reference has a tag or a digest");
        let response = self.get(&format!("manifests/{name}"), &HeaderMap::new()).await?;
        let told =
            response.headers().get("docker-content-digest").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = read_body(response, "the manifest", MAX_MANIFEST).await?;
        let digest = digest.map(str::to_owned).or(told).unwrap_or_else(|| sha256(&body));
        Ok((digest.clone(), parse_document(&body, &digest)?))
    }

    /// The layers of an image in an index.
    async fn layers_of(&self, descriptor: &Descriptor) -> Result<Vec<Descriptor>, Cause> {
        let Descriptor { digest, size, .. } = descriptor;
        let response = self.get(&format!("manifests/{digest}"), &HeaderMap::new()).await?;
        let body = read_body(response, "the manifest", MAX_MANIFEST).await?;
        if body.len() as u64 != *size {
            return Err(Cause::SizeMismatch { digest: digest.clone(), expected: *size, actual: body.len() as u64 });
        }
        match parse_document(&body, digest)? {
            Document::Image(layers) => Ok(layers),
            Document::Index(_) => {
                let reason = "it is an index inside an index".to_owned();
                Err(Cause::InvalidManifest { digest: digest.clone(), reason })
            }
        }
    }

    async fn layer(&self, descriptor: &Descriptor) -> Result<Layer, Cause> {
        let key = (self.reference.registry().to_owned(), descriptor.digest.clone());
        let blob = Blob { repository: self, descriptor };
        let measured = &self.inspector.measured;
        let unpacked = measured.get_or_try_make(key, measure(descriptor, &blob)).await?;
        Ok(Layer { digest: descriptor.digest.clone(), compressed_bytes: descriptor.size, unpacked })
    }

    /// A successful answer for `path` in the repository, after a challenge if the registry makes one.
    async fn get(&self, path: &str, headers: &HeaderMap) -> Result<Response, Cause> {
        let name = self.reference.repository();
        let url = self.home.join(&format!("{name}/{path}")).map_err(|error| Cause::Client(error.to_string()))?;
        let mut get = Get::new(url, self.deadline).accept(MEDIA_TYPES);
        get.headers.extend(headers.clone());
        get.authorization = self.authorization.get().cloned();
        let mut response = self.inspector.transport.get(&get).await?;
        if response.status() == StatusCode::UNAUTHORIZED && get.authorization.is_none() {
            let challenge = Challenge::of(response.headers());
            get.authorization = Some(self.authorization.get_or_try_init(|| self.authorize(challenge)).await?.clone());
            response = self.inspector.transport.get(&get).await?;
        }
        match response.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(response),
            status => Err(self.refusal(status, path, response).await),
        }
    }

    async fn authorize(&self, challenge: Option<Challenge>) -> Result<HeaderValue, Cause> {
        let challenge = challenge.ok_or_else(|| unauthorized(&self.home, "in a way that is not understood"))?;
        let Inspector { transport, credentials, .. } = self.inspector;
        let credential = credentials.find(self.reference.registry()).await?;
        challenge.answer(transport, &self.home, self.reference.repository(), credential, self.deadline).await
    }

    async fn refusal(&self, status: StatusCode, path: &str, response: Response) -> Cause {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let has_credential = self.inspector.credentials.find(self.reference.registry()).await;
                let is_anonymous = matches!(has_credential, Ok(None));
                unauthorized(&self.home, if is_anonymous { WITHOUT_CREDENTIALS } else { WITH_CREDENTIALS })
            }
            StatusCode::NOT_FOUND => {
                let what = match path.split_once('/') {
                    Some(("manifests", name)) if !name.contains(':') => format!("tag {name}"),
                    Some(("manifests", name)) => format!("manifest {name}"),
                    Some((_, name)) => format!("layer {name}"),
                    None => path.to_owned(),
                };
                Cause::NotFound { what }
            }
            status => {
                let body = read_prefix(response, MAX_ERROR).await.unwrap_or_default();
                Cause::Refused { host: host(&self.home), status: status.as_u16(), message: error_message(&body) }
            }
        }
    }
}

fn parse_document(body: &[u8], digest: &str) -> Result<Document, Cause> {
    if !has_digest(body, digest) {
        return Err(Cause::DigestMismatch { expected: shown(digest), actual: sha256(body) });
    }
    Document::parse(body).map_err(|reason| Cause::InvalidManifest { digest: digest.to_owned(), reason: shown(&reason) })
}

/// The first message of a registry's error document, made fit for a terminal.
fn error_message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let first = serde_json::from_slice(body).ok().and_then(|Errors { errors }| errors.into_iter().next());
    let message = first.map(|Item { code, message }| format!("{code} {message}")).unwrap_or_default();
    shown(&message)
}

/// A layer in its registry.
struct Blob<'a> {
    repository: &'a Repository<'a>,
    descriptor: &'a Descriptor,
}

impl ReadRange for Blob<'_> {
    type Error = Cause;

    async fn read(&self, range: Range<u64>) -> Result<Part, Cause> {
        let Descriptor { digest, size, .. } = self.descriptor;
        let value = HeaderValue::try_from(format!("bytes={}-{}", range.start, range.end - 1));
        let value = value.expect("digits and a dash are valid in a header");
        let response = self.repository.get(&format!("blobs/{digest}"), &HeaderMap::from_iter([(RANGE, value)])).await?;
        let unreadable = |what: &str, host: &str| Ok(Part::Unreadable(format!("{host} {what}")));
        let host = host(response.url());
        let actual = if response.status() == StatusCode::PARTIAL_CONTENT {
            content_range(response.headers()).filter(|(start, _)| *start == range.start).map(|(_, size)| size)
        } else if range.start == 0 {
            // The whole blob comes. Its beginning is taken, and the connection closed.
            response.content_length().or(Some(*size))
        } else {
            return unreadable("sends whole layers only", &host);
        };
        if let Some(actual) = actual.filter(|actual| actual != size) {
            return Err(Cause::SizeMismatch { digest: digest.clone(), expected: *size, actual });
        }
        let len = usize::try_from(range.end - range.start).expect("at most a few MiB");
        let bytes = read_prefix(response, len).await?;
        match actual {
            Some(_) if bytes.len() == len => Ok(Part::Bytes(bytes)),
            _ => unreadable("sends other parts than those that were requested", &host),
        }
    }
}

/// Start and size of the whole in `bytes 0-99/1000`.
fn content_range(headers: &HeaderMap) -> Option<(u64, u64)> {
    let value = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, size) = value.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inspection_can_run_on_any_thread() {
        fn is_send<T: Send>(_: T) {}
        let inspector = Inspector::new(Config::default());
        is_send(inspector.inspect(&[], &Platform::default()));
    }

    #[test]
    fn error_documents_are_made_fit_for_a_terminal() {
        for (body, expected) in [
            (
                r#"{"errors":[{"code":"TOOMANY","message":"slow\u001b[31m down\n","detail":{}},{"code":"B"}]}"#,
                r"TOOMANY slow\u{1b}[31m down",
            ),
            (r#"{"errors":[]}"#, ""),
            ("<html>", ""),
        ] {
            assert_eq!(error_message(body.as_bytes()), expected);
        }
    }

    #[test]
    fn content_ranges_are_read() {
        for (text, expected) in [
            ("bytes 100-199/1000", Some((100, 1000))),
            ("bytes 0-0/1", Some((0, 1))),
            ("bytes */1000", None),
            ("bytes 0-99/*", None),
            ("bytes 0-99/-5", None),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_RANGE, HeaderValue::from_static(text))]);
            assert_eq!(content_range(&headers), expected, "{text}");
        }
    }
}
