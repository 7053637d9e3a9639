output "image_cache_ids" {
  description = "IDs of the caches by region."
  value       = { for region, cache in eks_image_cache.this : region => cache.id }
}

output "pod_annotations" {
  description = "Annotations by region for Pods that start from the cache of their region, for .spec.template.metadata.annotations."
  value       = { for region, cache in eks_image_cache.this : region => cache.annotations.pinned }
}

output "pod_annotations_auto" {
  description = "Annotations that are the same in every region: the platform finds the cache with exactly the Pod's images."
  value       = { "eks.tke.cloud.tencent.com/use-image-cache" = "auto" }
}
