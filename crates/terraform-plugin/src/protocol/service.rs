//! The `tfplugin6.Provider` service: which function answers which call.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::tfplugin6::{self as wire, provider_server};
use super::{action, data_source, ephemeral, function, identity, list, provider, resource};
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
    /// Serves the provider until `shutdown`, which ends the waits that are in flight then.
    pub fn new(shutdown: CancellationToken) -> Self {
        Self { server: Arc::new(Server::new(shutdown)) }
    }
}

/// An answer that comes piece by piece.
pub type Events<E> = BoxStream<'static, Result<E, Status>>;

/// No call ends with a status: what is wrong is a diagnostic in its answer.
macro_rules! answer {
    (
        one { $($call:ident => $function:path,)* }
        many { $($streaming:ident => $events:path,)* }
    ) => {
        #[tonic::async_trait]
        impl<P: Provider> provider_server::Provider for Service<P> {
            $(
                async fn $call(
                    &self,
                    request: Request<wire::$call::Request>,
                ) -> Result<Response<wire::$call::Response>, Status> {
                    Ok(Response::new($function(&self.server, request.into_inner()).await))
                }
            )*
            $(
                async fn $streaming(
                    &self,
                    request: Request<wire::$streaming::Request>,
                ) -> Result<Response<Events<wire::$streaming::Event>>, Status> {
                    Ok(Response::new($events(Arc::clone(&self.server), request.into_inner())))
                }
            )*
        }
    };
}

answer! {
    one {
        get_metadata => provider::metadata,
        get_provider_schema => provider::schemas,
        validate_provider_config => provider::validate,
        configure_provider => provider::configure,
        stop_provider => provider::stop,

        get_resource_identity_schemas => identity::schemas,
        upgrade_resource_identity => identity::upgrade,

        validate_resource_config => resource::validate,
        upgrade_resource_state => resource::upgrade,
        read_resource => resource::read,
        plan_resource_change => resource::plan,
        apply_resource_change => resource::apply,
        import_resource_state => resource::import,
        move_resource_state => resource::take_over,
        generate_resource_config => resource::generate,

        validate_data_resource_config => data_source::validate,
        read_data_source => data_source::read,

        validate_ephemeral_resource_config => ephemeral::validate,
        open_ephemeral_resource => ephemeral::open,
        renew_ephemeral_resource => ephemeral::renew,
        close_ephemeral_resource => ephemeral::close,

        get_functions => function::functions,
        call_function => function::call,

        validate_list_resource_config => list::validate,

        validate_action_config => action::validate,
        plan_action => action::plan,
    }
    many {
        list_resource => list::list,
        invoke_action => action::invoke,
    }
}
