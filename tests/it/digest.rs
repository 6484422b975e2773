//! `headcount digest` end to end: a real server, and a mail server in this program that speaks SMTP over loopback.
//!
//! A failure is a mail that does not arrive, one that names a second recipient, a number that the report does not have, or a
//! recipient's address (the canary) in what is printed when something goes wrong.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Mutex},
    thread,
};

use crate::harness::{House, Server, headcount, log_lines, text};

/// A name that no output may hold.
const CANARY: &str = "canary.tanaka";

/// What a mail server took: who it is for, and the mail as it came.
type Taken = Arc<Mutex<Vec<(Vec<String>, String)>>>;

/// A mail server. It answers `refusal` to recipients that begin with "refused", and repeats the address as real ones do.
struct Sink {
    port: u16,
    taken: Taken,
    /// All that was said to it.
    heard: Arc<Mutex<String>>,
}

impl Sink {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (taken, heard) = (Taken::default(), Arc::new(Mutex::new(String::new())));
        let sink = Self { port, taken: taken.clone(), heard: heard.clone() };
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A client that goes away ends its conversation alone.
                let _ = converse(&stream, &taken, &heard);
            }
        });
        sink
    }

    fn taken(&self) -> Vec<(Vec<String>, String)> {
        self.taken.lock().expect("the mails").clone()
    }

    fn config(&self, house: &House, more: &str) -> String {
        let text = format!(
            "[mail]\nserver = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"Statistics <stats@example.jp>\"\n{more}\n",
            self.port
        );
        house.write("mail.toml", text)
    }
}

fn converse(stream: &TcpStream, taken: &Taken, heard: &Mutex<String>) -> std::io::Result<()> {
    let (mut lines, mut out) = (BufReader::new(stream.try_clone()?), stream.try_clone()?);
    let mut say = |text: &str| out.write_all(format!("{text}\r\n").as_bytes());
    let mut recipients = Vec::new();
    say("220 sink.example.jp ready")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        heard.lock().expect("a log").push_str(&line);
        let line = line.trim_end();
        match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => say("250-sink.example.jp\r\n250-8BITMIME\r\n250 AUTH PLAIN")?,
            // "\0statistics\0a password" in base64.
            "AUTH" if line == "AUTH PLAIN AHN0YXRpc3RpY3MAYSBwYXNzd29yZA==" => say("235 welcome")?,
            "AUTH" => say(&format!("535 {CANARY} is not known"))?,
            "RCPT" if line.contains("<refused") => say(&format!("550 5.1.1 {line}: no such user"))?,
            "RCPT" => {
                recipients.push(line.to_owned());
                say("250 yes")?;
            }
            "DATA" => {
                say("354 go on")?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if lines.read_line(&mut mail)? == 0 {
                        return Ok(());
                    }
                }
                taken.lock().expect("the mails").push((std::mem::take(&mut recipients), mail));
                say("250 taken")?;
            }
            "QUIT" => {
                say("221 bye")?;
                return Ok(());
            }
            _ => say("250 yes")?,
        }
    }
}

/// A server with a published week and month of a site.
fn published(house: &House) -> Server {
    let server = house.serve();
    let log = house.write("access.log", log_lines(0, 400));
    let (code, _, errors) = server.ship("www", &log, &[]);
    assert_eq!(code, Some(0), "{errors}");
    server.wait_until(|server| {
        let [month, week] = ["month", "week"].map(|kind| server.report("www", &["--granularity", kind]));
        let is_there = |report: &serde_json::Value| report["traffic"]["points"][0]["visits"]["estimate"].is_i64();
        (is_there(&month) && is_there(&week)).then_some(())
    });
    server
}

/// Runs it: the exit code, what it printed, and what it said.
fn digest(server: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let args = [&["digest", "--site", "www", "--server", server][..], more].concat();
    let output = headcount(&args).env_remove("HEADCOUNT_CONFIG").output().expect("the binary runs");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The first header of a name in a mail.
fn header<'m>(mail: &'m str, name: &str) -> Option<&'m str> {
    let head = mail.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim_end)
}

