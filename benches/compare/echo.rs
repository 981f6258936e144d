//! The transport's floor: a gRPC server on one thread that takes the same messages and gives the events back.

use std::net::Ipv4Addr;

use penstock::api::executor_service_server::{ExecutorService, ExecutorServiceServer};
use penstock::api::{
    DescribeRequest, DescribeResponse, EventResult, InvokeBatchRequest, InvokeBatchResponse,
    InvokeRequest, InvokeResponse, event_result, invoke_request::Payload, invoke_response::Outcome,
};
use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

/// Serves until it is killed; the first line of its output is its port.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        println!("{port}");
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let service = ExecutorServiceServer::new(Echo);
        Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming)
            .await
            .expect("it serves until it is killed");
    });
}

struct Echo;

#[tonic::async_trait]
impl ExecutorService for Echo {
    async fn invoke(
        &self,
        request: Request<InvokeRequest>,
    ) -> Result<Response<InvokeResponse>, Status> {
        let Some(Payload::EventJson(event)) = request.into_inner().payload else {
            return Err(Status::invalid_argument("an event in JSON is wanted"));
        };
        Ok(Response::new(InvokeResponse {
            outcome: Some(Outcome::EventJson(event)),
            ..InvokeResponse::default()
        }))
    }

    async fn invoke_batch(
        &self,
        request: Request<InvokeBatchRequest>,
    ) -> Result<Response<InvokeBatchResponse>, Status> {
        let events = request.into_inner().events_json.into_iter();
        let results = events.map(|event| EventResult {
            outcome: Some(event_result::Outcome::EventJson(event)),
        });
        Ok(Response::new(InvokeBatchResponse {
            results: results.collect(),
            ..InvokeBatchResponse::default()
        }))
    }

    async fn describe(
        &self,
        _: Request<DescribeRequest>,
    ) -> Result<Response<DescribeResponse>, Status> {
        Err(Status::unimplemented("only events are given back"))
    }
}
