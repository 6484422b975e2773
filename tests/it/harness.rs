//! Starts the real binary on a free port with directories of its own, and stops it again.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// A browser that is not a robot.
pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// The time limit for anything that should take a second.
const PATIENCE: Duration = Duration::from_secs(120);

/// The binary with arguments.
pub fn headcount(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
    // All runs of a test program ship as one sender, and leave the user's own state alone.
    command.args(args).env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.env_remove("HEADCOUNT_SERVER").stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub fn run(args: &[&str]) -> Output {
    headcount(args).output().expect("the binary runs")
}

/// What a command printed, as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A directory with a data and a key directory in it.
pub struct House {
    pub directory: tempfile::TempDir,
}

impl House {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file");
        path.to_str().expect("a path").to_owned()
    }

    /// Arguments of `serve` on a free port.
    pub fn serve_args(&self) -> Vec<String> {
        let data = self.path("data").display().to_string();
        let keys = self.path("keys").display().to_string();
        let args =
            ["serve", "--verbose", "--listen", "127.0.0.1:0", "--data", &data, "--keys", &keys, "--web", "127.0.0.1:0"];
        args.map(str::to_owned).to_vec()
    }

    pub fn serve(&self) -> Server {
        Server::start(&self.serve_args())
    }

    /// The exit code and error output of a server that does not start.
    pub fn serve_fails(&self, more: &[&str]) -> (Option<i32>, String) {
        let mut args = self.serve_args();
        args.extend(more.iter().map(|s| (*s).to_owned()));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = run(&args);
        (output.status.code(), text(&output.stderr))
    }
}

/// A running server.
pub struct Server {
    child: Child,
    pub address: String,
    /// Where readers are answered, as address and port; empty where they are not.
    pub web: String,
    log: Arc<Mutex<String>>,
    reader: Option<thread::JoinHandle<()>>,
}

/// How a server ended that did not start, or that was killed.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub log: String,
}

impl Server {
    pub fn start(args: &[String]) -> Self {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        match Self::launch(&mut headcount(&args)) {
            Ok(server) => server,
            Err(ended) => panic!("the server did not start: {ended:?}"),
        }
    }

    /// Starts a command that serves. The error says how it ended before it listened.
    pub fn launch(command: &mut Command) -> Result<Self, Ended> {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, sink) = (BufReader::new(child.stderr.take().expect("a pipe")), log.clone());
        let reader = thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let _ = writeln!(sink.lock().expect("the log"), "{line}");
            }
        });
        let mut server = Self { child, address: String::new(), web: String::new(), log, reader: Some(reader) };
        match server.wait_for_address() {
            Some(address) => server.address = address,
            None => return Err(server.ended()),
        }
        let log = server.log();
        let page = log.split("url=http://").nth(1).and_then(|rest| rest.split('/').next());
        server.web = page.unwrap_or_default().to_owned();
        Ok(server)
    }

    /// None if it ended before it listened.
    fn wait_for_address(&mut self) -> Option<String> {
        let begun = Instant::now();
        loop {
            let log = self.log();
            if let Some(rest) = log.split("listening address=").nth(1) {
                return Some(rest.split_whitespace().next().expect("an address").to_owned());
            }
            if self.child.try_wait().expect("its state").is_some() {
                return None;
            }
            assert!(begun.elapsed() < PATIENCE, "the server did not start: {log}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Whether it is still running.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    /// Whether it ends on its own in time.
    pub fn ends_within(&mut self, patience: Duration) -> bool {
        let begun = Instant::now();
        while self.is_running() && begun.elapsed() < patience {
            thread::sleep(Duration::from_millis(2));
        }
        !self.is_running()
    }

    /// Waits for its end, whatever brings it about.
    pub fn ended(mut self) -> Ended {
        let begun = Instant::now();
        while self.is_running() {
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
        let status = self.child.wait().expect("it ended");
        self.reader.take().expect("the log's reader").join().expect("the log");
        Ended { status, log: self.log() }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// Kills it with SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Kills it, if it is still running, and returns how it ended.
    pub fn kill_and_look(mut self) -> Ended {
        let _ = self.child.kill();
        self.ended()
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().expect("kill runs").success());
    }

    /// Asks it to stop, and waits for its end.
    pub fn stop(self) -> String {
        self.terminate();
        let ended = self.ended();
        assert!(ended.status.success(), "{ended:?}");
        ended.log
    }

    /// Ships a file and gives the summary.
    pub fn ship(&self, site: &str, file: &str, more: &[&str]) -> (Option<i32>, serde_json::Value, String) {
        let url = self.url();
        let mut args = vec!["ship", "--json", "--site", site, "--server", &url];
        args.extend(more);
        args.push(file);
        let output = run(&args);
        let summary = serde_json::from_slice(&output.stdout).unwrap_or(serde_json::Value::Null);
        (output.status.code(), summary, text(&output.stderr))
    }

    /// The report as JSON.
    pub fn report(&self, site: &str, more: &[&str]) -> serde_json::Value {
        let url = self.url();
        let mut args = vec!["report", "--json", "--site", site, "--server", &url];
        args.extend(more);
        let output = run(&args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Repeats a question until it has an answer, for a limited time.
    pub fn wait_until<T>(&self, mut question: impl FnMut(&Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(answer) = question(self) {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "it did not happen in time: {}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits for the first published day.
    pub fn wait_for_a_day(&self, site: &str) {
        self.wait_until(|server| {
            let report = server.report(site, &[]);
            report["traffic"].is_object().then_some(())
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines of a combined log: one visitor each, all on a day of May 2015.
pub fn log_lines(first: u32, count: u32) -> String {
    (first..first + count).fold(String::new(), |mut log, n| {
        let (a, b, minute) = (n >> 8 & 255, n & 255, n % 60);
        let _ = writeln!(
            log,
            "10.9.{a}.{b} - - [17/May/2015:10:{minute:02}:00 +0000] \"GET /page-{} HTTP/1.1\" 200 512 \"-\" \"{BROWSER}\"",
            n % 5
        );
        log
    })
}

/// Every file below a directory, with its bytes.
pub fn all_bytes(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(all_bytes(&path));
        } else if path.is_file() {
            // Not a socket.
            found.push((path.clone(), std::fs::read(&path).expect("a file")));
        }
    }
    found
}
