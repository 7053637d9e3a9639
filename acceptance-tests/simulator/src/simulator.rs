//! The simulator's interface for tests: start, observe, and modify.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::behavior::Behavior;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::faults::Rule;
use crate::image_cache::{ImageCache, Status};
use crate::limiter::Limiter;
use crate::random::random_id;
use crate::recorder::Request;
use crate::server;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::state::World;

/// A running simulator. It has its own thread, so synchronous and asynchronous tests can use it; dropping it ends it.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// `None` only while being dropped.
    runtime: Option<Runtime>,
}

impl Simulator {
    /// Starts on a free port of 127.0.0.1, with [`Settings::default`].
    ///
    /// # Errors
    ///
    /// No port or thread is available.
    pub fn start() -> io::Result<Self> {
        Self::start_with(Settings::default())
    }

    /// Starts with these settings.
    ///
    /// # Errors
    ///
    /// The address or a thread is not available.
    pub fn start_with(settings: Settings) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(settings.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("simulator").enable_all().build()?;
        let mut limiter = Limiter::default();
        limiter.set(settings.requests_per_second);
        let shared = Arc::new(Shared::new(World::new(&settings), settings.clock, limiter));
        let listener = {
            let _context = runtime.enter();
            TcpListener::from_std(listener)?
        };
        runtime.spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, runtime: Some(runtime) })
    }

    /// The base URL of all services, `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The clock, to advance it or to skew the server's wall clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// All requests since the start or the last [`Simulator::clear_requests`], in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.recorder.requests()
    }

    /// The number of recorded requests of `action`.
    pub fn count(&self, action: &str) -> usize {
        self.shared.recorder.count(action)
    }

    /// The highest number of requests of `action` to one region within one second, including refused ones.
    pub fn highest_rate(&self, action: &str) -> usize {
        self.shared.recorder.highest_rate(action)
    }

    /// Forgets the recorded requests.
    pub fn clear_requests(&self) {
        self.shared.recorder.clear();
    }

    /// Appends a fault rule.
    pub fn inject(&self, rule: Rule) {
        self.shared.faults().add(rule);
    }

    /// Applies one of `faults` with probability `rate` to requests that no rule matches; deterministic for `seed`.
    pub fn inject_mix(&self, seed: u64, rate: f64, faults: Vec<Fault>) {
        self.shared.faults().mix(seed, rate, faults);
    }

    /// Removes all fault rules and the mix.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// Sets or removes the limit of requests per second for each action in each region.
    pub fn limit(&self, requests_per_second: Option<u32>) {
        self.shared.limiter().set(requests_per_second);
    }

    /// Changes the behavior.
    pub fn set_behavior(&self, behavior: Behavior) {
        self.shared.world().behavior = behavior;
    }

    /// Decides the outcome of builds from now on: `Some(message)` fails a build with an event with this message.
    pub fn fail_builds(&self, failure: impl Fn(&ImageCache) -> Option<String> + Send + 'static) {
        self.shared.world().build_failure = Box::new(failure);
    }

    /// From now on, fails only builds with this image.
    pub fn make_unpullable(&self, image: &str) {
        let image = image.to_owned();
        self.fail_builds(move |cache| {
            cache.images.contains(&image).then(|| format!("Failed to pull image {image}: not found"))
        });
    }

    /// Sets the lifetime of temporary credentials; `None` uses the requested one.
    pub fn set_session_lifetime(&self, lifetime: Option<Duration>) {
        self.shared.world().sts.set_lifetime(lifetime);
    }

    /// Revokes all temporary credentials issued so far.
    pub fn expire_sessions(&self) {
        self.shared.world().sts.expire();
    }

    /// The secret keys and tokens of all temporary credentials issued so far.
    pub fn session_secrets(&self) -> Vec<String> {
        self.shared.world().sts.secrets()
    }

    /// Accepts only this web identity token; `None`, the default, accepts any non-empty one.
    pub fn accept_web_identity(&self, token: Option<&str>) {
        self.shared.world().sts.accept_web_identity(token.map(str::to_owned));
    }

    /// Binds a role to the instance of the metadata service; by default there is none. The service has the same base URL as all
    /// others.
    pub fn set_instance_role(&self, role: Option<&str>) {
        self.shared.world().sts.instance_role = role.map(str::to_owned);
    }

    /// The regions that have image caches.
    pub fn regions(&self) -> Vec<String> {
        let world = self.advanced();
        world.image_caches.iter().filter(|(_, caches)| !caches.is_empty()).map(|(region, _)| region.clone()).collect()
    }

    /// The image caches of a region in order of creation, including those that are not listed yet.
    pub fn caches(&self, region: &str) -> Vec<ImageCache> {
        self.advanced().image_caches.get(region).map(|caches| caches.values().cloned().collect()).unwrap_or_default()
    }

    /// An image cache, if the region has it.
    pub fn cache(&self, region: &str, id: &str) -> Option<ImageCache> {
        self.advanced().image_caches.get(region)?.get(id).cloned()
    }

    /// Adds a cache, and returns its ID. Generates an empty ID, and a missing snapshot of a `Ready` cache.
    pub fn insert_cache(&self, region: &str, mut cache: ImageCache) -> String {
        let mut world = self.shared.world();
        if cache.id.is_empty() {
            cache.id = random_id(&mut world.rng, "imc-");
        }
        if cache.snapshot_id.is_none() && cache.status == Status::Ready {
            cache.snapshot_id = Some(random_id(&mut world.rng, "snap-"));
        }
        let id = cache.id.clone();
        world.image_caches.entry(region.to_owned()).or_default().insert(id.clone(), cache);
        id
    }

    /// Changes a cache without the API: status, drift, events. Returns whether it exists.
    pub fn change_cache(&self, region: &str, id: &str, change: impl FnOnce(&mut ImageCache)) -> bool {
        let mut world = self.advanced();
        world.image_caches.get_mut(region).and_then(|caches| caches.get_mut(id)).map(change).is_some()
    }

    /// Hides a cache from all lists, as for a caller whose policy permits `tke:DescribeImageCaches` on other caches only: a list is
    /// filtered by permission, and succeeds. Returns whether it exists.
    pub fn hide_cache(&self, region: &str, id: &str) -> bool {
        self.change_cache(region, id, |cache| cache.listed_from = Some(Timestamp::MAX))
    }

    /// Removes a cache without the API. Returns whether it existed.
    pub fn delete_cache(&self, region: &str, id: &str) -> bool {
        let mut world = self.advanced();
        world.image_caches.get_mut(region).is_some_and(|caches| caches.shift_remove(id).is_some())
    }

    /// Ends the build of a cache now, independent of the clock. Returns whether there was one.
    pub fn finish_build(&self, region: &str, id: &str) -> bool {
        let now = self.shared.clock.now();
        let mut world = self.advanced();
        let World { behavior, failed_for, build_failure, image_caches, rng, .. } = &mut *world;
        match image_caches.get_mut(region).and_then(|caches| caches.get_mut(id)) {
            Some(cache) if cache.is_building() => {
                cache.finish_build(now, build_failure(cache), behavior, *failed_for, rng);
                true
            }
            _ => false,
        }
    }

    fn advanced(&self) -> MutexGuard<'_, World> {
        let mut world = self.shared.world();
        world.advance(self.shared.clock.now());
        world
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // A plain drop would wait, which panics inside an asynchronous test.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const REGION: &str = "ap-guangzhou";

    fn pending(images: &[&str]) -> (Simulator, String) {
        let settings = Settings { clock: Clock::manual(), ..Settings::default() };
        let simulator = Simulator::start_with(settings).unwrap();
        let (now, mut rng) = (simulator.clock().now(), StdRng::seed_from_u64(1));
        let mut cache = ImageCache { status: Status::Pending, ..ImageCache::ready("a", images, now) };
        cache.start_build(now, now + jiff::SignedDuration::from_secs(60), &Behavior::default(), &mut rng);
        let id = simulator.insert_cache(REGION, cache);
        (simulator, id)
    }

    fn status(simulator: &Simulator, id: &str) -> Status {
        simulator.cache(REGION, id).unwrap().status
    }

    #[test]
    fn build_ends_by_the_clock_or_by_finish_build() {
        let (simulator, id) = pending(&["nginx:1"]);
        simulator.clock().advance(Duration::from_secs(59));
        assert_eq!(status(&simulator, &id), Status::Pending);
        simulator.clock().advance(Duration::from_secs(1));
        assert_eq!(status(&simulator, &id), Status::Ready);
        assert!(!simulator.finish_build(REGION, &id));

        let (simulator, id) = pending(&["nginx:1"]);
        assert!(simulator.finish_build(REGION, &id));
        assert_eq!(status(&simulator, &id), Status::Ready);
        assert!(!simulator.finish_build(REGION, "imc-unknown"));
    }

    #[test]
    fn unpullable_images_fail_their_builds() {
        for (image, expected) in [("bad:1", Status::Failed), ("good:1", Status::Ready)] {
            let (simulator, id) = pending(&[image]);
            simulator.make_unpullable("bad:1");
            simulator.finish_build(REGION, &id);
            assert_eq!(status(&simulator, &id), expected);
        }
    }

    #[test]
    fn caches_can_be_changed_without_the_api() {
        let simulator = Simulator::start().unwrap();
        let now = simulator.clock().now();
        let ids: Vec<String> = (0..3)
            .map(|i| simulator.insert_cache(REGION, ImageCache::ready(&format!("c{i}"), &["nginx"], now)))
            .collect();
        assert_eq!(simulator.caches(REGION).len(), 3);
        assert!(simulator.caches("ap-shanghai").is_empty());
        assert!(simulator.cache(REGION, &ids[0]).unwrap().snapshot_id.is_some());
        assert!(simulator.change_cache(REGION, &ids[1], |cache| cache.retention_days = 1));
        assert!(simulator.hide_cache(REGION, &ids[1]) && !simulator.hide_cache(REGION, "imc-unknown"));
        assert!(simulator.delete_cache(REGION, &ids[0]) && !simulator.delete_cache(REGION, &ids[0]));
        simulator.clock().advance(Duration::from_secs(86_400));
        assert_eq!(simulator.cache(REGION, &ids[1]), None);
        assert!(!simulator.change_cache(REGION, &ids[1], |_| ()));
        assert_eq!(simulator.caches(REGION)[0].id, ids[2]);
    }
}
