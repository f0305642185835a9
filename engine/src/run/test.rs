//! Runs `test` items: systems in memory, given records, flows run on them, and what came of it compared with what is expected.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use flowbook_grammar::Span;
use flowbook_stdlib::types::{Form, Kind, Type};
use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire;

use super::report::{RecordReport, Report};
use super::{Options, Progress, map, ops, run};
use crate::checked::{Book, Expectation, Expr, ExprKind, Local, Map, RecordEnd, Test};
use crate::connect::MemorySystems;
use crate::lower::lower;
use crate::plan::{MapEntry, Plan};
use crate::sources::Sources;
use crate::store::End;
use crate::store::memory::MemoryStore;
use crate::time::Hasty;

/// What came of a test.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its title.
    pub title: String,
    /// Where it stands: `tests.flow:4`.
    pub at: String,
    /// What was not as expected; empty for a test that passed.
    pub failures: Vec<Failure>,
    /// Snapshot files that were written.
    pub accepted: Vec<PathBuf>,
    /// What should be known besides.
    pub notes: Vec<String>,
    /// What became of each record of each run, field by field.
    pub told: String,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// Everything was as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// What was not as expected.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Whole sentences.
    pub message: String,
    /// The expectation.
    pub span: Span,
    /// Of a snapshot: what is expected and what came out.
    pub texts: Option<(String, String)>,
}

/// Runs one test. With `accept`, snapshots that differ are written instead of failing.
pub async fn run_test(book: &Book, sources: &Sources, test: &Test, accept: bool) -> Outcome {
    let began = Instant::now();
    let mut outcome = Outcome {
        title: test.title.clone(),
        at: at(sources, test.span),
        failures: Vec::new(),
        accepted: Vec::new(),
        notes: Vec::new(),
        told: String::new(),
        took: Duration::ZERO,
    };
    match Bench::new(book, sources, test) {
        Ok(mut bench) => {
            for (expectation, span) in &test.expect {
                if let Err(failure) = bench.expect(expectation, *span, accept).await {
                    outcome.failures.push(failure);
                }
            }
            outcome.accepted = bench.accepted;
            outcome.notes = bench.notes;
            outcome.told = bench.told;
        }
        Err(failures) => outcome.failures = failures,
    }
    outcome.took = began.elapsed();
    outcome
}

fn at(sources: &Sources, span: Span) -> String {
    let file = sources.file(span.file);
    format!(
        "{}:{}",
        file.name,
        crate::plan::File::new(&file.name, &file.text).line(span.start)
    )
}

/// What a test runs on.
struct Bench<'t> {
    sources: &'t Sources,
    plan: Plan,
    systems: MemorySystems,
    store: Arc<Mutex<MemoryStore>>,
    options: Options,
    accepted: Vec<PathBuf>,
    notes: Vec<String>,
    told: String,
}

/// The records of a run, as they ended.
#[derive(Default)]
struct Heard(Mutex<Vec<RecordReport>>);

impl Progress for Heard {
    fn record(&self, _: &str, record: &RecordReport) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        records.push(record.clone());
    }

    fn wants_changes(&self) -> bool {
        true
    }
}

