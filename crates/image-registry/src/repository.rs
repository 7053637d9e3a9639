//! The repository of an image: its manifests and blobs, from a mirror or from its registry.
//!
//! The mirror is tried first, then the registry. A mirror that cannot be reached is not tried again.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Method, StatusCode};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::{Cause, html, shown};
use super::inspect::Inspector;
use super::layer::{Part, ReadRange, Unpacked};
use super::manifest::{Descriptor, Document, has_digest, sha256};
use super::reference::Reference;
use super::reply::Reply;
use super::source::Source;

/// The limit that the distribution specification recommends to registries.
const MAX_MANIFEST: usize = 4 << 20;
/// Limit for image configurations, which are much smaller.
const MAX_CONFIG: usize = 1 << 20;
/// How long a tag is not looked up again. After that, a HEAD shows whether it moved: some registries count each GET of a manifest
/// as a pull.
const FRESH: Duration = Duration::from_secs(60);

/// A manifest or index as it was received.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    pub digest: String,
    pub body: Arc<Vec<u8>>,
    at: Instant,
}

/// Manifests by registry, repository, and tag or digest, each fetched by one request at a time.
pub(super) type Manifests = super::once::OnceMap<(String, String, String), Arc<Mutex<Option<Fetched>>>>;

/// A repository.
pub(super) struct Repository<'a> {
    inspector: &'a Inspector,
    pub reference: &'a Reference,
    /// The mirror, if there is one, and the registry.
    sources: Vec<Source<'a>>,
}

impl<'a> Repository<'a> {
    pub fn new(inspector: &'a Inspector, reference: &'a Reference) -> Result<Self, Cause> {
        let Inspector { transport, credentials, mirrors, .. } = inspector;
        let mirror = mirrors.get(reference.registry());
        let mirror = mirror.map(|mirror| Source::mirror(mirror, reference, transport, credentials)).transpose()?;
        let registry = Source::registry(reference, transport, credentials)?;
        Ok(Self { inspector, reference, sources: mirror.into_iter().chain([registry]).collect() })
    }

    /// The document of a tag or digest, with its digest and length.
    pub async fn manifest(&self, name: &str) -> Result<(String, Document, usize), Cause> {
        let key = [self.reference.registry(), self.reference.repository(), name].map(str::to_owned);
        let cell = self.inspector.manifests.get_or_insert_default(key.into());
        let mut known = cell.lock().await;
        let fetched = match known.clone() {
            Some(fetched) if name.contains(':') || fetched.at.elapsed() < FRESH => fetched,
            Some(fetched) if self.head(name).await.is_some_and(|digest| digest == fetched.digest) => {
                known.insert(Fetched { at: Instant::now(), ..fetched }).clone()
            }
            _ => known.insert(self.fetch(name).await?).clone(),
        };
        let Fetched { digest, body, .. } = fetched;
        let document = Document::parse(&body);
        let document =
            document.map_err(|reason| Cause::InvalidManifest { digest: digest.clone(), reason: shown(&reason) })?;
        Ok((digest, document, body.len()))
    }

    /// The manifest or index for a descriptor, of the stated size.
    pub async fn manifest_of_size(&self, digest: &str, size: u64) -> Result<(String, Document), Cause> {
        let found = self.manifest(digest).await?;
        let actual = found.2 as u64;
        if actual != size {
            return Err(Cause::SizeMismatch { digest: digest.to_owned(), expected: size, actual });
        }
        Ok((found.0, found.1))
    }

    /// The unpacked size of a layer, cached across images, or else from `measure`.
    pub async fn measured(
        &self,
        descriptor: &Descriptor,
        measure: impl Future<Output = Result<Unpacked, Cause>>,
    ) -> Result<Unpacked, Cause> {
        let key = (self.reference.registry().to_owned(), descriptor.digest.clone());
        self.inspector.measured.get_or_try_make(key, measure).await
    }

    /// The digest of a tag, if a server states it.
    async fn head(&self, name: &str) -> Option<String> {
        let path = format!("manifests/{name}");
        let mut attempts = self.attempts();
        loop {
            let source = attempts.next();
            let result = source.send(Method::HEAD, &path, HeaderMap::new()).await;
            if let Some(result) = attempts.end(source, result) {
                let reply = result.ok()?;
                return stated_digest(&reply).filter(|_| reply.status() == StatusCode::OK);
            }
        }
    }

    async fn fetch(&self, name: &str) -> Result<Fetched, Cause> {
        let mut attempts = self.attempts();
        loop {
            let source = attempts.next();
            let result = fetch_from(source, name).await;
            if let Some(result) = attempts.end(source, result) {
                return result;
            }
        }
    }

    /// The configuration of an image, if it can be read.
    pub async fn config(&self, descriptor: &Descriptor) -> Option<Vec<u8>> {
        if descriptor.size > MAX_CONFIG as u64 {
            return None;
        }
        let mut attempts = self.attempts();
        loop {
            let source = attempts.next();
            let result = match source.get(&format!("blobs/{}", descriptor.digest)).await {
                Ok(reply) => reply.body("the configuration", MAX_CONFIG).await,
                Err(cause) => Err(cause),
            };
            if let Some(result) = attempts.end(source, result) {
                return result.ok().filter(|body| has_digest(body, &descriptor.digest));
            }
        }
    }

