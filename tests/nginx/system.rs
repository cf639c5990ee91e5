//! Whole-system trials: reloads, ends of processes, and memory over thousands
//! of requests. A block of t/ tests one request; what requests, reloads and
//! workers leave behind shows only here.

mod abort;
mod api;
mod many;
mod memory;
mod names;
mod reload;
mod semaphore;
mod shared;
mod shutdown;
mod site;
mod soak;
mod sockets;
mod threads;
mod timers;
mod tls;
mod waits;
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
    many::TESTS,
    names::TESTS,
    reload::TESTS,
    semaphore::TESTS,
    shared::TESTS,
    shutdown::TESTS,
    sockets::TESTS,
    threads::TESTS,
    timers::TESTS,
    tls::TESTS,
    waits::TESTS,
    workers::TESTS,
];

/// Trials for our module. They are no measure for the C module, and memory and
/// time mean nothing under valgrind. The soak takes its time, and so is there
/// only if asked for, for either module.
pub fn trials(harness: &Arc<Harness>) -> Vec<Trial> {
    if harness.settings.soak.is_some() {
        return vec![trial(harness, "soak", &soak::TEST)];
    }
    if harness.settings.oracle || harness.settings.valgrind.is_some() {
        return Vec::new();
    }
    TESTS
        .iter()
        .flat_map(|tests| tests.iter())
        .enumerate()
        .map(|(index, test)| trial(harness, &format!("system-{}", index + 1), test))
        .collect()
}

fn trial(harness: &Arc<Harness>, root: &str, test: &'static Test) -> Trial {
    let harness = Arc::clone(harness);
    let root = root.to_owned();
    Trial::test(format!("system::{}", test.name), move || {
        site::run(&harness, &root, test).map_err(Failed::from)
    })
}
