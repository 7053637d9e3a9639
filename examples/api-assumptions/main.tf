# Verifies what the API does not document, with a scratch cache: apply with -var step=0, then 1, up to 7, and compare the output of
# each step with the guide "What the API does not document". `terraform destroy` deletes the cache.
#
# Costs: a build for each of the steps 0, 4, 5, 6 and 7 (a 2-core 4 GiB instance and a disk for some minutes), and a snapshot of 20
# to 50 GiB until the cache is destroyed.

terraform {
  required_version = ">= 1.0"

  required_providers {
    eks = {
      source  = "supernode/eks"
      version = "~> 0.1"
    }
  }
}

variable "region" {
  description = "Region of the scratch cache, for example ap-guangzhou."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the temporary instance that pulls the image."
  type        = string
}

variable "subnet_id" {
  description = "Subnet of the temporary instance. It needs a route to Docker Hub, such as a NAT gateway."
  type        = string
}

variable "step" {
  description = "Step: 0 creates the cache, each further step verifies one assumption."
  type        = number
  default     = 0

  validation {
    condition     = contains(range(8), var.step)
    error_message = "Expected a step from 0 to 7."
  }
}

provider "eks" {
  region = var.region
}

locals {
  # Each step changes one argument of the step before.
  step = [
    { asks = "How is a new cache listed?", name = "api-assumptions", tags = { a = "1", b = "2" }, size = 40, trigger = "0" },
    { asks = "Are fields that an update omits kept?", name = "api-assumptions-2", tags = { a = "1", b = "2" }, size = 40, trigger = "0" },
    { asks = "Are tags replaced or merged?", name = "api-assumptions-2", tags = { a = "1" }, size = 40, trigger = "0" },
    { asks = "Does an empty list clear?", name = "api-assumptions-2", tags = {}, size = 40, trigger = "0" },
    { asks = "Does an update to the same images build?", name = "api-assumptions-2", tags = {}, size = 40, trigger = "1" },
    { asks = "Is a size that is not a multiple of 10 rounded up?", name = "api-assumptions-2", tags = {}, size = 45, trigger = "1" },
    { asks = "Does a size grow in place?", name = "api-assumptions-2", tags = {}, size = 50, trigger = "1" },
    { asks = "Does a size shrink in place?", name = "api-assumptions-2", tags = {}, size = 20, trigger = "1" },
  ][var.step]
}

resource "eks_image_cache" "scratch" {
  name             = local.step.name
  images           = ["busybox:1.36"]
  image_cache_size = local.step.size
  retention_days   = 2 # if destroy is forgotten, the cache expires
  tags             = local.step.tags
  rebuild_triggers = { step = local.step.trigger }
  vpc_id           = var.vpc_id
  subnet_id        = var.subnet_id
}

# The cache as the API lists it.
data "eks_image_cache" "listed" {
  id         = eks_image_cache.scratch.id
  region     = var.region
  depends_on = [eks_image_cache.scratch]
}

output "report" {
  description = "For a report, with the warnings and errors of apply. It does not contain secrets."
  value = {
    step   = "${var.step}: ${local.step.asks}"
    asked  = { name = local.step.name, size = local.step.size, tags = local.step.tags, retention_days = 2, images = ["busybox:1.36"] }
    listed = data.eks_image_cache.listed
  }
}