impl<'t> Bench<'t> {
    fn new(book: &Book, sources: &'t Sources, test: &Test) -> Result<Bench<'t>, Vec<Failure>> {
        let plan = plan(book, sources, test)?;
        let systems = MemorySystems::new(plan.systems.clone(), plan.resources.clone());
        let fails = |span, message: String| {
            vec![Failure {
                message,
                span,
                texts: None,
            }]
        };
        for (resource, path, span) in &test.given {
            let path = resolved(sources, *span, path);
            let text = std::fs::read_to_string(&path).map_err(|error| {
                fails(
                    *span,
                    format!("{} cannot be read: {error}.", path.display()),
                )
            })?;
            systems
                .give(*resource, &text, &path.display().to_string())
                .map_err(|trouble| fails(*span, trouble.message))?;
        }
        for resource in &test.lost {
            systems.lose_answers(*resource);
        }
        let options = Options {
            now: test.now,
            writes_at_once: 1,
            clock: Arc::new(Hasty::default()),
            ..Options::default()
        };
        let mut bench = Bench {
            sources,
            plan,
            systems,
            store: Arc::default(),
            options,
            accepted: Vec::new(),
            notes: Vec::new(),
            told: String::new(),
        };
        for (number, (resource, expr)) in test.given_values.iter().enumerate() {
            let name = given_name(number);
            bench
                .give(&name, *resource, expr)
                .map_err(|message| fails(expr.span, message))?;
        }
        Ok(bench)
    }

    /// `given R = [ … ]`
    fn give(&mut self, name: &str, resource: u32, expr: &Expr) -> Result<(), String> {
        let entry = entry(&self.plan, name)?;
        let value = futures_util::FutureExt::now_or_never(map::value_of(
            &self.plan,
            entry,
            &self.systems,
            &self.options,
        ))
        .ok_or("It waits for an answer.")?
        .map_err(|ended| ended.message)?;
        let json =
            wire::encode(&value, &expr.ty, Form::Plain).map_err(|why| format!("It {why}."))?;
        self.systems
            .give(resource, &json, "the test")
            .map_err(|trouble| trouble.message)
    }

    async fn expect(
        &mut self,
        expectation: &Expectation,
        span: Span,
        accept: bool,
    ) -> Result<(), Failure> {
        let fails = |message: String| Failure {
            message,
            span,
            texts: None,
        };
        match expectation {
            Expectation::Matches(flow, path) => {
                let (_, records) = self.run(*flow).await.map_err(fails)?;
                self.matches(&records, path, *flow, span, accept)
            }
            Expectation::Count {
                flow,
                end,
                count,
                reason,
            } => {
                let (report, records) = self.run(*flow).await.map_err(fails)?;
                counted(&report, &records, *end, *count, reason.as_deref()).map_err(fails)
            }
            Expectation::Has(resource, count) => {
                let records = self
                    .systems
                    .records(*resource)
                    .map_err(|trouble| fails(trouble.message))?;
                if records.len() as u64 == *count {
                    return Ok(());
                }
                Err(fails(format!(
                    "{} has {}, not {count}.",
                    super::resource_name(&self.plan, *resource),
                    records.len()
                )))
            }
            Expectation::NothingNew(system) => self.nothing_new(*system).map_err(fails),
            Expectation::Holds(_) => self.holds(span).await.map_err(fails),
        }
    }

    async fn run(&mut self, flow: u32) -> Result<(Report, Vec<RecordReport>), String> {
        let flow = &self.plan.flows[flow as usize];
        let options = Options {
            flows: vec![flow.name.clone()],
            ..self.options.clone()
        };
        let heard = Heard::default();
        let report = run(
            &self.plan,
            &self.systems,
            self.store.clone(),
            &options,
            &heard,
        )
        .await;
        if let Some(stopped) = &report.stopped {
            return Err(stopped.message.clone());
        }
        let records = heard.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let told: String = records
            .iter()
            .map(|record| record.diff(&flow.name))
            .collect();
        let told = self.named(told);
        self.told.push_str(&told);
        for record in &records {
            for note in &record.notes {
                self.notes.push(format!("{}: {note}", record.key));
            }
        }
        Ok((report, records))
    }

    fn matches(
        &mut self,
        records: &[RecordReport],
        path: &Path,
        flow: u32,
        span: Span,
        accept: bool,
    ) -> Result<(), Failure> {
        let name = &self.plan.flows[flow as usize].name;
        let told: String = records.iter().map(|record| record.diff(name)).collect();
        let told = self.named(told);
        let path = resolved(self.sources, span, path);
        let fails = |message: String| Failure {
            message,
            span,
            texts: None,
        };
        let expected = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text.replace("\r\n", "\n")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(fails(format!(
                    "{} cannot be read: {error}.",
                    path.display()
                )));
            }
        };
        if expected.as_deref().map(str::trim_end) == Some(told.trim_end()) {
            return Ok(());
        }
        if accept {
            let folder = path.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&path, &told))
                .map_err(|error| {
                    fails(format!("{} cannot be written: {error}.", path.display()))
                })?;
            self.accepted.push(path);
            return Ok(());
        }
        let message = match &expected {
            Some(_) => format!(
                "{name} does something else than {} says. If that is meant, accept it: `flowbook test --accept`.",
                path.display()
            ),
            None => format!(
                "{} is not there yet. Read what {name} does; if that is right, accept it: `flowbook test --accept`.",
                path.display()
            ),
        };
        Err(Failure {
            message,
            span,
            texts: Some((expected.unwrap_or_default(), told)),
        })
    }

    /// Created records by their names instead of their keys.
    fn named(&self, mut text: String) -> String {
        for (ix, resource) in (0..).zip(&self.plan.resources) {
            let Some(key) = resource.key else { continue };
            for record in self.systems.records(ix).unwrap_or_default() {
                let key = super::cache::at(&record, &[key]);
                let name = self.systems.name(key);
                let key = ops::in_text(key);
                if name != key && key.len() >= 8 {
                    text = text.replace(&key, &name);
                }
            }
        }
        text
    }

    fn nothing_new(&self, system: u32) -> Result<(), String> {
        let name = &self.plan.systems[system as usize].name;
        let written: BTreeMap<String, usize> = self
            .systems
            .effects()
            .into_iter()
            .filter(|effect| effect.resource.split('.').next() == Some(name.as_str()))
            .fold(BTreeMap::new(), |mut written, effect| {
                *written
                    .entry(format!("{} ({})", effect.resource, effect.verb))
                    .or_default() += 1;
                written
            });
        if written.is_empty() {
            return Ok(());
        }
        let written: Vec<String> = written
            .into_iter()
            .map(|(what, count)| format!("{count} × {what}"))
            .collect();
        Err(format!("{name} was written to: {}.", written.join(", ")))
    }

    async fn holds(&self, span: Span) -> Result<(), String> {
        let entry = entry(&self.plan, &expect_name(span))?;
        let value = map::value_of(&self.plan, entry, &self.systems, &self.options).await;
        match value {
            Ok(Value::Bool(true)) => Ok(()),
            Ok(Value::Bool(false) | Value::None) => {
                let text = self.sources.text(span);
                let text = text.strip_prefix("expect").unwrap_or(text).trim_start();
                let sides = self.sides(span).await;
                Err(format!("This does not hold: {text}{sides}"))
            }
            Ok(other) => Err(format!("This gives {}.", ops::in_message(&other))),
            Err(ended) => Err(ended.message),
        }
    }
}

