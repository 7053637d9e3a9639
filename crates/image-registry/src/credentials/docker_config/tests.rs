use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A directory with a configuration and a helper program `docker-credential-test`, and the environment for both.
struct Fixture {
    directory: tempfile::TempDir,
    environment: Environment,
}

impl Fixture {
    fn new(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().to_str().unwrap().to_owned();
        std::fs::write(directory.path().join("config.json"), config).unwrap();
        let environment = Environment::from_iter([
            ("DOCKER_CONFIG".to_owned(), home.clone()),
            ("PATH".to_owned(), format!("{home}:/bin")),
        ]);
        Self { directory, environment }
    }

    fn with_program(self, script: &str) -> Self {
        let path = self.directory.path().join("docker-credential-test");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    async fn find(&self, registry: &str) -> String {
        match super::super::find(registry, "team/app", &self.environment).await {
            Ok(None) => "anonymous".to_owned(),
            Ok(Some(Credential::IdentityToken(token))) => format!("token {}", token.expose_secret()),
            Ok(Some(Credential::Login(login))) => format!("{} {}", login.username, login.password.expose_secret()),
            Err(error) => error.to_string(),
        }
    }
}

#[tokio::test]
async fn file_has_credentials() {
    let fixture = Fixture::new(
        r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "aHViOnA6dw=="},
            "r.io:5000": {"username": "u", "password": "p"},
            "token.io": {"auth": "dTpw", "identitytoken": "refresh"},
            "empty.io": {},
            "bad.io": {"auth": "%%%"},
            "nocolon.io": {"auth": "YWJj"}}}"#,
    );
    for (registry, expected) in [
        ("docker.io", "hub p:w"),
        ("r.io:5000", "u p"),
        ("r.io", "anonymous"),
        ("token.io", "token refresh"),
        ("empty.io", "anonymous"),
        ("other.io", "anonymous"),
    ] {
        assert_eq!(fixture.find(registry).await, expected, "{registry}");
    }
    assert!(fixture.find("bad.io").await.ends_with("config.json: auths of bad.io: auth is not Base64"));
    assert!(fixture.find("nocolon.io").await.ends_with("auth has no colon between user name and password"));
}

