# Caches with the same images in several regions, because a cache serves Pods of its own region only. One provider block builds
# them in parallel.

resource "eks_image_cache" "this" {
  for_each = var.regions

  region             = each.key
  name               = var.name
  images             = coalesce(each.value.images, var.images)
  image_cache_size   = var.image_cache_size
  retention_days     = var.retention_days
  vpc_id             = each.value.vpc_id
  subnet_id          = each.value.subnet_id
  security_group_ids = each.value.security_group_ids
  tags               = var.tags
}
