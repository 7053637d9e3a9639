# Data of the ConfigMap eks-config in the namespace kube-system.
output "eks_config" {
  value = provider::eks::global_config(merge(
    provider::eks::image_cache_annotations("auto"),
    { "eks.tke.cloud.tencent.com/image-gc-period" = "5m" },
  ))
}
