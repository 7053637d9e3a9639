//! The provider block.
//!
//! Names and environment variables are those of the official Tencent Cloud provider, so that existing pipelines need no new
//! configuration.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::credentials::{AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, MfaCertification};
use super::endpoints::EndpointsConfig;
use crate::tags::{IgnoreTags, TagPolicy, Tags};
use terraform_plugin::diagnostics::AttributePath;
use terraform_plugin::schema::OPTIONAL;
use terraform_plugin::value::{self, Attr, Secret, Value};

/// Image caches and Pod disks for Tencent Cloud's serverless Kubernetes (TKE super nodes, formerly EKS).
///
/// Every argument is optional: with credentials and a region in the environment or in a profile, `provider "eks" {}` is sufficient.
/// An empty string counts as an omitted argument, like an empty environment variable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderConfig {
    /// Default region of resources, for example `ap-guangzhou`. Also `TENCENTCLOUD_REGION`, then the profile's region.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub region: Attr<String>,

    /// ID of the API key. Also `TENCENTCLOUD_SECRET_ID`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub secret_id: Attr<String>,

    /// The API key. Also `TENCENTCLOUD_SECRET_KEY`, which keeps it out of files.
    #[schemars(extend("x-terraform" = OPTIONAL.sensitive()))]
    pub secret_key: Attr<Secret>,

    /// Token of a temporary API key. Also `TENCENTCLOUD_SECURITY_TOKEN` or `TENCENTCLOUD_TOKEN`.
    #[schemars(extend("x-terraform" = OPTIONAL.sensitive()))]
    pub security_token: Attr<Secret>,

    /// Profile of the `tccli` command to take credentials and region from. Also `TENCENTCLOUD_PROFILE`. Default `default`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub profile: Attr<String>,

    /// Directory of the profiles. Also `TENCENTCLOUD_SHARED_CREDENTIALS_DIR`. Default `~/.tccli`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub shared_credentials_dir: Attr<String>,

    /// Role to assume with the credentials that were found. Also `TENCENTCLOUD_ASSUME_ROLE_ARN` and related variables.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub assume_role: Attr<AssumeRole>,

    /// Role to assume with the token of an OIDC identity provider, without any key. A Pod with a TKE identity needs no
    /// configuration: `TKE_PROVIDER_ID`, `TKE_WEB_IDENTITY_TOKEN_FILE` and `TKE_ROLE_ARN` are read.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub assume_role_with_web_identity: Attr<AssumeRoleWithWebIdentity>,

    /// Role to assume with a SAML assertion, without any key.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub assume_role_with_saml: Attr<AssumeRoleWithSaml>,

    /// Second factor for accounts that require MFA for API calls: the keys are exchanged for a session first.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub mfa_certification: Attr<MfaCertification>,

    /// CAM role of the instance on which Terraform runs, with temporary keys from the metadata service, for example
    /// `terraform`. Also `TENCENTCLOUD_CAM_ROLE_NAME`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub cam_role_name: Attr<String>,

    /// IDs of the accounts that may be used, for example `["100000000001"]`. With credentials of another account, nothing is read
    /// or changed. Conflicts with `forbidden_account_ids`.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1), inner(length(min = 1)))]
    pub allowed_account_ids: Attr<BTreeSet<String>>,

    /// IDs of accounts that may not be used, for example `["100000000002"]`. Conflicts with `allowed_account_ids`.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1), inner(length(min = 1)))]
    pub forbidden_account_ids: Attr<BTreeSet<String>>,

    /// `HTTPS`, the default, or `HTTP`. Also `TENCENTCLOUD_PROTOCOL`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub protocol: Attr<String>,

    /// Domain of the API, for example `internal.tencentcloudapi.com`. Also `TENCENTCLOUD_DOMAIN`. Default
    /// `tencentcloudapi.com`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub domain: Attr<String>,

    /// Base URLs of individual services, for private endpoints and simulators. Also
    /// `TENCENTCLOUD_ENDPOINT_URL` for all services, and `TENCENTCLOUD_ENDPOINT_URL_TKE`, `_STS`, `_TCR`, `_METADATA`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub endpoints: Attr<EndpointsConfig>,

    /// Tags of every image cache, for example `{ team = "ai" }`. A cache's own `tags` take precedence.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub default_tags: Attr<BTreeMap<String, String>>,

    /// Tags that are managed outside of Terraform, for example by a tag policy or a cost allocation robot. They are not read into the
    /// state and show no drift; updates of tags, and builds, send them unchanged. Keys of `tags` or `default_tags` may not be among
    /// them.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub ignore_tags: Attr<IgnoreTagsConfig>,

    /// Pull-through mirrors for inspecting images, by registry host (`docker.io` for Docker Hub): the base URL of the mirror, for example
    /// `{ "docker.io" = "https://mirror.example.com" }`. A path is allowed; one that begins with `/v2/` names a project, for example
    /// `"https://harbor.example.com/v2/hub"`. Plain HTTP is allowed only for a host in `registry_http_endpoint_list`. Credentials of
    /// the mirror are looked up by its own host. If the mirror does not respond or refuses, the registry is used. Images and
    /// annotations do not change; see the guide *Inspecting images in registries*.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub registry_mirrors: Attr<BTreeMap<String, String>>,

    /// How often a throttled or lost call is retried, from 0 to 100. Default 5. A call that may have created an object is never
    /// retried blindly.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = 0, max = 100))]
    pub max_retries: Attr<u32>,

    /// Maximum calls per second for each action and region, from 1 to 1000. Default 20, the API's documented quota.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = 1, max = 1000))]
    pub requests_per_second: Attr<u32>,

    /// Interval between status polls while caches are being built, for example `"5s"`, the default. It grows up to fourfold while no
    /// status changes, and all waits of a region share one poll.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub poll_interval: Attr<String>,
}

