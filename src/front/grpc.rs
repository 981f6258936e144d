//! The API's service: decode → resolve → dispatch → encode.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::{
    arrival::Arrival,
    cells::{Answered, Call},
    dispatch::{Dispatched, Dispatcher},
    functions::{FunctionVersion, Functions},
    redactor::Redactor,
    settings::{self, Prepared},
    telemetry::{Invocations, Outcomes, Telemetry},
};
use crate::{
    api::{
        DescribeRequest, DescribeResponse, FunctionRef, InvokeBatchRequest, InvokeBatchResponse,
        InvokeRequest, InvokeResponse, executor_service_server::ExecutorService,
    },
    config::LimitsConfig,
    invocation::{Finished, Outcome},
};

pub mod codec;
mod convert;
pub mod decode;
pub mod encode;
mod outcomes;
mod status;
pub mod structs;

use decode::InvokeParts;
pub use status::{deadline_passed, draining, malformed_timeout, message_refused};

/// The methods of the service.
pub const METHODS: [&str; 3] = ["Invoke", "InvokeBatch", "Describe"];

/// The service behind the API.
#[derive(Debug)]
pub struct Executor {
    functions: Arc<Functions>,
    dispatcher: Arc<Dispatcher>,
    limits: LimitsConfig,
    invocations: Invocations,
    outcomes: Outcomes,
}

impl Executor {
    pub fn new(
        functions: Arc<Functions>,
        dispatcher: Arc<Dispatcher>,
        limits: LimitsConfig,
        telemetry: &Telemetry,
    ) -> Self {
        Self {
            functions,
            dispatcher,
            limits,
            invocations: telemetry.invocations(),
            outcomes: outcomes::counter(telemetry),
        }
    }

    /// Runs what a checked request asks for, and tells what keeps its secrets out of the answer.
    async fn run(
        &self,
        request: InvokeParts,
        arrival: Arrival,
    ) -> Result<(Answered, Redactor), Status> {
        let instance_id = request.function.instance_id.as_str().into();
        let version = self.resolve(request.function).await?;
        let prepared = settings::prepare(&version, request.settings, &request.secret_settings);
        let Prepared { settings, redactor } = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                let outcome = Outcome::Failed(error);
                let finished = Finished::without_running(outcome, request.input.events());
                return Ok((Answered::without_running(finished), Redactor::none()));
            }
        };
        let call = Call {
            limits: version.lowered(request.limits),
            version,
            instance_id,
            input: request.input,
            settings,
            useful_until: None,
        };
        let dispatched = self.dispatcher.dispatch(call, arrival).await;
        let Dispatched { answered, waited } = dispatched.map_err(|error| {
            self.invocations.refused(&error);
            status::not_dispatched(error)
        })?;
        if let Some(waited) = waited {
            self.invocations.waited(waited);
        }
        self.invocations.ended(&answered.finished.usage);
        Ok((answered, redactor))
    }

    async fn resolve(&self, function: FunctionRef) -> Result<Arc<FunctionVersion>, Status> {
        self.functions
            .resolve(&decode::function(function))
            .await
            .map_err(|error| status::unresolved(&error))
    }
}

#[tonic::async_trait]
impl ExecutorService for Executor {
    async fn invoke(
        &self,
        request: Request<InvokeRequest>,
    ) -> Result<Response<InvokeResponse>, Status> {
        let arrival = arrival(&request);
        let request =
            decode::invoke(request.into_inner(), &self.limits).map_err(status::invalid)?;
        let (form, capture) = (request.form, request.capture);
        let (answered, redactor) = self.run(request, arrival).await?;
        let response = encode::invoke_response(answered, form, capture, &redactor);
        outcomes::count(&self.outcomes, response.outcome.as_ref());
        Ok(Response::new(response))
    }

    async fn invoke_batch(
        &self,
        request: Request<InvokeBatchRequest>,
    ) -> Result<Response<InvokeBatchResponse>, Status> {
        let arrival = arrival(&request);
        let request =
            decode::invoke_batch(request.into_inner(), &self.limits).map_err(status::invalid)?;
        let (form, capture) = (request.form, request.capture);
        let (answered, redactor) = self.run(request, arrival).await?;
        let response = encode::invoke_batch_response(answered, form, capture, &redactor);
        outcomes::count_batch(&self.outcomes, &response.results);
        Ok(Response::new(response))
    }

    async fn describe(
        &self,
        _request: Request<DescribeRequest>,
    ) -> Result<Response<DescribeResponse>, Status> {
        Err(Status::unimplemented("Describe is not there yet"))
    }
}

/// As it was noted on the way in.
fn arrival<M>(request: &Request<M>) -> Arrival {
    let noted = request.extensions().get().copied();
    noted.unwrap_or_else(Arrival::of_ourselves)
}
