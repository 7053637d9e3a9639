//! `sample_disk`.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sample;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::framework::{Context, Outcome, Resource, ResourcePlan, Response, Source};
use crate::schema::{BLOCK, COMPUTED, OPTIONAL, OPTIONAL_COMPUTED, REQUIRED};
use crate::value::{Attr, Secret};

/// A disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// Its ID.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown().required_for_import()))]
    pub id: Attr<String>,
    /// Its name.
    #[schemars(extend("x-terraform" = REQUIRED.requires_replace().optional_for_import()), length(min = 1))]
    pub name: Attr<String>,
    /// In GiB.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED.use_state_for_unknown()), range(min = 1, max = 100))]
    pub size: Attr<u64>,
    /// Its status.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub status: Attr<String>,
    /// Whether to wait.
    #[schemars(extend("x-terraform" = OPTIONAL.default_bool(true)))]
    pub wait: Attr<bool>,
    /// Any labels.
    #[schemars(extend("x-terraform" = OPTIONAL), inner(length(min = 1)))]
    pub labels: Attr<BTreeSet<String>>,
    /// Accounts that may use it, by server.
    #[schemars(extend("x-terraform" = OPTIONAL, "minProperties" = 1))]
    pub accounts: Attr<BTreeMap<String, Account>>,
    /// Its mounts, in order.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub mounts: Attr<Vec<Mount>>,
    /// Its owners.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub owners: Attr<BTreeSet<Owner>>,
    /// Timeouts of its operations.
    #[schemars(extend("x-terraform" = BLOCK))]
    pub timeouts: Attr<Timeouts>,
}

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Its user.
    #[schemars(extend("x-terraform" = REQUIRED))]
    pub user: Attr<String>,
    /// Its password.
    #[schemars(extend("x-terraform" = OPTIONAL.write_only().sensitive()))]
    pub password_wo: Attr<Secret>,
    /// Length of its password.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown()))]
    pub length: Attr<u64>,
}

/// A mount.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mount {
    /// The path.
    #[schemars(extend("x-terraform" = REQUIRED))]
    pub path: Attr<String>,
    /// Set by the cloud.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown()))]
    pub device: Attr<String>,
}

/// An owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// The user.
    #[schemars(extend("x-terraform" = REQUIRED))]
    pub user: Attr<String>,
}

/// Timeouts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timeouts {
    /// Timeout of create.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub create: Attr<String>,
}

/// The resource. The disk's name selects how an operation fails:
///
/// | name | |
/// | --- | --- |
/// | `refused` | create fails before the disk exists |
/// | `half` | create fails after the disk exists |
/// | `panics` | create panics after the disk exists, plan and read panic |
/// | `forgets` | create ends without a disk and without an error |
/// | `vague` | create leaves values unknown |
/// | `waits` | create waits until Terraform is interrupted |
/// | `stuck` | delete fails |
/// | `moves` | update gives it another ID |
pub struct Disks;

#[async_trait]
impl Resource for Disks {
    type Session = Sample;
    type Model = Disk;
    const TYPE_NAME: &'static str = "sample_disk";
    const SCHEMA_VERSION: i64 = 1;
    const IDENTITY_VERSION: i64 = 1;

    fn validate(&self, config: &Disk, diagnostics: &mut Diagnostics) {
        if config.name.as_str() == Some("panics in validate") {
            panic!("no name");
        }
        if config.labels.known().is_some_and(|labels| labels.len() > 3) {
            let detail = "labels has more than 3 elements. Remove some.";
            diagnostics.push(Diagnostic::error("Too many labels", detail).at(AttributePath::root("labels")));
        }
    }

    async fn plan(&self, _: &Context<Sample>, plan: &mut ResourcePlan<Disk>) -> Outcome<()> {
        match plan.config.name.as_str() {
            Some("panics") => panic!("no plan"),
            Some("refused in plan") => return Err(Diagnostic::error("Refused", "It cannot be planned.").into()),
            _ => {}
        }
        if plan.prior.is_some() && plan.changes("size") {
            plan.private.set("resized", Some("yes".into()));
            plan.diagnostics.push(Diagnostic::warning("Resized", "The size changes."));
        }
        Ok(())
    }

    async fn create(
        &self,
        context: &Context<Sample>,
        planned: Disk,
        config: Disk,
        response: &mut Response<Disk>,
    ) -> Outcome<()> {
        let name = planned.name.as_str().unwrap_or_default().to_owned();
        match name.as_str() {
            "refused" => return Err(Diagnostic::error("Refused", "The cloud refused it.").into()),
            "forgets" => return Ok(()),
            _ => {}
        }
        let id = format!("{}{name}", context.session.prefix.as_str().unwrap_or_default());
        let mut disk = Disk { id: id.clone().into(), ..planned };
        response.state = Some(disk.clone());
        response.private.set("created", Some("yes".into()));
        match name.as_str() {
            "half" => {
                return Err(Diagnostic::error("Half", "It failed halfway.").at(AttributePath::root("name")).into());
            }
            "panics" => panic!("no disk"),
            "vague" => return Ok(()),
            "waits" => {
                context.stop.cancelled().await;
                disk.status = Attr::from("Pending".to_owned());
                response.diagnostics.push(Diagnostic::warning("Stopped", "The wait was ended."));
            }
            _ => {}
        }
        decide(&mut disk, &config);
        context.session.cloud.lock().unwrap().insert(id, disk.clone());
        response.state = Some(disk);
        Ok(())
    }

