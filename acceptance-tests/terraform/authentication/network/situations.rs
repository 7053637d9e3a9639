//! Connection problems of new users with the API, STS or a registry: each with a local socket, and each of the three clients.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConnection;

use crate::harness::config::PROVIDER;
use crate::harness::requirements::skip;
use crate::harness::run::Run;
use crate::harness::tls::server_config;
use crate::harness::workspace::Workspace;

/// Time limit from the first connection to the end of the run. An immediate error takes a fraction; five attempts take 20
/// seconds.
const AT_ONCE: Duration = Duration::from_secs(5);

/// The client whose server has the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    Api,
    Sts,
    Registry,
}

const CLIENTS: [Client; 3] = [Client::Api, Client::Sts, Client::Registry];

/// A server at a local socket.
struct Peer {
    port: u16,
    connections: Arc<AtomicUsize>,
    first: Arc<std::sync::OnceLock<Instant>>,
}

impl Peer {
    fn start(serve: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = Self { port, connections: Arc::default(), first: Arc::default() };
        let (connections, first) = (Arc::clone(&peer.connections), Arc::clone(&peer.first));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                first.get_or_init(Instant::now);
                connections.fetch_add(1, Ordering::Relaxed);
                serve(stream);
            }
        });
        peer
    }

    /// A server that responds to each request with these bytes.
    fn responding(response: &'static str) -> Self {
        Self::start(move |mut stream| {
            let mut request = [0; 16 << 10];
            // The client may have disconnected.
            let _ = stream.read(&mut request).and_then(|_| stream.write_all(response.as_bytes()));
        })
    }

    /// A TLS server with a certificate of `params`, signed by `issuer`.
    fn with_certificate(params: CertificateParams, issuer: Option<&CertifiedIssuer<'_, KeyPair>>) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = match issuer {
            Some(issuer) => params.signed_by(&key, issuer).unwrap(),
            None => params.self_signed(&key).unwrap(),
        };
        let config = server_config(&certificate, &key);
        Self::start(move |mut stream| {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let _ = connection.complete_io(&mut stream);
        })
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn closed_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A workspace whose plan needs the client's server at `base`, such as `https://127.0.0.1:443`.
fn workspace(client: Client, base: &str, variables: &[(&str, &str)], retries: u32) -> Workspace {
    let mut workspace = Workspace::new();
    workspace.provider(&format!("{PROVIDER}\n  max_retries = {retries}"));
    workspace.environment("TF_LOG", "INFO");
    for (name, value) in variables {
        workspace.environment(name, value);
    }
    let (scheme, host) = base.split_once("://").unwrap();
    match client {
        Client::Api => workspace.environment("TENCENTCLOUD_ENDPOINT_URL", base),
        Client::Sts => {
            workspace.environment("TENCENTCLOUD_ENDPOINT_URL_STS", base);
            workspace.environment("TENCENTCLOUD_ASSUME_ROLE_ARN", "qcs::cam::uin/100000000001:roleName/ci");
        }
        Client::Registry => {}
    }
    let http = if scheme == "http" { format!("[{host:?}]") } else { "[]".to_owned() };
    workspace.write(match client {
        Client::Api | Client::Sts => "data \"eks_image_caches\" \"all\" {}\n".to_owned(),
        Client::Registry => format!(
            "data \"eks_pod_disk\" \"app\" {{\n  images                      = [\"{host}/team/app:1\"]\n  \
             registry_http_endpoint_list = {http}\n}}\n"
        ),
    });
    workspace
}

fn plan(client: Client, base: &str, variables: &[(&str, &str)], retries: u32) -> Run {
    workspace(client, base, variables, retries).plan().fails()
}

/// Asserts that the only error contains each of `parts`, after the given number of connections, and soon after the first.
fn says(what: &str, client: Client, run: &Run, peer: Option<(&Peer, usize)>, parts: &[&str]) {
    let error = run.error();
    let text = format!("{}\n{}", error.summary, error.detail);
    for part in parts {
        assert!(text.contains(part), "{what}, {client:?}: no {part:?} in: {text}");
    }
    assert!(!text.contains("hunter2") && !run.stderr.contains("hunter2"), "{what}, {client:?}: {run}");
    if let Some((peer, connections)) = peer {
        let elapsed = peer.first.get().expect("the peer was called").elapsed();
        assert!(elapsed < AT_ONCE, "{what}, {client:?}: {elapsed:?}");
        assert_eq!(peer.connections.load(Ordering::Relaxed), connections, "{what}, {client:?}: {text}");
    }
}

