//! Invalid configurations: errors at the attribute, with the expected value, and without a call.

use crate::harness::cli::Cli;
use crate::harness::config::{CacheBlock, PROVIDER, cache};
use crate::harness::features::Feature;
use crate::harness::run::Diagnostic;
use crate::harness::workspace::Workspace;

/// An invalid value, and the line and the text of its error.
struct Row {
    block: String,
    /// The header of the block that contains the line.
    header: String,
    /// A part of the line that the error refers to; empty for the block's header.
    code: &'static str,
    says: &'static [&'static str],
}

fn cache_row(n: usize, argument: &'static str, expression: &str, says: &'static [&'static str]) -> Row {
    let label = format!("row_{n}");
    let block = CacheBlock::labelled(&label).set(argument, expression).to_string();
    Row { block, header: format!("resource \"eks_image_cache\" {label:?}"), code: argument, says }
}

fn data_row(n: usize, ty: &str, arguments: &str, code: &'static str, says: &'static [&'static str]) -> Row {
    let label = format!("row_{n}");
    let header = format!("data {ty:?} {label:?}");
    Row { block: format!("{header} {{\n  {arguments}\n}}\n"), header, code, says }
}

/// Validates all rows together. Asserts that each has exactly its error.
fn check(rows: &[Row]) {
    let workspace = Workspace::new();
    workspace.write(rows.iter().map(|row| row.block.clone()).collect::<Vec<_>>().join("\n"));
    let errors = workspace.run(&["validate", "-json"]).fails().diagnostics();
    for Row { block, header, code, says } in rows {
        let own: Vec<&Diagnostic> = errors.iter().filter(|error| error.block() == header).collect();
        let [error] = own[..] else { panic!("{} errors for {block}: {own:#?}", own.len()) };
        assert!(error.code().contains(code), "points at {:?} for {block}: {error:#?}", error.code());
        error.says(says);
    }
    assert_eq!(errors.len(), rows.len(), "{errors:#?}");
    assert_eq!(workspace.cloud.requests(), []);
}

#[test]
fn wrong_arguments_of_an_image_cache() {
    let rows: [(&str, &str, &[&str]); 22] = [
        ("images", "[]", &["images", "at least"]),
        ("images", "null", &["images"]),
        ("images", r#"[""]"#, &["Invalid image reference", "nginx:1.27"]),
        ("images", r#"["nginx 1.27"]"#, &["Invalid image reference", "nginx 1.27"]),
        ("images", r#"["Nginx:1.27"]"#, &["Invalid image reference", "Nginx:1.27"]),
        ("images", r#"["nginx:"]"#, &["Invalid image reference", "nginx:"]),
        ("images", r#"["https://docker.io/nginx"]"#, &["Invalid image reference", "https://docker.io/nginx"]),
        ("images", r#"["nginx@sha256:abc"]"#, &["Invalid image reference", "nginx@sha256:abc"]),
        ("image_cache_size", "19", &["image_cache_size", "20", "32000", "19"]),
        ("image_cache_size", "32001", &["image_cache_size", "20", "32000", "32001"]),
        ("image_cache_size", "20.5", &["image_cache_size", "whole number", "20.5"]),
        ("image_cache_size", r#""large""#, &["image_cache_size", "number"]),
        ("retention_days", "-1", &["retention_days", "-1"]),
        ("retention_days", "1.5", &["retention_days", "whole number"]),
        ("name", r#""""#, &["name", "empty"]),
        ("name", r#"" web""#, &["name", "white space"]),
        ("vpc_id", r#""""#, &["vpc_id"]),
        ("vpc_id", "null", &["vpc_id"]),
        ("subnet_id", r#""subnet-1\n""#, &["subnet_id"]),
        ("security_group_ids", r#"[""]"#, &["security_group_ids"]),
        ("image_registry_credentials", r#"{ "r.example.com" = { password_wo = null } }"#, &["username"]),
        ("auto_create_eip", "{ internet_max_bandwidth_out = 0 }", &["internet_max_bandwidth_out", "0"]),
    ];
    let rows = rows.into_iter().enumerate().map(|(n, (argument, value, says))| cache_row(n, argument, value, says));
    check(&rows.collect::<Vec<_>>());
}

#[test]
fn invalid_argument_with_a_password_is_not_printed() {
    let neither = r#"{ "r.example.com" = { username = "ci" } }"#;
    let url = r#"{ "https://r.example.com" = { username = "ci", password = "hunter2" } }"#;
    let both = r#"{ "r.example.com" = { username = "ci", password = "hunter2", password_wo = "b" } }"#;
    let version_alone = r#"{ "r.example.com" = { username = "ci", password = "hunter2", password_wo_version = 1 } }"#;
    // An older Terraform would store the write-only one, which is reported first.
    let both_says: &[&str] = match Cli::get().has(Feature::WriteOnly) {
        true => &["Conflicting arguments", "r.example.com", "password_wo"],
        false => &["Write-only", "r.example.com", "password_wo", "1.11"],
    };
    let rows: [(&str, &[&str]); 4] = [
        (neither, &["Missing password", "r.example.com", "password_wo"]),
        (url, &["Invalid registry server", "https://r.example.com", "registry.example.com"]),
        (both, both_says),
        (version_alone, &["password_wo_version", "no password_wo"]),
    ];
    let rows = rows.into_iter().enumerate().map(|(n, (value, says))| {
        let row = cache_row(n, "image_registry_credentials", value, &[]);
        // If it contains a password, the error refers to the block's header, so that Terraform does not print the password.
        Row { code: if value.contains("hunter2") { "resource" } else { row.code }, says, ..row }
    });
    check(&rows.collect::<Vec<_>>());
}

#[test]
fn wrong_combinations_and_blocks_of_an_image_cache() {
    let row = |block: CacheBlock, label: &str, code: &'static str, says: &'static [&'static str]| Row {
        block: block.to_string(),
        header: format!("resource \"eks_image_cache\" {label:?}"),
        code,
        says,
    };
    let timeout = |label: &str, text: &str| {
        CacheBlock::labelled(label).block(&format!("timeouts {{\n    create = {text:?}\n  }}"))
    };
    check(&[
        row(
            CacheBlock::labelled("two_eips").set("existed_eip_id", r#""eip-1""#).set("auto_create_eip", "{}"),
            "two_eips",
            "auto_create_eip",
            &["Conflicting arguments", "existed_eip_id", "Remove one"],
        ),
        row(timeout("words", "soon"), "words", "soon", &["Invalid duration", "timeouts.create", "60m", "soon"]),
        row(timeout("negative", "-5m"), "negative", "-5m", &["Invalid duration", "60m", "-5m"]),
        row(timeout("unitless", "5"), "unitless", "5", &["Invalid duration", "60m"]),
        row(timeout("zero", "0s"), "zero", "0s", &["Invalid duration", "greater than zero"]),
        row(CacheBlock::labelled("no_vpc").without("vpc_id"), "no_vpc", "", &["vpc_id", "required"]),
        row(CacheBlock::labelled("computed").set("status", r#""Ready""#), "computed", "status", &["status"]),
        row(CacheBlock::labelled("typo").set("image", r#""nginx""#), "typo", "image", &["image"]),
    ]);
}

#[test]
fn wrong_arguments_of_a_pod_disk() {
    let rows: [(&str, &str, &[&str]); 17] = [
        ("size = 19", "size", &["size", "20", "32000", "19"]),
        ("size = 32001", "size", &["size", "20", "32000", "32001"]),
        ("size = 20.5", "size", &["size", "whole number"]),
        ("inspect_images = false", "inspect_images", &["Missing size", "image_cache"]),
        ("image_cache = \"cache\"", "image_cache", &["Unusual image cache ID", "imc-1a2b3c4d", "cache"]),
        ("image_cache = \"\"", "image_cache", &["auto", "imc-"]),
        ("size = 50\n  disk_type = \"CLOUD_SSD\"", "disk_type", &["image_cache"]),
        ("size = 50\n  retain_minutes = 10", "retain_minutes", &["image_cache"]),
        ("image_cache = \"auto\"\n  disk_type = \"SSD\"", "disk_type", &["CLOUD_SSD", "SSD"]),
        ("image_cache = \"auto\"\n  retain_minutes = 0", "retain_minutes", &["retain_minutes", "0"]),
        ("size = 50\n  images = [\"nginx:\"]", "images", &["Invalid image reference", "nginx:"]),
        ("size = 50\n  platform = \"linux\"", "platform", &["linux/amd64"]),
        ("size = 50\n  container_gc_threshold = 101", "container_gc_threshold", &["100", "101"]),
        ("size = 50\n  pod_eviction_threshold = 0", "pod_eviction_threshold", &["1", "0"]),
        ("size = 50\n  image_gc = { low_threshold = 80, high_threshold = 70 }", "image_gc", &["thresholds"]),
        ("size = 50\n  image_gc = { period = \"soon\" }", "image_gc", &["Invalid duration", "image_gc.period", "soon"]),
        ("size = 50\n  registry_skip_verify_list = [\"a,b\"]", "registry_skip_verify_list", &["Invalid registry"]),
    ];
    let row = |(n, (arguments, code, says))| data_row(n, "eks_pod_disk", arguments, code, says);
    check(&rows.into_iter().enumerate().map(row).collect::<Vec<_>>());
}

#[test]
fn wrong_arguments_of_image_cache_data_sources() {
    let rows: [(&str, &str, &str, &[&str]); 7] = [
        ("eks_image_cache", "id = \"nginx\"", "id", &["Unusual image cache ID", "imc-1a2b3c4d", "nginx"]),
        ("eks_image_cache", "id = \"ap-guangzhou/imc-1\"", "id", &["Unusual image cache ID", "ap-guangzhou/imc-1"]),
        ("eks_image_cache", "id = \"imc-1\"\n  name = \"llm\"", "name", &["Conflicting arguments"]),
        ("eks_image_caches", "image = \"NGINX\"", "image", &["Invalid image reference", "NGINX", "lower case"]),
        ("eks_image_caches", "image = \"\"", "image", &["image"]),
        ("eks_image_caches", "name_regex = \"llm-(\"", "name_regex", &["regular expression"]),
        ("eks_suitable_image_cache", "images = [\"nginx:\"]", "images", &["Invalid image reference", "nginx:"]),
    ];
    let row = |(n, (ty, arguments, code, says))| data_row(n, ty, arguments, code, says);
    check(&rows.into_iter().enumerate().map(row).collect::<Vec<_>>());
}

#[test]
fn wrong_provider_blocks() {
    let rows: [(&str, &str, &[&str]); 14] = [
        ("poll_interval = \"soon\"", "poll_interval", &["Invalid duration", "30s", "soon"]),
        ("max_retries = -1", "max_retries", &["max_retries", "0", "100", "-1"]),
        ("requests_per_second = 0", "requests_per_second", &["requests_per_second", "1", "1000"]),
        ("protocol = \"ftp\"", "protocol", &["Invalid endpoint", "ftp"]),
        ("domain = \"https://example.com\"", "domain", &["Invalid endpoint"]),
        ("endpoints = { tke = \"tke.example.com\" }", "endpoints", &["Invalid endpoint", "https://tke.example.com"]),
        (
            "endpoints = { tke = \"https://joe:hunter2@tke.example.com\" }",
            "provider",
            &["Invalid endpoint", "endpoint of tke: remove the user name and the password"],
        ),
        (
            "allowed_account_ids = [\"1\"]\n  forbidden_account_ids = [\"2\"]",
            "forbidden_account_ids",
            &["Conflicting arguments", "Remove one"],
        ),
        (
            "assume_role = { role_arn = \"deployer\", token_code = \"hunter2\" }",
            "provider",
            &["assume_role.role_arn", "qcs::cam::uin"],
        ),
        ("assume_role = { role_arn = \"deployer\" }", "assume_role", &["assume_role.role_arn", "qcs::cam::uin"]),
        (
            "assume_role_with_saml = { session_duration = 43201 }",
            "assume_role_with_saml",
            &["assume_role_with_saml.session_duration", "0", "43200"],
        ),
        (
            "mfa_certification = { duration_seconds = -1 }",
            "mfa_certification",
            &["mfa_certification.duration_seconds", "0", "-1"],
        ),
        ("default_tags = [\"a\"]", "default_tags", &["default_tags"]),
        ("secret = \"x\"", "secret", &["secret"]),
    ];
    let workspace = Workspace::new();
    // A provider block that is not used is not validated.
    workspace.write(cache());
    for (arguments, code, says) in rows {
        workspace.provider(arguments);
        let run = workspace.run(&["validate", "-json"]);
        assert_eq!(run.exit_code(), Some(1), "{arguments}: {run}");
        let error = run.error();
        assert!(error.code().contains(code), "points at {:?} for {arguments}", error.code());
        error.says(says);
        assert!(!run.to_string().contains("hunter2"), "{run}");
    }
    assert_eq!(workspace.cloud.requests(), []);
}

#[test]
fn value_that_is_known_at_plan_is_checked_then() {
    let workspace = Workspace::new();
    workspace.provider(PROVIDER);
    workspace
        .write(format!("variable \"size\" {{\n  type = number\n}}\n\n{}", cache().set("image_cache_size", "var.size")));
    workspace.run(&["validate", "-json"]).succeeds();
    let error = workspace.run(&["plan", "-input=false", "-json", "-var=size=10"]).error();
    assert!(error.code().contains("image_cache_size"), "{error:?}");
    error.says(&["20", "32000", "10"]);
    assert_eq!(workspace.cloud.requests(), []);
}

#[test]
fn conflicting_arguments_are_an_error_once_both_are_known() {
    let later = |name: &str| {
        format!(
            "variable {name:?} {{\n  type    = string\n  default = \"\"\n}}\n\nresource \"terraform_data\" {name:?} {{\n  \
             input = var.{name}\n}}\n\n"
        )
    };
    let or_null = |name: &str| format!("terraform_data.{name}.output == \"\" ? null : terraform_data.{name}.output");
    let workspace = Workspace::new();
    workspace.provider(PROVIDER);
    let cache = cache().set("existed_eip_id", or_null("eip")).set("auto_create_eip", "{}");
    workspace.write(format!("{}{cache}", later("eip")));
    let error = workspace.run(&["apply", "-auto-approve", "-json", "-var=eip=eip-1"]).error();
    error.says(&["Conflicting arguments"]);
    assert_eq!(workspace.cloud.count("CreateImageCache"), 0);
    workspace.run(&["destroy", "-auto-approve"]).succeeds();
    workspace.run(&["apply", "-auto-approve"]).succeeds();

    let lookup = format!(
        "data \"eks_image_cache\" \"test\" {{\n  name = eks_image_cache.test.name\n  id   = {}\n}}\n",
        or_null("id")
    );
    workspace.write(format!("{}{cache}\n{}{lookup}", later("eip"), later("id")));
    let error = workspace.run(&["apply", "-auto-approve", "-json", "-var=id=imc-1"]).error();
    error.says(&["Conflicting arguments"]);
    workspace.run(&["apply", "-auto-approve", "-replace=terraform_data.id"]).succeeds();
    workspace.run(&["destroy", "-auto-approve"]).succeeds();
}

/// Terraform prints the lines that an error refers to.
#[test]
fn error_refers_to_the_attribute_but_not_to_a_literal_secret() {
    for (password, code) in [("var.password", "image_registry_credentials"), (r#""hunter2""#, "resource")] {
        let credentials = format!(r#"{{ "https://r.example.com" = {{ username = "ci", password = {password} }} }}"#);
        let workspace = Workspace::new();
        let variable = "variable \"password\" {\n  type = string\n}\n";
        workspace.write(format!("{}\n{variable}", cache().set("image_registry_credentials", &credentials)));
        let run = workspace.run(&["validate", "-json"]).fails();
        let [error] = &run.diagnostics()[..] else { panic!("{run}") };
        error.says(&["Invalid registry server", "https://r.example.com"]);
        assert!(error.code().starts_with(code), "{error:#?}");
        assert!(!run.stdout.contains("hunter2"), "{run}");
    }
}
