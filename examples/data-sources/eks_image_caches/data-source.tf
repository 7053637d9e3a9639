# All caches of a team in the region of the provider.
data "eks_image_caches" "ai" {
  tags = { team = "ai" }
}

output "gib" {
  value = sum(concat([0], data.eks_image_caches.ai.image_caches[*].image_cache_size))
}
