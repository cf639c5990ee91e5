//! nginx with one worker, natively or under callgrind.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Result;
use crate::client::{Client, Response};
use crate::process::{free_port, is_root, kill};
use crate::workload::Workload;

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);
const DUMP: Duration = Duration::from_secs(60);

/// What nginx is to run with.
pub struct Setup<'a> {
    /// The program.
    pub nginx: &'a Path,
    /// Modules to load.
    pub modules: &'a [PathBuf],
    /// Configuration, inside of `server`.
    pub location: &'a str,
    /// The prefix, not there yet.
    pub dir: PathBuf,
    /// How many connections the worker can have.
    pub connections: usize,
    /// Count instructions.
    pub callgrind: bool,
}

/// A running nginx; dropping it ends it.
pub struct Server {
    child: Child,
    dir: PathBuf,
    port: u16,
    worker: i32,
    dumps: u32,
}

impl Server {
    /// Starts nginx and waits until it answers.
    pub fn start(setup: &Setup) -> Result<Server> {
        let dir = setup.dir.clone();
        let port = free_port()?;
        write_files(&dir, &configuration(setup, port))
            .map_err(|e| format!("{}: {e}", dir.display()))?;
        let child = command(setup)
            .spawn()
            .map_err(|e| format!("{} did not start: {e}", setup.nginx.display()))?;
        let mut server = Server { child, dir, port, worker: 0, dumps: 0 };
        server.worker = server.wait_until_ready()?;
        Ok(server)
    }

    /// Connects to the server with the workload's request.
    pub fn client(&self, workload: &Workload, connections: usize) -> Result<Client> {
        Client::connect(self.port, connections, workload.uri, workload.headers)
    }

    /// Connects to the server with requests for `uri`.
    pub fn connect(&self, connections: usize, uri: &str) -> Result<Client> {
        Client::connect(self.port, connections, uri, &[])
    }

    /// The worker's own memory, in bytes: not that of files and libraries.
    pub fn memory(&self) -> Result<u64> {
        let file = format!("/proc/{}/status", self.worker);
        let text = fs::read_to_string(&file).map_err(|e| format!("{file}: {e}"))?;
        text.lines()
            .find_map(|line| {
                line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB")?.parse().ok()
            })
            .map(|kilobytes: u64| kilobytes * 1024)
            .ok_or_else(|| format!("{file} tells no RssAnon"))
    }

    /// The CPU time that the worker has used so far, once it is at rest.
    pub fn cpu_time(&self) -> Result<Duration> {
        let mut before = self.run_time()?;
        loop {
            sleep(Duration::from_millis(20));
            let now = self.run_time()?;
            if now == before {
                return Ok(now);
            }
            before = now;
        }
    }

    /// The instructions that the worker has executed since the last call, or
    /// since its start. Only under callgrind.
    pub fn instructions(&mut self) -> Result<u64> {
        // A signal between nginx's look for signals and its wait for events
        // would be seen with the next event only. On a busy machine a worker can
        // seem to be at rest that is not; then a connection is that event.
        self.cpu_time()?;
        kill(self.worker, libc::SIGUSR1);
        self.dumps += 1;
        let file = self.dir.join(format!("callgrind.{}.{}", self.worker, self.dumps));
        for wait in [DUMP / 4, DUMP] {
            let deadline = Instant::now() + wait;
            while Instant::now() < deadline {
                if let Some(total) = fs::read_to_string(&file).ok().as_deref().and_then(total) {
                    return Ok(total);
                }
                sleep(Duration::from_millis(10));
            }
            let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        }
        Err(format!("callgrind did not write {}", file.display()))
    }

    /// Stops nginx. Whatever it logged as an error makes the measurement void.
    pub fn stop(mut self) -> Result<()> {
        // Unlike SIGTERM, this gives callgrind all the time it needs to end.
        if !self.end(libc::SIGQUIT)? {
            return Err(format!("nginx did not stop; see {}", self.dir.display()));
        }
        match self.log() {
            log if log.is_empty() => Ok(()),
            log => Err(format!("nginx logged:\n{log}")),
        }
    }

    /// Sends `signal` to the master; returns whether nginx ended in time.
    fn end(&mut self, signal: i32) -> Result<bool> {
        kill(self.child.id() as i32, signal);
        let deadline = Instant::now() + STOP;
        while !self.ended()? {
            if Instant::now() > deadline {
                return Ok(false);
            }
            sleep(Duration::from_millis(5));
        }
        Ok(true)
    }

