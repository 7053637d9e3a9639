//! A TLS front for servers without TLS: the simulated cloud, a mirror, a registry.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::thread;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::harness::workspace::Workspace;

/// A server that has `certificate`.
pub fn server_config(certificate: &Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    Arc::new(config)
}

/// Terminates TLS, with a certificate of its own certificate authority.
#[derive(Debug)]
pub struct TlsFront {
    pub address: SocketAddr,
    /// The certificate of the authority, PEM.
    ca: String,
    target: Arc<OnceLock<SocketAddr>>,
}

impl TlsFront {
    /// Starts with a certificate for these host names.
    pub fn start(names: &[String]) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();

        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Authorities are distinguished by their names.
        params.distinguished_name.push(DnType::CommonName, format!("CA of {address}"));
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &ca).unwrap();
        let config = server_config(&certificate, &key);
        let target = Arc::new(OnceLock::new());
        let front = Self { address, ca: ca.pem(), target: Arc::clone(&target) };
        thread::spawn(move || serve(listener, TlsAcceptor::from(config), &target));
        front
    }

    /// Sets the server to which connections are forwarded.
    pub fn forward_to(&self, server: SocketAddr) {
        self.target.set(server).unwrap();
    }

    /// Makes the certificate authority of this front the only trusted one in `workspace`.
    pub fn trust(&self, workspace: &mut Workspace) {
        let ca = workspace.path("ca.pem");
        std::fs::write(&ca, &self.ca).unwrap();
        workspace.environment("SSL_CERT_FILE", ca.to_str().unwrap());
    }
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listener: std::net::TcpListener, acceptor: TlsAcceptor, target: &OnceLock<SocketAddr>) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((client, _)) = listener.accept().await {
        let (acceptor, target) = (acceptor.clone(), target.get().copied());
        tokio::spawn(async move {
            // A client that does not trust the certificate disconnects.
            let mut client = acceptor.accept(client).await?;
            let mut server = TcpStream::connect(target.expect("forward_to comes before the first connection")).await?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}
