//! A client of the Tencent Cloud API, version 3. It knows nothing of Terraform.

pub mod credentials;
