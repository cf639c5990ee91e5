//! The nginx of a whole-system trial, and what a trial does to it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use crate::Harness;
use crate::block::{Block, Settings as BlockSettings};
use crate::client::exchange;
use crate::conf::{Expander, ServerRoot};
use crate::log::is_severe;
use crate::report::{quote, show, tail};
use crate::request::Packet;
use crate::response::{Response, find};
use crate::server::{Nginx, Start};
use crate::settings::{Settings, Version};
use crate::system::Test;
use crate::value::Value;

const POLL: Duration = Duration::from_millis(5);

/// What is special about an nginx.conf.
#[derive(Clone)]
pub struct Conf {
    /// Stands before `http {}`.
    pub main: String,
    /// Goes into `http {}`.
    pub http: String,
    /// Goes into `server {}`.
    pub server: String,
    pub workers: usize,
    /// Of each worker.
    pub connections: usize,
    pub log_level: &'static str,
    pub master: bool,
}

impl Conf {
    pub fn new(http: impl Into<String>, server: impl Into<String>) -> Conf {
        Conf {
            main: String::new(),
            http: http.into(),
            server: server.into(),
            workers: 1,
            connections: 512,
            log_level: "info",
            master: true,
        }
    }

    fn block(&self) -> Block {
        let sections =
            [("main_config", &self.main), ("http_config", &self.http), ("config", &self.server)];
        Block {
            sections: sections
                .map(|(name, text)| (name.to_owned(), Value::text(text.as_bytes())))
                .into(),
            settings: BlockSettings {
                repeat_each: 1,
                workers: self.workers.to_string(),
                connections: self.connections.to_string(),
                log_level: self.log_level.into(),
                timeout: String::new(),
                master_process: self.master,
                no_root_location: true,
                accumulate_log: false,
                config_preamble: Vec::new(),
                server_name: "localhost".into(),
                env_to_nginx: Vec::new(),
                env: BTreeMap::new(),
            },
        }
    }
}

pub struct Site<'a> {
    harness: &'a Harness,
    root: ServerRoot,
    /// None when it has ended as it was told to.
    nginx: Option<Nginx>,
    pub client: Client,
    /// Severe messages that the trial itself brings about.
    pub excused: &'static [&'static str],
}

/// Starts nginx, runs the trial, and checks what every trial is checked for.
pub fn run(harness: &Harness, name: &str, test: &Test) -> Result<(), String> {
    let mut site = Site::start(harness, name, &(test.conf)())?;
    let result = (test.run)(&mut site).and_then(|()| site.finish());
    match result {
        Ok(()) => {
            let _ = fs::remove_dir_all(&site.root.path);
            Ok(())
        }
        Err(problem) => Err(site.report(&problem)),
    }
}

impl<'a> Site<'a> {
    fn start(harness: &'a Harness, name: &str, conf: &Conf) -> Result<Site<'a>, String> {
        let path = harness.settings.work.join(name);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let _ = fs::remove_dir_all(&path);
            let root = ServerRoot { path: path.clone(), port: harness.ports.take()? };
            write(harness, &root, conf)?;

            let patience = patience(&harness.settings);
            match Nginx::start(&root, &harness.settings, false, patience)? {
                Start::Running(nginx) => {
                    let client = Client { port: root.port, patience };
                    return Ok(Site { harness, root, nginx: Some(nginx), client, excused: &[] });
                }
                // Another program may take the port just before nginx does.
                Start::Exited { stderr, .. } if attempts < 3 && stderr.contains("bind()") => {}
                Start::Exited { status, stderr } => {
                    return Err(format!(
                        "nginx does not start: {status}; it wrote:\n{}",
                        show(stderr.as_bytes())
                    ));
                }
            }
        }
    }

    /// Writes another nginx.conf, which counts from the next reload on.
    pub fn configure(&self, conf: &Conf) -> Result<(), String> {
        write(self.harness, &self.root, conf)
    }