    fn wait_until_ready(&mut self) -> Result<i32> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if self.ended()? {
                return Err(format!("nginx did not start:\n{}", self.log()));
            }
            if let Ok(response) = self.worker_pid() {
                return String::from_utf8_lossy(&response.body)
                    .parse()
                    .map_err(|_| format!("no process id in the answer {response:?}"));
            }
            sleep(Duration::from_millis(5));
        }
        Err(format!("nginx does not answer; see {}", self.dir.display()))
    }

    fn worker_pid(&self) -> Result<Response> {
        Client::connect(self.port, 1, "/worker-pid", &[])?.fetch()
    }

    /// utime + stime, without their rounding to the hundredth of a second.
    fn run_time(&self) -> Result<Duration> {
        let file = format!("/proc/{}/schedstat", self.worker);
        let text = fs::read_to_string(&file).map_err(|e| format!("{file}: {e}"))?;
        text.split(' ')
            .next()
            .and_then(|nanoseconds| nanoseconds.parse().ok())
            .map(Duration::from_nanos)
            .ok_or_else(|| format!("{file}: no run time in {text:?}"))
    }

    fn ended(&mut self) -> Result<bool> {
        self.child
            .try_wait()
            .map(|status| status.is_some())
            .map_err(|e| format!("waiting for nginx: {e}"))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("error.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The master kills a worker that does not end; nobody would if the
        // master itself were killed, so that comes last.
        if matches!(self.ended(), Ok(false)) && !matches!(self.end(libc::SIGTERM), Ok(true)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn command(setup: &Setup) -> Command {
    let mut command = if setup.callgrind {
        let mut command = Command::new("valgrind");
        let dir = setup.dir.display();
        command
            .arg("--tool=callgrind")
            // LuaJIT rewrites its machine code all the time.
            .arg("--smc-check=all-non-file")
            // nginx calls this for SIGUSR1 and at no other time. Unlike
            // callgrind_control, it needs no debugger attached to the worker.
            .arg("--dump-before=ngx_reopen_files")
            .arg("--vgdb=no")
            .arg(format!("--callgrind-out-file={dir}/callgrind.%p"))
            .arg(format!("--log-file={dir}/valgrind.%p.log"))
            .arg(setup.nginx)
            // callgrind counts each byte that "rep movsb" copies as an
            // instruction. Without ERMS, memcpy uses vector instructions.
            .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-ERMS");
        command
    } else {
        Command::new(setup.nginx)
    };
    command.arg("-p").arg(&setup.dir).args(["-c", "nginx.conf", "-e", "error.log"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// For the workloads that use one; nginx alone does not know the directive.
const DICTIONARY: &str = "    lua_shared_dict dogs 10m;\n";

fn configuration(setup: &Setup, port: u16) -> String {
    let mut conf = String::new();
    for module in setup.modules {
        conf += &format!("load_module {};\n", module.display());
    }
    if is_root() {
        // The default user may not be able to read a directory in root's home.
        conf += "user root;\n";
    }
    conf += &format!(
        "\
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log;

events {{
    worker_connections {connections};
}}

http {{
    access_log off;
    default_type text/plain;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_header_timeout 1h;

    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;
{dictionary}
    server {{
        listen 127.0.0.1:{port};

        location = /worker-pid {{
            return 200 $pid;
        }}

        {location}
    }}
}}
",
        connections = setup.connections,
        dictionary = if setup.modules.is_empty() { "" } else { DICTIONARY },
        location = setup.location.trim_start()
    );
    conf
}

fn write_files(dir: &Path, configuration: &str) -> std::io::Result<()> {
    for root in ["original", "filtered"] {
        fs::create_dir_all(dir.join(root))?;
    }
    let text = "A line of sixty-four characters, over and over, makes 16 KB...\n\n".repeat(256);
    fs::write(dir.join("original/16k.txt"), &text)?;
    fs::write(dir.join("filtered/16k.txt"), text[..text.len() - 4].to_owned() + "END\n")?;
    fs::write(dir.join("nginx.conf"), configuration)
}

/// The instructions in a complete dump of callgrind.
fn total(dump: &str) -> Option<u64> {
    dump.ends_with('\n').then_some(())?;
    dump.lines().next_back()?.strip_prefix("totals: ")?.parse().ok()
}
