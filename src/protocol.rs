//! The plugin protocol's messages, to and from the framework.
