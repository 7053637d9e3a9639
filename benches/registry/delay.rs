//! A TCP proxy that delays like a network: each byte, and the opening of a connection by a round trip.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// A running proxy. It listens until the process ends.
pub struct Proxy {
    /// `127.0.0.1:port`.
    pub host: String,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts a proxy to `server` with the given round-trip delay.
    pub async fn start(server: String, round_trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let host = listener.local_addr().expect("it is bound").to_string();
        let proxy = Self { host, connections: Arc::default() };
        let connections = proxy.connections.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(connect(client, server.clone(), round_trip));
            }
        });
        proxy
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn connect(client: TcpStream, server: String, round_trip: Duration) {
    let opened = Instant::now() + round_trip;
    let server = TcpStream::connect(server).await.expect("the registry listens");
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("it is a socket");
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::spawn(forward(from_client, to_server, opened, round_trip / 2));
    tokio::spawn(forward(from_server, to_client, opened, round_trip / 2));
}

/// Forwards data after `delay`, once the connection is open.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, opened: Instant, delay: Duration) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((at, bytes)) = receiver.recv().await {
            sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if sender.send((Instant::now().max(opened) + delay, buffer[..read].to_vec())).is_err() {
            return;
        }
    }
}
