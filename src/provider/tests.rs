//! The provider as a whole: each resource through its life as Terraform would lead it, against the simulator.

use std::time::Duration;

use tencentcloud_simulator::{Settings, Simulator};

use super::*;
use crate::framework::conformance::{self, complete};
use crate::framework::{Context, Server};
use crate::schema::Schema;
use crate::value::Value;

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

/// What to apply one after another, for each resource that there is: a new one must be added here.
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
async fn every_resource_keeps_terraforms_rules() {
    let (simulator, server) = provider().await;
    let context: Context<EksProvider> = server.context().unwrap();
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
fn every_schema_is_one_that_terraform_takes() {
    let server = Server::<EksProvider>::default();
    let schemas: Vec<&Schema> = std::iter::once(server.schema())
        .chain(server.resources.iter().map(|(_, resource)| resource.schema()))
        .chain(server.data_sources.iter().map(|(_, data_source)| data_source.schema()))
        .collect();
    assert!(schemas.iter().all(|schema| !schema.block.description.is_empty()));
}

#[tokio::test]
async fn an_object_with_a_region_needs_none_of_the_provider() {
    let config = config::ProviderConfig::default();
    let provider = configure::configure(config, Environment::default(), &mut Diagnostics::default()).unwrap();
    assert_eq!(provider.region_of(&Attr::from("ap-shanghai".to_owned())).await.unwrap(), "ap-shanghai");
    assert!(provider.region_of(&Attr::Null).await.unwrap_err().has_errors());
}
