# A private registry, with a password that is not stored

variable "registry_password" {
  type      = string
  ephemeral = true
}

resource "eks_image_cache" "private" {
  images           = ["registry.example.com/ai/llm:1.0.0"]
  image_cache_size = 60
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"

  image_registry_credentials = {
    "registry.example.com" = {
      username            = "puller"
      password_wo         = var.registry_password
      password_wo_version = 1 # increase when the password changes
    }
  }
}
