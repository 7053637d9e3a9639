//! From plans to requests.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;

use super::model::{ImageCacheModel, RegistryCredentials};
use super::plan;
use tencentcloud::tke::{
    CreateImageCache, EipAttribute, ImageCache, ImageRegistryCredential, Status, Tag, UpdateImageCache,
};
use terraform_plugin::value::{Attr, Secret};

/// Credentials by registry server.
type Credentials = Attr<BTreeMap<String, RegistryCredentials>>;

/// A name for a cache that has none: `tf-` and 16 letters and digits. Unique, because a lost answer to the creation is cured
/// by looking the name up.
pub(super) fn unique_name() -> String {
    format!("tf-{:016x}", rand::random::<u64>())
}

/// The request that makes the planned cache. `config` holds the write-only passwords.
pub(super) fn create(planned: &ImageCacheModel, config: &ImageCacheModel, name: &str) -> CreateImageCache {
    let eip = planned.auto_create_eip.known();
    CreateImageCache {
        images: list(&planned.images),
        vpc_id: text(&planned.vpc_id).unwrap_or_default(),
        subnet_id: text(&planned.subnet_id).unwrap_or_default(),
        image_cache_name: name.to_owned(),
        security_group_ids: list(&planned.security_group_ids),
        image_registry_credentials: credentials(
            &planned.image_registry_credentials,
            &config.image_registry_credentials,
        ),
        existed_eip_id: text(&planned.existed_eip_id),
        auto_create_eip: eip.map(|_| true),
        // Without attributes of its own, the API's defaults apply; the policy is required beside others.
        auto_create_eip_attribute: eip.filter(|eip| **eip != Default::default()).map(|eip| EipAttribute {
            delete_policy: text(&eip.delete_policy).unwrap_or_default(),
            internet_service_provider: text(&eip.internet_service_provider),
            internet_max_bandwidth_out: eip.internet_max_bandwidth_out.known().copied(),
        }),
        image_cache_size: planned.image_cache_size.known().copied(),
        retention_days: planned.retention_days.known().copied(),
        registry_skip_verify_list: list(&planned.registry_skip_verify_list),
        registry_http_endpoint_list: list(&planned.registry_http_endpoint_list),
        resolve_config: text(&planned.resolve_config),
        tags: planned.tags_all.known().map(tags).unwrap_or_default(),
    }
}

/// The request that takes the cache from `prior` to `planned`; `None` when the API has nothing to do.
///
/// What is changed without a build goes alone. A build gets everything that is known: it takes long, and if the API reset
/// what is left out, which is not documented, it would have to be done again.
pub(super) fn update(
    prior: &ImageCacheModel,
    planned: &ImageCacheModel,
    config: &ImageCacheModel,
    id: &str,
) -> Option<UpdateImageCache> {
    let tags = changed(&prior.tags_all, &planned.tags_all).as_ref().map(tags);
    if !plan::rebuilding(prior, planned).is_empty() || prior.status() == Some(Status::UpdateFailed) {
        let groups_change = plan::groups_change(prior, planned);
        let credentials_change = plan::credentials_change(prior, planned);
        let everything = everything(planned, config, id);
        return Some(UpdateImageCache {
            security_group_ids: everything.security_group_ids.or(groups_change.then(Vec::new)),
            image_registry_credentials: everything.image_registry_credentials.or(credentials_change.then(Vec::new)),
            tags: everything.tags.or(tags),
            ..everything
        });
    }
    let update = UpdateImageCache {
        image_cache_id: id.to_owned(),
        image_cache_name: changed(&prior.name, &planned.name),
        retention_days: changed(&prior.retention_days, &planned.retention_days),
        tags,
        ..UpdateImageCache::default()
    };
    changes_something(&update).then_some(update)
}

/// All that is planned, in one request. Naming the images is what asks for a pull: assumed, because which fields do is not
/// documented. Empty lists are left out.
pub(super) fn everything(planned: &ImageCacheModel, config: &ImageCacheModel, id: &str) -> UpdateImageCache {
    UpdateImageCache {
        image_cache_id: id.to_owned(),
        image_cache_name: text(&planned.name),
        images: Some(list(&planned.images)),
        image_cache_size: planned.image_cache_size.known().copied(),
        retention_days: planned.retention_days.known().copied(),
        security_group_ids: Some(list(&planned.security_group_ids)).filter(|groups| !groups.is_empty()),
        image_registry_credentials: Some(credentials(
            &planned.image_registry_credentials,
            &config.image_registry_credentials,
        ))
        .filter(|credentials| !credentials.is_empty()),
        tags: planned.tags_all.known().filter(|tags| !tags.is_empty()).map(tags),
    }
}

