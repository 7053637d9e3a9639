//! States that a release has written stay readable. They are in `states/<type>/<schema version>/`, and are never removed.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use terraform_plugin::protocol::tfplugin6::{RawState, upgrade_resource_state};

use crate::client::{IMAGE_CACHE, client};
use crate::values::{dynamic, image_cache, json};

/// The states of `eks_image_cache` with schema version 0, by name, as Terraform 1.11.4 stored them.
fn version_0() -> Vec<(String, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("acceptance-tests/protocol/states/eks_image_cache/0");
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())).collect()
}

/// One of them.
pub fn stored(name: &str) -> Json {
    let found = version_0().into_iter().find(|(known, _)| known == name);
    serde_json::from_slice(&found.unwrap_or_else(|| panic!("no state {name}")).1).unwrap()
}

#[tokio::test]
async fn states_of_version_0_are_read_unchanged() {
    let states = version_0();
    let names: Vec<_> = states.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["every_argument", "existing_eip", "imported", "minimal"]);
    for (name, state) in states {
        // Attributes that are newer than the state are null.
        let upgraded_state = dynamic(image_cache(), &serde_json::from_slice(&state).unwrap());
        let expected = json(image_cache(), upgraded_state.as_ref());
        let raw_state = Some(RawState { json: state, ..Default::default() });
        let request = upgrade_resource_state::Request { type_name: IMAGE_CACHE.into(), version: 0, raw_state };
        let response = client().upgrade_resource_state(request).await.unwrap().into_inner();
        assert_eq!(json(image_cache(), response.upgraded_state.as_ref()), expected, "{name}");
        assert_eq!(response, upgrade_resource_state::Response { upgraded_state, ..Default::default() }, "{name}");
    }
}
