//! The provider as a whole: the lifecycle of each resource as Terraform runs it, with the simulator.

use std::time::Duration;

use proptest::prelude::*;
use tencentcloud_simulator::{Settings, Simulator};

use super::*;
use terraform_plugin::diagnostics::AttributePath;
use terraform_plugin::framework::conformance::{self, Terraform, complete};
use terraform_plugin::framework::{Context, Server};
use terraform_plugin::value::Attr;
use terraform_plugin::value::Value;

/// A simulator whose builds take a moment, and a provider that is configured for it.
async fn provider() -> (Simulator, Server<EksProvider>) {
    let settings = Settings { build_time: Duration::from_millis(20), ..Settings::default() };
    let simulator = Simulator::start_with(settings).expect("a free port");
    let server = Server::<EksProvider>::default();
    let config = Value::map([
        ("region", Value::from("ap-guangzhou")),
        ("secret_id", "AKIDSIMULATOR".into()),
        ("secret_key", "simulator-secret-key".into()),
        ("poll_interval", "10ms".into()),
        ("default_tags", Value::map([("team", "ai")])),
        ("endpoints", Value::map([("tke", simulator.endpoint()), ("sts", simulator.endpoint())])),
    ]);
    let found = server.configure(&complete(config, &server.schema().ty)).await;
    assert!(found.is_empty(), "{found:?}");
    (simulator, server)
}

/// Configurations to apply in order, for each resource type. A new resource must be added here.
fn configurations(type_name: &str) -> Vec<Value> {
    match type_name {
        "eks_image_cache" => image_caches(),
        other => panic!("no configurations for {other}"),
    }
}

