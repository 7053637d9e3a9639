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

  generations = {
    "v1" = { server = "ccr.ccs.tencentyun.com/example/llm:1.0.0" }
  }

  containers = {
    server = { resources = { limits = { "nvidia.com/gpu" = 1 } } }
  }
}

run "plan_is_complete_but_for_the_id" {
  command = plan

  assert {
    condition     = eks_image_cache.this["v1"].image_cache_size == 60
    error_message = "The cache has the requested size."
  }

  assert {
    condition     = output.images == toset(["ccr.ccs.tencentyun.com/example/llm:1.0.0"]) && output.image_cache_size == 60
    error_message = "Images and size are known in a plan."
  }

  assert {
    condition     = keys(output.object.spec.template.metadata.annotations) == keys({ "eks.tke.cloud.tencent.com/image-cache-disk-size" = "", "eks.tke.cloud.tencent.com/use-image-cache" = "" })
    error_message = "The keys of the annotations are known before the cache exists."
  }
}

run "pods_start_from_the_cache" {
  assert {
    condition     = eks_image_cache.this["v1"].status == "Ready"
    error_message = "Apply waits until the cache is Ready."
  }

  assert {
    condition = yamldecode(output.manifest).spec.template.metadata.annotations == {
      "eks.tke.cloud.tencent.com/use-image-cache"       = output.image_cache_id
      "eks.tke.cloud.tencent.com/image-cache-disk-size" = "100"
    }
    error_message = "The Pod template names the cache and the size of the disk, as strings."
  }

  assert {
    condition = yamldecode(output.manifest).spec.template.spec.containers == [{
      name      = "server"
      image     = "ccr.ccs.tencentyun.com/example/llm:1.0.0"
      resources = { limits = { "nvidia.com/gpu" = 1 } }
    }]
    error_message = "Containers are written unchanged, with their images."
  }

  assert {
    condition     = output.billed_size == 100
    error_message = "The whole disk of a cache is billed."
  }
}

run "a_new_generation_is_built_while_the_old_one_serves" {
  variables {
    generation = "v1"
    generations = {
      "v1" = { server = "ccr.ccs.tencentyun.com/example/llm:1.0.0" }
      "v2" = { server = "ccr.ccs.tencentyun.com/example/llm:1.1.0", sidecar = "ccr.ccs.tencentyun.com/example/sidecar:1.0.0" }
    }
  }

  assert {
    condition     = output.image_cache_id == eks_image_cache.this["v1"].id
    error_message = "The workload stays with the old generation."
  }

  assert {
    condition     = length(eks_image_cache.this["v2"].images) == 2
    error_message = "All images of the Pod are in the cache of their generation."
  }
}

run "the_workload_moves_to_it_and_the_old_one_goes" {
  variables {
    generations = {
      "v2" = { server = "ccr.ccs.tencentyun.com/example/llm:1.1.0", sidecar = "ccr.ccs.tencentyun.com/example/sidecar:1.0.0" }
    }
    containers = {
      server  = { args = ["--port", "8000"] }
      sidecar = { tty = true }
    }
  }

  assert {
    condition     = output.image_cache_id == eks_image_cache.this["v2"].id
    error_message = "The workload uses the cache that was built before."
  }

  assert {
    condition     = keys(output.image_cache_ids) == keys({ "v2" = "" })
    error_message = "Without its key, the old cache is deleted."
  }

  assert {
    condition     = yamldecode(output.manifest).spec.template.spec.containers[1].tty
    error_message = "Containers may differ in their parts."
  }
}

run "an_image_without_a_tag_is_refused" {
  command = plan

  variables {
    generations = { "v1" = { server = "ccr.ccs.tencentyun.com/example/llm" } }
  }

  expect_failures = [var.generations]
}

run "a_disk_below_the_cache_is_refused" {
  command = plan

  variables {
    disk_size = 40
  }

  expect_failures = [eks_image_cache.this]
}
