# A given size; the plan fails if it is too small for the images

variable "image_cache_size" {
  type    = number
  default = 60
}

data "eks_pod_disk" "checked" {
  images = ["vllm/vllm-openai:v0.8.5"]
  size   = var.image_cache_size
}

resource "eks_image_cache" "checked" {
  images           = data.eks_pod_disk.checked.images
  image_cache_size = data.eks_pod_disk.checked.disk_size
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
}
