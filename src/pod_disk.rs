//! `eks_pod_disk`: the annotations for a disk that is large enough for the images of Pods, and its billed size.
//!
//! Image caches are looked up in the API, see [`matching`]; images are inspected in their registries, see [`inspection`]. With
//! constants only, no credentials, no region and no network are needed.

mod disk;
mod inspection;
mod matching;
mod model;
mod thresholds;
mod validate;

use std::collections::BTreeSet;

use async_trait::async_trait;

use self::disk::{CacheRequest, DiskRequest};
use self::inspection::Inspection;
use self::model::PodDiskModel;
use self::thresholds::Threshold;
use crate::annotations::{self, Annotations, Housekeeping};
use crate::image_cache::attributes::FoundImageCache;
use crate::session::Session;
use image_registry::Environment;
use terraform_plugin::diagnostics::{Diagnostic, Diagnostics};
use terraform_plugin::framework::{Context, DataSource, Outcome};
use terraform_plugin::value::Attr;

/// The data source.
pub struct PodDisk;

#[async_trait]
impl DataSource for PodDisk {
    type Session = Session;
    type Model = PodDiskModel;
    const TYPE_NAME: &'static str = "eks_pod_disk";

    fn validate(&self, config: &PodDiskModel, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: PodDiskModel,
        diagnostics: &mut Diagnostics,
    ) -> Outcome<PodDiskModel> {
        let matched = matching::find(&context.session, &config, diagnostics);
        // Credential helpers are other programs, which must not get the API's keys.
        let environment = Environment::capture().without("TENCENTCLOUD_");
        let inspection = inspection::inspect(&context.session, &config, environment);
        let (matched, inspection) = tokio::try_join!(matched, inspection)?;
        Ok(results(config, matched, inspection, diagnostics)?)
    }
}

/// The results, from the arguments and the looked-up cache and images.
fn results(
    config: PodDiskModel,
    matched: Option<FoundImageCache>,
    inspection: Option<Inspection>,
    diagnostics: &mut Diagnostics,
) -> Result<PodDiskModel, Diagnostic> {
    let disk = request(&config, matched.as_ref(), inspection.as_ref()).disk()?;
    diagnostics.extend(disk.warnings);
    diagnostics.extend(inspection.iter().flat_map(|inspection| inspection.notes.iter().cloned()));
    diagnostics.extend(inspection.as_ref().and_then(|inspection| inspection.warning(disk.depends_on_need)));
    let mut annotations = constants(&config);
    annotations.extend(disk.annotations);
    Ok(PodDiskModel {
        global_config: global_config(&config, &annotations)?.into(),
        annotations: annotations.into(),
        disk_size: disk.size.into(),
        billed_size: disk.billed_size.into(),
        required_size: inspection.as_ref().map(|inspection| inspection.need.required_gib()).into(),
        image_sizes: inspection.map(|inspection| inspection.sizes).into(),
        matched_image_cache: matched.into(),
        ..config
    })
}

/// The annotations merged into those of the ConfigMap.
fn global_config(config: &PodDiskModel, annotations: &Annotations) -> Result<Annotations, Diagnostic> {
    let existing = config.existing_pod_annotations.as_str().unwrap_or_default();
    let annotations = annotations.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
    annotations::merged_config(existing, &annotations).map_err(|error| validate::invalid_existing(&error))
}

fn request<'a>(
    config: &PodDiskModel,
    matched: Option<&FoundImageCache>,
    inspection: Option<&'a Inspection>,
) -> DiskRequest<'a> {
    let image_cache = config.image_cache.as_str().map(|choice| CacheRequest {
        choice: choice.to_owned(),
        cache_size: matched.and_then(|cache| cache.attributes.image_cache_size.known().copied()),
        disk_type: config.disk_type.known().cloned(),
        retain_minutes: config.retain_minutes.known().copied(),
        fallback_size: config.fallback_size.known().copied(),
    });
    let need = inspection.map(|inspection| &inspection.need);
    DiskRequest { size: config.size.known().copied(), need, image_cache, threshold: Threshold::lowest(config) }
}

/// The annotations that are copied from arguments.
fn constants(config: &PodDiskModel) -> Annotations {
    let housekeeping = Housekeeping {
        image_gc: config.image_gc.known().map(image_gc).unwrap_or_default(),
        container_gc_threshold: config.container_gc_threshold.known().copied(),
        must_keep_last_container: config.must_keep_last_container == Attr::Known(true),
        pod_eviction_threshold: config.pod_eviction_threshold.known().copied(),
    };
    let hosts = |list: &'_ Attr<BTreeSet<String>>| list.known().filter(|hosts| !hosts.is_empty()).cloned();
    let others = [
        config.reuse_key.as_str().map(annotations::reuse_key),
        hosts(&config.registry_skip_verify_list).as_ref().map(annotations::registry_skip_verify),
        hosts(&config.registry_http_endpoint_list).as_ref().map(annotations::registry_http_endpoint),
    ];
    others.into_iter().flatten().chain([housekeeping.annotations()]).flatten().collect()
}

fn image_gc(config: &model::ImageGc) -> annotations::ImageGc {
    annotations::ImageGc {
        high_threshold: config.high_threshold.known().copied(),
        low_threshold: config.low_threshold.known().copied(),
        period: config.period.known().cloned(),
    }
}

#[cfg(test)]
mod tests;
