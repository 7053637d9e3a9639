//! The plugin protocol's messages, to and from the framework.

pub mod tfplugin6;
#[cfg(test)]
mod wire_facts;