fn image_caches() -> Vec<Value> {
    let strings = |strings: &[&str]| Value::set(strings.iter().map(|text| Value::from(*text)));
    let base = [("images", strings(&["nginx:1.27"])), ("vpc_id", "vpc-1".into()), ("subnet_id", "subnet-1".into())];
    let with = |more: &[(&'static str, Value)]| Value::map(base.iter().cloned().chain(more.iter().cloned()));
    let credentials = |password: &str| {
        let credentials = [("username", Value::from("user")), ("password", Value::from(password))];
        Value::map([("registry.example.com", Value::map(credentials))])
    };
    vec![
        with(&[]),
        with(&[("name", "a".into()), ("retention_days", Value::from(7_u64))]),
        with(&[("tags", Value::map([("k", "v")])), ("wait_for_ready", false.into())]),
        with(&[("images", strings(&["nginx:1.28", "redis:7"])), ("image_cache_size", Value::from(50_u64))]),
        with(&[("image_registry_credentials", credentials("one")), ("security_group_ids", strings(&["sg-1"]))]),
        with(&[("image_registry_credentials", credentials("two")), ("rebuild_triggers", Value::map([("d", "1")]))]),
        with(&[("auto_create_eip", Value::map([("internet_max_bandwidth_out", Value::from(10_u64))]))]),
        with(&[
            ("existed_eip_id", "eip-1".into()),
            ("registry_http_endpoint_list", strings(&["a.example.com"])),
            ("registry_skip_verify_list", strings(&["b.example.com"])),
            ("resolve_config", "nameserver 10.0.0.2".into()),
        ]),
        with(&[("region", "ap-shanghai".into()), ("timeouts", Value::map([("create", "5m")]))]),
    ]
}

#[tokio::test]
async fn resources_follow_terraforms_rules() {
    let (simulator, server) = provider().await;
    let context: Context<Session> = server.context().unwrap();
    for (_, resource) in server.resources.iter() {
        let ty = &resource.schema().ty;
        let configs: Vec<_> = configurations(resource.type_name()).into_iter().map(|c| complete(c, ty)).collect();
        conformance::run(resource, &context, &configs).await;
    }
    for region in ["ap-guangzhou", "ap-shanghai"] {
        assert_eq!(simulator.caches(region).len(), 0, "left in {region}");
    }
}

#[test]
fn descriptions_conform() {
    let none: &[String] = &[];
    assert_eq!(conformance::description_violations(&Server::<EksProvider>::default()), none);
}

#[tokio::test]
async fn object_region_replaces_the_providers() {
    let config = ProviderConfig::with_keys();
    let session = block::configure(config, Environment::default(), &mut Diagnostics::default()).unwrap();
    assert_eq!(session.region_of(&Attr::from("ap-shanghai".to_owned())).await.unwrap(), "ap-shanghai");
    assert!(session.region_of(&Attr::Null).await.unwrap_err().has_errors());
}

/// Valid configurations of an image cache.
fn any_image_cache() -> impl Strategy<Value = Value> {
    fn texts(all: &'static [&'static str], least: usize) -> impl Strategy<Value = Value> {
        prop::sample::subsequence(all, least..=all.len())
            .prop_map(|texts| Value::set(texts.into_iter().map(Value::from)))
    }
    let maybe = |value: BoxedStrategy<Value>| prop_oneof![1 => Just(Value::Null), 1 => value].boxed();
    let tags = || {
        texts(&["a", "b"], 0)
            .prop_map(|keys| Value::map(keys.as_list().unwrap().iter().map(|k| (k.as_str().unwrap(), "1"))))
    };
    let credentials = prop::sample::select(vec!["one", "two"])
        .prop_map(|password| Value::map([("r.io", Value::map([("username", "ci"), ("password", password)]))]));
    let required = (texts(&["nginx:1.27", "redis:7"], 1), prop::sample::select(vec!["vpc-1", "vpc-2"]));
    let optional = [
        ("name", maybe(prop::sample::select(vec!["x", "y"]).prop_map(Value::from).boxed())),
        ("region", maybe(prop::sample::select(vec!["ap-guangzhou", "ap-shanghai"]).prop_map(Value::from).boxed())),
        ("image_cache_size", maybe((2..5_u64).prop_map(|tens| Value::from(tens * 10)).boxed())),
        ("retention_days", maybe((0..3_u64).prop_map(Value::from).boxed())),
        ("security_group_ids", maybe(texts(&["sg-1", "sg-2"], 1).boxed())),
        ("tags", maybe(tags().boxed())),
        ("rebuild_triggers", maybe(tags().boxed())),
        ("image_registry_credentials", maybe(credentials.boxed())),
        ("resolve_config", maybe(Just(Value::from("nameserver 10.0.0.2")).boxed())),
        ("wait_for_ready", maybe(any::<bool>().prop_map(Value::from).boxed())),
        ("replace_on_rebuild", maybe(any::<bool>().prop_map(Value::from).boxed())),
    ];
    let (names, values): (Vec<_>, Vec<_>) = optional.into_iter().unzip();
    (required, values).prop_map(move |((images, vpc), values)| {
        let required = [("images", images), ("vpc_id", vpc.into()), ("subnet_id", "subnet-1".into())];
        Value::map(required.into_iter().chain(names.clone().into_iter().zip(values)))
    })
}

/// The state after an apply of `planned`, as far as it is relevant for a plan.
fn applied(planned: &Value) -> Value {
    let Value::Map(mut object) = planned.clone() else { panic!("no plan") };
    for (name, value) in &mut object {
        match name.as_str() {
            "annotations" => {
                *value.get_mut(&AttributePath::root("pinned")).unwrap() = Value::map([("use-image-cache", "imc-1")]);
            }
            "image_cache_size" if value.is_unknown() => *value = Value::from(20_u64),
            "retention_days" if value.is_unknown() => *value = Value::from(0_u64),
            "status" => *value = "Ready".into(),
            _ if value.is_unknown() => *value = "x".into(),
            _ => {}
        }
    }
    Value::Map(object)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Each plan also asserts Terraform's rules, and that planning is idempotent.
    #[test]
    fn plan_changes_configured_attributes_only(
        before in any_image_cache(),
        after in any_image_cache(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let server = Server::<EksProvider>::default();
            let block = Value::map([("region", "ap-guangzhou"), ("secret_id", "id"), ("secret_key", "key")]);
            assert!(server.configure(&complete(block, &server.schema().ty)).await.is_empty());
            let context = server.context().unwrap();
            let resource = server.resources.get("eks_image_cache").unwrap();
            let [before, after] = [before, after].map(|config| complete(config, &resource.schema().ty));
            let mut terraform = Terraform::new(resource, &context);
            terraform.object.value = applied(&terraform.plan(&before).await.unwrap().object.value);

            let unchanged = terraform.plan(&before).await.unwrap();
            assert_eq!(unchanged.object.value, terraform.object.value, "a plan without a change");
            assert!(unchanged.requires_replace.is_empty());

            let planned = terraform.plan(&after).await.unwrap();
            let (planned, replaced) = (planned.object.value, !planned.requires_replace.is_empty());
            for (name, attribute) in &resource.schema().block.attributes {
                let at = AttributePath::root(name);
                let [config, prior, planned] = [&after, &terraform.object.value, &planned].map(|o| o.get(&at).unwrap());
                if !config.is_null() {
                    assert_eq!(planned, config, "{name} is configured");
                } else if !attribute.behavior.computed {
                    assert!(planned.is_null(), "{name} is neither configured nor computed");
                }
                if matches!(name.as_str(), "id" | "annotations") && !replaced {
                    assert_eq!(planned, prior, "{name} stays, so that Pods see no change");
                }
            }
        });
    }
}
