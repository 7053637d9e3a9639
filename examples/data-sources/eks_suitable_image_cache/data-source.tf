data "eks_suitable_image_cache" "vllm" {
  images = ["vllm/vllm-openai:v0.8.5"]
}

output "image_cache" {
  value = data.eks_suitable_image_cache.vllm.found ? data.eks_suitable_image_cache.vllm.image_cache.id : "none: Pods pull"
}
