//! The process that Terraform starts.

mod proto;
