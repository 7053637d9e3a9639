# Rebuild the cache, for example from a scheduled job: terraform apply -invoke=action.eks_image_cache_rebuild.llm
action "eks_image_cache_rebuild" "llm" {
  config {
    image_cache_id = "imc-1a2b3c4d"
  }
}
