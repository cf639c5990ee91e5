//! Real servers that blocks talk to: each is started when the first block
//! needs it, listens on loopback only, and is stopped when the run ends.
//!
//! A block names a server by a variable, `$TEST_NGINX_REDIS_PORT`, as the
//! suites for the published Test::Nginx do. Who sets the variable uses a
//! server of their own; where the program is not installed it is empty.

mod dns;
mod dribble;
mod memcached;
mod process;
mod redis;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::ports::Ports;
use process::{Process, Starter};

const RECIPES: &[&Recipe] = &[&dns::DNSMASQ, &memcached::MEMCACHED, &redis::REDIS, &redis::TLS];

/// How a server is started, and what blocks need to know of it.
struct Recipe {
    name: &'static str,
    programs: &'static [&'static str],
    variables: &'static [(&'static str, Variable)],
    /// The server must stay in the foreground and listen on the port.
    command: fn(&Place) -> Result<Command, String>,
}

enum Variable {
    Port,
    /// The port of a proxy that dribbles.
    Dribble,
    /// The path of a file in the server's directory.
    File(&'static str),
}

/// What a server has of its own.
struct Place {
    dir: PathBuf,
    port: u16,
    dribble: Option<u16>,
}

pub struct Peers {
    peers: Vec<Peer>,
    starter: Starter,
}

struct Peer {
    name: &'static str,
    variables: Vec<(&'static str, String)>,
    owner: Owner,
}

enum Owner {
    /// Who runs the tests has set the variables.
    User,
    /// A program that is not installed.
    Nobody(&'static str),
    Run {
        place: Place,
        command: fn(&Place) -> Result<Command, String>,
        state: Mutex<State>,
    },
}

enum State {
    Waiting,
    Running(Process),
    Failed(String),
    Stopped,
}

impl Peers {
    pub fn new(work: &Path, ports: &Ports) -> Result<Peers, String> {
        let peers = RECIPES
            .iter()
            .map(|recipe| Peer::new(recipe, work, ports))
            .collect::<Result<_, _>>()?;
        Ok(Peers { peers, starter: Starter::new() })
    }

    /// The variables of all servers, for perl.
    pub fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let all = self.peers.iter().flat_map(|peer| &peer.variables);
        all.map(|(name, value)| ((*name).to_owned(), value.clone()))
    }

    /// The value of the variable, if it is one of a server's, which runs then.
    pub fn value(&self, variable: &str) -> Result<Option<String>, String> {
        for peer in &self.peers {
            if let Some((_, value)) = peer.variables.iter().find(|(name, _)| *name == variable) {
                peer.start(&self.starter)?;
                return Ok(Some(value.clone()));
            }
        }
        Ok(None)
    }

    pub fn stop(&self) {
        for peer in &self.peers {
            peer.stop();
        }
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Peer {
    fn new(recipe: &Recipe, work: &Path, ports: &Ports) -> Result<Peer, String> {
        let from_env = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let absent = recipe.programs.iter().find(|program| find_program(program).is_none());
        let all = |value: &dyn Fn(&'static str, &Variable) -> String| {
            recipe.variables.iter().map(|(name, kind)| (*name, value(name, kind))).collect()
        };

        let (variables, owner) =
            if recipe.variables.iter().any(|(name, _)| from_env(name).is_some()) {
                (all(&|name, _| from_env(name).unwrap_or_default()), Owner::User)
            } else if let Some(program) = absent {
                (all(&|_, _| String::new()), Owner::Nobody(program))
            } else {
                let dribbles =
                    recipe.variables.iter().any(|(_, kind)| matches!(kind, Variable::Dribble));
                let place = Place {
                    dir: work.join(recipe.name),
                    port: ports.keep()?,
                    dribble: if dribbles { Some(ports.keep()?) } else { None },
                };
                // The same blocks, with a server that dribbles.
                let always = from_env("TEST_NGINX_DRIBBLE").is_some();
                let variables = all(&|_, kind| match kind {
                    Variable::Port if !always => place.port.to_string(),
                    Variable::Port | Variable::Dribble => {
                        place.dribble.unwrap_or(place.port).to_string()
                    }
                    Variable::File(name) => place.dir.join(name).display().to_string(),
                });
                let state = Mutex::new(State::Waiting);
                (variables, Owner::Run { place, command: recipe.command, state })
            };
        Ok(Peer { name: recipe.name, variables, owner })
    }

    fn start(&self, starter: &Starter) -> Result<(), String> {
        let Owner::Run { place, command, state } = &self.owner else {
            return match self.owner {
                Owner::Nobody(program) => Err(format!(
                    "{program} is not installed (scripts/setup test installs it); a block that \
                     needs it is left out with --- skip_eval: 3: !$ENV{{{}}}",
                    self.variables[0].0
                )),
                _ => Ok(()),
            };
        };
        let mut state = state.lock().expect("no thread panics with this lock");
        if matches!(*state, State::Waiting) {
            let started = place.prepare().and_then(|()| {
                if let Some(dribble) = place.dribble {
                    dribble::start(dribble, place.port)?;
                }
                starter.start(command(place)?, place.port, &place.dir.join("output"))
            });
            *state = match started {
                Ok(process) => State::Running(process),
                Err(error) => State::Failed(format!("the server \"{}\": {error}", self.name)),
            };
        }
        match &mut *state {
            State::Failed(error) => Err(error.clone()),
            State::Running(process) => match process.exit_status() {
                None => Ok(()),
                // The block that has ended it is not known, but all are told.
                Some(status) => Err(format!("the server \"{}\" has ended: {status}", self.name)),
            },
            State::Waiting | State::Stopped => Err("the run is at its end".into()),
        }
    }

    fn stop(&self) {
        if let Owner::Run { place, state, .. } = &self.owner {
            // Also when a thread has panicked.
            let mut state = state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if let State::Running(process) = std::mem::replace(&mut *state, State::Stopped) {
                process.stop();
            }
            let _ = fs::remove_dir_all(&place.dir);
        }
    }
}

impl Place {
    fn prepare(&self) -> Result<(), String> {
        fs::create_dir_all(&self.dir)
            .map_err(|error| format!("cannot create {}: {error}", self.dir.display()))
    }

    fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> Result<String, String> {
        let path = self.file(name);
        fs::write(&path, text).map_err(|error| format!("cannot write {path}: {error}"))?;
        Ok(path)
    }
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

fn command(program: &str) -> Result<Command, String> {
    find_program(program).map(Command::new).ok_or_else(|| format!("{program} is not installed"))
}
