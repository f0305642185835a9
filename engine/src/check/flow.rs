//! Flows: schedule, what is read, and the statements that happen to each record, in text order.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, End, ReadMode, StatementKind as Tree, TimeSpan, TimeUnit};
use flowbook_stdlib::types::{Kind, Type};

use super::Checker;
use super::body::Body;
use super::declared::FlowDecl;
use super::walk;
use crate::checked::{self, Expr, ExprKind, Flow, LocalIx, Statement, StatementKind};
use crate::diagnostic::Diagnostic;
use crate::plan::Start;
use crate::plan::connector::{Reading, Resource, ResourceIx};

/// A record that is not ripe is skipped after 30 days, unless the flow says otherwise.
const RIPE_WITHIN_S: u64 = 30 * 86_400;

/// What a flow has said so far.
pub(super) struct Scope<'c, 'a> {
    pub(super) body: Body<'c, 'a>,
    starts: Vec<Start>,
    after: Vec<String>,
    read: Option<Read>,
    /// A `read` was seen, known or not.
    past_read: bool,
    ripe: Option<(u64, Span)>,
    /// Records that steps bind.
    pub(super) bound: Vec<LocalIx>,
    /// `for` statements around.
    pub(super) loops: usize,
}

struct Read {
    record: LocalIx,
    resource: ResourceIx,
    all: bool,
    from: Option<Expr>,
    span: Span,
}

/// Checks a flow; none where what it reads is not known.
pub(super) fn flow(checker: &Checker<'_>, decl: &FlowDecl<'_>) -> Option<Flow> {
    let name = &decl.item.name;
    let mut scope = Scope {
        body: Body::new(checker),
        starts: Vec::new(),
        after: Vec::new(),
        read: None,
        past_read: false,
        ripe: None,
        bound: Vec::new(),
        loops: 0,
    };
    let statements = &decl.item.block.statements;
    let last_gate = gate(statements);
    let mut body = Vec::new();
    let mut told = false;
    for (number, statement) in statements.iter().enumerate() {
        if !scope.past_read && !told && needs_record(&statement.kind) {
            told = statements
                .iter()
                .any(|one| matches!(one.kind, Tree::Read { .. }));
            if told {
                checker.report(
                    Diagnostic::error(
                        "F0452",
                        statement.span,
                        "`read` stands before everything that happens to a record.",
                    )
                    .label("stands before `read`")
                    .help("Move `read … in …` up, behind `every` and `after`."),
                );
            }
        }
        scope.top(statement, &mut body);
        if Some(number) == last_gate {
            for block in &decl.extensions {
                scope.extension(block, &mut body);
            }
        }
    }
    let has_read = statements
        .iter()
        .any(|one| matches!(one.kind, Tree::Read { .. } | Tree::Bad));
    if !has_read {
        checker.report(
            Diagnostic::error(
                "F0450",
                name.span,
                format!("The flow `{}` reads nothing.", name.text),
            )
            .label("no `read`")
            .help("Say which records it carries: `read order in till.orders`."),
        );
    }
    scope.body.unused();
    let read = scope.read?;
    if !walk::any_write(&body) && !statements.iter().any(|one| bad(&one.kind)) {
        checker.report(
            Diagnostic::warning(
                "F0454",
                name.span,
                format!("The flow `{}` writes nothing.", name.text),
            )
            .label("no `create`, `ensure` or `update`")
            .help("Give it a step, or take it out: it would read records and change nothing."),
        );
    }
    Some(Flow {
        name: name.text.clone(),
        doc: decl.doc.clone(),
        starts: scope.starts,
        after: scope.after,
        resource: read.resource,
        record: read.record,
        all: read.all,
        from: read.from,
        ripe_within_s: scope.ripe.map_or(RIPE_WITHIN_S, |(seconds, _)| seconds),
        body,
        locals: scope.body.locals,
        span: decl.span,
    })
}

/// The statement behind which `where`s of `extend flow` stand: the last `where` before the first step, else `read`.
fn gate(statements: &[ast::Statement]) -> Option<usize> {
    let first_write = statements
        .iter()
        .position(|one| writes(&one.kind))
        .unwrap_or(statements.len());
    statements[..first_write]
        .iter()
        .rposition(|one| matches!(one.kind, Tree::Where(_)))
        .or_else(|| {
            statements
                .iter()
                .position(|one| matches!(one.kind, Tree::Read { .. }))
        })
}

