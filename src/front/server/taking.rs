//! What a call of the API goes through before its method: the gate, the time of its arrival, the bounds on
//! its message, and the end of its caller's patience.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::{self, Sleep};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::{
    gate::{Gate, Inside, LeavingBody},
    message::{MessageBody, MessageBounds, MessageRoom},
};
use crate::front::{arrival::Arrival, grpc};

/// Puts [`Taking`] around services.
#[derive(Clone, Debug)]
pub struct TakingLayer {
    /// What paths of the API start with.
    pub prefix: Arc<str>,
    pub gate: Gate,
    pub message: MessageBounds,
}

/// Services behind the gate. Calls of others than the API (health, reflection) pass it by: they are asked during
/// a drain as well, and some of them last as long as their callers like.
#[derive(Clone, Debug)]
pub struct Taking<S> {
    service: S,
    layer: TakingLayer,
}

impl<S> Layer<S> for TakingLayer {
    type Service = Taking<S>;

    fn layer(&self, service: S) -> Self::Service {
        Taking {
            service,
            layer: self.clone(),
        }
    }
}

impl<S, B> Service<Request<B>> for Taking<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<LeavingBody<Body>>;
    type Error = Infallible;
    type Future = Taken<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if !request.uri().path().starts_with(&*self.layer.prefix) {
            return Taken::by_the_way(self.service.call(request.map(Body::new)));
        }
        let Some(inside) = self.layer.gate.enter() else {
            return Taken::refused(grpc::draining());
        };
        let arrival = match Arrival::now(request.headers()) {
            Ok(arrival) => arrival,
            Err(malformed) => return Taken::refused(grpc::malformed_timeout(malformed)),
        };
        let (bounds, room) = (self.layer.message.clone(), MessageRoom::default());
        let held = room.clone();
        let mut request =
            request.map(|body| Body::new(MessageBody::new(body, bounds, arrival.at, held)));
        request.extensions_mut().insert(arrival);
        let deadline = arrival.deadline.map(|at| time::sleep_until(at.into()));
        Taken::Called {
            call: self.service.call(request),
            deadline,
            inside: Some(inside),
            room,
        }
    }
}

pin_project! {
    /// A call on its way to an answer.
    #[derive(Debug)]
    #[project = TakenProjection]
    pub enum Taken<F> {
        Called {
            #[pin]
            call: F,
            #[pin]
            deadline: Option<Sleep>,
            inside: Option<Inside>,
            // Kept until there is an answer.
            room: MessageRoom,
        },
        Refused { status: Option<Status> },
    }
}

impl<F> Taken<F> {
    fn refused(status: Status) -> Self {
        Self::Refused {
            status: Some(status),
        }
    }

    fn by_the_way(call: F) -> Self {
        Self::Called {
            call,
            deadline: None,
            inside: None,
            room: MessageRoom::default(),
        }
    }
}

impl<F> Future for Taken<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<LeavingBody<Body>>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (answer, inside) = match self.project() {
            TakenProjection::Refused { status } => {
                let status = status.take().unwrap_or_else(grpc::draining);
                (status.into_http(), None)
            }
            TakenProjection::Called {
                call,
                deadline,
                inside,
                ..
            } => {
                // First the call: an answer that is there counts, even at the last moment.
                let answer = match call.poll(context) {
                    Poll::Ready(Ok(answer)) => answer,
                    Poll::Pending => match deadline.as_pin_mut().map(|end| end.poll(context)) {
                        Some(Poll::Ready(())) => grpc::deadline_passed().into_http(),
                        _ => return Poll::Pending,
                    },
                };
                (answer, inside.take())
            }
        };
        Poll::Ready(Ok(answer.map(|body| LeavingBody::new(body, inside))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::Code;
    use tonic_types::StatusExt;
    use tower::{ServiceExt, service_fn};

    use super::*;

    fn layer() -> TakingLayer {
        TakingLayer {
            prefix: "/api/".into(),
            gate: Gate::default(),
            message: MessageBounds::new(1, Duration::from_secs(1), 1),
        }
    }

    /// The status of a call that is answered when its path does not end in `slow`.
    async fn call(layer: &TakingLayer, path: &str, timeout: Option<&str>) -> Option<Status> {
        let service = service_fn(|request: Request<Body>| async move {
            if request.uri().path().ends_with("slow") {
                std::future::pending::<()>().await;
            }
            let of_the_api = request.uri().path().starts_with("/api/");
            assert_eq!(request.extensions().get::<Arrival>().is_some(), of_the_api);
            Ok(Response::new(Body::empty()))
        });
        let mut request = Request::post(path);
        if let Some(timeout) = timeout {
            request = request.header("grpc-timeout", timeout);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = layer.layer(service).oneshot(request).await.unwrap();
        Status::from_header_map(answer.headers())
    }

    #[tokio::test]
    async fn a_closed_gate_refuses_calls_of_the_api_and_says_when_to_come_again() {
        let layer = layer();
        assert!(call(&layer, "/api/x", None).await.is_none());
        layer.gate.close();
        let status = call(&layer, "/api/x", None).await.unwrap();
        assert_eq!(status.code(), Code::Unavailable);
        let retry = status.get_details_retry_info().unwrap();
        assert!(retry.retry_delay > Some(Duration::ZERO));
        assert!(call(&layer, "/health/x", None).await.is_none());
    }

    #[tokio::test]
    async fn a_call_ends_with_its_callers_deadline_and_leaves_the_gate() {
        let layer = layer();
        assert!(call(&layer, "/api/x", Some("9S")).await.is_none());
        let status = call(&layer, "/api/slow", Some("20m")).await.unwrap();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        let status = call(&layer, "/api/x", Some("1 s")).await.unwrap();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(layer.gate.inside(), 0);
    }
}
