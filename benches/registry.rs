//! Measures the round trips of inspecting images: `cargo bench --bench registry` prints a table with the goals.
//!
//! Images of 40 distinct layers in a registry on this machine, behind a proxy with a delay: over HTTP/1.1, and over TLS with HTTP/2.
//! Round trips are the time with the delay minus the time without it, divided by the delay. The tail of each layer is sufficient for
//! its size, as for most large layers. Asserts nothing. Has the requirements of the registry tests.

#[path = "registry/delay.rs"]
mod delay;
#[path = "../acceptance-tests/registry/docker_registry.rs"]
mod docker_registry;
#[path = "../acceptance-tests/requirements.rs"]
mod requirements;

use std::io::Write as _;
use std::time::{Duration, Instant};

use delay::Proxy;
use docker_registry::{DockerRegistry, Setup, TAR_GZIP};
use flate2::{Compression, write::GzEncoder};
use futures_util::StreamExt as _;
use futures_util::stream;
use image_registry::{Config, Inspector, Platform, Reference};

/// Numbers of images that are inspected together, and the goals in round trips.
const ROWS: [(usize, u32); 3] = [(1, 8), (10, 12), (30, 24)];
const IMAGES: usize = ROWS[2].0;
const LAYERS: usize = 40;
/// Size of a layer's tar archive; larger than layers that are read whole.
const ARCHIVE_BYTES: usize = 160 * 512;
/// The round-trip delay.
const DELAY: Duration = Duration::from_millis(100);
/// For one image.
const MOST_REQUESTS: usize = 45;
const ROUNDS: usize = 5;
const PUSHED_AT_ONCE: usize = 8;

#[tokio::main]
async fn main() {
    println!("{IMAGES} images of {LAYERS} layers, nothing shared; delay {} ms; medians of {ROUNDS}", DELAY.as_millis());
    println!(
        "{:18} {:>6} {:>18} {:>12} {:>9} {:>9} {:>12} {:>5}",
        "protocol", "images", "requests (goal)", "connections", "delayed", "without", "round trips", "goal"
    );
    for (protocol, tls) in [("HTTP/1.1", false), ("TLS with HTTP/2", true)] {
        let registry = DockerRegistry::start(Setup { htpasswd: false, tls }).await;
        push_images(&registry).await;
        for (images, goal) in ROWS {
            let delayed = measure(&registry, images, DELAY).await;
            let direct = measure(&registry, images, Duration::ZERO).await;
            let round_trips = delayed.time.saturating_sub(direct.time).as_secs_f64() / DELAY.as_secs_f64();
            let requests = format!("{} (<= {})", delayed.requests, images * MOST_REQUESTS);
            println!(
                "{protocol:18} {images:>6} {requests:>18} {:>12} {:>7.2} s {:>7.2} s {round_trips:>12.1} {:>5}",
                delayed.connections,
                delayed.time.as_secs_f64(),
                direct.time.as_secs_f64(),
                format!("<= {goal}"),
            );
        }
    }
}

async fn push_images(registry: &DockerRegistry) {
    for image in 0..IMAGES {
        let name = format!("image{image}");
        let blobs = (0..LAYERS).map(|layer| registry.push_blob(&name, blob(image * LAYERS + layer)));
        let layers: Vec<_> =
            stream::iter(blobs).buffered(PUSHED_AT_ONCE).map(|pushed| (pushed, TAR_GZIP)).collect().await;
        registry.push_image(&name, "1", &layers, &[], image % 2 == 0).await;
    }
}

/// The measurement of an inspection.
struct Measurement {
    time: Duration,
    requests: usize,
    connections: usize,
}

/// Inspects the first `images` behind a proxy, each time without caches and open connections.
async fn measure(registry: &DockerRegistry, images: usize, delay: Duration) -> Measurement {
    let mut times = Vec::new();
    let (mut requests, mut connections) = (0, 0);
    for _ in 0..ROUNDS {
        let proxy = Proxy::start(registry.host.clone(), delay).await;
        let references: Vec<_> = (0..images)
            .map(|image| Reference::parse(&format!("{}/image{image}:1", proxy.host)).expect("a reference"))
            .collect();
        let hosts = [proxy.host.clone()].into();
        let config = match registry.setup.tls {
            true => Config { skip_verify_hosts: hosts, ..Config::default() },
            false => Config { http_hosts: hosts, ..Config::default() },
        };
        let inspector = Inspector::new(config);
        let before = registry.responses();
        let start = Instant::now();
        let results = inspector.inspect(&references, &Platform::default()).await;
        times.push(start.elapsed());
        let layers = results.iter().flatten().flat_map(|image| &image.layers);
        assert_eq!(layers.filter(|layer| layer.unpacked.is_exact()).count(), images * LAYERS, "{results:?}");
        requests = registry.responses() - before;
        connections = proxy.connections();
    }
    times.sort();
    Measurement { time: times[ROUNDS / 2], requests, connections }
}

/// An incompressible gzip blob for `seed`, with the length of an archive.
fn blob(seed: usize) -> Vec<u8> {
    let mut state = seed as u64 + 1;
    let content: Vec<u8> = (0..ARCHIVE_BYTES)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(&content).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}
