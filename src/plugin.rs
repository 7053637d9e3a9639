//! The process that Terraform starts.
