# One image cache for each set of images of the Pods in a chart.
locals {
  pods = provider::eks::manifest_pods(<<-YAML
    apiVersion: ray.io/v1
    kind: RayCluster
    metadata:
      name: ray
      namespace: training
    spec:
      headGroupSpec:
        template:
          spec:
            containers:
              - name: head
                image: rayproject/ray:2.46.0
      workerGroupSpecs:
        - groupName: gpu
          template:
            spec:
              containers:
                - name: worker
                  image: rayproject/ray-ml:2.46.0-gpu
  YAML
  )
}

output "image_sets" {
  value = distinct(local.pods[*].images)
}

output "paths" {
  value = local.pods[*].path
}
