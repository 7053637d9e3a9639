output "annotations" {
  description = "Pod annotations by workload (namespace if it states one, kind, name), then by the path of its Pod template: pinned to the cache with exactly the images of that Pod."
  value = {
    for workload, paths in local.workload_sets : workload => {
      for path, sets in paths : path => eks_image_cache.this[sets[0]].annotations.pinned
    }
  }

  precondition {
    condition     = alltrue(flatten([for paths in local.workload_sets : [for sets in paths : length(distinct(sets)) == 1]]))
    error_message = "Two workloads of the same namespace, kind and name have different images. Render them separately."
  }
}

output "image_caches" {
  description = "ID and images of each image cache, by a key that depends on its images only."
  value       = { for key, cache in eks_image_cache.this : key => { id = cache.id, images = cache.images } }
}
