# A subnet without a NAT gateway

resource "eks_image_cache" "public" {
  images           = ["vllm/vllm-openai:v0.8.5"]
  image_cache_size = 60
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
  auto_create_eip  = { internet_max_bandwidth_out = 100 }

  timeouts {
    create = "90m"
  }
}
