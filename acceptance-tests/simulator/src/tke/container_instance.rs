//! `DescribeEKSContainerInstances` and `DescribeEKSContainerInstanceEvent`: the instances in which image caches are built.
//!
//! An instance exists while its build runs, and a while longer. Its events say why an image cannot be pulled. Its name, `for-` and
//! the ID of the cache, is from one official example, and not documented.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{SERVICE, STRINGS, VERSION, later, response};
use crate::action::{Action, Context};
use crate::behavior::{Behavior, BuildInstance, InstanceEvents};
use crate::error::ApiError;
use crate::image_cache::{ImageCache, Instance};
use crate::parameters::{Kind, Parameters, optional, required};
use crate::state::World;

pub(super) const INSTANCES: Action = Action {
    service: SERVICE,
    version: VERSION,
    name: "DescribeEKSContainerInstances",
    fields: &[
        optional("EksCiIds", STRINGS),
        optional("Limit", Kind::Uint),
        optional("Offset", Kind::Uint),
        optional("Filters", Kind::List(&Kind::Object(&[required("Name", Kind::String), required("Values", STRINGS)]))),
    ],
    unsigned: false,
    run: describe_instances,
};

pub(super) const EVENTS: Action = Action {
    service: SERVICE,
    version: VERSION,
    name: "DescribeEKSContainerInstanceEvent",
    fields: &[required("EksCiId", Kind::String), optional("Limit", Kind::Uint)],
    unsigned: false,
    run: describe_events,
};

/// The maximum number of values of a filter in [`BuildInstance::FiveNames`], as in other services.
const FIVE: usize = 5;

fn describe_instances(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    permit(&world.behavior, "DescribeEKSContainerInstances")?;
    let limit = limit(parameters, 20)?;
    let mut names: Option<Vec<String>> = None;
    for filter in parameters.objects("Filters").unwrap_or_default() {
        let (name, values) = (filter.string("Name").unwrap_or_default(), filter.strings("Values").unwrap_or_default());
        if name != "eks-ci-name" {
            return Err(ApiError::new("InternalError.Param", format!("The filter `{name}` is not supported.")));
        }
        if world.behavior.build_instance == BuildInstance::FiveNames && values.len() > FIVE {
            return Err(ApiError::new("InvalidParameter.Param", format!("The filter has more than {FIVE} values.")));
        }
        names.get_or_insert_default().extend(values);
    }
    let ids = parameters.strings("EksCiIds").unwrap_or_default();
    let rows: Vec<_> = existing(world, context)
        .map(|(cache, instance)| (name(cache, &world.behavior), cache, instance))
        .filter(|(name, ..)| names.as_ref().is_none_or(|names| names.contains(name)))
        .filter(|(.., instance)| ids.is_empty() || ids.contains(&instance.id))
        .collect();
    let offset = usize::try_from(parameters.uint("Offset").unwrap_or(0)).unwrap_or(usize::MAX);
    let page = rows.iter().skip(offset).take(limit).map(|(name, cache, instance)| {
        let status = match (instance.ended, &instance.failure) {
            (None, _) => "Running",
            (Some(_), None) => "Succeeded",
            (Some(_), Some(_)) => "Failed",
        };
        json!({
            "EksCiId": instance.id,
            "EksCiName": name,
            "Status": status,
            "CreationTime": response::time(instance.created, &world.behavior),
            "VpcId": cache.vpc_id,
            "SubnetId": cache.subnet_id,
            "Cpu": 2,
            "Memory": 4,
            "EipAddress": null,
            "Containers": [],
        })
    });
    let page: Vec<_> = page.collect();
    Ok(json!({"TotalCount": response::number(rows.len() as u64, &world.behavior), "EksCis": page}))
}

fn describe_events(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    permit(&world.behavior, "DescribeEKSContainerInstanceEvent")?;
    let id = parameters.string("EksCiId").unwrap_or_default();
    let limit = limit(parameters, 50)?;
    let Some((cache, instance)) = existing(world, context).find(|(_, instance)| instance.id == id) else {
        return Err(ApiError::new("InternalError.ContainerNotFound", format!("The instance {id} is not found.")));
    };
    let running = || (world.build_failure)(cache).filter(|_| instance.ended.is_none());
    let failure = instance.failure.clone().or_else(running);
    let ended = instance.ended.unwrap_or(context.now);
    let event = |kind: &str, reason: &str, message: String, last: Timestamp| {
        let (first, last) = (response::time(instance.created, &world.behavior), response::time(last, &world.behavior));
        json!({
            "PodName": instance.id, "Type": kind, "Reason": reason, "Message": text(message, &world.behavior), "Count": 1,
            "FirstTimestamp": first, "LastTimestamp": last,
        })
    };
    // Newest first, as in the official example.
    let mut events = Vec::new();
    if let Some(failure) = failure {
        events.push(event("Warning", "Failed", "Error: ImagePullBackOff".to_owned(), ended));
        events.push(event("Warning", "Failed", failure, ended));
    }
    for image in cache.images.iter().rev() {
        events.push(event("Normal", "Pulling", format!("Pulling image \"{image}\""), instance.created));
    }
    events.truncate(limit);
    Ok(json!({"EksCiId": id, "Events": events}))
}