#[tokio::test]
async fn best_match_with_a_credential_takes_precedence() {
    for (what, auths, expected) in [
        ("exact beside a URL", r#""https://r.io/v1/": {"auth": "b2xkOjE="}, "r.io": {"auth": "bmV3OjI="}"#, "new 2"),
        ("a URL", r#""https://r.io/v2/": {"auth": "b2xkOjE="}"#, "old 1"),
        ("empty beside full", r#""r.io": {}, "https://r.io/v1/": {"auth": "b2xkOjE="}"#, "old 1"),
        ("null beside full", r#""r.io": null, "r.io/v1/": {"auth": "b2xkOjE="}"#, "old 1"),
        ("a namespace", r#""r.io": {"auth": "b2xkOjE="}, "r.io/team": {"auth": "bmV3OjI="}"#, "new 2"),
        ("a repository", r#""r.io/team/app": {"auth": "b2xkOjE="}, "r.io/team": {"auth": "bmV3OjI="}"#, "old 1"),
        ("another namespace", r#""r.io/team-b": {"auth": "b2xkOjE="}"#, "anonymous"),
        ("a part of the namespace", r#""r.io/tea": {"auth": "b2xkOjE="}"#, "anonymous"),
        ("an empty user name", r#""r.io": {"username": "", "password": ""}"#, "anonymous"),
    ] {
        let fixture = Fixture::new(&format!("{{\"auths\": {{{auths}}}}}"));
        assert_eq!(fixture.find("r.io").await, expected, "{what}");
    }
    let hub = r#"{"auths": {"docker.io": {"auth": "b2xkOjE="}, "https://index.docker.io/v1/": {"auth": "bmV3OjI="}}}"#;
    assert_eq!(Fixture::new(hub).find("docker.io").await, "new 2");
}

#[tokio::test]
async fn empty_file_configures_nothing() {
    for config in ["", " \n", "{}", r#"{"auths": null, "credHelpers": null, "credsStore": null}"#, r#"{"auths": {}}"#] {
        assert_eq!(Fixture::new(config).find("r.io").await, "anonymous", "{config}");
    }
}

#[tokio::test]
async fn places_are_read_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let config = |user: &str| {
        let auth = BASE64_STANDARD.encode(format!("{user}:pw"));
        format!(r#"{{"auths": {{"r.io": {{"auth": "{auth}"}}}}}}"#)
    };
    for (file, user) in [
        ("docker/config.json", "docker"),
        ("home/.docker/config.json", "home"),
        ("named.json", "named"),
        ("runtime/containers/auth.json", "runtime"),
        ("home/.config/containers/auth.json", "podman"),
        ("xdg/containers/auth.json", "xdg"),
    ] {
        std::fs::create_dir_all(directory.path().join(file).parent().unwrap()).unwrap();
        std::fs::write(path(file), config(user)).unwrap();
    }
    let variable = |name: &str, value: String| (name.to_owned(), value);
    let text = variable("DOCKER_AUTH_CONFIG", config("text"));
    let named = variable("REGISTRY_AUTH_FILE", path("named.json"));
    let docker = variable("DOCKER_CONFIG", path("docker"));
    let nowhere = variable("DOCKER_CONFIG", path("nowhere"));
    let home = variable("HOME", path("home"));
    let runtime = variable("XDG_RUNTIME_DIR", path("runtime"));
    let xdg = variable("XDG_CONFIG_HOME", path("xdg"));
    let missing = variable("REGISTRY_AUTH_FILE", path("missing.json"));
    for (variables, expected) in [
        (vec![&text, &named, &docker, &home], Some("text")),
        (vec![&named, &docker, &home], Some("named")),
        (vec![&docker, &home, &runtime], Some("docker")),
        (vec![&home, &runtime], Some("home")),
        (vec![&nowhere, &home, &runtime, &xdg], Some("runtime")),
        (vec![&nowhere, &home, &xdg], Some("xdg")),
        (vec![&nowhere, &home], Some("podman")),
        (vec![&missing, &nowhere, &home], None),
        (vec![], None),
    ] {
        let environment = Environment::from_iter(variables.into_iter().cloned());
        let found = super::super::find("r.io", "team/app", &environment).await.unwrap();
        let user = found.map(|credential| match credential {
            Credential::Login(login) => login.username,
            Credential::IdentityToken(_) => panic!("a token"),
        });
        assert_eq!(user.as_deref(), expected);
    }
    let broken = Environment::from_iter([variable("DOCKER_AUTH_CONFIG", "{\"auths\": 5}".to_owned())]);
    let error = super::super::find("r.io", "team/app", &broken).await.unwrap_err().to_string();
    assert!(error.starts_with("the environment variable DOCKER_AUTH_CONFIG: it is not a Docker"), "{error}");
}

#[tokio::test]
async fn missing_file_is_anonymous_and_a_broken_one_is_an_error() {
    let fixture = Fixture::new(r#"{"auths": {"r.io": {"auth": 5, "password": "hunter2"}}}"#);
    let error = fixture.find("r.io").await;
    assert!(error.contains("config.json: it is not a Docker configuration: line 1") && !error.contains("hunter2"));
    let elsewhere = Environment::from_iter([("DOCKER_CONFIG".to_owned(), "/nonexistent".to_owned())]);
    for environment in [elsewhere, Environment::default()] {
        assert!(super::super::find("r.io", "team/app", &environment).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn home_directory_is_the_default() {
    let fixture = Fixture::new("{}");
    let home = fixture.directory.path();
    std::fs::create_dir(home.join(".docker")).unwrap();
    std::fs::write(home.join(".docker/config.json"), r#"{"auths":{"r.io":{"auth":"dTpw"}}}"#).unwrap();
    let environment = Environment::from_iter([("HOME".to_owned(), home.to_str().unwrap().to_owned())]);
    assert!(super::super::find("r.io", "team/app", &environment).await.unwrap().is_some());
}

#[tokio::test]
async fn helper_programs_are_asked() {
    let config =
        r#"{"credHelpers": {"helped.io": "test"}, "credsStore": "test", "auths": {"file.io": {"auth": "dTpw"}}}"#;
    let script = r#"
        read server
        case "$1 $server" in
            "get helped.io") echo '{"Username":"u","Secret":"s"}';;
            "get https://index.docker.io/v1/") echo '{"Username":"<token>","Secret":"refresh"}';;
            "get file.io") echo 'credentials not found in native keychain'; exit 1;;
            "get garbage.io") echo 'hunter2';;
            "get stderr.io") echo "hunter2"; echo "no bus: keychain is closed" >&2; exit 1;;
            "get json.io") echo '{"Secret":"hunter2"}'; exit 1;;
            *) echo "keychain is locked"; exit 1;;
        esac"#;
    let fixture = Fixture::new(config).with_program(script);
    for (registry, expected) in [
        ("helped.io", "u s"),
        ("docker.io", "token refresh"),
        ("file.io", "u p"),
        ("locked.io", "docker-credential-test: it failed for locked.io: keychain is locked"),
        ("stderr.io", "docker-credential-test: it failed for stderr.io: hunter2; no bus: keychain is closed"),
        (
            "json.io",
            "docker-credential-test: it failed for json.io: (output not shown, because it may contain a secret)",
        ),
        ("garbage.io", "docker-credential-test: its output is not the JSON of a credential helper"),
    ] {
        assert_eq!(fixture.find(registry).await, expected, "{registry}");
    }
}

#[tokio::test]
async fn missing_or_misnamed_helper_is_an_error() {
    for (name, expected) in [
        ("missing", "docker-credential-missing: it cannot be started: no absolute directory of PATH contains it"),
        ("../../bin/sh", "docker-credential-../../bin/sh: that is not the name of a credential helper"),
    ] {
        let fixture = Fixture::new(&format!(r#"{{"credsStore": "{name}"}}"#));
        let error = fixture.find("r.io").await;
        assert!(error.starts_with(expected), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn helper_without_a_response_is_killed() {
    let fixture = Fixture::new(r#"{"credsStore": "test"}"#).with_program("exec sleep 600");
    assert_eq!(fixture.find("r.io").await, "docker-credential-test: no response within 15 seconds");
}

#[tokio::test]
async fn endless_output_of_a_helper_is_cut() {
    let fixture = Fixture::new(r#"{"credsStore": "test"}"#).with_program("exec cat /dev/zero");
    assert_eq!(fixture.find("r.io").await, "docker-credential-test: its output is longer than 65536 bytes");
}
