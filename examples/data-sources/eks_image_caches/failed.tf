# Failed caches with the reason

data "eks_image_caches" "failed" {
  name_regex = "^llm-"
  status     = "Failed"
}

output "failed" {
  value = { for cache in data.eks_image_caches.failed.image_caches : cache.id => cache.events[*].message }
}
