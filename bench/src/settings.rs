//! What the environment says.

use std::env;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::workload::{self, Workload};

const C_MODULE: &str =
    "/usr/lib/nginx/modules/ndk_http_module.so /usr/lib/nginx/modules/ngx_http_lua_module.so";

/// What the table and `BENCH=` call the measurement of requests that sleep.
pub const SLEEPING: &str = "sleeping";

/// The settings of one run of the program.
pub struct Settings {
    /// The nginx program.
    pub nginx: PathBuf,
    /// Where the servers keep their files, and where the profiles stay.
    pub dir: PathBuf,
    /// nginx alone, the module to compare with, the module compared.
    pub seats: [Seat; SEATS],
    /// How often each figure is measured; the median counts.
    pub runs: usize,
    /// What is measured.
    pub workloads: Vec<&'static Workload>,
    /// Requests that wait are measured too.
    pub sleeping: bool,
}

/// nginx alone, or nginx with one of the two modules.
pub struct Seat {
    /// How the table calls it.
    pub name: &'static str,
    /// The files to load, in this order; none for nginx alone.
    pub modules: Vec<PathBuf>,
}

/// How many seats there are.
pub const SEATS: usize = 3;
impl Settings {
    /// Reads the variables; an unset or empty one has its default.
    pub fn from_env() -> Result<Settings> {
        let root = env::current_dir().map_err(|e| format!("no current directory: {e}"))?;
        let built = variable("TEST_NGINX_MODULE")
            .unwrap_or_else(|| root.join("build/ngx_http_lua_module.so").display().to_string());
        let part = variable("BENCH").unwrap_or_default();
        let sleeping = SLEEPING.contains(&part);
        Ok(Settings {
            nginx: variable("TEST_NGINX_BINARY").unwrap_or_else(|| "/usr/sbin/nginx".into()).into(),
            dir: root.join("build/bench"),
            seats: [
                Seat { name: "nginx", modules: Vec::new() },
                Seat::new("MODULE_A", "C module", C_MODULE)?,
                Seat::new("MODULE_B", "ours", &built)?,
            ],
            runs: runs()?,
            workloads: workloads(&part, sleeping)?,
            sleeping,
        })
    }
}

impl Seat {
    /// The variable has the files, separated by spaces; `name` fits only the default.
    fn new(name_of_variable: &'static str, name: &'static str, default: &str) -> Result<Seat> {
        let given = variable(name_of_variable);
        let modules: Vec<PathBuf> =
            given.as_deref().unwrap_or(default).split_whitespace().map(PathBuf::from).collect();
        if let Some(missing) = modules.iter().find(|file| !file.is_file()) {
            return Err(format!(
                "there is no {}; \"make bench\" builds the module and installs the C module",
                missing.display()
            ));
        }
        let modules = modules.iter().map(|file| absolute(file)).collect::<Result<_>>()?;
        Ok(Seat { name: given.map_or(name, |_| name_of_variable), modules })
    }
}

fn runs() -> Result<usize> {
    let default = if variable("QUICK").is_some() { 1 } else { 3 };
    variable("RUNS").map_or(Ok(default), |runs| {
        runs.parse()
            .ok()
            .filter(|&runs| runs > 0)
            .ok_or_else(|| format!("RUNS={runs}: say how many runs, 1 or more"))
    })
}

fn workloads(part: &str, others: bool) -> Result<Vec<&'static Workload>> {
    let chosen: Vec<_> = workload::all().filter(|w| w.name.contains(part)).collect();
    if chosen.is_empty() && !others {
        let names: Vec<_> = workload::all().map(|w| w.name).collect();
        let sleeping = SLEEPING;
        return Err(format!("BENCH={part}: the workloads are {}, {sleeping}", names.join(", ")));
    }
    Ok(chosen)
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn absolute(file: &Path) -> Result<PathBuf> {
    file.canonicalize().map_err(|e| format!("{}: {e}", file.display()))
}
