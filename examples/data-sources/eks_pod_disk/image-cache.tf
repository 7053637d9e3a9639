# A disk made from an image cache

resource "eks_image_cache" "vllm" {
  images           = ["vllm/vllm-openai:v0.8.5"]
  image_cache_size = 60
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
}

# A disk that is faster and larger than the cache, retained for ten minutes for the next Pod.
data "eks_pod_disk" "cached" {
  image_cache    = eks_image_cache.vllm.id
  size           = 100
  disk_type      = "CLOUD_SSD"
  retain_minutes = 10
}
