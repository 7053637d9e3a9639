output "manifest" {
  description = "The Deployment, as YAML for kubectl apply."
  value       = yamlencode(local.deployment)
}

output "object" {
  description = "The Deployment as an object, for kubernetes_manifest: the YAML is unknown until the ID of the cache is known."
  value       = local.deployment
}

output "pod_annotations" {
  description = "Annotations of the Pod template, for a workload that another module creates."
  value       = local.annotations
}

output "image_cache_id" {
  description = "ID of the image cache that the workload uses."
  value       = eks_image_cache.this[local.generation].id
}

output "image_cache_ids" {
  description = "IDs of the image caches, by generation."
  value       = { for generation, cache in eks_image_cache.this : generation => cache.id }
}

output "billed_size" {
  description = "GiB that are billed for each Pod while it runs: the whole disk made from the cache."
  value       = coalesce(var.disk_size, var.image_cache_size)
}

output "images" {
  description = "Images of the generation that the workload uses, known in a plan."
  value       = toset(values(local.images))
}

output "image_cache_size" {
  description = "Size of each image cache in GiB, known in a plan."
  value       = eks_image_cache.this[local.generation].image_cache_size
}
