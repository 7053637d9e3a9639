# The image caches of a rendered chart: one for each set of images of its Pods.

locals {
  # An image that is a placeholder is an error: a missing image would be a Pod without its cache.
  images = provider::eks::manifest_images(var.manifests)

  # Without Pods whose images the chart does not set, such as those of a model server's runtime.
  pods = [for pod in provider::eks::manifest_pods(var.manifests) : pod if length(setintersection(pod.images, local.images)) > 0]

  # Each set once, with a key that depends on its images only: another Pod with the same images changes nothing.
  sets = { for images in distinct(local.pods[*].images) : substr(sha256(join("\n", images)), 0, 8) => images }

  workloads = [
    for pod in local.pods : {
      # With the namespace, if the object has one. Objects with generateName do not have a name.
      workload = join("/", compact([pod.namespace, pod.kind, coalesce(pod.name, "-")]))
      path     = pod.path
      set      = substr(sha256(join("\n", pod.images)), 0, 8)
    }
  ]

  # The sets of images by workload and path: one, unless two objects share a name.
  workload_sets = {
    for workload in distinct(local.workloads[*].workload) : workload => {
      for pod in local.workloads : pod.path => pod.set... if pod.workload == workload
    }
  }
}

resource "eks_image_cache" "this" {
  for_each = local.sets

  name             = "${var.name}-${each.key}"
  images           = each.value
  image_cache_size = max([for image in each.value : lookup(var.image_cache_sizes, image, var.image_cache_size)]...)
  vpc_id           = var.vpc_id
  subnet_id        = var.subnet_id
  tags             = var.tags

  lifecycle {
    # The old cache is deleted after the workload has been updated.
    create_before_destroy = true
  }
}
