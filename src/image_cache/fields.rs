//! The updatable fields of a cache, one row each.
//!
//! Change detection, the requests of create, update and rebuild, the state and the verification follow from this table. A new
//! updatable attribute is a field of the model and a row here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use secrecy::SecretString;

use super::changes::{Changes, elements_change};
use super::model::{ImageCacheModel, RegistryCredentials};
use super::state;
use crate::images;
use crate::tags::{self, TagPolicy};
use tencentcloud::tke::{CreateImageCache, ImageCache, ImageRegistryCredential, UpdateImageCache};
use terraform_plugin::value::{Attr, Secret};

/// An updatable field.
pub(super) struct Field {
    pub attribute: &'static str,
    /// Whether a change pulls the images again.
    pub builds: bool,
    /// Whether the plan differs from the prior state.
    pub changes: fn(Changes<'_>) -> bool,
    /// Whether a row of a list has the field.
    pub is_listed: fn(&ImageCache) -> bool,
    /// Lists an empty value in a row; does nothing for a field that cannot be empty.
    pub list_empty: fn(&mut ImageCache),
    /// Whether a request has the field.
    pub is_sent: fn(&UpdateImageCache) -> bool,
    /// Whether a request clears the field, which no list ever shows.
    pub is_cleared_unseen: fn(&UpdateImageCache) -> bool,
    /// Sets the planned value in a create request. An empty list is omitted.
    pub send_created: fn(&Planned<'_>, &mut CreateImageCache),
    /// Sets the planned value in an update request. An empty list is omitted.
    pub send_planned: fn(&Planned<'_>, &mut UpdateImageCache),
    /// Sets an empty list; does nothing for a field that cannot be empty.
    pub send_empty: fn(&mut UpdateImageCache),
    /// Sets the value of a listed row. An empty list is omitted.
    pub send_listed: fn(&ImageCache, Option<&ImageCacheModel>, &mut UpdateImageCache),
    /// Reads a row into a state. A field that is not listed is kept.
    pub read: fn(&ImageCache, &TagPolicy, &mut ImageCacheModel),
    /// Sets an unknown planned value to the value that is listed after apply, if there is one.
    pub fill: fn(Option<&ImageCache>, &mut ImageCacheModel),
    /// The difference between a row and a request. A field that one of them lacks is not a difference.
    pub differs: fn(&UpdateImageCache, &ImageCache, &TagPolicy) -> Option<Difference>,
}

/// The sources of planned values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned<'a> {
    pub planned: &'a ImageCacheModel,
    /// The configuration, which has the write-only passwords.
    pub config: &'a ImageCacheModel,
    pub tags: &'a TagPolicy,
    /// The cache as listed; `None` in a create.
    pub listed: Option<&'a ImageCache>,
}

/// A field that is listed with a different value than it was sent with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub attribute: &'static str,
    pub sent: String,
    pub listed: String,
    /// Everything that was sent is listed, and additionally these keys of others.
    pub extra: BTreeSet<String>,
}

pub(super) const FIELDS: [Field; 8] = [
    Field {
        attribute: "name",
        builds: false,
        changes: |changes| changes.prior.name != changes.planned.name,
        is_listed: |_| true,
        list_empty: |_| (),
        is_sent: |request| request.image_cache_name.is_some(),
        is_cleared_unseen: |_| false,
        send_created: |from, request| {
            request.image_cache_name = from.planned.name.known().cloned().unwrap_or_default();
        },
        send_planned: |from, request| request.image_cache_name = from.planned.name.known().cloned(),
        send_empty: |_| (),
        send_listed: |row, _, request| {
            request.image_cache_name = Some(row.image_cache_name.clone()).filter(|name| !name.is_empty());
        },
        read: |row, _, state| state.name = row.image_cache_name.clone().into(),
        fill: |row, state| state::fill(&mut state.name, row.map(|row| row.image_cache_name.clone())),
        differs: |request, row, _| differs("name", request.image_cache_name.as_ref(), Some(&row.image_cache_name)),
    },
    // Sending the images requests a pull: assumed, because it is not documented which fields do.
    Field {
        attribute: "images",
        builds: true,
        changes: |changes| changes.images(),
        is_listed: |row| !row.images.is_empty(),
        list_empty: |_| (),
        is_sent: |request| request.images.is_some(),
        is_cleared_unseen: |_| false,
        send_created: |from, request| request.images = from.planned.images.known().map(list).unwrap_or_default(),
        send_planned: |from, request| request.images = from.planned.images.known().map(list),
        send_empty: |_| (),
        send_listed: |row, planned, request| {
            // Pods match by the configured references, which the API may list in another spelling.
            let listed = row.images.iter().cloned().collect();
            let planned = planned.and_then(|planned| planned.images.known());
            request.images = Some(list(planned.filter(|planned| images::same(planned, &listed)).unwrap_or(&listed)));
        },
        read: |row, _, state| {
            let listed: BTreeSet<String> = row.images.iter().cloned().collect();
            if !listed.is_empty() && !state.images.known().is_some_and(|known| images::same(known, &listed)) {
                state.images = listed.into();
            }
        },
        fill: |_, _| (),
        differs: |request, row, _| {
            let sent: BTreeSet<String> = request.images.as_ref()?.iter().cloned().collect();
            let listed: BTreeSet<String> = row.images.iter().cloned().collect();
            if listed.is_empty() || images::same(&sent, &listed) {
                return None;
            }
            differs("images", Some(&sent), Some(&listed))
        },
    },
    Field {
        attribute: "image_cache_size",
        builds: true,
        changes: |changes| changes.prior.image_cache_size != changes.planned.image_cache_size,
        is_listed: |row| row.image_cache_size.is_some(),
        list_empty: |_| (),
        is_sent: |request| request.image_cache_size.is_some(),
        is_cleared_unseen: |_| false,
        send_created: |from, request| request.image_cache_size = from.planned.image_cache_size.known().copied(),
        send_planned: |from, request| request.image_cache_size = from.planned.image_cache_size.known().copied(),
        send_empty: |_| (),
        send_listed: |row, _, request| request.image_cache_size = row.image_cache_size,
        read: |row, _, state| state.image_cache_size = Attr::from(row.image_cache_size).or(state.image_cache_size),
        fill: |row, state| state::fill(&mut state.image_cache_size, row.and_then(|row| row.image_cache_size)),
        differs: |request, row, _| {
            differs("image_cache_size", request.image_cache_size.as_ref(), row.image_cache_size.as_ref())
        },
    },
    Field {
        attribute: "retention_days",
        builds: false,
        changes: |changes| changes.prior.retention_days != changes.planned.retention_days,
        is_listed: |row| row.retention_days.is_some(),
        list_empty: |row| row.retention_days = Some(0),
        is_sent: |request| request.retention_days.is_some(),
        is_cleared_unseen: |_| false,
        send_created: |from, request| request.retention_days = from.planned.retention_days.known().copied(),
        send_planned: |from, request| request.retention_days = from.planned.retention_days.known().copied(),
        send_empty: |_| (),
        send_listed: |row, _, request| request.retention_days = row.retention_days,
        read: |row, _, state| state.retention_days = Attr::from(row.retention_days).or(state.retention_days),
        fill: |row, state| state::fill(&mut state.retention_days, row.and_then(|row| row.retention_days)),
        differs: |request, row, _| {
            differs("retention_days", request.retention_days.as_ref(), row.retention_days.as_ref())
        },
    },
    Field {
        attribute: "security_group_ids",
        builds: true,
        changes: |changes| changes.unreturned(|model| &model.security_group_ids),
        is_listed: |_| false,
        list_empty: |_| (),
        is_sent: |request| request.security_group_ids.is_some(),
        is_cleared_unseen: |request| request.security_group_ids.as_ref().is_some_and(Vec::is_empty),
        send_created: |from, request| {
            request.security_group_ids = from.planned.security_group_ids.known().map(list).unwrap_or_default();
        },
        send_planned: |from, request| {
            let groups = from.planned.security_group_ids.known().map(list);
            request.security_group_ids = groups.filter(|groups| !groups.is_empty());
        },
        send_empty: |request| request.security_group_ids = Some(Vec::new()),
        send_listed: |_, _, _| (),
        read: |_, _, _| (),
        fill: |_, _| (),
        differs: |_, _, _| None,
    },
    Field {
        attribute: "tags",
        builds: false,
        changes: |changes| elements_change(&changes.prior.tags_all, &changes.planned.tags_all),
        is_listed: |row| row.tags.is_some(),
        list_empty: |row| row.tags = Some(Vec::new()),
        is_sent: |request| request.tags.is_some(),
        is_cleared_unseen: |_| false,
        send_created: |from, request| {
            request.tags = from.planned.tags_all.known().map(tags::to_list).unwrap_or_default();
        },
        send_planned: |from, request| {
            let listed = from.listed.and_then(|row| row.tags.as_deref()).unwrap_or_default();
            let mut all = from.tags.ignored(listed);
            all.extend(from.planned.tags_all.known().cloned().into_iter().flatten());
            request.tags = Some(tags::to_list(&all)).filter(|tags| !tags.is_empty());
        },
        send_empty: |request| request.tags = Some(Vec::new()),
        send_listed: |row, _, request| {
            let listed = tags::by_key(row.tags.as_deref().unwrap_or_default());
            let all = TagPolicy::default().managed(listed, None);
            request.tags = Some(tags::to_list(&all)).filter(|tags| !tags.is_empty());
        },
        read: |row, policy, state| state::read_tags(row, policy, state),
        fill: |_, state| state::fill(&mut state.tags_all, None),
        differs: |request, row, policy| {
            let managed = |list: &[_]| policy.managed(tags::by_key(list), None);
            let (sent, listed) = (managed(request.tags.as_ref()?), managed(row.tags.as_ref()?));
            let difference = differs("tags", Some(&sent), Some(&listed))?;
            let kept = sent.iter().all(|(key, value)| listed.get(key) == Some(value));
            let extra = listed.into_keys().filter(|key| kept && !sent.contains_key(key)).collect();
            Some(Difference { extra, ..difference })
        },
    },
    Field {
        attribute: "image_registry_credentials",
        builds: true,
        changes: |changes| changes.unreturned(|model| &model.image_registry_credentials),
        // The API may mask them: they are not read.
        is_listed: |_| false,
        list_empty: |_| (),
        is_sent: |request| request.image_registry_credentials.is_some(),
        is_cleared_unseen: |request| request.image_registry_credentials.as_ref().is_some_and(Vec::is_empty),
        send_created: |from, request| {
            request.image_registry_credentials =
                credentials(&from.planned.image_registry_credentials, &from.config.image_registry_credentials);
        },
        send_planned: |from, request| {
            let credentials =
                credentials(&from.planned.image_registry_credentials, &from.config.image_registry_credentials);
            request.image_registry_credentials = Some(credentials).filter(|credentials| !credentials.is_empty());
        },
        send_empty: |request| request.image_registry_credentials = Some(Vec::new()),
        send_listed: |_, _, _| (),
        read: |_, _, _| (),
        fill: |_, _| (),
        differs: |_, _, _| None,
    },
    // Not a field of the API: a change sends the images, as each build does.
    Field {
        attribute: "rebuild_triggers",
        builds: true,
        changes: |changes| changes.unreturned(|model| &model.rebuild_triggers),
        is_listed: |_| true,
        list_empty: |_| (),
        is_sent: |_| false,
        is_cleared_unseen: |_| false,
        send_created: |_, _| (),
        send_planned: |_, _| (),
        send_empty: |_| (),
        send_listed: |_, _, _| (),
        read: |_, _, _| (),
        fill: |_, _| (),
        differs: |_, _, _| None,
    },
];

/// The difference between two values that are both known.
fn differs<T: PartialEq + Debug>(attribute: &'static str, sent: Option<&T>, listed: Option<&T>) -> Option<Difference> {
    let (sent, listed) = (sent?, listed?);
    (sent != listed).then(|| Difference {
        attribute,
        sent: format!("{sent:?}"),
        listed: format!("{listed:?}"),
        extra: BTreeSet::new(),
    })
}

fn list(set: &BTreeSet<String>) -> Vec<String> {
    set.iter().cloned().collect()
}

/// Credentials by registry server.
type Credentials = Attr<BTreeMap<String, RegistryCredentials>>;

/// `config` has the write-only passwords.
fn credentials(planned: &Credentials, config: &Credentials) -> Vec<ImageRegistryCredential> {
    let write_only = |server: &str| config.known().and_then(|config| config.get(server)?.password_wo.known());
    let one = |(server, credentials): (&String, &RegistryCredentials)| {
        let password = credentials.password.known().or_else(|| write_only(server));
        ImageRegistryCredential {
            server: server.clone(),
            username: credentials.username.known().cloned().unwrap_or_default(),
            password: SecretString::from(password.map(Secret::expose).unwrap_or_default()),
            name: credentials.name.known().cloned(),
        }
    };
    planned.known().into_iter().flatten().map(one).collect()
}
