//! The `eks` Terraform provider: image caches and Pod disks on Tencent Cloud's serverless Kubernetes.
//!
//! Four crates; the compiler enforces the direction of imports between them:
//!
//! | crate | subject |
//! | --- | --- |
//! | `terraform-provider-eks`, this one | the provider |
//! | [`terraform_plugin`] | a Terraform plugin SDK: values, schemas, plans, and the plugin protocol |
//! | [`tencentcloud`] | a client of the Tencent Cloud API, independent of Terraform |
//! | [`image_registry`] | image references and registries, independent of Terraform |
//!
//! Inside this crate, imports go from the last line of this table to the first:
//!
//! | module | subject |
//! | --- | --- |
//! | `image_caches` | operations on image caches: creating once, batched reads, one poller per region |
//! | `tags` | which of the listed tags Terraform manages |
//! | `session` | the configured provider, which resources use |
//! | `block` | the provider block, which becomes the session |
//! | `manifests` | Kubernetes manifests as text: their Pods, images and annotations |
//! | `annotations` | Pod annotations |
//! | `image_cache` | the resource `eks_image_cache`, with its data sources, list resource and action |
//! | `pod_disk` | the data source `eks_pod_disk` |
//! | `registry_token` | the ephemeral resource `eks_registry_token` |
//! | `functions` | the functions |
//! | [`provider`] | the lists of all of these |

#![forbid(unsafe_code)]

mod account;
mod annotations;
mod block;
mod errors;
mod functions;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod image_cache;
mod image_cache_id;
mod image_caches;
mod images;
mod manifests;
mod pod_disk;
pub mod provider;
mod regions;
mod registry_token;
mod session;
mod tags;