/// Adds what could not be seen if the API reset it: what `before` does not tell. It starts no build.
pub(super) fn add_untold(update: &mut UpdateImageCache, planned: &ImageCacheModel, before: &ImageCache) {
    if before.retention_days.is_none() {
        update.retention_days = update.retention_days.or(planned.retention_days.known().copied());
    }
    if before.tags.is_none() && update.tags.is_none() {
        update.tags = planned.tags_all.known().filter(|tags| !tags.is_empty()).map(tags);
    }
}

fn changes_something(update: &UpdateImageCache) -> bool {
    update.image_cache_name.is_some() || update.retention_days.is_some() || update.tags.is_some()
}

fn changed<T: Clone + PartialEq>(prior: &Attr<T>, planned: &Attr<T>) -> Option<T> {
    planned.known().filter(|_| prior != planned).cloned()
}

fn text(value: &Attr<String>) -> Option<String> {
    value.known().cloned()
}

fn list(set: &Attr<BTreeSet<String>>) -> Vec<String> {
    set.known().into_iter().flatten().cloned().collect()
}

fn tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

fn credentials(planned: &Credentials, config: &Credentials) -> Vec<ImageRegistryCredential> {
    let write_only = |server: &str| config.known().and_then(|config| config.get(server)?.password_wo.known());
    let one = |(server, credentials): (&String, &RegistryCredentials)| {
        let password = credentials.password.known().or_else(|| write_only(server));
        ImageRegistryCredential {
            server: server.clone(),
            username: text(&credentials.username).unwrap_or_default(),
            password: SecretString::from(password.map(Secret::expose).unwrap_or_default()),
            name: text(&credentials.name),
        }
    };
    planned.known().into_iter().flatten().map(one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::model::AutoCreateEip;
    use super::*;

    fn set(elements: &[&str]) -> Attr<BTreeSet<String>> {
        elements.iter().map(ToString::to_string).collect::<BTreeSet<_>>().into()
    }

    fn map(entries: &[(&str, &str)]) -> Attr<BTreeMap<String, String>> {
        entries.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<BTreeMap<_, _>>().into()
    }

    fn private_registry(password: &str) -> Credentials {
        let credentials = RegistryCredentials {
            username: Attr::from("user".to_owned()),
            password: Attr::from(Secret::from(password.to_owned())),
            ..Default::default()
        };
        BTreeMap::from([("registry.example.com".to_owned(), credentials)]).into()
    }

    /// A cache as it is after an apply.
    fn ready() -> ImageCacheModel {
        ImageCacheModel {
            images: set(&["nginx:1.27"]),
            vpc_id: Attr::from("vpc-1".to_owned()),
            subnet_id: Attr::from("subnet-1".to_owned()),
            name: Attr::from("a".to_owned()),
            image_cache_size: 20.into(),
            retention_days: 0.into(),
            tags_all: map(&[]),
            status: Attr::from("Ready".to_owned()),
            ..Default::default()
        }
    }

    #[test]
    fn create_sends_what_is_set_and_nothing_else() {
        let bare = ImageCacheModel { image_cache_size: Attr::Unknown, retention_days: Attr::Unknown, ..ready() };
        let required =
            json!({"Images": ["nginx:1.27"], "VpcId": "vpc-1", "SubnetId": "subnet-1", "ImageCacheName": "n"});
        let with = |model: ImageCacheModel, more: Value| {
            let mut expected = required.clone();
            let more = more.as_object().cloned().unwrap_or_default();
            expected.as_object_mut().unwrap().extend(more);
            assert_eq!(serde_json::to_value(create(&model, &model, "n")).unwrap(), expected);
        };
        with(bare.clone(), json!({}));
        with(
            ImageCacheModel { auto_create_eip: AutoCreateEip::default().into(), ..bare.clone() },
            json!({"AutoCreateEip": true}),
        );
        let eip = AutoCreateEip { internet_max_bandwidth_out: 10.into(), ..Default::default() };
        with(
            ImageCacheModel { auto_create_eip: eip.into(), ..bare.clone() },
            json!({"AutoCreateEip": true, "AutoCreateEipAttribute": {"DeletePolicy": "", "InternetMaxBandwidthOut": 10}}),
        );
        with(
            ImageCacheModel { image_registry_credentials: private_registry("p"), tags_all: map(&[("k", "v")]), ..bare },
            json!({
                "ImageRegistryCredentials": [{"Server": "registry.example.com", "Username": "user", "Password": "p"}],
                "Tags": [{"Key": "k", "Value": "v"}],
            }),
        );
    }

    #[test]
    fn a_write_only_password_comes_from_the_configuration() {
        let credentials = |password_wo: Attr<Secret>| {
            let one = RegistryCredentials { password_wo, ..Default::default() };
            let all = BTreeMap::from([("r.example.com".to_owned(), one)]);
            ImageCacheModel { image_registry_credentials: all.into(), ..ready() }
        };
        let request =
            create(&credentials(Attr::Null), &credentials(Attr::from(Secret::from("hidden".to_owned()))), "n");
        let sent = serde_json::to_value(request).unwrap();
        assert_eq!(sent["ImageRegistryCredentials"][0]["Password"], "hidden");
    }

    #[test]
    fn update_sends_what_changed_or_everything_when_it_must_pull() {
        let pull = |more: Value| {
            let mut pull =
                json!({"Images": ["nginx:1.27"], "ImageCacheName": "a", "ImageCacheSize": 20, "RetentionDays": 0});
            pull.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            Some(pull)
        };
        let sent = |prior: ImageCacheModel, planned: ImageCacheModel| {
            let request = update(&prior, &planned, &planned, "imc-1");
            request.map(|request| {
                let mut sent = serde_json::to_value(request).unwrap();
                assert_eq!(sent.as_object_mut().unwrap().remove("ImageCacheId"), Some("imc-1".into()));
                sent
            })
        };
        let credentials = json!([{"Server": "registry.example.com", "Username": "user", "Password": "p"}]);
        let private = ImageCacheModel { image_registry_credentials: private_registry("p"), ..ready() };
        let failed = ImageCacheModel { status: Attr::from("UpdateFailed".to_owned()), ..ready() };
        let imported = ImageCacheModel { vpc_id: Attr::Null, subnet_id: Attr::Null, ..ready() };
        for (case, prior, planned, expected) in [
            ("nothing", ready(), ready(), None),
            (
                "only what is the provider's own",
                ready(),
                ImageCacheModel { wait_for_ready: false.into(), ..ready() },
                None,
            ),
            (
                "the name",
                ready(),
                ImageCacheModel { name: Attr::from("b".to_owned()), ..ready() },
                Some(json!({"ImageCacheName": "b"})),
            ),
            (
                "the tags",
                ImageCacheModel { tags_all: map(&[("k", "v")]), ..ready() },
                ready(),
                Some(json!({"Tags": []})),
            ),
            (
                "the size",
                ready(),
                ImageCacheModel { image_cache_size: 30.into(), ..ready() },
                pull(json!({"ImageCacheSize": 30})),
            ),
            (
                "the triggers, with credentials",
                private.clone(),
                ImageCacheModel { rebuild_triggers: map(&[("digest", "1")]), ..private.clone() },
                pull(json!({ "ImageRegistryCredentials": credentials })),
            ),
            ("the credentials are gone", private.clone(), ready(), pull(json!({"ImageRegistryCredentials": []}))),
            ("a failed update again", failed, ready(), pull(json!({}))),
            (
                "the tags are gone, and a pull",
                ImageCacheModel { tags_all: map(&[("k", "v")]), ..ready() },
                ImageCacheModel { rebuild_triggers: map(&[("digest", "1")]), ..ready() },
                pull(json!({"Tags": []})),
            ),
            ("an import is adopted", imported.clone(), private, None),
            (
                "the triggers of an import, and another spelling of its images",
                ImageCacheModel { images: set(&["docker.io/library/nginx:1.27"]), ..imported },
                ImageCacheModel { rebuild_triggers: map(&[("digest", "1")]), ..ready() },
                None,
            ),
        ] {
            assert_eq!(sent(prior, planned), expected, "{case}");
        }
    }
}