#[test]
fn each_recipient_gets_a_mail_of_their_own_with_the_numbers_of_the_report() {
    let (house, sink) = (House::new(), Sink::start());
    let server = published(&house);
    let config = sink.config(&house, "unsubscribe = \"mailto:stop@example.jp\"");
    let list = house.write("list.txt", "# editors\nSuzuki <suzuki@example.jp>\n\n");
    let to = ["--to", "tanaka@example.jp", "--to-file", &list, "--monthly", "--config", &config];
    let (code, printed, said) = digest(&server.url(), &to);
    assert_eq!((code, printed.as_str()), (Some(0), ""), "{said}");
    assert_eq!(said, "headcount digest: sent to 2 recipients\n");
    let taken = sink.taken();
    assert_eq!(taken.len(), 2);
    let mut ids = Vec::new();
    for ((envelope, mail), (own, other)) in taken.iter().zip([("tanaka", "suzuki"), ("suzuki", "tanaka")]) {
        assert_eq!(envelope, &[format!("RCPT TO:<{own}@example.jp>")]);
        assert!(header(mail, "To").expect("To").contains(own) && !mail.contains(other), "{mail}");
        assert_eq!(header(mail, "From"), Some("Statistics <stats@example.jp>"));
        assert_eq!(header(mail, "Auto-Submitted"), Some("auto-generated"));
        assert_eq!(header(mail, "Content-Language"), Some("en"));
        assert_eq!(header(mail, "List-Unsubscribe"), Some("<mailto:stop@example.jp>"));
        assert!(header(mail, "Content-Type").expect("a type").starts_with("multipart/alternative"), "{mail}");
        assert!(header(mail, "Date").is_some() && header(mail, "Subject").is_some());
        let id = header(mail, "Message-ID").expect("an id");
        assert!(id.len() == 45 && id.ends_with("@example.jp>"), "{id}");
        ids.push(id.to_owned());
        assert!(mail.contains("text/plain") && mail.contains("text/html"));
    }
    assert_ne!(ids[0], ids[1]);
    // Its name is not said: the domain of the sender is.
    assert!(sink.heard.lock().unwrap().starts_with("EHLO example.jp\r\n"));
    let (_, plain, _) = digest(&server.url(), &["--print", "--monthly"]);
    let month = server.report("www", &["--from", "2015-05-01", "--to", "2015-05-31", "--granularity", "month"]);
    let visits = month["traffic"]["total"]["visits"]["estimate"].as_i64().expect("visits");
    assert!(plain.contains(&format!("{visits} ")) && plain.contains("May 2015, compared with April"), "{plain}");
    let (code, html, _) = digest(&server.url(), &["--print", "html", "--language", "ja"]);
    assert_eq!(code, Some(0));
    assert!(html.starts_with("<!doctype html>\n<html lang=\"ja\">") && html.contains("訪問数"), "{html}");
    let args = ["digest", "--all", "--monthly", "--print", "--server", &server.url()];
    let all = headcount(&args).env_remove("HEADCOUNT_CONFIG").output().expect("the binary runs");
    assert!(all.status.success() && text(&all.stdout).contains("All sites"), "{}", text(&all.stderr));
}

#[test]
fn a_password_is_read_from_a_file_that_nobody_else_may_read() {
    let (house, sink) = (House::new(), Sink::start());
    let server = published(&house);
    let password = house.write("password", "a password\n");
    let config = sink.config(&house, "user = \"statistics\"\npassword_file = \"password\"");
    let to = format!("{CANARY}@example.jp");
    let send = || digest(&server.url(), &["--to", &to, "--config", &config]);
    let allow = |mode| std::fs::set_permissions(&password, std::fs::Permissions::from_mode(mode)).expect("a mode");
    allow(0o640);
    let (code, _, said) = send();
    assert!(code == Some(2) && said.contains("password may be read by others; `chmod 600` it"), "{said}");
    assert!(sink.heard.lock().unwrap().is_empty(), "nobody is asked");
    allow(0o600);
    let (code, _, said) = send();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(sink.taken().len(), 1);
    house.write("password", "another");
    let (code, _, said) = send();
    assert_eq!(code, Some(3));
    assert!(said.contains("refused the login (535)") && !said.contains(CANARY) && !said.contains("another"), "{said}");
    house.write("password", "");
    assert!(send().2.contains("holds no password"));
    std::fs::remove_file(&password).expect("it was there");
    let (code, _, said) = send();
    assert!(code == Some(2) && said.contains("cannot read "), "{said}");
}

#[test]
fn no_address_is_in_any_message() {
    let (house, sink) = (House::new(), Sink::start());
    let server = published(&house);
    let config = sink.config(&house, "");
    let [refused, fine, wrong] =
        [format!("refused.{CANARY}@example.jp"), format!("{CANARY}@example.jp"), format!("{CANARY}.example.jp")];
    let (code, printed, said) = digest(&server.url(), &["--to", &fine, &refused, "--config", &config]);
    assert_eq!((code, printed.as_str()), (Some(3), ""));
    let server_name = format!("127.0.0.1:{}", sink.port);
    let expected = format!(
        "headcount digest: the mail server {server_name} refused recipient 2 (550); sent to 1 of 2 recipients\n"
    );
    assert_eq!(said, expected);
    let closed = house
        .write("closed.toml", "[mail]\nserver = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"s@example.jp\"\n");
    let starttls = house.write(
        "starttls.toml",
        format!("[mail]\nserver = \"127.0.0.1\"\nport = {}\nfrom = \"{CANARY}@example.jp\"\n", sink.port),
    );
    let no_from = house.write("from.toml", format!("[mail]\nserver = \"smtp.example.jp\"\nfrom = \"{CANARY}\"\n"));
    let cases: [(&[&str], i32, &str); 8] = [
        (&["--to", &fine, &wrong, "--config", &config], 2, "recipient 2 is not a mail address"),
        (
            &["--to", &fine, "--config", &closed],
            3,
            "127.0.0.1:1 cannot be reached (connection refused); sent to 0 of 1 ",
        ),
        (&["--to", &fine, "--config", &starttls], 3, "does not offer what is configured: STARTTLS"),
        (&["--to", &fine, "--config", &no_from], 2, "mail.from: is not a mail address"),
        (&["--to", &fine], 2, "no mail server is configured"),
        (&["--to", &fine, "--print"], 2, "cannot be used with"),
        (&["--config", &config], 2, "nobody to send it to"),
        (&["--to", &fine, "--config", &config, "--server", "http://127.0.0.1:1"], 2, "cannot be used multiple times"),
    ];
    for (args, exit, expected) in cases {
        let (code, printed, said) = digest(&server.url(), args);
        assert_eq!((code, printed.as_str()), (Some(exit), ""), "{args:?}: {said}");
        assert!(said.contains(expected) && !said.contains(CANARY), "{args:?}: {said}");
    }
    let (code, _, said) = digest("http://127.0.0.1:1", &["--to", &fine, "--config", &config]);
    assert!(
        code == Some(3) && said.contains("Is `headcount serve` running there?") && !said.contains(CANARY),
        "{said}"
    );
    assert!(!server.log().contains(CANARY));
}
