//! The processes of the servers.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::report::show;

const POLL: Duration = Duration::from_millis(2);
const START: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_secs(3);

/// Starts all servers from one thread that lives as long as the run: the
/// kernel ends a server when the thread ends that has started it, and threads
/// of the trials end earlier.
pub struct Starter {
    orders: Mutex<Sender<Order>>,
}

struct Order {
    command: Command,
    done: Sender<io::Result<Child>>,
}

impl Starter {
    pub fn new() -> Starter {
        let (orders, received) = channel::<Order>();
        thread::spawn(move || {
            for mut order in received {
                // Who has ordered waits for it.
                let _ = order.done.send(order.command.spawn());
            }
        });
        Starter { orders: Mutex::new(orders) }
    }

    /// Starts a server and waits until it listens; `output` is a file for
    /// what it writes.
    pub fn start(&self, mut command: Command, port: u16, output: &Path) -> Result<Process, String> {
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |error| format!("cannot run {program}: {error}");
        let file = File::create(output).map_err(failed)?;
        command.stdin(Stdio::null()).stdout(file.try_clone().map_err(failed)?).stderr(file);
        // SAFETY: prctl is async-signal-safe.
        unsafe {
            command.pre_exec(|| {
                // Nothing stays behind when the harness is killed.
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                Ok(())
            });
        }

        let (done, child) = channel();
        let order = Order { command, done };
        self.orders
            .lock()
            .expect("no thread panics with this lock")
            .send(order)
            .map_err(|_| "the thread that starts servers has ended".to_owned())?;
        let child = child.recv().map_err(|error| error.to_string())?.map_err(failed)?;
        let mut process = Process { child };
        process.wait_for_port(port, &program).map_err(|error| {
            let said = fs::read(output).unwrap_or_default();
            format!("{error}; it wrote:\n{}", show(&said))
        })?;
        Ok(process)
    }
}

pub struct Process {
    child: Child,
}

impl Process {
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub fn stop(mut self) {
        self.terminate();
    }

    fn wait_for_port(&mut self, port: u16, program: &str) -> Result<(), String> {
        let deadline = Instant::now() + START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = self.exit_status() {
                return Err(format!("{program} ended at once: {status}"));
            }
            if Instant::now() > deadline {
                return Err(format!("{program} does not listen on port {port} within {START:?}"));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn terminate(&mut self) {
        if self.exit_status().is_some() {
            return;
        }
        let pid = i32::try_from(self.child.id()).expect("process ids are positive i32");
        // SAFETY: the process is our child and not waited for yet, so that the
        // id cannot be another's.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        let deadline = Instant::now() + STOP;
        while self.exit_status().is_none() {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.terminate();
    }
}
