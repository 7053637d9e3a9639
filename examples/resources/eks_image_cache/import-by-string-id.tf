import {
  to = eks_image_cache.llm
  id = "ap-guangzhou/imc-1a2b3c4d"
}
