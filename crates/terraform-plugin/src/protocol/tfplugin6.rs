//! The messages and the service of plugin protocol 6, generated from `proto/tfplugin6.proto`.
//!
//! `Debug` shows only the length of values: configuration and state may contain secrets.

use std::fmt;

tonic::include_proto!("tfplugin6");

impl fmt::Debug for DynamicValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicValue({} bytes)", self.msgpack.len() + self.json.len())
    }
}

impl fmt::Debug for RawState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawState({} bytes)", self.json.len())
    }
}
