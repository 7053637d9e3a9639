output "annotations" {
  description = "Pod annotations by workload (kind and name), then by the path of its Pod template: pinned to the cache with exactly the images of that Pod."
  value = {
    for workload in distinct(local.workloads[*].workload) : workload => {
      for pod in local.workloads : pod.path => eks_image_cache.this[pod.set].annotations.pinned
      if pod.workload == workload
    }
  }
}

output "image_caches" {
  description = "Images of each image cache, by its ID."
  value       = { for cache in eks_image_cache.this : cache.id => cache.images }
}
