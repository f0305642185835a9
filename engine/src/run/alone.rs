//! Alone: which failures follow from the record and the flowbook alone. What no answer of a system went into fails the same way until one of the
//! two changes, so it is not computed again before.

use crate::plan::{Act, ActKind, First, Flow, LoopIx, NodeIx, Op, Program, Put, SlotIx};

/// What of a flow's program needs an answer of a system.
pub(super) struct Alone {
    nodes: Vec<bool>,
    /// By loop: its list or its condition does.
    loops: Vec<bool>,
}

impl Alone {
    /// Looks through a flow's program.
    pub fn new(flow: &Flow) -> Alone {
        let program = &flow.program;
        let mut look = Look {
            program,
            nodes: vec![None; program.nodes.len()],
            slots: vec![None; program.slots.len()],
        };
        let nodes = (0..program.nodes.len())
            .map(|ix| look.node(ix as NodeIx))
            .collect();
        let loops = (0..program.loops.len())
            .map(|ix| look.turns(ix as LoopIx))
            .collect();
        Alone { nodes, loops }
    }

    fn node(&self, ix: NodeIx) -> bool {
        !self.nodes.get(ix as usize).copied().unwrap_or(true)
    }

    /// Whether an act happens, and how often, by the record alone.
    fn place(&self, act: &Act) -> bool {
        let turns = |ix: &LoopIx| !self.loops.get(*ix as usize).copied().unwrap_or(true);
        act.loops.iter().all(turns) && act.when.is_none_or(|when| self.node(when))
    }

    /// Whether what an act comes to follows from the record alone.
    pub fn act(&self, flow: &Flow, act: &Act) -> bool {
        let computed = match act.kind {
            ActKind::Let(slot) => flow.program.slots[slot as usize]
                .init
                .is_some_and(|init| self.node(init)),
            ActKind::Where(condition) => self.node(condition),
            ActKind::End(_, text, condition) => self.node(text) && self.node(condition),
            ActKind::Step(_) | ActKind::Confirm { .. } => false,
        };
        computed && self.place(act)
    }

    /// Whether what a step writes to a field follows from the record alone.
    pub fn put(&self, act: &Act, put: &Put) -> bool {
        matches!(put.first, First::Always) && self.node(put.value) && self.place(act)
    }
}

/// A walk through a program. A slot that is met on its way to itself depends on nothing new.
struct Look<'p> {
    program: &'p Program,
    nodes: Vec<Option<bool>>,
    slots: Vec<Option<bool>>,
}

impl Look<'_> {
    fn node(&mut self, ix: NodeIx) -> bool {
        if let Some(known) = self.nodes[ix as usize] {
            return known;
        }
        let op = &self.program.nodes[ix as usize].op;
        let asks = match op {
            Op::Hit(_) | Op::Bound(_) => true,
            Op::Slot(slot) => self.slot(*slot),
            op => op
                .operands(self.program)
                .into_iter()
                .any(|node| self.node(node)),
        };
        self.nodes[ix as usize] = Some(asks);
        asks
    }

    fn slot(&mut self, ix: SlotIx) -> bool {
        if let Some(known) = self.slots[ix as usize] {
            return known;
        }
        self.slots[ix as usize] = Some(false);
        let asks = match self.program.slots[ix as usize].init {
            Some(init) => self.node(init),
            None => {
                let of = |lp: &crate::plan::Loop| lp.item == ix || lp.counter == Some(ix);
                match self.program.loops.iter().position(of) {
                    Some(lp) => self.turns(lp as LoopIx),
                    None => false, // the record that was read
                }
            }
        };
        self.slots[ix as usize] = Some(asks);
        asks
    }

    fn turns(&mut self, ix: LoopIx) -> bool {
        let lp = &self.program.loops[ix as usize];
        self.node(lp.over) || lp.when.is_some_and(|when| self.node(when))
    }
}