/// Tags that are managed outside of Terraform.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IgnoreTagsConfig {
    /// Keys, for example `["cost-center"]`.
    #[schemars(extend("x-terraform" = OPTIONAL), inner(length(min = 1)))]
    pub keys: Attr<BTreeSet<String>>,

    /// Prefixes of keys, for example `["robot-"]`.
    #[schemars(extend("x-terraform" = OPTIONAL), inner(length(min = 1)))]
    pub key_prefixes: Attr<BTreeSet<String>>,
}

/// The attributes with nested attributes; other maps have the user's keys.
const NESTED: [&str; 5] =
    ["assume_role", "assume_role_with_web_identity", "assume_role_with_saml", "mfa_certification", "endpoints"];

impl ProviderConfig {
    /// The block without arguments that are an empty string.
    pub(super) fn without_empty_strings(self) -> Self {
        let Ok(Value::Map(mut block)) = value::to_value(&self) else { return self };
        for (name, value) in &mut block {
            match value {
                Value::Map(nested) if NESTED.contains(&name.as_str()) => nested.values_mut().for_each(clear_empty),
                value => clear_empty(value),
            }
        }
        value::from_value(&Value::Map(block)).unwrap_or(self)
    }
}

fn clear_empty(value: &mut Value) {
    if value.as_str() == Some("") {
        *value = Value::Null;
    }
}

#[cfg(test)]
impl ProviderConfig {
    /// A block with keys, for tests with a fake API or a simulator: STS is not reachable.
    pub fn with_keys() -> Self {
        let nowhere = || "http://127.0.0.1:9".to_owned().into();
        Self {
            secret_id: "AKIDSIMULATOR".to_owned().into(),
            secret_key: Attr::Known(Secret::from("simulator-secret-key")),
            endpoints: EndpointsConfig { sts: nowhere(), metadata: nowhere(), ..EndpointsConfig::default() }.into(),
            max_retries: 0.into(),
            ..Self::default()
        }
    }
}

/// The tag settings of the block. `ignore_tags` is unknown while any part of it is.
pub(super) fn tag_policy(default_tags: &Attr<Tags>, ignore_tags: &Attr<IgnoreTagsConfig>) -> TagPolicy {
    let set = |set: &Attr<BTreeSet<String>>| set.known().cloned().unwrap_or_default();
    let ignore_tags = match ignore_tags {
        Attr::Known(ignore) if ignore.keys.is_unknown() || ignore.key_prefixes.is_unknown() => Attr::Unknown,
        Attr::Known(ignore) => IgnoreTags { keys: set(&ignore.keys), key_prefixes: set(&ignore.key_prefixes) }.into(),
        Attr::Null => IgnoreTags::default().into(),
        Attr::Unknown => Attr::Unknown,
    };
    TagPolicy { default_tags: default_tags.clone(), ignore_tags }
}

/// The arguments for credentials, accounts and endpoints.
const NEEDED_FOR_A_CALL: [&str; 15] = [
    "secret_id",
    "secret_key",
    "security_token",
    "profile",
    "shared_credentials_dir",
    "assume_role",
    "assume_role_with_web_identity",
    "assume_role_with_saml",
    "mfa_certification",
    "cam_role_name",
    "allowed_account_ids",
    "forbidden_account_ids",
    "protocol",
    "domain",
    "endpoints",
];

/// The first unknown argument that a call needs, if there is one.
pub(super) fn not_known_yet(config: &ProviderConfig) -> Option<&'static str> {
    let block = value::to_value(config).ok()?;
    let unknown = |name: &str| block.get(&AttributePath::root(name)).is_some_and(|value| !value.is_wholly_known());
    NEEDED_FOR_A_CALL.into_iter().find(|name| unknown(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_strings_are_absent_arguments() {
        let empty = || Attr::from(String::new());
        let config = ProviderConfig {
            region: empty(),
            secret_key: Attr::Known(Secret::from("")),
            assume_role: AssumeRole { role_arn: empty(), session_duration: 60.into(), ..Default::default() }.into(),
            endpoints: EndpointsConfig { tke: empty(), sts: Attr::Unknown, ..Default::default() }.into(),
            default_tags: BTreeMap::from([("team".to_owned(), String::new())]).into(),
            poll_interval: "5s".to_owned().into(),
            ..Default::default()
        };
        let expected = ProviderConfig {
            region: Attr::Null,
            secret_key: Attr::Null,
            assume_role: AssumeRole { session_duration: 60.into(), ..Default::default() }.into(),
            endpoints: EndpointsConfig { sts: Attr::Unknown, ..Default::default() }.into(),
            ..config.clone()
        };
        assert_eq!(config.without_empty_strings(), expected);
    }
}
