# A default for a whole cluster

data "eks_pod_disk" "default" {
  image_cache = "auto"
}

# Data of the ConfigMap eks-config in the namespace kube-system.
output "eks_config" {
  value = data.eks_pod_disk.default.global_config
}
