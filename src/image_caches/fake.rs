//! Image caches in memory, for tests with paused time. Each call takes [`LATENCY`], acts in the middle of it, and can be made to
//! fail before or after it acts.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{ImageCaches, RegionApi, api::Call};
use tencentcloud::{
    Error,
    tke::{
        ContainerInstance, CreateImageCache, CreateImageCacheResponse, DeleteImageCaches,
        DescribeEKSContainerInstanceEvent, DescribeEKSContainerInstanceEventResponse, DescribeEKSContainerInstances,
        DescribeEKSContainerInstancesResponse, DescribeImageCaches, DescribeImageCachesResponse, Done, Event,
        GetMostSuitableImageCache, GetMostSuitableImageCacheResponse, ImageCache, Status, UpdateImageCache,
    },
};
use terraform_plugin::framework::Until;

pub const LATENCY: Duration = Duration::from_millis(40);
pub const INTERVAL: Duration = Duration::from_secs(5);
pub const REGION: &str = "ap-guangzhou";

/// How one call fails.
#[derive(Debug, Clone)]
pub enum Fault {
    /// No response; the call was not carried out.
    LostBefore,
    /// No response, but the call was carried out.
    LostAfter,
    /// The call was carried out, and the response is delayed by this time.
    Late(Duration),
    /// Refused with this code.
    Code(&'static str),
    /// Refused with this HTTP status and an HTML page.
    Html(u16),
}

/// The response to a request with an ID that does not exist among others.
#[derive(Debug, Clone, Copy, Default)]
pub enum UnknownIds {
    #[default]
    LeftOut,
    Refused,
    /// Refused if other IDs exist; an empty list if none exists.
    RefusedAmongKnown,
    /// Refused with this code.
    Code(&'static str),
    EmptyList,
    /// Refused with an HTML page, even alone.
    Html,
}

/// An endless list.
#[derive(Debug, Clone, Copy)]
pub enum Endless {
    /// Reports 2^63 rows, and lists the existing ones.
    AbsurdTotal,
    /// Every page is the first, without a count.
    SamePage,
    /// Every page is the first, of 9,000 rows.
    SamePageCounted,
    /// Every page is full of new rows.
    NewRows,
    /// The same, of 8,000 rows in all, and a page has 1,200.
    LongPages,
}

/// An operation without an interrupt, with a timeout of an hour.
pub fn until() -> Until {
    Until::new(&CancellationToken::new(), Duration::from_secs(3600))
}

#[derive(Debug, Default)]
pub struct Fake(Mutex<State>);

#[derive(Debug, Default)]
pub struct State {
    pub rows: Vec<Row>,
    /// `(action, fault)`: consumed by the next call of that action.
    pub faults: VecDeque<(&'static str, Fault)>,
    pub unknown_ids: UnknownIds,
    /// Maximum number of IDs of a call.
    pub max_ids: Option<usize>,
    /// Whether the order of rows changes between calls, so that a row may be missed between pages.
    pub moves: bool,
    /// The duration and outcome of builds, and the delay until a new cache is listed.
    pub build: Duration,
    pub outcome: Option<Status>,
    pub unlisted: Duration,
    pub endless: Option<Endless>,
    /// The actions that were called.
    pub calls: Vec<&'static str>,
    /// The regions in which the API was used.
    pub regions: Vec<String>,
    pub describes: Vec<DescribeImageCaches>,
    /// The time of the last call.
    pub described_at: Option<Instant>,
    pub creates: usize,
    pub updates: usize,
    /// The container instances of builds, and the events of each, newest first.
    pub instances: Vec<(ContainerInstance, Vec<Event>)>,
    /// The number of names in each look-up of instances.
    pub instance_lookups: Vec<usize>,
    /// The instances whose events were read.
    pub event_reads: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Row {
    pub cache: ImageCache,
    listed_at: Instant,
    ready_at: Instant,
    outcome: Status,
}

impl Fake {
    pub fn new() -> (Arc<Self>, ImageCaches) {
        let fake = Arc::new(Self::default());
        let api = Arc::clone(&fake);
        let connect = move |region: &str| {
            api.state().regions.push(region.to_owned());
            Arc::clone(&api) as Arc<dyn RegionApi>
        };
        (fake, ImageCaches::with_api(connect, INTERVAL))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how rows are listed.
    pub fn set_listing(&self, unknown_ids: UnknownIds, max_ids: Option<usize>, moves: bool) {
        let mut state = self.state();
        (state.unknown_ids, state.max_ids, state.moves) = (unknown_ids, max_ids, moves);
    }

    pub fn fault(&self, action: &'static str, fault: Fault) {
        self.state().faults.push_back((action, fault));
    }

    /// Adds an existing `Ready` cache.
    pub fn add(&self, name: &str) -> String {
        let mut state = self.state();
        let now = Instant::now();
        state.add(name, &["nginx:1.27".to_owned()], Status::Ready, now, now)
    }

    /// Adds a cache as it is listed.
    pub fn add_listed(&self, cache: ImageCache) {
        let now = Instant::now();
        let outcome = cache.status.clone();
        self.state().rows.push(Row { cache, listed_at: now, ready_at: now, outcome });
    }

    /// Adds a container instance `for-` and the ID of a cache.
    pub fn add_instance(&self, cache_id: &str, status: &str, messages: &[&str]) {
        let mut state = self.state();
        let id = format!("eksci-{}", state.instances.len());
        let instance = serde_json::json!({"EksCiId": id, "EksCiName": format!("for-{cache_id}"), "Status": status});
        let event = |message: &&str| serde_json::json!({"Type": "Warning", "Reason": "Failed", "Message": message});
        let events = messages.iter().rev().map(|message| serde_json::from_value(event(message)).unwrap()).collect();
        state.instances.push((serde_json::from_value(instance).unwrap(), events));
    }

    /// The number of `DescribeImageCaches` so far.
    pub fn describes(&self) -> usize {
        self.state().describes.len()
    }

    async fn call<T>(
        &self,
        action: &'static str,
        act: impl FnOnce(&mut State) -> Result<T, Error>,
    ) -> Result<T, Error> {
        sleep(LATENCY / 2).await;
        let mut pause = LATENCY / 2;
        let result = {
            let mut state = self.state();
            state.calls.push(action);
            let at = state.faults.iter().position(|(name, _)| *name == action);
            let fault = at.and_then(|at| state.faults.remove(at)).map(|(_, fault)| fault);
            match fault {
                None => act(&mut state),
                Some(Fault::LostBefore) => Err(no_response(action)),
                Some(Fault::LostAfter) => act(&mut state).and_then(|_| Err(no_response(action))),
                Some(Fault::Late(longer)) => {
                    pause += longer;
                    act(&mut state)
                }
                Some(Fault::Code(code)) => Err(refusal(action, code)),
                Some(Fault::Html(status)) => Err(html(action, status)),
            }
        };
        sleep(pause).await;
        result
    }
}

impl State {
    fn add(&mut self, name: &str, images: &[String], outcome: Status, listed: Instant, ready: Instant) -> String {
        let id = format!("imc-{:08}", self.rows.len());
        let cache = serde_json::json!({"ImageCacheId": id, "ImageCacheName": name, "Images": images});
        let cache = ImageCache { status: Status::Pending, ..serde_json::from_value(cache).unwrap() };
        self.rows.push(Row { cache, listed_at: listed, ready_at: ready, outcome });
        id
    }

    pub fn row(&mut self, id: &str) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.cache.image_cache_id == id)
    }

    /// The listed rows that satisfy `matches`.
    fn listed(&self, matches: impl Fn(&ImageCache) -> bool) -> Vec<ImageCache> {
        let now = Instant::now();
        let shown = |row: &Row| {
            let status = if row.ready_at <= now { row.outcome.clone() } else { row.cache.status.clone() };
            ImageCache { status, ..row.cache.clone() }
        };
        self.rows.iter().filter(|row| row.listed_at <= now && matches(&row.cache)).map(shown).collect()
    }
}

pub fn refusal(action: &'static str, code: &str) -> Error {
    let (code, message, request_id) = (code.to_owned(), "message".to_owned(), "request".to_owned());
    Error::Api { action, code, message, request_id, http_status: 200 }
}

fn html(action: &'static str, http_status: u16) -> Error {
    Error::Unreadable {
        action,
        http_status,
        request_id: None,
        problem: "not JSON: <html>".to_owned(),
        is_foreign: true,
    }
}

fn no_response(action: &'static str) -> Error {
    Error::NoResponse { action, endpoint: "fake".to_owned(), source: Arc::new(std::io::Error::other("reset")) }
}

impl RegionApi for Fake {}

#[async_trait]
impl Call<CreateImageCache> for Fake {
    async fn call_until(
        &self,
        request: &CreateImageCache,
        end: &CancellationToken,
    ) -> Result<CreateImageCacheResponse, Error> {
        if end.is_cancelled() {
            return Err(Error::Ended { action: "create" });
        }
        self.state().creates += 1;
        let act = |state: &mut State| {
            let (listed, ready) = (Instant::now() + state.unlisted, Instant::now() + state.build);
            let outcome = state.outcome.clone().unwrap_or(Status::Ready);
            let image_cache_id = state.add(&request.image_cache_name, &request.images, outcome, listed, ready);
            Ok(CreateImageCacheResponse { image_cache_id, request_id: String::new() })
        };
        self.call("create", act).await
    }
}

#[async_trait]
impl Call<DescribeImageCaches> for Fake {
    async fn call_until(
        &self,
        request: &DescribeImageCaches,
        _: &CancellationToken,
    ) -> Result<DescribeImageCachesResponse, Error> {
        {
            let mut state = self.state();
            state.describes.push(request.clone());
            state.described_at = Some(Instant::now());
        }
        let act = |state: &mut State| {
            let (ids, names) = (&request.image_cache_ids, &request.image_cache_names);
            // Names match partially, as they may in the API.
            let mut rows = state.listed(|row| {
                (ids.is_empty() || ids.contains(&row.image_cache_id))
                    && (names.is_empty() || names.iter().any(|name| row.image_cache_name.contains(name.as_str())))
            });
            if state.max_ids.is_some_and(|most| ids.len() > most) {
                return Err(refusal("DescribeImageCaches", "InvalidParameter"));
            }
            match state.unknown_ids {
                UnknownIds::RefusedAmongKnown if !rows.is_empty() && rows.len() < ids.len() => {
                    return Err(refusal("DescribeImageCaches", "ResourceNotFound"));
                }
                UnknownIds::Refused if rows.len() < ids.len() => {
                    return Err(refusal("DescribeImageCaches", "ResourceNotFound"));
                }
                UnknownIds::Code(code) if rows.len() < ids.len() => return Err(refusal("DescribeImageCaches", code)),
                UnknownIds::Html if rows.len() < ids.len() => return Err(html("DescribeImageCaches", 404)),
                UnknownIds::EmptyList if rows.len() < ids.len() => rows.clear(),
                _ => {}
            }
            if state.moves && !rows.is_empty() {
                let moved = state.describes.len() % rows.len();
                rows.rotate_left(moved);
            }
            let mut total_count = Some(rows.len() as u64);
            let mut offset = request.offset as usize;
            match state.endless {
                None => {}
                Some(Endless::AbsurdTotal) => total_count = Some(1 << 63),
                Some(Endless::SamePage) => (total_count, offset) = (None, 0),
                Some(Endless::SamePageCounted) => (total_count, offset) = (Some(9_000), 0),
                Some(Endless::NewRows) => {
                    for (i, row) in rows.iter_mut().enumerate() {
                        row.image_cache_id = format!("imc-{}-{i}", request.offset);
                    }
                    (total_count, offset) = (None, 0);
                }
                Some(Endless::LongPages) => {
                    let row = |i| ImageCache { image_cache_id: format!("imc-{offset}-{i}"), ..rows[0].clone() };
                    let image_caches = (0..1_200).map(row).collect();
                    let (total_count, request_id) = (Some(8_000), "request-1".to_owned());
                    return Ok(DescribeImageCachesResponse { total_count, image_caches, request_id });
                }
            }
            let image_caches = rows.into_iter().skip(offset).take(request.limit as usize).collect();
            Ok(DescribeImageCachesResponse { total_count, image_caches, request_id: "request-1".to_owned() })
        };
        self.call("describe", act).await
    }
}

#[async_trait]
impl Call<UpdateImageCache> for Fake {
    async fn call_until(&self, request: &UpdateImageCache, _: &CancellationToken) -> Result<Done, Error> {
        self.state().updates += 1;
        let act = |state: &mut State| {
            let ready_at = Instant::now() + state.build;
            let building = |row: &Row| row.ready_at > Instant::now();
            let Some(row) = state.row(&request.image_cache_id) else {
                return Err(refusal("UpdateImageCache", "ResourceNotFound"));
            };
            if building(row) {
                return Err(refusal("UpdateImageCache", "UnsupportedOperation"));
            }
            if let Some(name) = &request.image_cache_name {
                row.cache.image_cache_name.clone_from(name);
            }
            if let Some(images) = &request.images {
                row.cache.images.clone_from(images);
                row.cache.status = Status::Updating;
                row.ready_at = ready_at;
            }
            Ok(Done { request_id: String::new() })
        };
        self.call("update", act).await
    }
}

#[async_trait]
impl Call<DeleteImageCaches> for Fake {
    async fn call_until(&self, request: &DeleteImageCaches, _: &CancellationToken) -> Result<Done, Error> {
        let act = |state: &mut State| {
            let before = state.rows.len();
            state.rows.retain(|row| !request.image_cache_ids.contains(&row.cache.image_cache_id));
            if state.rows.len() == before {
                return Err(refusal("DeleteImageCaches", "ResourceNotFound"));
            }
            Ok(Done { request_id: String::new() })
        };
        self.call("delete", act).await
    }
}

#[async_trait]
impl Call<GetMostSuitableImageCache> for Fake {
    async fn call_until(
        &self,
        request: &GetMostSuitableImageCache,
        _: &CancellationToken,
    ) -> Result<GetMostSuitableImageCacheResponse, Error> {
        let act = |state: &mut State| {
            let image_cache = state.listed(|row| row.images == request.images).into_iter().next();
            Ok(GetMostSuitableImageCacheResponse { found: image_cache.is_some(), image_cache })
        };
        self.call("most_suitable", act).await
    }
}

#[async_trait]
impl Call<DescribeEKSContainerInstances> for Fake {
    async fn call_until(
        &self,
        request: &DescribeEKSContainerInstances,
        _: &CancellationToken,
    ) -> Result<DescribeEKSContainerInstancesResponse, Error> {
        let names = request.filters[0].values.clone();
        self.state().instance_lookups.push(names.len());
        let act = |state: &mut State| {
            let rows = state.instances.iter().map(|(instance, _)| instance.clone());
            Ok(DescribeEKSContainerInstancesResponse {
                instances: rows.filter(|row| names.contains(&row.name)).collect(),
            })
        };
        self.call("instances", act).await
    }
}

#[async_trait]
impl Call<DescribeEKSContainerInstanceEvent> for Fake {
    async fn call_until(
        &self,
        request: &DescribeEKSContainerInstanceEvent,
        _: &CancellationToken,
    ) -> Result<DescribeEKSContainerInstanceEventResponse, Error> {
        self.state().event_reads.push(request.id.clone());
        let act = |state: &mut State| match state.instances.iter().find(|(instance, _)| instance.id == request.id) {
            Some((_, events)) => Ok(DescribeEKSContainerInstanceEventResponse { events: events.clone() }),
            None => Err(refusal("DescribeEKSContainerInstanceEvent", "InternalError.ContainerNotFound")),
        };
        self.call("events", act).await
    }
}
