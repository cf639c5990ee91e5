//! The perl process that evaluates a test file for us: the perl part, the
//! filters of the sections, and every regex, so that all three mean what they
//! mean to the published Test::Nginx.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::settings::project;
use crate::value::Value;

/// A block as far as a listing knows it.
pub struct Listing {
    pub name: String,
    pub line: usize,
    /// The sections that decide whether the block runs, evaluated.
    pub sections: BTreeMap<String, Value>,
}

/// Lists the blocks of `file`.
pub fn list(file: &Path, env: &[(String, String)]) -> Result<Vec<Listing>, String> {
    let output = command(file, "list", env)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run perl: {error}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("perl cannot read {}: {stderr}", file.display()));
    }
    // ONLY and the like are remarks to the person at the terminal.
    eprint!("{stderr}");

    let value = Value::read(&mut output.stdout.as_slice())
        .map_err(|_| format!("{} has no run_tests()", file.display()))?;
    let blocks = value.as_list().unwrap_or_default();
    blocks
        .iter()
        .map(|block| listing(block).ok_or_else(|| "bad listing from perl".into()))
        .collect()
}

fn listing(block: &Value) -> Option<Listing> {
    let block = block.as_map()?;
    let text = |key| {
        block
            .get(key)
            .and_then(Value::as_text)
            .map(String::from_utf8_lossy)
    };
    Some(Listing {
        name: text("name")?.into_owned(),
        line: text("line")?.parse().ok()?,
        sections: block.get("sections")?.as_map()?.clone(),
    })
}

/// A running perl that has evaluated one block and answers commands about it.
pub struct Perl {
    child: Child,
    commands: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
    stderr: PathBuf,
}

impl Perl {
    /// Evaluates block number `index` of `file`; returns the process and the
    /// block.
    pub fn run(
        file: &Path,
        index: usize,
        env: &[(String, String)],
        stderr: &Path,
    ) -> Result<(Perl, Value), String> {
        let start = || -> io::Result<Perl> {
            let mut child = command(file, &format!("run {index}"), env)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(File::create(stderr)?)
                .spawn()?;
            let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
            Ok(Perl {
                child,
                commands: BufWriter::new(stdin.expect("stdin is piped")),
                answers: BufReader::new(stdout.expect("stdout is piped")),
                stderr: stderr.to_owned(),
            })
        };
        let mut perl = start().map_err(|error| format!("cannot run perl: {error}"))?;
        let block = Value::read(&mut perl.answers).map_err(|error| perl.died(&error))?;
        Ok((perl, block))
    }

    /// What the regex matches in each of the subjects.
    pub fn matches(
        &mut self,
        source: &[u8],
        subjects: &[&[u8]],
    ) -> Result<Vec<Option<Vec<u8>>>, String> {
        let mut command = vec![Value::text("match"), Value::text(source)];
        command.extend(subjects.iter().map(|&subject| Value::text(subject)));
        match self.command(command)? {
            Value::List(results) if results.len() == subjects.len() => Ok(results
                .iter()
                .map(|result| result.as_text().map(<[u8]>::to_vec))
                .collect()),
            other => Err(format!("perl answered a match with {}", other.kind())),
        }
    }

    pub fn is_match(&mut self, source: &[u8], subject: &[u8]) -> Result<bool, String> {
        Ok(self.matches(source, &[subject])?[0].is_some())
    }

    pub fn call(&mut self, code: usize, argument: &[u8]) -> Result<Value, String> {
        self.command(vec![
            Value::text("call"),
            Value::text(code.to_string()),
            Value::text(argument),
        ])
    }

    pub fn eval(&mut self, code: &[u8]) -> Result<Value, String> {
        self.command(vec![Value::text("eval"), Value::text(code)])
    }

    fn command(&mut self, command: Vec<Value>) -> Result<Value, String> {
        let answer = Value::List(command)
            .write(&mut self.commands)
            .and_then(|()| self.commands.flush())
            .and_then(|()| Value::read(&mut self.answers));
        let Value::Map(mut answer) = answer.map_err(|error| self.died(&error))? else {
            return Err("perl sent an answer that is not a hash".into());
        };
        match answer.remove("ok") {
            Some(value) => Ok(value),
            None => match answer.get("error") {
                Some(Value::Text(error)) => Err(String::from_utf8_lossy(error).into_owned()),
                _ => Err("perl sent an empty answer".into()),
            },
        }
    }

    fn died(&self, error: &io::Error) -> String {
        match fs::read_to_string(&self.stderr) {
            Ok(stderr) if !stderr.is_empty() => stderr,
            _ => format!("perl went away: {error}"),
        }
    }
}

impl Drop for Perl {
    fn drop(&mut self) {
        // It ends by itself when its input does; it may hang in user code.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(file: &Path, mode: &str, env: &[(String, String)]) -> Command {
    let project = project();
    let modules = project.join("tests/nginx/perl");
    let mut command = Command::new("perl");
    command
        .arg("-I")
        .arg(modules)
        .arg(file)
        .current_dir(project)
        .env_remove("PERL5OPT")
        .env_remove("PERL_UNICODE")
        .env("TEST_NGINX_HARNESS", mode)
        .envs(env.iter().map(|(name, value)| (name, value)));
    command
}
