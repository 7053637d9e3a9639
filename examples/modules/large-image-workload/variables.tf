variable "name" {
  description = "Name of the Deployment, of its app label and of the image cache."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.name))
    error_message = "A name of Kubernetes: lower case letters, digits and hyphens, at most 63."
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
    error_message = "One to three generations: the one in use, the next, and perhaps the one before."
  }

  validation {
    condition     = alltrue([for images in var.generations : length(images) > 0])
    error_message = "A Pod has at least one container."
  }

  validation {
    condition     = alltrue(flatten([for images in var.generations : [for image in values(images) : can(regex("(@sha256:|:[^/:]+$)", image))]]))
    error_message = "Give every container an image with a tag or a digest: without one it is latest, and a cache of latest becomes outdated unnoticed."
  }
}

variable "generation" {
  description = "The generation that the workload uses; it may be omitted when there is one only."
  type        = string
  default     = null
}

variable "containers" {
  description = "Containers of the Pod by name, each as Kubernetes writes it, without its image: resources, args, ..."
  type        = any # containers differ in their parts, which no map of one type takes
  default     = {}
}

variable "replicas" {
  description = "Number of Pods."
  type        = number
  default     = 1
}

variable "image_pull_secrets" {
  description = "Names of Secrets with which the Pods pull. Keep them for private images, also when a cache holds these."
  type        = list(string)
  default     = []
}

variable "node_selector" {
  description = "Labels of the nodes that the Pods may run on; without it, the scheduler's choice."
  type        = map(string)
  default     = {}
}

variable "vpc_id" {
  description = "VPC of the temporary instance that pulls the images, for example vpc-1a2b3c4d."
  type        = string
}

variable "subnet_id" {
  description = "Subnet of the temporary instance that pulls the images. It needs a way to the registries."
  type        = string
}

variable "security_group_ids" {
  description = "Security groups of the temporary instance that pulls the images; without them, the default one."
  type        = set(string)
  default     = null
}

variable "image_cache_size" {
  description = "Size of the image cache in GiB: the images, compressed and unpacked."
  type        = number

  validation {
    condition     = var.image_cache_size >= 20 && var.image_cache_size <= 32000
    error_message = "From 20 to 32000 GiB."
  }
}

variable "disk_size" {
  description = "Size of a Pod's disk in GiB: the image cache, and room for what the containers write. Not below image_cache_size, which it is when absent."
  type        = number
  default     = null
}

variable "disk_type" {
  description = "Type of a Pod's disk; CLOUD_PREMIUM when absent."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the image cache."
  type        = map(string)
  default     = {}
}
