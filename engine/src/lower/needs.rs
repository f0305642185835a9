//! Which fields of the source record, of answers and of written records anything uses.

use std::collections::BTreeSet;

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::types::Shape;
use flowbook_stdlib::value::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use super::depend::Graph;
use crate::plan::connector::Resource;
use crate::plan::{
    ActKind, Arg, AskIx, Comparison, Element, First, Flow, LoopIx, NodeIx, Op, Program, Question,
    SlotIx, StepIx, To,
};

/// What is used of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Want {
    /// All of it.
    All,
    /// A field of a record.
    Field(u16),
    /// A field of each item of a list.
    Items(u16),
    /// Only whether it is there, or how many there are.
    There,
}

/// Fields of a record.
#[derive(Default, Clone)]
struct Fields {
    all: bool,
    some: BTreeSet<u16>,
}

impl Fields {
    fn add(&mut self, want: Want) {
        match want {
            Want::All => self.all = true,
            Want::Field(field) | Want::Items(field) => {
                self.some.insert(field);
            }
            Want::There => {}
        }
    }

    /// Positions, without those of sub-resources.
    fn of(&self, shape: &Shape) -> Vec<u16> {
        shape
            .fields
            .iter()
            .zip(0..)
            .filter(|(field, ix)| !field.sub && (self.all || self.some.contains(ix)))
            .map(|(_, ix)| ix)
            .collect()
    }
}

struct Wants<'f> {
    graph: Graph<'f>,
    resources: &'f [Resource],
    /// Whose item a slot is; none for counters.
    items: FxHashMap<SlotIx, LoopIx>,
    seen: FxHashSet<(NodeIx, Want)>,
    open: Vec<(NodeIx, Want)>,
    read: Fields,
    asks: FxHashMap<AskIx, Fields>,
    steps: FxHashMap<StepIx, Fields>,
    asked: FxHashSet<AskIx>,
}

/// Notes what a flow needs of what it reads, asks and writes.
pub(super) fn mark(flow: &mut Flow, resources: &[Resource]) {
    let (read, asks, steps) = {
        let graph = Graph {
            program: &flow.program,
            steps: &flow.steps,
            acts: &flow.acts,
        };
        let mut wants = Wants::new(graph, resources);
        for act in &flow.acts {
            wants.act(act);
        }
        wants.drain();
        (wants.read, wants.asks, wants.steps)
    };
    let shape = |ix: u32| &*resources[ix as usize].shape;
    flow.read.needs = read.of(shape(flow.read.resource));
    for (ix, step) in (0..).zip(&mut flow.steps) {
        step.needs = steps
            .get(&ix)
            .map(|fields| fields.of(shape(step.resource)))
            .unwrap_or_default();
    }
    let mut asks = asks;
    for step in &flow.steps {
        let own = shape(step.resource);
        let mut used: BTreeSet<u16> = step.needs.iter().copied().collect();
        used.extend(resources[step.resource as usize].key);
        used.extend(step.flags.iter().filter_map(|flag| flag.field.first()));
        if step.verb != Verb::Create {
            used.extend(step.body.iter().filter_map(|put| put.at.first()));
        }
        for ask in step.keys.iter().flat_map(|key| &key.asks) {
            let other = shape(flow.program.asks[*ask as usize].resource);
            let fields = asks.entry(*ask).or_default();
            for field in &used {
                let name = own
                    .fields
                    .get(usize::from(*field))
                    .map(|field| &*field.name);
                if let Some((there, _)) = name.and_then(|name| other.field(name)) {
                    fields.some.insert(there as u16);
                }
            }
        }
    }
    set(&mut flow.program, &asks, resources);
}

/// Notes what a map needs of what it asks.
pub(super) fn mark_map(program: &mut Program, body: NodeIx, resources: &[Resource]) {
    let graph = Graph {
        program,
        steps: &[],
        acts: &[],
    };
    let mut wants = Wants::new(graph, resources);
    wants.want(body, Want::All);
    wants.drain();
    let asks = wants.asks;
    set(program, &asks, resources);
}

fn set(program: &mut Program, asks: &FxHashMap<AskIx, Fields>, resources: &[Resource]) {
    for (ix, ask) in (0..).zip(&mut program.asks) {
        ask.needs = asks
            .get(&ix)
            .map(|fields| fields.of(&resources[ask.resource as usize].shape))
            .unwrap_or_default();
    }
}

