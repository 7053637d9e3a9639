# The objects of manifests, for `for_each` over `kubernetes_manifest`.
locals {
  objects = provider::eks::manifest_objects(<<-YAML
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: settings
    ---
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: train
    spec:
      template:
        spec:
          containers:
            - name: train
              image: pytorch/pytorch:2.7.1-cuda12.6-cudnn9-runtime
          restartPolicy: Never
          volumes:
            - name: settings
              configMap:
                name: settings
                defaultMode: 0644 # 420, as Kubernetes reads it
  YAML
  )
}

output "by_name" {
  value = { for object in local.objects : "${object.kind}/${object.metadata.name}" => object }
}
