//! Puts requests on the wire that are encoded already, and reads responses.
//!
//! A batch that waits for its answer is bytes, so that sending it again costs nothing but the sending.

use headcount_proto::IngestResponse;
use prost::Message as _;
use prost::bytes::{BufMut as _, Bytes};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// An encoded `IngestRequest` in two pieces that stand one after the other. It holds visitor data, so it has no `Debug`.
#[derive(Clone)]
pub(super) struct Frame {
    /// Every field but the events.
    pub(super) head: Bytes,
    /// The events.
    pub(super) events: Bytes,
}

/// See the head of this file.
pub(super) struct IngestCodec;

impl Codec for IngestCodec {
    type Encode = Frame;
    type Decode = IngestResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for IngestCodec {
    type Item = Frame;
    type Error = Status;

    fn encode(&mut self, frame: Frame, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(frame.head.len() + frame.events.len());
        buffer.put(frame.head);
        buffer.put(frame.events);
        Ok(())
    }
}

impl Decoder for IngestCodec {
    type Item = IngestResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<IngestResponse>, Status> {
        IngestResponse::decode(buffer)
            .map(Some)
            .map_err(|error| Status::internal(format!("an answer cannot be read: {error}")))
    }
}
