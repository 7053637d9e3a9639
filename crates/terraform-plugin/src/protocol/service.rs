//! The `tfplugin6.Provider` service: maps RPCs to functions.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::tfplugin6::{self as wire, provider_server};
use super::{action, data_source, ephemeral, function, identity, list, provider, resource, rpc};
use crate::framework::{Provider, Server};

/// Serves a provider over the plugin protocol, version 6.
#[derive(Clone)]
pub struct Service<P: Provider> {
    server: Arc<Server<P>>,
}

impl<P: Provider> Default for Service<P> {
    fn default() -> Self {
        Self::new(CancellationToken::new())
    }
}

impl<P: Provider> Service<P> {
    /// Serves the provider until `shutdown`, which ends waits in flight.
    pub fn new(shutdown: CancellationToken) -> Self {
        Self { server: Arc::new(Server::new(shutdown)) }
    }
}

/// A response with several events.
pub type Events<E> = BoxStream<'static, Result<E, Status>>;

/// The span of an RPC. At the level of errors, so that events of every level have its fields.
macro_rules! span {
    ($call:ident $(, $key:ident = $value:expr)?) => {
        tracing::error_span!(
            "rpc",
            tf_rpc = rpc::name(stringify!($call)),
            tf_req_id = rpc::id(),
            $($key = $value,)?
        )
    };
}

/// Implements the service: for each RPC its function and, in parentheses, the field of the log and of the request with the type
/// name.
///
/// No RPC ends with a gRPC status: errors are diagnostics in its response.
macro_rules! serve {
    (
        one { $($call:ident $(($key:ident: $field:ident))? => $function:path,)* }
        many { $($streaming:ident ($stream_key:ident: $stream_field:ident) => $events:path,)* }
    ) => {
        #[tonic::async_trait]
        impl<P: Provider> provider_server::Provider for Service<P> {
            $(
                async fn $call(
                    &self,
                    request: Request<wire::$call::Request>,
                ) -> Result<Response<wire::$call::Response>, Status> {
                    let request = request.into_inner();
                    let span = span!($call $(, $key = request.$field.as_str())?);
                    Ok(Response::new(rpc::respond(span, $function(&self.server, request)).await))
                }
            )*
            $(
                async fn $streaming(
                    &self,
                    request: Request<wire::$streaming::Request>,
                ) -> Result<Response<Events<wire::$streaming::Event>>, Status> {
                    let request = request.into_inner();
                    let span = span!($streaming, $stream_key = request.$stream_field.as_str());
                    let server = Arc::clone(&self.server);
                    Ok(Response::new(rpc::stream(span, || $events(server, request))))
                }
            )*
        }
    };
}

serve! {
    one {
        get_metadata => provider::metadata,
        get_provider_schema => provider::schemas,
        validate_provider_config => provider::validate,
        configure_provider => provider::configure,
        stop_provider => provider::stop,

        get_resource_identity_schemas => identity::schemas,
        upgrade_resource_identity (tf_resource_type: type_name) => identity::upgrade,

        validate_resource_config (tf_resource_type: type_name) => resource::validate,
        upgrade_resource_state (tf_resource_type: type_name) => resource::upgrade,
        read_resource (tf_resource_type: type_name) => resource::read,
        plan_resource_change (tf_resource_type: type_name) => resource::plan,
        apply_resource_change (tf_resource_type: type_name) => resource::apply,
        import_resource_state (tf_resource_type: type_name) => resource::import,
        move_resource_state (tf_resource_type: target_type_name) => resource::move_state,
        generate_resource_config (tf_resource_type: type_name) => resource::generate_config,

        validate_data_resource_config (tf_data_source_type: type_name) => data_source::validate,
        read_data_source (tf_data_source_type: type_name) => data_source::read,

        validate_ephemeral_resource_config (tf_ephemeral_resource_type: type_name) => ephemeral::validate,
        open_ephemeral_resource (tf_ephemeral_resource_type: type_name) => ephemeral::open,
        renew_ephemeral_resource (tf_ephemeral_resource_type: type_name) => ephemeral::renew,
        close_ephemeral_resource (tf_ephemeral_resource_type: type_name) => ephemeral::close,

        get_functions => function::functions,
        call_function (tf_function_name: name) => function::call,

        validate_list_resource_config (tf_list_resource_type: type_name) => list::validate,

        validate_action_config (tf_action_type: type_name) => action::validate,
        plan_action (tf_action_type: action_type) => action::plan,
    }
    many {
        list_resource (tf_list_resource_type: type_name) => list::list,
        invoke_action (tf_action_type: action_type) => action::invoke,
    }
}
