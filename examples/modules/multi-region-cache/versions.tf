terraform {
  required_version = ">= 1.3"

  required_providers {
    eks = {
      source  = "supernode/eks"
      version = ">= 0.1.0"
    }
  }
}
