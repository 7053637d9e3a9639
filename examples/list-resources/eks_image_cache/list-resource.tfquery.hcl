# Failed caches in a region, with all attributes.
list "eks_image_cache" "failed" {
  provider         = eks
  include_resource = true

  config {
    region = "ap-guangzhou"
    status = "Failed"
  }
}