impl Bench<'_> {
    /// What both sides of a comparison are, a line each.
    async fn sides(&self, span: Span) -> String {
        let mut told = String::new();
        for side in ["left", "right"] {
            let Ok(entry) = entry(&self.plan, &side_name(span, side)) else {
                continue;
            };
            let value = map::value_of(&self.plan, entry, &self.systems, &self.options).await;
            if let Ok(value) = value {
                told.push_str(&format!("\n  {side}: {}", ops::in_message(&value)));
            }
        }
        told
    }
}

fn counted(
    report: &Report,
    records: &[RecordReport],
    end: RecordEnd,
    count: u64,
    reason: Option<&str>,
) -> Result<(), String> {
    let flow = &report.flows[0];
    let (end, counted) = match end {
        RecordEnd::Done => (End::Done, flow.done),
        RecordEnd::Waiting => (End::Waiting, flow.waiting),
        RecordEnd::Skipped => (End::Skipped, flow.skipped),
        RecordEnd::Failed => (End::Failed, flow.failed),
    };
    let mut why = String::new();
    for record in records {
        why.push_str(&format!("\n  {} {}", record.key, record.end.word()));
        if let Some(reason) = &record.reason {
            why.push_str(&format!(": {reason}"));
        }
    }
    if counted != count {
        return Err(format!(
            "{} ended with {counted} {}, not {count}.{why}",
            flow.flow,
            end.word()
        ));
    }
    let Some(wanted) = reason else { return Ok(()) };
    let others: Vec<&RecordReport> = records
        .iter()
        .filter(|record| record.end == end)
        .filter(|record| {
            !record
                .reason
                .as_deref()
                .is_some_and(|reason| reason.contains(wanted))
        })
        .collect();
    match others.first() {
        None => Ok(()),
        Some(other) => Err(format!(
            "{} is {} for another reason than “{wanted}”: {}.",
            other.key,
            end.word(),
            other.reason.as_deref().unwrap_or("none is said")
        )),
    }
}

