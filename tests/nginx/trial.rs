//! Running one block: perl evaluates it, nginx serves it, the checks judge it.

use std::fs;
use std::net::Shutdown;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use crate::Harness;
use crate::block::{Block, parse_time};
use crate::checks::{Position, check_response};
use crate::client::exchange;
use crate::conf::{Expander, ServerRoot};
use crate::curl;
use crate::log::{Log, check_access_log, check_error_log, check_severe, check_shutdown_log, lines};
use crate::mock::Mock;
use crate::perl::Perl;
use crate::report::{show, tail};
use crate::request::{Request, requests};
use crate::response::{Response, find};
use crate::server::{Nginx, Start, valgrind_report};
use crate::settings::Settings;

/// Why a block did not pass.
pub enum Fault {
    /// The block cannot be run as it is written.
    Block(String),
    /// nginx did something else than the block expects.
    Check(String),
}

impl From<String> for Fault {
    fn from(error: String) -> Fault {
        Fault::Block(error)
    }
}

/// Runs block number `index` of `file` in a server root called `name`.
pub fn run(harness: &Harness, file: &Path, index: usize, name: &str) -> Result<(), Fault> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let mut run = Run::new(harness, file, index, name)?;
        let problems = run.problems()?;
        if problems.is_empty() {
            let _ = fs::remove_dir_all(&run.root.path);
            return Ok(());
        }
        // Another program may take the port just before nginx does.
        if attempts == 3 || !run.port_was_taken() {
            return Err(Fault::Check(run.report(&problems)));
        }
    }
}

struct Run<'a> {
    settings: &'a Settings,
    root: ServerRoot,
    block: Block,
    expander: Expander<'a>,
    /// Shared with the mock servers.
    perl: Arc<Mutex<Perl>>,
    log: Log,
    requests: Vec<Request>,
    timeout: Duration,
}

impl<'a> Run<'a> {
    fn new(harness: &'a Harness, file: &Path, index: usize, name: &str) -> Result<Run<'a>, String> {
        let Harness { settings, ports, peers, .. } = harness;
        let root = ServerRoot { path: settings.work.join(name), port: ports.take()? };
        let _ = fs::remove_dir_all(&root.path);
        fs::create_dir_all(&root.path)
            .map_err(|error| format!("cannot create {}: {error}", root.path.display()))?;

        let mut env = harness.perl_env();
        env.push(("TEST_NGINX_SERVER_PORT".into(), root.port.to_string()));
        env.push(("TEST_NGINX_SERVROOT".into(), root.path.display().to_string()));
        let (perl, value) = Perl::run(file, index, &env, &root.path.join("perl.log"))?;
        let block = Block::new(value)?;
        let requests = if block.has("must_die") { Vec::new() } else { requests(&block)? };
        let timeout = match block.duration("timeout")? {
            Some(timeout) => timeout,
            None => parse_time(&block.settings.timeout)?,
        };
        Ok(Run {
            settings,
            log: Log::new(root.error_log()),
            root,
            expander: Expander::new(block.settings.env.clone(), ports, peers),
            block,
            perl: Arc::new(Mutex::new(perl)),
            requests,
            timeout,
        })
    }

    fn problems(&mut self) -> Result<Vec<String>, String> {
        self.root.write(&self.block, self.settings, &mut self.expander)?;
        if self.block.has("must_die") { self.must_die() } else { self.serve() }
    }

    fn perl(&self) -> MutexGuard<'_, Perl> {
        self.perl.lock().expect("nobody panics with perl in hand")
    }

    /// For how long we wait for what must come.
    fn patience(&self) -> Duration {
        self.timeout.max(Duration::from_secs(1)).mul_f64(self.settings.patience)
    }

    /// For how long after the response we wait for what nginx does then. A loaded
    /// machine can take its time.
    fn late(&self) -> Duration {
        Duration::from_secs(3).mul_f64(self.settings.patience)
    }

    fn check_error_log(&mut self, repetition: usize) -> Result<Vec<String>, String> {
        let late = self.late();
        // Not self.perl(), which would borrow the log too.
        let mut perl = self.perl.lock().expect("nobody panics with perl in hand");
        check_error_log(&self.block, &mut self.log, repetition, &mut perl, late)
    }

    fn must_die(&mut self) -> Result<Vec<String>, String> {
        let expected = self.block.string("must_die")?.unwrap_or_default();
        for repetition in 0..self.block.settings.repeat_each {
            let mut problems = match self.start(false)? {
                Start::Running(nginx) => {
                    nginx.stop(self.patience());
                    vec!["nginx must die at start, but it runs".to_owned()]
                }
                Start::Exited { status, .. } => wrong_death(&expected, status),
            };
            problems.extend(self.check_error_log(repetition)?);
            if !problems.is_empty() {
                return Ok(problems);
            }
        }
        Ok(Vec::new())
    }

    fn start(&self, valgrind: bool) -> Result<Start, String> {
        let patience = Duration::from_secs(10).mul_f64(self.settings.patience);
        Nginx::start(&self.root, self.settings, valgrind, patience)
    }

