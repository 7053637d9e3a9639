variable "name" {
  description = "Name of the Deployment and of its app label, and prefix of the names of the image caches."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.name))
    error_message = "Expected a Kubernetes name: lower-case letters, digits and hyphens, at most 63 characters."
  }
}

variable "namespace" {
  description = "Namespace of the Deployment."
  type        = string
  default     = "default"
}

variable "generations" {
  description = "Images of the containers, by generation, then by container. Each generation has an image cache of its own."
  type        = map(map(string))

  validation {
    condition     = length(var.generations) >= 1 && length(var.generations) <= 3
    error_message = "Expected one to three generations: the one in use, the next, and the previous one."
  }

  validation {
    condition     = alltrue([for images in var.generations : length(images) > 0])
    error_message = "Expected at least one container in each generation."
  }

  validation {
    condition     = alltrue(flatten([for images in var.generations : [for image in values(images) : can(regex("(@sha256:|:[^/:]+$)", image))]]))
    error_message = "Expected a tag or a digest for every image. Without one, the tag is latest, and a cache of latest becomes outdated without a message."
  }
}

variable "generation" {
  description = "Generation that the workload uses. Can be omitted if there is only one."
  type        = string
  default     = null
}

variable "containers" {
  description = "Containers of the Pod by name, each as in a Pod, without its image: resources, args, ..."
  type        = any # containers can have different attributes, which a map of one type does not allow
  default     = {}
}

variable "replicas" {
  description = "Number of Pods."
  type        = number
  default     = 1
}

variable "image_pull_secrets" {
  description = "Names of the Secrets with which the Pods pull. Keep them for private images, also with a cache."
  type        = list(string)
  default     = []
}

variable "node_selector" {
  description = "Labels of the nodes that the Pods can run on. Defaults to any node."
  type        = map(string)
  default     = {}
}

variable "vpc_id" {
  description = "VPC of the temporary instance that pulls the images, for example vpc-1a2b3c4d."
  type        = string
}

variable "subnet_id" {
  description = "Subnet of the temporary instance that pulls the images. It needs a route to the registries."
  type        = string
}

variable "security_group_ids" {
  description = "Security groups of the temporary instance that pulls the images. Defaults to the default security group."
  type        = set(string)
  default     = null
}

variable "image_cache_size" {
  description = "Size of the image cache in GiB: the images, compressed and unpacked."
  type        = number

  validation {
    condition     = var.image_cache_size >= 20 && var.image_cache_size <= 32000
    error_message = "Expected 20 to 32000 GiB."
  }
}

variable "disk_size" {
  description = "Size of a Pod's disk in GiB: the image cache, and space for what the containers write. At least image_cache_size, which is the default."
  type        = number
  default     = null
}

variable "disk_type" {
  description = "Type of a Pod's disk. Defaults to CLOUD_PREMIUM."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the image cache."
  type        = map(string)
  default     = {}
}
