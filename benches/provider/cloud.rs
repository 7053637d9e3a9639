//! Terraform with the provider against the simulator: plans, refreshes, creations, waits.

use std::time::Duration;

use serde_json::{Value, json};
use tencentcloud_simulator::{Clock, ImageCache, Settings, Simulator};

use super::directory::Directory;
use super::{mebibytes, median, row};

pub const REGION: &str = "ap-guangzhou";

const PLAN: &[&str] = &["plan", "-input=false"];
const APPLY: &[&str] = &["apply", "-auto-approve", "-input=false"];

/// The documented quota.
const QUOTA: u32 = 20;

/// Plans of caches that do not exist yet. No API call.
pub fn measure_plans() {
    let cloud = Simulator::start().expect("a port is free");
    let endpoint = cloud.endpoint();
    for (count, times, target) in [(1, 11, "<= 3.2"), (1000, 5, "<= 3.5")] {
        let caches = Directory::new(&caches(count, ""), Some(""));
        let builtin = Directory::new(&format!("resource \"terraform_data\" \"a\" {{\n  count = {count}\n}}\n"), None);
        // In turn, so that both see the same machine.
        let runs: Vec<_> = (0..times).map(|_| (caches.run(&endpoint, PLAN), builtin.run(&endpoint, PLAN))).collect();
        let seconds = median(runs.iter().map(|(run, _)| run.time.as_secs_f64()));
        let of_builtin = median(runs.iter().map(|(_, run)| run.time.as_secs_f64()));
        let ratio = format!("{:.2} ({seconds:.2} s)", seconds / of_builtin);
        row(&format!("plan of {count}, as a ratio to terraform_data"), ratio, target);
        if count > 1 {
            let cpu = median(runs.iter().map(|(run, _)| run.provider_cpu));
            row("provider's CPU time for a plan of 1000", format!("{:.2} s", cpu.as_secs_f64()), "<= 0.25 s");
            let memory = median(runs.iter().map(|(run, _)| run.provider_memory));
            row("resident memory with 1000 planned", mebibytes(memory), "<= 24 MiB");
        }
    }
}

/// What costs calls.
pub fn measure_calls() {
    refresh(1000, 1000, "<= 25 calls, <= 20 a second, <= 4 s");
    refresh(10, 10_000, "few");
    create();
    wait();
}

fn refresh(managed: usize, rows: usize, target: &str) {
    let settings = Settings { requests_per_second: Some(QUOTA), clock: Clock::manual(), ..Settings::default() };
    let cloud = Simulator::start_with(settings).expect("a port is free");
    let now = cloud.clock().now();
    let insert = |i| cloud.insert_cache(REGION, ImageCache::ready(&format!("cache-{i}"), &["nginx:1.27"], now));
    let ids: Vec<String> = (0..rows).map(insert).collect();
    let directory = Directory::new(&caches(managed, "name = \"cache-${count.index}\""), Some(""));
    directory.write("terraform.tfstate", &state(&ids[..managed]).to_string());

    let run = directory.run(&cloud.endpoint(), &["apply", "-refresh-only", "-auto-approve", "-input=false"]);
    report(&format!("refresh of {managed}, {rows} in the account, of 20 calls a second"), &cloud, run.time, target);
}

fn create() {
    let build_time = Duration::from_secs(2);
    let settings = Settings { requests_per_second: Some(QUOTA), build_time, ..Settings::default() };
    let cloud = Simulator::start_with(settings).expect("a port is free");
    let directory = Directory::new(&caches(200, ""), Some("poll_interval = \"1s\""));
    let run = directory.run(&cloud.endpoint(), &[APPLY, &["-parallelism=50"]].concat());
    report("creation of 200, 50 at a time, built in 2 s, polled each 1 s", &cloud, run.time, "no target");
}

fn wait() {
    let settings = Settings { build_time: Duration::from_secs(30), ..Settings::default() };
    let cloud = Simulator::start_with(settings).expect("a port is free");
    let directory = Directory::new(&caches(50, ""), Some(""));
    let time = directory.run(&cloud.endpoint(), &[APPLY, &["-parallelism=50"]].concat()).time;
    let polls = cloud.requests().iter().filter(|request| request.body["ImageCacheIds"].is_array()).count();
    row("wait for 50, built in 30 s, polled each 5 s", format!("{polls} polls, {:.1} s", time.as_secs_f64()), "<= 10");
}

fn report(figure: &str, cloud: &Simulator, time: Duration, target: &str) {
    let reads = cloud.count("DescribeImageCaches");
    let rate = ["CreateImageCache", "DescribeImageCaches"].map(|action| cloud.highest_rate(action));
    let rate = rate.into_iter().max().unwrap_or(0);
    let creations = match cloud.count("CreateImageCache") {
        0 => String::new(),
        count => format!("{count} + "),
    };
    row(figure, format!("{creations}{reads} calls, {rate}/s, {:.1} s", time.as_secs_f64()), target);
}

fn caches(count: usize, argument: &str) -> String {
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
