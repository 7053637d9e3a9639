//! The gRPC server: connections, calls, and graceful shutdown.
//!
//! Requests go from HTTP/2 to their service directly: tonic's own server has a router and layers that these few services do not need.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service as _;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{self, HealthServer};
use tonic_health::server::{HealthReporter, HealthService};

use super::listener::{Connection, Listener};
use super::proto::grpc_broker_server::{self, GrpcBrokerServer};
use super::proto::grpc_controller_server::{self, GrpcControllerServer};
use super::proto::grpc_stdio_server::{self, GrpcStdioServer};
use super::services::GoPlugin;
use crate::protocol::tfplugin6::provider_server::{self, Provider, ProviderServer};

/// Maximum message size, as in HashiCorp's servers. tonic's default of 4 MiB is too small for a large state.
const MESSAGE_LIMIT: usize = 256 << 20;

/// Timeout of the TLS handshake.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for calls in flight when the process must end. Supervisors kill it after 30 seconds.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(25);

/// Serves until `shutdown` is canceled, by a signal or by the client, and calls in flight have responded, or 25 seconds have
/// passed. Also ends if no client connects within `first_connection`. Errors of a connection end only that connection.
pub(super) async fn serve<S: Provider>(
    service: S,
    listener: Listener,
    tls: Option<TlsAcceptor>,
    shutdown: CancellationToken,
    first_connection: Option<Duration>,
) {
    let server = Arc::new(Server::new(service, tls, shutdown).await);
    let mut connections = server.accept(listener, first_connection).await;
    let closed = async { while connections.join_next().await.is_some() {} };
    // Expires only if a call does not end.
    let _ = timeout(DRAIN_TIMEOUT, closed).await;
}

/// The services of the process.
struct Server<S> {
    tls: Option<TlsAcceptor>,
    shutdown: CancellationToken,
    provider: ProviderServer<S>,
    controller: GrpcControllerServer<GoPlugin>,
    stdio: GrpcStdioServer<GoPlugin>,
    broker: GrpcBrokerServer<GoPlugin>,
    health: HealthServer<HealthService>,
}

impl<S: Provider> Server<S> {
    async fn new(service: S, tls: Option<TlsAcceptor>, shutdown: CancellationToken) -> Self {
        let go_plugin = GoPlugin(shutdown.clone());
        let health = HealthReporter::new();
        // The name that go-plugin requests.
        health.set_service_status("plugin", ServingStatus::Serving).await;
        Self {
            tls,
            shutdown,
            provider: ProviderServer::new(service)
                .max_decoding_message_size(MESSAGE_LIMIT)
                .max_encoding_message_size(MESSAGE_LIMIT),
            controller: GrpcControllerServer::new(go_plugin.clone()),
            stdio: GrpcStdioServer::new(go_plugin.clone()),
            broker: GrpcBrokerServer::new(go_plugin),
            health: HealthServer::new(HealthService::from_health_reporter(health)),
        }
    }