/// A path of a test as it can be opened: beside the flow file that names it.
fn resolved(sources: &Sources, span: Span, path: &Path) -> PathBuf {
    let folder = sources
        .file(span.file)
        .path
        .as_deref()
        .and_then(Path::parent)
        .or(sources.folder.as_deref());
    match folder {
        Some(folder) if path.is_relative() && !path.starts_with(folder) => folder.join(path),
        _ => path.to_owned(),
    }
}

fn given_name(number: usize) -> String {
    format!("given {number}")
}

fn expect_name(span: Span) -> String {
    format!("expect {}:{}", span.file.0, span.start)
}

fn side_name(span: Span, side: &str) -> String {
    format!("{} {side}", expect_name(span))
}

fn entry<'p>(plan: &'p Plan, name: &str) -> Result<&'p MapEntry, String> {
    plan.maps
        .iter()
        .find(|map| map.name == name)
        .ok_or_else(|| format!("The plan lacks “{name}”."))
}

/// The plan with the test's settings. Its expressions become maps of a parameter that they do not use.
fn plan(book: &Book, sources: &Sources, test: &Test) -> Result<Plan, Vec<Failure>> {
    let mut book = book.clone();
    let mut locals = test.locals.clone();
    let nothing = locals.len() as u32;
    locals.push(Local {
        name: String::new(),
        ty: Type::new(Kind::Nothing).optional(),
        span: test.span,
    });
    let mut add = |name: String, body: &Expr| {
        book.maps.push(Map {
            name,
            doc: String::new(),
            params: vec![nothing],
            body: body.clone(),
            locals: locals.clone(),
            span: body.span,
        });
    };
    for (number, (_, expr)) in test.given_values.iter().enumerate() {
        add(given_name(number), expr);
    }
    for (expectation, span) in &test.expect {
        if let Expectation::Holds(expr) = expectation {
            add(expect_name(*span), expr);
            if let ExprKind::Compare(_, left, right) = &expr.kind {
                add(side_name(*span, "left"), left);
                add(side_name(*span, "right"), right);
            }
        }
    }
    let runs = test.expect.iter().any(|(expectation, _)| {
        matches!(
            expectation,
            Expectation::Matches(..) | Expectation::Count { .. }
        )
    });
    if !runs {
        // What only flows need, a test that runs none need not set.
        book.flows.clear();
        for setting in &mut book.settings {
            if setting.value.is_none() {
                setting.ty.optional = true;
            }
        }
    }
    let settings: Vec<(String, Value)> = test
        .settings
        .iter()
        .filter_map(|(ix, value)| {
            let setting = book.settings.get(*ix as usize)?;
            Some((setting.name.clone(), value.clone()))
        })
        .collect();
    lower(&book, sources, &settings).map_err(|missing| {
        missing
            .iter()
            .map(|missing| Failure {
                message: missing.to_string(),
                span: test.span,
                texts: None,
            })
            .collect()
    })
}
