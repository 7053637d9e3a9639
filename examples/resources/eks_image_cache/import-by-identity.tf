import {
  to = eks_image_cache.llm
  identity = {
    region = "ap-guangzhou"
    id     = "imc-1a2b3c4d"
  }
}
