//! A proxy with a password.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use tencentcloud_simulator::Simulator;

/// A proxy that forwards every connection to one address, and records the request heads.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn to(target: SocketAddr) -> Self {
        Self::start(Some(target))
    }

    /// A proxy to the simulated cloud.
    pub fn before(cloud: &Simulator) -> Self {
        Self::to(cloud.endpoint().trim_start_matches("http://").parse().unwrap())
    }

    /// A proxy that refuses every password.
    pub fn refusing() -> Self {
        Self::start(None)
    }

    fn start(target: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), heads: Arc::default() };
        let heads = Arc::clone(&proxy.heads);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let heads = Arc::clone(&heads);
                // A broken connection is the provider's problem.
                thread::spawn(move || serve(client, target, &heads));
            }
        });
        proxy
    }

    /// The URL for `HTTP_PROXY` and `HTTPS_PROXY`, with user name and password.
    pub fn url(&self) -> String {
        format!("http://ci:proxy-secret@{}", self.address)
    }

    /// The first request head of each connection.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, target: Option<SocketAddr>, heads: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    heads.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
    let Some(target) = target else {
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    };
    let mut server = TcpStream::connect(target)?;
    if head.starts_with(b"CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        server.write_all(&head)?;
    }
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let copied = io::copy(&mut from_server, &mut to_client);
        to_client.shutdown(std::net::Shutdown::Write).and(copied)
    });
    io::copy(&mut client, &mut server)?;
    server.shutdown(std::net::Shutdown::Write)
}
