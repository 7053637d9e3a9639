data "eks_image_cache" "llm" {
  name = "llm"
}

# Annotations for Pods that start from this cache.
output "annotations" {
  value = { "eks.tke.cloud.tencent.com/use-image-cache" = data.eks_image_cache.llm.id }
}
