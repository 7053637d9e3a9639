//! Connections to the API: proxies, private certificate authorities, the hosts of other sites.

mod proxy;
mod situations;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tencentcloud_simulator::KeyPair;

pub use self::proxy::Proxy;
use super::{look_at_a_cache, no_keys, shown_secret, signer};
use crate::harness::config::{PROVIDER, REGION};
use crate::harness::tls::TlsFront;
use crate::harness::workspace::Workspace;

/// The hosts of the mainland, the international and a financial site.
const DOMAINS: [&str; 3] = ["tencentcloudapi.com", "intl.tencentcloudapi.com", "ap-shanghai-fsi.tencentcloudapi.com"];

/// A workspace whose HTTPS connections go through `proxy` to `front`.
fn behind(proxy: &Proxy, front: &TlsFront) -> Workspace {
    let mut workspace = Workspace::new();
    front.forward_to(workspace.cloud.endpoint().trim_start_matches("http://").parse().unwrap());
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", "");
    workspace.environment("HTTPS_PROXY", &proxy.url());
    workspace.environment("TF_LOG", "TRACE");
    front.trust(&mut workspace);
    workspace
}

#[test]
fn each_site_has_its_hosts_behind_a_proxy_and_a_private_ca() {
    for domain in DOMAINS {
        let front = TlsFront::start(&[format!("sts.{domain}"), format!("tke.{domain}")]);
        let proxy = Proxy::to(front.address);
        let mut workspace = behind(&proxy, &front);
        workspace.environment("TENCENTCLOUD_DOMAIN", domain);
        workspace.environment("TENCENTCLOUD_ASSUME_ROLE_ARN", "qcs::cam::uin/100000000001:roleName/ci");
        let id = look_at_a_cache(&workspace);

        let run = workspace.plan();
        assert_eq!(shown_secret(&workspace, &run), None);
        run.succeeds();
        let heads = proxy.heads();
        let targets: Vec<_> = heads.iter().filter_map(|head| head.split(' ').nth(1)).collect();
        assert_eq!(targets, [format!("sts.{domain}:443"), format!("tke.{domain}:443")]);
        let login = STANDARD.encode("ci:proxy-secret");
        assert!(heads.iter().all(|head| head.contains(&login)), "{heads:?}");
        assert_eq!(workspace.cloud.count("DescribeImageCaches"), 1);
        workspace.cloud.delete_cache(REGION, &id);
    }
}

#[test]
fn certificate_of_an_unknown_ca_is_explained() {
    let front = TlsFront::start(&["tke.tencentcloudapi.com".to_owned()]);
    let mut workspace = behind(&Proxy::to(front.address), &front);
    TlsFront::start(&[]).trust(&mut workspace);
    workspace.provider(&format!("{PROVIDER}\n  max_retries = 0"));
    let id = look_at_a_cache(&workspace);
    let run = workspace.plan();
    assert_eq!(shown_secret(&workspace, &run), None);
    run.error().says(&[
        "no connection to tke.tencentcloudapi.com",
        "is signed by CN=CA of",
        "SSL_CERT_FILE is",
        "certificates in it: 1",
    ]);
    workspace.cloud.delete_cache(REGION, &id);
}

/// Another machine's metadata would be another machine's identity.
#[test]
fn http_proxy_applies_except_to_no_proxy_and_metadata() {
    for (no_proxy, expected) in [("", &["POST"][..]), ("127.0.0.1", &[])] {
        let mut workspace = Workspace::new();
        no_keys(&mut workspace);
        workspace.cloud.set_instance_role(Some("builder"));
        let proxy = Proxy::before(&workspace.cloud);
        workspace.environment("HTTP_PROXY", &proxy.url());
        workspace.environment("NO_PROXY", no_proxy);
        let id = look_at_a_cache(&workspace);
        workspace.plan().succeeds();
        let heads = proxy.heads();
        let methods: Vec<_> = heads.iter().filter_map(|head| head.split(' ').next()).collect();
        assert_eq!(methods, expected, "{no_proxy:?}");
        assert_eq!(workspace.cloud.count("metadata"), 2);
        workspace.cloud.delete_cache(REGION, &id);
    }
}

#[test]
fn proxy_error_hides_the_password() {
    for (variable, endpoint, said) in [
        ("HTTP_PROXY", "http://tke.internal", "requires authentication (407)"),
        ("HTTPS_PROXY", "https://tke.internal", "requires authentication (407)"),
    ] {
        let mut workspace = Workspace::new();
        let proxy = Proxy::refusing();
        workspace.environment(variable, &proxy.url());
        workspace.environment("TENCENTCLOUD_ENDPOINT_URL", endpoint);
        workspace.environment("TF_LOG", "TRACE");
        workspace.provider(&format!("{PROVIDER}\n  max_retries = 0"));
        let id = look_at_a_cache(&workspace);
        let run = workspace.plan();
        assert_eq!(shown_secret(&workspace, &run), None, "{variable}");
        run.error().says(&["DescribeImageCaches", said]);
        assert_eq!((proxy.heads().len(), workspace.cloud.requests().len()), (1, 0), "{variable}");
        workspace.cloud.delete_cache(REGION, &id);
    }
}

#[test]
fn one_service_can_have_its_own_endpoint() {
    let mut workspace = Workspace::new();
    let endpoint = workspace.cloud.endpoint();
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL", "http://127.0.0.1:9");
    workspace.environment("TENCENTCLOUD_ENDPOINT_URL_STS", &endpoint);
    workspace.environment("TENCENTCLOUD_ASSUME_ROLE_ARN", "qcs::cam::uin/100000000001:roleName/ci");
    workspace.provider(&format!("{PROVIDER}\n  endpoints = {{ tke = {endpoint:?} }}"));
    let id = look_at_a_cache(&workspace);
    workspace.plan().succeeds();
    let by: Vec<_> = workspace.cloud.requests().iter().map(signer).collect();
    assert_eq!(by, [KeyPair::default().secret_id, "session".to_owned()]);
    workspace.cloud.delete_cache(REGION, &id);
}
