//! The data source `eks_pod_disk`.

mod annotations;
mod image_sizes;
