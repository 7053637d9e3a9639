# A new token in each run, which is stored neither in the plan nor in the state.
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
      username            = "100000000001" # UIN of the account
      password_wo         = ephemeral.eks_registry_token.llm.token
      password_wo_version = 1
    }
  }
}
