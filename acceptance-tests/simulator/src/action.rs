//! The definition of an action, for implementations and for routing.

use jiff::Timestamp;
use serde_json::Value;

use crate::error::ApiError;
use crate::parameters::{Field, Parameters};
use crate::sessions::Identity;
use crate::state::World;

/// An action of the API.
#[derive(Debug)]
pub(crate) struct Action {
    pub service: &'static str,
    pub version: &'static str,
    pub name: &'static str,
    pub fields: &'static [Field],
    /// Whether `Authorization: SKIP` is enough.
    pub unsigned: bool,
    pub run: fn(&mut World, &Context, &Parameters<'_>) -> Result<Value, ApiError>,
}

/// The caller, the region and the time of a call.
#[derive(Debug)]
pub(crate) struct Context {
    /// `None` for unsigned requests.
    pub caller: Option<Identity>,
    pub region: String,
    pub now: Timestamp,
}