    fn serve(&mut self) -> Result<Vec<String>, String> {
        let mut nginx = match self.start(true)? {
            Start::Running(nginx) => nginx,
            Start::Exited { status, stderr } => {
                let stderr = show(stderr.as_bytes());
                return Ok(vec![format!("nginx does not start: {status}; it wrote:\n{stderr}")]);
            }
        };
        if let Some(code) = self.block.text("init")? {
            self.perl().eval(code).map_err(|error| format!("--- init: {error}"))?;
        }

        let mut problems = Vec::new();
        let repetitions = self.block.settings.repeat_each;
        for repetition in 0..repetitions {
            if repetition > 0 {
                self.root.write_user_files(&self.block, &mut self.expander)?;
            }
            let mut found = self.repetition(repetition)?;
            if repetitions > 1 {
                for problem in &mut found {
                    problem.insert_str(0, &format!("repetition {repetition} (from 0): "));
                }
            }
            problems.extend(found);
            if !problems.is_empty() || nginx.exit_status().is_some() {
                break;
            }
        }

        problems.extend(nginx.stop(self.patience()));
        let mut perl = self.perl.lock().expect("nobody panics with perl in hand");
        problems.extend(check_shutdown_log(&self.block, &self.log, &mut perl)?);
        problems.extend(check_severe(&self.block, &self.log, &mut perl)?);
        let valgrind = valgrind_report(&self.root);
        if !valgrind.is_empty() {
            problems.push(format!("valgrind complains:\n{valgrind}"));
        }
        Ok(problems)
    }

    /// All requests once.
    fn repetition(&mut self, repetition: usize) -> Result<Vec<String>, String> {
        let mocks = Mock::start_all(&self.block, &mut self.expander, &self.perl)?;
        let mut problems = Vec::new();
        for index in 0..self.requests.len() {
            problems.extend(self.request(index, repetition)?);
        }
        for mock in mocks {
            problems.extend(mock.finish(&self.perl, self.late())?);
        }
        Ok(problems)
    }

    fn request(&mut self, index: usize, repetition: usize) -> Result<Vec<String>, String> {
        let request = &self.requests[index];
        let abort = self.block.has("abort");
        // When to abort is part of the test.
        let timeout =
            if abort { self.timeout } else { self.timeout.mul_f64(self.settings.patience) };
        let shutdown = self.block.string("shutdown")?.map(|how| shutdown(&how)).transpose()?;
        let exchanged = if self.block.has("http2") {
            curl::exchange(&self.block, &self.root, request, timeout)
        } else {
            exchange(self.root.port, &request.packets, timeout, shutdown, abort)
        };
        let mut exchange = match exchanged {
            Ok(exchange) => exchange,
            Err(error) => return Ok(vec![error]),
        };

        let mut problems = Vec::new();
        if exchange.timed_out && !abort {
            problems.push(format!(
                "the client gave up: nothing moved for {timeout:?} (--- timeout says {:?}); it \
                 had received:\n{}",
                self.timeout,
                show(&exchange.received)
            ));
        }

        let responses = request.responses;
        let is_head = request.is_head();
        for response in 0..responses {
            if !self.block.has("ignore_response") {
                let position = Position {
                    request: index + response,
                    many: responses > 1 || self.requests.len() > 1,
                    port: self.root.port,
                };
                let last = response + 1 == responses;
                problems.extend(self.response(&mut exchange.received, is_head, position, last)?);
            }
            if let Some(wait) = self.block.duration("wait")? {
                thread::sleep(wait);
            }
            problems.extend(self.check_error_log(repetition)?);
            if !self.block.has("ignore_response") {
                let log = Log::new(self.root.access_log());
                let patience = Duration::from_secs(1).mul_f64(self.settings.patience);
                problems.extend(check_access_log(&self.block, &log, &mut self.perl(), patience)?);
            }
        }
        Ok(problems)
    }

    /// Checks the first response in `received` and leaves what follows it.
    fn response(
        &self,
        received: &mut Vec<u8>,
        is_head: bool,
        position: Position,
        last: bool,
    ) -> Result<Vec<String>, String> {
        let raw = std::mem::take(received);
        let parsed = if self.block.has("http09") {
            Ok(Response::headless(&raw))
        } else {
            Response::parse(&raw, is_head)
        };
        let mut response = match parsed {
            Ok(response) => response,
            Err(error) => return Ok(vec![format!("bad response: {error}\n{}", show(&raw))]),
        };
        *received = std::mem::take(&mut response.rest);
        let mut problems = check_response(&self.block, &mut response, position, &mut self.perl())?;
        if last && !received.is_empty() {
            problems.push(format!("bytes after the response:\n{}", show(received)));
        }
        Ok(problems)
    }

    fn port_was_taken(&self) -> bool {
        let log = self.log.all();
        lines(&log).iter().any(|line| {
            find(line, b"bind() to 127.0.0.1:").is_some() && find(line, b"failed (98:").is_some()
        })
    }

    fn report(&self, problems: &[String]) -> String {
        let mut report = String::new();
        for problem in problems {
            report.push_str(&format!("* {}\n", problem.trim_end()));
        }
        for request in &self.requests {
            report.push_str(&format!("request:\n{}", show(&request.bytes())));
        }
        report.push_str(&format!("server root: {} (kept)\n", self.root.path.display()));
        report.push_str(&format!("  conf: {}\n", self.root.conf().display()));
        let perl = fs::read(self.root.path.join("perl.log")).unwrap_or_default();
        if !perl.is_empty() {
            report.push_str(&format!("perl says:\n{}", show(&perl)));
        }
        report.push_str("end of error.log without debug messages:\n");
        report.push_str(&tail(&self.log.all()));
        report
    }
}

fn wrong_death(expected: &str, status: ExitStatus) -> Vec<String> {
    let wrong = match (status.code(), expected.parse::<i32>()) {
        (None, _) => true,
        (Some(code), Ok(expected)) => code != expected,
        (Some(code), Err(_)) => code == 0,
    };
    if !wrong {
        return Vec::new();
    }
    vec![format!("nginx must die at start with exit code {expected:?}, but: {status}")]
}

fn shutdown(how: &str) -> Result<Shutdown, String> {
    match how {
        "0" => Ok(Shutdown::Read),
        "" | "1" => Ok(Shutdown::Write),
        "2" => Ok(Shutdown::Both),
        _ => Err(format!("--- shutdown: {how} is not 0, 1 or 2")),
    }
}
