# Rebuild the cache whenever the digest of the tag changes
data "eks_pod_disk" "training" {
  images = ["ccr.ccs.tencentyun.com/example/training:stable"]
}

resource "terraform_data" "training_digest" {
  input = data.eks_pod_disk.training.image_sizes["ccr.ccs.tencentyun.com/example/training:stable"].digest

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.eks_image_cache_rebuild.training]
    }
  }
}

action "eks_image_cache_rebuild" "training" {
  config {
    image_cache_id = "imc-1a2b3c4d"
  }
}
