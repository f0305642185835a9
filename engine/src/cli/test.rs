//! `flowbook test [DIR]`: runs the flowbook's tests.

use std::path::PathBuf;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use similar::TextDiff;

use super::{Exit, book, output, systems};
use crate::plan::File;
use crate::run::test::{Failure, Outcome, run_test};
use crate::sources::Sources;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The flowbook's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Writes snapshots that differ instead of failing; review them as you review code.
    #[arg(long)]
    accept: bool,
    /// Only tests whose title holds this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A line for each test, and what differs.
    #[default]
    Human,
    /// An array of tests.
    Json,
    /// JUnit XML.
    Junit,
}

#[derive(serde::Serialize)]
struct Told<'a> {
    title: &'a str,
    at: &'a str,
    result: &'static str,
    messages: Vec<String>,
}

pub fn command(options: &Options) -> Exit {
    run(options).unwrap_or_else(|exit| exit)
}

fn run(options: &Options) -> Result<Exit, Exit> {
    let (checked, sources) = book::checked(&options.dir)?;
    let runtime = systems::runtime()?;
    let chosen = checked.tests.iter().filter(|test| {
        options
            .filter
            .as_ref()
            .is_none_or(|text| test.title.contains(text))
    });
    let mut outcomes = Vec::new();
    for test in chosen {
        let outcome = runtime.block_on(run_test(&checked, &sources, test, options.accept));
        if options.format == Format::Human {
            output::print(&human(&outcome, &sources));
        }
        outcomes.push(outcome);
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    match options.format {
        Format::Human => output::print(&format!(
            "{} passed, {failed} failed\n",
            outcomes.len() - failed
        )),
        Format::Json => output::json(
            &outcomes
                .iter()
                .map(|one| told(one, &sources))
                .collect::<Vec<_>>(),
        ),
        Format::Junit => junit(&checked.name, &outcomes, &sources)?,
    }
    if outcomes.is_empty() {
        output::note(match &options.filter {
            Some(_) => "No test has that text in its title.",
            None => "The flowbook has no tests: write `test \"…\" { … }` items.",
        });
    }
    Ok(if failed > 0 {
        Exit::Findings
    } else {
        Exit::Done
    })
}

fn human(outcome: &Outcome, sources: &Sources) -> String {
    let mark = if outcome.passed() { "ok    " } else { "FAILED" };
    let mut text = format!("{mark} {}  ({})\n", outcome.title, outcome.at);
    for failure in &outcome.failures {
        text.push_str(&format!("    {}\n", message(failure, sources)));
        if let Some((expected, came)) = &failure.texts {
            let diff = TextDiff::from_lines(expected, came);
            for line in diff.unified_diff().context_radius(2).to_string().lines() {
                text.push_str(&format!("      {line}\n"));
            }
        }
    }
    for path in &outcome.accepted {
        text.push_str(&format!("    written: {}\n", path.display()));
    }
    for note in &outcome.notes {
        text.push_str(&format!("    note: {note}\n"));
    }
    text
}

fn message(failure: &Failure, sources: &Sources) -> String {
    let file = sources.file(failure.span.file);
    let line = File::new(&file.name, &file.text).line(failure.span.start);
    format!("{}:{line}: {}", file.name, failure.message)
}

fn told<'a>(outcome: &'a Outcome, sources: &Sources) -> Told<'a> {
    Told {
        title: &outcome.title,
        at: &outcome.at,
        result: if outcome.passed() { "passed" } else { "failed" },
        messages: outcome
            .failures
            .iter()
            .map(|failure| message(failure, sources))
            .collect(),
    }
}

fn junit(name: &str, outcomes: &[Outcome], sources: &Sources) -> Result<(), Exit> {
    let mut report = quick_junit::Report::new(name);
    let mut suite = TestSuite::new(name);
    for outcome in outcomes {
        let status = if outcome.passed() {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let messages: Vec<String> = outcome
                .failures
                .iter()
                .map(|failure| message(failure, sources))
                .collect();
            status.set_message(messages.join("\n"));
            status
        };
        let mut case = TestCase::new(outcome.title.as_str(), status);
        case.set_classname(outcome.at.as_str());
        case.set_time(outcome.took);
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    match report.to_string() {
        Ok(text) => {
            output::print(&text);
            Ok(())
        }
        Err(why) => {
            output::error(&format!("The report cannot be written as JUnit: {why}."));
            Err(Exit::Broken)
        }
    }
}
