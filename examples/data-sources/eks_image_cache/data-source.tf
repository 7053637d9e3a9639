data "eks_image_cache" "llm" {
  name = "llm"
}

# Pods that start from it, whatever their images are.
output "annotations" {
  value = { "eks.tke.cloud.tencent.com/use-image-cache" = data.eks_image_cache.llm.id }
}
