//! `examples/`: checks formatting, validates and plans, and runs the tests of modules.

use std::fs;
use std::path::{Path, PathBuf};

use tencentcloud_simulator::ImageCache;

use crate::harness::cli::Cli;
use crate::harness::config::REGION;
use crate::harness::features::Feature;
use crate::harness::workspace::Workspace;

/// Examples that contact public registries, which tests must not: they are only validated here, and planned in `image_sizes`.
const CONTACT_REGISTRIES: [&str; 5] = ["given-size.tf", "images.tf", "moving-tag.tf", "precondition.tf", "trigger.tf"];

/// Examples that not every client supports.
const NEEDS: [(&str, Feature); 9] = [
    ("precondition.tf", Feature::Precondition),
    ("function.tf", Feature::Functions),
    ("moved.tf", Feature::MovedBetweenTypes),
    ("private-registry.tf", Feature::WriteOnly),
    ("ephemeral-resource.tf", Feature::WriteOnly),
    ("import-by-identity.tf", Feature::ImportByIdentity),
    ("action.tf", Feature::Actions),
    ("trigger.tf", Feature::Actions),
    ("list-resource.tfquery.hcl", Feature::Query),
];

/// Examples that import the same resource; a configuration can contain only one of them.
const IMPORTS: [&str; 2] = ["import-by-string-id.tf", "import-by-identity.tf"];

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

/// The names of the configuration files in a directory.
fn configuration(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".tf") || name.ends_with(".tfquery.hcl")).collect()
}

/// Validates and plans the examples of a directory, once with each of its [`IMPORTS`].
#[track_caller]
fn validates_and_plans(directory: &Path) {
    let mut names = configuration(directory);
    names.retain(|name| {
        let path = directory.strip_prefix(examples()).unwrap().join(name).display().to_string();
        !NEEDS.iter().any(|(known, needed)| known == name && Cli::get().skips_part(&path, *needed))
    });
    let (imports, names): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| IMPORTS.contains(&name.as_str()));
    for import in imports.iter().map(Some).chain(imports.is_empty().then_some(None)) {
        let mut workspace = Workspace::new();
        workspace.environment("TF_VAR_registry_password", "secret");
        for name in names.iter().chain(import) {
            fs::copy(directory.join(name), workspace.path(name)).unwrap();
        }
        workspace.run(&["validate"]).succeeds();
        for name in names.iter().filter(|name| CONTACT_REGISTRIES.contains(&name.as_str())) {
            workspace.remove(name);
        }
        // The cache that data sources and imports refer to.
        let mut cache = ImageCache::ready("llm", &["nginx:1.27"], workspace.cloud.clock().now());
        cache.id = "imc-1a2b3c4d".to_owned();
        let id = workspace.cloud.insert_cache(REGION, cache);
        workspace.plan().succeeds();
        if names.iter().any(|name| name.ends_with(".tfquery.hcl")) {
            workspace.run(&["query"]).succeeds();
        }
        workspace.cloud.delete_cache(REGION, &id);
    }
}

#[test]
fn examples_are_formatted() {
    let workspace = Workspace::new();
    for entry in fs::read_dir(examples()).unwrap() {
        let path = entry.unwrap().path();
        let too_new = path.ends_with("functions") && Cli::get().skips_part("functions", Feature::Functions);
        if path.is_dir() && !too_new {
            workspace.run(&["fmt", "-check", "-diff", "-recursive", &path.display().to_string()]).succeeds();
        }
    }
}

#[test]
fn provider_example_can_be_planned() {
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
fn action_examples_can_be_planned() {
    directories("actions").iter().for_each(|directory| validates_and_plans(directory));
}

#[test]
fn list_resource_examples_can_be_queried() {
    directories("list-resources").iter().for_each(|directory| validates_and_plans(directory));
}

#[test]
fn function_examples_can_be_planned() {
    directories("functions").iter().for_each(|directory| validates_and_plans(directory));
}

#[test]
fn modules_pass_their_tests() {
    for module in directories("modules") {
        let uses_functions = fs::read_to_string(module.join("main.tf")).unwrap().contains("provider::eks::");
        let name = module.file_name().unwrap().to_str().unwrap();
        if uses_functions && Cli::get().skips_part(name, Feature::Functions) {
            continue;
        }
        let workspace = Workspace::new();
        workspace.remove("provider.tf");
        workspace.copy(&module);
        workspace.run(&["validate"]).succeeds();
        if !Cli::get().skips_part("their tests", Feature::ModuleTests) {
            let tested = workspace.run(&["test"]).succeeds();
            assert!(!tested.stdout.contains(" 0 passed"), "{}: {tested}", module.display());
        }
    }
}

/// The first `variables` block of a module's tests, which the module can be planned with.
fn test_variables(module: &Path) -> String {
    let tests = fs::read_dir(module.join("tests")).unwrap().map(|entry| entry.unwrap().path());
    let tests: String = tests.map(|path| fs::read_to_string(path).unwrap()).collect();
    let (_, block) = tests.split_once("\nvariables {\n").expect("tests of a module have variables");
    format!("variables {{\n{}\n}}\n", block.split("\n}\n").next().unwrap())
}

#[test]
fn modules_pass_under_empty_mock() {
    if Cli::get().skips(Feature::MockProviders) {
        return;
    }
    for module in directories("modules") {
        let mut workspace = Workspace::new();
        workspace.environment("TENCENTCLOUD_ENDPOINT_URL", "");
        workspace.remove("provider.tf");
        workspace.copy(&module);
        let mock = "mock_provider \"eks\" {}\n\nrun \"plan\" {\n  command = plan\n}\n\nrun \"apply\" {}\n";
        fs::remove_dir_all(workspace.path("tests")).unwrap();
        fs::create_dir(workspace.path("tests")).unwrap();
        fs::write(workspace.path("tests/mock.tftest.hcl"), test_variables(&module) + mock).unwrap();
        let tested = workspace.run(&["test"]).succeeds();
        assert!(tested.stdout.contains("2 passed, 0 failed"), "{}: {tested}", module.display());
        assert_eq!(workspace.cloud.requests(), [], "{}", module.display());
    }
}
