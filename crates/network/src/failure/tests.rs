//! Tests with real sockets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// The failure of a request to `url` through the proxy at `https_proxy`, with a timeout of a second.
async fn failure(url: &str, https_proxy: Option<&str>) -> Failure {
    let proxies = Proxies::from_environment(|name| https_proxy.filter(|_| name == "HTTPS_PROXY")).unwrap();
    let client = proxies.apply(crate::client().unwrap()).unwrap().timeout(Duration::from_secs(5)).build().unwrap();
    let url = Url::parse(url).unwrap();
    let start = Instant::now();
    let error = client.get(url.clone()).send().await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "{error:?}");
    Failure::new(error, &url, &proxies)
}

/// The port of a server that sends `response` to each connection and closes it.
async fn server(response: &'static [u8]) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(response).await;
        }
    });
    port
}

async fn closed_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}

/// The port of a server with a certificate of `params`, signed by `issuer`.
async fn tls_server(params: CertificateParams, issuer: Option<&CertifiedIssuer<'_, KeyPair>>) -> u16 {
    let key = KeyPair::generate().unwrap();
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    port
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

#[tokio::test]
async fn proxy_is_named_with_its_variable() {
    let url = "https://tke.example.invalid/";
    let port = closed_port().await;
    let refused = failure(url, Some(&format!("http://joe:hunter2@127.0.0.1:{port}"))).await;
    assert_eq!(refused.to_string(), format!("the proxy 127.0.0.1:{port} (from HTTPS_PROXY) refuses connections"));
    assert!(!refused.is_permanent());

    let port = server(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
    let wants = failure(url, Some(&format!("http://127.0.0.1:{port}"))).await;
    let expected = format!(
        "the proxy 127.0.0.1:{port} (from HTTPS_PROXY) requires authentication (407). Set it in HTTPS_PROXY: \
         http://user:password@127.0.0.1:{port}, "
    );
    assert!(wants.to_string().starts_with(&expected) && wants.is_permanent(), "{wants}");

    let port = server(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
    let forbids = failure(url, Some(&format!("http://127.0.0.1:{port}"))).await;
    let expected = format!("the proxy 127.0.0.1:{port} (from HTTPS_PROXY) does not connect to tke.example.invalid");
    assert_eq!(forbids.to_string(), expected);
}

#[tokio::test]
async fn server_failure_names_the_server() {
    let port = closed_port().await;
    let refused = failure(&format!("http://127.0.0.1:{port}"), None).await;
    assert_eq!(refused.to_string(), format!("127.0.0.1:{port} refuses connections"));
    assert_eq!(
        refused.after(6, Duration::from_secs(27)).to_string(),
        format!("127.0.0.1:{port} refuses connections (6 attempts in 27 seconds)")
    );

    let unknown = failure("https://no-such-host.invalid:8443", None).await;
    assert_eq!(unknown.to_string(), "the name no-such-host.invalid cannot be resolved");

    let port = server(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let plain = failure(&format!("https://127.0.0.1:{port}"), None).await;
    assert!(plain.to_string().starts_with(&format!("127.0.0.1:{port} does not speak TLS")), "{plain}");
    assert!(plain.is_permanent());

    let port = server(b"").await;
    let closed = failure(&format!("http://127.0.0.1:{port}"), None).await;
    assert_eq!(closed.to_string(), format!("127.0.0.1:{port} closed the connection"));
}

#[tokio::test]
async fn refused_certificate_is_explained() {
    let mut authority = params(&[]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name = rcgen::DistinguishedName::new();
    authority.distinguished_name.push(rcgen::DnType::CommonName, "Example Inspection CA");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut expired = params(&["127.0.0.1"]);
    (expired.not_before, expired.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 2, 3));
    let mut future = params(&["127.0.0.1"]);
    (future.not_before, future.not_after) = (date_time_ymd(2999, 1, 1), date_time_ymd(3000, 1, 1));
    let mut own = params(&["127.0.0.1"]);
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for (params, issuer, expected) in [
        (
            params(&["127.0.0.1"]),
            Some(&authority),
            "is signed by CN=Example Inspection CA, which is not trusted here; SSL_CERT_",
        ),
        (params(&["127.0.0.1"]), None, "is signed by itself"),
        (
            expired,
            Some(&authority),
            "the certificate of 127.0.0.1 expired on 2021-02-03T00:00:00Z; the clock of this machine says 20",
        ),
        (future, Some(&authority), "the certificate of 127.0.0.1 is valid from 2999-01-01T00:00:00Z on; the clock"),
        (own, None, "is a CA certificate (CA:TRUE), not a server certificate"),
    ] {
        let port = tls_server(params, issuer).await;
        let refused = failure(&format!("https://127.0.0.1:{port}"), None).await;
        assert!(refused.to_string().contains(expected) && refused.is_permanent(), "{expected}: {refused}");
    }
}
