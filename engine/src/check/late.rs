//! What must be known before the first write: a `skip`, `wait` or `where` may not depend on what a step of the same record will be answered.
//!
//! The worst case of the rules of decision 4: no key is found yet. Then the fields that a step writes and those with a default are known, every
//! other field of its record is late; a lookup into a resource that an earlier step writes is late. A map has the ends of its body.

use std::rc::Rc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{End, Verb};
use rustc_hash::{FxHashMap, FxHashSet};

use super::flow::is_gate;
use super::{Checker, twice, walk};
use crate::checked::{
    Arg, Element, Expr, ExprKind, Flow, LocalIx, Map, Statement, StatementKind, Table, To, Write,
};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::ResourceIx;

/// The step whose answer something depends on.
#[derive(Debug, Clone)]
struct Cause {
    name: Rc<str>,
    span: Span,
}

/// What is known of a value before the first write.
#[derive(Debug, Clone)]
enum Known {
    /// All of it.
    Whole,
    /// Of a record, the fields at these paths and what lies below them.
    Fields(Rc<Vec<Vec<u16>>>, Cause),
    /// Nothing.
    Late(Cause),
}

impl Known {
    /// What keeps it from being known, as a condition.
    fn late(&self) -> Option<&Cause> {
        match self {
            Known::Whole => None,
            Known::Fields(_, cause) | Known::Late(cause) => Some(cause),
        }
    }

    /// What keeps its presence from being known: a step's record is there whatever its fields are.
    fn absence(&self) -> Option<&Cause> {
        match self {
            Known::Whole | Known::Fields(..) => None,
            Known::Late(cause) => Some(cause),
        }
    }

    /// What is known of one of two.
    fn or(self, other: Known) -> Known {
        match (self, other) {
            (Known::Late(cause), _) | (_, Known::Late(cause)) => Known::Late(cause),
            (Known::Whole, other) | (other, Known::Whole) => other,
            (Known::Fields(a, cause), Known::Fields(b, _)) => {
                let both = a
                    .iter()
                    .filter(|path| b.iter().any(|other| path.starts_with(other)))
                    .chain(
                        b.iter()
                            .filter(|path| a.iter().any(|other| path.starts_with(other))),
                    )
                    .cloned()
                    .collect();
                Known::Fields(Rc::new(both), cause)
            }
        }
    }

    /// What is known of something computed from both.
    fn with(self, other: &Known) -> Known {
        match (self.late(), other.late()) {
            (Some(cause), _) | (None, Some(cause)) => Known::Late(cause.clone()),
            (None, None) => Known::Whole,
        }
    }

    fn field(self, at: u16) -> Known {
        let Known::Fields(paths, cause) = self else {
            return self;
        };
        let below: Vec<Vec<u16>> = paths
            .iter()
            .filter_map(|path| match path.split_first() {
                Some((first, rest)) if *first == at => Some(rest.to_vec()),
                _ => None,
            })
            .collect();
        if below.iter().any(Vec::is_empty) {
            Known::Whole
        } else if below.is_empty() {
            Known::Late(cause)
        } else {
            Known::Fields(Rc::new(below), cause)
        }
    }
}

/// What has happened to the record so far, at worst.
struct Flowing<'f, 'c> {
    checker: &'f Checker<'c>,
    maps: &'f [Map],
    tables: &'f [Table],
    /// Resources that steps have written.
    written: FxHashMap<ResourceIx, Cause>,
    /// Ends that are reported already: a map may be called twice.
    told: FxHashSet<Span>,
}

/// Locals of one item.
type Locals = FxHashMap<LocalIx, Known>;

/// Where an expression stands: the late condition around it, and the call that led into a map.
#[derive(Clone, Copy)]
struct Around<'a> {
    late: Option<&'a Cause>,
    call: Option<Span>,
}

impl<'a> Around<'a> {
    fn under(self, cause: Option<&'a Cause>) -> Around<'a> {
        Around {
            late: self.late.or(cause),
            ..self
        }
    }
}

/// Reports every end of a flow that would have to be known before the first write and is not.
pub(super) fn check(checker: &Checker<'_>, flow: &Flow, maps: &[Map], tables: &[Table]) {
    let mut flowing = Flowing {
        checker,
        maps,
        tables,
        written: FxHashMap::default(),
        told: FxHashSet::default(),
    };
    let around = Around {
        late: None,
        call: None,
    };
    let mut locals = Locals::default();
    flowing.statements(&flow.body, &mut locals, around);
    twice::check(checker, &flow.body);
}

impl Flowing<'_, '_> {
    fn statements(&mut self, body: &[Statement], locals: &mut Locals, around: Around<'_>) {
        for statement in body {
            self.statement(statement, locals, around);
        }
    }

