//! Under which loops and conditions each question stands, and which act needs it first.
//!
//! A question that is met in several places is asked where any of them needs it. Asking too much is never wrong, only dearer.

use flowbook_stdlib::value::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::Builder;
use super::depend::{Graph, Through};
use crate::plan::{Act, ActKind, Arg, AskIx, Element, First, LoopIx, NodeIx, Op, SlotIx, To};

/// A slot is looked through under so many conditions; beyond, under what they have in common.
const MOST_VISITS: usize = 6;

/// Where a node stands.
#[derive(Clone, Default, PartialEq)]
struct Here {
    loops: Vec<LoopIx>,
    whens: Vec<NodeIx>,
}

impl Here {
    /// Whatever is asked at `other` is asked here too.
    fn covers(&self, other: &Here) -> bool {
        other.loops.starts_with(&self.loops)
            && self.whens.iter().all(|when| other.whens.contains(when))
    }

    fn under(&self, when: NodeIx) -> Here {
        let mut here = self.clone();
        if !here.whens.contains(&when) {
            here.whens.push(when);
        }
        here
    }

    fn within(&self, lp: LoopIx) -> Here {
        let mut here = self.clone();
        here.loops.push(lp);
        here
    }

    fn common(&self, other: &Here) -> Here {
        let loops = self.loops.iter().zip(&other.loops);
        Here {
            loops: loops
                .take_while(|(a, b)| a == b)
                .map(|(lp, _)| *lp)
                .collect(),
            whens: self
                .whens
                .iter()
                .filter(|when| other.whens.contains(when))
                .copied()
                .collect(),
        }
    }
}

struct Walk<'w, 'b, 's> {
    builder: &'w mut Builder<'b, 's>,
    acts: &'w [Act],
    /// Whether a question lies below a node.
    asking: Vec<bool>,
    slots: FxHashMap<SlotIx, Vec<Here>>,
    asks: FxHashMap<AskIx, Here>,
    first: FxHashMap<AskIx, usize>,
    act: usize,
}

/// Settles loops and conditions of a flow's questions; gives the number of the first act that needs each.
pub(super) fn of_flow(
    builder: &mut Builder<'_, '_>,
    acts: &[Act],
    whens: &[Vec<NodeIx>],
) -> FxHashMap<AskIx, usize> {
    let mut walk = Walk::new(builder, acts);
    for (number, (act, whens)) in acts.iter().zip(whens).enumerate() {
        walk.act = number;
        let mut here = Here::default();
        for lp in &act.loops {
            let over = walk.builder.program.loops[*lp as usize].over;
            walk.node(over, &here);
            here.loops.push(*lp);
        }
        for when in whens {
            walk.node(*when, &here);
            here.whens.push(*when);
        }
        walk.act_at(act, &here);
    }
    walk.rule_out();
    walk.first
}

/// The same for a map that is run alone.
pub(super) fn of_map(builder: &mut Builder<'_, '_>, body: NodeIx) {
    let mut walk = Walk::new(builder, &[]);
    walk.node(body, &Here::default());
}

