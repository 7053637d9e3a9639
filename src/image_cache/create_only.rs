//! The fields that only a creation sets, one row each. A change replaces the cache.
//!
//! The API never returns them, so that an import adopts the configured values.

use std::collections::BTreeSet;

use super::changes::elements_change;
use super::model::ImageCacheModel;
use tencentcloud::tke::{CreateImageCache, EipAttribute};
use terraform_plugin::value::Attr;

/// A field of `CreateImageCache` alone.
pub(super) struct CreateOnly {
    pub attribute: &'static str,
    /// Whether the plan differs from the prior state.
    pub changes: fn(&ImageCacheModel, &ImageCacheModel) -> bool,
    /// Sets the planned value.
    pub send: fn(&ImageCacheModel, &mut CreateImageCache),
}

pub(super) const CREATE_ONLY: [CreateOnly; 7] = [
    CreateOnly {
        attribute: "vpc_id",
        changes: |prior, planned| required_changes(&prior.vpc_id, &planned.vpc_id),
        send: |planned, request| request.vpc_id = text(&planned.vpc_id).unwrap_or_default(),
    },
    CreateOnly {
        attribute: "subnet_id",
        changes: |prior, planned| required_changes(&prior.subnet_id, &planned.subnet_id),
        send: |planned, request| request.subnet_id = text(&planned.subnet_id).unwrap_or_default(),
    },
    CreateOnly {
        attribute: "existed_eip_id",
        changes: |prior, planned| prior.existed_eip_id != planned.existed_eip_id,
        send: |planned, request| request.existed_eip_id = text(&planned.existed_eip_id),
    },
    CreateOnly {
        attribute: "auto_create_eip",
        changes: |prior, planned| prior.auto_create_eip != planned.auto_create_eip,
        send: |planned, request| {
            let eip = planned.auto_create_eip.known();
            request.auto_create_eip = eip.map(|_| true);
            // Without attributes, the API's defaults apply; with any, the policy is required.
            let attribute = eip.filter(|eip| **eip != Default::default()).map(|eip| EipAttribute {
                delete_policy: text(&eip.delete_policy).unwrap_or_default(),
                internet_service_provider: text(&eip.internet_service_provider),
                internet_max_bandwidth_out: eip.internet_max_bandwidth_out.known().copied(),
            });
            request.auto_create_eip_attribute = attribute;
        },
    },
    CreateOnly {
        attribute: "registry_skip_verify_list",
        changes: |prior, planned| elements_change(&prior.registry_skip_verify_list, &planned.registry_skip_verify_list),
        send: |planned, request| request.registry_skip_verify_list = elements(&planned.registry_skip_verify_list),
    },
    CreateOnly {
        attribute: "registry_http_endpoint_list",
        changes: |prior, planned| {
            elements_change(&prior.registry_http_endpoint_list, &planned.registry_http_endpoint_list)
        },
        send: |planned, request| request.registry_http_endpoint_list = elements(&planned.registry_http_endpoint_list),
    },
    CreateOnly {
        attribute: "resolve_config",
        changes: |prior, planned| prior.resolve_config != planned.resolve_config,
        send: |planned, request| request.resolve_config = text(&planned.resolve_config),
    },
];

/// A required attribute is null only after an import, unless `ignore_changes` has kept it so since.
fn required_changes(prior: &Attr<String>, planned: &Attr<String>) -> bool {
    !prior.is_null() && prior != planned
}

fn text(value: &Attr<String>) -> Option<String> {
    value.known().cloned()
}

fn elements(set: &Attr<BTreeSet<String>>) -> Vec<String> {
    set.known().into_iter().flatten().cloned().collect()
}