/// The existing instances. A cache that does not exist has none.
fn existing<'w>(world: &'w World, context: &'w Context) -> impl Iterator<Item = (&'w ImageCache, &'w Instance)> {
    let caches = world.image_caches.get(&context.region).into_iter().flat_map(|caches| caches.values());
    let with_instance = caches.filter_map(|cache| Some((cache, cache.instance.as_ref()?)));
    with_instance.filter(|(_, instance)| instance.ended.is_none_or(|ended| context.now < later(ended, world.lag)))
}

fn name(cache: &ImageCache, behavior: &Behavior) -> String {
    match behavior.build_instance {
        BuildInstance::OtherName => format!("image-cache-{}", cache.id),
        _ => format!("for-{}", cache.id),
    }
}

fn permit(behavior: &Behavior, action: &str) -> Result<(), ApiError> {
    match behavior.build_instance {
        BuildInstance::NoPermission => {
            let message = format!("you are not authorized to perform operation (tke:{action})");
            Err(ApiError::new("InternalError.CamNoAuth", message))
        }
        BuildInstance::NotOffered => {
            Err(ApiError::new("InvalidAction", format!("The request action=`{action}` is invalid or not found.")))
        }
        BuildInstance::Named | BuildInstance::OtherName | BuildInstance::FiveNames => Ok(()),
    }
}

fn limit(parameters: &Parameters<'_>, default: u64) -> Result<usize, ApiError> {
    match parameters.uint("Limit").unwrap_or(default) {
        limit @ 1..=100 => Ok(usize::try_from(limit).unwrap_or_default()),
        limit => Err(ApiError::new("InternalError.Param", format!("Limit {limit} is out of the range [1, 100]."))),
    }
}

/// A message with text from a registry.
fn text(message: String, behavior: &Behavior) -> String {
    match behavior.instance_events {
        InstanceEvents::Plain => message,
        InstanceEvents::Hostile => format!("{message}\r\u{1b}[2J\u{202e}{}\nError: forged", "x".repeat(100_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture::Api;

    /// A cloud with a build in progress, and the ID of its cache.
    fn api(build_instance: BuildInstance) -> (Api, String) {
        let mut api = Api::new(|world| world.behavior.build_instance = build_instance);
        let create = json!({"Images": ["nginx:1"], "VpcId": "vpc-1", "SubnetId": "subnet-1"});
        let created = api.call("CreateImageCache", create).unwrap();
        let id = created["ImageCacheId"].as_str().unwrap().to_owned();
        (api, id)
    }

    fn instances(api: &mut Api, names: &[String]) -> Result<Vec<Value>, String> {
        let body = json!({"Filters": [{"Name": "eks-ci-name", "Values": names}]});
        Ok(api.call("DescribeEKSContainerInstances", body)?["EksCis"].as_array().unwrap().clone())
    }

    #[test]
    fn instance_exists_until_a_while_after_the_build() {
        let (mut api, id) = api(BuildInstance::Named);
        let named = [format!("for-{id}")];
        for (wait, expected) in [(0, 1), (9, 1), (1, 1), (4, 1), (1, 0)] {
            api.wait(wait);
            assert_eq!(instances(&mut api, &named).unwrap().len(), expected);
        }
        assert_eq!(instances(&mut api, &["for-imc-x".to_owned()]), Ok(Vec::new()));
    }

    #[test]
    fn events_report_a_failure_during_and_after_the_build() {
        let (mut api, id) = api(BuildInstance::Named);
        api.world.build_failure = Box::new(|_| Some("no space left on device".to_owned()));
        let instance = instances(&mut api, &[format!("for-{id}")]).unwrap()[0]["EksCiId"].clone();
        for wait in [0, 10] {
            api.wait(wait);
            let events = api.call("DescribeEKSContainerInstanceEvent", json!({ "EksCiId": instance })).unwrap();
            let messages: Vec<_> = events["Events"].as_array().unwrap().iter().map(|event| &event["Message"]).collect();
            assert_eq!(messages[1..], ["no space left on device", "Pulling image \"nginx:1\""]);
        }
        api.wait(5);
        let gone = api.call("DescribeEKSContainerInstanceEvent", json!({ "EksCiId": instance }));
        assert_eq!(gone, Err("InternalError.ContainerNotFound".to_owned()));
    }

    #[test]
    fn variants_change_the_name_or_refuse() {
        for (variant, names, expected) in [
            (BuildInstance::OtherName, 1, Ok(0)),
            (BuildInstance::NoPermission, 1, Err("InternalError.CamNoAuth".to_owned())),
            (BuildInstance::NotOffered, 1, Err("InvalidAction".to_owned())),
            (BuildInstance::FiveNames, 5, Ok(1)),
            (BuildInstance::FiveNames, 6, Err("InvalidParameter.Param".to_owned())),
        ] {
            let (mut api, id) = api(variant);
            let names = vec![format!("for-{id}"); names];
            assert_eq!(instances(&mut api, &names).map(|rows| rows.len()), expected, "{variant:?}");
        }
    }
}