impl<'w, 'b, 's> Walk<'w, 'b, 's> {
    fn new(builder: &'w mut Builder<'b, 's>, acts: &'w [Act]) -> Walk<'w, 'b, 's> {
        let program = &builder.program;
        let mut asking: Vec<bool> = Vec::with_capacity(program.nodes.len());
        for node in &program.nodes {
            let below = |node: &NodeIx| asking.get(*node as usize).copied().unwrap_or(true);
            let asks = match &node.op {
                Op::Hit(_) => true,
                Op::Slot(slot) => program.slots[*slot as usize]
                    .init
                    .is_some_and(|init| below(&init)),
                op => op.operands(program).iter().any(below),
            };
            asking.push(asks);
        }
        Walk {
            builder,
            acts,
            asking,
            slots: FxHashMap::default(),
            asks: FxHashMap::default(),
            first: FxHashMap::default(),
            act: 0,
        }
    }

    /// A question that is asked only where a step does not run need not wait for that step.
    fn rule_out(&mut self) {
        for (ask, here) in &self.asks {
            let builder = &mut *self.builder;
            let mut after = std::mem::take(&mut builder.program.asks[*ask as usize].after);
            after.retain(|step| {
                let when = builder.step_when[*step as usize];
                !here
                    .whens
                    .iter()
                    .any(|node| matches!(builder.op(*node), Op::Not(of) if Some(*of) == when))
            });
            builder.program.asks[*ask as usize].after = after;
        }
    }

    fn asks(&self, node: NodeIx) -> bool {
        self.asking.get(node as usize).copied().unwrap_or(false)
    }

    fn graph(&self) -> Graph<'_> {
        Graph {
            program: &self.builder.program,
            steps: &self.builder.steps,
            acts: self.acts,
        }
    }

    fn act_at(&mut self, act: &Act, here: &Here) {
        match &act.kind {
            ActKind::Let(slot) => {
                if let Some(init) = self.builder.program.slots[*slot as usize].init {
                    self.slots.entry(*slot).or_default().push(here.clone());
                    // A name below an `if` carries that condition itself.
                    let inner = match self.builder.op(init) {
                        Op::If(when, then) if Some(*when) == act.when => *then,
                        _ => init,
                    };
                    self.node(inner, here);
                }
            }
            ActKind::Where(node) => self.node(*node, here),
            ActKind::End(_, text, when) => {
                self.node(*when, here);
                let then = here.under(*when);
                self.node(*text, &then);
            }
            ActKind::Confirm {
                left,
                right,
                within,
                ..
            } => {
                for node in [*left, *right].into_iter().chain(*within) {
                    self.node(node, here);
                }
            }
            ActKind::Step(ix) => self.step(*ix, here),
        }
    }

    fn step(&mut self, ix: u32, here: &Here) {
        let step = self.builder.steps[ix as usize].clone();
        if let To::Child(node) | To::Record(node) = step.to {
            self.node(node, here);
        }
        // A further key is asked where the ones before it found nothing.
        let mut at = here.clone();
        let many = step.keys.len() > 1;
        for key in &step.keys {
            for value in key.values.iter().flatten() {
                self.node(*value, &at);
            }
            for ask in &key.asks {
                self.ask(*ask, &at);
            }
            if let (true, To::Resource, Some(ask)) = (many, &step.to, key.asks.first()) {
                let hit = self.builder.push(Op::Hit(*ask), step.place);
                let there = self.builder.push(Op::Exists(hit), step.place);
                let missing = self.builder.push(Op::Not(there), step.place);
                at = at.under(missing);
            }
        }
        for node in step.args.iter().chain(&step.done_if) {
            self.node(*node, here);
        }
        for flag in &step.flags {
            self.node(flag.expected, here);
        }
        for put in &step.body {
            if let First::OnCreateOr(condition) = put.first {
                self.node(condition, here);
            }
            self.node(put.value, here);
        }
    }

    fn node(&mut self, node: NodeIx, here: &Here) {
        if !self.asks(node) {
            return;
        }
        let place = self.builder.place_of(node);
        match self.builder.op(node).clone() {
            Op::Hit(ask) => {
                for key in self.builder.program.asks[ask as usize].what.key_nodes() {
                    self.node(key, here);
                }
                self.ask(ask, here);
            }
            Op::Slot(slot) => self.slot(slot, here),
            Op::If(condition, then) => {
                self.node(condition, here);
                let then_here = here.under(condition);
                self.node(then, &then_here);
            }
            Op::And(a, b) => {
                self.node(a, here);
                let then_here = here.under(a);
                self.node(b, &then_here);
            }
            Op::Or(a, b) => {
                self.node(a, here);
                if self.asks(b) {
                    let not = self.builder.not(a, place);
                    self.node(b, &here.under(not));
                }
            }
            Op::Else(a, b) => {
                self.node(a, here);
                if self.asks(b) {
                    let there = self.builder.exists(a, place);
                    let missing = self.builder.not(there, place);
                    self.node(b, &here.under(missing));
                }
            }
            Op::Table {
                table,
                on,
                at,
                gives,
            } => {
                for node in on.iter().chain(&at) {
                    self.node(*node, here);
                }
                for (number, give) in gives.into_iter().enumerate() {
                    if self.asks(give) {
                        let test = Op::Table {
                            table: self.builder.row_test(table, number as u16),
                            on: on.clone(),
                            at,
                            gives: Vec::new(),
                        };
                        let row = self.builder.push(test, place);
                        self.node(give, &here.under(row));
                    }
                }
            }
            Op::Call { args, hands_on, .. } => {
                let mut here = here.clone();
                for (number, arg) in args.iter().enumerate() {
                    match arg {
                        Arg::Left => {}
                        Arg::Value(node) => {
                            self.node(*node, &here);
                            if number == 0 && hands_on && self.more_asks(&args[1..]) {
                                let there = self.builder.exists(*node, place);
                                here = here.under(there);
                            }
                        }
                        Arg::Each(lp, body) => self.node(*body, &here.within(*lp)),
                    }
                }
            }
            Op::List(elements) => {
                for element in elements {
                    match element {
                        Element::One(node) | Element::Spread(node) => self.node(node, here),
                        Element::For(lp, body) => {
                            let declared = self.builder.program.loops[lp as usize].clone();
                            self.node(declared.over, here);
                            let inside = here.within(lp);
                            if let Some(when) = declared.when {
                                // Loops are gone through before conditions: what the condition asks is asked with every turn.
                                self.node(when, &inside);
                            }
                            self.node(body, &inside);
                        }
                    }
                }
            }
            op => {
                for operand in op.operands(&self.builder.program) {
                    self.node(operand, here);
                }
            }
        }
    }

    fn more_asks(&self, args: &[Arg]) -> bool {
        args.iter().any(|arg| match arg {
            Arg::Left => false,
            Arg::Value(node) | Arg::Each(_, node) => self.asks(*node),
        })
    }

    fn slot(&mut self, slot: SlotIx, here: &Here) {
        let Some(init) = self.builder.program.slots[slot as usize].init else {
            return;
        };
        let visits = self.slots.entry(slot).or_default();
        if visits.iter().any(|visit| visit.covers(here)) {
            return;
        }
        let here = if visits.len() < MOST_VISITS {
            here.clone()
        } else {
            visits.iter().fold(here.clone(), |a, b| a.common(b))
        };
        visits.push(here.clone());
        self.node(init, &here);
    }

    /// A question is met: asked here too.
    fn ask(&mut self, ask: AskIx, here: &Here) {
        let act = self.act;
        self.first
            .entry(ask)
            .and_modify(|first| *first = act.min(*first))
            .or_insert(act);
        let here = match self.asks.get(&ask).cloned() {
            None => here.clone(),
            Some(known) if known.covers(here) => return,
            Some(known) => self.either(ask, &known, here),
        };
        let place = self.builder.program.asks[ask as usize].place;
        let when = here
            .whens
            .iter()
            .copied()
            .reduce(|a, b| self.builder.and(a, b, place));
        let asked = &mut self.builder.program.asks[ask as usize];
        asked.loops = here.loops.clone();
        asked.when = when;
        self.asks.insert(ask, here);
    }

    /// Where a question is asked that is needed in two places.
    fn either(&mut self, ask: AskIx, known: &Here, here: &Here) -> Here {
        let loops = known.common(here).loops;
        let (known, here) = (self.out_to(known, &loops), self.out_to(here, &loops));
        if known.covers(&here) {
            return known;
        }
        if here.covers(&known) {
            return here;
        }
        // A condition that needs this very answer holds only where it was asked already.
        let graph = self.graph();
        let circular = |at: &Here| {
            let reached = graph.reach(at.whens.clone(), Through::Asks, true, &FxHashSet::default());
            reached.asks.contains(&ask)
        };
        if circular(&here) {
            return known;
        }
        let common = known.common(&here).whens;
        let place = self.builder.program.asks[ask as usize].place;
        let mut sides = Vec::with_capacity(2);
        for at in [&known, &here] {
            let own: Vec<NodeIx> = at
                .whens
                .iter()
                .filter(|when| !common.contains(when))
                .copied()
                .collect();
            let one = own.into_iter().reduce(|a, b| self.builder.and(a, b, place));
            sides.extend(one);
        }
        let either = sides
            .into_iter()
            .reduce(|a, b| self.builder.or(a, b, place));
        let certain = |node: &NodeIx| self.builder.value(*node) == Some(&Value::Bool(true));
        Here {
            loops,
            whens: common
                .into_iter()
                .chain(either.filter(|node| !certain(node)))
                .collect(),
        }
    }

    /// The same place outside of the loops that are not among `loops`: conditions on their items fall away.
    fn out_to(&self, here: &Here, loops: &[LoopIx]) -> Here {
        let graph = self.graph();
        let gone: Vec<SlotIx> = here.loops[loops.len()..]
            .iter()
            .flat_map(|lp| {
                let lp = &graph.program.loops[*lp as usize];
                lp.counter.into_iter().chain([lp.item])
            })
            .collect();
        let stays = |when: &NodeIx| {
            gone.is_empty() || {
                let reached = graph.reach(vec![*when], Through::Asks, false, &FxHashSet::default());
                !gone.iter().any(|slot| reached.slots.contains(slot))
            }
        };
        Here {
            loops: loops.to_vec(),
            whens: here.whens.iter().copied().filter(stays).collect(),
        }
    }
}
