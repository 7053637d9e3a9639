//! The listener for Terraform: a Unix socket that only this user can reach, or a port of the loopback interface.
//!
//! Dropping the listener removes the socket and its directory.

use std::io;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;

/// A bound listener.
#[derive(Debug)]
pub(super) enum Listener {
    #[cfg(unix)]
    Unix {
        listener: tokio::net::UnixListener,
        /// Removed when dropped.
        directory: tempfile::TempDir,
    },
    Tcp(TcpListener),
}

/// Short, because the path of a socket is limited to about 100 bytes, half of which macOS uses for its temporary directory.
#[cfg(unix)]
const SOCKET: &str = "s";

/// A writable directory with a short path.
#[cfg(unix)]
const SHORT_DIRECTORY: &str = "/tmp";

impl Listener {
    /// Listens on a Unix socket in a new directory under `directory`, which defaults to the temporary directory. If no socket can
    /// be created there (the path is too long, or the directory is not writable), uses `/tmp`. Without Unix sockets, listens on
    /// TCP, but only with `tls`: otherwise every local process could connect.
    ///
    /// # Errors
    ///
    /// No socket can be created under `directory`, or no port is available.
    pub async fn bind(directory: Option<&Path>, ports: RangeInclusive<u16>, tls: bool) -> io::Result<Self> {
        #[cfg(unix)]
        let error = {
            let directory = directory.map_or_else(std::env::temp_dir, Path::to_path_buf);
            match Self::bind_unix(&directory) {
                Ok(listener) => return Ok(listener),
                Err(error) => match Self::bind_unix(Path::new(SHORT_DIRECTORY)) {
                    Ok(listener) => return Ok(listener),
                    Err(_) => {
                        let detail = format!(
                            "no Unix socket in {}: {error}; set TMPDIR to a directory that is writable and has a short path",
                            directory.display()
                        );
                        io::Error::new(error.kind(), detail)
                    }
                },
            }
        };
        #[cfg(not(unix))]
        let error = {
            let _ = directory;
            io::Error::other("without TLS, every local process could connect; unset TF_DISABLE_PLUGIN_TLS")
        };
        if tls { Self::bind_tcp(ports).await } else { Err(error) }
    }

    /// Only this user can access the directory, from its creation on, and the socket.
    #[cfg(unix)]
    pub fn bind_unix(directory: &Path) -> io::Result<Self> {
        use std::fs::{Permissions, set_permissions};
        use std::os::unix::fs::PermissionsExt as _;

        let directory =
            tempfile::Builder::new().prefix("eks-").permissions(Permissions::from_mode(0o700)).tempdir_in(directory)?;
        let path = directory.path().join(SOCKET);
        let listener = tokio::net::UnixListener::bind(&path)?;
        set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self::Unix { listener, directory })
    }

    /// Takes the first free port.
    pub async fn bind_tcp(ports: RangeInclusive<u16>) -> io::Result<Self> {
        let mut last_error = io::ErrorKind::AddrNotAvailable.into();
        for port in ports {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Ok(listener) => return Ok(Self::Tcp(listener)),
                Err(error) => last_error = error,
            }
        }
        Err(last_error)
    }

    /// Network and address, in go-plugin's notation.
    pub fn address(&self) -> io::Result<(&'static str, String)> {
        match self {
            #[cfg(unix)]
            Self::Unix { directory, .. } => match directory.path().join(SOCKET).into_os_string().into_string() {
                Ok(path) => Ok(("unix", path)),
                Err(_) => Err(io::Error::other("the path of the temporary directory is not UTF-8")),
            },
            Self::Tcp(listener) => Ok(("tcp", listener.local_addr()?.to_string())),
        }
    }

    /// Waits for the next connection.
    pub async fn accept(&self) -> io::Result<Connection> {
        match self {
            #[cfg(unix)]
            Self::Unix { listener, .. } => Ok(Connection::new(listener.accept().await?.0)),
            Self::Tcp(listener) => {
                let stream = listener.accept().await?.0;
                stream.set_nodelay(true)?;
                Ok(Connection::new(stream))
            }
        }
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection of any kind.
pub(super) struct Connection(Box<dyn Io>);

impl Connection {
    pub fn new(io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Box::new(io))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn socket_is_private_short_and_removed() {
        use std::os::unix::fs::PermissionsExt as _;

        let base = tempfile::tempdir().unwrap();
        let listener = Listener::bind(Some(base.path()), 0..=0, false).await.unwrap();
        let (network, path) = listener.address().unwrap();
        assert_eq!(network, "unix");
        assert!(path.len() <= base.path().as_os_str().len() + 13, "{path}");

        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path.as_ref()), 0o600);
        assert_eq!(mode(Path::new(&path).parent().unwrap()), 0o700);

        drop(listener);
        assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn bind_without_a_usable_directory_uses_tmp() {
        let base = tempfile::tempdir().unwrap();
        let deep = base.path().join("x".repeat(100));
        std::fs::create_dir(&deep).unwrap();
        for directory in [&deep, Path::new("/does/not/exist")] {
            for tls in [false, true] {
                let listener = Listener::bind(Some(directory), 0..=0, tls).await.unwrap();
                let (network, path) = listener.address().unwrap();
                assert_eq!((network, path.starts_with(SHORT_DIRECTORY)), ("unix", true), "{path}");
            }
        }
        assert_eq!(std::fs::read_dir(deep).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn tcp_takes_the_first_free_port_of_the_range() {
        let taken = Listener::bind_tcp(0..=0).await.unwrap();
        let (network, address) = taken.address().unwrap();
        let port: u16 = address.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
        assert_eq!(network, "tcp");

        let next = Listener::bind_tcp(port..=port.saturating_add(50)).await.unwrap();
        assert_ne!(next.address().unwrap().1, address);
        let error = Listener::bind_tcp(port..=port).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
