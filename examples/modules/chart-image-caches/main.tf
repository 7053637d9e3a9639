# The image caches of a rendered chart: one for each set of images that its Pods have.

locals {
  # An error that names the object, when an image is a placeholder: what is missed here is a Pod without its cache.
  images = provider::eks::manifest_images(var.manifests)

  # Pods whose images the chart leaves to something else, such as a model server's runtime, have none.
  pods = [for pod in provider::eks::manifest_pods(var.manifests) : pod if length(setintersection(pod.images, local.images)) > 0]

  # Each set once, by a key that depends on its images alone: another Pod with the same images changes nothing.
  sets = { for images in distinct(local.pods[*].images) : substr(sha256(join("\n", images)), 0, 8) => images }

  workloads = [
    for pod in local.pods : {
      # The namespace where the object states one; no name where it comes from generateName.
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
    # A cache that a workload uses goes after the workload has moved to the new one.
    create_before_destroy = true
  }
}