/// The advice if the API, or a registry, cannot be reached.
fn advice(client: Client, of_api: &'static str, of_registry: &'static str) -> &'static str {
    if client == Client::Registry { of_registry } else { of_api }
}

#[test]
fn proxy_is_named_with_its_variable() {
    for client in CLIENTS {
        let port = closed_port();
        let proxy = format!("http://joe:hunter2@127.0.0.1:{port}");
        let run = plan(client, "https://tke.example.com", &[("HTTPS_PROXY", &proxy)], 1);
        let refuses = format!("the proxy 127.0.0.1:{port} (from HTTPS_PROXY) refuses connections");
        let attempts = advice(client, "(2 attempts in ", "NO_PROXY");
        says("refuses", client, &run, None, &[&refuses, attempts, "tke.example.com"]);
        let logged = run.stderr.contains("the call failed; retrying after a pause");
        assert!(logged || client == Client::Registry, "{run}");

        let peer = Peer::responding("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        let proxy = format!("http://joe:hunter2@{}", peer.host());
        let run = plan(client, "https://tke.example.com", &[("https_proxy", &proxy)], 5);
        let requires = format!("the proxy {} (from https_proxy) requires authentication (407)", peer.host());
        let form = format!("Set it in https_proxy: http://user:password@{}", peer.host());
        says("407", client, &run, Some((&peer, 1)), &[&requires, &form]);

        let run = plan(client, "https://tke.example.com", &[("HTTPS_PROXY", "joe:hunter2 @")], 5);
        says("not a URL", client, &run, None, &["HTTPS_PROXY is not the URL of a proxy", "http://host:port"]);
    }
}

#[test]
fn server_failure_names_the_server() {
    for client in CLIENTS {
        let host = format!("127.0.0.1:{}", closed_port());
        let attempts = advice(client, "(2 attempts in ", "registry_mirrors");
        let refuses = format!("{host} refuses connections");
        says("refuses", client, &plan(client, &format!("http://{host}"), &[], 1), None, &[&refuses, attempts]);

        let run = plan(client, "https://no-such-host.invalid", &[], 1);
        says("no name", client, &run, None, &["the name no-such-host.invalid cannot be resolved", attempts]);

        let peer = Peer::responding("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        let run = plan(client, &format!("https://{}", peer.host()), &[], 5);
        let not_tls = format!("{} does not speak TLS", peer.host());
        let cure = advice(client, "its URL begins with http://", "registry_http_endpoint_list");
        says("no TLS", client, &run, Some((&peer, 1)), &[&not_tls, cure]);
    }
}

#[test]
fn html_page_is_an_immediate_error() {
    const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 17\r\n\r\n<html>busy</html>";
    for client in CLIENTS {
        let cure = advice(client, "Check endpoints and domain", "Check the registry's name");
        for (response, status) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n<html>Log in</html>", ""),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n<html>Log in</html>", "status 404"),
            ("HTTP/1.1 403 Forbidden\r\nContent-Length: 19\r\n\r\n<html>Log in</html>", "status 403"),
        ] {
            let is_access = client == Client::Registry && status.ends_with("403");
            let peer = Peer::responding(response);
            let run = plan(client, &format!("http://{}", peer.host()), &[], 5);
            let parts = [status, "<html>Log in</html>", cure, "the network shows a login page"];
            let parts = if is_access { &["refuses access"][..] } else { &parts[..] };
            says(response, client, &run, Some((&peer, 1)), parts);
        }
        let peer = Peer::responding(BUSY);
        let run = plan(client, &format!("http://{}", peer.host()), &[], 1);
        let attempts = advice(client, "(2 attempts in ", "");
        let parts = ["503 Service Unavailable", "or a proxy in front of it, is down. Apply again later", attempts];
        says("503", client, &run, None, &parts);
        assert!(peer.connections.load(Ordering::Relaxed) >= 2, "a 503 is repeated");
    }
}

