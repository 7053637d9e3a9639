//! Terraform's side of a connection, for tests.

use std::path::Path;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

/// A certificate and its key.
pub struct Identity {
    pub certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Identity {
    /// As in go-plugin: P-521 with SHA-512, self-signed, both a CA and an end entity.
    pub fn terraform() -> Self {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        Self { certificate: params.self_signed(&key).unwrap(), key }
    }
}

pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Connects to the address of a handshake line.
pub async fn dial(network: &str, address: &str) -> Box<dyn Io> {
    match network {
        "unix" => Box::new(UnixStream::connect(Path::new(address)).await.unwrap()),
        _ => Box::new(TcpStream::connect(address).await.unwrap()),
    }
}

/// TLS as in Terraform: the server's certificate is the only root.
pub async fn secure(
    io: Box<dyn Io>,
    server: CertificateDer<'static>,
    client: Option<&Identity>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<Box<dyn Io>>> {
    let mut roots = RootCertStore::empty();
    roots.add(server).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
            builder.with_client_auth_cert(vec![identity.certificate.der().clone()], key).unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), io).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    Ok(stream)
}

/// gRPC over a connection.
pub async fn channel(io: impl Io + 'static) -> Channel {
    let mut io = Some(TokioIo::new(io));
    let once = tower::service_fn(move |_| {
        let io = io.take().ok_or(std::io::ErrorKind::NotConnected);
        async move { io.map_err(std::io::Error::from) }
    });
    Endpoint::from_static("http://localhost").connect_with_connector(once).await.unwrap()
}
