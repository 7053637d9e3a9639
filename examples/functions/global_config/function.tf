# Data of the ConfigMap eks-config in the namespace kube-system.
output "eks_config" {
  value = provider::eks::global_config(merge(
    provider::eks::image_cache_annotations("auto"),
    { "eks.tke.cloud.tencent.com/image-gc-period" = "5m" },
  ))
}

# Merged into the current annotations of the ConfigMap, without one of them.
output "merged" {
  value = provider::eks::global_config(
    {
      "eks.tke.cloud.tencent.com/use-image-cache" = "auto"
      "eks.tke.cloud.tencent.com/root-cbs-size"   = null
    },
    <<-YAML
      a.example.com/team: platform
      eks.tke.cloud.tencent.com/root-cbs-size: "50"
    YAML
  )
}
