# The images of a rendered chart, for example data.helm_template.x.manifest.
output "images" {
  value = provider::eks::manifest_images(<<-YAML
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
  )
}
