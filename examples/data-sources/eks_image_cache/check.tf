# Warn when a cache is not Ready

check "llm_is_ready" {
  data "eks_image_cache" "checked" {
    id = "imc-1a2b3c4d"
  }

  assert {
    condition     = data.eks_image_cache.checked.status == "Ready"
    error_message = "Pods pull their images: ${jsonencode(data.eks_image_cache.checked.events)}"
  }
}
