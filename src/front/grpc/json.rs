//! Calls of the API in JSON, made inside of this process: protobuf's own mapping, as grpcurl has it.
//!
//! They go into the same service as those that come over a connection, so that access, audit, admission, limits,
//! quarantine and metrics hold for them as for any other; nothing of a call is decided here.

use std::{convert::Infallible, error::Error, fmt, net::SocketAddr};

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use prost::Message;
use prost_reflect::{
    DescriptorError, DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor,
    MethodDescriptor, SerializeOptions, ServiceDescriptor,
};
use serde_json::{Value, json};
use tonic::Status;
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

use crate::{api, front::peer::Peer};

/// What the details of a status are wrapped into.
const STATUS_MESSAGE: &str = "google.rpc.Status";

/// What stands before a message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

type BoxError = Box<dyn Error + Send + Sync>;

type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// Makes calls of one service of the API.
#[derive(Clone)]
pub struct JsonCalls {
    methods: Vec<MethodDescriptor>,
    /// How statuses tell their details; without it, these are left out.
    status: Option<MessageDescriptor>,
    service: BoxCloneSyncService<Request<Full<Bytes>>, Answer, Infallible>,
}

/// Who makes a call.
#[derive(Clone, Debug)]
pub struct JsonCaller {
    /// Where it comes from, unencrypted.
    pub address: SocketAddr,
    /// Its credentials, as the header of that name has them.
    pub authorization: Option<HeaderValue>,
}

/// Why nothing was called.
#[derive(Debug, thiserror::Error)]
pub enum NotCalled {
    #[error("there is no such method; there are {0}")]
    Method(String),
    /// It may quote what was sent.
    #[error("the body is no request in JSON: {0}")]
    Malformed(#[from] serde_json::Error),
}

impl JsonCalls {
    /// Calls of the methods of the service named `name`, which `service` answers.
    ///
    /// # Errors
    /// [`DescriptorError`] when the API's own descriptors can't be read.
    pub fn new<S, B>(service: S, name: &str) -> Result<Self, DescriptorError>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let described = DescriptorPool::decode(api::FILE_DESCRIPTOR_SET)?;
        let details = DescriptorPool::decode(tonic_types::pb::FILE_DESCRIPTOR_SET)?;
        let described = described.get_service_by_name(name);
        let methods = described.iter().flat_map(ServiceDescriptor::methods);
        let boxed =
            |answer: Response<B>| answer.map(|body| body.map_err(Into::into).boxed_unsync());
        Ok(Self {
            methods: methods.collect(),
            status: details.get_message_by_name(STATUS_MESSAGE),
            service: BoxCloneSyncService::new(service.map_response(boxed)),
        })
    }

    /// What a call comes to: `{"response": …}`, or `{"status": {"code": …, "message": …, "details": …}}`.
    ///
    /// # Errors
    /// [`NotCalled`] when `request` is none of the method's.
    pub async fn call(
        &self,
        method: &str,
        request: &[u8],
        caller: JsonCaller,
    ) -> Result<Value, NotCalled> {
        let method = self.method(method)?;
        let request = read_json(method.input(), request)?;
        let answered = self.answer(&method, &request, caller).await;
        let response = answered.and_then(|message| response_of(&method, &message));
        Ok(match response {
            Ok(response) => json!({ "response": response }),
            Err(status) => json!({ "status": self.in_json(&status) }),
        })
    }

    fn method(&self, name: &str) -> Result<MethodDescriptor, NotCalled> {
        let mut methods = self.methods.iter();
        let found = methods.find(|method| method.name() == name).cloned();
        found.ok_or_else(|| {
            let names = self.methods.iter().map(MethodDescriptor::name);
            NotCalled::Method(names.collect::<Vec<_>>().join(", "))
        })
    }

    /// The message of the answer.
    async fn answer(
        &self,
        method: &MethodDescriptor,
        request: &DynamicMessage,
        caller: JsonCaller,
    ) -> Result<Bytes, Status> {
        let broken = |what: &dyn fmt::Display| Status::internal(format!("no answer: {what}"));
        let request = to_call(method, request, caller).map_err(|error| broken(&error))?;
        let Ok(answer) = self.service.clone().oneshot(request).await;
        let (head, body) = answer.into_parts();
        succeeded(&head.headers)?;
        let body = body.collect().await.map_err(|error| broken(&error))?;
        if let Some(trailers) = body.trailers() {
            succeeded(trailers)?;
        }
        let mut message = body.to_bytes();
        match message.len() < PREFIX_BYTES {
            true => Err(broken(&"it has no message")),
            false => Ok(message.split_off(PREFIX_BYTES)),
        }
    }

    fn in_json(&self, status: &Status) -> Value {
        let details = self.status.clone().and_then(|wrapper| {
            let wrapped = DynamicMessage::decode(wrapper, status.details()).ok()?;
            let wrapped = write_json(&wrapped).ok()?;
            wrapped.get("details").cloned()
        });
        json!({
            "code": i32::from(status.code()),
            "message": status.message(),
            "details": details.unwrap_or_else(|| json!([])),
        })
    }
}

/// The call as it would come over a connection.
fn to_call(
    method: &MethodDescriptor,
    request: &DynamicMessage,
    caller: JsonCaller,
) -> Result<Request<Full<Bytes>>, http::Error> {
    let (service, name) = (method.parent_service(), method.name());
    let peer = Peer {
        address: Some(caller.address),
        ..Peer::default()
    };
    let mut call = Request::post(format!("/{}/{name}", service.full_name()))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .extension(peer)
        .body(Full::new(framed(request)))?;
    if let Some(authorization) = caller.authorization {
        call.headers_mut()
            .insert(header::AUTHORIZATION, authorization);
    }
    Ok(call)
}

fn framed(message: &DynamicMessage) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + length);
    frame.put_u8(0);
    // What is too long is refused by its prefix.
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    message.encode_raw(&mut frame);
    frame.freeze()
}

fn succeeded(headers: &HeaderMap) -> Result<(), Status> {
    match Status::from_header_map(headers) {
        Some(status) if status.code() != tonic::Code::Ok => Err(status),
        _ => Ok(()),
    }
}

fn response_of(method: &MethodDescriptor, message: &[u8]) -> Result<Value, Status> {
    let response = DynamicMessage::decode(method.output(), message);
    let response = response.map_err(|error| Status::internal(error.to_string()))?;
    write_json(&response).map_err(|error| Status::internal(error.to_string()))
}

fn read_json(message: MessageDescriptor, json: &[u8]) -> Result<DynamicMessage, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(json);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let read = DynamicMessage::deserialize_with_options(message, &mut json, &options)?;
    json.end()?;
    Ok(read)
}

fn write_json(message: &DynamicMessage) -> Result<Value, serde_json::Error> {
    message.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
}

impl fmt::Debug for JsonCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonCalls").finish_non_exhaustive()
    }
}
