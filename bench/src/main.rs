//! Compares two Lua modules for nginx, and nginx alone, on a few small
//! workloads: instructions per request, counted by callgrind, and CPU time per
//! request. A report; docs/benchmarks.md tells how to read it.

mod client;
mod measure;
mod peer;
mod process;
mod report;
mod server;
mod settings;
mod sleeping;
mod stats;
mod workload;

use std::process::ExitCode;

use crate::measure::Bench;
use crate::report::{Row, Table};
use crate::settings::Settings;
use crate::workload::Workload;

/// What went wrong, in words for the person at the terminal.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether everything could be measured.
fn run() -> Result<bool> {
    let settings = Settings::from_env()?;
    report::introduce(&settings)?;
    let mut complete = true;
    if !settings.workloads.is_empty() {
        let mut table = Table::new(&settings);
        for workload in &settings.workloads {
            match compare(&settings, workload) {
                Ok(row) => table.row(row),
                Err(message) => table.failure(workload, &message),
            }
        }
        complete = table.finish();
    }
    if settings.sleeping {
        report::sleeping(&settings, &sleeping::measure(&settings)?);
    }
    Ok(complete)
}

fn compare(settings: &Settings, workload: &'static Workload) -> Result<Row> {
    let bench = Bench::new(settings, workload)?;
    bench.check_answers()?;
    Ok(Row { workload, instructions: bench.instructions()?, cpu: bench.cpu_time()? })
}
