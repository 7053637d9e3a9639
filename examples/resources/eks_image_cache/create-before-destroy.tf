# A replacement that is Ready before the old cache is deleted

resource "eks_image_cache" "rolling" {
  images             = ["ccr.ccs.tencentyun.com/example/llm:1.0.0"]
  image_cache_size   = 60
  vpc_id             = "vpc-1a2b3c4d"
  subnet_id          = "subnet-1a2b3c4d"
  replace_on_rebuild = true

  lifecycle {
    create_before_destroy = true
  }
}
