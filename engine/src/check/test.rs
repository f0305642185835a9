//! `test` items: settings, given records, and what is expected of the flows.

use std::path::PathBuf;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, TestKind};
use flowbook_stdlib::types::{Kind, Type};

use super::body::Body;
use super::{Checker, Name, constant, suggest};
use crate::checked::{Expectation, Flow, RecordEnd, Test};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::ResourceIx;

/// Checks a test; `flows` stand in the order of the book.
pub(super) fn test(checker: &Checker<'_>, item: &ast::Test, flows: &[Flow]) -> Test {
    let mut testing = Testing {
        body: Body::new(checker),
        flows,
        out: Test {
            title: item.title.text.clone(),
            settings: Vec::new(),
            now: None,
            given: Vec::new(),
            given_values: Vec::new(),
            lost: Vec::new(),
            expect: Vec::new(),
            locals: Vec::new(),
            span: item.title.span.to(item.span),
        },
        given: Vec::new(),
    };
    for statement in &item.statements {
        testing.statement(statement);
    }
    let unread = item
        .statements
        .iter()
        .any(|one| matches!(one.kind, TestKind::Bad));
    let expects = item.statements.iter().any(|one| {
        matches!(
            one.kind,
            TestKind::Matches(..)
                | TestKind::Count { .. }
                | TestKind::Has(..)
                | TestKind::NothingNew(_)
                | TestKind::Holds(_)
        )
    });
    if !expects && !unread {
        checker.report(
            Diagnostic::warning(
                "F0576",
                item.title.span,
                "The test expects nothing, so it can never fail.",
            )
            .label("no `expect`")
            .help("Say what must come of it: `expect orders done 1`."),
        );
    }
    testing.out.locals = testing.body.locals;
    testing.out
}

struct Testing<'c, 'a, 'f> {
    body: Body<'c, 'a>,
    flows: &'f [Flow],
    out: Test,
    given: Vec<(ResourceIx, Span)>,
}

