//! The evaluator: computes nodes of a program for one record.
//!
//! Slots are computed when first read and kept. What only a later answer can tell is *late*: it stays as a hole in records and lists, while
//! everything beside it is computed, so that its failures show before anything is written.

use std::sync::{Arc, OnceLock};

use flowbook_stdlib::function::{Args, Context, Failure, Function};
use flowbook_stdlib::types::Shape;
use flowbook_stdlib::value::{Money, MoneyBasis, Value};
use rustc_hash::FxHashMap;

use super::cache::Cache;
use super::ops;
use super::step::Bounds;
use super::stop::{Ended, Kind, Stop};
use super::table;
use crate::plan::{Arg, Element, Flow, Node, NodeIx, Op, PlaceIx, Plan, Program, SlotIx, StepIx};

/// Turns of loops for one record: what a list of a list of a wrong record can cost at most.
pub(super) const MOST_TURNS: u32 = 2_000_000;

/// A program with its functions looked up.
pub struct Code<'p> {
    /// The flowbook.
    pub plan: &'p Plan,
    /// The program.
    pub program: &'p Program,
    /// The flow it belongs to; none for a map that is run alone.
    pub flow: Option<&'p Flow>,
    functions: Vec<Option<&'static Function>>,
}

fn function(name: &str) -> Option<&'static Function> {
    static BY_NAME: OnceLock<FxHashMap<&'static str, &'static Function>> = OnceLock::new();
    BY_NAME
        .get_or_init(|| {
            ops::functions()
                .map(|function| (function.name, function))
                .collect()
        })
        .get(name)
        .copied()
}

