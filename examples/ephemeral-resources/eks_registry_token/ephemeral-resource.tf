# A token that is new in each run, and that neither plan nor state holds.
ephemeral "eks_registry_token" "llm" {
  registry_id = "tcr-1a2b3c4d"
}

resource "eks_image_cache" "llm" {
  images           = ["llm.tencentcloudcr.com/team/vllm:v0.8.5"]
  image_cache_size = 60
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"

  image_registry_credentials = {
    "llm.tencentcloudcr.com" = {
      # The number of the account, which belongs to every token.
      username            = "100000000001"
      password_wo         = ephemeral.eks_registry_token.llm.token
      password_wo_version = 1
    }
  }
}