    async fn read(&self, context: &Context<Sample>, response: &mut Response<Disk>) -> Outcome<()> {
        let id = response.state.as_ref().and_then(|disk| disk.id.as_str()).unwrap_or_default().to_owned();
        if id.ends_with("panics") {
            panic!("no read");
        }
        response.state = context.session.cloud.lock().unwrap().get(&id).cloned();
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<Sample>,
        planned: Disk,
        config: Disk,
        response: &mut Response<Disk>,
    ) -> Outcome<()> {
        let mut disk = planned;
        decide(&mut disk, &config);
        let id = disk.id.as_str().unwrap_or_default().to_owned();
        if id.ends_with("moves") {
            disk.id = Attr::from("elsewhere".to_owned());
        }
        context.session.cloud.lock().unwrap().insert(id, disk.clone());
        response.state = Some(disk);
        Ok(())
    }

    async fn delete(&self, context: &Context<Sample>, response: &mut Response<Disk>) -> Outcome<()> {
        let id = response.state.as_ref().and_then(|disk| disk.id.as_str()).unwrap_or_default().to_owned();
        if id.ends_with("stuck") {
            return Err(Diagnostic::error("Stuck", "It is still in use.").into());
        }
        context.session.cloud.lock().unwrap().remove(&id);
        Ok(())
    }

    fn import(&self, _: &Context<Sample>, id: &str) -> Outcome<Disk> {
        match id {
            "" => Err(Diagnostic::error("Empty ID", "Give the ID of a disk.").into()),
            "panics" => panic!("no import"),
            id => Ok(Disk { id: id.to_owned().into(), ..Disk::default() }),
        }
    }

    /// Version 0 had `label`.
    fn upgrade(&self, version: i64, mut state: serde_json::Value) -> Outcome<serde_json::Value> {
        assert_eq!(version, 0, "no way from there");
        let label = state["label"].take();
        state["labels"] = serde_json::json!([label]);
        Ok(state)
    }

    /// Supports `other_disk`, which has a `title`.
    fn move_state(&self, source: &Source, state: serde_json::Value) -> Outcome<Option<Disk>> {
        if source.type_name != "other_disk" {
            return Ok(None);
        }
        let text = |name: &str| state[name].as_str().map(str::to_owned);
        let Some(name) = text("title") else {
            return Err(Diagnostic::error("No title", "It cannot be moved without one.").into());
        };
        Ok(Some(Disk { id: text("id").into(), name: name.into(), ..Disk::default() }))
    }

    /// The name defaults to the ID without the provider's prefix; `nameless` has none.
    async fn import_identity(&self, context: &Context<Sample>, object: Disk) -> Outcome<Disk> {
        let prefix = context.session.prefix.as_str().unwrap_or_default();
        let name = object.id.as_str().and_then(|id| id.strip_prefix(prefix)).filter(|name| *name != "nameless");
        Ok(Disk { name: object.name.or(name.map(str::to_owned).into()), ..object })
    }

    /// Version 0 had `disk`.
    fn upgrade_identity(&self, version: i64, mut identity: serde_json::Value) -> Outcome<serde_json::Value> {
        assert_eq!(version, 0, "no way from there");
        identity["id"] = identity["disk"].take();
        Ok(identity)
    }

    /// Removes the labels if there are owners.
    fn generate_config(&self, config: &mut Disk) {
        if config.owners.is_known() {
            config.labels = Attr::Null;
        }
    }
}

/// Sets the computed attributes.
fn decide(disk: &mut Disk, config: &Disk) {
    disk.size = Attr::from(disk.size.known().copied().unwrap_or(20));
    if disk.status.is_unknown() {
        disk.status = Attr::from("Ready".to_owned());
    }
    if let (Attr::Known(accounts), Attr::Known(config)) = (&mut disk.accounts, &config.accounts) {
        for (server, account) in accounts {
            let password = config.get(server).and_then(|account| account.password_wo.known());
            if account.length.is_unknown() {
                account.length = Attr::from(password.map_or(0, |password| password.expose().len() as u64));
            }
        }
    }
    if let Attr::Known(mounts) = &mut disk.mounts {
        for (i, mount) in mounts.iter_mut().enumerate() {
            if mount.device.is_unknown() {
                mount.device = Attr::from(format!("vd{i}"));
            }
        }
    }
}
