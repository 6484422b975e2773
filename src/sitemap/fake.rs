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
    /// A file with header lines of its own, each ended by a line end.
    With(String, Vec<u8>),
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

impl Reply {
    /// A page.
    pub(crate) fn page(body: impl AsRef<[u8]>) -> Self {
        Self::With("Content-Type: text/html\r\n".to_owned(), body.as_ref().to_vec())
    }
}

/// The replies by path, and that of all other paths.
#[derive(Default)]
struct Replies {
    by_path: HashMap<String, Reply>,
    otherwise: Option<fn(&str) -> Reply>,
}

impl Replies {
    fn of(&self, path: &str) -> Reply {
        let otherwise = || self.otherwise.map_or(Reply::Status("404 Not Found"), |reply| reply(path));
        self.by_path.get(path).cloned().unwrap_or_else(otherwise)
    }
}

/// A running server. It ends with the process.
pub(crate) struct Web {
    address: SocketAddr,
    replies: Arc<Mutex<Replies>>,
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
        self.replies.lock().unwrap().by_path.insert(path.to_owned(), reply);
    }

    pub(crate) fn file(&self, path: &str, body: impl AsRef<[u8]>) {
        self.set(path, Reply::File(body.as_ref().to_vec()));
    }

    /// What all paths give that have no reply of their own.
    pub(crate) fn otherwise(&self, reply: fn(&str) -> Reply) {
        self.replies.lock().unwrap().otherwise = Some(reply);
    }

    /// A page.
    pub(crate) fn page(&self, path: &str, body: impl AsRef<[u8]>) {
        self.set(path, Reply::page(body));
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The paths that were asked for, in their order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let requests = self.requests();
        requests.iter().filter_map(|request| request.split(' ').nth(1)).map(str::to_owned).collect()
    }

    /// All requests with their headers.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, replies: &Mutex<Replies>, requests: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut request = String::new();
    let mut lines = BufReader::new(stream.try_clone()?);
    while !request.ends_with("\r\n\r\n") && lines.read_line(&mut request)? > 0 {}
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    requests.lock().unwrap().push(request);
    let reply = replies.lock().unwrap().of(&path);
    let head = |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}Connection: close\r\n\r\n");
    let length = |bytes: usize| format!("Content-Length: {bytes}\r\n");
    match reply {
        Reply::File(body) => {
            stream.write_all(head("200 OK", &length(body.len())).as_bytes())?;
            stream.write_all(&body)
        }
        Reply::With(headers, body) => {
            stream.write_all(head("200 OK", &(headers + &length(body.len()))).as_bytes())?;
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
