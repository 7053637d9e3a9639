//! Access: passwords, Docker's configuration, TLS, and messages of refusals.

use std::collections::BTreeMap;

use image_registry::{Config, Environment, Inspector, Login, Platform, Reference};

use crate::docker_registry::{DockerRegistry, PASSWORD, Setup, TAR_GZIP, USERNAME};
use crate::layers::{gzip, tar};

/// The outcome of inspecting `reference`: `ok`, or the error.
async fn outcome(config: Config, reference: Reference) -> String {
    let results = Inspector::new(config).inspect(std::slice::from_ref(&reference), &Platform::default()).await;
    match &results[0] {
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            let text = error.to_string();
            let start = format!("cannot inspect the image {reference} in the registry {}: ", reference.registry());
            assert!(
                text.starts_with(&start) && !text.contains(PASSWORD) && !format!("{error:?}").contains(PASSWORD),
                "{text}"
            );
            text[start.len()..].to_owned()
        }
    }
}

async fn registry_with_image(setup: Setup) -> DockerRegistry {
    let registry = DockerRegistry::start(setup).await;
    let layer = registry.push_blob("team/app", gzip(&tar(1, 100_000))).await;
    registry.push_image("team/app", "1", &[(layer, TAR_GZIP)], &[], false).await;
    registry
}

fn with_password(registry: &DockerRegistry, password: &str) -> Config {
    let login = Login { username: USERNAME.to_owned(), password: password.into() };
    Config { credentials: BTreeMap::from([(registry.host.clone(), login)]), ..registry.config() }
}

#[tokio::test]
async fn registry_requires_the_correct_password() {
    let registry = registry_with_image(Setup { htpasswd: true, tls: false }).await;
    let host = &registry.host;
    let reference = registry.reference("team/app:1");
    for (config, expected) in [
        (with_password(&registry, PASSWORD), "ok".to_owned()),
        (
            with_password(&registry, "wrong"),
            format!("{host} refuses access with the configured credentials: check the user name and password"),
        ),
        (registry.config(), format!("{host} refuses access without credentials, and none are configured for it")),
    ] {
        assert_eq!(outcome(config, reference.clone()).await, expected);
    }
}

#[tokio::test]
async fn password_from_dockers_configuration() {
    let registry = registry_with_image(Setup { htpasswd: true, tls: false }).await;
    let directory = tempfile::tempdir().unwrap();
    let text =
        format!(r#"{{"auths": {{"{}": {{"username": "{USERNAME}", "password": "{PASSWORD}"}}}}}}"#, registry.host);
    std::fs::write(directory.path().join("config.json"), text).unwrap();
    let path = directory.path().to_str().unwrap().to_owned();
    let config =
        Config { environment: Environment::from_iter([("DOCKER_CONFIG".to_owned(), path)]), ..registry.config() };
    assert_eq!(outcome(config, registry.reference("team/app:1")).await, "ok");
}

#[tokio::test]
async fn unverified_certificate_is_accepted_only_if_listed() {
    let registry = registry_with_image(Setup { htpasswd: true, tls: true }).await;
    let reference = registry.reference("team/app:1");
    let listed = with_password(&registry, PASSWORD);
    let unlisted = Config { skip_verify_hosts: ["other.example.com".to_owned()].into(), ..listed.clone() };
    let over_http =
        Config { http_hosts: [registry.host.clone()].into(), skip_verify_hosts: Default::default(), ..listed.clone() };
    assert_eq!(outcome(listed, reference.clone()).await, "ok");
    let refused = outcome(unlisted, reference.clone()).await;
    assert!(refused.contains("no response from") && refused.contains("certificate"), "{refused}");
    let refused = outcome(over_http, reference).await;
    assert!(refused.contains("responds with status 400"), "{refused}");
}

#[tokio::test]
async fn plain_http_is_used_only_if_listed() {
    let registry = registry_with_image(Setup::default()).await;
    let reference = registry.reference("team/app:1");
    assert_eq!(outcome(registry.config(), reference.clone()).await, "ok");
    let refused = outcome(Config::default(), reference).await;
    let expected = format!("no response from {0}: {0} does not speak TLS; ", registry.host);
    assert!(refused.starts_with(&expected), "{refused}");
}

#[tokio::test]
async fn missing_objects_are_named() {
    let registry = registry_with_image(Setup::default()).await;
    let host = &registry.host;
    let missing = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    for (name, expected) in [
        ("team/app:2", format!("{host} has no tag 2")),
        ("team/other:1", format!("{host} has no tag 1")),
        (&format!("team/app@{missing}"), format!("{host} has no manifest {missing}")),
    ] {
        let actual = outcome(registry.config(), registry.reference(name)).await;
        assert_eq!(actual, format!("{expected}, or these credentials may not read it"));
    }
    let unknown = outcome(Config::default(), Reference::parse("registry.invalid/a:1").unwrap()).await;
    assert!(unknown.starts_with("no response from registry.invalid: "), "{unknown}");
}

#[tokio::test]
async fn failed_image_does_not_stop_the_others() {
    let registry = registry_with_image(Setup::default()).await;
    let references = ["team/app:1", "team/app:2", "team/app:1"].map(|name| registry.reference(name));
    let results = registry.inspector().inspect(&references, &Platform::default()).await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
}
