# Runs against the simulator: TENCENTCLOUD_ENDPOINT_URL names it, and the keys are its own.

provider "eks" {
  region        = "ap-guangzhou"
  poll_interval = "100ms"
}

variables {
  name             = "release"
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
  image_cache_size = 40

  image_cache_sizes = { "vllm/vllm-openai:v0.8.5" = 60 }

  manifests = <<-YAML
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: server
    spec:
      template:
        spec:
          initContainers:
            - {name: wait, image: "busybox:1.37"}
          containers:
            - {name: server, image: "vllm/vllm-openai:v0.8.5"}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: cache
    spec:
      template:
        spec:
          containers:
            - {name: redis, image: "redis:8"}
    ---
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: warm-up
    spec:
      template:
        spec:
          containers:
            - {name: redis, image: "redis:8"}
    ---
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: warm-up
      namespace: staging
    spec:
      template:
        spec:
          containers:
            - {name: wait, image: "busybox:1.37"}
  YAML
}

run "keys_are_known_at_plan_time" {
  command = plan

  assert {
    condition     = one(keys(output.annotations["Deployment/server"]["spec.template.spec"])) == "eks.tke.cloud.tencent.com/use-image-cache"
    error_message = "Consumers of the annotations can be planned before the caches exist."
  }

  assert {
    condition     = toset([for cache in eks_image_cache.this : cache.image_cache_size]) == toset([40, 60])
    error_message = "A cache has the largest of the sizes of its images."
  }
}

run "each_set_of_images_has_a_cache" {
  assert {
    condition     = toset([for cache in values(output.image_caches) : join(",", sort(cache.images))]) == toset(["redis:8", "busybox:1.37", "busybox:1.37,vllm/vllm-openai:v0.8.5"])
    error_message = "Pods with the same images share a cache."
  }

  assert {
    condition     = output.annotations["StatefulSet/cache"] == output.annotations["Job/warm-up"]
    error_message = "Both run redis:8 alone."
  }

  assert {
    condition     = output.annotations["staging/Job/warm-up"] != output.annotations["Job/warm-up"]
    error_message = "A workload of another namespace has a key of its own."
  }
}

run "objects_that_share_a_name_must_have_the_same_images" {
  command = plan

  variables {
    manifests = <<-YAML
      {"kind": "Job", "metadata": {"generateName": "a-"}, "spec": {"template": {"spec": {"containers": [{"image": "redis:8"}]}}}}
      {"kind": "Job", "metadata": {"generateName": "b-"}, "spec": {"template": {"spec": {"containers": [{"image": "busybox:1.37"}]}}}}
    YAML
  }

  expect_failures = [output.annotations]
}
