variable "name" {
  description = "Name of the image cache, the same in every region."
  type        = string
}

variable "images" {
  description = "Images of the cache, the same in every region, named exactly as the Pods name them."
  type        = set(string)

  validation {
    condition     = length(var.images) > 0
    error_message = "A cache holds at least one image."
  }
}

variable "regions" {
  description = "Network of the temporary instance that pulls the images, by region. `images` replaces those of all regions, for a registry of the region."
  type = map(object({
    vpc_id             = string
    subnet_id          = string
    security_group_ids = optional(set(string))
    images             = optional(set(string))
  }))
}

variable "image_cache_size" {
  description = "Size of each cache in GiB: the images, compressed and unpacked."
  type        = number
  default     = 20
}

variable "retention_days" {
  description = "Days after which a cache expires; 0 for never."
  type        = number
  default     = 0
}

variable "tags" {
  description = "Tags of each cache."
  type        = map(string)
  default     = {}
}
