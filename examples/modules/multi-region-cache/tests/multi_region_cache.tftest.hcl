# Runs against the simulator: TENCENTCLOUD_ENDPOINT_URL names it, and the keys are its own.

provider "eks" {
  poll_interval = "100ms"
}

variables {
  name   = "llm"
  images = ["example.tencentcloudcr.com/ai/llm:1.0.0"]

  regions = {
    ap-guangzhou = { vpc_id = "vpc-1a2b3c4d", subnet_id = "subnet-1a2b3c4d" }
    ap-shanghai  = { vpc_id = "vpc-5e6f7a8b", subnet_id = "subnet-5e6f7a8b" }
  }
}

run "each_region_has_its_cache" {
  assert {
    condition     = alltrue([for region, cache in eks_image_cache.this : cache.region == region && cache.status == "Ready"])
    error_message = "Every cache is Ready in its region."
  }

  assert {
    condition     = length(distinct(values(output.image_cache_ids))) == 2
    error_message = "Each region has a cache of its own."
  }

  assert {
    condition = output.pod_annotations["ap-shanghai"] == tomap({
      "eks.tke.cloud.tencent.com/use-image-cache" = output.image_cache_ids["ap-shanghai"]
    })
    error_message = "Pods of a region are pinned to the cache of that region."
  }
}

run "a_region_is_added_beside_the_others" {
  variables {
    previous_ids = run.each_region_has_its_cache.image_cache_ids

    regions = {
      ap-guangzhou = { vpc_id = "vpc-1a2b3c4d", subnet_id = "subnet-1a2b3c4d" }
      ap-shanghai  = { vpc_id = "vpc-5e6f7a8b", subnet_id = "subnet-5e6f7a8b" }
      ap-singapore = {
        vpc_id    = "vpc-9c0d1e2f"
        subnet_id = "subnet-9c0d1e2f"
        images    = ["example-sg.tencentcloudcr.com/ai/llm:1.0.0"]
      }
    }
  }

  assert {
    condition     = output.image_cache_ids["ap-guangzhou"] == var.previous_ids["ap-guangzhou"]
    error_message = "The caches of the other regions stay."
  }

  assert {
    condition     = eks_image_cache.this["ap-singapore"].images == toset(["example-sg.tencentcloudcr.com/ai/llm:1.0.0"])
    error_message = "A region may use its own registry."
  }
}
