//! A small HTTP server with the responses of a test, which records its requests.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A received request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path and query, or the whole URL if the server is used as a proxy.
    pub target: String,
    pub head: String,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A response.
pub enum Response {
    /// Status, headers with line breaks, body. `Content-Length` is added.
    Full(u16, String, Vec<u8>),
    /// Status, headers, and zeros until the client closes the connection.
    Endless(u16, String),
    /// Nothing, and the connection stays open.
    Silence,
    /// Nothing, and the connection is closed.
    Hangup,
}

pub struct HttpServer {
    /// `127.0.0.1:port`.
    pub host: String,
    requests: Arc<Mutex<Vec<Request>>>,
    sent: Arc<Mutex<u64>>,
}

/// A host that refuses connections.
pub fn closed_port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl HttpServer {
    /// Starts a server. `handle` also gets the server's own host.
    pub async fn start(handle: impl Fn(&Request, &str) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let server = Self { host: host.clone(), requests: Arc::default(), sent: Arc::default() };
        let (requests, sent, handle) = (server.requests.clone(), server.sent.clone(), Arc::new(handle));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (requests, sent, handle, host) = (requests.clone(), sent.clone(), handle.clone(), host.clone());
                tokio::spawn(async move {
                    let mut stream = stream;
                    let Some(request) = read_request(&mut stream).await else { return };
                    requests.lock().unwrap().push(request.clone());
                    // In many tests, the client disconnects early.
                    let _ = write_response(&mut stream, handle(&request, &host), &sent).await;
                });
            }
        });
        server
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Bytes of endless bodies that were sent.
    pub fn sent(&self) -> u64 {
        *self.sent.lock().unwrap()
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.split(' ').nth(1)?.to_owned();
    Some(Request { target, head })
}

async fn write_response(stream: &mut TcpStream, response: Response, sent: &Mutex<u64>) -> std::io::Result<()> {
    let start = |status: u16, headers: &str| format!("HTTP/1.1 {status} Status\r\nConnection: close\r\n{headers}");
    match response {
        Response::Full(status, headers, body) => {
            let head = format!("{}Content-Length: {}\r\n\r\n", start(status, &headers), body.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await
        }
        Response::Endless(status, headers) => {
            stream.write_all(format!("{}\r\n", start(status, &headers)).as_bytes()).await?;
            loop {
                stream.write_all(&[0; 4096]).await?;
                *sent.lock().unwrap() += 4096;
            }
        }
        Response::Silence => std::future::pending().await,
        Response::Hangup => Ok(()),
    }
}
