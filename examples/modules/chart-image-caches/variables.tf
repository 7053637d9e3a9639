variable "name" {
  description = "Prefix of the names of the image caches, for example the name of the release."
  type        = string
}

variable "manifests" {
  description = "The rendered chart, without the annotations of this module: for example data.helm_template.x.manifest."
  type        = string
}

variable "image_cache_size" {
  description = "Size of each image cache in GiB: its images, compressed and unpacked."
  type        = number

  validation {
    condition     = var.image_cache_size >= 20 && var.image_cache_size <= 32000
    error_message = "Expected 20 to 32000 GiB."
  }
}

variable "image_cache_sizes" {
  description = "Sizes in GiB of the image caches that contain these images, by image, if they differ from image_cache_size."
  type        = map(number)
  default     = {}
}

variable "vpc_id" {
  description = "VPC of the temporary instances that pull the images, for example vpc-1a2b3c4d."
  type        = string
}

variable "subnet_id" {
  description = "Subnet of the temporary instances that pull the images. It needs a route to the registries."
  type        = string
}

variable "tags" {
  description = "Tags of the image caches."
  type        = map(string)
  default     = {}
}
