//! The handshake: the environment with which Terraform starts a plugin, and the line that the plugin prints.
//!
//! Pure: environment in, [`Invitation`] out; address in, line out. Names and rules are go-plugin's:
//! <https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md>. `PLUGIN_UNIX_SOCKET_GROUP` and `PLUGIN_MULTIPLEX_GRPC`
//! are not supported, because Terraform sets neither.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The magic cookie, the same in Terraform and OpenTofu. It detects that a user started the program directly; it is not secret.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// go-plugin's own version.
const CORE_PROTOCOL: u8 = 1;

/// The supported plugin protocol. `PLUGIN_PROTOCOL_VERSIONS` of the client is ignored: a client that does not support the
/// version reports a better error than this process could.
pub(super) const PROTOCOL: u8 = 6;

/// Terraform's parameters for the plugin's listener.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invitation {
    /// The client certificate to accept; `None` if Terraform runs with `TF_DISABLE_PLUGIN_TLS`.
    pub client_certificate: Option<CertificateDer<'static>>,
    /// The directory of the socket, instead of the temporary directory.
    pub socket_dir: Option<PathBuf>,
    /// TCP ports to choose from; `0..=0` leaves the choice to the system.
    pub ports: RangeInclusive<u16>,
}

/// Why this process does not serve.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error(
        "This is a Terraform provider, which Terraform starts. Add it to required_providers and run terraform init. To attach a \
        debugger, run it with --debug."
    )]
    NotTerraform,
    #[error("PLUGIN_CLIENT_CERT does not contain a certificate in PEM form")]
    ClientCertificate,
}

impl Invitation {
    /// Reads the environment through `env`, usually [`std::env::var_os`].
    ///
    /// # Errors
    ///
    /// This is not Terraform's environment, or its client certificate is invalid: serving without it would accept any local
    /// process.
    pub fn from_env(env: impl Fn(&str) -> Option<OsString>) -> Result<Self, HandshakeError> {
        if env(COOKIE.0).is_none_or(|cookie| cookie != COOKIE.1) {
            return Err(HandshakeError::NotTerraform);
        }
        let set = |name| env(name).filter(|value| !value.is_empty());
        let client_certificate = set("PLUGIN_CLIENT_CERT")
            .map(|pem| CertificateDer::from_pem_slice(pem.as_encoded_bytes()))
            .transpose()
            .map_err(|_| HandshakeError::ClientCertificate)?;
        let port = |name| set(name).and_then(|value| value.to_str()?.parse::<u16>().ok());
        let ports = match (port("PLUGIN_MIN_PORT"), port("PLUGIN_MAX_PORT")) {
            (Some(min), Some(max)) if min <= max => min..=max,
            _ => 0..=0,
        };
        Ok(Self { client_certificate, socket_dir: set("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from), ports })
    }
}

/// The line for Terraform, without the line break: the address of this process, and its certificate.
pub(super) fn line(network: &str, address: &str, certificate: Option<&CertificateDer<'_>>) -> String {
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    format!("{CORE_PROTOCOL}|{PROTOCOL}|{network}|{address}|grpc|{certificate}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";

    fn invitation(env: &[(&str, &str)]) -> Result<Invitation, HandshakeError> {
        Invitation::from_env(|name| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn missing_cookie_is_an_error() {
        for env in [&[][..], &[("TF_PLUGIN_MAGIC_COOKIE", "")], &[("TF_PLUGIN_MAGIC_COOKIE", "d602")]] {
            assert_eq!(invitation(env), Err(HandshakeError::NotTerraform), "{env:?}");
        }
    }

    #[test]
    fn environment_configures_the_listener() {
        let plain = || Invitation { client_certificate: None, socket_dir: None, ports: 0..=0 };
        let ports = |ports| Invitation { ports, ..plain() };
        for (env, expected) in [
            (&[][..], plain()),
            (&[("PLUGIN_PROTOCOL_VERSIONS", "5")], plain()),
            (&[("PLUGIN_CLIENT_CERT", ""), ("PLUGIN_UNIX_SOCKET_DIR", "")], plain()),
            (&[("PLUGIN_CLIENT_CERT", PEM)], Invitation { client_certificate: Some(vec![1, 2, 3].into()), ..plain() }),
            (&[("PLUGIN_UNIX_SOCKET_DIR", "/run/x")], Invitation { socket_dir: Some("/run/x".into()), ..plain() }),
            (&[("PLUGIN_MIN_PORT", "10000"), ("PLUGIN_MAX_PORT", "25000")], ports(10000..=25000)),
            (&[("PLUGIN_MIN_PORT", "9"), ("PLUGIN_MAX_PORT", "8")], plain()),
            (&[("PLUGIN_MIN_PORT", "-1"), ("PLUGIN_MAX_PORT", "70000")], plain()),
        ] {
            let env = [&[COOKIE], env].concat();
            assert_eq!(invitation(&env), Ok(expected), "{env:?}");
        }
    }

    #[test]
    fn invalid_client_certificate_is_an_error() {
        for pem in
            ["x", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n"]
        {
            assert_eq!(invitation(&[COOKIE, ("PLUGIN_CLIENT_CERT", pem)]), Err(HandshakeError::ClientCertificate));
        }
    }

    #[test]
    fn line_has_six_fields_and_an_unpadded_certificate() {
        let der = CertificateDer::from(vec![251, 255, 190, 1]);
        for (line, expected) in [
            (line("unix", "/tmp/eks-1/s", Some(&der)), "1|6|unix|/tmp/eks-1/s|grpc|+/++AQ"),
            (line("tcp", "127.0.0.1:10000", None), "1|6|tcp|127.0.0.1:10000|grpc|"),
        ] {
            assert_eq!(line, expected);
        }
    }
}
