# A Deployment of large images for super nodes: an image cache for each generation of its images, and the manifest.

locals {
  generation = var.generation == null ? one(keys(var.generations)) : var.generation
  images     = var.generations[local.generation]
}

resource "eks_image_cache" "this" {
  for_each = var.generations

  name               = "${var.name}-${each.key}"
  images             = toset(values(each.value))
  image_cache_size   = var.image_cache_size
  vpc_id             = var.vpc_id
  subnet_id          = var.subnet_id
  security_group_ids = var.security_group_ids
  tags               = var.tags

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = try(var.disk_size >= var.image_cache_size, true)
      error_message = "disk_size is below image_cache_size. A disk made from a cache cannot be smaller than the cache."
    }
  }
}

locals {
  # Known at plan time except for the ID, so that kubernetes_manifest can plan the object before the cache exists.
  annotations = merge(eks_image_cache.this[local.generation].annotations.pinned, {
    for key, value in {
      "eks.tke.cloud.tencent.com/image-cache-disk-size" = var.disk_size
      "eks.tke.cloud.tencent.com/image-cache-disk-type" = var.disk_type
    } : key => tostring(value) if value != null
  })

  pod_spec = merge(
    { containers = [for name, image in local.images : merge(try(var.containers[name], {}), { name = name, image = image })] },
    length(var.image_pull_secrets) == 0 ? {} : {
      imagePullSecrets = [for name in var.image_pull_secrets : { name = name }]
    },
    length(var.node_selector) == 0 ? {} : { nodeSelector = var.node_selector },
  )

  deployment = {
    apiVersion = "apps/v1"
    kind       = "Deployment"
    metadata   = { name = var.name, namespace = var.namespace }
    spec = {
      replicas = var.replicas
      selector = { matchLabels = { app = var.name } }
      template = {
        # On the Pod template: on the Deployment itself, the annotations have no effect.
        metadata = { labels = { app = var.name }, annotations = local.annotations }
        spec     = local.pod_spec
      }
    }
  }
}