fn writes(kind: &Tree) -> bool {
    match kind {
        Tree::Write(_) => true,
        Tree::If(_, block) | Tree::For { block, .. } => {
            block.statements.iter().any(|one| writes(&one.kind))
        }
        _ => false,
    }
}

/// Text that could not be read may have been a step.
fn bad(kind: &Tree) -> bool {
    match kind {
        Tree::Bad => true,
        Tree::Write(_) => true, // a step that was complained about
        Tree::If(_, block) | Tree::For { block, .. } => {
            block.statements.iter().any(|one| bad(&one.kind))
        }
        _ => false,
    }
}

fn needs_record(kind: &Tree) -> bool {
    matches!(
        kind,
        Tree::Where(_)
            | Tree::Let(_)
            | Tree::End { .. }
            | Tree::If(..)
            | Tree::For { .. }
            | Tree::Confirm { .. }
            | Tree::Write(_)
    )
}

/// A span of time in seconds; days of 24 hours.
pub(super) fn seconds(span: &TimeSpan) -> u64 {
    span.count.saturating_mul(match span.unit {
        TimeUnit::Second => 1,
        TimeUnit::Minute => 60,
        TimeUnit::Hour => 3_600,
        TimeUnit::Day => 86_400,
    })
}

impl Scope<'_, '_> {
    pub(super) fn report(&self, finding: Diagnostic) {
        self.body.checker.report(finding);
    }

    pub(super) fn resource(&self, ix: ResourceIx) -> &Resource {
        &self.body.checker.declared.resources[ix as usize]
    }

    /// `books.customers`
    pub(super) fn resource_name(&self, ix: ResourceIx) -> String {
        walk::resource_name(self.body.checker.declared, ix)
    }

    /// A statement of the flow's own block.
    fn top(&mut self, statement: &ast::Statement, into: &mut Vec<Statement>) {
        match &statement.kind {
            Tree::Every(span) => {
                let seconds = self.some_time(span, "every");
                self.starts.extend(seconds.map(Start::Every));
            }
            Tree::EveryDay(at) => {
                let minute = self.minute(at.as_ref(), statement.span);
                self.starts.extend(minute.map(Start::Daily));
            }
            Tree::OnEvent(_) => self.report(
                Diagnostic::error("F0456", statement.span, "`on event` is not carried out yet.")
                    .label("not carried out")
                    .help("Read often instead: `every 5 min`. Events would only make it sooner, never more complete."),
            ),
            Tree::After(names) => self.after(names),
            Tree::Prefer(_) => self.report(
                Diagnostic::error("F0457", statement.span, "`prefer` is not carried out yet.")
                    .label("not carried out")
                    .help("Let a setting choose one direction, and `skip` in the flow of the other."),
            ),
            Tree::Wait(span) => {
                let Some(seconds) = self.some_time(span, "wait") else {
                    return;
                };
                match self.ripe {
                    Some((_, first)) => self.report(
                        Diagnostic::error("F0462", statement.span, "The flow says twice how long records may wait.")
                            .label("a second time")
                            .related(first, "the first time")
                            .help("Keep one of them."),
                    ),
                    None => self.ripe = Some((seconds, statement.span)),
                }
            }
            Tree::Read { name, from, mode } => self.read(name, from, mode, statement.span),
            Tree::Where(condition) => self.gate(condition, statement.span, into),
            _ => self.statement(statement, into),
        }
    }

    fn gate(&mut self, condition: &ast::Expr, span: Span, into: &mut Vec<Statement>) {
        let value = self.body.condition(condition);
        self.body.assume(condition, true);
        into.push(Statement {
            kind: StatementKind::Where(value),
            span,
        });
    }

    fn some_time(&mut self, span: &TimeSpan, word: &str) -> Option<u64> {
        let seconds = seconds(span);
        if seconds == 0 {
            self.report(
                Diagnostic::error(
                    "F0463",
                    span.span,
                    format!("`{word}` needs a time that is longer than nothing."),
                )
                .label("no time at all")
                .help(format!("Write, for example, `{word} 15 min`.")),
            );
            return None;
        }
        Some(seconds)
    }

