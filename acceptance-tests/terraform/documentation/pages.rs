//! Code in `README.md`, in `docs/` and in the READMEs of modules: checks formatting, validates, and plans.
//!
//! Code that a page repeats from `examples/` is tested there. Other providers are not installed: expressions in their blocks that
//! use this provider are planned as outputs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tencentcloud_simulator::ImageCache;

use crate::harness::cli::Cli;
use crate::harness::config::REGION;
use crate::harness::features::Feature;
use crate::harness::workspace::Workspace;

/// Code that not every client supports, by a part of it.
const NEEDS: [(&str, Feature); 6] = [
    ("  for_each = local.caches\n  to", Feature::ImportForEach),
    ("  identity = {", Feature::ImportByIdentity),
    ("moved {\n  from = tencentcloud_", Feature::MovedBetweenTypes),
    ("  password_wo ", Feature::WriteOnly),
    ("provider::eks::", Feature::Functions),
    ("removed {", Feature::RemovedBlock),
];

const REQUIRED_PROVIDERS: &str =
    "terraform {\n  required_providers {\n    eks = {\n      source = \"supernode/eks\"\n    }\n  }\n}\n";

/// Values of the variables on pages.
const VALUES: &str = r#"
app_version       = "1.4.2"
config_map        = { "pod.annotations" = "a/b: 1" }
digest            = "sha256:0123"
image_cache_sizes = { llm = 60, training = 100 }
images            = { llm = ["nginx:1.27"], training = ["nginx:1.28"] }
manifest          = "{kind: Deployment, metadata: {name: inference}, spec: {template: {spec: {containers: [{image: nginx}]}}}}"
manifests         = "{kind: Deployment, metadata: {name: inference}, spec: {template: {spec: {containers: [{image: nginx}]}}}}"
mfa_code          = "123456"
registry_password = "secret"
saml_assertion    = "PHNhbWw+"
secret_id         = "AKIDSIMULATOR"
secret_key        = "simulator-secret-key"
subnet_id         = "subnet-1a2b3c4d"
subnet_ids        = { llm = "subnet-1a2b3c4d", training = "subnet-5e6f7a8b" }
tags              = { llm = { team = "ml" }, training = {} }
tcr_username      = "100000000001"
vpc_id            = "vpc-1a2b3c4d"
vpc_ids           = { llm = "vpc-1a2b3c4d", training = "vpc-5e6f7a8b" }
"#;

/// References to other providers on pages, and the variables that replace them.
const READS: [(&str, &str); 2] = [
    ("data.helm_template.inference.manifest", "var.manifest"),
    ("data.kubernetes_config_map_v1.eks_config.data", "var.config_map"),
];

/// A module for the tests in the guide on tests.
const TESTED_MODULE: &str = r#"
variable "vpc_id" {}

variable "subnet_id" {}

resource "eks_image_cache" "this" {
  images    = ["nginx:1.27"]
  vpc_id    = var.vpc_id
  subnet_id = var.subnet_id
}

data "eks_pod_disk" "this" {
  image_cache = eks_image_cache.this.id
}

output "pod_annotations" {
  value = data.eks_pod_disk.this.annotations
}
"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a directory of the project whose names have this ending, sorted.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The blocks of HCL on a page.
fn blocks(page: &str) -> Vec<&str> {
    let code = page.split("\n```").skip(1).step_by(2);
    code.filter_map(|code| code.strip_prefix("terraform\n").or(code.strip_prefix("hcl\n"))).collect()
}

/// Whether the code is a configuration: not arguments alone, a configuration of the CLI, or a test.
fn is_configuration(code: &str) -> bool {
    let first = code.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    first.ends_with('{') && !first.contains('=') && first != "provider_installation {" && !code.contains("\nrun \"")
}

/// The configuration with outputs instead of blocks of other providers, and variables instead of references to them.
fn without_other_providers(code: &str) -> String {
    let mut own = String::new();
    let mut other: Option<String> = None;
    for line in code.lines().filter(|line| !line.contains("source = \"hashicorp/")) {
        if let Some(kind) = line.strip_prefix("resource \"").or(line.strip_prefix("data \"")) {
            other = (!kind.starts_with("eks_")).then(String::new);
        }
        match &mut other {
            Some(block) => *block += &format!("{line}\n"),
            None => own += &format!("{line}\n"),
        }
        if line == "}"
            && let Some(block) = other.take()
        {
            own += &outputs(&block, own.len());
        }
    }
    READS.iter().fold(own, |code, (read, variable)| code.replace(read, variable))
}

/// Outputs for the expressions in a block that use this provider, with unique names from `number` on.
fn outputs(block: &str, number: usize) -> String {
    let for_each = block.lines().find_map(|line| line.trim().strip_prefix("for_each = "));
    let depth = |text: &str| {
        text.chars().fold(0, |depth, c| depth + i32::from("([{".contains(c)) - i32::from(")]}".contains(c)))
    };
    let mut outputs = String::new();
    let mut lines = block.lines();
    while let Some(line) = lines.next() {
        let Some((_, expression)) = line.split_once(" = ") else { continue };
        let mut expression = expression.to_owned();
        while depth(&expression) > 0 {
            expression += &format!("\n{}", lines.next().expect("a closed expression"));
        }
        if ["eks_", "::eks::", "module."].iter().any(|part| expression.contains(part)) {
            let value = match for_each {
                Some(of) => format!("[for item in {of} : {}]", expression.replace("each.value", "item")),
                None => expression,
            };
            outputs += &format!("output \"of_{}\" {{\n  value = {value}\n}}\n", number + outputs.len());
        }
    }
    outputs
}

