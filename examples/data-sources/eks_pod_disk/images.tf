# A disk for given images, by their sizes in the registry

data "eks_pod_disk" "sized" {
  images = ["vllm/vllm-openai:v0.8.5"]
}

# A cache that is large enough for the images.
resource "eks_image_cache" "sized" {
  images           = data.eks_pod_disk.sized.images
  image_cache_size = data.eks_pod_disk.sized.disk_size
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
}