#[test]
fn refused_certificate_is_an_immediate_error() {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Example Inspection CA");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let params = |name: &str| CertificateParams::new([name.to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let pem = directory.path().join("ca.pem");
    fs::write(&pem, authority.pem()).unwrap();
    let trusted = [("SSL_CERT_FILE", pem.to_str().unwrap())];
    for client in CLIENTS {
        let cure = advice(client, "", "registry_skip_verify_list");
        let mut expired = params("127.0.0.1");
        (expired.not_before, expired.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 2, 3));
        let mut own = params("127.0.0.1");
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        for (params, issuer, variables, parts) in [
            (
                params("127.0.0.1"),
                Some(&authority),
                &[][..],
                &["is signed by CN=Example Inspection CA", "SSL_CERT_FILE is not set"][..],
            ),
            (params("127.0.0.1"), None, &trusted, &["is signed by itself", "certificates in it: 1"]),
            (own, None, &trusted, &["is a CA certificate (CA:TRUE), not a server certificate"]),
            (
                expired,
                Some(&authority),
                &trusted,
                &["expired on 2021-02-03T00:00:00Z", "the clock of this machine says"],
            ),
            (params("a.example.com"), Some(&authority), &trusted, &["not for 127.0.0.1, but for a.example.com"]),
        ] {
            let peer = Peer::with_certificate(params, issuer);
            let run = plan(client, &format!("https://{}", peer.host()), variables, 5);
            says(parts[0], client, &run, Some((&peer, 1)), &[parts, &[cure]].concat());
        }
    }
}

#[test]
fn invalid_certificate_variable_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("empty.pem"), "").unwrap();
    fs::create_dir(path("empty")).unwrap();
    for client in CLIENTS {
        for (variable, value, problem) in [
            ("SSL_CERT_FILE", path("missing.pem"), "the file cannot be read: No such file"),
            ("SSL_CERT_FILE", path("empty"), "the file cannot be read: Is a directory"),
            ("SSL_CERT_FILE", path("empty.pem"), "the file has no certificate in PEM form"),
            ("SSL_CERT_FILE", path("empty.pem/x"), "the file cannot be read: Not a directory"),
            ("SSL_CERT_DIR", path("missing"), "cannot be read: No such file"),
            ("SSL_CERT_DIR", path("empty.pem"), "cannot be read: Not a directory"),
            ("SSL_CERT_DIR", path("empty"), "no file there has a certificate in PEM form"),
        ] {
            let run = plan(client, "https://127.0.0.1:9", &[(variable, &value)], 5);
            let named = format!("{variable} is {value:?}");
            says(problem, client, &run, None, &[&named, problem, "Correct the variable, or unset it"]);
        }
    }
}

/// Has the client of `workspace` run where no authority's certificate is installed, as in a minimal container. Returns whether
/// it can: that takes the right to mount a file system.
fn hide_certificates(workspace: &mut Workspace) -> bool {
    let script = format!(
        "#!/bin/sh\nexec unshare --mount --map-root-user /bin/sh -c '\n\
         for store in /etc/ssl /etc/pki /etc/security/certificates /opt/etc/ssl; do\n  \
         [ ! -d $store ] || mount -t tmpfs none $store || exit\ndone\nexec \"$@\"' sh {} \"$@\"\n",
        workspace.client.display()
    );
    workspace.client = workspace.path("client");
    fs::write(&workspace.client, script).unwrap();
    fs::set_permissions(&workspace.client, fs::Permissions::from_mode(0o700)).unwrap();
    workspace.run(&["version"]).exit_code() == Some(0)
}

#[test]
fn machine_without_certificates_uses_plain_http() {
    for client in CLIENTS {
        let peer = Peer::responding("HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n<html>Log in</html>");
        for (base, peer, parts) in [
            (format!("http://{}", peer.host()), Some((&peer, 1)), &["<html>Log in</html>"][..]),
            (
                "https://127.0.0.1:9".to_owned(),
                None,
                &["the system has no CA certificates", "Install the package ca-certificates", "SSL_CERT_FILE"],
            ),
        ] {
            let mut workspace = workspace(client, &base, &[], 5);
            if !hide_certificates(&mut workspace) {
                return skip(None, "no file system can be mounted here");
            }
            says(&base, client, &workspace.plan().fails(), peer, parts);
        }
    }
}

/// A machine without certificates can use plain HTTP.
#[test]
fn plain_http_needs_no_certificates() {
    for client in CLIENTS {
        let peer = Peer::responding("HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n<html>Log in</html>");
        let variables = [("SSL_CERT_FILE", "/no/such/file.pem")];
        let run = plan(client, &format!("http://{}", peer.host()), &variables, 5);
        says("plain HTTP", client, &run, Some((&peer, 1)), &["<html>Log in</html>"]);
    }
}
