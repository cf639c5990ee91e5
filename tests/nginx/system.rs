//! Whole-system trials: reloads, ends of processes, and memory over thousands
//! of requests. A block of t/ tests one request; what requests, reloads and
//! workers leave behind shows only here.

mod abort;
mod api;
mod memory;
mod reload;
mod semaphore;
mod shared;
mod shutdown;
mod site;
mod soak;
mod threads;
mod workers;

use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::Harness;
use crate::system::site::{Conf, Site};

struct Test {
    name: &'static str,
    conf: fn() -> Conf,
    run: fn(&mut Site) -> Result<(), String>,
}

const TESTS: &[&[Test]] = &[
    abort::TESTS,
    api::TESTS,
    reload::TESTS,
    semaphore::TESTS,
    shared::TESTS,
    shutdown::TESTS,
    soak::TESTS,
    threads::TESTS,
    workers::TESTS,
];

/// Trials for our module. They are no measure for the C module, and memory and
/// time mean nothing under valgrind.
pub fn trials(harness: &Arc<Harness>) -> Vec<Trial> {
    if harness.settings.oracle || harness.settings.valgrind.is_some() {
        return Vec::new();
    }
    TESTS
        .iter()
        .flat_map(|tests| tests.iter())
        .enumerate()
        .map(|(index, test)| {
            let harness = Arc::clone(harness);
            Trial::test(format!("system::{}", test.name), move || {
                let root = format!("system-{}", index + 1);
                site::run(&harness, &root, test).map_err(Failed::from)
            })
        })
        .collect()
}
