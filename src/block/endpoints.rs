//! The endpoints of the API: protocol, domain and base URLs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::ProviderConfig;
use crate::errors;
use tencentcloud::Endpoints;
use tencentcloud::credentials::{DEFAULT_METADATA_URL, Environment};
use tencentcloud::endpoints::{DEFAULT_DOMAIN, InvalidEndpoint};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::Outcome;
use terraform_plugin::schema::OPTIONAL;
use terraform_plugin::value::Attr;

/// The variable for the base URL of all services; that for a single service has the service's name appended.
const ENDPOINT_URL: &str = "TENCENTCLOUD_ENDPOINT_URL";

/// The instance metadata service, among the services that have a base URL.
pub(super) const METADATA: &str = "metadata";

/// Base URLs, for example `"https://tke.internal.tencentcloudapi.com"`; `http` is allowed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointsConfig {
    /// Kubernetes and image caches. Also `TENCENTCLOUD_ENDPOINT_URL_TKE`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub tke: Attr<String>,

    /// Roles and sessions. Also `TENCENTCLOUD_ENDPOINT_URL_STS`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub sts: Attr<String>,

    /// The container registry service. Also `TENCENTCLOUD_ENDPOINT_URL_TCR`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub tcr: Attr<String>,

    /// The instance metadata service. Also `TENCENTCLOUD_ENDPOINT_URL_METADATA`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub metadata: Attr<String>,
}

/// Whether the domain, or the base URL of `tke`, is configured.
pub(super) fn has_own_domain(config: &ProviderConfig, environment: &Environment) -> bool {
    let endpoint = config.endpoints.known().is_none_or(|endpoints| endpoints.tke.is_null());
    let variables = ["TENCENTCLOUD_DOMAIN", ENDPOINT_URL, "TENCENTCLOUD_ENDPOINT_URL_TKE"];
    !config.domain.is_null()
        || config.endpoints.is_unknown()
        || !endpoint
        || variables.iter().any(|name| environment.get(name).is_some())
}

/// The base URLs of the API's services, and of the metadata service under the name [`METADATA`].
pub(super) fn endpoints(config: &ProviderConfig, environment: &Environment) -> Outcome<Endpoints> {
    let root = AttributePath::root;
    let set = |argument: &Attr<String>, path: AttributePath, variables: &[&str]| {
        let of_block = argument.known().map(|value| Setting { value: value.clone(), place: Place::Argument(path) });
        of_block.or_else(|| {
            let (name, value) = variables.iter().find_map(|name| Some((name, environment.get(name)?)))?;
            Some(Setting { value: value.to_owned(), place: Place::Variable((*name).to_owned()) })
        })
    };
    let or_default = |set: Option<Setting>, default: &str| {
        set.unwrap_or_else(|| Setting { value: default.to_owned(), place: Place::Default })
    };
    let protocol = or_default(set(&config.protocol, root("protocol"), &["TENCENTCLOUD_PROTOCOL"]), "HTTPS");
    let domain = or_default(set(&config.domain, root("domain"), &["TENCENTCLOUD_DOMAIN"]), DEFAULT_DOMAIN);
    Endpoints::new(&protocol.value, DEFAULT_DOMAIN).map_err(|error| protocol.place.invalid(&error))?;
    let mut endpoints = Endpoints::new(&protocol.value, &domain.value)
        .and_then(|endpoints| endpoints.with_override(METADATA, DEFAULT_METADATA_URL))
        .map_err(|error| domain.place.invalid(&error))?;

    let own = config.endpoints.known().cloned().unwrap_or_default();
    for (service, url) in [("tke", own.tke), ("sts", own.sts), ("tcr", own.tcr), (METADATA, own.metadata)] {
        let variable = format!("{ENDPOINT_URL}_{}", service.to_uppercase());
        if let Some(url) = set(&url, root("endpoints").attribute(service), &[&variable, ENDPOINT_URL]) {
            endpoints = endpoints.with_override(service, &url.value).map_err(|error| url.place.invalid(&error))?;
        }
    }
    Ok(endpoints)
}

/// A value and its origin.
struct Setting {
    value: String,
    place: Place,
}

/// The origin of a value, at which its errors are reported.
enum Place {
    Default,
    Argument(AttributePath),
    /// An environment variable.
    Variable(String),
}

impl Place {
    fn invalid(&self, error: &InvalidEndpoint) -> Diagnostic {
        match self {
            Self::Default => errors::endpoint(error, AttributePath::default()),
            Self::Argument(path) => errors::endpoint(error, path.clone()),
            Self::Variable(name) => Diagnostic::error("Invalid endpoint", format!("In the variable {name}: {error}.")),
        }
    }
}

pub(super) fn validate(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    let mut check = |result: Result<Endpoints, _>, at: AttributePath| {
        if let Err(error) = result {
            diagnostics.push(errors::endpoint(&error, at));
        }
    };
    if let Some(protocol) = config.protocol.as_str() {
        check(Endpoints::new(protocol, DEFAULT_DOMAIN), AttributePath::root("protocol"));
    }
    if let Some(domain) = config.domain.as_str() {
        check(Endpoints::new("HTTPS", domain), AttributePath::root("domain"));
    }
    if let Some(endpoints) = config.endpoints.known() {
        for (service, url) in [
            ("tke", &endpoints.tke),
            ("sts", &endpoints.sts),
            ("tcr", &endpoints.tcr),
            ("metadata", &endpoints.metadata),
        ] {
            if let Some(url) = url.as_str() {
                let at = AttributePath::root("endpoints").attribute(service);
                check(Endpoints::default().with_override(service, url), at);
            }
        }
    }
}
