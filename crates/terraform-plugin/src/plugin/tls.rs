//! Mutual TLS with Terraform only (go-plugin's AutoMTLS).
//!
//! Each side generates a certificate for this process and passes it in the handshake. So neither names nor chains are verified:
//! the client must present exactly the certificate from the environment, and prove that it has the key. Terraform's is a
//! self-signed P-521 certificate marked as a CA and used as an end entity. webpki's client verifier refuses that, and of the rustls
//! backends, only aws-lc-rs can verify a P-521 signature.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use tokio_rustls::TlsAcceptor;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("making a certificate for this process")]
    Certificate(#[from] rcgen::Error),
    #[error("setting up TLS")]
    Config(#[from] rustls::Error),
}

/// Generates a certificate for this process, and an acceptor that presents it and accepts only the holder of `client`.
///
/// The certificate uses P-256, which is fast to generate and to verify; Terraform accepts any curve.
pub(super) fn acceptor(client: CertificateDer<'static>) -> Result<(TlsAcceptor, CertificateDer<'static>), TlsError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    // Go verifies this name.
    let certificate = CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)?.der().clone();

    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(PinnedClient { certificate: client, provider: provider.clone() });
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
    // Recent versions of grpc-go refuse a server that does not negotiate HTTP/2.
    config.alpn_protocols = vec![b"h2".to_vec()];
    // The only connection is never resumed.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok((TlsAcceptor::from(Arc::new(config)), certificate))
}

/// Accepts clients with the key of one certificate.
#[derive(Debug)]
struct PinnedClient {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for PinnedClient {
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
