terraform {
  required_providers {
    eks = {
      source = "supernode/eks"
    }
  }
}

# Credentials come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, a tccli profile, or a role.
provider "eks" {
  region = "ap-guangzhou"

  default_tags = {
    team = "ai"
  }
}