    /// Accepts connections until `shutdown` is canceled, and returns the open ones. Each has its own task, so that none waits for
    /// another.
    async fn accept(self: &Arc<Self>, listener: Listener, first_connection: Option<Duration>) -> JoinSet<()> {
        let overdue = async {
            match first_connection {
                Some(timeout) => sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(overdue);
        let mut is_first = true;
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.cancelled() => return connections,
                () = &mut overdue, if is_first => {
                    tracing::error!("no client has connected: the process that started this one has ended");
                    self.shutdown.cancel();
                    return connections;
                }
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            is_first = false;
            match accepted {
                Ok(connection) => {
                    connections.spawn(Arc::clone(self).serve(connection));
                }
                // Probably out of file descriptors: retry after a pause.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Serves a connection until the client closes it, or `shutdown` is canceled and its calls in flight have responded.
    async fn serve(self: Arc<Self>, connection: Connection) {
        let connection = match &self.tls {
            None => connection,
            Some(tls) => match self.shutdown.run_until_cancelled(timeout(TLS_TIMEOUT, tls.accept(connection))).await {
                Some(Ok(Ok(stream))) => Connection::new(stream),
                Some(Ok(Err(error))) => return tracing::warn!(%error, "refused a connection"),
                Some(Err(_)) => return tracing::warn!("closed a connection that did not complete the TLS handshake"),
                None => return,
            },
        };
        let call = |request| {
            let server = Arc::clone(&self);
            async move { server.call(request).await }
        };
        let serving = http2::Builder::new(TokioExecutor::new())
            // Terraform limits its calls itself, with `-parallelism`.
            .max_concurrent_streams(None)
            .serve_connection(TokioIo::new(connection), service_fn(call));
        tokio::pin!(serving);
        let served = tokio::select! {
            served = &mut serving => served,
            () = self.shutdown.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended");
        }
    }

    /// Calls the method of a path: `/tfplugin6.Provider/GetMetadata`.
    async fn call(&self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let service = request.uri().path().split('/').nth(1).unwrap_or_default();
        match service {
            provider_server::SERVICE_NAME => self.provider.clone().call(request).await,
            grpc_controller_server::SERVICE_NAME => self.controller.clone().call(request).await,
            grpc_stdio_server::SERVICE_NAME => self.stdio.clone().call(request).await,
            grpc_broker_server::SERVICE_NAME => self.broker.clone().call(request).await,
            health_server::SERVICE_NAME => self.health.clone().call(request).await,
            _ => Ok(Status::unimplemented("").into_http()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use futures_util::StreamExt as _;
    use rustls::pki_types::CertificateDer;
    use rustls::version::{TLS12, TLS13};
    use tokio::io::AsyncReadExt as _;
    use tokio::task::JoinHandle;
    use tokio::time::Instant;
    use tonic::{Request, Response, Status};
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_check_response::ServingStatus::Serving;
    use tonic_health::pb::health_client::HealthClient;

    use super::super::proto::Empty;
    use super::super::proto::grpc_broker_client::GrpcBrokerClient;
    use super::super::proto::grpc_controller_client::GrpcControllerClient;
    use super::super::proto::grpc_stdio_client::GrpcStdioClient;
    use super::super::test_client::{Identity, channel, dial, secure};
    use super::super::tls;
    use super::*;
    use crate::protocol::tfplugin6::provider_client::ProviderClient;
    use crate::protocol::tfplugin6::{DynamicValue, read_data_source, validate_provider_config};

    /// Echoes a configuration, and reads a data source until the process ends.
    struct Service(CancellationToken);

    #[tonic::async_trait]
    impl Provider for Service {
        async fn read_data_source(
            &self,
            request: Request<read_data_source::Request>,
        ) -> Result<Response<read_data_source::Response>, Status> {
            let request = request.into_inner();
            match request.type_name.as_str() {
                "slow" => self.0.cancelled().await,
                "stuck" => std::future::pending().await,
                _ => {}
            }
            Ok(Response::new(read_data_source::Response { state: request.config, ..Default::default() }))
        }
    }

    struct Running {
        network: &'static str,
        address: String,
        terraform: Identity,
        certificate: CertificateDer<'static>,
        server: JoinHandle<()>,
    }

    async fn start_tls(listener: Listener) -> Running {
        let terraform = Identity::terraform();
        let (network, address) = listener.address().unwrap();
        let (acceptor, certificate) = tls::acceptor(terraform.certificate.der().clone()).unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve(Service(shutdown.clone()), listener, Some(acceptor), shutdown, None));
        Running { network, address, terraform, certificate, server }
    }

    async fn start_unix() -> Running {
        start_tls(Listener::bind_unix(&std::env::temp_dir()).unwrap()).await
    }

    impl Running {
        async fn connect(&self) -> tonic::transport::Channel {
            let io = dial(self.network, &self.address).await;
            let tls = secure(io, self.certificate.clone(), Some(&self.terraform), &[&TLS13]).await.unwrap();
            channel(tls).await
        }
    }

    fn data_source(type_name: &str, msgpack: Vec<u8>) -> read_data_source::Request {
        let config = Some(DynamicValue { msgpack, ..Default::default() });
        read_data_source::Request { type_name: type_name.to_owned(), config, ..Default::default() }
    }

    #[tokio::test]
    async fn terraforms_certificate_is_accepted() {
        for listener in [Listener::bind_unix(&std::env::temp_dir()).unwrap(), Listener::bind_tcp(0..=0).await.unwrap()]
        {
            let running = start_tls(listener).await;
            for version in [&TLS12, &TLS13] {
                let io = dial(running.network, &running.address).await;
                let tls = secure(io, running.certificate.clone(), Some(&running.terraform), &[version]).await;
                let mut health = HealthClient::new(channel(tls.unwrap()).await);
                let asked = HealthCheckRequest { service: "plugin".to_owned() };
                assert_eq!(health.check(asked).await.unwrap().into_inner().status(), Serving);
            }
        }
    }

    #[tokio::test]
    async fn missing_or_different_certificate_is_refused() {
        let running = start_unix().await;
        let other = Identity::terraform();
        for (client, version, alert) in [
            (None, &TLS13, "CertificateRequired"),
            (None, &TLS12, "CertificateRequired"),
            (Some(&other), &TLS13, "AccessDenied"),
            (Some(&other), &TLS12, "AccessDenied"),
        ] {
            let io = dial(running.network, &running.address).await;
            // In TLS 1.3, the client completes the handshake first, and gets the refusal when it reads.
            let error = match secure(io, running.certificate.clone(), client, &[version]).await {
                Ok(mut tls) => tls.read_u8().await.unwrap_err(),
                Err(error) => error,
            };
            assert!(error.to_string().contains(alert), "{error} instead of {alert}");
        }
        running.connect().await;
    }

    #[tokio::test]
    async fn plaintext_is_refused_with_tls() {
        let running = start_unix().await;
        let plain = channel(dial(running.network, &running.address).await).await;
        assert!(ProviderClient::new(plain).read_data_source(data_source("quick", Vec::new())).await.is_err());
    }

    #[tokio::test]
    async fn silent_peer_does_not_delay_others() {
        let running = start_unix().await;
        let _silent = [
            dial(running.network, &running.address).await,
            dial(running.network, &running.address).await,
            dial(running.network, &running.address).await,
        ];
        let mut client = ProviderClient::new(running.connect().await);
        assert!(client.read_data_source(data_source("quick", Vec::new())).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn silent_peer_is_disconnected() {
        let running = start_unix().await;
        let mut silent = dial(running.network, &running.address).await;
        let start = Instant::now();
        assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
        assert!(start.elapsed() >= TLS_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn endless_call_does_not_keep_the_process() {
        let listener = Listener::bind_unix(&std::env::temp_dir()).unwrap();
        let (network, address) = listener.address().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve(Service(shutdown.clone()), listener, None, shutdown.clone(), None));
        let mut client = ProviderClient::new(channel(dial(network, &address).await).await);
        let mut same = client.clone();
        let stuck = tokio::spawn(async move { same.read_data_source(data_source("stuck", Vec::new())).await });
        client.read_data_source(data_source("quick", Vec::new())).await.unwrap();

        let start = Instant::now();
        shutdown.cancel();
        server.await.unwrap();
        assert!(start.elapsed() >= DRAIN_TIMEOUT);
        stuck.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn serve_without_a_client_ends() {
        let minute = Duration::from_secs(60);
        let serve = || {
            let listener = Listener::bind_unix(&std::env::temp_dir()).unwrap();
            let address = listener.address().unwrap();
            let shutdown = CancellationToken::new();
            (address, tokio::spawn(serve(Service(shutdown.clone()), listener, None, shutdown, Some(minute))))
        };
        let start = Instant::now();
        let (_, server) = serve();
        server.await.unwrap();
        assert_eq!(start.elapsed().as_secs(), minute.as_secs());

        let ((network, address), server) = serve();
        let _connection = channel(dial(network, &address).await).await;
        sleep(minute * 10).await;
        assert!(!server.is_finished());
        server.abort();
    }

    #[tokio::test]
    async fn messages_may_exceed_4_mib() {
        let running = start_unix().await;
        let mut client = ProviderClient::new(running.connect().await).max_decoding_message_size(MESSAGE_LIMIT);
        let config = vec![7; 5 << 20];
        let response = client.read_data_source(data_source("quick", config.clone())).await.unwrap();
        assert!(response.into_inner().state.unwrap().msgpack == config);
    }

    #[tokio::test]
    async fn unknown_calls_are_unimplemented() {
        let running = start_unix().await;
        let mut client = ProviderClient::new(running.connect().await);
        let status = client.validate_provider_config(validate_provider_config::Request::default()).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unimplemented);

        let mut other = tonic::client::Grpc::new(running.connect().await);
        other.ready().await.unwrap();
        let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo".parse().unwrap();
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let status = other.unary(Request::new(()), path, codec).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unimplemented);
    }

    #[tokio::test]
    async fn shutdown_completes_calls_ends_streams_and_removes_the_socket() {
        let running = start_unix().await;
        let connection = running.connect().await;
        let mut stdio = GrpcStdioClient::new(connection.clone()).stream_stdio(()).await.unwrap().into_inner();
        let offers = futures_util::stream::pending();
        let mut broker = GrpcBrokerClient::new(connection.clone()).start_stream(offers).await.unwrap().into_inner();
        let mut provider = ProviderClient::new(connection.clone());
        let slow = tokio::spawn(async move { provider.read_data_source(data_source("slow", vec![1])).await });
        // This later call on the same connection has a response, so the slow call has arrived.
        let mut provider = ProviderClient::new(connection.clone());
        provider.read_data_source(data_source("quick", Vec::new())).await.unwrap();

        GrpcControllerClient::new(connection).shutdown(Empty {}).await.unwrap();

        assert!(stdio.next().await.is_none());
        assert!(broker.next().await.is_none());
        assert_eq!(slow.await.unwrap().unwrap().into_inner().state.unwrap().msgpack, [1]);
        running.server.await.unwrap();
        assert!(!std::path::Path::new(&running.address).parent().unwrap().exists());
    }
}
