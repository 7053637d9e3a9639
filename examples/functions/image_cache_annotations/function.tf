# The best cache that contains the Pod's images, known at plan time.
output "auto" {
  value = provider::eks::image_cache_annotations("auto")
}

# This cache, independent of the Pod's images, with a disk of 100 GiB made from it.
output "pinned" {
  value = provider::eks::image_cache_annotations("imc-1a2b3c4d", { size = 100 })
}
