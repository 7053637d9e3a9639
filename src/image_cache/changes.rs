//! The changes that a plan makes to a cache.

use super::fields::{FIELDS, Field};
use super::model::ImageCacheModel;
use crate::images;
use terraform_plugin::value::Attr;

/// A planned object and its prior state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changes<'a> {
    pub prior: &'a ImageCacheModel,
    pub planned: &'a ImageCacheModel,
    /// Whether it was imported and not applied since: attributes that the API does not return are adopted.
    pub imported: bool,
}

impl Changes<'_> {
    /// The fields that the plan changes.
    pub fn fields(self) -> impl Iterator<Item = &'static Field> {
        FIELDS.iter().filter(move |field| (field.changes)(self))
    }

    /// The changed attributes that pull the images again.
    pub fn rebuilding(self) -> Vec<&'static str> {
        self.fields().filter(|field| field.builds).map(|field| field.attribute).collect()
    }

    /// Whether other images are planned. After an import, the same ones may be spelled differently.
    pub fn images(self) -> bool {
        match (&self.prior.images, &self.planned.images) {
            (Attr::Known(prior), Attr::Known(planned)) if self.imported => !images::same(prior, planned),
            (prior, planned) => prior != planned,
        }
    }

    /// Whether a collection that the API does not return changes. After an import it is adopted.
    pub fn unreturned<C: Default + PartialEq>(self, collection: fn(&ImageCacheModel) -> &Attr<C>) -> bool {
        !self.imported && elements_change(collection(self.prior), collection(self.planned))
    }
}

/// Whether the elements of a collection change. An empty one equals null: modules pass it when their caller sets nothing.
pub(super) fn elements_change<C: Default + PartialEq>(prior: &Attr<C>, planned: &Attr<C>) -> bool {
    match (prior, planned) {
        (Attr::Null, Attr::Known(elements)) | (Attr::Known(elements), Attr::Null) => *elements != C::default(),
        (prior, planned) => prior != planned,
    }
}
