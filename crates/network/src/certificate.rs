//! Diagnoses of refused server certificates: subject, issuer, validity period and names.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate, X509Name};

use crate::roots;

/// The system's verifier, with errors that describe the certificate.
#[derive(Debug)]
pub(crate) struct ExplainingVerifier(pub rustls_platform_verifier::Verifier);

/// A refused certificate. `Display` writes the whole diagnosis.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl ServerCertVerifier for ExplainingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            Error::InvalidCertificate(error) => {
                let refused = Refused(explain(&error, end_entity, intermediates, &server_name.to_str(), now));
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

fn explain(
    error: &CertificateError,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    host: &str,
    now: UnixTime,
) -> String {
    let Ok((_, certificate)) = X509Certificate::from_der(end_entity) else {
        return format!("the certificate of {host} cannot be read");
    };
    let (subject, issuer) = (name(certificate.subject()), name(certificate.issuer()));
    let is_authority = certificate.basic_constraints().ok().flatten().is_some_and(|constraints| constraints.value.ca);
    let clock = time(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    let validity = certificate.validity();
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!(
            "the certificate of {host} expired on {}; the clock of this machine says {clock}",
            time(validity.not_after.timestamp())
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => format!(
            "the certificate of {host} is valid from {} on; the clock of this machine says {clock}",
            time(validity.not_before.timestamp())
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the certificate is not for {host}, but for {}", names(&certificate))
        }
        _ if is_authority => format!(
            "the certificate of {host} is a CA certificate (CA:TRUE), not a server certificate. The server needs a \
            certificate for its name, signed by {subject}"
        ),
        CertificateError::UnknownIssuer => {
            let authority = intermediates.last().and_then(|last| X509Certificate::from_der(last).ok());
            let authority = authority.map_or_else(|| issuer.clone(), |(_, last)| name(last.issuer()));
            let by = if authority == subject { "itself".to_owned() } else { authority };
            format!(
                "the certificate of {host} ({subject}) is signed by {by}, which is not trusted here; {}. If that is your \
                organization's CA, add its certificate to the system's trust store, or to a PEM file named in SSL_CERT_FILE",
                roots::state()
            )
        }
        CertificateError::Revoked => format!("the certificate of {host} ({subject}) is revoked"),
        CertificateError::BadSignature => format!("the certificate of {host} ({subject}) has an invalid signature"),
        _ => format!("the certificate of {host} ({subject}, signed by {issuer}) is not valid for a server"),
    }
}

fn name(name: &X509Name<'_>) -> String {
    safe_text::quote(&name.to_string(), 200)
}

/// The names that a certificate is for.
fn names(certificate: &X509Certificate<'_>) -> String {
    let names = certificate.subject_alternative_name().ok().flatten();
    let names: Vec<_> = names
        .iter()
        .flat_map(|names| &names.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(safe_text::quote(name, 100)),
            GeneralName::IPAddress([a, b, c, d]) => Some(format!("{a}.{b}.{c}.{d}")),
            _ => None,
        })
        .take(10)
        .collect();
    if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") }
}

/// Seconds since 1970 as a date.
fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| "an unrepresentable date".to_owned(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_mismatch_lists_the_names() {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = ["a.example.com".to_owned(), "*.b.example.com".to_owned(), "10.0.0.1".to_owned()];
        for (names, expected) in
            [(names.to_vec(), "a.example.com, *.b.example.com, 10.0.0.1"), (Vec::new(), "no name at all")]
        {
            let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
            let now = UnixTime::now();
            let text = explain(&CertificateError::NotValidForName, certificate.der(), &[], "tke.example.com", now);
            assert_eq!(text, format!("the certificate is not for tke.example.com, but for {expected}"));
        }
    }
}