    fn statement(&mut self, statement: &Statement, locals: &mut Locals, around: Around<'_>) {
        match &statement.kind {
            StatementKind::Where(condition) => {
                let known = self.expr(condition, locals, around);
                if let Some(cause) = known.late() {
                    self.told_where(condition.span, cause);
                }
            }
            StatementKind::Let(local, value) => {
                let known = self.expr(value, locals, around);
                locals.insert(*local, known);
            }
            StatementKind::End(end, text, when) => {
                let condition = self.expr(when, locals, around);
                let text = self.expr(text, locals, around);
                let cause = condition.late().or(text.late()).or(around.late);
                if let Some(cause) = cause.filter(|_| is_gate(*end)) {
                    self.told_end(*end, statement.span, cause, None);
                }
            }
            StatementKind::If(when, inner) => {
                let condition = self.expr(when, locals, around);
                self.statements(inner, locals, around.under(condition.late()));
                // What is bound inside exists or not as the condition says.
                if let Some(cause) = condition.late() {
                    walk::statements(inner, &mut |one| match &one.kind {
                        StatementKind::Let(local, _) => {
                            locals.insert(*local, Known::Late(cause.clone()));
                        }
                        StatementKind::Write(write) => {
                            locals.insert(write.bound, Known::Late(cause.clone()));
                        }
                        _ => {}
                    });
                }
            }
            StatementKind::For {
                item, list, body, ..
            } => {
                let known = self.expr(list, locals, around);
                let cause = known.late().cloned();
                locals.insert(*item, known);
                self.statements(body, locals, around.under(cause.as_ref()));
            }
            StatementKind::Confirm {
                left,
                right,
                within,
                ..
            } => {
                for value in [Some(left), Some(right), within.as_ref()]
                    .into_iter()
                    .flatten()
                {
                    self.expr(value, locals, around);
                }
            }
            StatementKind::Write(write) => self.write(write, statement.span, locals, around),
        }
    }

    fn write(&mut self, write: &Write, span: Span, locals: &mut Locals, around: Around<'_>) {
        let cause = Cause {
            name: write.name.as_str().into(),
            span: twice::head(self.checker, span),
        };
        let mut key = Known::Whole;
        match &write.to {
            To::Resource => {}
            To::Child(of) | To::Record(of) => {
                let known = self.expr(of, locals, around);
                if let Some(late) = known.absence() {
                    key = Known::Late(late.clone());
                }
            }
        }
        for arg in &write.args {
            self.expr(arg, locals, around);
        }
        for value in write.keys.iter().flat_map(|key| &key.values).flatten() {
            let known = self.expr(value, locals, around);
            key = key.with(&known);
        }
        if let Some((of, _)) = &write.link {
            self.expr(of, locals, around);
        }
        for (local, value) in &write.lets {
            let known = self.expr(value, locals, around);
            locals.insert(*local, known);
        }
        let mut paths: Vec<Vec<u16>> = Vec::new();
        let mut lost: Vec<Vec<u16>> = Vec::new();
        let of = &self.checker.declared.resources[write.resource as usize];
        let own_body = of
            .creates
            .get(usize::from(write.action))
            .is_none_or(|action| action.body.is_none());
        for put in &write.body {
            let known = self.expr(&put.value, locals, around);
            if known.late().is_none() && own_body {
                paths.push(put.at.clone());
            } else {
                lost.push(put.at.clone());
            }
        }
        if let Some(done) = &write.done_if {
            self.expr(done, locals, around);
        }
        // An update changes what is there: all of it is known but for the fields that get a late value.
        for (field, at) in of.shape.fields.iter().zip(0u16..) {
            let late = lost.iter().any(|path| path.first() == Some(&at));
            let there = write.verb == Verb::Update || field.default.is_some();
            if there && !late {
                paths.push(vec![at]);
            }
        }
        let known = match key {
            Known::Late(cause) => Known::Late(cause),
            _ if write.verb == Verb::Update && lost.is_empty() => Known::Whole,
            _ => Known::Fields(Rc::new(paths), cause.clone()),
        };
        locals.insert(write.bound, known);
        self.written.entry(write.resource).or_insert(cause);
    }