    /// Writes a file of the server root.
    pub fn write_file(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.root.path.join(name);
        fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// The process that was started: the master, if there is one.
    pub fn pid(&self) -> Result<i32, String> {
        let text = fs::read_to_string(self.root.pid_file())
            .map_err(|error| format!("cannot read the pid file: {error}"))?;
        text.trim().parse().map_err(|_| format!("the pid file says {text:?}"))
    }

    pub fn signal(&self, signal: i32) -> Result<(), String> {
        signal_process(self.pid()?, signal);
        Ok(())
    }

    /// Sends a signal that ends nginx, and waits for that.
    pub fn end(&mut self, signal: i32) -> Result<(), String> {
        let mut nginx = self.nginx.take().ok_or("nginx has ended already")?;
        signal_process(self.pid()?, signal);
        let status: ExitStatus = self.client.until("nginx ends", || Ok(nginx.exit_status()))?;
        if status.success() { Ok(()) } else { Err(format!("nginx ended with {status}")) }
    }

    /// `nginx -t` on the nginx.conf: the exit code and what it wrote.
    pub fn test_configuration(&self) -> Result<(Option<i32>, String), String> {
        let settings = &self.harness.settings;
        let mut command = Command::new(&settings.nginx);
        command.arg("-t").arg("-p").arg(&self.root.path).arg("-c").arg(self.root.conf());
        if settings.version >= Version(1, 19, 5) {
            command.args(["-e", "stderr"]);
        }
        let output = command
            .output()
            .map_err(|error| format!("cannot run {}: {error}", settings.nginx.display()))?;
        Ok((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    pub fn settings(&self) -> &Settings {
        &self.harness.settings
    }

    /// The server root.
    pub fn path(&self) -> &Path {
        &self.root.path
    }

    pub fn conf_path(&self) -> String {
        self.root.conf().display().to_string()
    }

    pub fn log(&self) -> String {
        let log = fs::read(self.root.error_log()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Waits for a line of the error log with all of these words.
    pub fn await_log(&self, words: &[&str]) -> Result<(), String> {
        self.client.until(&format!("a line with {words:?} is logged"), || {
            let has_all = |line: &str| words.iter().all(|word| line.contains(word));
            Ok(self.log().lines().any(has_all).then_some(()))
        })
    }

    fn finish(&mut self) -> Result<(), String> {
        let mut problems = match self.nginx.take() {
            Some(nginx) => nginx.stop(self.client.patience),
            None => Vec::new(),
        };
        let log = self.log();
        let unexpected = log.lines().filter(|line| {
            is_severe(line.as_bytes()) && !self.excused.iter().any(|text| line.contains(text))
        });
        problems.extend(unexpected.map(|line| format!("severe message in error.log: {line}")));
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n* ")) }
    }

    fn report(&self, problem: &str) -> String {
        format!(
            "* {problem}\nserver root: {} (kept)\nend of error.log:\n{}",
            self.root.path.display(),
            tail(self.log().as_bytes())
        )
    }
}

/// For how long a trial waits for what must come.
fn patience(settings: &Settings) -> Duration {
    Duration::from_secs(5).mul_f64(settings.patience)
}

fn write(harness: &Harness, root: &ServerRoot, conf: &Conf) -> Result<(), String> {
    let mut expander = Expander::new(BTreeMap::new(), &harness.ports, &harness.peers);
    root.write(&conf.block(), &harness.settings, &mut expander)
}

pub fn signal_process(pid: i32, signal: i32) {
    // SAFETY: kill has no conditions; the process is an nginx of ours.
    unsafe { libc::kill(pid, signal) };
}

pub fn is_running(pid: i32) -> bool {
    // A process that has ended stays until its parent has asked how.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    !state.is_empty() && !state.starts_with('Z')
}

/// The most memory, in bytes, that a process has had so far. What it has now
/// would tell less: malloc gives memory back or does not, as it happens to lie,
/// and the next requests take it again.
pub fn peak_memory(pid: i32) -> Result<u64, String> {
    let path = format!("/proc/{pid}/status");
    let status =
        fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
        .map(|kilobytes: u64| kilobytes * 1024)
        .ok_or_else(|| format!("{path} tells no VmHWM"))
}

/// Sends requests to one port of 127.0.0.1.
#[derive(Clone, Copy)]
pub struct Client {
    pub port: u16,
    pub patience: Duration,
}

impl Client {
    /// The body of an answer, which must be 200.
    pub fn get(&self, uri: &str) -> Result<String, String> {
        let [response] = self.pipeline(&[get(uri)])?.try_into().map_err(|_| "one response")?;
        match response.code.as_str() {
            "200" => Ok(text(&response)),
            code => Err(format!("GET {uri}: status {code:?}, body {}", quote(&response.body))),
        }
    }

    pub fn status(&self, uri: &str) -> Result<String, String> {
        let [response] = self.pipeline(&[get(uri)])?.try_into().map_err(|_| "one response")?;
        Ok(response.code)
    }

    /// The answers to several requests that are sent at once on one connection.
    pub fn pipeline(&self, requests: &[String]) -> Result<Vec<Response>, String> {
        let (last, others) = requests.split_last().ok_or("no request")?;
        let last = last.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        let packet = Packet { bytes: (others.concat() + &last).into_bytes(), delay: None };
        let exchange = exchange(self.port, &[packet], self.patience, None, false)?;
        if exchange.timed_out {
            return Err(format!("no answer, or no end of it, to {}", quote(last.as_bytes())));
        }

        let mut responses = Vec::new();
        let mut rest = exchange.received;
        for _ in requests {
            let mut response = Response::parse(&rest, false)
                .map_err(|error| format!("bad response: {error}\n{}", show(&rest)))?;
            rest = std::mem::take(&mut response.rest);
            responses.push(response);
        }
        if rest.is_empty() {
            Ok(responses)
        } else {
            Err(format!("bytes after the response:\n{}", show(&rest)))
        }
    }

    /// Sends a request and does not wait for the answer.
    pub fn hold(&self, request: &str) -> Result<Held, String> {
        let failed = |error| format!("cannot send a request to port {}: {error}", self.port);
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).map_err(failed)?;
        stream.write_all(request.as_bytes()).map_err(failed)?;
        Ok(Held { stream, patience: self.patience })
    }

    /// Asks again and again until there is something.
    pub fn until<T>(
        &self,
        what: &str,
        mut look: impl FnMut() -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            if Instant::now() > deadline {
                return Err(format!("not within {:?}: {what}", self.patience));
            }
            thread::sleep(POLL);
        }
    }
}

/// A connection with a request that was not answered yet. Dropping it closes
/// it, as a client does that goes away.
pub struct Held {
    stream: TcpStream,
    patience: Duration,
}

impl Held {
    /// The body of the answer, which must be 200 and complete.
    pub fn answer(mut self) -> Result<String, String> {
        let mut received = Vec::new();
        self.stream
            .set_read_timeout(Some(self.patience))
            .and_then(|()| self.stream.read_to_end(&mut received))
            .map_err(|error| format!("no answer: {error}; got:\n{}", show(&received)))?;
        let response = Response::parse(&received, false)
            .map_err(|error| format!("bad response: {error}\n{}", show(&received)))?;
        if response.code != "200" || find(&received, b"\r\n\r\n").is_none() {
            return Err(format!("not a good response:\n{}", show(&received)));
        }
        Ok(text(&response))
    }

    /// Waits until the server has begun to answer.
    pub fn first_byte(&mut self) -> Result<(), String> {
        self.stream
            .set_read_timeout(Some(self.patience))
            .and_then(|()| self.stream.read_exact(&mut [0]))
            .map_err(|error| format!("no answer: {error}"))
    }

    /// Closes the connection with a reset.
    pub fn reset(self) {
        let linger = libc::linger { l_onoff: 1, l_linger: 0 };
        // SAFETY: the option takes this structure; the descriptor is open.
        unsafe {
            libc::setsockopt(
                self.stream.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_LINGER,
                (&raw const linger).cast(),
                size_of_val(&linger) as libc::socklen_t,
            );
        }
    }
}

/// A request that leaves the connection open.
pub fn get(uri: &str) -> String {
    format!("GET {uri} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// A request after which the server closes the connection.
pub fn get_and_close(uri: &str) -> String {
    format!("GET {uri} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

pub fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}
