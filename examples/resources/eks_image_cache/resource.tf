resource "eks_image_cache" "llm" {
  name             = "llm"
  images           = ["ccr.ccs.tencentyun.com/example/llm:1.0.0"]
  image_cache_size = 60
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d" # with a NAT gateway, or use auto_create_eip
}

# For .spec.template.metadata.annotations of the workload.
output "pod_annotations" {
  value = eks_image_cache.llm.annotations.auto
}
