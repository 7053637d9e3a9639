//! The schema, as the client prints it.

use serde_json::Value;

use crate::harness::workspace::Workspace;

/// Calls `visit` with the path of each attribute and block, and its schema.
fn each<'a>(path: &str, block: &'a Value, visit: &mut impl FnMut(String, &'a Value)) {
    for (kind, nested) in [("attributes", "nested_type"), ("block_types", "block")] {
        for (name, schema) in block[kind].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            each(&path, &schema[nested], visit);
            visit(path, schema);
        }
    }
}

#[test]
fn schema_is_complete_and_described() {
    let workspace = Workspace::new();
    let schemas = workspace.run(&["providers", "schema", "-json"]).succeeds().json();
    let provider = &schemas["provider_schemas"]["registry.terraform.io/supernode/eks"];
    let types = |kind: &str| provider[kind].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(types("resource_schemas").contains(&"eks_image_cache".to_owned()));
    assert!(types("data_source_schemas").contains(&"eks_pod_disk".to_owned()));

    let mut described = 0;
    let mut check = |path: String, schema: &Value| {
        let description = schema["description"].as_str().or_else(|| schema["block"]["description"].as_str());
        assert!(description.is_some_and(|text| text.len() > 10), "{path} has no description");
        described += 1;
    };
    each("provider", &provider["provider"]["block"], &mut check);
    for kind in ["resource_schemas", "data_source_schemas"] {
        for (name, schema) in provider[kind].as_object().unwrap() {
            assert!(schema["block"]["description"].is_string(), "{name} has no description");
            each(name, &schema["block"], &mut check);
        }
    }
    assert!(described > 100, "only {described} attributes");
    assert_eq!(workspace.cloud.requests(), []);
}
