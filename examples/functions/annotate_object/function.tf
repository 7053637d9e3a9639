# An object for `manifest` of `kubernetes_manifest`, with Pods that start from an image cache.
output "annotated" {
  value = provider::eks::annotate_object({
    apiVersion = "batch/v1"
    kind       = "Job"
    metadata   = { name = "train", namespace = "training" }
    spec = {
      template = {
        spec = {
          restartPolicy = "Never"
          containers    = [{ name = "train", image = "pytorch/pytorch:2.7.1-cuda12.6-cudnn9-runtime" }]
        }
      }
    }
  }, provider::eks::image_cache_annotations("imc-1a2b3c4d"))
}
