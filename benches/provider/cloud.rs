//! Terraform with the provider and the simulator: refreshes, creates, waits.

use std::fmt::Display;
use std::time::Duration;

use serde_json::{Value, json};
use tencentcloud_simulator::{Clock, ImageCache, Settings, Simulator};

use super::directory::{Directory, Plugin};
use super::{PROVIDER, row};

pub const REGION: &str = "ap-guangzhou";

const APPLY: &[&str] = &["apply", "-auto-approve", "-input=false"];

/// The documented quota.
const QUOTA: u32 = 20;

/// Measures operations that make calls.
pub fn measure_calls() {
    refresh(1000, 1000, "<= 24 calls, <= 20 a second, <= 3.4 s");
    refresh(10, 10_000, "few");
    create();
    wait();
}

fn refresh(managed: usize, rows: usize, goal: &str) {
    let settings = Settings { requests_per_second: Some(QUOTA), clock: Clock::manual(), ..Settings::default() };
    let cloud = Simulator::start_with(settings).expect("a port is free");
    let now = cloud.clock().now();
    let insert = |i| cloud.insert_cache(REGION, ImageCache::ready(&format!("cache-{i}"), &["nginx:1.27"], now));
    let ids: Vec<String> = (0..rows).map(insert).collect();
    let directory = directory(&caches(managed, "name = \"cache-${count.index}\""), "");
    directory.write("terraform.tfstate", &state(&ids[..managed]).to_string());

    let run = directory.run(&cloud.endpoint(), &["apply", "-refresh-only", "-auto-approve", "-input=false"]);
    report(&format!("refresh of {managed}, {rows} in the account, of 20 calls a second"), &cloud, run.time, goal);
}

fn create() {
    let build_time = Duration::from_secs(2);
    let settings = Settings { requests_per_second: Some(QUOTA), build_time, ..Settings::default() };
    let cloud = Simulator::start_with(settings).expect("a port is free");
    let directory = directory(&caches(200, ""), "poll_interval = \"1s\"");
    let run = directory.run(&cloud.endpoint(), &[APPLY, &["-parallelism=50"]].concat());
    report("creation of 200, 50 at a time, built in 2 s, polled each 1 s", &cloud, run.time, "no goal");
}

fn wait() {
    let settings = Settings { build_time: Duration::from_secs(30), ..Settings::default() };
    let cloud = Simulator::start_with(settings).expect("a port is free");
    let directory = directory(&caches(50, ""), "");
    let time = directory.run(&cloud.endpoint(), &[APPLY, &["-parallelism=50"]].concat()).time;
    let polls = cloud.requests().iter().filter(|request| request.body["ImageCacheIds"].is_array()).count();
    row("wait for 50, built in 30 s, polled each 5 s", format!("{polls} polls, {:.1} s", time.as_secs_f64()), "<= 10");
}

/// A directory with these resources, and a provider block with this argument.
fn directory(resources: &str, argument: &str) -> Directory {
    let block = format!("provider \"eks\" {{\n  region = {REGION:?}\n  {argument}\n}}\n\n");
    Directory::new(&(block + resources), Some(Plugin { name: "eks", binary: PROVIDER.as_ref() }))
}

fn report(figure: &str, cloud: &Simulator, time: Duration, goal: &str) {
    let reads = cloud.count("DescribeImageCaches");
    let rate = ["CreateImageCache", "DescribeImageCaches"].map(|action| cloud.highest_rate(action));
    let rate = rate.into_iter().max().unwrap_or(0);
    let creations = match cloud.count("CreateImageCache") {
        0 => String::new(),
        count => format!("{count} + "),
    };
    row(figure, format!("{creations}{reads} calls, {rate}/s, {:.1} s", time.as_secs_f64()), goal);
}

/// Caches with an additional argument.
pub fn caches(count: impl Display, argument: &str) -> String {
    format!(
        "resource \"eks_image_cache\" \"a\" {{\n  count = {count}\n  images = [\"nginx:1.27\"]\n  \
         vpc_id = \"vpc-1\"\n  subnet_id = \"subnet-1\"\n  {argument}\n}}\n"
    )
}

/// A state that manages these caches.
fn state(ids: &[String]) -> Value {
    let object = |(i, id): (usize, &String)| {
        let annotations = |cache: &str| json!({ "eks.tke.cloud.tencent.com/use-image-cache": cache });
        json!({
            "index_key": i,
            "schema_version": 0,
            "attributes": {
                "id": id,
                "name": format!("cache-{i}"),
                "region": REGION,
                "images": ["nginx:1.27"],
                "vpc_id": "vpc-1",
                "subnet_id": "subnet-1",
                "image_cache_size": 20,
                "retention_days": 0,
                "status": "Ready",
                "wait_for_ready": true,
                "replace_on_rebuild": false,
                "annotations": { "auto": annotations("auto"), "pinned": annotations(id) },
            },
        })
    };
    json!({
        "version": 4,
        "terraform_version": "1.0.0",
        "serial": 1,
        "lineage": "00000000-0000-0000-0000-000000000000",
        "resources": [{
            "mode": "managed",
            "type": "eks_image_cache",
            "name": "a",
            "provider": "provider[\"registry.terraform.io/supernode/eks\"]",
            "instances": ids.iter().enumerate().map(object).collect::<Vec<_>>(),
        }],
    })
}
