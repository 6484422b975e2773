//! Writes a message as JSON.
//!
//! Names are those of the protocol (`from_date`), as `headcount report --json` has them. 64-bit integers are numbers, because
//! all counts lie far below 2^53 and spreadsheets add numbers. What is zero, false or empty is written; what is absent is
//! not: zero is zero.

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY},
};
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use tonic::body::Body;

use super::fault::Fault;
use crate::web::{
    body,
    coding::{Coding, gzip, is_known, tag},
};

/// Shorter answers are not compressed, in bytes: they fit into one packet.
const PLAIN_BYTES_MAX: usize = 1_024;

/// A response message, and the HTTP method that asked for it.
pub(super) struct Written {
    pub(super) of: MessageDescriptor,
    pub(super) message: Bytes,
    pub(super) asked: Method,
}

impl Written {
    /// The response, as the headers of the request want it.
    pub(super) fn response(self, headers: &HeaderMap) -> Result<Response<Body>, Fault> {
        let json = self.json()?;
        let tag = tag(&json);
        let is_cached = self.asked != Method::POST;
        let is_known = is_cached && is_known(headers, &tag);
        let offered: &[Coding] =
            if json.len() > PLAIN_BYTES_MAX { &[Coding::Gzip, Coding::Plain] } else { &[Coding::Plain] };
        let coding = Coding::chosen(headers, offered);
        let bytes = match coding {
            _ if is_known => Vec::new(),
            Coding::Gzip => gzip(&json).map_err(|_| Fault::internal())?,
            _ => json,
        };
        let mut response = Response::new(body(bytes));
        let to = response.headers_mut();
        to.insert(VARY, HeaderValue::from_static("accept-encoding"));
        // A reader asks again and is told if nothing is new.
        to.insert(CACHE_CONTROL, HeaderValue::from_static(if is_cached { "no-cache" } else { "no-store" }));
        if is_cached {
            // Weak: it stands for the answer in every coding.
            to.extend(HeaderValue::from_str(&format!("W/\"{tag}\"")).map(|tag| (ETAG, tag)));
        }
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        to.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        to.extend(coding.name().map(|name| (CONTENT_ENCODING, name)));
        Ok(response)
    }

    fn json(&self) -> Result<Vec<u8>, Fault> {
        let message = DynamicMessage::decode(self.of.clone(), &*self.message).map_err(|_| Fault::internal())?;
        let mut json = serde_json::Serializer::new(Vec::new());
        message.serialize_with_options(&mut json, &options()).map_err(|_| Fault::internal())?;
        let mut bytes = json.into_inner();
        bytes.push(b'\n');
        Ok(bytes)
    }
}

fn options() -> SerializeOptions {
    SerializeOptions::new().stringify_64_bit_integers(false).use_proto_field_name(true).skip_default_fields(false)
}
