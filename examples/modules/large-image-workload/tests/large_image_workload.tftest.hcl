# Runs against the simulator: TENCENTCLOUD_ENDPOINT_URL names it, and the keys are its own.

provider "eks" {
  region        = "ap-guangzhou"
  poll_interval = "100ms"
}

variables {
  name             = "llm"
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
  image_cache_size = 60
  disk_size        = 100

  containers = {
    server = {
      image     = "ccr.ccs.tencentyun.com/example/llm:1.0.0"
      resources = { limits = { "nvidia.com/gpu" = 1 } }
    }
  }
}

run "plan_is_complete_but_for_the_id" {
  command = plan

  assert {
    condition     = eks_image_cache.this.image_cache_size == 60
    error_message = "The cache has the size that was asked for."
  }

  assert {
    condition     = output.images == toset(["ccr.ccs.tencentyun.com/example/llm:1.0.0"]) && output.image_cache_size == 60
    error_message = "Images and size are known in a plan."
  }
}

run "pods_start_from_the_cache" {
  assert {
    condition     = eks_image_cache.this.status == "Ready"
    error_message = "Apply waits until the cache is Ready."
  }

  assert {
    condition = yamldecode(output.manifest).spec.template.metadata.annotations == {
      "eks.tke.cloud.tencent.com/use-image-cache"       = output.image_cache_id
      "eks.tke.cloud.tencent.com/image-cache-disk-size" = "100"
    }
    error_message = "The Pod template names the cache and the size of the disk, as texts."
  }

  assert {
    condition = yamldecode(output.manifest).spec.template.spec.containers == [{
      name      = "server"
      image     = "ccr.ccs.tencentyun.com/example/llm:1.0.0"
      resources = { limits = { "nvidia.com/gpu" = 1 } }
    }]
    error_message = "Containers are written as they were given."
  }

  assert {
    condition     = output.billed_size == 100
    error_message = "The whole disk of a cache is billed."
  }
}

run "other_images_make_another_cache" {
  variables {
    previous_id = run.pods_start_from_the_cache.image_cache_id

    containers = {
      server  = { image = "ccr.ccs.tencentyun.com/example/llm:1.1.0", args = ["--port", "8000"] }
      sidecar = { image = "ccr.ccs.tencentyun.com/example/sidecar:1.0.0", tty = true }
    }
  }

  assert {
    condition     = output.image_cache_id != var.previous_id
    error_message = "New images come in a new cache, so that running Pods keep theirs."
  }

  assert {
    condition     = length(eks_image_cache.this.images) == 2
    error_message = "All images of the Pod are in the cache."
  }

  assert {
    condition     = yamldecode(output.manifest).spec.template.spec.containers[1].tty
    error_message = "Containers may differ in what they say."
  }
}

run "an_image_without_a_tag_is_refused" {
  command = plan

  variables {
    containers = { server = { image = "ccr.ccs.tencentyun.com/example/llm" } }
  }

  expect_failures = [var.containers]
}
