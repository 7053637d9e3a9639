//! The code in `docs/guides/`: what is marked as `terraform` is formatted, and valid by itself.
//!
//! Variables that it uses are declared for it. Parts of a configuration, code for other providers and tests are marked as
//! `hcl`. Tests are run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::harness::cli::Cli;
use crate::harness::features::Feature;
use crate::harness::workspace::Workspace;

const REQUIRED_PROVIDERS: &str =
    "terraform {\n  required_providers {\n    eks = {\n      source = \"supernode/eks\"\n    }\n  }\n}\n";

/// Code that not every Terraform can read, by a part of it.
const NEEDS: [(&str, Feature); 2] =
    [("import {\n  for_each", Feature::ImportForEach), ("provider::eks::", Feature::Functions)];

/// The module that is tested in the guide on tests: what its tests name.
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

/// The blocks of code that are marked as `language`.
fn blocks<'a>(markdown: &'a str, language: &str) -> Vec<&'a str> {
    let start = format!("```{language}\n");
    markdown.split(&start).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Declarations of the variables that the code uses and does not declare.
fn variables(code: &str) -> String {
    let uses = code.split("var.").skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
    let names: BTreeSet<_> = uses.flatten().filter(|name| !code.contains(&format!("variable \"{name}\""))).collect();
    names.into_iter().map(|name| format!("variable \"{name}\" {{}}\n")).collect()
}

#[test]
fn the_code_in_guides_is_valid() {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides");
    for guide in fs::read_dir(guides).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&guide).unwrap();
        let name = guide.file_name().unwrap().display().to_string();
        let too_new = |block: &str| {
            NEEDS.iter().any(|(part, needed)| block.contains(part) && Cli::get().skips_part(&name, *needed))
        };
        for block in blocks(&text, "terraform").into_iter().filter(|block| !too_new(block)) {
            let workspace = Workspace::new();
            workspace.remove("provider.tf");
            workspace.write(block);
            let formatted = workspace.run(&["fmt", "-check", "-diff"]);
            assert_eq!(formatted.exit_code(), Some(0), "{}: {formatted}", guide.display());
            let required = if block.contains("required_providers") { "" } else { REQUIRED_PROVIDERS };
            workspace.write(format!("{required}{}{block}", variables(block)));
            let valid = workspace.run(&["validate"]);
            assert_eq!(valid.exit_code(), Some(0), "{}:\n{block}\n{valid}", guide.display());
        }
    }
}

#[test]
fn the_tests_in_the_guide_pass() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/testing-modules.md");
    let text = fs::read_to_string(guide).unwrap();
    let mut tests = blocks(&text, "hcl");
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
