//! Asks the statistics service in the same process, as a gRPC client would: one message there, one message or a status back.

use http::{
    HeaderName, Request, Version,
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, TE},
};
use http_body_util::BodyExt;
use prost::bytes::{BufMut, Bytes, BytesMut};
use prost_reflect::MethodDescriptor;
use tonic::{Code, Status, codegen::Service};

use super::fault::Fault;
use crate::{rpc::StatsServer, web::body};

/// What stands before a message in gRPC: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// What says who asks.
const CREDENTIALS: [HeaderName; 2] = [AUTHORIZATION, COOKIE];

/// The bytes of the response message. `of` is the request that this is a part of: it says who asks.
pub(super) async fn call(
    mut stats: StatsServer,
    method: &MethodDescriptor,
    message: &[u8],
    of: &Request<Bytes>,
) -> Result<Bytes, Fault> {
    let length = u32::try_from(message.len()).map_err(|_| Fault::internal())?;
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    framed.put_u8(0);
    framed.put_u32(length);
    framed.put_slice(message);
    let mut request = Request::post(format!("/{}/{}", method.parent_service().full_name(), method.name()))
        .version(Version::HTTP_2)
        .header(CONTENT_TYPE, "application/grpc")
        .header(TE, "trailers")
        .body(body(framed.freeze()))
        .map_err(|_| Fault::internal())?;
    for name in CREDENTIALS {
        request.headers_mut().extend(of.headers().get_all(&name).iter().map(|value| (name.clone(), value.clone())));
    }
    request.extensions_mut().extend(of.extensions().clone());
    let Ok(response) = stats.call(request).await;
    let (head, body) = response.into_parts();
    succeeded(Status::from_header_map(&head.headers))?;
    let whole = body.collect().await.map_err(|status| Fault::of(&status))?;
    succeeded(whole.trailers().and_then(Status::from_header_map))?;
    let bytes = whole.to_bytes();
    if bytes.len() < PREFIX_BYTES {
        return Err(Fault::internal());
    }
    Ok(bytes.slice(PREFIX_BYTES..))
}

fn succeeded(status: Option<Status>) -> Result<(), Fault> {
    match status {
        Some(status) if status.code() != Code::Ok => Err(Fault::of(&status)),
        _ => Ok(()),
    }
}