    fn minute(&self, at: Option<&ast::Literal>, span: Span) -> Option<u16> {
        let Some(literal) = at else { return Some(0) };
        let time = match literal {
            ast::Literal::Time(text) => text.parse::<jiff::civil::Time>().ok(),
            _ => None,
        };
        let Some(time) = time else {
            self.report(
                Diagnostic::error("F0463", span, "This is no time of day.")
                    .label("hours from 00 to 23, minutes from 00 to 59")
                    .help("Write, for example, `every day at 04:00`."),
            );
            return None;
        };
        Some(u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs()))
    }

    fn after(&mut self, names: &[ast::Word]) {
        let flows = &self.body.checker.declared.flows;
        let bad = &self.body.checker.declared.bad;
        for name in names {
            if flows.contains_key(&name.text) {
                if !self.after.contains(&name.text) {
                    self.after.push(name.text.clone());
                }
            } else if !bad.contains(&name.text) {
                self.report(
                    Diagnostic::error(
                        "F0464",
                        name.span,
                        format!("There is no flow `{}`.", name.text),
                    )
                    .label("no such flow")
                    .maybe_help(super::suggest::help(
                        &name.text,
                        flows.keys().map(String::as_str),
                        "Flows",
                    )),
                );
            }
        }
    }

    fn read(&mut self, name: &ast::Word, path: &ast::Path, mode: &ReadMode, span: Span) {
        if let Some(first) = &self.read {
            self.report(
                Diagnostic::error("F0451", span, "A flow reads one resource, and this one reads two.")
                    .label("a second `read`")
                    .related(first.span, "the first one")
                    .help("Look the other record up: `let x = books.customers[Id = …]`, or write a second flow."),
            );
            return;
        }
        self.past_read = true;
        let from = match mode {
            ReadMode::New(Some(from)) => Some(self.start(from)),
            _ => None,
        };
        if let ReadMode::Gone = mode {
            self.report(
                Diagnostic::error(
                    "F0455",
                    span,
                    "Reading what is `gone` is not carried out yet.",
                )
                .label("not carried out")
                .help("Put such records to rest by hand for now, and take the flow out."),
            );
        }
        let Some(resource) = self.body.resource(path) else {
            self.body.bind(name, super::unknown());
            return;
        };
        let of = self.resource(resource);
        let shown = self.resource_name(resource);
        let ty = Type::new(Kind::Record(of.shape.clone()));
        let finding = match (&of.reading, of.one.is_some(), of.parent) {
            (_, true, _) => Some(format!(
                "`{shown}` is a single record; a flow reads a list."
            )),
            (_, _, Some(_)) => Some(format!(
                "`{shown}` belongs to another record and is not read by itself."
            )),
            (Reading::Unsaid, ..) => Some(format!(
                "The connector does not say how changes of `{shown}` are found, so a flow cannot read it."
            )),
            _ if of.list.is_none() => Some(format!("`{shown}` cannot be listed.")),
            _ => None,
        };
        let dated = matches!(
            of.reading,
            Reading::Changed { .. } | Reading::Growing { .. }
        );
        match finding {
            Some(message) => {
                let readable: Vec<String> = readable(self.body.checker, of.system);
                let help = if readable.is_empty() {
                    "Say so in the connector: `changed FIELD`, `growing FIELD`, or `whole`."
                        .to_owned()
                } else {
                    format!("A flow can read: {}.", readable.join(", "))
                };
                self.report(
                    Diagnostic::error("F0459", path.span, message)
                        .label("cannot be read by a flow")
                        .help(help),
                );
            }
            None => {
                if let (Some(from), false) = (&from, dated) {
                    self.report(
                        Diagnostic::error(
                            "F0461",
                            from.span,
                            format!("`{shown}` has no date that `from` could begin at: it is read whole."),
                        )
                        .label("a date is of no use here")
                        .help("Filter by a field of the record: `where record.date >= …`."),
                    );
                }
            }
        }
        let record = self.body.bind(name, ty);
        self.body.comes_from(record, resource);
        self.read = Some(Read {
            record,
            resource,
            all: matches!(mode, ReadMode::All),
            from,
            span,
        });
    }

    /// Where the first run starts: a date that is there, a constant or a setting.
    fn start(&mut self, from: &ast::Expr) -> Expr {
        let value = self.body.expr(from, Some(&Type::new(Kind::Date)));
        let error = |message: &str, label: &str, help: &str| {
            Diagnostic::error("F0460", from.span, message)
                .label(label)
                .help(help)
        };
        if !matches!(
            value.ty.kind,
            Kind::Date | Kind::DateTime | Kind::Unknown | Kind::Never
        ) {
            self.report(error(
                &format!("`from` needs a date, and this is {}.", value.ty),
                "no date",
                "Name a setting: `setting orders_since: date`.",
            ));
        } else if value.ty.optional && value.ty.kind != Kind::Unknown {
            self.report(error(
                "`from` needs a date that is there: without one, years of records would be carried over.",
                "may be absent",
                "Take the `?` from the setting's type: `validate` then asks for the date before the first run.",
            ));
        } else if !matches!(value.kind, ExprKind::Const(_) | ExprKind::Setting(_)) {
            self.report(error(
                "`from` is read before any record is there: it takes a date or a setting, nothing that is computed.",
                "is computed",
                "Name a setting: `setting orders_since: date`.",
            ));
        }
        value
    }

    /// `extend flow`: its `where`s; anything else is reported where it is declared.
    fn extension(&mut self, block: &ast::Block, into: &mut Vec<Statement>) {
        for statement in &block.statements {
            if let Tree::Where(condition) = &statement.kind {
                self.gate(condition, statement.span, into);
            }
        }
    }

    fn block(&mut self, block: &ast::Block) -> Vec<Statement> {
        let mut into = Vec::with_capacity(block.statements.len());
        for statement in &block.statements {
            self.statement(statement, &mut into);
        }
        into
    }

    /// A statement that happens to a record.
    fn statement(&mut self, statement: &ast::Statement, into: &mut Vec<Statement>) {
        let kind = match &statement.kind {
            Tree::Let(let_) => {
                let (local, value) = self.body.data(let_);
                StatementKind::Let(local, value)
            }
            Tree::End { end, text, when } => {
                let text = self.body.reason(text);
                let condition = self.body.condition(when);
                self.body.assume(when, false);
                StatementKind::End(*end, text, condition)
            }
            Tree::If(condition, block) => {
                let when = self.body.condition(condition);
                let mark = self.body.enter();
                self.body.assume(condition, true);
                let inner = self.block(block);
                for local in self.body.leave(mark) {
                    self.body.optional_from(local);
                }
                StatementKind::If(when, inner)
            }
            Tree::For {
                item,
                counter,
                list,
                block,
            } => {
                let (list, ty) = self.body.gone_through(list);
                let mark = self.body.enter();
                let item = self.body.bind(item, ty);
                if let Some(resource) = self.body.items_come_from(&list) {
                    self.body.comes_from(item, resource);
                }
                let counter = counter
                    .as_ref()
                    .map(|word| self.body.bind(word, Type::new(Kind::Int)));
                self.loops += 1;
                let inner = self.block(block);
                self.loops -= 1;
                self.body.leave(mark);
                StatementKind::For {
                    item,
                    counter,
                    list,
                    body: inner,
                }
            }
            Tree::Confirm {
                left,
                right,
                within,
            } => self.confirm(left, right, within.as_ref(), statement.span),
            Tree::Write(write) => match self.write(write, statement.span) {
                Some(write) => StatementKind::Write(Box::new(write)),
                None => return,
            },
            Tree::Where(_) => {
                self.report(
                    Diagnostic::error(
                        "F0467",
                        statement.span,
                        "`where` stands directly in the flow, not in a block.",
                    )
                    .label("in a block")
                    .help("Write the block's condition into it: `where not a or b`."),
                );
                return;
            }
            Tree::Bad => return,
            _ => {
                self.report(
                    Diagnostic::error(
                        "F0453",
                        statement.span,
                        "This stands at the head of the flow, not in a block.",
                    )
                    .label("in a block")
                    .help("Move it out of the braces: it holds for the whole flow."),
                );
                return;
            }
        };
        into.push(Statement {
            kind,
            span: statement.span,
        });
    }
}

/// Resources of a system that flows can read.
fn readable(checker: &Checker<'_>, system: u32) -> Vec<String> {
    checker
        .declared
        .resources
        .iter()
        .zip(0..)
        .filter(|(one, _)| {
            one.system == system
                && one.parent.is_none()
                && one.list.is_some()
                && one.reading != Reading::Unsaid
        })
        .map(|(_, ix)| format!("`{}`", walk::resource_name(checker.declared, ix)))
        .collect()
}

/// Whether an end needs a value that is known before the first write.
pub(super) fn is_gate(end: End) -> bool {
    matches!(end, End::Skip | End::Wait)
}

/// The flows of a flowbook in the order in which they run.
pub(super) fn flows(
    checker: &Checker<'_>,
    maps: &[checked::Map],
    tables: &[checked::Table],
) -> Vec<Flow> {
    let flows: Vec<Flow> = checker
        .declared
        .flows
        .values()
        .filter_map(|decl| flow(checker, decl))
        .collect();
    super::order::ordered(checker, flows, maps, tables)
}
