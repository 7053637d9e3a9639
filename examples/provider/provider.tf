terraform {
  required_version = ">= 1.0"

  required_providers {
    eks = {
      source  = "supernode/eks"
      version = "~> 0.1"
    }
  }
}

# Credentials come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, a tccli profile, or a role.
provider "eks" {
  region = "ap-guangzhou"

  default_tags = {
    team = "ai"
  }
}

# A snapshot with the image, from which Pods start in seconds.
resource "eks_image_cache" "vllm" {
  images           = ["vllm/vllm-openai:v0.8.5"] # Docker Hub; in Tencent Container Registry: ccr.ccs.tencentyun.com/example/llm:1.0.0
  image_cache_size = 60
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
}

# Annotations for Pods that use the cache, for .spec.template.metadata.annotations: known at plan time.
output "pod_annotations" {
  value = eks_image_cache.vllm.annotations.auto
}
