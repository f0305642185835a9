//! Leaves out what nothing needs, and numbers the rest anew in the same order.

use std::collections::BTreeSet;

use super::depend::step_nodes;
use crate::plan::{
    ActKind, Arg, AskIx, Element, First, Flow, LoopIx, NodeIx, Op, Program, Question, SlotIx, To,
};

#[derive(Default)]
struct Kept {
    nodes: BTreeSet<NodeIx>,
    slots: BTreeSet<SlotIx>,
    loops: BTreeSet<LoopIx>,
    asks: BTreeSet<AskIx>,
    open: Vec<NodeIx>,
}

/// New numbers.
struct Renumbered {
    nodes: Vec<NodeIx>,
    slots: Vec<SlotIx>,
    loops: Vec<LoopIx>,
    asks: Vec<AskIx>,
}

/// Compacts a map's program; gives its body's new number.
pub(super) fn map(program: &mut Program, body: NodeIx) -> NodeIx {
    let mut kept = Kept::default();
    kept.slots.insert(0);
    kept.open.push(body);
    kept.drain(program);
    let new = kept.apply(program);
    new.nodes[body as usize]
}

/// Compacts a flow's program.
pub(super) fn flow(flow: &mut Flow) {
    let mut kept = Kept::default();
    kept.slots.insert(0);
    for act in &flow.acts {
        kept.loops.extend(&act.loops);
        kept.open.extend(act.when);
        match &act.kind {
            ActKind::Let(slot) => {
                kept.slots.insert(*slot);
                kept.open.extend(flow.program.slots[*slot as usize].init);
            }
            ActKind::Where(node) => kept.open.push(*node),
            ActKind::End(_, text, when) => kept.open.extend([*text, *when]),
            ActKind::Confirm {
                left,
                right,
                within,
                ..
            } => kept.open.extend([*left, *right].into_iter().chain(*within)),
            ActKind::Step(ix) => {
                let step = &flow.steps[*ix as usize];
                kept.open.extend(step_nodes(step));
                for ask in step.keys.iter().flat_map(|key| &key.asks) {
                    kept.ask(&flow.program, *ask);
                }
            }
        }
    }
    for lp in kept.loops.clone() {
        kept.in_loop(&flow.program, lp);
    }
    kept.drain(&flow.program);
    let asks = kept.asks.clone();
    let new = kept.apply(&mut flow.program);
    new.flow(flow);
    for round in &mut flow.rounds {
        round.asks.retain(|ask| asks.contains(ask));
        for ask in &mut round.asks {
            *ask = new.asks[*ask as usize];
        }
    }
}

impl Kept {
    fn in_loop(&mut self, program: &Program, ix: LoopIx) {
        let lp = &program.loops[ix as usize];
        self.loops.insert(ix);
        self.slots.insert(lp.item);
        self.slots.extend(lp.counter);
        self.open.push(lp.over);
        self.open.extend(lp.when);
    }

    fn ask(&mut self, program: &Program, ix: AskIx) {
        if !self.asks.insert(ix) {
            return;
        }
        let ask = &program.asks[ix as usize];
        self.open.extend(ask.what.key_nodes());
        self.open.extend(ask.when);
        for lp in &ask.loops {
            self.in_loop(program, *lp);
        }
    }

    fn drain(&mut self, program: &Program) {
        while let Some(node) = self.open.pop() {
            if !self.nodes.insert(node) {
                continue;
            }
            let op = &program.nodes[node as usize].op;
            match op {
                Op::Slot(slot) => {
                    self.slots.insert(*slot);
                    self.open.extend(program.slots[*slot as usize].init);
                }
                Op::Hit(ask) => self.ask(program, *ask),
                Op::Call { args, .. } => {
                    for arg in args {
                        if let Arg::Each(lp, _) = arg {
                            self.in_loop(program, *lp);
                        }
                    }
                }
                Op::List(elements) => {
                    for element in elements {
                        if let Element::For(lp, _) = element {
                            self.in_loop(program, *lp);
                        }
                    }
                }
                _ => {}
            }
            self.open.extend(op.operands(program));
        }
    }

    fn apply(self, program: &mut Program) -> Renumbered {
        let new = Renumbered {
            nodes: numbers(program.nodes.len(), &self.nodes),
            slots: numbers(program.slots.len(), &self.slots),
            loops: numbers(program.loops.len(), &self.loops),
            asks: numbers(program.asks.len(), &self.asks),
        };
        keep(&mut program.nodes, &self.nodes);
        keep(&mut program.slots, &self.slots);
        keep(&mut program.loops, &self.loops);
        keep(&mut program.asks, &self.asks);
        new.program(program);
        new
    }
}

