//! A real `headcount serve` on a free port, with directories of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Result, encode, process::Running};

pub struct Server {
    pub process: Running,
    /// `127.0.0.1:PORT`.
    pub address: String,
    pub data: PathBuf,
}

impl Server {
    /// Starts it in an empty directory, with that many sites of the standard profile and every table.
    pub fn start(directory: &Path, sites: u32) -> Result<Self> {
        let config = write_config(directory, sites)?;
        Self::start_with(directory, &config)
    }

    pub fn start_with(directory: &Path, config: &Path) -> Result<Self> {
        let child = Command::new(env!("CARGO_BIN_EXE_headcount"))
            .args(["serve", "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut process = Running(child);
        let mut log = BufReader::new(process.0.stderr.take().ok_or("no log")?);
        let mut line = String::new();
        let address = loop {
            line.clear();
            if log.read_line(&mut line)? == 0 {
                return Err("the server did not start".into());
            }
            if let Some(rest) = line.split("listening address=").nth(1) {
                break rest.split_whitespace().next().unwrap_or_default().to_owned();
            }
        };
        // Its log goes on and must not fill the pipe.
        std::thread::spawn(move || {
            for line in log.lines().map_while(std::result::Result::ok).filter(|line| line.contains("WARN")) {
                eprintln!("server: {line}");
            }
        });
        let server = Self { process, address, data: directory.join("data") };
        server.settle()?;
        Ok(server)
    }

    /// Waits until it rests: a server has made itself ready long before a day's events come.
    fn settle(&self) -> Result<()> {
        let mut last = -1.0;
        for _ in 0..100 {
            std::thread::sleep(std::time::Duration::from_millis(200));
            let now = self.process.usage()?.cpu_seconds;
            if now <= last {
                break;
            }
            last = now;
        }
        Ok(())
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn write_config(directory: &Path, sites: u32) -> Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let countries = directory.join("countries.csv");
    encode::countries(&mut fs::File::create(&countries)?)?;
    let path = |name: &str| directory.join(name).display().to_string();
    let mut text = format!(
        "[server]\ndata = {:?}\nkeys = {:?}\nfree_space_reserve_mib = 64\n[geo]\ncountries = [{:?}]\n",
        path("data"),
        path("keys"),
        path("countries.csv")
    );
    for site in 0..sites {
        let name = encode::site_name(site);
        text += &format!(
            "[[site]]\nname = {name:?}\nhosts = [\"www.{name}.example\"]\nlinks = false\nprofile = \"standard\"\nclient_domains = true\n"
        );
    }
    let config = directory.join("headcount.toml");
    fs::write(&config, text)?;
    Ok(config)
}
