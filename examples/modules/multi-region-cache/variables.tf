variable "name" {
  description = "Name of the image cache, the same in every region."
  type        = string
}

variable "images" {
  description = "Images of the cache, the same in every region, exactly as in the Pods."
  type        = set(string)

  validation {
    condition     = length(var.images) > 0
    error_message = "Expected at least one image."
  }
}

variable "regions" {
  description = "Network of the temporary instance that pulls the images, by region. `images` overrides those of all regions, for a registry in the region."
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
  description = "Days until a cache expires. 0 means that it does not expire."
  type        = number
  default     = 0
}

variable "tags" {
  description = "Tags of each cache."
  type        = map(string)
  default     = {}
}
