//! What one run of a cell said, and a run that is still going on.

use std::path::{Path, PathBuf};
use std::process::Child;

use serde_json::Value;

use super::super::support::Call;
use super::cell::Case;

/// What a run said.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn report(&self) -> Option<Value> {
        serde_json::from_str(&self.out).ok()
    }

    pub fn said(&self) -> String {
        format!("exit {:?}\n{}{}", self.code, self.out, self.err)
    }

    /// Not for a bookkeeper: panics, debug forms, errors without a next step.
    pub fn faults_of_speech(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for bad in ["panicked", "Os {", "Error {", "RUST_BACKTRACE"] {
            if self.out.contains(bad) || self.err.contains(bad) {
                wrong.push(format!("it says “{bad}”"));
            }
        }
        if !matches!(self.code, None | Some(0..=2)) {
            wrong.push(format!("it exits with {:?}", self.code));
        }
        if self.code == Some(2) && !self.err.contains("error: ") {
            wrong.push("it exits with 2 and says no error".to_owned());
        }
        for line in self.err.lines().filter(|line| line.starts_with("error: ")) {
            let whole = line.ends_with('.') || line.ends_with(']');
            if !whole {
                wrong.push(format!("no whole sentence: {line}"));
            }
        }
        wrong
    }

    /// How it ended without having done all: “stops F0701”, “fails F0809”; nothing for one that was killed.
    pub fn ending(&self, case: &Case<'_>) -> Option<String> {
        if let Some(code) = code_in(&self.err) {
            return Some(format!("stops {code}"));
        }
        let failure = self.report().and_then(|report| case.failure(&report));
        match (failure, self.code) {
            (Some(code), _) => Some(format!("fails {code}")),
            (None, None | Some(0)) => None,
            (None, Some(2)) => Some("stops".to_owned()),
            (None, _) => Some("left for later".to_owned()),
        }
    }
}

/// The code of an error on stderr: `[F0706]`.
fn code_in(err: &str) -> Option<&str> {
    let line = err.lines().find(|line| line.starts_with("error: "))?;
    let start = line.rfind("[F")?;
    line.get(start + 1..start + 6)
}

pub fn ran(call: Call) -> Ran {
    let done = call.run();
    Ran {
        code: done.code(),
        out: done.stdout(),
        err: done.stderr(),
    }
}

/// A run that has come to the step.
pub struct Running {
    pub child: Child,
    said: PathBuf,
}

impl Running {
    /// Starts it; what it says goes to files of that name.
    pub fn new(call: Call, said: PathBuf) -> Running {
        Running {
            child: call.spawn_to(&said.with_extension("out"), &said.with_extension("err")),
            said,
        }
    }

    pub fn killed(mut self) -> Ran {
        self.child.kill().expect("killed");
        self.ended()
    }

    pub fn ended(mut self) -> Ran {
        let code = self.child.wait().expect("it ends").code();
        let read = |path: &Path| std::fs::read_to_string(path).expect("what it said");
        Ran {
            code,
            out: read(&self.said.with_extension("out")),
            err: read(&self.said.with_extension("err")),
        }
    }
}
