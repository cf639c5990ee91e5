//! What the system's own resolver does: the hosts file, then the servers that
//! resolv.conf names.

use core::cell::{Cell, RefCell};
use core::num::NonZeroUsize;
use core::ptr;
use core::sync::atomic::Ordering;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;

use nginx_lua_resolve::{Cache, Config, Error, Families, Hosts, Lookup as Course, Outcome};

use super::answer::{address, failed, now, pick};
use super::running::{Running, Waiting};
use super::{Answer, By, Done, Lookup};
use crate::conf::resolver::SystemFiles;
use crate::ngx::{event, log};
use crate::sched::worker::WORKER;
use crate::sys::{NGX_LOG_ERR, interface_number};

/// How many names are kept.
const NAMES: NonZeroUsize = NonZeroUsize::new(1000).unwrap();
/// For how long at most, in seconds, whatever the records say.
const LONGEST: u32 = 3600;
/// How often the files are looked at, in milliseconds.
const LOOK: usize = 1000;

/// What a worker knows of names.
pub(super) struct System {
    files: &'static SystemFiles,
    /// When the files were looked at last.
    looked: Cell<Option<usize>>,
    hosts_seen: Cell<Option<Version>>,
    conf_seen: Cell<Option<Version>>,
    hosts: RefCell<Hosts>,
    config: RefCell<Config>,
    cache: RefCell<Cache>,
    /// Those that are being looked up, by name in lower case.
    running: RefCell<HashMap<Vec<u8>, Rc<Running>>>,
    /// How many lookups were begun.
    turns: Cell<usize>,
}

/// What tells a file from what it was before.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    device: u64,
    inode: u64,
    modified: (i64, i64),
    size: u64,
}

impl System {
    pub(super) fn of_worker(files: &'static SystemFiles) -> &'static Self {
        match Self::existing() {
            Some(system) => system,
            None => {
                let system = Box::leak(Box::new(Self::new(files)));
                WORKER.resolver.store(ptr::from_mut(system).cast(), Ordering::Relaxed);
                system
            }
        }
    }

    fn existing() -> Option<&'static Self> {
        // SAFETY: it stays as long as the worker; there is one thread.
        unsafe { WORKER.resolver.load(Ordering::Relaxed).cast::<Self>().as_ref() }
    }

    fn new(files: &'static SystemFiles) -> Self {
        Self {
            files,
            looked: Cell::new(None),
            hosts_seen: Cell::new(None),
            conf_seen: Cell::new(None),
            hosts: RefCell::default(),
            config: RefCell::new(files.config(&[])),
            cache: RefCell::new(Cache::new(NAMES, 0..=LONGEST)),
            running: RefCell::default(),
            turns: Cell::new(0),
        }
    }

    pub(super) fn resolve(&self, host: &[u8], done: Done) -> Result<Answer, String> {
        self.look_at_files();
        if let Some(ip) = pick(self.hosts.borrow().lookup(host)) {
            return Ok(Answer::Known(done.with_port(ip)));
        }
        if let Some(known) = self.cache.borrow_mut().lookup(host, now()) {
            let ip = known.and_then(|all| pick(all).ok_or(Error::NotFound));
            return ip.map(|ip| Answer::Known(done.with_port(ip))).map_err(|e| failed(host, e));
        }

        let name = host.to_ascii_lowercase();
        let existing = self.running.borrow().get(&name).cloned();
        let running = match existing {
            Some(running) => running,
            None => {
                let turn = self.turns.get();
                self.turns.set(turn.wrapping_add(1));
                let course = Course::new(&self.config.borrow(), &name, Families::Both, turn);
                let running = Running::new(name.clone(), course, Self::finish);
                if let Some(outcome) = running.advance() {
                    self.keep(&name, &outcome);
                    return address(&name, &outcome, done).map(Answer::Known);
                }
                self.running.borrow_mut().insert(name, running.clone());
                running
            }
        };
        let waiting = Waiting::new(running, done);
        Ok(Answer::Pending(Lookup(By::System(waiting))))
    }

    /// A lookup is over.
    fn finish(running: &Rc<Running>, outcome: &Outcome) {
        let Some(system) = Self::existing() else { return };
        let mut all = system.running.borrow_mut();
        // One that was begun before the files changed is not listed.
        if all.get(&running.name).is_some_and(|listed| Rc::ptr_eq(listed, running)) {
            all.remove(&running.name);
            system.keep(&running.name, outcome);
        }
    }

    fn keep(&self, name: &[u8], outcome: &Outcome) {
        self.cache.borrow_mut().insert(name, outcome, now());
    }

    /// Reads the files again that have changed.
    fn look_at_files(&self) {
        let now = event::now();
        if self.looked.get().is_some_and(|then| now.wrapping_sub(then) < LOOK) {
            return;
        }
        self.looked.set(Some(now));
        if let Some(text) = changed(&self.files.hosts, &self.hosts_seen) {
            *self.hosts.borrow_mut() = Hosts::parse(&text);
        }
        if let Some(text) = changed(&self.files.conf, &self.conf_seen) {
            let config = self.files.config(&text);
            if config != *self.config.borrow() {
                *self.config.borrow_mut() = config;
                self.cache.borrow_mut().clear();
                // Those who wait for these get their answers still.
                self.running.borrow_mut().clear();
            }
        }
    }

    /// Ends all lookups, with the worker.
    pub(super) fn end() {
        let system = WORKER.resolver.swap(ptr::null_mut(), Ordering::Relaxed).cast::<Self>();
        if !system.is_null() {
            // SAFETY: `of_worker` made it of a box; nothing asks for it any more.
            drop(unsafe { Box::from_raw(system) });
        }
    }
}

impl SystemFiles {
    fn config(&self, text: &[u8]) -> Config {
        let mut config = Config::parse_with(text, &interface_number);
        if let Some(port) = self.port {
            config.servers.iter_mut().for_each(|server| server.set_port(port));
        }
        config
    }
}

/// The text of a file, if it is another one than what was seen before. None at
/// all is like an empty one.
fn changed(path: &Path, seen: &Cell<Option<Version>>) -> Option<Vec<u8>> {
    let version = match fs::metadata(path) {
        // Nothing else can be read without waiting for it.
        Ok(file) if file.is_file() => Some(Version {
            device: file.dev(),
            inode: file.ino(),
            modified: (file.mtime(), file.mtime_nsec()),
            size: file.size(),
        }),
        Ok(_) => None,
        Err(error) => {
            report(path, &error);
            None
        }
    };
    if version == seen.replace(version) {
        return None;
    }
    if version.is_none() {
        return Some(Vec::new());
    }
    match fs::read(path) {
        Ok(text) => Some(text),
        Err(error) => {
            report(path, &error);
            Some(Vec::new())
        }
    }
}

/// That there is no file is nothing to report.
fn report(path: &Path, error: &io::Error) {
    if error.kind() != io::ErrorKind::NotFound {
        log::cycle_error(NGX_LOG_ERR, format_args!("cannot read \"{}\": {error}", path.display()));
    }
}
