//! The API's service: decode → resolve → dispatch → encode.

use std::{sync::Arc, time::Instant};

use tonic::{Request, Response, Status};

use super::{
    access::{Caller, Refusal},
    arrival::Arrival,
    cells::{Answered, Call},
    describe::Report,
    dispatch::{Dispatched, Dispatcher},
    functions::{FunctionVersion, Functions, WantedFor},
    redactor::Redactor,
    sealed::{Opener, Purpose},
    settings::{self, GivenSettings, Prepared},
    source_maps::SourceMaps,
    telemetry::{CallTrace, Invocations, Outcomes, Telemetry},
};
use crate::{
    api::{
        DescribeRequest, DescribeResponse, FunctionRef, InvokeBatchRequest, InvokeBatchResponse,
        InvokeRequest, InvokeResponse, executor_service_server::ExecutorService,
    },
    config::LimitsConfig,
    front,
    invocation::{Finished, Outcome},
};

pub mod codec;
mod convert;
pub mod decode;
mod describe;
pub mod encode;
pub mod json;
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
    opener: Arc<Opener>,
    source_maps: SourceMaps,
    limits: LimitsConfig,
    invocations: Invocations,
    outcomes: Outcomes,
}

impl Executor {
    pub fn new(
        functions: Arc<Functions>,
        dispatcher: Arc<Dispatcher>,
        opener: Arc<Opener>,
        limits: LimitsConfig,
        telemetry: &Telemetry,
    ) -> Self {
        Self {
            functions,
            dispatcher,
            opener,
            source_maps: SourceMaps::new(limits.source_map_bytes),
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
        caller: Caller,
    ) -> Result<(Answered, Redactor), Status> {
        let trace = CallTrace::current();
        let instance_id: Arc<str> = request.function.instance_id.as_str().into();
        let version = self.resolve(request.function, caller, WantedFor::Running, &trace);
        let version = version.await?;
        trace.calls(&version.key, &instance_id, request.input.outcomes());
        let purpose = Purpose {
            function_id: &version.key.function_id,
            instance_id: &instance_id,
        };
        let sealed = self.opener.open(request.sealed_settings, purpose).await;
        let given = GivenSettings {
            settings: request.settings,
            secret_names: request.secret_settings,
            sealed: sealed.map_err(status::not_opened)?,
        };
        let prepared = version
            .check()
            .and_then(|()| settings::prepare(&version, given, self.limits.settings_bytes));
        let Prepared { settings, redactor } = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                let outcome = Outcome::Failed(error);
                let finished = Finished::without_running(outcome, request.input.outcomes());
                return Ok((Answered::without_running(finished), Redactor::none()));
            }
        };
        trace.keep_out(&redactor);
        let call = Call {
            limits: version.lowered(request.limits),
            version: version.clone(),
            instance_id,
            input: request.input,
            settings,
            useful_until: None,
        };
        let mut answered = self.dispatch(call, arrival, &trace).await?;
        let finished = &mut answered.finished;
        // Otherwise the logs are not told.
        if request.capture || finished.has_failed() {
            Box::pin(self.source_maps.apply(&version, finished)).await;
        }
        Ok((answered, redactor))
    }

    /// Has a cell say what a function is.
    async fn describe_function(
        &self,
        function: FunctionRef,
        arrival: Arrival,
        caller: Caller,
    ) -> Result<Report, Status> {
        let trace = CallTrace::current();
        let instance_id: Arc<str> = function.instance_id.as_str().into();
        let version = self.resolve(function, caller, WantedFor::Describing, &trace);
        let version = version.await?;
        trace.calls(&version.key, &instance_id, 0);
        if version.code.is_err() {
            return Ok(front::describe::unrunnable(version));
        }
        let limits = self.limits.of_invocation();
        let call = front::describe::call(version.clone(), instance_id, limits);
        let answered = self.dispatch(call, arrival, &trace).await?;
        Ok(front::describe::report(version, answered, &self.source_maps).await)
    }

    /// Runs a call and tells what it cost, or that it was refused.
    async fn dispatch(
        &self,
        call: Call,
        arrival: Arrival,
        trace: &CallTrace,
    ) -> Result<Answered, Status> {
        let asked = Instant::now();
        let dispatched = self.dispatcher.dispatch(call, arrival).await;
        let Dispatched { answered, waited } = dispatched.map_err(|error| {
            self.invocations.refused(&error);
            status::not_dispatched(error)
        })?;
        if let Some(waited) = waited {
            self.invocations.waited(waited);
        }
        let finished = &answered.finished;
        self.invocations.ended(&finished.usage);
        let before = asked.saturating_duration_since(arrival.at);
        trace.ran((asked, before), &finished.usage, || {
            outcomes::failure(&finished.outcomes)
        });
        Ok(answered)
    }

    async fn resolve(
        &self,
        function: FunctionRef,
        caller: Caller,
        wanted_for: WantedFor,
        trace: &CallTrace,
    ) -> Result<Arc<FunctionVersion>, Status> {
        let began = Instant::now();
        let wanted = decode::function(function, caller, wanted_for);
        let resolved = self.functions.resolve(&wanted).await;
        trace.resolved(began, resolved.is_ok());
        resolved.map_err(|error| status::unresolved(&error))
    }
}