    fn expr(&mut self, expr: &Expr, locals: &mut Locals, around: Around<'_>) -> Known {
        match &expr.kind {
            ExprKind::Local(local) => locals.get(local).cloned().unwrap_or(Known::Whole),
            ExprKind::Field(of, at) => self.expr(of, locals, around).field(*at),
            ExprKind::Exists(of) => match self.expr(of, locals, around).absence() {
                Some(cause) => Known::Late(cause.clone()),
                None => Known::Whole,
            },
            ExprKind::Else(left, right) => {
                let left = self.expr(left, locals, around);
                let cause = left.absence().cloned();
                let right = self.expr(right, locals, around.under(cause.as_ref()));
                left.or(right)
            }
            ExprKind::If(when, then) => {
                let when = self.expr(when, locals, around);
                let then = self.expr(then, locals, around.under(when.late()));
                match when.late() {
                    Some(cause) => Known::Late(cause.clone()),
                    None => then,
                }
            }
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                let left = self.expr(left, locals, around);
                let right = self.expr(right, locals, around.under(left.late()));
                left.with(&right)
            }
            ExprKind::End(end, text) => {
                let text = self.expr(text, locals, around);
                let cause = around.late.or(text.late());
                if let Some(cause) = cause.filter(|_| is_gate(*end)) {
                    self.told_end(*end, expr.span, cause, around.call);
                }
                Known::Whole
            }
            ExprKind::Find { resource, .. } => {
                let mut known = self.parts(expr, locals, around);
                if let Some(cause) = self.written.get(resource) {
                    known = known.with(&Known::Late(cause.clone()));
                }
                known
            }
            ExprKind::Sub { resource, parent } => {
                let parent = self.expr(parent, locals, around);
                match (self.written.get(resource), parent.absence()) {
                    (Some(cause), _) | (None, Some(cause)) => Known::Late(cause.clone()),
                    (None, None) => Known::Whole,
                }
            }
            ExprKind::Link { resource, of, .. } => {
                let of = self.expr(of, locals, around);
                match (self.written.get(resource), of.absence()) {
                    (Some(cause), _) | (None, Some(cause)) => Known::Late(cause.clone()),
                    (None, None) => Known::Whole,
                }
            }
            ExprKind::One(resource) => match self.written.get(resource) {
                Some(cause) => Known::Late(cause.clone()),
                None => Known::Whole,
            },
            ExprKind::Map { map, args, .. } => {
                let args: Vec<Known> = args
                    .iter()
                    .map(|arg| self.expr(arg, locals, around))
                    .collect();
                let Some(map) = self.maps.get(*map as usize) else {
                    return Known::Whole;
                };
                let mut inner: Locals = map.params.iter().copied().zip(args).collect();
                let around = Around {
                    call: around.call.or(Some(expr.span)),
                    ..around
                };
                self.expr(&map.body, &mut inner, around)
            }
            ExprKind::Table { table, on, at } => {
                let mut known = Known::Whole;
                let mut args: Vec<Known> = Vec::with_capacity(on.len() + 1);
                for value in on.iter().chain(at.as_deref()) {
                    let value = self.expr(value, locals, around);
                    known = known.with(&value);
                    args.push(value);
                }
                let Some(table) = self.tables.get(*table as usize) else {
                    return known;
                };
                let names = table
                    .columns
                    .iter()
                    .map(|(_, _, local)| *local)
                    .chain([table.at]);
                let mut inner: Locals = names
                    .zip(args)
                    .filter_map(|(local, known)| Some((local?, known)))
                    .collect();
                let around = Around {
                    call: around.call.or(Some(expr.span)),
                    ..around
                };
                self.rows(table, &known, &mut inner, around)
            }
            ExprKind::Match(table, on) => {
                let mut known = Known::Whole;
                for value in on {
                    let value = self.expr(value, locals, around);
                    known = known.with(&value);
                }
                self.rows(table, &known, locals, around)
            }
            ExprKind::Record { lets, fields, .. } => {
                for (local, value) in lets {
                    let known = self.expr(value, locals, around);
                    locals.insert(*local, known);
                }
                let mut paths: Vec<Vec<u16>> = Vec::new();
                let mut late = None;
                for (at, value) in fields {
                    match self.expr(value, locals, around) {
                        Known::Whole => paths.push(vec![*at]),
                        Known::Fields(below, cause) => {
                            paths.extend(below.iter().map(|path| {
                                let mut whole = vec![*at];
                                whole.extend(path);
                                whole
                            }));
                            late = Some(cause);
                        }
                        Known::Late(cause) => late = Some(cause),
                    }
                }
                match late {
                    None => Known::Whole,
                    Some(cause) => Known::Fields(Rc::new(paths), cause),
                }
            }
            ExprKind::List(elements) => self.list(elements, locals, around),
            ExprKind::Call { args, .. } => {
                let mut known = Known::Whole;
                let mut lists: Vec<Known> = Vec::with_capacity(args.len());
                for arg in args {
                    let value = match arg {
                        Arg::Left => Known::Whole,
                        Arg::Value(value) => self.expr(value, locals, around),
                        Arg::Each { list, item, give } => {
                            let of = lists.get(*list).cloned().unwrap_or(Known::Whole);
                            let cause = of.late().cloned();
                            locals.insert(*item, of);
                            self.expr(give, locals, around.under(cause.as_ref()))
                        }
                    };
                    known = known.with(&value);
                    lists.push(value);
                }
                known
            }
            _ => self.parts(expr, locals, around),
        }
    }

