//! A Rust struct as a Terraform schema.