impl Testing<'_, '_, '_> {
    fn report(&self, finding: Diagnostic) {
        self.body.checker.report(finding);
    }

    fn statement(&mut self, statement: &ast::TestStatement) {
        let span = statement.span;
        match &statement.kind {
            TestKind::Set(set) => self.set(set),
            TestKind::Now(literal, at) => self.now(literal, *at),
            TestKind::GivenFrom(path, file) => {
                let resource = self.given(path, span);
                if self.there(file, true)
                    && let Some(resource) = resource
                {
                    self.out
                        .given
                        .push((resource, PathBuf::from(&file.text), file.span));
                }
            }
            TestKind::GivenValue(path, value) => {
                let Some(resource) = self.given(path, span) else {
                    self.body.expr(value, None);
                    return;
                };
                let of = &self.body.checker.declared.resources[resource as usize];
                let record = Type::new(Kind::Record(of.shape.clone()));
                let ty = if of.one.is_some() {
                    record
                } else {
                    Type::new(Kind::List(Box::new(record)))
                };
                let place = format!("the records of {}", self.body.checker.text(path.span));
                let value = self.body.fitted(value, &ty, &place);
                let value = self.body.shaped(value, &ty);
                self.out.given_values.push((resource, value));
            }
            TestKind::Answers(path, word) => {
                let resource = self.body.resource(path);
                if word.text != "lost" {
                    self.report(
                        Diagnostic::error("F0575", word.span, format!("Answers of a resource can be `lost`, and nothing else; “{}” is not known.", word.text))
                            .label("not known")
                            .help("Write `given books.invoice_drafts answers lost`."),
                    );
                } else if let Some(resource) = resource {
                    self.out.lost.push(resource);
                }
            }
            TestKind::Matches(path, file) => {
                let flow = self.flow(path.words.first(), path.span);
                // The file is written by `flowbook test --accept`, so it may be missing.
                if self.there(file, false)
                    && let Some(flow) = flow
                {
                    self.expect(Expectation::Matches(flow, PathBuf::from(&file.text)), span);
                }
            }
            TestKind::Count {
                flow,
                end,
                count,
                reason,
            } => {
                let ix = self.flow(Some(flow), flow.span);
                let end = self.end(end);
                if let (Some(flow), Some(end)) = (ix, end) {
                    let reason = reason.as_ref().map(|reason| reason.text.clone());
                    self.expect(
                        Expectation::Count {
                            flow,
                            end,
                            count: *count,
                            reason,
                        },
                        span,
                    );
                }
            }
            TestKind::Has(path, count) => {
                if let Some(resource) = self.body.resource(path) {
                    self.expect(Expectation::Has(resource, *count), span);
                }
            }
            TestKind::NothingNew(path) => self.nothing_new(path, span),
            TestKind::Holds(condition) => {
                let condition = self.body.condition(condition);
                self.expect(Expectation::Holds(condition), span);
            }
            TestKind::Bad => {}
        }
    }

    fn expect(&mut self, expectation: Expectation, span: Span) {
        self.out.expect.push((expectation, span));
    }

    fn set(&mut self, set: &ast::Set) {
        let settings = &self.body.checker.declared.settings;
        let Some((ix, _, setting)) = settings.get_full(&set.name.text) else {
            if !self.body.checker.declared.bad.contains(&set.name.text) {
                self.report(
                    Diagnostic::error(
                        "F0570",
                        set.name.span,
                        format!("There is no setting `{}`.", set.name.text),
                    )
                    .label("no such setting")
                    .maybe_help(suggest::help(
                        &set.name.text,
                        settings.keys().map(String::as_str),
                        "Settings",
                    )),
                );
            }
            return;
        };
        let ix = ix as u32;
        self.body.checker.uses(Name::Setting(set.name.text.clone()));
        if self.out.settings.iter().any(|(known, _)| *known == ix) {
            self.report(
                Diagnostic::error(
                    "F0571",
                    set.name.span,
                    format!("The test sets `{}` twice.", set.name.text),
                )
                .label("a second time")
                .help("Keep one of the two; a second case is a second test."),
            );
            return;
        }
        match constant::of_expr(&set.value, &setting.ty) {
            Ok(value) => self.out.settings.push((ix, value)),
            Err(unfit) => self.report(
                Diagnostic::error(
                    "F0572",
                    unfit.span,
                    format!(
                        "The setting `{}` cannot have this value: {}",
                        set.name.text, unfit.message
                    ),
                )
                .label(format!("`{}` is {}", set.name.text, setting.ty))
                .maybe_help(unfit.help.clone()),
            ),
        }
    }

    fn now(&mut self, literal: &ast::Literal, span: Span) {
        let instant = match literal {
            ast::Literal::DateTime(text) => text.parse().ok(),
            _ => None,
        };
        match (instant, self.out.now) {
            (None, _) => self.report(
                Diagnostic::error("F0573", span, "`given now` takes an instant.")
                    .label("no instant")
                    .help("Write day, time and zone: `given now 2026-03-02T09:00:00Z`."),
            ),
            (Some(_), Some(_)) => self.report(
                Diagnostic::error("F0571", span, "The test says twice what time it is.")
                    .label("a second time")
                    .help("Keep one of the two."),
            ),
            (instant, None) => self.out.now = instant,
        }
    }

    /// A resource that records are given of; each once.
    fn given(&mut self, path: &ast::Path, span: Span) -> Option<ResourceIx> {
        let resource = self.body.resource(path)?;
        if let Some((_, first)) = self.given.iter().find(|(known, _)| *known == resource) {
            let first = *first;
            self.report(
                Diagnostic::error(
                    "F0571",
                    span,
                    format!(
                        "The records of `{}` are given twice.",
                        self.body.checker.text(path.span)
                    ),
                )
                .label("a second time")
                .related(first, "the first time")
                .help("Put all records into one file or list."),
            );
            return None;
        }
        self.given.push((resource, span));
        Some(resource)
    }

    /// Whether a file lies inside the flowbook's folder, and is there if it must be.
    fn there(&self, file: &ast::Str, needed: bool) -> bool {
        let finding = match self.body.checker.sources.beside(file.span.file, &file.text) {
            Ok(Some(_)) => return true,
            Ok(None) if !needed => return true,
            Ok(None) => Diagnostic::error(
                "F0574",
                file.span,
                format!("There is no file “{}” beside this one.", file.text),
            )
            .label("not found")
            .help("The path begins at this file's folder: “fixtures/order.json”."),
            Err(refusal) => Diagnostic::error("F0574", file.span, refusal.message)
                .label("named here")
                .maybe_help(refusal.help),
        };
        self.report(finding);
        false
    }

    fn flow(&self, word: Option<&ast::Word>, span: Span) -> Option<u32> {
        let name = &word?.text;
        let declared = self.body.checker.declared;
        if let Some(ix) = self.flows.iter().position(|flow| flow.name == *name) {
            return Some(ix as u32);
        }
        // A flow that was complained about is known all the same.
        if !declared.flows.contains_key(name) && !declared.bad.contains(name) {
            self.report(
                Diagnostic::error("F0577", span, format!("There is no flow `{name}`."))
                    .label("no such flow")
                    .maybe_help(suggest::help(
                        name,
                        declared.flows.keys().map(String::as_str),
                        "Flows",
                    )),
            );
        }
        None
    }

    fn end(&self, word: &ast::Word) -> Option<RecordEnd> {
        Some(match word.text.as_str() {
            "done" => RecordEnd::Done,
            "waiting" => RecordEnd::Waiting,
            "skipped" => RecordEnd::Skipped,
            "failed" => RecordEnd::Failed,
            other => {
                self.report(
                    Diagnostic::error(
                        "F0578",
                        word.span,
                        format!("“{other}” is no end of a record."),
                    )
                    .label("done, waiting, skipped or failed")
                    .maybe_help(suggest::help(
                        other,
                        ["done", "waiting", "skipped", "failed"],
                        "Ends",
                    )),
                );
                return None;
            }
        })
    }

    /// `expect books has nothing new`
    fn nothing_new(&mut self, path: &ast::Path, span: Span) {
        let systems = &self.body.checker.declared.systems;
        let found = match path.words.as_slice() {
            [word] => systems.iter().position(|system| system.name == word.text),
            _ => None,
        };
        match found {
            Some(system) => self.expect(Expectation::NothingNew(system as u32), span),
            None => self.report(
                Diagnostic::error(
                    "F0579",
                    path.span,
                    format!("“{}” is no system of this flowbook.", self.body.checker.text(path.span)),
                )
                .label("a system is expected")
                .help("Name the system: `expect books has nothing new`; of one resource, count: `expect books.orders has 0`."),
            ),
        }
    }
}
