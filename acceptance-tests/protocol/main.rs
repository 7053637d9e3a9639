//! What newer clients ask of the provider than the Terraform that runs the acceptance tests: identities, lists, actions, moves,
//! generated configurations, deferrals. A client made from the same protocol file calls the provider in this process,
//! against a simulator of the Tencent Cloud API. Whole responses are compared.

#![forbid(unsafe_code)]

mod client;
mod values;

mod action;
mod deferral;
mod generate_config;
mod identity;
mod list;
mod moves;
mod state_upgrade;