    /// An expression that needs all its parts.
    fn parts(&mut self, expr: &Expr, locals: &mut Locals, around: Around<'_>) -> Known {
        let mut parts: Vec<&Expr> = Vec::new();
        walk::parts(expr, &mut |part| parts.push(part));
        let mut known = Known::Whole;
        for part in parts {
            let part = self.expr(part, locals, around);
            known = known.with(&part);
        }
        known
    }

    fn rows(
        &mut self,
        table: &Table,
        on: &Known,
        locals: &mut Locals,
        around: Around<'_>,
    ) -> Known {
        let under = around.under(on.late());
        let mut known = Known::Whole;
        for give in table
            .rows
            .iter()
            .map(|row| &row.give)
            .chain(&table.otherwise)
        {
            let give = self.expr(give, locals, under);
            known = known.or(give);
        }
        match on.late() {
            Some(cause) => Known::Late(cause.clone()),
            None => known,
        }
    }

    fn list(&mut self, elements: &[Element], locals: &mut Locals, around: Around<'_>) -> Known {
        let mut known = Known::Whole;
        for element in elements {
            let value = match element {
                Element::One(value) | Element::Spread(value) => self.expr(value, locals, around),
                Element::For {
                    item,
                    list,
                    when,
                    give,
                    ..
                } => {
                    let list = self.expr(list, locals, around);
                    locals.insert(*item, list.clone());
                    let mut under = list.clone();
                    if let Some(when) = when {
                        let when = self.expr(when, locals, around.under(list.late()));
                        under = under.with(&when);
                    }
                    let give = self.expr(give, locals, around.under(under.late()));
                    under.with(&give)
                }
            };
            known = known.with(&value);
        }
        known
    }

    fn told_end(&mut self, end: End, span: Span, cause: &Cause, call: Option<Span>) {
        if !self.told.insert(call.unwrap_or(span)) {
            return;
        }
        let word = match end {
            End::Skip => "skip",
            End::Wait => "wait",
            End::Fail => "fail",
        };
        let mut finding = Diagnostic::error(
            "F0550",
            call.unwrap_or(span),
            format!(
                "Whether this `{word}` applies is known only when `{}` is written, and then it is too late to {word}.",
                cause.name
            ),
        )
        .label(format!("depends on what `{}` is answered", cause.name))
        .help(format!(
            "Decide by values that are there before the step, or say `fail`: a record that has written may fail, never {word}."
        ));
        if call.is_some() {
            finding = finding.related(span, format!("the `{word}`"));
        }
        if !overlaps(cause.span, finding.span) {
            finding = finding.related(cause.span, "the step");
        }
        self.checker.report(finding);
    }

    fn told_where(&self, span: Span, cause: &Cause) {
        self.checker.report(
            Diagnostic::error(
                "F0551",
                span,
                format!("This `where` depends on what `{}` is answered, and then it is too late to wait.", cause.name),
            )
            .label("not known before the first write")
            .related(cause.span, "the step")
            .help("Filter by fields of the record that is read, before the first step."),
        );
    }
}

fn overlaps(a: Span, b: Span) -> bool {
    a.file == b.file && a.start < b.end && b.start < a.end
}
