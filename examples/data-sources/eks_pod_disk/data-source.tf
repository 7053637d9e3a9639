# A larger system disk. It needs no credentials and no network.
data "eks_pod_disk" "large" {
  size = 50
}

# The disk that these images need, as their registries tell it.
data "eks_pod_disk" "vllm" {
  images = ["vllm/vllm-openai:v0.8.5"]
}

# A cache that is large enough for its images, or no plan.
locals {
  image_cache_size = 60
}

resource "eks_image_cache" "vllm" {
  images           = ["vllm/vllm-openai:v0.8.5"]
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
  image_cache_size = local.image_cache_size

  lifecycle {
    precondition {
      condition     = data.eks_pod_disk.vllm.required_size <= local.image_cache_size
      error_message = "The images need ${data.eks_pod_disk.vllm.required_size} GiB."
    }
  }
}

# The disk made from that cache: a faster one, kept for ten minutes for the next Pod.
data "eks_pod_disk" "cached" {
  image_cache    = eks_image_cache.vllm.id
  images         = eks_image_cache.vllm.images
  disk_type      = "CLOUD_SSD"
  retain_minutes = 10
}

# A cache that follows a tag which moves: a new digest pulls the images again, in place.
data "eks_pod_disk" "nightly" {
  images = ["vllm/vllm-openai:nightly"]
}

resource "eks_image_cache" "nightly" {
  images           = data.eks_pod_disk.nightly.images
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
  image_cache_size = data.eks_pod_disk.nightly.disk_size
  rebuild_triggers = { for image, size in data.eks_pod_disk.nightly.image_sizes : image => size.digest }
}

# Pods take the annotations from their template.
resource "kubernetes_deployment_v1" "vllm" {
  metadata {
    name = "vllm"
  }
  spec {
    selector {
      match_labels = { app = "vllm" }
    }
    template {
      metadata {
        labels      = { app = "vllm" }
        annotations = data.eks_pod_disk.cached.annotations
      }
      spec {
        container {
          name  = "vllm"
          image = "vllm/vllm-openai:v0.8.5"
        }
      }
    }
  }
}

# Or every Pod of the cluster gets them.
resource "kubernetes_config_map_v1" "eks_config" {
  metadata {
    name      = "eks-config"
    namespace = "kube-system"
  }
  data = data.eks_pod_disk.large.global_config
}

output "billed_gib" {
  value = data.eks_pod_disk.large.billed_size
}
