//! What a computation depends on: the nodes of a program as a graph, through slots, questions and the records of steps.

use flowbook_grammar::ast::End;
use rustc_hash::FxHashSet;

use crate::plan::{Act, ActKind, AskIx, First, NodeIx, Op, Program, SlotIx, Step, StepIx, To};

/// A program and the steps of its flow.
#[derive(Clone, Copy)]
pub(super) struct Graph<'p> {
    pub(super) program: &'p Program,
    pub(super) steps: &'p [Step],
    pub(super) acts: &'p [Act],
}

/// How far dependence is followed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Through {
    /// Up to questions.
    Values,
    /// Into the keys of questions.
    Keys,
    /// Into the keys, conditions and loops of questions.
    Asks,
}

/// What was met.
#[derive(Default)]
pub(super) struct Reached {
    /// Questions.
    pub(super) asks: FxHashSet<AskIx>,
    /// Records of steps: the field that is read, or all of it.
    pub(super) bounds: FxHashSet<(StepIx, Option<u16>)>,
    /// Slots.
    pub(super) slots: FxHashSet<SlotIx>,
    /// `skip` or `wait` among the expressions.
    pub(super) gate: bool,
    nodes: FxHashSet<NodeIx>,
}

/// The nodes of a step, those of its questions left out.
pub(super) fn step_nodes(step: &Step) -> Vec<NodeIx> {
    let mut nodes = match step.to {
        To::Resource => Vec::new(),
        To::Child(node) | To::Record(node) => vec![node],
    };
    nodes.extend(&step.args);
    nodes.extend(step.keys.iter().flat_map(|key| key.values.iter().flatten()));
    for put in &step.body {
        nodes.push(put.value);
        if let First::OnCreateOr(condition) = put.first {
            nodes.push(condition);
        }
    }
    nodes.extend(step.done_if);
    nodes.extend(step.flags.iter().map(|flag| flag.expected));
    nodes
}

impl<'p> Graph<'p> {
    pub(super) fn op(&self, node: NodeIx) -> &'p Op {
        &self.program.nodes[node as usize].op
    }

    /// The node that a slot is computed from.
    pub(super) fn resolve(&self, node: NodeIx) -> NodeIx {
        match self.op(node) {
            Op::Slot(slot) => match self.program.slots[*slot as usize].init {
                Some(init) => self.resolve(init),
                None => node,
            },
            _ => node,
        }
    }

    /// The nodes of an act, those of its questions left out.
    pub(super) fn act_nodes(&self, act: &Act) -> Vec<NodeIx> {
        let mut nodes: Vec<NodeIx> = act.when.into_iter().collect();
        for lp in &act.loops {
            nodes.push(self.program.loops[*lp as usize].over);
        }
        match &act.kind {
            ActKind::Let(slot) => nodes.extend(self.program.slots[*slot as usize].init),
            ActKind::Where(node) => nodes.push(*node),
            ActKind::End(_, text, when) => nodes.extend([*when, *text]),
            ActKind::Step(step) => nodes.extend(step_nodes(&self.steps[*step as usize])),
            ActKind::Confirm {
                left,
                right,
                within,
                ..
            } => nodes.extend([*left, *right].into_iter().chain(*within)),
        }
        nodes
    }

    /// The nodes that a question depends on.
    pub(super) fn ask_nodes(&self, ask: AskIx) -> Vec<NodeIx> {
        let ask = &self.program.asks[ask as usize];
        let mut nodes = ask.what.key_nodes();
        nodes.extend(ask.when);
        for lp in &ask.loops {
            let lp = &self.program.loops[*lp as usize];
            nodes.push(lp.over);
            nodes.extend(lp.when);
        }
        nodes
    }

    /// What is known of a step's record before the write depends on these: its condition, its keys' questions, the leaves of the field.
    pub(super) fn bound_needs(
        &self,
        step: StepIx,
        field: Option<u16>,
    ) -> (Vec<NodeIx>, Vec<AskIx>) {
        let Some(of) = self.steps.get(step as usize) else {
            return Default::default();
        };
        let mut nodes = match of.to {
            To::Record(node) => vec![node],
            _ => Vec::new(),
        };
        for act in self.acts {
            if matches!(act.kind, ActKind::Step(ix) if ix == step) {
                nodes.extend(act.when);
                nodes.extend(
                    act.loops
                        .iter()
                        .map(|lp| self.program.loops[*lp as usize].over),
                );
            }
        }
        for put in &of.body {
            if field.is_none() || put.at.first().copied() == field {
                nodes.push(put.value);
                if let First::OnCreateOr(condition) = put.first {
                    nodes.push(condition);
                }
            }
        }
        let asks = of.keys.iter().flat_map(|key| key.asks.clone()).collect();
        (nodes, asks)
    }

    /// Everything that nodes depend on. With `steps`, the records of steps are followed into what is known of them before the write.
    pub(super) fn reach(
        &self,
        roots: Vec<NodeIx>,
        through: Through,
        steps: bool,
        stop: &FxHashSet<SlotIx>,
    ) -> Reached {
        let mut reached = Reached::default();
        let mut open = roots;
        while let Some(node) = open.pop() {
            if !reached.nodes.insert(node) {
                continue;
            }
            let op = self.op(node);
            let bound = match op {
                Op::Bound(step) => Some((*step, None)),
                Op::Get(of, field) => match self.op(self.resolve(*of)) {
                    Op::Bound(step) => Some((*step, Some(*field))),
                    _ => None,
                },
                _ => None,
            };
            if let Some((step, field)) = bound {
                if reached.bounds.insert((step, field)) && steps {
                    let (nodes, asks) = self.bound_needs(step, field);
                    open.extend(nodes);
                    for ask in asks {
                        self.meet(ask, through, &mut reached, &mut open);
                    }
                }
                continue;
            }
            match op {
                Op::Hit(ask) => self.meet(*ask, through, &mut reached, &mut open),
                Op::Slot(slot) => {
                    reached.slots.insert(*slot);
                    if !stop.contains(slot) {
                        open.extend(self.program.slots[*slot as usize].init);
                    }
                }
                Op::End(End::Skip | End::Wait, _) => reached.gate = true,
                _ => {}
            }
            open.extend(op.operands(self.program));
        }
        reached
    }

    fn meet(&self, ask: AskIx, through: Through, reached: &mut Reached, open: &mut Vec<NodeIx>) {
        if !reached.asks.insert(ask) {
            return;
        }
        match through {
            Through::Values => {}
            Through::Keys => open.extend(self.program.asks[ask as usize].what.key_nodes()),
            Through::Asks => open.extend(self.ask_nodes(ask)),
        }
    }
}
