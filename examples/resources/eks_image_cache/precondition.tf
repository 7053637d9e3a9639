# A size that is too small fails the plan, not the build of the cache

variable "image_cache_size" {
  type    = number
  default = 60
}

# The size that the images need, by their sizes in the registry.
data "eks_pod_disk" "checked" {
  images = ["vllm/vllm-openai:v0.8.5"]
}

resource "eks_image_cache" "checked" {
  images           = data.eks_pod_disk.checked.images
  image_cache_size = var.image_cache_size
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"

  lifecycle {
    precondition {
      condition     = data.eks_pod_disk.checked.required_size <= var.image_cache_size
      error_message = "The images need ${data.eks_pod_disk.checked.required_size} GiB, and image_cache_size is ${var.image_cache_size}."
    }
  }
}
