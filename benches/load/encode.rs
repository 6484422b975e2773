//! The same traffic in each form that somebody reads: batches for headcount, commands for Redis, a log, a table.

use std::io::Write;

use headcount::proto::{AccessEvent, IngestRequest};
use prost::{Message as _, bytes::Bytes};

use super::{
    Result,
    traffic::{DAY_IN_LOGS, DAY_UNIX_MS, Event, Traffic},
};

/// One message that is ready to be sent, with the number of its events.
#[derive(Clone)]
pub struct Parcel {
    pub bytes: Bytes,
    pub events: u64,
}

/// A batch of a producer.
pub fn parcel_of(
    producer: &str,
    site: &str,
    sequence: u64,
    events: Vec<AccessEvent>,
    complete_through_unix_ms: i64,
) -> Parcel {
    let count = events.len() as u64;
    let request = IngestRequest {
        site: site.to_owned(),
        producer: producer.to_owned(),
        sequence,
        events,
        complete_through_unix_ms,
        producer_secret: b"the secret of this load".to_vec(),
        ..IngestRequest::default()
    };
    Parcel { bytes: request.encode_to_vec().into(), events: count }
}

/// The name of a site by its number.
pub fn site_name(site: u32) -> String {
    format!("site-{site}")
}

/// The event as a backend would send it.
pub fn wire_event(event: &Event<'_>) -> AccessEvent {
    AccessEvent {
        time_unix_ms: event.unix_ms,
        address: address(event),
        user_agent: event.agent.to_owned(),
        method: "GET".to_owned(),
        target: event.target.to_owned(),
        status: event.status,
        referrer: event.referrer.to_owned(),
        accept_language: event.language.to_owned(),
        response_time_ms: Some(event.milliseconds),
        response_bytes: Some(event.bytes),
        ..AccessEvent::default()
    }
}

fn address(event: &Event<'_>) -> String {
    std::net::Ipv4Addr::from(event.address).to_string()
}

/// A batch of one producer.
pub fn batch(site: u32, producer: &str, sequence: u64, events: Vec<AccessEvent>) -> Parcel {
    let count = events.len() as u64;
    let request = IngestRequest {
        site: site_name(site),
        producer: producer.to_owned(),
        sequence,
        events,
        complete_through_unix_ms: 0,
        cursor: Vec::new(),
        producer_secret: b"the secret of this load".to_vec(),
        release_mark: None,
    };
    Parcel { bytes: request.encode_to_vec().into(), events: count }
}

/// All batches of each site, in order, and the mean length of an event in bytes.
pub fn batches(traffic: &Traffic, events_per_batch: usize) -> (Vec<Vec<Parcel>>, f64) {
    let sites = traffic.size().sites as usize;
    let mut all: Vec<Vec<Parcel>> = vec![Vec::new(); sites];
    let mut open: Vec<Vec<AccessEvent>> = vec![Vec::new(); sites];
    let (mut bytes, mut count) = (0_usize, 0_usize);
    let mut close = |site: usize, open: &mut Vec<AccessEvent>| {
        if !open.is_empty() {
            count += open.len();
            let parcel = batch(site as u32, "backend", all[site].len() as u64 + 1, std::mem::take(open));
            bytes += parcel.bytes.len();
            all[site].push(parcel);
        }
    };
    for event in traffic.events() {
        let site = event.site as usize;
        open[site].push(wire_event(&event));
        if open[site].len() == events_per_batch {
            close(site, &mut open[site]);
        }
    }
    for (site, rest) in open.iter_mut().enumerate() {
        close(site, rest);
    }
    (all, bytes as f64 / count.max(1) as f64)
}

/// Commands for Redis, one connection a site: the hour's visitors, the page's visitors, the page's views. Each parcel has
/// as many events as a batch, and three answers an event.
pub fn commands(traffic: &Traffic, events_per_parcel: usize) -> Vec<Vec<Parcel>> {
    let sites = traffic.size().sites as usize;
    let mut all: Vec<Vec<Parcel>> = vec![Vec::new(); sites];
    let mut open: Vec<(Vec<u8>, u64)> = vec![(Vec::new(), 0); sites];
    let mut close = |site: usize, open: &mut (Vec<u8>, u64)| {
        let (bytes, events) = std::mem::take(open);
        if events > 0 {
            all[site].push(Parcel { bytes: bytes.into(), events });
        }
    };
    for event in traffic.events() {
        let site = event.site as usize;
        let (bytes, events) = &mut open[site];
        let hour = (event.unix_ms - DAY_UNIX_MS) / 3_600_000;
        let visitor = format!("{:x}", event.visitor);
        command(bytes, &["PFADD", &format!("v:{site}:{hour}"), &visitor]);
        command(bytes, &["PFADD", &format!("p:{site}:{}", event.target), &visitor]);
        command(bytes, &["HINCRBY", &format!("h:{site}"), event.target, "1"]);
        *events += 1;
        if *events as usize == events_per_parcel {
            close(site, &mut open[site]);
        }
    }
    for (site, rest) in open.iter_mut().enumerate() {
        close(site, rest);
    }
    all
}

fn command(out: &mut Vec<u8>, words: &[&str]) {
    out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        out.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
}

/// A log in the combined format.
pub fn log(traffic: &Traffic, out: &mut impl Write) -> Result<()> {
    for event in traffic.events() {
        let seconds = (event.unix_ms - DAY_UNIX_MS) / 1_000;
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let referrer = if event.referrer.is_empty() { "-" } else { event.referrer };
        writeln!(
            out,
            "{} - - [{DAY_IN_LOGS}:{hour:02}:{minute:02}:{second:02} +0000] \"GET {} HTTP/1.1\" {} {} \"{referrer}\" \"{}\"",
            address(&event),
            event.target,
            event.status,
            event.bytes,
            event.agent
        )?;
    }
    Ok(out.flush()?)
}

/// A table with tabs between site, hour, address, agent, page and referrer.
pub fn table(traffic: &Traffic, out: &mut impl Write) -> Result<()> {
    writeln!(out, "site\thour\taddress\tagent\tpage\treferrer")?;
    for event in traffic.events() {
        let hour = (event.unix_ms - DAY_UNIX_MS) / 3_600_000;
        let address = address(&event);
        writeln!(out, "{}\t{hour}\t{address}\t{}\t{}\t{}", event.site, event.agent, event.target, event.referrer)?;
    }
    Ok(out.flush()?)
}

/// Countries of all addresses, as the server reads them: 250 blocks in turn among ten countries.
pub fn countries(out: &mut impl Write) -> Result<()> {
    const CODES: [&str; 10] = ["JP", "US", "FR", "DE", "GB", "BR", "IN", "CN", "KR", "ID"];
    for first in 1..=223_u32 {
        let code = CODES[first as usize % CODES.len()];
        writeln!(out, "{first}.0.0.0,{first}.127.255.255,{code}")?;
        writeln!(out, "{first}.128.0.0,{first}.255.255.255,{}", CODES[(first as usize + 3) % CODES.len()])?;
    }
    Ok(out.flush()?)
}
