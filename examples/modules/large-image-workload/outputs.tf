output "manifest" {
  description = "The Deployment, as YAML for kubectl apply."
  value       = yamlencode(local.deployment)
}

output "pod_annotations" {
  description = "Annotations of the Pod template, for a workload that is written elsewhere."
  value       = data.eks_pod_disk.this.annotations
}

output "image_cache_id" {
  description = "ID of the image cache."
  value       = eks_image_cache.this.id
}

output "billed_size" {
  description = "GiB that are billed for each Pod while it runs."
  value       = data.eks_pod_disk.this.billed_size
}

output "images" {
  description = "Images of the containers, known in a plan."
  value       = local.images
}

output "image_cache_size" {
  description = "Size of the image cache in GiB, known in a plan."
  value       = eks_image_cache.this.image_cache_size
}
