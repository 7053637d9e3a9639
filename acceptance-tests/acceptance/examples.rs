//! `examples/`: formatted, valid, planned, and the modules tested by their own tests.

use std::fs;
use std::path::{Path, PathBuf};

use tencentcloud_simulator::ImageCache;

use crate::cli::Cli;
use crate::config::REGION;
use crate::features::Feature;
use crate::workspace::Workspace;

/// Examples that ask public registries, which a test does not: they are validated here, and planned in `image_sizes`.
const ASK_REGISTRIES: [&str; 4] = ["given-size.tf", "images.tf", "moving-tag.tf", "precondition.tf"];

/// Examples that not every Terraform can read.
const NEEDS: [(&str, Feature); 6] = [
    ("precondition.tf", Feature::Precondition),
    ("function.tf", Feature::Functions),
    ("moved.tf", Feature::MovedBetweenTypes),
    ("private-registry.tf", Feature::WriteOnly),
    ("ephemeral-resource.tf", Feature::WriteOnly),
    ("import-by-identity.tf", Feature::ImportByIdentity),
];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The directories in a directory of `examples/`, sorted.
fn directories(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(examples().join(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut directories: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    directories.sort();
    directories
}

/// The names of the files for Terraform in a directory.
fn configuration(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".tf")).collect()
}

/// Plans an example whose directory may leave out what needs a registry or a newer Terraform.
#[track_caller]
fn validates_and_plans(directory: &Path) {
    let mut workspace = Workspace::new();
    workspace.environment("TF_VAR_registry_password", "secret");
    workspace.copy(directory);
    let mut names = configuration(directory);
    names.retain(|name| {
        let path = directory.strip_prefix(examples()).unwrap().join(name).display().to_string();
        let too_new = NEEDS.iter().any(|(known, needed)| known == name && Cli::get().leaves_out_part(&path, *needed));
        if too_new {
            workspace.remove(name);
        }
        !too_new
    });
    workspace.run(&["validate"]).succeeds();
    // It imports the same object as the other import, which one plan cannot do.
    let not_planned = |name: &str| ASK_REGISTRIES.contains(&name) || name == "import-by-identity.tf";
    for name in names.iter().filter(|name| not_planned(name)) {
        workspace.remove(name);
    }
    // What the data sources look for, and the import takes.
    let mut cache = ImageCache::ready("llm", &["nginx:1.27"], workspace.cloud.clock().now());
    cache.id = "imc-1a2b3c4d".to_owned();
    let id = workspace.cloud.insert_cache(REGION, cache);
    workspace.plan().succeeds();
    workspace.cloud.delete_cache(REGION, &id);
}

#[test]
fn examples_are_formatted() {
    let workspace = Workspace::new();
    for entry in fs::read_dir(examples()).unwrap() {
        let path = entry.unwrap().path();
        let too_new = path.ends_with("functions") && Cli::get().leaves_out_part("functions", Feature::Functions);
        if path.is_dir() && !too_new {
            workspace.run(&["fmt", "-check", "-diff", "-recursive", &path.display().to_string()]).succeeds();
        }
    }
}

#[test]
fn the_provider_example_can_be_planned() {
    validates_and_plans(&examples().join("provider"));
}

#[test]
fn resource_examples_can_be_planned() {
    directories("resources").iter().for_each(|directory| validates_and_plans(directory));
}

#[test]
fn data_source_examples_can_be_planned() {
    directories("data-sources").iter().for_each(|directory| validates_and_plans(directory));
}

#[test]
fn ephemeral_resource_examples_can_be_planned() {
    directories("ephemeral-resources").iter().for_each(|directory| validates_and_plans(directory));
}

#[test]
fn function_examples_can_be_planned() {
    directories("functions").iter().for_each(|directory| validates_and_plans(directory));
}

#[test]
fn modules_pass_their_tests() {
    for module in directories("modules") {
        let workspace = Workspace::new();
        workspace.remove("provider.tf");
        workspace.copy(&module);
        workspace.run(&["validate"]).succeeds();
        if !Cli::get().leaves_out_part("their tests", Feature::ModuleTests) {
            let tested = workspace.run(&["test"]).succeeds();
            assert!(!tested.stdout.contains(" 0 passed"), "{}: {tested}", module.display());
        }
    }
}