impl<'f> Wants<'f> {
    fn new(graph: Graph<'f>, resources: &'f [Resource]) -> Wants<'f> {
        let loops = graph.program.loops.iter().zip(0..);
        Wants {
            graph,
            resources,
            items: loops.map(|(lp, ix)| (lp.item, ix)).collect(),
            seen: FxHashSet::default(),
            open: Vec::new(),
            read: Fields::default(),
            asks: FxHashMap::default(),
            steps: FxHashMap::default(),
            asked: FxHashSet::default(),
        }
    }

    fn want(&mut self, node: NodeIx, want: Want) {
        if self.seen.insert((node, want)) {
            self.open.push((node, want));
        }
    }

    fn key_of(&self, resource: u32) -> Want {
        match self.resources[resource as usize].key {
            Some(key) => Want::Field(key),
            None => Want::All,
        }
    }

    fn parent_key(&self, sub: u32) -> Want {
        match self.resources[sub as usize].parent {
            Some(parent) => self.key_of(parent),
            None => Want::All,
        }
    }

    fn act(&mut self, act: &crate::plan::Act) {
        if let ActKind::Step(ix) = act.kind {
            if let Some(when) = act.when {
                self.want(when, Want::All);
            }
            for lp in &act.loops {
                let over = self.graph.program.loops[*lp as usize].over;
                self.want(over, Want::There);
            }
            return self.step(ix);
        }
        for lp in &act.loops {
            let over = self.graph.program.loops[*lp as usize].over;
            self.want(over, Want::There);
        }
        let loops = act.loops.len();
        let nodes = self.graph.act_nodes(act);
        let first = usize::from(act.when.is_some());
        for (number, node) in nodes.into_iter().enumerate() {
            if number < first || number >= first + loops {
                // A name is computed when its turn comes: whatever it needs of records is seen where its parts are read.
                let want = match act.kind {
                    ActKind::Let(_) => Want::There,
                    _ => Want::All,
                };
                self.want(node, want);
            }
        }
    }

    fn step(&mut self, ix: StepIx) {
        let step = &self.graph.steps[ix as usize];
        match step.to {
            To::Resource => {}
            To::Child(parent) => self.want(parent, self.parent_key(step.resource)),
            To::Record(record) => {
                self.want(record, self.key_of(step.resource));
                let source = matches!(self.graph.op(self.graph.resolve(record)), Op::Slot(_));
                if !source {
                    for field in step.body.iter().filter_map(|put| put.at.first()) {
                        self.want(record, Want::Field(*field));
                    }
                }
            }
        }
        for node in step.args.iter().chain(&step.done_if) {
            self.want(*node, Want::All);
        }
        for key in &step.keys {
            for node in key.values.iter().flatten() {
                self.want(*node, Want::All);
            }
            for ask in &key.asks {
                self.asked(*ask);
            }
        }
        for put in &step.body {
            self.want(put.value, Want::All);
            if let First::OnCreateOr(condition) = put.first {
                self.want(condition, Want::All);
            }
        }
        for flag in &step.flags {
            self.want(flag.expected, Want::All);
        }
    }

    fn asked(&mut self, ix: AskIx) {
        if !self.asked.insert(ix) {
            return;
        }
        let ask = &self.graph.program.asks[ix as usize];
        let key = match &ask.what {
            Question::Sub { .. } => self.parent_key(ask.resource),
            Question::Link { of_resource, .. } => self.key_of(*of_resource),
            Question::Find { .. } | Question::One => Want::All,
        };
        for node in ask.what.key_nodes() {
            self.want(node, key);
        }
    }

    fn drain(&mut self) {
        while let Some((node, want)) = self.open.pop() {
            self.node(node, want);
        }
    }

    fn node(&mut self, node: NodeIx, want: Want) {
        let program = self.graph.program;
        match self.graph.op(node) {
            Op::Get(of, field) => self.want(*of, Want::Field(*field)),
            Op::Slot(slot) => match program.slots[*slot as usize].init {
                Some(init) => self.want(init, want),
                None => match (self.items.get(slot), want) {
                    (Some(lp), want) => {
                        let over = program.loops[*lp as usize].over;
                        let want = match want {
                            Want::Field(field) => Want::Items(field),
                            Want::Items(_) => Want::All,
                            other => other,
                        };
                        self.want(over, want);
                    }
                    (None, want) if *slot == 0 => self.read.add(want),
                    _ => {}
                },
            },
            Op::Hit(ask) => {
                self.asks.entry(*ask).or_default().add(want);
                self.asked(*ask);
            }
            Op::Bound(step) => self.steps.entry(*step).or_default().add(want),
            Op::If(condition, then) => {
                self.want(*condition, Want::All);
                self.want(*then, want);
            }
            Op::Else(first, second) => {
                self.want(*first, want);
                self.want(*second, want);
            }
            Op::Exists(of) => self.want(*of, Want::There),
            Op::Record(_, fields) => {
                for (field, node) in fields {
                    match want {
                        Want::Field(wanted) if wanted != *field => {}
                        Want::There => self.want(*node, Want::There),
                        _ => self.want(*node, Want::All),
                    }
                }
            }
            Op::List(elements) => {
                for element in elements {
                    let (node, spread) = match element {
                        Element::One(node) => (*node, false),
                        Element::Spread(node) => (*node, true),
                        Element::For(lp, node) => {
                            let lp = &program.loops[*lp as usize];
                            self.want(lp.over, Want::There);
                            if let Some(when) = lp.when {
                                self.want(when, Want::All);
                            }
                            (*node, false)
                        }
                    };
                    let inner = match (want, spread) {
                        (Want::Items(field), false) => Want::Field(field),
                        (want, _) => want,
                    };
                    self.want(node, inner);
                }
            }
            Op::Table { on, at, gives, .. } => {
                for node in on.iter().chain(at) {
                    self.want(*node, Want::All);
                }
                for node in gives {
                    self.want(*node, want);
                }
            }
            Op::Call { args, .. } => {
                for arg in args {
                    if let Arg::Value(node) | Arg::Each(_, node) = arg {
                        self.want(*node, Want::All);
                    }
                }
            }
            op => {
                for node in op.operands(program) {
                    self.want(node, Want::All);
                }
            }
        }
    }
}

