//! go-plugin's own services: the shutdown of the process, and two unused streams.
//!
//! Terraform opens both streams at the start and never closes them. They end when the process must end, which would otherwise
//! wait for them.

use futures_util::{FutureExt as _, StreamExt as _, future, stream};
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::proto::grpc_broker_server::GrpcBroker;
use super::proto::grpc_controller_server::GrpcController;
use super::proto::grpc_stdio_server::GrpcStdio;
use super::proto::{ConnInfo, Empty, StdioData};

/// All three services; the token is canceled when the process must end.
#[derive(Debug, Clone)]
pub(super) struct GoPlugin(pub CancellationToken);

#[tonic::async_trait]
impl GrpcController for GoPlugin {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for GoPlugin {
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        let nothing = self.0.clone().cancelled_owned().map(|()| stream::empty()).flatten_stream();
        Ok(Response::new(Box::pin(nothing)))
    }
}

#[tonic::async_trait]
impl GrpcBroker for GoPlugin {
    async fn start_stream(
        &self,
        offers: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        let nothing = offers.into_inner().filter_map(|_| future::ready(None));
        Ok(Response::new(Box::pin(nothing.take_until(self.0.clone().cancelled_owned()))))
    }
}
