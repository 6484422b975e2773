//! Redis with sketches and counters, fed with pipelined commands.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Figure, Inputs};
use crate::load::{
    Result,
    encode::Parcel,
    process::{self, Running},
};

/// Answers to the commands of one event.
const ANSWERS_AN_EVENT: u64 = 3;
const PATIENCE: Duration = Duration::from_secs(20);

/// A Redis that listens on nothing but a free port of loopback; `fsync` is `everysec` or `always`.
pub fn round(inputs: &Inputs, fsync: &str) -> Result<Figure> {
    let directory = inputs.scratch.join(format!("redis-{fsync}"));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory)?;
    // Redis cannot bind port 0: a free one is found and given on.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
        .args(["--appendfsync", fsync, "--daemonize", "no", "--dir"])
        .arg(&directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let server = Running(child);
    let mut sockets = Vec::new();
    for _ in &inputs.commands {
        sockets.push(connect(port)?);
    }
    let own_before = process::usage(std::process::id())?.cpu_seconds;
    let before = server.usage()?.cpu_seconds;
    let began = Instant::now();
    thread::scope(|scope| -> Result<()> {
        let feeding: Vec<_> = sockets
            .into_iter()
            .zip(&inputs.commands)
            .map(|(socket, parcels)| scope.spawn(move || feed(socket, parcels, inputs.window)))
            .collect();
        for one in feeding {
            one.join().map_err(|_| "a feeder panicked")??;
        }
        Ok(())
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let after = server.usage()?;
    Ok(Figure {
        events: inputs.size.events,
        seconds,
        cpu_seconds: after.cpu_seconds - before,
        feeder_cpu_seconds: process::usage(std::process::id())?.cpu_seconds - own_before,
        peak_mib: after.peak_mib,
        disk_bytes: process::disk_bytes(&directory),
    })
}

fn connect(port: u16) -> Result<TcpStream> {
    let began = Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Err(error) if began.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Keeps at most `window` parcels unanswered. An answer is a line.
fn feed(mut socket: TcpStream, parcels: &[Parcel], window: usize) -> Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    let (mut sent, mut done, mut lines) = (0, 0, 0_u64);
    while done < parcels.len() {
        while sent < parcels.len() && sent - done < window {
            socket.write_all(&parcels[sent].bytes)?;
            sent += 1;
        }
        let count = socket.read(&mut buffer)?;
        if count == 0 {
            return Err("Redis closed the connection".into());
        }
        if buffer[..count].contains(&b'-') {
            return Err("Redis answered with an error".into());
        }
        lines += memchr::memchr_iter(b'\n', &buffer[..count]).count() as u64;
        while done < sent && lines >= parcels[done].events * ANSWERS_AN_EVENT {
            lines -= parcels[done].events * ANSWERS_AN_EVENT;
            done += 1;
        }
    }
    Ok(())
}