    fn attempts(&self) -> Attempts<'_, 'a> {
        Attempts {
            inspector: self.inspector,
            sources: self.sources.iter(),
            repeated: None,
            is_repeated: false,
            failed: None,
        }
    }
}

/// The sources in order, until one succeeds. A source whose response is incomplete gets one more request.
struct Attempts<'r, 'a> {
    inspector: &'r Inspector,
    sources: std::slice::Iter<'r, Source<'a>>,
    repeated: Option<&'r Source<'a>>,
    is_repeated: bool,
    failed: Option<(String, Cause)>,
}

impl<'r, 'a> Attempts<'r, 'a> {
    /// The next source. There is one until [`end`](Self::end) has a result.
    fn next(&mut self) -> &'r Source<'a> {
        if let Some(source) = self.repeated.take() {
            return source;
        }
        let mut left =
            self.sources.by_ref().skip_while(|source| source.is_mirror && self.inspector.is_unreachable(source));
        left.next().expect("the registry is the last source, and ends the attempts")
    }

    /// The result of the attempts, unless another source remains. An error names every source that failed.
    fn end<T>(&mut self, source: &'r Source<'a>, result: Result<T, Cause>) -> Option<Result<T, Cause>> {
        if matches!(result, Err(Cause::Interrupted { .. })) && !std::mem::replace(&mut self.is_repeated, true) {
            self.repeated = Some(source);
            return None;
        }
        self.is_repeated = false;
        match (result, self.failed.take()) {
            (Err(cause), None) if source.is_mirror => {
                tracing::info!(mirror = source.host(), %cause, "the mirror failed; trying the registry");
                if cause.has_no_connection_to(&source.host()) {
                    self.inspector.note_unreachable(source);
                }
                self.failed = Some((source.host(), cause));
                None
            }
            (Err(registry), Some((host, mirror))) => {
                Some(Err(Cause::Mirror { host, mirror: Box::new(mirror), registry: Box::new(registry) }))
            }
            (result, _) => Some(result),
        }
    }
}

async fn fetch_from(source: &Source<'_>, name: &str) -> Result<Fetched, Cause> {
    let reply = source.get(&format!("manifests/{name}")).await?;
    let stated = if name.contains(':') { Some(name.to_owned()) } else { stated_digest(&reply) };
    let host = reply.host();
    let body = reply.body("the manifest", MAX_MANIFEST).await?;
    if let Some(excerpt) = html(&body) {
        return Err(Cause::NotARegistry { host, status: 200, excerpt });
    }
    let digest = stated.unwrap_or_else(|| sha256(&body));
    if !has_digest(&body, &digest) {
        return Err(Cause::DigestMismatch { expected: shown(&digest), actual: sha256(&body) });
    }
    Ok(Fetched { digest, body: Arc::new(body), at: Instant::now() })
}

/// The digest in the headers. Some registries send an empty one.
fn stated_digest(reply: &Reply) -> Option<String> {
    let value = reply.headers().get("docker-content-digest")?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// A layer in its repository.
pub(super) struct Blob<'a> {
    pub repository: &'a Repository<'a>,
    pub descriptor: &'a Descriptor,
}

impl Blob<'_> {
    async fn read_from(&self, source: &Source<'_>, range: &std::ops::Range<u64>) -> Result<Part, Cause> {
        let Descriptor { digest, size, .. } = self.descriptor;
        let path = format!("blobs/{digest}");
        let value = HeaderValue::try_from(format!("bytes={}-{}", range.start, range.end - 1));
        let value = value.expect("digits and a dash are valid in a header");
        let reply = source.send(Method::GET, &path, HeaderMap::from_iter([(RANGE, value)])).await?;
        let host = reply.host();
        let unreadable = |what: &str| Ok(Part::Unreadable(format!("{host} {what}")));
        let actual = match reply.status() {
            StatusCode::PARTIAL_CONTENT => {
                content_range(reply.headers()).filter(|(start, _)| *start == range.start).map(|(_, size)| size)
            }
            // The server sends the whole blob: read its beginning, and close the connection.
            StatusCode::OK if range.start == 0 => reply.content_length().or(Some(*size)),
            StatusCode::OK => return unreadable("sends whole layers only"),
            _ => return Err(source.refusal(&path, reply).await),
        };
        if let Some(actual) = actual.filter(|actual| actual != size) {
            return Err(Cause::SizeMismatch { digest: digest.clone(), expected: *size, actual });
        }
        let len = usize::try_from(range.end - range.start).expect("at most a few MiB");
        let bytes = reply.prefix(len).await?;
        match actual {
            Some(_) if bytes.len() == len => Ok(Part::Bytes(bytes)),
            _ => unreadable("sends a different range than requested"),
        }
    }
}

impl ReadRange for Blob<'_> {
    type Error = Cause;

    /// Reads a part. Only a layer that does not exist or has a different size ends the inspection.
    async fn read(&self, range: std::ops::Range<u64>) -> Result<Part, Cause> {
        let mut attempts = self.repository.attempts();
        let result = loop {
            let source = attempts.next();
            let result = self.read_from(source, &range).await;
            if let Some(result) = attempts.end(source, result) {
                break result;
            }
        };
        match result {
            Err(cause) if !matches!(cause.last(), Cause::NotFound { .. } | Cause::SizeMismatch { .. }) => {
                Ok(Part::Unreadable(cause.to_string()))
            }
            result => result,
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
