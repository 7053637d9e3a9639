//! A cache from create to destroy.

use serde_json::json;

use crate::config::cache;
use crate::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

#[test]
fn a_cache_lives_from_create_to_destroy() {
    let workspace = Workspace::new();
    let output = "\noutput \"annotations\" {\n  value = eks_image_cache.test.annotations\n}\n";

    workspace.step(format!("{}{output}", cache().set("name", r#""web""#)));
    let state = workspace.state();
    let id = state.id(TEST).to_owned();
    assert_eq!(state.text(TEST, "status"), "Ready");
    assert_eq!(
        *state.output("annotations"),
        json!({
            "auto": {"eks.tke.cloud.tencent.com/use-image-cache": "auto"},
            "pinned": {"eks.tke.cloud.tencent.com/use-image-cache": id},
        })
    );
    let created = workspace.cloud_cache();
    assert_eq!((created.id.as_str(), created.name.as_str()), (id.as_str(), "web"));

    workspace.step(format!("{}{output}", cache().set("name", r#""web-2""#).set("retention_days", "7")));
    let updated = workspace.cloud_cache();
    assert_eq!((updated.id.as_str(), updated.name.as_str(), updated.retention_days), (id.as_str(), "web-2", 7));
    assert_eq!(updated.builds, 1, "a new name pulls nothing");

    workspace.destroy();
    assert_eq!((workspace.cloud.count("CreateImageCache"), workspace.cloud.count("DeleteImageCaches")), (1, 1));
}
