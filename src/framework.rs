//! What a Terraform provider is made of: resources, data sources, and the rules of planning.
