# A tencentcloud_tke_image_cache of Tencent Cloud's CloudApp dialect, moved to this resource (Terraform 1.8 and later)

moved {
  from = tencentcloud_tke_image_cache.web
  to   = eks_image_cache.web
}

resource "eks_image_cache" "web" {
  images           = ["nginx:1.27"]
  image_cache_size = 40
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
}