/// By what second looks at waiting records can be narrowed: a `where` on a field that the connector filters by, and a constant.
pub(super) fn relook(flow: &Flow, resources: &[Resource]) -> Vec<(String, Value)> {
    let graph = Graph {
        program: &flow.program,
        steps: &flow.steps,
        acts: &flow.acts,
    };
    let filters = &resources[flow.read.resource as usize].filters;
    let mut found: Vec<(String, Value)> = Vec::new();
    let mut open: Vec<NodeIx> = flow
        .acts
        .iter()
        .filter(|act| act.loops.is_empty() && act.when.is_none())
        .filter_map(|act| match act.kind {
            ActKind::Where(node) => Some(node),
            _ => None,
        })
        .collect();
    let source = |node: NodeIx| match graph.op(graph.resolve(node)) {
        Op::Get(of, field) => match graph.op(graph.resolve(*of)) {
            Op::Slot(0) => Some(*field),
            _ => None,
        },
        _ => None,
    };
    let constant = |node: NodeIx| match graph.op(graph.resolve(node)) {
        Op::Const(value) => Some(value.clone()),
        _ => None,
    };
    while let Some(node) = open.pop() {
        let (field, value) = match graph.op(graph.resolve(node)) {
            Op::And(a, b) => {
                open.extend([*a, *b]);
                continue;
            }
            Op::Get(..) => (source(node), Some(Value::Bool(true))),
            Op::Not(inner) => (source(*inner), Some(Value::Bool(false))),
            Op::Compare(Comparison::Eq, a, b) => match constant(*b) {
                Some(value) => (source(*a), Some(value)),
                None => (source(*b), constant(*a)),
            },
            Op::Compare(Comparison::In, a, b) => match constant(*b) {
                Some(Value::List(items)) if items.len() == 1 => {
                    (source(*a), items.first().cloned())
                }
                _ => continue,
            },
            _ => continue,
        };
        if let (Some(field), Some(value)) = (field, value)
            && let Some((_, param)) = filters.iter().find(|(filter, _)| *filter == field)
            && !found.iter().any(|(known, _)| known == param)
        {
            found.push((param.clone(), value));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}
