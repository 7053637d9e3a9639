locals {
  image = provider::eks::parse_image("registry.example.com/team/app:1.0")
}

# registry.example.com
output "registry" {
  value = local.image.registry
}

# The reference of the same image in another registry.
output "mirror" {
  value = "mirror.example.com/${local.image.repository}:${local.image.tag}"
}