#[tonic::async_trait]
impl ExecutorService for Executor {
    async fn invoke(
        &self,
        request: Request<InvokeRequest>,
    ) -> Result<Response<InvokeResponse>, Status> {
        let (arrival, caller) = (arrival(&request), caller(&request));
        let request =
            decode::invoke(request.into_inner(), &self.limits).map_err(status::invalid)?;
        let (form, capture) = (request.form, request.capture);
        let (answered, redactor) = self.run(request, arrival, caller).await?;
        let response = encode::invoke_response(answered, form, capture, &redactor);
        outcomes::count(&self.outcomes, response.outcome.as_ref());
        CallTrace::current().came_to(|| outcomes::ends(response.outcome.as_ref()));
        Ok(Response::new(response))
    }

    async fn invoke_batch(
        &self,
        request: Request<InvokeBatchRequest>,
    ) -> Result<Response<InvokeBatchResponse>, Status> {
        let (arrival, caller) = (arrival(&request), caller(&request));
        let request =
            decode::invoke_batch(request.into_inner(), &self.limits).map_err(status::invalid)?;
        let (form, capture) = (request.form, request.capture);
        let (answered, redactor) = self.run(request, arrival, caller).await?;
        let response = encode::invoke_batch_response(answered, form, capture, &redactor);
        outcomes::count_batch(&self.outcomes, &response.results);
        CallTrace::current().came_to(|| outcomes::batch_ends(&response.results));
        Ok(Response::new(response))
    }

    async fn describe(
        &self,
        request: Request<DescribeRequest>,
    ) -> Result<Response<DescribeResponse>, Status> {
        let (arrival, caller) = (arrival(&request), caller(&request));
        let function = describe::decode(request.into_inner()).map_err(status::invalid)?;
        let report = self.describe_function(function, arrival, caller).await?;
        Ok(Response::new(describe::encode(&report)))
    }
}

/// How a call is answered that is not let in.
pub fn refused<Body: Default>(refusal: &Refusal) -> http::Response<Body> {
    status::refused(refusal).into_http()
}

/// Whose call it is. Guards that are not there let nobody in.
fn caller<M>(request: &Request<M>) -> Caller {
    let caller = request.extensions().get().cloned();
    caller.unwrap_or_else(Caller::nobody)
}

/// As it was noted on the way in.
fn arrival<M>(request: &Request<M>) -> Arrival {
    let noted = request.extensions().get().copied();
    noted.unwrap_or_else(Arrival::of_ourselves)
}