/// By old number the new one: how many are kept before it.
fn numbers(count: usize, kept: &BTreeSet<u32>) -> Vec<u32> {
    let mut next = 0;
    (0..=count as u32)
        .map(|old| {
            let new = next;
            next += u32::from(kept.contains(&old));
            new
        })
        .collect()
}

fn keep<T>(items: &mut Vec<T>, kept: &BTreeSet<u32>) {
    let mut ix = 0;
    items.retain(|_| {
        ix += 1;
        kept.contains(&(ix - 1))
    });
}

impl Renumbered {
    fn node(&self, node: &mut NodeIx) {
        *node = self.nodes[*node as usize];
    }

    fn all<'n>(&self, nodes: impl IntoIterator<Item = &'n mut NodeIx>) {
        for node in nodes {
            self.node(node);
        }
    }

    fn program(&self, program: &mut Program) {
        for node in &mut program.nodes {
            self.op(&mut node.op);
        }
        for slot in &mut program.slots {
            self.all(&mut slot.init);
        }
        for lp in &mut program.loops {
            self.node(&mut lp.over);
            self.all(&mut lp.when);
            for slot in [&mut lp.item, &mut lp.first, &mut lp.last]
                .into_iter()
                .chain(&mut lp.counter)
            {
                *slot = self.slots[*slot as usize];
            }
        }
        for ask in &mut program.asks {
            match &mut ask.what {
                Question::Find { key, .. } => self.all(key),
                Question::Link { of, .. } => self.node(of),
                Question::Sub { parent } => self.node(parent),
                Question::One => {}
            }
            self.all(&mut ask.when);
            for lp in &mut ask.loops {
                *lp = self.loops[*lp as usize];
            }
        }
    }

    fn op(&self, op: &mut Op) {
        match op {
            Op::Const(_) | Op::Bound(_) => {}
            Op::Slot(slot) => *slot = self.slots[*slot as usize],
            Op::Hit(ask) => *ask = self.asks[*ask as usize],
            Op::Get(a, _)
            | Op::Not(a)
            | Op::Neg(a)
            | Op::InSet(a, _)
            | Op::Exists(a)
            | Op::End(_, a) => self.node(a),
            Op::Money {
                amount,
                currency,
                flag,
            } => {
                self.node(amount);
                self.all(currency);
                self.all(flag);
            }
            Op::Call { args, .. } => {
                for arg in args {
                    match arg {
                        Arg::Left => {}
                        Arg::Value(node) => self.node(node),
                        Arg::Each(lp, node) => {
                            *lp = self.loops[*lp as usize];
                            self.node(node);
                        }
                    }
                }
            }
            Op::Table { on, at, gives, .. } => {
                self.all(on);
                self.all(at);
                self.all(gives);
            }
            Op::If(a, b)
            | Op::Else(a, b)
            | Op::And(a, b)
            | Op::Or(a, b)
            | Op::Math(_, a, b)
            | Op::Compare(_, a, b) => self.all([a, b]),
            Op::Text(parts) => self.all(parts),
            Op::Record(_, fields) => self.all(fields.iter_mut().map(|(_, node)| node)),
            Op::List(elements) => {
                for element in elements {
                    match element {
                        Element::One(node) | Element::Spread(node) => self.node(node),
                        Element::For(lp, node) => {
                            *lp = self.loops[*lp as usize];
                            self.node(node);
                        }
                    }
                }
            }
        }
    }

    fn flow(&self, flow: &mut Flow) {
        for act in &mut flow.acts {
            for lp in &mut act.loops {
                *lp = self.loops[*lp as usize];
            }
            self.all(&mut act.when);
            match &mut act.kind {
                ActKind::Let(slot) => *slot = self.slots[*slot as usize],
                ActKind::Where(node) => self.node(node),
                ActKind::End(_, text, when) => self.all([text, when]),
                ActKind::Step(_) => {}
                ActKind::Confirm {
                    left,
                    right,
                    within,
                    ..
                } => {
                    self.all([left, right]);
                    self.all(within);
                }
            }
        }
        for step in &mut flow.steps {
            match &mut step.to {
                To::Resource => {}
                To::Child(node) | To::Record(node) => self.node(node),
            }
            self.all(&mut step.args);
            self.all(&mut step.done_if);
            for key in &mut step.keys {
                for ask in &mut key.asks {
                    *ask = self.asks[*ask as usize];
                }
                self.all(key.values.iter_mut().flatten());
            }
            for put in &mut step.body {
                self.node(&mut put.value);
                if let First::OnCreateOr(condition) = &mut put.first {
                    self.node(condition);
                }
            }
            for flag in &mut step.flags {
                self.node(&mut flag.expected);
            }
        }
    }
}
