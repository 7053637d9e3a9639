# A larger system disk. This does not need credentials, a region or a network.
data "eks_pod_disk" "large" {
  size = 50
}

# For .spec.template.metadata.annotations of a workload.
output "pod_annotations" {
  value = data.eks_pod_disk.large.annotations
}

output "billed_gib" {
  value = data.eks_pod_disk.large.billed_size # 30: 20 GiB are free of charge
}
