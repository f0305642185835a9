//! Two flows over the same pair of resources, one each way: a field that both carry would go back and forth between the two systems.
//!
//! Each field that a step keeps following is traced back to the fields of the record that was read. What is written at creation only, and what both
//! flows find each other's records by, cannot quarrel. Flows that no choice of settings lets run together do not either.

use std::collections::BTreeSet;

use flowbook_grammar::ast::{End, StatementKind as Tree, Verb};
use flowbook_stdlib::operations::same;
use flowbook_stdlib::types::Kind;
use flowbook_stdlib::value::Value;
use rustc_hash::FxHashMap;

use super::{Checker, key, walk};
use crate::checked::{
    Arg, Element, Expr, ExprKind, First, Flow, LocalIx, Map, Put, Statement, StatementKind, To,
    Write,
};
use crate::diagnostic::Diagnostic;
use crate::plan::Comparison;

/// More choices of settings than are gone through: then the flows count as running together.
const MOST_CHOICES: usize = 4096;

/// Fields of the record that was read, as paths.
type Paths = BTreeSet<Vec<u16>>;

/// Reports each field that two flows carry both ways.
pub(super) fn check(checker: &Checker<'_>, flows: &[Flow], maps: &[Map]) {
    for (number, one) in flows.iter().enumerate() {
        for other in &flows[number + 1..] {
            if one.resource != other.resource && !prefers(checker, one) && !prefers(checker, other)
            {
                pair(checker, one, other, maps);
            }
        }
    }
}

/// Says by `prefer` who wins; that is refused by a code of its own.
fn prefers(checker: &Checker<'_>, flow: &Flow) -> bool {
    checker.declared.flows.get(&flow.name).is_some_and(|decl| {
        let statements = &decl.item.block.statements;
        statements
            .iter()
            .any(|one| matches!(one.kind, Tree::Prefer(_)))
    })
}

/// A step that goes on following its source, and what must hold for it to run.
struct Follows<'f> {
    write: &'f Write,
    gates: Vec<Gate<'f>>,
    /// Where each field comes from.
    fields: Vec<(&'f Put, Paths)>,
}

/// A condition and what it must not be.
#[derive(Clone, Copy)]
struct Gate<'f> {
    condition: &'f Expr,
    never: bool,
}

fn pair(checker: &Checker<'_>, one: &Flow, other: &Flow, maps: &[Map]) {
    let there = steps(one, other.resource, maps);
    let back = steps(other, one.resource, maps);
    let mut told: Vec<Pair<'_>> = Vec::new();
    for there in &there {
        for back in &back {
            let both = there.fields.iter().flat_map(|a| {
                let meets = move |b: &&(&Put, Paths)| {
                    !(a.0.key && b.0.key) && meet(&a.1, &b.0.at) && meet(&b.1, &a.0.at)
                };
                back.fields.iter().filter(meets).map(move |b| (a.0, b.0))
            });
            for (put, returned) in both {
                if told.iter().all(|known| known.returned.at != returned.at)
                    && together(checker, one, other, &there.gates, &back.gates)
                {
                    told.push(Pair {
                        there: there.write,
                        put,
                        back: back.write,
                        returned,
                    });
                }
            }
        }
    }
    quarrel(checker, one, other, &told);
}

/// A field that goes there and comes back.
struct Pair<'f> {
    there: &'f Write,
    put: &'f Put,
    back: &'f Write,
    returned: &'f Put,
}

/// All fields of a pair of flows in one finding: their cause is one.
fn quarrel(checker: &Checker<'_>, one: &Flow, other: &Flow, told: &[Pair<'_>]) {
    let Some((first, rest)) = told.split_first() else {
        return;
    };
    let named = |write: &Write, put: &Put| {
        let resource = &checker.declared.resources[write.resource as usize];
        format!(
            "{}.{}",
            walk::resource_name(checker.declared, write.resource),
            key::names(&resource.shape, &put.at).join(".")
        )
    };
    let (a, b) = (
        named(first.there, first.put),
        named(first.back, first.returned),
    );
    let more = match rest.len() {
        0 => String::new(),
        1 => " (and one more field)".to_owned(),
        more => format!(" (and {more} more fields)"),
    };
    let mut finding = Diagnostic::error(
        "F0458",
        first.returned.value.span,
        format!(
            "`{}` writes `{b}` from `{a}`, and `{}` writes it the other way{more}: each flow would undo what was changed on the other side.",
            other.name, one.name
        ),
    )
    .label(format!("`{b}` follows `{a}`"))
    .related(first.put.value.span, format!("`{a}` follows `{b}`"));
    for pair in rest {
        let (a, b) = (named(pair.there, pair.put), named(pair.back, pair.returned));
        finding = finding.related(
            pair.returned.value.span,
            format!("`{b}` follows `{a}`, and back"),
        );
    }
    checker.report(finding.help("Let one side lead: give the field `on create` in one of the flows, or let a setting choose one direction, with `skip \"…\" if …` in each flow."));
}

