# Reused disks, with housekeeping thresholds

data "eks_pod_disk" "batch" {
  size      = 200
  reuse_key = "batch"

  image_gc = {
    high_threshold = 85
    low_threshold  = 70
    period         = "5m"
  }

  pod_eviction_threshold = 95
}
