//! The wire, byte by byte: every message, field, enum and method with its number, and a batch as it is sent.

use std::fmt::Write;

use prost::Message as _;

use crate::{
    golden::{assert_bytes, assert_text},
    proto,
};

/// What of `google.protobuf.FileDescriptorSet` is compared.
#[derive(prost::Message)]
struct Files {
    #[prost(message, repeated, tag = "1")]
    file: Vec<FileOf>,
}

#[derive(prost::Message)]
struct FileOf {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    package: String,
    #[prost(message, repeated, tag = "4")]
    messages: Vec<MessageOf>,
    #[prost(message, repeated, tag = "5")]
    enums: Vec<EnumOf>,
    #[prost(message, repeated, tag = "6")]
    services: Vec<ServiceOf>,
}

#[derive(prost::Message)]
struct MessageOf {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    fields: Vec<FieldOf>,
}

#[derive(prost::Message)]
struct FieldOf {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int32, tag = "3")]
    number: i32,
    #[prost(int32, tag = "4")]
    label: i32,
    #[prost(int32, tag = "5")]
    kind: i32,
    #[prost(string, tag = "6")]
    of: String,
}

#[derive(prost::Message)]
struct EnumOf {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    values: Vec<ValueOf>,
}

#[derive(prost::Message)]
struct ValueOf {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int32, tag = "2")]
    number: i32,
}

#[derive(prost::Message)]
struct ServiceOf {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    methods: Vec<MethodOf>,
}

#[derive(prost::Message)]
struct MethodOf {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    takes: String,
    #[prost(string, tag = "3")]
    gives: String,
    #[prost(bool, tag = "5")]
    streams_in: bool,
    #[prost(bool, tag = "6")]
    streams_out: bool,
}

fn write_file(file: &FileOf, text: &mut String) {
    for service in &file.services {
        for MethodOf { name, takes, gives, streams_in, streams_out } in &service.methods {
            let stream = |is: &bool| if *is { "stream " } else { "" };
            let (before, after) = (stream(streams_in), stream(streams_out));
            writeln!(text, "{}.{}/{name}: {before}{takes} -> {after}{gives}", file.package, service.name).unwrap();
        }
    }
    for message in &file.messages {
        writeln!(text, "message {}", message.name).unwrap();
        for FieldOf { name, number, label, kind, of } in &message.fields {
            writeln!(text, "  {number} {name} label {label} type {kind} {of}").unwrap();
        }
    }
    for of_one in &file.enums {
        writeln!(text, "enum {}", of_one.name).unwrap();
        for ValueOf { name, number } in &of_one.values {
            writeln!(text, "  {number} {name}").unwrap();
        }
    }
}

#[test]
fn golden_protocol() {
    let files = Files::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
    let mut text = String::from(
        "# The protocol: methods, fields and values with their numbers, labels and types as in descriptor.proto.\n",
    );
    for file in files.file.iter().filter(|file| file.package.starts_with("headcount")) {
        writeln!(text, "\nfile {}", file.name).unwrap();
        write_file(file, &mut text);
    }
    // No line ends in a blank.
    let lines = text.lines().map(|line| format!("{}\n", line.trim_end()));
    assert_text("wire/protocol.txt", &lines.collect::<String>());
}

#[test]
fn golden_batch() {
    let event = proto::AccessEvent {
        time_unix_ms: 1_793_620_800_000,
        address: "192.0.2.1".to_owned(),
        cookie: "cookie".to_owned(),
        user_agent: "agent".to_owned(),
        method: "GET".to_owned(),
        target: "/a?b".to_owned(),
        status: 404,
        referrer: "https://blog.example.net/".to_owned(),
        accept_language: "ja".to_owned(),
        client_host: "host.example.org".to_owned(),
        response_time_ms: Some(0),
        response_bytes: Some(300),
        host: "www.example.jp".to_owned(),
    };
    let request = proto::IngestRequest {
        site: "www".to_owned(),
        producer: "p".to_owned(),
        sequence: 300,
        events: vec![event],
        complete_through_unix_ms: -1,
        cursor: vec![1, 2, 255],
        producer_secret: b"sixteen or more.".to_vec(),
        release_mark: Some(vec![3; 24]),
    };
    assert_bytes("wire/ingest-request", "A batch of one made-up event with all fields.", &request.encode_to_vec());
    let outcome = proto::OutcomeCount { outcome: proto::Outcome::Late.into(), count: 300, first_index: 7 };
    let response = proto::IngestResponse {
        sequence: 300,
        durable_sequence: 301,
        cursor: vec![1, 2, 255],
        duplicate: true,
        accepted: 1,
        rejected: 300,
        outcomes: vec![outcome],
        release_mark: vec![3; 24],
    };
    assert_bytes("wire/ingest-response", "The answer to a batch with all fields.", &response.encode_to_vec());
}
