//! The files of profiles. See the provider's `fuzzing`.

use std::time::SystemTime;

use futures_util::FutureExt as _;

use super::*;
use crate::{Action, Auth, Error};

/// Services that do not respond.
#[derive(Debug)]
struct Silence;

impl Services for Silence {
    async fn sts<A: Action>(&self, _: Option<&str>, _: Auth<'_>, _: &A) -> Result<A::Response, Error> {
        std::future::pending().await
    }

    async fn metadata(&self, _: &str) -> Result<Option<String>, CredentialsError> {
        std::future::pending().await
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

/// A profile's file has keys, none, or an error that names the file; keys are not shown.
pub fn profile(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let profile =
        Profile { name: "default".to_owned(), directory: None, ini: None, named: true, session_name: "session" };
    let path = Path::new("default.credential");
    let tccli = from_tccli(&Silence, &profile, path, text).now_or_never();
    for found in tccli.into_iter().chain([from_ini(&profile, path, text)]) {
        match found {
            Ok(Some(found)) => assert!(!format!("{found:?}").contains("secret_key: \"")),
            Ok(None) => {}
            Err(error) => assert!(error.to_string().contains("default.credential"), "{error}"),
        }
    }
    let _ = json::<ConfigureFile>(path, text, "an object");
}
