# The same manifests, with Pods that start from an image cache.
output "annotated" {
  value = provider::eks::annotate_manifests(<<-YAML
    # Comments, and everything else, stay as they are.
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: vllm
    spec:
      template:
        spec:
          containers:
            - name: server
              image: vllm/vllm-openai:v0.8.5
  YAML
  , provider::eks::image_cache_annotations("auto"))
}
