terraform {
  required_version = ">= 1.8" # functions of providers

  required_providers {
    eks = {
      source  = "supernode/eks"
      version = ">= 0.1.0"
    }
  }
}
