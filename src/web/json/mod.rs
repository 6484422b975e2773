//! The statistics service as JSON: the Connect protocol over HTTP/1.1 and HTTP/2, for curl, spreadsheets and programs.
//!
//! It is here so that nobody needs a gRPC client to read a number. A method, its request and its response are found in the
//! compiled description of the protocol, so what the protocol gains is answered here without a change. [`request`] makes a
//! message of a request, [`call`] asks the same service that gRPC asks, [`answer`] writes what it says, [`fault`] what went wrong.
//!
//! Methods that send a stream are not answered here; they need gRPC or gRPC-Web.
//!
//! It never decides an answer: every number passes through as it is.

mod answer;
mod call;
mod fault;
mod fields;
mod request;
#[cfg(test)]
mod tests;

use std::{future::Future, time::Duration};

use http::{HeaderMap, Method, Request, Response, StatusCode};
use prost::Message;
use prost::bytes::Bytes;
use prost_reflect::{DescriptorError, DescriptorPool, MethodDescriptor, prost_types::method_options::IdempotencyLevel};
use tonic::{Code, body::Body, server::NamedService};

use super::{
    body::BodyFault,
    reply::{Writers, reply},
};
use crate::{
    proto::FILE_DESCRIPTOR_SET,
    rpc::StatsServer,
    text::{nearest, shown},
};
use fault::{Fault, Faults};

/// How long a caller may say that it waits, in digits of milliseconds, as the Connect protocol has it.
const TIMEOUT_DIGITS_MAX: usize = 10;

/// The methods that can be called, and how their messages are written.
pub(super) struct Api {
    methods: Vec<MethodDescriptor>,
    faults: Faults,
    writers: Writers,
}

impl Api {
    pub(super) fn new(writers: Writers) -> Result<Self, DescriptorError> {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET)?;
        let service = pool.get_service_by_name(StatsServer::NAME);
        let methods = service.map_or_else(Vec::new, |service| service.methods().collect());
        Ok(Self { methods, faults: Faults::new()?, writers })
    }

    /// The method that a path names, whether there is one of that name or not. `None` where the path is not of the service.
    pub(super) fn method_named_by(&self, path: &str) -> Option<String> {
        let name = path.strip_prefix('/')?.strip_prefix(StatsServer::NAME)?.strip_prefix('/')?;
        Some(name.to_owned())
    }

    /// The response to a call.
    pub(super) async fn answer(&self, method: &str, request: Request<Bytes>, stats: StatsServer) -> Response<Body> {
        let answered = match self.method(method) {
            Ok(method) => in_time(request.headers(), self.answered(&method, &request, stats)).await,
            Err(fault) => Err(fault),
        };
        answered.unwrap_or_else(|fault| self.faults.response(fault))
    }

    /// The response to a call whose body did not come.
    pub(super) fn refuse(&self, fault: BodyFault) -> Response<Body> {
        let code = match fault {
            BodyFault::TooLong => Code::ResourceExhausted,
            BodyFault::TooSlow => Code::DeadlineExceeded,
            BodyFault::Broken => Code::InvalidArgument,
        };
        self.faults.response(Fault::new(fault.status(), code, fault.to_string()))
    }

    async fn answered(
        &self,
        method: &MethodDescriptor,
        request: &Request<Bytes>,
        stats: StatsServer,
    ) -> Result<Response<Body>, Fault> {
        let message = request::read(method, is_read_only(method), request)?;
        let response = call::call(stats, method, &message.encode_to_vec(), request).await?;
        let (of, headers, is_kept) = (method.output(), request.headers().clone(), request.method() != Method::POST);
        let write = move || {
            let json = answer::json(of, &response)?;
            reply(json, "application/json", &headers, is_kept).map_err(|_| Fault::internal())
        };
        self.writers.write(write).await.unwrap_or_else(|| Err(Fault::internal()))
    }

    /// The method of this name, if it can be called here.
    fn method(&self, name: &str) -> Result<MethodDescriptor, Fault> {
        let is_stream = |method: &MethodDescriptor| method.is_client_streaming() || method.is_server_streaming();
        let Some(method) = self.methods.iter().find(|method| method.name() == name) else {
            let names = || self.methods.iter().filter(|method| !is_stream(method)).map(|method| method.name());
            let hint = nearest(name, names()).map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
            let all = names().collect::<Vec<_>>().join(", ");
            let text = format!("there is no method {}.{hint} Allowed: {all}", shown(name));
            return Err(Fault::new(StatusCode::NOT_FOUND, Code::Unimplemented, text));
        };
        if is_stream(method) {
            let text = format!("{name} sends a stream: call it with gRPC or gRPC-Web");
            return Err(Fault::new(StatusCode::NOT_IMPLEMENTED, Code::Unimplemented, text));
        }
        Ok(method.clone())
    }
}

/// Whether the protocol says that a method changes nothing, so that it may be called with GET.
fn is_read_only(method: &MethodDescriptor) -> bool {
    let options = method.method_descriptor_proto().options.as_ref();
    options.is_some_and(|options| options.idempotency_level() == IdempotencyLevel::NoSideEffects)
}

/// Answers within the time that the caller waits, where it says so.
async fn in_time<A>(headers: &HeaderMap, answer: impl Future<Output = Result<A, Fault>>) -> Result<A, Fault> {
    let Some(value) = headers.get("connect-timeout-ms") else { return answer.await };
    let text = value.to_str().unwrap_or_default();
    let is_number = (1..=TIMEOUT_DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(wait_ms) = text.parse().ok().filter(|_| is_number) else {
        let what = format!("{} is no time", shown(text));
        return Err(Fault::bad("Connect-Timeout-Ms", &what, "1 to 10 digits, in milliseconds"));
    };
    match tokio::time::timeout(Duration::from_millis(wait_ms), answer).await {
        Ok(answered) => answered,
        Err(_) => {
            let text = format!("the answer was not ready within the {wait_ms} ms that were asked for");
            Err(Fault::new(StatusCode::GATEWAY_TIMEOUT, Code::DeadlineExceeded, text))
        }
    }
}
