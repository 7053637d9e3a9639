//! The attributes that only the API sets, besides the ID, one row each.

use super::model::ImageCacheModel;
use tencentcloud::tke::ImageCache;
use terraform_plugin::value::Attr;

/// A computed attribute.
pub(super) struct Computed {
    pub attribute: &'static str,
    /// Whether a build changes it.
    pub is_built: bool,
    pub state: fn(&mut ImageCacheModel) -> &mut Attr<String>,
    pub listed: fn(&ImageCache) -> String,
}

pub(super) const COMPUTED: [Computed; 6] = [
    Computed {
        attribute: "status",
        is_built: true,
        state: |state| &mut state.status,
        listed: |row| row.status.to_string(),
    },
    Computed {
        attribute: "snapshot_id",
        is_built: true,
        state: |state| &mut state.snapshot_id,
        listed: |row| row.snapshot_id.clone(),
    },
    Computed {
        attribute: "creation_time",
        is_built: true,
        state: |state| &mut state.creation_time,
        listed: |row| row.creation_time.clone(),
    },
    Computed {
        attribute: "expire_date_time",
        is_built: true,
        state: |state| &mut state.expire_date_time,
        listed: |row| row.expire_date_time.clone(),
    },
    Computed {
        attribute: "image_cache_type",
        is_built: false,
        state: |state| &mut state.image_cache_type,
        listed: |row| row.image_cache_type.clone(),
    },
    Computed {
        attribute: "snapshotter",
        is_built: false,
        state: |state| &mut state.snapshotter,
        listed: |row| row.snapshotter.clone(),
    },
];
