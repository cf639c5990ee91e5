//! The nginx of a block: start, stop, and what became of it.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::conf::ServerRoot;
use crate::settings::{Settings, Version};

const POLL: Duration = Duration::from_millis(2);

pub struct Nginx {
    child: Child,
    stderr: PathBuf,
    exited: Option<ExitStatus>,
}

pub enum Start {
    Running(Nginx),
    Exited { status: ExitStatus, stderr: String },
}

impl Nginx {
    /// Starts nginx and waits until it listens, or is gone.
    pub fn start(
        root: &ServerRoot,
        settings: &Settings,
        valgrind: bool,
        patience: Duration,
    ) -> Result<Start, String> {
        let stderr = root.path.join("logs/stderr.log");
        let mut command = command(root, settings, valgrind);
        let file = File::create(&stderr)
            .map_err(|error| format!("cannot create {}: {error}", stderr.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        // SAFETY: prctl is async-signal-safe.
        unsafe {
            command.pre_exec(|| {
                // No nginx stays behind when the harness is killed; a master
                // needs the signal that it passes on to its workers.
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                Ok(())
            });
        }
        let child = command
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", settings.nginx.display()))?;
        let mut nginx = Nginx { child, stderr, exited: None };

        // The pid file appears when the configuration is read and the sockets
        // listen. Connecting instead would leave its traces in the logs.
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = nginx.exit_status() {
                return Ok(Start::Exited { status, stderr: nginx.stderr() });
            }
            if fs::metadata(root.pid_file()).is_ok_and(|file| file.len() > 0) {
                return Ok(Start::Running(nginx));
            }
            if Instant::now() > deadline {
                return Err(format!("nginx has not started within {patience:?}"));
            }
            thread::sleep(POLL);
        }
    }

    /// Stops nginx; returns what was wrong with it.
    pub fn stop(mut self, patience: Duration) -> Vec<String> {
        if let Some(status) = self.exit_status() {
            return vec![format!("nginx ended before it was told to: {status}{}", self.said())];
        }

        let mut problems = Vec::new();
        let mut ended = None;
        for (signal, name) in [(libc::SIGQUIT, "QUIT"), (libc::SIGTERM, "TERM")] {
            self.signal(signal);
            ended = self.wait(patience);
            if ended.is_some() {
                break;
            }
            problems.push(format!("nginx did not end within {patience:?} of signal {name}"));
        }
        match ended {
            None => self.kill(),
            // Ending late is allowed: requests may be under way.
            Some(status) if status.success() => problems.clear(),
            Some(status) => problems.push(format!("nginx ended with {status}{}", self.said())),
        }
        problems
    }

    /// If nginx has ended, how.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        if self.exited.is_none() {
            self.exited = self.child.try_wait().ok().flatten();
        }
        self.exited
    }

    fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            let status = self.exit_status();
            if status.is_some() || Instant::now() > deadline {
                return status;
            }
            thread::sleep(POLL);
        }
    }

    fn signal(&self, signal: i32) {
        // SAFETY: the process is our child and not waited for yet, so that the
        // id cannot be another's.
        unsafe { libc::kill(self.pid(), signal) };
    }

    /// Kills nginx and its workers, which do not notice their master's death.
    fn kill(&mut self) {
        let pid = self.pid();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let _ = self.child.kill();
        for worker in children.unwrap_or_default().split_whitespace() {
            if let Ok(worker) = worker.parse() {
                // SAFETY: kill has no conditions; the process was a child of
                // our child a moment ago.
                unsafe { libc::kill(worker, libc::SIGKILL) };
            }
        }
        self.exited = self.child.wait().ok();
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("process ids are positive i32")
    }

    fn stderr(&self) -> String {
        fs::read(&self.stderr)
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .unwrap_or_default()
    }

    fn said(&self) -> String {
        match self.stderr() {
            text if text.is_empty() => text,
            text => format!("; it wrote:\n{}", crate::report::show(text.as_bytes())),
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if self.exit_status().is_none() {
            self.kill();
        }
    }
}

fn command(root: &ServerRoot, settings: &Settings, valgrind: bool) -> Command {
    let mut command = match settings.valgrind.as_ref().filter(|_| valgrind) {
        None => Command::new(&settings.nginx),
        Some(options) => {
            let mut command = Command::new("valgrind");
            command
                .arg("-q")
                .args(options)
                .arg(format!("--log-file={}", root.path.join("logs/valgrind.%p").display()))
                .arg(&settings.nginx);
            command
        }
    };
    // What somebody has set for Lua programs of their own is not for these, and
    // nginx would take NGINX for a list of sockets that it inherits.
    for variable in ["NGINX", "LUA_INIT", "LUA_PATH", "LUA_CPATH", "LUA_PATH_5_1", "LUA_CPATH_5_1"]
    {
        command.env_remove(variable);
    }
    command.arg("-p").arg(format!("{}/", root.path.display())).arg("-c").arg(root.conf());
    if settings.version >= Version(1, 19, 5) {
        // Messages from before the configuration is read go there too.
        command.arg("-e").arg(root.error_log());
    }
    command
}

/// What valgrind wrote about the processes of this nginx.
pub fn valgrind_report(root: &ServerRoot) -> String {
    let Ok(dir) = fs::read_dir(root.path.join("logs")) else {
        return String::new();
    };
    dir.flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("valgrind."))
        .filter_map(|entry| fs::read(entry.path()).ok())
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .collect()
}
