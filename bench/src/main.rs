//! Compares two Lua modules for nginx, and nginx alone, on a few small
//! workloads: instructions per request, counted by callgrind, and CPU time per
//! request. A report; docs/benchmarks.md tells how to read it.

mod client;
mod measure;
mod report;
mod server;
mod settings;
mod stats;
mod workload;

use std::process::ExitCode;

use crate::report::{Report, Row};
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

/// Returns whether every workload could be measured.
fn run() -> Result<bool> {
    let settings = Settings::from_env()?;
    let mut report = Report::new(&settings)?;
    for workload in &settings.workloads {
        match compare(&settings, workload) {
            Ok(row) => report.row(row),
            Err(message) => report.failure(workload, &message),
        }
    }
    Ok(report.finish())
}

fn compare(settings: &Settings, workload: &'static Workload) -> Result<Row> {
    measure::check_answers(settings, workload)?;
    Ok(Row {
        workload,
        instructions: measure::instructions(settings, workload)?,
        cpu: measure::cpu_time(settings, workload)?,
    })
}
