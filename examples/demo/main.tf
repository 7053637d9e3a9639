# The two solutions: an image cache, and a larger disk. Each gives annotations for Pods, whose keys are known at plan time.

terraform {
  required_version = ">= 1.0"

  required_providers {
    eks = {
      source  = "supernode/eks"
      version = "~> 0.1"
    }
  }
}

provider "eks" {
  region        = "ap-guangzhou"
  poll_interval = "1s"
}

resource "eks_image_cache" "vllm" {
  name             = "vllm"
  images           = ["vllm/vllm-openai:v0.8.5"]
  image_cache_size = 60
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
}

data "eks_pod_disk" "large" {
  size = 100
}

output "image_cache" {
  value = {
    id          = eks_image_cache.vllm.id
    status      = eks_image_cache.vllm.status
    snapshot_id = eks_image_cache.vllm.snapshot_id
  }
}

output "image_cache_annotations" {
  description = "For .spec.template.metadata.annotations of a workload that starts from the best matching cache, or from this one."
  value       = eks_image_cache.vllm.annotations
}

output "large_disk_annotations" {
  description = "For .spec.template.metadata.annotations of a workload without a cache."
  value       = data.eks_pod_disk.large.annotations
}
