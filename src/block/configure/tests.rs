use super::*;
use crate::block::credentials::{AssumeRole, AssumeRoleWithWebIdentity};
use crate::block::endpoints::EndpointsConfig;
use crate::errors;
use tencentcloud::sts;
use terraform_plugin::diagnostics::Severity;

type Variables = [(&'static str, &'static str)];

fn environment(variables: &Variables) -> Environment {
    variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn known(text: &str) -> Attr<String> {
    Attr::from(text.to_owned())
}

fn block(change: impl FnOnce(&mut ProviderConfig)) -> ProviderConfig {
    let mut config = ProviderConfig::default();
    change(&mut config);
    config
}

fn own_endpoints(change: impl FnOnce(&mut EndpointsConfig)) -> ProviderConfig {
    let mut own = EndpointsConfig::default();
    change(&mut own);
    block(|config| config.endpoints = own.into())
}

/// The diagnostics of `configure`, and the provider if there is one.
fn configured(config: ProviderConfig, variables: &Variables) -> (Option<Session>, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    match configure(config, environment(variables), &mut diagnostics) {
        Ok(session) => (Some(session), diagnostics),
        Err(errors) => (None, errors),
    }
}

#[test]
fn endpoint_precedence() {
    let url = "TENCENTCLOUD_ENDPOINT_URL";
    let sts = "TENCENTCLOUD_ENDPOINT_URL_STS";
    for (config, variables, service, expected) in [
        (block(|_| ()), &[][..], "tke", "https://tke.tencentcloudapi.com/"),
        (block(|_| ()), &[], "metadata", "http://metadata.tencentyun.com/"),
        (
            block(|config| config.domain = known("intl.tencentcloudapi.com")),
            &[("TENCENTCLOUD_DOMAIN", "elsewhere.example.com"), ("TENCENTCLOUD_PROTOCOL", "HTTP")],
            "tke",
            "http://tke.intl.tencentcloudapi.com/",
        ),
        (
            block(|config| config.protocol = known("HTTPS")),
            &[("TENCENTCLOUD_DOMAIN", "ap-shanghai-fsi.tencentcloudapi.com"), ("TENCENTCLOUD_PROTOCOL", "HTTP")],
            "sts",
            "https://sts.ap-shanghai-fsi.tencentcloudapi.com/",
        ),
        (
            own_endpoints(|own| own.sts = known("http://a:1")),
            &[(sts, "http://b:1"), (url, "http://c:1")],
            "sts",
            "http://a:1/",
        ),
        (block(|_| ()), &[(sts, "http://b:1"), (url, "http://c:1")], "sts", "http://b:1/"),
        (block(|_| ()), &[(sts, "http://b:1"), (url, "http://c:1")], "tke", "http://c:1/"),
        (block(|_| ()), &[(url, "http://c:1")], "metadata", "http://c:1/"),
        (own_endpoints(|own| own.metadata = known("http://d:1")), &[(url, "http://c:1")], "metadata", "http://d:1/"),
        // One service's endpoint is not another's, and an empty variable is none.
        (own_endpoints(|own| own.tke = known("http://a:1")), &[(url, "")], "tcr", "https://tcr.tencentcloudapi.com/"),
    ] {
        let endpoints = endpoints::endpoints(&config, &environment(variables)).unwrap();
        assert_eq!(endpoints.url(service).unwrap().as_str(), expected, "{variables:?}");
    }
}

#[test]
fn endpoint_error_names_its_place() {
    for (config, variables, path, detail) in [
        (
            block(|config| config.protocol = known("ftp")),
            &[][..],
            "protocol",
            "protocol \"ftp\": expected HTTPS or HTTP.",
        ),
        (
            block(|_| ()),
            &[("TENCENTCLOUD_PROTOCOL", "ftp")],
            "",
            "In the variable TENCENTCLOUD_PROTOCOL: protocol \"ftp\": expected HTTPS or HTTP.",
        ),
        (
            block(|config| config.domain = known("https://x.example.com")),
            &[],
            "domain",
            "domain \"https://x.example.com\": expected a host name",
        ),
        (block(|_| ()), &[("TENCENTCLOUD_DOMAIN", "a b")], "", "In the variable TENCENTCLOUD_DOMAIN: domain \"a b\""),
        (
            own_endpoints(|own| own.tcr = known("tcr.internal")),
            &[],
            "endpoints.tcr",
            "endpoint of tcr \"tcr.internal\": the scheme is missing; write \"https://tcr.internal\".",
        ),
        (
            block(|_| ()),
            &[("TENCENTCLOUD_ENDPOINT_URL", "tke.example.com")],
            "",
            "In the variable TENCENTCLOUD_ENDPOINT_URL: endpoint of tke \"tke.example.com\": the scheme is missing; write \
             \"https://tke.example.com\".",
        ),
        (
            block(|_| ()),
            &[("TENCENTCLOUD_ENDPOINT_URL", "https://joe:secret@api.example.com")],
            "",
            "In the variable TENCENTCLOUD_ENDPOINT_URL: endpoint of tke: remove the user name and the password; expected",
        ),
        (
            own_endpoints(|own| own.tcr = known("https://joe:secret@tcr.internal")),
            &[],
            "",
            "endpoint of tcr: remove the user name and the password; expected",
        ),
        (
            block(|_| ()),
            &[("TENCENTCLOUD_ENDPOINT_URL_METADATA", "http://host/path")],
            "",
            "In the variable TENCENTCLOUD_ENDPOINT_URL_METADATA: endpoint of metadata",
        ),
    ] {
        let (session, diagnostics) = configured(config, variables);
        assert!(session.is_none(), "{detail}");
        let [error] = &diagnostics.iter().collect::<Vec<_>>()[..] else { panic!("{diagnostics:?}") };
        assert_eq!(error.path.to_string(), path, "{detail}");
        assert!(error.detail.contains(detail), "{}", error.detail);
        assert!(!error.detail.contains("secret"), "{}", error.detail);
    }
}

#[tokio::test]
async fn region_precedence() {
    let home = tempfile::tempdir().unwrap();
    let profile = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    profile("default.configure", r#"{"_sys_param": {"region": "ap-tokyo"}}"#);
    profile("broken.configure", "{\n\"_sys_param\"");
    let directory = || known(home.path().to_str().unwrap());
    let region = &[("TENCENTCLOUD_REGION", "ap-seoul")][..];
    let in_directory = |profile: Attr<String>| {
        block(|config| {
            config.shared_credentials_dir = directory();
            config.profile = profile;
        })
    };
    for (config, variables, expected) in [
        (block(|config| config.region = known("ap-guangzhou")), region, Ok(known("ap-guangzhou"))),
        (block(|config| config.region = Attr::Unknown), region, Ok(Attr::Unknown)),
        (in_directory(Attr::Null), region, Ok(known("ap-seoul"))),
        (in_directory(Attr::Null), &[], Ok(known("ap-tokyo"))),
        (in_directory(Attr::Unknown), region, Ok(known("ap-seoul"))),
        (in_directory(Attr::Unknown), &[], Ok(Attr::Unknown)),
        (in_directory(known("broken")), &[], Err("broken.configure:2: not valid JSON; correct this line")),
        (in_directory(known("missing")), &[], Err("Set region in the provider block, or TENCENTCLOUD_REGION")),
    ] {
        let (session, _) = configured(config, variables);
        match (session.unwrap().region().await, expected) {
            (Ok(region), Ok(expected)) => assert_eq!(region, expected),
            (Err(errors), Err(expected)) => {
                let error = errors.iter().next().unwrap();
                assert!(error.detail.contains(expected), "{}", error.detail);
            }
            (region, expected) => panic!("{region:?} instead of {expected:?}"),
        }
    }
}

/// No call is made: the endpoint refuses connections, which would be a different error.
#[tokio::test]
async fn unknown_argument_is_an_error_only_in_a_call() {
    let role = AssumeRole { role_arn: Attr::Unknown, ..Default::default() };
    let identity = AssumeRoleWithWebIdentity { web_identity_token: Attr::Unknown, ..Default::default() };
    for (argument, config) in [
        ("secret_key", block(|config| config.secret_key = Attr::Unknown)),
        ("profile", block(|config| config.profile = Attr::Unknown)),
        ("assume_role", block(|config| config.assume_role = Attr::Unknown)),
        ("assume_role", block(|config| config.assume_role = role.into())),
        ("assume_role_with_web_identity", block(|config| config.assume_role_with_web_identity = identity.into())),
        ("domain", block(|config| config.domain = Attr::Unknown)),
        ("endpoints", own_endpoints(|own| own.tke = Attr::Unknown)),
    ] {
        let variables = [
            ("TENCENTCLOUD_SECRET_ID", "id"),
            ("TENCENTCLOUD_SECRET_KEY", "key"),
            ("TENCENTCLOUD_ENDPOINT_URL", "http://127.0.0.1:9"),
        ];
        let (session, diagnostics) = configured(config, &variables);
        assert_eq!(diagnostics, Diagnostics::default(), "{argument}");
        let error = session.unwrap().client.send("ap-guangzhou", &sts::GetCallerIdentity {}).await.unwrap_err();
        let text = errors::chain(&error);
        let expected = format!(
            "GetCallerIdentity: cannot be called yet: {argument} of the provider block is known only after apply"
        );
        assert!(text.starts_with(&expected) && text.ends_with("`terraform apply -target`"), "{text}");
    }
}

#[test]
fn overridden_argument_is_a_warning_at_the_argument() {
    let keys = &[("TENCENTCLOUD_SECRET_ID", "id"), ("TENCENTCLOUD_SECRET_KEY", "key")][..];
    let profile = || block(|config| config.profile = known("ci"));
    let both = block(|config| {
        config.secret_id = known("id");
        config.secret_key = Attr::Known("key".into());
        config.profile = known("ci");
        config.cam_role_name = known("builder");
    });
    for (config, variables, source, expected) in [
        (profile(), keys, "environment", &["profile"][..]),
        (both, keys, "provider block", &["profile", "cam_role_name"]),
        (block(|config| config.assume_role = AssumeRole::default().into()), keys, "", &[]),
        (profile(), &[], "", &[]),
        // An incomplete pair overrides nothing: it is an error when it is used.
        (profile(), &keys[..1], "", &[]),
    ] {
        let (_, diagnostics) = configured(config, variables);
        let paths: Vec<_> = diagnostics.iter().map(|warning| warning.path.to_string()).collect();
        assert_eq!(paths, expected);
        for warning in diagnostics.iter() {
            assert_eq!(warning.severity, Severity::Warning);
            assert!(
                warning.detail.contains(&format!("The keys of the {source} take precedence")),
                "{}",
                warning.detail
            );
        }
    }
}

#[test]
fn financial_region_without_domain_is_a_warning() {
    let region = |config: &mut ProviderConfig| config.region = known("ap-shanghai-fsi");
    for (config, variables, expected) in [
        (block(region), &[][..], 1),
        (block(|_| ()), &[("TENCENTCLOUD_REGION", "ap-shenzhen-fsi")], 1),
        (block(|config| config.region = known("ap-guangzhou")), &[], 0),
        (block(region), &[("TENCENTCLOUD_DOMAIN", "ap-shanghai-fsi.tencentcloudapi.com")], 0),
        (block(region), &[("TENCENTCLOUD_ENDPOINT_URL", "http://127.0.0.1:9")], 0),
        (
            block(|config| {
                region(config);
                config.domain = known("ap-shanghai-fsi.tencentcloudapi.com");
            }),
            &[],
            0,
        ),
    ] {
        let (_, diagnostics) = configured(config, variables);
        assert_eq!(diagnostics.iter().count(), expected, "{diagnostics:?}");
        assert!(diagnostics.iter().all(|one| one.severity == Severity::Warning && one.detail.contains("domain")));
    }
}

#[test]
fn unusual_region_of_the_environment_is_a_warning() {
    let own = |config: &mut ProviderConfig| config.region = known("ap-guangzhou");
    for (config, variable, expected) in
        [(block(|_| ()), "ap-guangzhou-3", 1), (block(|_| ()), "ap-guangzhou", 0), (block(own), "guangzhou", 0)]
    {
        let (_, diagnostics) = configured(config, &[("TENCENTCLOUD_REGION", variable)]);
        let warnings: Vec<_> = diagnostics.iter().map(|warning| warning.summary.as_str()).collect();
        assert_eq!(warnings, vec!["Unusual region"; expected], "{variable}");
        assert!(diagnostics.iter().all(|warning| warning.detail.starts_with("TENCENTCLOUD_REGION: ")));
    }
}