impl<'p> Code<'p> {
    /// Makes a program ready to run.
    pub fn new(plan: &'p Plan, program: &'p Program, flow: Option<&'p Flow>) -> Code<'p> {
        let functions = program
            .nodes
            .iter()
            .map(|node| match &node.op {
                Op::Call { function: name, .. } => function(name),
                _ => None,
            })
            .collect();
        Code {
            plan,
            program,
            flow,
            functions,
        }
    }
}

/// A piece of the path of the field that is being computed.
enum Part<'p> {
    Field(&'p Shape, u16),
    Item(usize),
    Name(Arc<str>),
    Slot(&'p str),
}

/// One record on its way through a program.
pub struct Machine<'p, 'c> {
    /// The program.
    pub code: &'c Code<'p>,
    /// What systems answered.
    pub cache: &'c Cache,
    pub(super) context: &'c Context,
    pub(super) slots: Vec<Option<Value>>,
    path: Vec<Part<'p>>,
    inner: Option<Stop>,
    pub(super) turns_left: u32,
    /// What is known of the records of steps.
    pub(super) bounds: Bounds,
    /// Numbers of the turns of the `for` statements around the act at hand.
    pub(super) turn: Vec<u32>,
}

pub(super) type Got = Result<Value, Stop>;

impl<'p, 'c> Machine<'p, 'c> {
    /// A record, in slot 0.
    pub fn new(
        code: &'c Code<'p>,
        cache: &'c Cache,
        context: &'c Context,
        record: Value,
    ) -> Machine<'p, 'c> {
        let mut slots = vec![None; code.program.slots.len()];
        if let Some(first) = slots.first_mut() {
            *first = Some(record);
        }
        Machine {
            code,
            cache,
            context,
            slots,
            path: Vec::new(),
            inner: None,
            turns_left: MOST_TURNS,
            bounds: Bounds::default(),
            turn: Vec::new(),
        }
    }

    /// The record that was read.
    pub fn record(&self) -> Value {
        self.slots
            .first()
            .and_then(Clone::clone)
            .unwrap_or(Value::None)
    }

    /// The next record, in slot 0; everything of the one before is forgotten.
    pub fn next(&mut self, record: Value) {
        self.slots.fill(None);
        if let Some(first) = self.slots.first_mut() {
            *first = Some(record);
        }
        self.path.clear();
        self.inner = None;
        self.turns_left = MOST_TURNS;
        self.turn.clear();
    }

    /// Forgets what was computed, so that it is computed again from what is known now.
    pub fn forget(&mut self) {
        for (slot, declared) in self.slots.iter_mut().zip(&self.code.program.slots) {
            if declared.init.is_some() {
                *slot = None;
            }
        }
    }

    fn node(&self, ix: NodeIx) -> &'p Node {
        &self.code.program.nodes[ix as usize]
    }

    /// An end at a place, with the path of the field at hand.
    pub(super) fn end_at(&self, place: PlaceIx, ended: Ended) -> Stop {
        Ended {
            place: ended.place.or(Some(place)),
            field: ended.field.clone().or_else(|| self.field_path()),
            ..ended
        }
        .into()
    }

    fn fail(&self, node: &Node, code: &'static str, message: impl Into<String>) -> Stop {
        self.end_at(node.place, Ended::failure(code, message))
    }

    fn field_path(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.path {
            match part {
                Part::Field(shape, field) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    if let Some(field) = shape.fields.get(usize::from(*field)) {
                        text.push_str(&field.name);
                    }
                }
                Part::Item(number) => text.push_str(&format!("[{number}]")),
                Part::Name(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Part::Slot(name) => text.push_str(name), // only ever the first
            }
        }
        (!text.is_empty()).then_some(text)
    }

    /// Computes a node as the value of a named field.
    pub(super) fn eval_as(&mut self, name: Arc<str>, node: NodeIx) -> Got {
        let outer = std::mem::replace(&mut self.path, vec![Part::Name(name)]);
        let got = self.eval(node);
        self.path = outer;
        got
    }

    /// Computes a slot.
    pub fn slot(&mut self, ix: SlotIx, place: PlaceIx) -> Got {
        if let Some(value) = &self.slots[ix as usize] {
            return match value {
                Value::Late => Err(Stop::Late),
                Value::Bad(bad) => Err(self.end_at(place, ops::bad(bad))),
                value => Ok(value.clone()),
            };
        }
        let slot = &self.code.program.slots[ix as usize];
        let Some(init) = slot.init else {
            return Err(self.end_at(
                place,
                Ended::failure("F0899", format!("“{}” has no value here.", slot.name)),
            ));
        };
        // A name inside of a field's computation: the field is what a person looks for.
        let got = if slot.name.is_empty() || !self.path.is_empty() {
            self.eval(init)
        } else {
            self.path.push(Part::Slot(&slot.name));
            let got = self.eval(init);
            self.path.pop();
            got
        }?;
        self.slots[ix as usize] = Some(got.clone());
        Ok(got)
    }

    /// Computes a condition; absent counts as false.
    pub fn truth(&mut self, node: NodeIx) -> Result<bool, Stop> {
        Ok(self.eval(node)? == Value::Bool(true))
    }

    /// Both operands, so that a failure of the second shows even where the first is late.
    fn two(&mut self, a: NodeIx, b: NodeIx) -> Result<(Value, Value), Stop> {
        let first = self.eval(a);
        match (first, self.eval(b)) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(Stop::Late), Err(stop)) | (Err(stop), _) | (_, Err(stop)) => Err(stop),
        }
    }

    /// The value of a node that is a field, or a field of a field, of what is computed already: where it stands, so that no record on the way is
    /// taken apart. None where it must be computed, or cannot be used.
    fn known_value(&self, ix: NodeIx) -> Option<&Value> {
        let value = match &self.node(ix).op {
            Op::Slot(slot) => self.slots.get(*slot as usize)?.as_ref()?,
            Op::Get(of, field) => match self.known_value(*of)? {
                Value::Record(fields) => fields.get(usize::from(*field))?,
                none @ Value::None => none,
                _ => return None,
            },
            _ => return None,
        };
        (!matches!(value, Value::Late | Value::Bad(_))).then_some(value)
    }

    /// Computes a node.
    pub fn eval(&mut self, ix: NodeIx) -> Got {
        let node = self.node(ix);
        match &node.op {
            Op::Const(value) => Ok(value.clone()),
            Op::Slot(slot) => self.slot(*slot, node.place),
            Op::Get(of, field) => match self.known_value(ix) {
                Some(value) => Ok(value.clone()),
                None => {
                    let record = self.eval(*of)?;
                    self.get(node, &record, *field)
                }
            },
            Op::Money {
                amount,
                currency,
                flag,
            } => self.money(node, *amount, *currency, *flag),
            Op::Hit(ask) => self.hit(*ask, node.place),
            Op::Bound(step) => self.bound(*step),
            Op::Call { args, hands_on, .. } => self.call(ix, node, args, *hands_on),
            Op::Table {
                table,
                on,
                at,
                gives,
            } => self.table(node, *table, on, *at, gives),
            Op::If(condition, then) => {
                if self.truth(*condition)? {
                    self.eval(*then)
                } else {
                    Ok(Value::None)
                }
            }
            Op::Else(first, second) => match self.eval(*first)? {
                Value::None => self.eval(*second),
                value => Ok(value),
            },
            Op::And(a, b) => Ok(Value::Bool(self.truth(*a)? && self.truth(*b)?)),
            Op::Or(a, b) => Ok(Value::Bool(self.truth(*a)? || self.truth(*b)?)),
            Op::Not(a) => Ok(Value::Bool(!self.truth(*a)?)),
            Op::Neg(a) => {
                let value = self.eval(*a)?;
                ops::negate(&value).map_err(|why| self.fail(node, "F0803", why))
            }
            Op::Math(math, a, b) => {
                let (a, b) = self.two(*a, *b)?;
                ops::math(*math, &a, &b).map_err(|why| self.fail(node, "F0803", why))
            }
            Op::Compare(comparison, a, b) => {
                let (a, b) = self.two(*a, *b)?;
                ops::compare(*comparison, &a, &b)
                    .map(Value::Bool)
                    .map_err(|why| self.fail(node, "F0803", why))
            }
            Op::InSet(a, set) => {
                let value = self.eval(*a)?;
                Ok(Value::Bool(
                    value != Value::None && ops::within(set, &value, None),
                ))
            }
            Op::Exists(a) => {
                let exists = match self.known_value(*a) {
                    Some(value) => *value != Value::None,
                    None => self.eval(*a)? != Value::None,
                };
                Ok(Value::Bool(exists))
            }
            Op::Text(parts) => self.text(parts),
            Op::Record(shape, fields) => self.literal(shape, fields),
            Op::List(elements) => self.list(elements),
            Op::End(end, text) => {
                let text = self.eval(*text)?;
                let kind = Kind::from(*end);
                let ended = Ended {
                    kind,
                    ..Ended::failure("F0800", ops::in_text(&text))
                };
                Err(self.end_at(node.place, ended))
            }
        }
    }

    fn get(&mut self, node: &Node, record: &Value, field: u16) -> Got {
        match record {
            Value::None => Ok(Value::None),
            Value::Record(fields) => match fields.get(usize::from(field)) {
                Some(Value::Late) => Err(Stop::Late),
                Some(Value::Bad(bad)) => Err(self.end_at(node.place, ops::bad(bad))),
                Some(value) => Ok(value.clone()),
                None => Ok(Value::None),
            },
            Value::Late => Err(Stop::Late),
            other => Err(self.fail(
                node,
                "F0899",
                format!("{} has no fields.", ops::in_message(other)),
            )),
        }
    }

    fn money(
        &mut self,
        node: &Node,
        amount: NodeIx,
        currency: Option<NodeIx>,
        flag: Option<NodeIx>,
    ) -> Got {
        let mut money = match self.eval(amount)? {
            Value::Money(money) => money,
            Value::Decimal(amount) => Money {
                amount,
                currency: None,
                basis: MoneyBasis::Plain,
            },
            Value::None => return Ok(Value::None),
            other => {
                return Err(self.fail(
                    node,
                    "F0899",
                    format!("{} is no amount.", ops::in_message(&other)),
                ));
            }
        };
        if let Some(currency) = currency {
            money.currency = match self.eval(currency)? {
                Value::Currency(code) => Some(code),
                Value::Text(text) => flowbook_stdlib::value::Code::new(&text),
                _ => money.currency,
            };
        }
        if let Some(flag) = flag {
            money.basis = match self.eval(flag)? {
                Value::Bool(true) => MoneyBasis::Incl,
                Value::Bool(false) => MoneyBasis::Excl,
                _ => MoneyBasis::Unknown,
            };
        }
        Ok(Value::Money(money))
    }

    fn text(&mut self, parts: &[NodeIx]) -> Got {
        let mut text = String::new();
        let mut late = false;
        for part in parts {
            match self.eval(*part) {
                Ok(value) => text.push_str(&ops::in_text(&value)),
                Err(Stop::Late) => late = true,
                Err(stop) => return Err(stop),
            }
        }
        if late {
            return Err(Stop::Late);
        }
        Ok(Value::Text(text.into()))
    }

    fn literal(&mut self, shape: &'p Arc<Shape>, fields: &[(u16, NodeIx)]) -> Got {
        let mut values = vec![Value::None; shape.fields.len()];
        for (field, node) in fields {
            self.path.push(Part::Field(shape, *field));
            let got = self.eval(*node);
            self.path.pop();
            if let Some(value) = values.get_mut(usize::from(*field)) {
                *value = late_as_hole(got)?;
            }
        }
        Ok(Value::Record(values.into()))
    }

    fn list(&mut self, elements: &[Element]) -> Got {
        let mut items = Vec::new();
        let mut late = false;
        for element in elements {
            match element {
                Element::One(node) => {
                    let got = self.item(items.len() + 1, *node);
                    push(&mut items, late_as_hole(got)?);
                }
                Element::Spread(node) => match self.eval(*node) {
                    Ok(Value::List(more)) => items.extend(more.iter().cloned()),
                    Ok(Value::None) => {}
                    Ok(other) => push(&mut items, other),
                    Err(Stop::Late) => late = true,
                    Err(stop) => return Err(stop),
                },
                Element::For(lp, node) => match self.over(*lp) {
                    Ok(over) => {
                        for (number, item) in over.iter().enumerate() {
                            self.enter(*lp, item.clone(), number + 1)?;
                            match self.when(*lp) {
                                Ok(false) => continue,
                                Ok(true) => {}
                                Err(Stop::Late) => {
                                    late = true;
                                    continue;
                                }
                                Err(stop) => {
                                    self.leave(*lp);
                                    return Err(stop);
                                }
                            }
                            let got = self.item(items.len() + 1, *node);
                            match late_as_hole(got) {
                                Ok(value) => push(&mut items, value),
                                Err(stop) => {
                                    self.leave(*lp);
                                    return Err(stop);
                                }
                            }
                        }
                        self.leave(*lp);
                    }
                    Err(Stop::Late) => late = true,
                    Err(stop) => return Err(stop),
                },
            }
        }
        if late {
            return Err(Stop::Late);
        }
        Ok(Value::List(items.into()))
    }

    fn item(&mut self, number: usize, node: NodeIx) -> Got {
        self.path.push(Part::Item(number));
        let got = self.eval(node);
        self.path.pop();
        got
    }

    fn call(&mut self, ix: NodeIx, node: &'p Node, args: &'p [Arg], hands_on: bool) -> Got {
        let Some(function) = self.code.functions[ix as usize] else {
            return Err(self.fail(node, "F0899", "This function is not in the library."));
        };
        let mut values = Vec::with_capacity(args.len());
        let mut late = false;
        for (number, arg) in args.iter().enumerate() {
            let value = match arg {
                Arg::Left | Arg::Each(..) => Value::None,
                Arg::Value(node) => match self.eval(*node) {
                    Ok(value) => value,
                    Err(Stop::Late) => {
                        late = true;
                        Value::None
                    }
                    Err(stop) => return Err(stop),
                },
            };
            if number == 0 && hands_on && !late && value == Value::None {
                return Ok(Value::None);
            }
            if let Value::List(items) = &value {
                for item in items.iter() {
                    match item {
                        Value::Late => late = true,
                        Value::Bad(bad) => return Err(self.end_at(node.place, ops::bad(bad))),
                        _ => {}
                    }
                }
            }
            values.push(value);
        }
        if late {
            return Err(Stop::Late);
        }
        let context = self.context;
        let mut each = |param: usize, item: &Value| -> Result<Value, Failure> {
            let Some(Arg::Each(lp, body)) = args.get(param) else {
                return Err(Failure::Reason(
                    "this argument is no expression over items".to_owned(),
                ));
            };
            let got = self
                .enter(*lp, item.clone(), 0)
                .and_then(|()| self.eval(*body));
            self.leave(*lp);
            got.map_err(|stop| {
                self.inner = Some(stop);
                Failure::Inner
            })
        };
        let result = (function.eval)(&mut Args {
            values: &values,
            each: &mut each,
            context,
        });
        match result {
            Ok(value) => Ok(value),
            Err(Failure::Reason(reason)) => {
                let value = values.first().map(ops::in_message);
                let ended = Ended {
                    value,
                    ..Ended::failure("F0803", reason)
                };
                Err(self.end_at(node.place, ended))
            }
            Err(Failure::Inner) => Err(self.inner.take().unwrap_or(Stop::Late)),
        }
    }

    fn table(
        &mut self,
        node: &Node,
        table: u32,
        on: &[NodeIx],
        at: Option<NodeIx>,
        gives: &[NodeIx],
    ) -> Got {
        let table = &self.code.plan.tables[table as usize];
        let mut values = Vec::with_capacity(on.len());
        let mut late = false;
        for node in on.iter().copied().chain(at) {
            match self.eval(node) {
                Ok(value) => values.push(value),
                Err(Stop::Late) => late = true,
                Err(stop) => return Err(stop),
            }
        }
        if late {
            return Err(Stop::Late);
        }
        let date = match at.map(|_| values.pop()) {
            Some(Some(Value::Date(date))) => Some(date),
            _ => None,
        };
        match table::give(table, &values, date) {
            Some(crate::plan::Give::Const(value)) => Ok(value.clone()),
            Some(crate::plan::Give::Node(number)) => match gives.get(usize::from(*number)) {
                Some(give) => self.eval(*give),
                None => Err(self.fail(node, "F0899", "A row of this table gives nothing.")),
            },
            None => {
                let asked: Vec<String> = values.iter().map(ops::in_message).collect();
                Err(self.fail(
                    node,
                    "F0804",
                    format!(
                        "No row of the table {} takes {}.",
                        table.name,
                        asked.join(", ")
                    ),
                ))
            }
        }
    }

    /// What stands in the bound record of a step, as far as it is known.
    fn bound(&mut self, step: StepIx) -> Got {
        self.known(step)
    }
}

/// A late part stays as a hole in what it is a part of.
fn late_as_hole(got: Got) -> Got {
    match got {
        Err(Stop::Late) => Ok(Value::Late),
        other => other,
    }
}

fn push(items: &mut Vec<Value>, value: Value) {
    if value != Value::None {
        items.push(value);
    }
}
