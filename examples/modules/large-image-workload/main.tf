# A Deployment of large images for super nodes: an image cache, the disk that Pods get from it, and the manifest.

locals {
  images = toset([for container in var.containers : container.image])
}

resource "eks_image_cache" "this" {
  name               = var.name
  images             = local.images
  image_cache_size   = var.image_cache_size
  vpc_id             = var.vpc_id
  subnet_id          = var.subnet_id
  security_group_ids = var.security_group_ids
  tags               = var.tags

  # New images make a new cache. Pods move to it when it is Ready, and the old one goes after that.
  replace_on_rebuild = true

  lifecycle {
    create_before_destroy = true
  }
}

data "eks_pod_disk" "this" {
  image_cache = eks_image_cache.this.id
  size        = var.disk_size
  disk_type   = var.disk_type
}

locals {
  pod_spec = merge(
    { containers = [for name, container in var.containers : merge(container, { name = name })] },
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
        # On the Pod template: on the Deployment itself, the annotations do nothing.
        metadata = { labels = { app = var.name }, annotations = data.eks_pod_disk.this.annotations }
        spec     = local.pod_spec
      }
    }
  }
}
