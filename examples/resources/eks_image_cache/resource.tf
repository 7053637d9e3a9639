resource "eks_image_cache" "llm" {
  name             = "llm"
  images           = ["ccr.ccs.tencentyun.com/example/llm:1.0.0"]
  image_cache_size = 60
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
}

# For .spec.template.metadata.annotations of a workload.
output "pod_annotations" {
  value = eks_image_cache.llm.annotations.auto
}
