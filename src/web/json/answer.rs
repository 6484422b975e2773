//! Writes a message as JSON.
//!
//! Names are those of the protocol (`from_date`), as `headcount report --json` has them. 64-bit integers are numbers, because
//! all counts lie far below 2^53 and spreadsheets add numbers. What is zero, false or empty is written; what is absent is
//! not: zero is zero.

use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};

use super::fault::Fault;

/// The JSON of a response message.
pub(super) fn json(of: MessageDescriptor, message: &[u8]) -> Result<Vec<u8>, Fault> {
    let message = DynamicMessage::decode(of, message).map_err(|_| Fault::internal())?;
    let mut json = serde_json::Serializer::new(Vec::new());
    message.serialize_with_options(&mut json, &options()).map_err(|_| Fault::internal())?;
    let mut bytes = json.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn options() -> SerializeOptions {
    SerializeOptions::new().stringify_64_bit_integers(false).use_proto_field_name(true).skip_default_fields(false)
}
