# A cache that follows a moving tag: a new digest rebuilds it in place

data "eks_pod_disk" "nightly" {
  images = ["vllm/vllm-openai:nightly"]
}

resource "eks_image_cache" "nightly" {
  images           = data.eks_pod_disk.nightly.images
  image_cache_size = max(100, data.eks_pod_disk.nightly.disk_size) # does not decrease when the tag moves
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
  rebuild_triggers = { for image, size in data.eks_pod_disk.nightly.image_sizes : image => size.digest }
}
