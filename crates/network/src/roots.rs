//! The certificate authorities that are trusted: the operating system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.

use std::path::Path;
use std::sync::Arc;

use reqwest::{Client, ClientBuilder};
use rustls::{ClientConfig, RootCertStore};

use crate::certificate::ExplainingVerifier;

/// A client builder that verifies certificates, and explains refusals.
///
/// # Errors
///
/// `SSL_CERT_FILE` or `SSL_CERT_DIR` is unusable, or the system has no certificates.
pub fn client() -> Result<ClientBuilder, String> {
    Ok(Client::builder().tls_backend_preconfigured(tls_config()?))
}

/// A client builder for URLs that need no TLS, see [`Proxies::need_tls`](crate::Proxies::need_tls): it reads no certificates,
/// and trusts none.
pub fn plain_client() -> ClientBuilder {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider's cipher suites belong to its protocol versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(config)
}

/// The TLS configuration of [`client`].
///
/// # Errors
///
/// As [`client`].
fn tls_config() -> Result<ClientConfig, String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    for (name, check) in [("SSL_CERT_FILE", check_file as fn(&Path) -> _), ("SSL_CERT_DIR", check_directory)] {
        if let Some(value) = variable(name) {
            check(Path::new(&value))
                .map_err(|problem| format!("{name} is {value:?}, and {problem}. Correct the variable, or unset it"))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(&provider)).map_err(|_| {
        "the system has no CA certificates. Install the package ca-certificates, or name a PEM file in SSL_CERT_FILE"
            .to_owned()
    })?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(ExplainingVerifier(verifier)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The state of the variables, as a part of a message about an unknown authority.
pub(crate) fn state() -> String {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (set("SSL_CERT_FILE"), set("SSL_CERT_DIR")) {
        (Some(file), _) => match check_file(Path::new(&file)) {
            Ok(count) => format!("SSL_CERT_FILE is {file:?}, certificates in it: {count}"),
            Err(problem) => format!("SSL_CERT_FILE is {file:?}, and {problem}"),
        },
        (None, Some(directory)) => format!("SSL_CERT_DIR is {directory:?}"),
        (None, None) => "SSL_CERT_FILE is not set".to_owned(),
    }
}

/// The number of certificates in a PEM file.
fn check_file(path: &Path) -> Result<usize, String> {
    let content = std::fs::read(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    match count(&content) {
        0 => Err("the file has no certificate in PEM form".to_owned()),
        count => Ok(count),
    }
}

fn check_directory(path: &Path) -> Result<usize, String> {
    // A list of directories, as in PATH.
    let mut certificates = 0;
    for directory in std::env::split_paths(path) {
        let unreadable = |error| format!("the directory {} cannot be read: {error}", directory.display());
        for entry in std::fs::read_dir(&directory).map_err(unreadable)?.flatten() {
            certificates += std::fs::read(entry.path()).map_or(0, |content| count(&content));
        }
    }
    if certificates == 0 { Err("no file there has a certificate in PEM form".to_owned()) } else { Ok(certificates) }
}

fn count(content: &[u8]) -> usize {
    let marker = b"-----BEGIN CERTIFICATE-----";
    content.windows(marker.len()).filter(|window| window == marker).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_and_directory_must_have_a_certificate() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ca.pem");
        assert!(check_file(&file).unwrap_err().starts_with("the file cannot be read: "));
        std::fs::write(&file, "not PEM").unwrap();
        assert_eq!(check_file(&file).unwrap_err(), "the file has no certificate in PEM form");
        assert!(check_directory(directory.path()).is_err());
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n").unwrap();
        assert_eq!((check_file(&file), check_directory(directory.path())), (Ok(2), Ok(2)));
        assert!(check_directory(&file).is_err());
    }
}