/// Whether a value that comes from these fields comes from a field, from a part of it, or from what it is a part of.
fn meet(from: &Paths, field: &[u16]) -> bool {
    from.iter()
        .any(|path| path.starts_with(field) || field.starts_with(path))
}

/// Steps of a flow that keep records of a resource as the source says.
fn steps<'f>(flow: &'f Flow, resource: u32, maps: &'f [Map]) -> Vec<Follows<'f>> {
    let mut tracing = Tracing {
        maps,
        entered: Vec::new(),
        locals: FxHashMap::default(),
    };
    tracing
        .locals
        .insert(flow.record, Origin::of(Paths::from([Vec::new()])));
    let mut all_gates = Vec::new();
    for statement in &flow.body {
        match &statement.kind {
            StatementKind::Where(condition) => all_gates.push(Gate {
                condition,
                never: false,
            }),
            StatementKind::End(End::Skip | End::Wait | End::Fail, _, condition) => {
                all_gates.push(Gate {
                    condition,
                    never: true,
                });
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    tracing.block(&flow.body, resource, &all_gates, &mut found);
    found
}

/// Where a value comes from: as a whole, and field by field where it is a record that was written down.
#[derive(Debug, Clone, Default)]
struct Origin {
    whole: Paths,
    fields: Vec<(u16, Origin)>,
}

impl Origin {
    fn of(whole: Paths) -> Origin {
        Origin {
            whole,
            fields: Vec::new(),
        }
    }

    fn field(&self, at: u16) -> Origin {
        let given = self.fields.iter().find(|(field, _)| *field == at);
        let mut origin = given.map(|(_, origin)| origin.clone()).unwrap_or_default();
        origin.whole.extend(self.whole.iter().map(|path| {
            let mut path = path.clone();
            path.push(at);
            path
        }));
        origin
    }

    fn with(mut self, other: Origin) -> Origin {
        self.whole.extend(other.whole);
        for (at, origin) in other.fields {
            match self.fields.iter_mut().find(|(field, _)| *field == at) {
                Some((_, mine)) => *mine = std::mem::take(mine).with(origin),
                None => self.fields.push((at, origin)),
            }
        }
        self
    }

    /// All of it.
    fn total(self) -> Paths {
        let mut all = self.whole;
        for (_, origin) in self.fields {
            all.extend(origin.total());
        }
        all
    }
}

struct Tracing<'f> {
    maps: &'f [Map],
    /// Maps that are being gone through.
    entered: Vec<u32>,
    locals: FxHashMap<LocalIx, Origin>,
}

impl<'f> Tracing<'f> {
    fn block(
        &mut self,
        body: &'f [Statement],
        resource: u32,
        gates: &[Gate<'f>],
        found: &mut Vec<Follows<'f>>,
    ) {
        for statement in body {
            match &statement.kind {
                StatementKind::Let(local, value) => {
                    let origin = self.origin(value);
                    self.locals.insert(*local, origin);
                }
                StatementKind::If(condition, inner) => {
                    let mut inside = gates.to_vec();
                    inside.push(Gate {
                        condition,
                        never: false,
                    });
                    self.block(inner, resource, &inside, found);
                }
                StatementKind::For {
                    item, list, body, ..
                } => {
                    let origin = Origin::of(self.origin(list).total());
                    self.locals.insert(*item, origin);
                    self.block(body, resource, gates, found);
                }
                StatementKind::Write(write)
                    if write.resource == resource
                        && write.verb != Verb::Create
                        && !matches!(write.to, To::Child(_)) =>
                {
                    for (local, value) in &write.lets {
                        let origin = self.origin(value);
                        self.locals.insert(*local, origin);
                    }
                    let followed = write
                        .body
                        .iter()
                        .filter(|put| !matches!(put.first, First::OnCreate));
                    let fields = followed
                        .map(|put| (put, self.origin(&put.value).total()))
                        .collect();
                    found.push(Follows {
                        write,
                        gates: gates.to_vec(),
                        fields,
                    });
                }
                _ => {}
            }
        }
    }

    /// Conditions and keys of lookups aside: they choose, they are not carried.
    fn origin(&mut self, expr: &'f Expr) -> Origin {
        match &expr.kind {
            ExprKind::Local(local) => self.locals.get(local).cloned().unwrap_or_default(),
            ExprKind::Field(of, at) => self.origin(of).field(*at),
            ExprKind::Find { .. }
            | ExprKind::Link { .. }
            | ExprKind::One(_)
            | ExprKind::Sub { .. }
            | ExprKind::End(..)
            | ExprKind::Const(_)
            | ExprKind::Setting(_) => Origin::default(),
            ExprKind::If(_, then) => self.origin(then),
            ExprKind::Else(left, right) => {
                let left = self.origin(left);
                left.with(self.origin(right))
            }
            ExprKind::Map { map, args, .. } => self.called(*map, args),
            ExprKind::Record { lets, fields, .. } => {
                for (local, value) in lets {
                    let origin = self.origin(value);
                    self.locals.insert(*local, origin);
                }
                let fields = fields
                    .iter()
                    .map(|(at, value)| (*at, self.origin(value)))
                    .collect();
                Origin {
                    whole: Paths::new(),
                    fields,
                }
            }
            ExprKind::List(elements) => {
                let mut all = Origin::default();
                for element in elements {
                    let origin = match element {
                        Element::One(value) | Element::Spread(value) => self.origin(value),
                        Element::For {
                            item, list, give, ..
                        } => {
                            let items = Origin::of(self.origin(list).total());
                            self.locals.insert(*item, items);
                            self.origin(give)
                        }
                    };
                    all = all.with(origin);
                }
                all
            }
            ExprKind::Call { args, .. } => {
                let mut all = Paths::new();
                for arg in args {
                    match arg {
                        Arg::Left => {}
                        Arg::Value(value) => all.extend(self.origin(value).total()),
                        Arg::Each { item, give, .. } => {
                            self.locals.insert(*item, Origin::of(all.clone()));
                            all.extend(self.origin(give).total());
                        }
                    }
                }
                Origin::of(all)
            }
            _ => {
                let mut all = Paths::new();
                let mut parts = Vec::new();
                walk::parts(expr, &mut |part| parts.push(part));
                for part in parts {
                    all.extend(self.origin(part).total());
                }
                Origin::of(all)
            }
        }
    }

    fn called(&mut self, map: u32, args: &'f [Expr]) -> Origin {
        let Some(of) = self.maps.get(map as usize) else {
            return Origin::default();
        };
        if self.entered.contains(&map) {
            return Origin::default(); // calls in a circle are reported elsewhere
        }
        let given: Vec<Origin> = args.iter().map(|arg| self.origin(arg)).collect();
        let params = of.params.iter().copied().zip(given).collect();
        let outer = std::mem::replace(&mut self.locals, params);
        self.entered.push(map);
        let origin = self.origin(&of.body);
        self.entered.pop();
        self.locals = outer;
        origin
    }
}

/// Whether some choice of settings lets both run.
fn together(
    checker: &Checker<'_>,
    one: &Flow,
    other: &Flow,
    there: &[Gate<'_>],
    back: &[Gate<'_>],
) -> bool {
    let lets = [lets(one), lets(other)];
    let mut domains: Vec<(u32, Vec<Value>)> = Vec::new();
    for (gates, lets) in [(there, &lets[0]), (back, &lets[1])] {
        for gate in gates {
            settings(checker, gate.condition, lets, &mut domains);
        }
    }
    let choices = domains
        .iter()
        .try_fold(1usize, |all, (_, values)| all.checked_mul(values.len()));
    let Some(choices) = choices.filter(|choices| *choices <= MOST_CHOICES) else {
        return true;
    };
    (0..choices).any(|choice| {
        let mut rest = choice;
        let chosen: FxHashMap<u32, &Value> = domains
            .iter()
            .map(|(setting, values)| {
                let value = &values[rest % values.len()];
                rest /= values.len();
                (*setting, value)
            })
            .collect();
        [(there, &lets[0]), (back, &lets[1])]
            .into_iter()
            .all(|(gates, lets)| {
                gates
                    .iter()
                    .all(|gate| truth(gate.condition, &chosen, lets) != Some(gate.never))
            })
    })
}

/// The flow's own names for values.
fn lets(flow: &Flow) -> FxHashMap<LocalIx, &Expr> {
    let mut found = FxHashMap::default();
    walk::statements(&flow.body, &mut |statement| {
        if let StatementKind::Let(local, value) = &statement.kind {
            found.insert(*local, value);
        }
    });
    found
}

/// Settings that a condition names and whose values can be gone through.
fn settings(
    checker: &Checker<'_>,
    condition: &Expr,
    lets: &FxHashMap<LocalIx, &Expr>,
    into: &mut Vec<(u32, Vec<Value>)>,
) {
    let mut named = Vec::new();
    walk::all(condition, &mut |part| match &part.kind {
        ExprKind::Setting(setting) => named.push(*setting),
        ExprKind::Local(local) => {
            if let Some(value) = lets.get(local) {
                walk::all(value, &mut |part| {
                    if let ExprKind::Setting(setting) = part.kind {
                        named.push(setting);
                    }
                });
            }
        }
        _ => {}
    });
    for setting in named {
        if into.iter().any(|(known, _)| *known == setting) {
            continue;
        }
        let Some((_, declared)) = checker.declared.settings.get_index(setting as usize) else {
            continue;
        };
        let mut values: Vec<Value> = match &declared.ty.kind {
            Kind::Bool => vec![Value::Bool(true), Value::Bool(false)],
            Kind::OneOf(names) => names
                .iter()
                .map(|name| Value::Text(name.name.clone()))
                .collect(),
            _ => continue,
        };
        if declared.ty.optional {
            values.push(Value::None);
        }
        into.push((setting, values));
    }
}

/// What a condition is under a choice of settings; none where a record decides.
fn truth(
    expr: &Expr,
    chosen: &FxHashMap<u32, &Value>,
    lets: &FxHashMap<LocalIx, &Expr>,
) -> Option<bool> {
    let of = |expr: &Expr| truth(expr, chosen, lets);
    match &expr.kind {
        ExprKind::Not(inner) => of(inner).map(|truth| !truth),
        ExprKind::And(a, b) => match (of(a), of(b)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        ExprKind::Or(a, b) => match (of(a), of(b)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        ExprKind::Exists(of) => value(of, chosen, lets).map(|value| value != Value::None),
        ExprKind::Compare(comparison, a, b) => {
            let (a, b) = (value(a, chosen, lets)?, value(b, chosen, lets)?);
            match (comparison, &b) {
                (Comparison::Eq, _) => same(&a, &b).ok(),
                (Comparison::Ne, _) => same(&a, &b).ok().map(|same| !same),
                (Comparison::In, Value::List(items)) => Some(
                    items.iter().any(|item| same(&a, item).unwrap_or(false)), // of two kinds: not the same
                ),
                _ => None,
            }
        }
        _ => match value(expr, chosen, lets)? {
            Value::Bool(truth) => Some(truth),
            _ => None,
        },
    }
}

fn value(
    expr: &Expr,
    chosen: &FxHashMap<u32, &Value>,
    lets: &FxHashMap<LocalIx, &Expr>,
) -> Option<Value> {
    match &expr.kind {
        ExprKind::Const(value) => Some(value.clone()),
        ExprKind::Setting(setting) => chosen.get(setting).map(|value| (*value).clone()),
        ExprKind::Local(local) => value(lets.get(local)?, chosen, lets),
        ExprKind::Else(left, right) => match value(left, chosen, lets)? {
            Value::None => value(right, chosen, lets),
            left => Some(left),
        },
        ExprKind::List(elements) => {
            let items = elements.iter().map(|element| match element {
                Element::One(one) => value(one, chosen, lets),
                _ => None,
            });
            items
                .collect::<Option<Vec<Value>>>()
                .map(|items| Value::List(items.into()))
        }
        ExprKind::Not(_)
        | ExprKind::And(..)
        | ExprKind::Or(..)
        | ExprKind::Compare(..)
        | ExprKind::Exists(_) => truth(expr, chosen, lets).map(Value::Bool),
        _ => None,
    }
}
