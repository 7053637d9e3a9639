//! go-plugin's own services and messages, generated from `proto/goplugin.proto`.

tonic::include_proto!("plugin");
