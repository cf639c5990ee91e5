//! Runs the test blocks of t/*.t, each as one test. docs/testing.md tells how
//! to write and run them.

mod block;
mod checks;
mod client;
mod conf;
mod curl;
mod log;
mod mock;
mod pattern;
mod peers;
mod perl;
mod ports;
mod report;
mod request;
mod response;
mod selftest;
mod server;
mod settings;
mod skip;
mod system;
mod trial;
mod unit;
mod value;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::peers::Peers;
use crate::perl::Listing;
use crate::ports::Ports;
use crate::settings::Settings;
use crate::trial::Fault;
use crate::value::Value;

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    // Blocks wait more than they compute.
    let cores = thread::available_parallelism().map_or(2, usize::from);
    args.test_threads.get_or_insert(2 * cores);

    let harness = match Harness::new() {
        Ok(harness) => Arc::new(harness),
        Err(error) => {
            eprintln!("tests/nginx: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = unit::trials();
    if harness.settings.valgrind.is_none() {
        trials.extend(selftest::trials(&harness));
    }
    trials.extend(system::trials(&harness));
    trials.extend(harness.trials());
    let conclusion = libtest_mimic::run(&args, trials);
    harness.finish(&args);
    if !args.list {
        // The lists above come after the summary; the end should be the sum.
        println!(
            "\n{} passed, {} failed, {} skipped",
            conclusion.num_passed, conclusion.num_failed, conclusion.num_ignored
        );
    }
    conclusion.exit_code()
}

/// What all the trials share.
struct Harness {
    settings: Settings,
    ports: Ports,
    peers: Peers,
    /// Blocks that were left out and why.
    skipped: Mutex<Vec<(String, String)>>,
    /// Parity: blocks that the C module answers differently and why.
    differing: Mutex<Vec<(String, String)>>,
}

impl Harness {
    fn new() -> Result<Harness, String> {
        let settings = Settings::from_env()?;
        let ports = Ports::new()?;
        Ok(Harness {
            peers: Peers::new(&settings.work, &ports)?,
            settings,
            ports,
            skipped: Mutex::default(),
            differing: Mutex::default(),
        })
    }

    fn trials(self: &Arc<Harness>) -> Vec<Trial> {
        let mut trials = Vec::new();
        for file in test_files() {
            match perl::list(&file, &self.perl_env()) {
                Ok(listing) => {
                    for (index, block) in listing.into_iter().enumerate() {
                        self.note_only(&file, &block);
                        trials.push(self.trial(&file, index, block));
                    }
                }
                Err(error) => {
                    // The trial may not be among those chosen.
                    eprintln!("{error}");
                    let name = format!("{} (cannot be read)", short_name(&file));
                    trials.push(Trial::test(name, || Err(Failed::from(error))));
                }
            }
        }
        trials
    }

    /// A forgotten --- ONLY must not go unseen.
    fn note_only(&self, file: &Path, block: &Listing) {
        if block.sections.contains_key("ONLY") {
            let others = format!("{}, all blocks but {}", short_name(file), block.name);
            lock(&self.skipped).push((others, "--- ONLY".into()));
        }
    }

    fn trial(self: &Arc<Harness>, file: &Path, index: usize, block: Listing) -> Trial {
        let name = format!("{}::{}", short_name(file), block.name);
        let skip = match skip::reason(&block.sections, &self.settings) {
            Ok(skip) => skip,
            Err(error) => return Trial::test(name, || Err(Failed::from(error))),
        };
        let ignored = skip.is_some();
        if let Some(reason) = skip {
            lock(&self.skipped).push((name.clone(), reason));
        }

        let harness = Arc::clone(self);
        let file = file.to_owned();
        let title = name.clone();
        Trial::test(name, move || harness.run(&file, index, &block, &title))
            .with_ignored_flag(ignored)
    }

    fn run(&self, file: &Path, index: usize, block: &Listing, title: &str) -> Result<(), Failed> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let root = format!("{stem}-{}", index + 1);
        let result = trial::run(self, file, index, &root);

        let differs = block.sections.get("differs").and_then(Value::as_text);
        match judge(result, differs.filter(|_| self.settings.oracle)) {
            Verdict::Passed => Ok(()),
            Verdict::Differs(why) => {
                lock(&self.differing).push((title.to_owned(), why));
                Ok(())
            }
            Verdict::Failed(report) => {
                Err(Failed::from(format!("{}:{}\n{report}", short_name(file), block.line)))
            }
        }
    }

    /// The variables that perl sees, besides those of the block's own server.
    fn perl_env(&self) -> Vec<(String, String)> {
        self.settings.perl_env().into_iter().chain(self.peers.variables()).collect()
    }

    fn finish(&self, args: &Arguments) {
        let chosen = |name: &str| args.filter.as_ref().is_none_or(|filter| name.contains(filter));
        for (title, list) in [
            ("not run", &self.skipped),
            ("the C module answers differently, as marked", &self.differing),
        ] {
            let mut list = lock(list);
            list.retain(|(name, _)| chosen(name) && !args.list);
            list.sort();
            if !list.is_empty() {
                println!("{} {title}:", list.len());
            }
            for (name, reason) in list.iter() {
                println!("  {name}: {reason}");
            }
        }
        self.peers.stop();
        // Goes only if no failed block has left its server root.
        let _ = fs::remove_dir(&self.settings.work);
    }
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Passed,
    /// The C module fails the block, as the block says; why.
    Differs(String),
    Failed(String),
}

/// Weighs what came out against `--- differs`, if that counts: then the block
/// has to fail, and not for being badly written.
fn judge(result: Result<(), Fault>, differs: Option<&[u8]>) -> Verdict {
    match (result, differs) {
        (Ok(()), None) => Verdict::Passed,
        (Ok(()), Some(_)) => Verdict::Failed(
            "the block says --- differs, but the C module passes it: remove the mark".into(),
        ),
        (Err(Fault::Check(_)), Some(why)) => {
            Verdict::Differs(String::from_utf8_lossy(why).trim().to_owned())
        }
        (Err(Fault::Block(report) | Fault::Check(report)), _) => Verdict::Failed(report),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics with a list in hand")
}

fn test_files() -> Vec<PathBuf> {
    let dir = settings::project().join("t");
    let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "t"))
        .collect();
    files.sort();
    files
}

/// t/010-content.t
fn short_name(file: &Path) -> String {
    format!("t/{}", file.file_name().unwrap_or_default().to_string_lossy())
}
