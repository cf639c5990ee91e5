//! Does the harness notice? Blocks of fixtures/failing.t must fail, and say
//! what is wrong.

use std::path::PathBuf;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::Harness;
use crate::perl::{self, Listing};
use crate::settings::project;
use crate::trial::{self, Fault};

/// The title of a block, and words that its report must have.
const FAILING: &[(&str, &[&str])] = &[
    ("unknown section", &["unknown section --- response_bodi"]),
    ("unknown filter", &["upside_down", "there is no such filter"]),
    ("section given up", &["--- stap cannot be used"]),
    ("wrong body", &["body", "|hullo\\n", "|hello\\n", "first difference: line 1, byte 1"]),
    ("body that should match", &["does not match the body"]),
    ("body that should not match", &["matches the body"]),
    ("wrong status code", &["expected 201, got 200"]),
    ("wrong header", &["header Content-Length: expected \"7\", got \"6\""]),
    ("header that must be absent", &["header Server must not be there"]),
    ("missing line in the error log", &["no line in error.log matches \"no such line\""]),
    ("missing regex in the error log", &["no line in error.log matches (?^:no (?:such) line)"]),
    ("unwanted line in the error log", &["which must not be there", "http process request line"]),
    ("other lines in the error log", &["finds something else", "GET /x", "GET /t"]),
    ("missing line in the access log", &["no line in access.log matches \"POST /t\""]),
    ("severe message nobody expects", &["severe message in error.log", "[crit]"]),
    ("wrong configuration", &["nginx does not start", "unknown directive \"no_such_directive\""]),
    ("should die but does not", &["nginx must die at start, but it runs"]),
    ("dies with another code", &["with exit code \"2\"", "exit status: 1"]),
    ("client waits in vain", &["the client gave up"]),
    ("array needed", &["--- response_body must be an array"]),
    ("unset variable", &["$TEST_NGINX_NO_SUCH_VARIABLE is not set"]),
    ("variable in braces", &["write $TEST_NGINX_… without braces"]),
    ("bad perl", &["--- request in \"bad perl\"", "Can't find string terminator"]),
    ("no config", &["no --- config section"]),
    ("no request", &["no --- request"]),
    ("wrong query", &["--- tcp_query", "GET /x"]),
    ("not what the shutdown log says", &["no line in error.log at shutdown matches"]),
];

pub fn trials(harness: &Arc<Harness>) -> Vec<Trial> {
    let file = fixture();
    let listing = match perl::list(&file, &harness.perl_env()) {
        Ok(listing) => Arc::new(listing),
        Err(error) => {
            return vec![Trial::test("harness::fixtures", || Err(Failed::from(error)))];
        }
    };
    let mut trials: Vec<Trial> = FAILING
        .iter()
        .map(|&(title, words)| {
            let (harness, listing) = (Arc::clone(harness), Arc::clone(&listing));
            Trial::test(format!("harness::fails::{title}"), move || {
                must_fail(&harness, &listing, title, words)
            })
        })
        .collect();

    trials.push(Trial::test("harness::every fixture is used", move || {
        let unused =
            listing.iter().find(|block| !FAILING.iter().any(|(title, _)| *title == block.name));
        unused.map_or(Ok(()), |block| Err(Failed::from(format!("not used: {}", block.name))))
    }));
    trials
}

fn fixture() -> PathBuf {
    project().join("tests/nginx/fixtures/failing.t")
}

fn must_fail(
    harness: &Harness,
    listing: &[Listing],
    title: &str,
    words: &[&str],
) -> Result<(), Failed> {
    let index = listing
        .iter()
        .position(|block| block.name == title)
        .ok_or_else(|| Failed::from(format!("failing.t has no block \"{title}\"")))?;
    let root = format!("failing-{}", index + 1);
    let result = trial::run(harness, &fixture(), index, &root);
    let _ = std::fs::remove_dir_all(harness.settings.work.join(root));

    let report = match result {
        Ok(()) => return Err(Failed::from("the block passes")),
        Err(Fault::Block(report) | Fault::Check(report)) => report,
    };
    match words.iter().find(|&&word| !report.contains(word)) {
        None => Ok(()),
        Some(word) => Err(Failed::from(format!("the report does not say \"{word}\":\n{report}"))),
    }
}
