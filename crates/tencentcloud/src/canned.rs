//! An HTTP server for tests that sends the given responses byte for byte, and records the requests.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// One response. Every connection is closed after its response.
#[derive(Clone)]
pub enum Reply {
    /// These bytes, which may be shorter than their `Content-Length`.
    Bytes(Vec<u8>),
    /// Nothing: the connection is closed once the request has been read.
    Silence,
}

/// HTTP status, further header lines (each with its line break), and a body.
pub fn http(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n");
    Reply::Bytes((head + body).into_bytes())
}

/// A success: status 200 and JSON.
pub fn json(body: &str) -> Reply {
    http("200 OK", "Content-Type: application/json\r\n", body)
}

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Server {
    /// Sends `replies` in order, one for each request, then refuses connections.
    pub async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let serving = tokio::spawn(async move {
            for reply in replies {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                seen.lock().unwrap().push(request);
                if let Reply::Bytes(bytes) = reply {
                    // A client may close the connection before the end of a response that is too long for it.
                    let _ = stream.write_all(&bytes).await;
                }
            }
        });
        Self { url, requests, serving }
    }

    /// Returns when all replies have been sent and the server no longer listens.
    pub async fn closed(&mut self) {
        (&mut self.serving).await.unwrap();
    }

    /// The requests so far: head in lower case, an empty line, body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return format!("{head}\n\n{body}");
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ends too early");
    }
}
