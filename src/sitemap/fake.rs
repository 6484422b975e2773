//! A web server for tests, on loopback: replies as configured, slowly or not at all if the test says so.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// The reply to a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A file, sent whole.
    File(Vec<u8>),
    /// A truncated file: its announced length is longer.
    Cut(Vec<u8>),
    /// A status code and phrase, without a body.
    Status(&'static str),
    /// A redirect.
    Moved(String),
    /// Nothing; the connection stays open.
    Silence,
    /// A byte now and then, for ever.
    Drip,
}

/// A running server. It ends with the process.
pub(crate) struct Web {
    address: SocketAddr,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self { address: listener.local_addr().unwrap(), replies: Arc::default(), requests: Arc::default() };
        let (replies, requests) = (web.replies.clone(), web.requests.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (replies, requests) = (replies.clone(), requests.clone());
                // A client that goes away is not a failure of the server.
                thread::spawn(move || answer(stream.unwrap(), &replies, &requests).ok());
            }
        });
        web
    }

    pub(crate) fn set(&self, path: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    pub(crate) fn file(&self, path: &str, body: impl AsRef<[u8]>) {
        self.set(path, Reply::File(body.as_ref().to_vec()));
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests with their headers.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(
    mut stream: TcpStream,
    replies: &Mutex<HashMap<String, Reply>>,
    requests: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut request = String::new();
    let mut lines = BufReader::new(stream.try_clone()?);
    while !request.ends_with("\r\n\r\n") && lines.read_line(&mut request)? > 0 {}
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    requests.lock().unwrap().push(request);
    let reply = replies.lock().unwrap().get(&path).cloned();
    let head = |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}Connection: close\r\n\r\n");
    let length = |bytes: usize| format!("Content-Length: {bytes}\r\n");
    match reply.unwrap_or(Reply::Status("404 Not Found")) {
        Reply::File(body) => {
            stream.write_all(head("200 OK", &length(body.len())).as_bytes())?;
            stream.write_all(&body)
        }
        Reply::Cut(body) => {
            stream.write_all(head("200 OK", &length(body.len() + 1)).as_bytes())?;
            stream.write_all(&body)
        }
        Reply::Status(status) => stream.write_all(head(status, &length(0)).as_bytes()),
        Reply::Moved(to) => {
            let more = format!("Location: {to}\r\n{}", length(0));
            stream.write_all(head("301 Moved Permanently", &more).as_bytes())
        }
        Reply::Silence => loop {
            thread::park();
        },
        Reply::Drip => {
            stream.write_all(head("200 OK", "").as_bytes())?;
            loop {
                stream.write_all(b" ")?;
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}
