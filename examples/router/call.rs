//! One call: the request for events of a function, and a verdict for each of them.

use std::time::Duration;

use penstock::api::{
    DescribeRequest, EventResult, FunctionRef, InvokeBatchRequest, InvokeRequest, Usage,
    event_result, invoke_request::Payload, invoke_response,
};
use tonic::{Request, Status};

use super::{
    classify::{self, End, Fault, Refusal, Verdict},
    delivery::Taken,
    executors::Place,
    functions::Function,
};

/// How a function's events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Each by an `Invoke` of its own.
    Single,
    /// By `InvokeBatch`, so many as there are.
    Batch,
}

/// What a call came to.
#[derive(Debug)]
pub struct Answer {
    /// One for each event, in their order.
    pub verdicts: Vec<Verdict>,
    /// Whether an isolate had to be made; nothing when the call got no response.
    pub cold_start: Option<bool>,
}

impl Answer {
    /// Whose fault it is, when the call as a whole is worth another try.
    pub fn fault(&self) -> Option<Fault> {
        match self.verdicts.first() {
            Some(Verdict::Again(again)) if self.cold_start.is_none() => Some(again.fault),
            _ => None,
        }
    }

    fn responded(verdicts: Vec<Verdict>, usage: Option<Usage>) -> Self {
        Self {
            verdicts,
            cold_start: Some(usage.unwrap_or_default().cold_start),
        }
    }

    fn refused(verdict: Verdict, events: usize) -> Self {
        Self {
            verdicts: vec![verdict; events],
            cold_start: None,
        }
    }
}

/// Calls without the source, and with it when the executor asks for it.
pub async fn make(
    place: &Place,
    function: &Function,
    form: Form,
    events: &[Taken],
    deadline: Duration,
) -> Answer {
    let send = async |reference| match (form, events) {
        (Form::Single, [taken]) => single(place, function, reference, taken, deadline).await,
        _ => batch(place, function, reference, events, deadline).await,
    };
    let unknown = match send(function.reference()).await {
        Ok(answer) => return answer,
        Err(status) => match classify::refusal(&status) {
            Refusal::Verdict(verdict) => return Answer::refused(verdict, events.len()),
            Refusal::SendSource => status,
        },
    };
    let Some(reference) = function.reference_with_source() else {
        return Answer::refused(Verdict::End(classify::refused(&unknown)), events.len());
    };
    match send(reference).await {
        Ok(answer) => answer,
        Err(status) => {
            let verdict = match classify::refusal(&status) {
                Refusal::Verdict(verdict) => verdict,
                Refusal::SendSource => Verdict::End(classify::refused(&status)),
            };
            Answer::refused(verdict, events.len())
        }
    }
}

/// Whether the function has an `onBatch`. Any failure means no: single events always work.
pub async fn supports_batch(place: &Place, function: &Function, deadline: Duration) -> bool {
    let describe = async |reference| {
        let function = Some(reference);
        let request = DescribeRequest { function };
        place.client().describe(timed(request, deadline)).await
    };
    let mut answer = describe(function.reference()).await;
    if let Err(status) = &answer
        && classify::refusal(status) == Refusal::SendSource
        && let Some(reference) = function.reference_with_source()
    {
        answer = describe(reference).await;
    }
    match answer {
        Ok(description) => description.get_ref().supports_batch,
        Err(status) => {
            let (name, code) = (function.name(), status.code());
            tracing::warn!("{name}: Describe says {code:?}: its events go one by one");
            false
        }
    }
}

async fn single(
    place: &Place,
    function: &Function,
    reference: FunctionRef,
    taken: &Taken,
    deadline: Duration,
) -> Result<Answer, Status> {
    let request = InvokeRequest {
        function: Some(reference),
        payload: Some(Payload::EventJson(taken.event.json.clone())),
        settings: function.settings(),
        ..InvokeRequest::default()
    };
    let response = place.client().invoke(timed(request, deadline)).await?;
    let response = response.into_inner();
    let verdict = match response.outcome {
        Some(invoke_response::Outcome::EventJson(json)) => Verdict::End(End::Delivered(json)),
        Some(invoke_response::Outcome::Filtered(filtered)) => classify::filtered(filtered),
        Some(invoke_response::Outcome::Error(error)) => classify::failed(error),
        Some(invoke_response::Outcome::Event(_)) | None => classify::unanswered("no outcome"),
    };
    Ok(Answer::responded(vec![verdict], response.usage))
}

async fn batch(
    place: &Place,
    function: &Function,
    reference: FunctionRef,
    events: &[Taken],
    deadline: Duration,
) -> Result<Answer, Status> {
    let json = events.iter().map(|taken| taken.event.json.clone());
    let request = InvokeBatchRequest {
        function: Some(reference),
        events_json: json.collect(),
        settings: function.settings(),
        ..InvokeBatchRequest::default()
    };
    let mut client = place.client();
    let response = client.invoke_batch(timed(request, deadline)).await?;
    let response = response.into_inner();
    let verdicts = match response.results.len() == events.len() {
        true => response.results.into_iter().map(of_result).collect(),
        false => vec![classify::unanswered("not one result for each event"); events.len()],
    };
    Ok(Answer::responded(verdicts, response.usage))
}

fn of_result(result: EventResult) -> Verdict {
    match result.outcome {
        Some(event_result::Outcome::EventJson(json)) => Verdict::End(End::Delivered(json)),
        Some(event_result::Outcome::Filtered(filtered)) => classify::filtered(filtered),
        Some(event_result::Outcome::Error(error)) => classify::failed(error),
        Some(event_result::Outcome::Event(_)) | None => classify::unanswered("no outcome"),
    }
}

/// With the deadline, which the executor is told: what nobody waits for any more is not run.
fn timed<T>(message: T, deadline: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(deadline);
    request
}
