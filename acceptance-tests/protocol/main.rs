//! Features that need newer clients than the Terraform of the acceptance tests: identities, lists, actions, moves, generated
//! configurations, deferrals. A client that is generated from the same protocol file calls the provider in this process, with a
//! simulator of the Tencent Cloud API. Tests compare whole responses.

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