/// The resources and data sources of this provider that the code refers to, from other code on the page.
fn definitions(page: &str, code: &str) -> String {
    let mut found = String::new();
    for start in
        page.match_indices("\nresource \"eks_").chain(page.match_indices("\ndata \"eks_")).map(|(at, _)| at + 1)
    {
        let block = page[start..].split_inclusive("\n}\n").next().unwrap_or_default();
        let names: Vec<_> = block.split('"').collect();
        let header = format!("{:?} {:?}", names[1], names[3]);
        let is_used = code.contains(&format!("{}.{}", names[1], names[3])) && !code.contains("removed {");
        if is_used && !code.contains(&header) && !found.contains(&header) {
            found += block;
        }
    }
    found
}

/// Declarations of the variables that the code uses and does not declare.
fn variables(code: &str) -> String {
    let uses = code.split("var.").skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
    let names: BTreeSet<_> = uses.flatten().filter(|name| !code.contains(&format!("variable \"{name}\""))).collect();
    names.into_iter().map(|name| format!("variable \"{name}\" {{}}\n")).collect()
}

/// Whether a plan would contact public registries, which tests must not.
fn contacts_registries(code: &str) -> bool {
    code.contains("data \"eks_pod_disk\"") && code.contains("  images = ") && !code.contains("inspect_images")
}

/// A workspace with the caches that pages import.
fn workspace() -> Workspace {
    let mut workspace = Workspace::new();
    workspace.remove("provider.tf");
    workspace.environment("TENCENTCLOUD_REGION", REGION);
    fs::write(workspace.path("terraform.tfvars"), VALUES).unwrap();
    for (region, id) in [(REGION, "imc-1a2b3c4d"), ("ap-shanghai", "imc-5e6f7a8b")] {
        let mut cache = ImageCache::ready("llm", &["nginx:1.27"], workspace.cloud.clock().now());
        cache.id = id.to_owned();
        workspace.cloud.insert_cache(region, cache);
    }
    workspace
}

/// Formats, validates and plans the code on a page; returns the number of configurations.
fn check(page: &Path) -> usize {
    let text = fs::read_to_string(page).unwrap();
    let name = page.strip_prefix(root()).unwrap().display().to_string();
    let examples: String = [".tf", ".tfquery.hcl"]
        .iter()
        .flat_map(|ending| files(&root().join("examples"), ending))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let mut planned = 0;
    for block in blocks(&text).into_iter().filter(|block| !examples.contains(block.trim_end())) {
        if NEEDS.iter().any(|(part, needed)| block.contains(part) && Cli::get().skips_part(&name, *needed)) {
            continue;
        }
        let workspace = workspace();
        workspace.write(block);
        let formatted = workspace.run(&["fmt", "-check", "-diff", "main.tf"]);
        assert_eq!(formatted.exit_code(), Some(0), "{name}: {formatted}");
        let mut code = without_other_providers(block);
        if is_configuration(block) {
            code += &definitions(&text, &code);
            let required = if code.contains("required_providers") { "" } else { REQUIRED_PROVIDERS };
            workspace.write(format!("{required}{}{code}", variables(&code)));
            workspace.copy(&root().join("examples/modules"));
            workspace.run(&["get"]).succeeds();
            let valid = workspace.run(&["validate"]);
            assert_eq!(valid.exit_code(), Some(0), "{name}:\n{block}\n{valid}");
            if !contacts_registries(&code) {
                let plan = workspace.plan();
                assert_eq!(plan.exit_code(), Some(0), "{name}:\n{block}\n{plan}");
            }
            planned += 1;
        }
        for (region, id) in [(REGION, "imc-1a2b3c4d"), ("ap-shanghai", "imc-5e6f7a8b")] {
            workspace.cloud.delete_cache(region, id);
        }
    }
    planned
}

#[test]
fn code_in_readme_can_be_planned() {
    assert_eq!(check(&root().join("README.md")), 1);
}

#[test]
fn code_on_pages_can_be_planned() {
    let pages =
        files(&root().join("docs"), ".md").into_iter().filter(|page| !page.starts_with(root().join("docs/guides")));
    for page in pages {
        check(&page);
    }
}

#[test]
fn code_in_guides_can_be_planned() {
    let planned: usize = files(&root().join("docs/guides"), ".md").iter().map(|page| check(page)).sum();
    assert!(planned > 30, "{planned}");
}

#[test]
fn code_in_readmes_of_modules_can_be_planned() {
    let readmes = files(&root().join("examples/modules"), "README.md");
    assert!(readmes.iter().all(|readme| check(readme) > 0));
}

#[test]
fn tests_in_guide_pass() {
    let guide = root().join("docs/guides/testing-modules.md");
    let text = fs::read_to_string(guide).unwrap();
    let mut tests = blocks(&text);
    tests.retain(|block| block.contains("\nrun \""));
    assert_eq!(tests.len(), 2, "one with the simulator, one with a mock");
    for test in tests {
        let is_mock = test.contains("mock_provider");
        let feature = if is_mock { Feature::MockProviders } else { Feature::ModuleTests };
        if Cli::get().skips_part("a test", feature) {
            continue;
        }
        let workspace = Workspace::new();
        workspace.remove("provider.tf");
        workspace.write(format!("{REQUIRED_PROVIDERS}{TESTED_MODULE}"));
        fs::create_dir(workspace.path("tests")).unwrap();
        fs::write(workspace.path("tests/guide.tftest.hcl"), test).unwrap();
        workspace.run(&["fmt", "-check", "-diff", "tests"]).succeeds();
        let tested = workspace.run(&["test"]).succeeds();
        assert!(tested.stdout.contains("1 passed, 0 failed"), "{tested}");
        assert_eq!(workspace.cloud.requests().is_empty(), is_mock, "{tested}");
    }
}
