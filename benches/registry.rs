//! How long it takes to look images up, and how much of them is read: 10 images of 20 layers, in a registry on this machine.
//!
//! `cargo bench --bench registry` prints the figures and asserts none. Needs what the registry tests need.

#[path = "../acceptance-tests/registry/docker_registry.rs"]
mod docker_registry;
#[path = "../acceptance-tests/requirements.rs"]
mod requirements;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use docker_registry::{DockerRegistry, Setup, TAR_GZIP};
use flate2::{Compression, write::GzEncoder};
use image_registry::{Config, Inspector, Platform, Reference};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const IMAGES: u32 = 10;
const LAYERS: u32 = 20;
const LAYER_BYTES: usize = 400_000;
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() {
    let registry = DockerRegistry::start(Setup::default()).await;
    let mut blob_bytes = 0;
    for image in 0..IMAGES {
        let mut layers = Vec::new();
        for layer in 0..LAYERS {
            let pushed = registry.push_blob(&format!("image{image}"), blob(image * LAYERS + layer)).await;
            blob_bytes += pushed.size;
            layers.push((pushed, TAR_GZIP));
        }
        registry.push_image(&format!("image{image}"), "1", &layers, &[], image % 2 == 0).await;
    }

    let received = Arc::new(AtomicU64::new(0));
    let meter = start_meter(registry.host.clone(), received.clone()).await;
    let references: Vec<_> =
        (0..IMAGES).map(|image| Reference::parse(&format!("{meter}/image{image}:1")).expect("a reference")).collect();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        received.store(0, Ordering::Relaxed);
        let inspector = Inspector::new(Config { http_hosts: [meter.clone()].into(), ..Config::default() });
        let start = Instant::now();
        let results = inspector.inspect(&references, &Platform::default()).await;
        times.push(start.elapsed());
        let exact =
            results.iter().flatten().flat_map(|image| &image.layers).filter(|layer| layer.unpacked.is_exact()).count();
        assert_eq!(exact, (IMAGES * LAYERS) as usize, "every layer states its size");
    }
    times.sort();
    let per_layer = received.load(Ordering::Relaxed) / u64::from(IMAGES * LAYERS);
    println!("{IMAGES} images of {LAYERS} layers, {:.1} MiB in all", blob_bytes as f64 / f64::from(1 << 20));
    println!("time            {:>8.3} s, the median of {ROUNDS}", times[ROUNDS / 2].as_secs_f64());
    println!("read per layer  {:>8.1} KiB, with HTTP headers and manifests", per_layer as f64 / 1024.0);
}

/// A gzip blob that does not shrink, another for each `seed`.
fn blob(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let content: Vec<u8> = (0..LAYER_BYTES)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(&content).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

/// Passes connections on to `to`, and counts what comes back.
async fn start_meter(to: String, received: Arc<AtomicU64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let host = listener.local_addr().expect("it is bound").to_string();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&to).await.expect("the registry listens");
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            let received = received.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 << 10];
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    received.fetch_add(read as u64, Ordering::Relaxed);
                    if to_client.write_all(&buffer[..read]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    host
}
