# A cache in a region other than the provider's

resource "eks_image_cache" "shanghai" {
  region           = "ap-shanghai"
  images           = ["ccr.ccs.tencentyun.com/example/llm:1.0.0"]
  image_cache_size = 60
  vpc_id           = "vpc-5e6f7a8b"
  subnet_id        = "subnet-5e6f7a8b"
}
