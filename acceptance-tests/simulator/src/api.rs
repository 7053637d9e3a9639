//! Routes a request to its action, after the common checks.
//!
//! One address serves all services. A signed request names its service in the scope of the signature; an unsigned one
//! (`Authorization: SKIP`) is recognized by its action and version. The order of the checks is that of the real gateway: action,
//! signature, region, request limit, parameters.
//!
//! Specification: <https://cloud.tencent.com/document/api/213/30435>.

use std::time::Instant;

use serde_json::Value;

use crate::action::{Action, Context};
use crate::behavior::Site;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::recorder::Request;
use crate::shared::Shared;
use crate::signature::{Authorization, SignedRequest};
use crate::{sts, tcr, tke};

fn actions() -> impl Iterator<Item = &'static Action> {
    tke::ACTIONS.iter().chain(sts::ACTIONS).chain(tcr::ACTIONS)
}

/// Carries out a request.
///
/// # Errors
///
/// The API refuses the request.
pub(crate) fn act(shared: &Shared, method: &str, request: &Request, body: &[u8]) -> Result<Value, ApiError> {
    if method != "POST" {
        return Err(ApiError::new("UnsupportedProtocol", "The simulator takes POST requests with a JSON body only."));
    }
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    let authorization = header("authorization").ok_or_else(|| ApiError::missing("Authorization"))?;
    let signature = if authorization == "SKIP" { None } else { Some(Authorization::parse(authorization)?) };
    let action = find(request, signature.as_ref().map(|signature| signature.service))?;

    let content_type = header("content-type").unwrap_or_default();
    if content_type.split(';').next() != Some("application/json") {
        return Err(ApiError::new("InvalidRequest", "The request header `Content-Type` is not `application/json`."));
    }

    let now = shared.clock.now();
    let mut world = shared.world();
    if world.behavior.site == Site::International && action.name.contains("ImageCache") {
        return Err(invalid_action(action.name));
    }
    world.advance(now);
    let caller = match signature {
        None if action.unsigned => None,
        None => return Err(ApiError::new("AuthFailure.InvalidAuthorization", "This action must be signed.")),
        Some(signature) => {
            let token = header("x-tc-token").filter(|token| !token.is_empty());
            let (identity, secret_key) = world.authenticate(signature.secret_id, token, now)?;
            let signed = SignedRequest { method, query: "", headers: &request.headers, body };
            signature.verify(&signed, &secret_key, shared.clock.server_time())?;
            Some(identity)
        }
    };
    let region = request.region.clone().ok_or_else(|| ApiError::missing("Region"))?;
    if !is_region(&region) {
        let message = format!("The action does not support the region `{region}`.");
        return Err(ApiError::new("UnsupportedRegion", message));
    }
    shared.limiter().check(action.name, &region, Instant::now())?;
    let parameters = Parameters::check(action.fields, &request.body)?;
    (action.run)(&mut world, &Context { caller, region, now }, &parameters)
}

fn find(request: &Request, service: Option<&str>) -> Result<&'static Action, ApiError> {
    if request.action.is_empty() {
        return Err(ApiError::missing("Action"));
    }
    if request.version.is_empty() {
        return Err(ApiError::missing("Version"));
    }
    let product: Vec<_> = actions().filter(|action| service.is_none_or(|service| service == action.service)).collect();
    if product.is_empty() {
        return Err(ApiError::new("NoSuchProduct", "The specified product does not exist."));
    }
    let version: Vec<_> = product.into_iter().filter(|action| action.version == request.version).collect();
    if version.is_empty() {
        return Err(ApiError::new("NoSuchVersion", "The specified version does not exist."));
    }
    version.into_iter().find(|action| action.name == request.action).ok_or_else(|| invalid_action(&request.action))
}

fn invalid_action(action: &str) -> ApiError {
    ApiError::new("InvalidAction", format!("The request action=`{action}` is invalid or not found."))
}

/// The set of regions is open: any words with dashes are accepted.
fn is_region(region: &str) -> bool {
    region.contains('-')
        && region
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

#[cfg(test)]
pub(crate) mod fixture {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::sessions::Identity;
    use crate::settings::{KeyPair, Settings};
    use crate::state::World;

    /// The actions without HTTP and signatures, called by the default key in `ap-guangzhou`. Builds take 10 seconds, "a while" is 5.
    pub(crate) struct Api {
        pub world: World,
        pub now: Timestamp,
    }

    impl Api {
        pub fn new(prepare: impl FnOnce(&mut World)) -> Self {
            let (build_time, lag) = (Duration::from_secs(10), Duration::from_secs(5));
            let mut world = World::new(&Settings { build_time, lag, ..Settings::default() });
            prepare(&mut world);
            Self { world, now: Timestamp::from_second(1_700_000_000).unwrap() }
        }

        /// The response, or the code of the error.
        pub fn call(&mut self, name: &str, body: Value) -> Result<Value, String> {
            let action = actions().find(|action| action.name == name).unwrap();
            let context = Context {
                caller: Some(Identity::from(&KeyPair::default())),
                region: "ap-guangzhou".to_owned(),
                now: self.now,
            };
            self.world.advance(self.now);
            Parameters::check(action.fields, &body)
                .and_then(|parameters| (action.run)(&mut self.world, &context, &parameters))
                .map_err(|error| error.code)
        }

        pub fn wait(&mut self, seconds: i64) {
            self.now += jiff::SignedDuration::from_secs(seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_an_open_set_of_dashed_words() {
        for (region, expected) in [
            ("ap-guangzhou", true),
            ("ap-shanghai-fsi", true),
            ("eu-2", true),
            ("", false),
            ("AP-x", false),
            ("ap-", false),
            ("x", false),
        ] {
            assert_eq!(is_region(region), expected, "{region}");
        }
    }

    #[test]
    fn action_is_found_by_service_version_and_name() {
        for (service, version, action, expected) in [
            (Some("tke"), "2018-05-25", "CreateImageCache", Ok("CreateImageCache")),
            (None, "2018-08-13", "AssumeRoleWithWebIdentity", Ok("AssumeRoleWithWebIdentity")),
            (Some("tke"), "2022-05-01", "CreateImageCache", Err("NoSuchVersion")),
            (Some("tke"), "2018-05-25", "CreateImage", Err("InvalidAction")),
            (Some("sts"), "2018-08-13", "CreateImageCache", Err("InvalidAction")),
            (Some("cvm"), "2017-03-12", "RunInstances", Err("NoSuchProduct")),
            (Some("tke"), "", "CreateImageCache", Err("MissingParameter")),
            (Some("tke"), "2018-05-25", "", Err("MissingParameter")),
        ] {
            let request = Request { version: version.to_owned(), ..Request::of_action(action) };
            let found = find(&request, service).map(|action| action.name).map_err(|error| error.code);
            assert_eq!(found, expected.map_err(str::to_owned), "{service:?} {version} {action}");
        }
    }
}
