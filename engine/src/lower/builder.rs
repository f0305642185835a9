//! Builds one program: nodes, slots, loops, questions, and the names that are in force.

use flowbook_grammar::Span;
use flowbook_stdlib::types::{Kind, Type};
use flowbook_stdlib::value::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Shared;
use super::depend::{Graph, Through};
use crate::checked::{Local, LocalIx};
use crate::plan::connector::ResourceIx;
use crate::plan::{
    Arg, Ask, AskIx, Element, Loop, LoopIx, Node, NodeIx, Op, PlaceIx, Program, Question, Slot,
    SlotIx, Step, StepIx,
};

/// The loops that were open at a call, and what it gave.
type Call = (Vec<LoopIx>, NodeIx);

/// Builds one program.
pub(super) struct Builder<'b, 's> {
    pub(super) shared: &'s mut Shared<'b>,
    pub(super) program: Program,
    /// Of each node: equal numbers are equal values, whatever slots they went through.
    numbers: Vec<u32>,
    number_of: FxHashMap<String, u32>,
    ask_of: FxHashMap<String, AskIx>,
    /// What map calls gave: by map and arguments, with the loops that were open then.
    called: FxHashMap<(u32, Vec<u32>), Vec<Call>>,
    open: Vec<LoopIx>,
    /// Values of the names of each item around the expression at hand, the innermost last.
    frames: Vec<(&'b [Local], Vec<Option<NodeIx>>)>,
    /// The call that led here.
    pub(super) via: Option<PlaceIx>,
    /// Steps of the flow so far.
    pub(super) steps: Vec<Step>,
    /// Under which condition each of them runs.
    pub(super) step_when: Vec<Option<NodeIx>>,
}

impl<'b, 's> Builder<'b, 's> {
    pub(super) fn new(shared: &'s mut Shared<'b>) -> Builder<'b, 's> {
        Builder {
            shared,
            program: Program::default(),
            numbers: Vec::new(),
            number_of: FxHashMap::default(),
            ask_of: FxHashMap::default(),
            called: FxHashMap::default(),
            open: Vec::new(),
            frames: Vec::new(),
            via: None,
            steps: Vec::new(),
            step_when: Vec::new(),
        }
    }

    pub(super) fn place(&mut self, span: Span) -> PlaceIx {
        self.shared.place(span, self.via)
    }

    // ── nodes ──

    pub(super) fn op(&self, node: NodeIx) -> &Op {
        &self.program.nodes[node as usize].op
    }

    pub(super) fn place_of(&self, node: NodeIx) -> PlaceIx {
        self.program.nodes[node as usize].place
    }

    pub(super) fn push(&mut self, op: Op, place: PlaceIx) -> NodeIx {
        if self.shared.full() && !self.program.nodes.is_empty() {
            return self.program.nodes.len() as NodeIx - 1; // the plan is refused
        }
        self.shared.nodes += 1;
        let number = self.number(&op);
        self.numbers.push(number);
        self.program.nodes.push(Node { op, place });
        self.program.nodes.len() as NodeIx - 1
    }

    pub(super) fn constant(&mut self, value: Value, place: PlaceIx) -> NodeIx {
        self.push(Op::Const(value), place)
    }

    /// The constant that a node is, slots looked through.
    pub(super) fn value(&self, node: NodeIx) -> Option<&Value> {
        match self.op(self.resolve(node)) {
            Op::Const(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn is_none(&self, node: NodeIx) -> bool {
        self.value(node) == Some(&Value::None)
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

    // ── slots ──

    pub(super) fn slot(&mut self, name: &str, init: Option<NodeIx>, ty: Option<&Type>) -> SlotIx {
        self.program.slots.push(Slot {
            name: name.to_owned(),
            init,
            shape: match ty.map(|ty| &ty.kind) {
                Some(Kind::Record(shape)) => Some(shape.clone()),
                _ => None,
            },
        });
        self.program.slots.len() as SlotIx - 1
    }

    pub(super) fn slot_node(&mut self, slot: SlotIx, place: PlaceIx) -> NodeIx {
        self.push(Op::Slot(slot), place)
    }

    /// As cheap to compute again as to keep.
    pub(super) fn cheap(&self, node: NodeIx) -> bool {
        match self.op(node) {
            Op::Const(_) | Op::Slot(_) | Op::Bound(_) => true,
            Op::Get(of, _) => self.cheap(*of),
            Op::Hit(ask) => matches!(
                self.program.asks[*ask as usize].what,
                Question::Sub { .. } | Question::One
            ),
            _ => false,
        }
    }

    /// A node to be read more than once: kept in a slot unless cheap. The fields of a record are kept one by one.
    pub(super) fn kept(&mut self, name: &str, node: NodeIx) -> NodeIx {
        self.kept_as(name, None, node)
    }

    /// The same, with the type of the value.
    pub(super) fn kept_as(&mut self, name: &str, ty: Option<&Type>, node: NodeIx) -> NodeIx {
        if self.cheap(node) {
            return node;
        }
        let place = self.place_of(node);
        let node = match self.op(node).clone() {
            Op::Record(..) => self.fields_kept(name, node),
            Op::If(condition, then) if matches!(self.op(then), Op::Record(..)) => {
                let condition = self.kept("", condition);
                let then = self.fields_kept(name, then);
                self.push(Op::If(condition, then), place)
            }
            _ => node,
        };
        let slot = self.slot(name, Some(node), ty);
        self.slot_node(slot, place)
    }

    fn fields_kept(&mut self, name: &str, node: NodeIx) -> NodeIx {
        let Op::Record(shape, fields) = self.op(node).clone() else {
            return node;
        };
        let place = self.place_of(node);
        let kept = fields
            .into_iter()
            .map(|(field, value)| {
                let of = shape.fields.get(usize::from(field));
                let own = of.map_or("", |field| &*field.name);
                let name = match name {
                    "" => own.to_owned(),
                    name => format!("{name}.{own}"),
                };
                (field, self.kept(&name, value))
            })
            .collect();
        self.push(Op::Record(shape, kept), place)
    }

    // ── names ──

    pub(super) fn enter_frame(&mut self, locals: &'b [Local]) {
        self.frames.push((locals, vec![None; locals.len()]));
    }

    fn declared(&self, local: LocalIx) -> Option<&'b Local> {
        let (locals, _) = self.frames.last()?;
        locals.get(local as usize)
    }

    /// The name of a local in the text.
    pub(super) fn name(&self, local: LocalIx) -> &'b str {
        self.declared(local).map_or("", |local| &*local.name)
    }

    /// The type of a local.
    pub(super) fn type_of(&self, local: LocalIx) -> Option<&'b Type> {
        self.declared(local).map(|local| &local.ty)
    }

    pub(super) fn leave_frame(&mut self) {
        self.frames.pop();
    }

    pub(super) fn bind(&mut self, local: LocalIx, node: NodeIx) {
        if let Some(place) = self
            .frames
            .last_mut()
            .and_then(|(_, frame)| frame.get_mut(local as usize))
        {
            *place = Some(node);
        }
    }

    /// The value of a name, read here.
    pub(super) fn local(&mut self, local: LocalIx, place: PlaceIx) -> NodeIx {
        let bound = self
            .frames
            .last()
            .and_then(|(_, frame)| frame.get(local as usize))
            .copied()
            .flatten();
        match bound {
            Some(node) => {
                let op = self.op(node).clone();
                self.push(op, place)
            }
            None => self.constant(Value::None, place), // of a part that a setting turned off
        }
    }

    // ── loops ──

    /// Begins a loop over a list: from here on its item and counter have values, and slots belong to its body.
    pub(super) fn open_loop(
        &mut self,
        over: NodeIx,
        item: LocalIx,
        counter: Option<LocalIx>,
    ) -> LoopIx {
        let place = self.place_of(over);
        let item_slot = self.slot(self.name(item), None, self.type_of(item));
        let counter_slot = counter.map(|local| self.slot(self.name(local), None, None));
        let node = self.slot_node(item_slot, place);
        self.bind(item, node);
        if let (Some(local), Some(slot)) = (counter, counter_slot) {
            let node = self.slot_node(slot, place);
            self.bind(local, node);
        }
        let first = self.program.slots.len() as SlotIx;
        self.program.loops.push(Loop {
            over,
            item: item_slot,
            counter: counter_slot,
            when: None,
            first,
            last: first,
        });
        let lp = self.program.loops.len() as LoopIx - 1;
        self.open.push(lp);
        lp
    }

    /// Ends a loop.
    pub(super) fn close_loop(&mut self, lp: LoopIx) {
        self.program.loops[lp as usize].last = self.program.slots.len() as SlotIx;
        self.open.pop();
    }

    // ── calls ──

    /// What an equal call gave that is in force here.
    pub(super) fn called(&self, map: u32, args: &[NodeIx]) -> Option<NodeIx> {
        let calls = self.called.get(&(map, self.numbers_of(args)))?;
        calls
            .iter()
            .find(|(loops, _)| self.open.starts_with(loops))
            .map(|(_, node)| *node)
    }

    /// Notes what a call gave.
    pub(super) fn calls(&mut self, map: u32, args: &[NodeIx], gave: NodeIx) {
        let key = (map, self.numbers_of(args));
        let call = (self.open.clone(), gave);
        self.called.entry(key).or_default().push(call);
    }

    /// A step writes a resource: what asked for it before is not what asks for it from here on.
    pub(super) fn wrote(&mut self, resource: ResourceIx) {
        let mut called = std::mem::take(&mut self.called);
        let graph = Graph {
            program: &self.program,
            steps: &self.steps,
            acts: &[],
        };
        let asks = |node: NodeIx| {
            let reached = graph.reach(vec![node], Through::Keys, false, &FxHashSet::default());
            reached
                .asks
                .iter()
                .any(|ask| self.program.asks[*ask as usize].resource == resource)
        };
        for calls in called.values_mut() {
            calls.retain(|(_, node)| !asks(*node));
        }
        self.called = called;
    }

    // ── questions ──

    /// The ask for a question; equal ones are one, unless a step in between writes what they ask for.
    pub(super) fn ask(&mut self, what: Question, resource: ResourceIx, place: PlaceIx) -> AskIx {
        let after: Vec<StepIx> = self
            .steps
            .iter()
            .zip(0..)
            .filter(|(step, _)| step.resource == resource)
            .map(|(_, ix)| ix)
            .collect();
        let key = match &what {
            Question::Find { find, key, .. } => format!("find {find:?} {:?}", self.numbers_of(key)),
            Question::Link { of, of_resource } => {
                format!("link {of_resource} {:?}", self.numbers_of(&[*of]))
            }
            Question::One => "one".to_owned(),
            Question::Sub { parent } => format!("sub {:?}", self.numbers_of(&[*parent])),
        };
        let key = format!("{resource} {after:?} {key}");
        if let Some(ask) = self.ask_of.get(&key) {
            return *ask;
        }
        self.program.asks.push(Ask {
            what,
            resource,
            loops: Vec::new(),
            when: None,
            after,
            wave: 0,
            needs: Vec::new(),
            place,
        });
        let ix = self.program.asks.len() as AskIx - 1;
        self.ask_of.insert(key, ix);
        ix
    }

    fn numbers_of(&self, nodes: &[NodeIx]) -> Vec<u32> {
        nodes
            .iter()
            .map(|node| self.numbers[*node as usize])
            .collect()
    }

    fn number(&mut self, op: &Op) -> u32 {
        let n = |node: &NodeIx| self.numbers[*node as usize];
        let all = |nodes: &[NodeIx]| self.numbers_of(nodes);
        let key = match op {
            Op::Slot(slot) => match self.program.slots[*slot as usize].init {
                Some(init) => return n(&init),
                None => format!("slot {slot}"),
            },
            Op::Const(value) => format!("const {value:?}"),
            Op::Get(of, field) => format!("get {} {field}", n(of)),
            Op::Money {
                amount,
                currency,
                flag,
            } => format!(
                "money {} {:?} {:?}",
                n(amount),
                currency.as_ref().map(n),
                flag.as_ref().map(n)
            ),
            Op::Hit(ask) => format!("hit {ask}"),
            Op::Bound(step) => format!("bound {step}"),
            Op::Call {
                function,
                args,
                hands_on,
            } if !args.iter().any(|arg| matches!(arg, Arg::Each(..))) => {
                let args: Vec<Option<u32>> = args
                    .iter()
                    .map(|arg| match arg {
                        Arg::Value(node) => Some(n(node)),
                        _ => None,
                    })
                    .collect();
                format!("call {function} {args:?} {hands_on}")
            }
            Op::Table {
                table,
                on,
                at,
                gives,
            } => format!(
                "table {table} {:?} {:?} {:?}",
                all(on),
                at.as_ref().map(n),
                all(gives)
            ),
            Op::If(a, b) => format!("if {} {}", n(a), n(b)),
            Op::Else(a, b) => format!("else {} {}", n(a), n(b)),
            Op::And(a, b) => format!("and {} {}", n(a), n(b)),
            Op::Or(a, b) => format!("or {} {}", n(a), n(b)),
            Op::Not(a) => format!("not {}", n(a)),
            Op::Neg(a) => format!("neg {}", n(a)),
            Op::Math(math, a, b) => format!("{math:?} {} {}", n(a), n(b)),
            Op::Compare(comparison, a, b) => format!("{comparison:?} {} {}", n(a), n(b)),
            Op::InSet(a, set) => format!("in {} {set}", n(a)),
            Op::Exists(a) => format!("exists {}", n(a)),
            Op::Text(parts) => format!("text {:?}", all(parts)),
            Op::Record(shape, fields) => {
                let fields: Vec<(u16, u32)> = fields
                    .iter()
                    .map(|(field, node)| (*field, n(node)))
                    .collect();
                format!("record {} {} {fields:?}", shape.name, shape.fields.len())
            }
            Op::List(elements)
                if !elements
                    .iter()
                    .any(|element| matches!(element, Element::For(..))) =>
            {
                let elements: Vec<(bool, u32)> = elements
                    .iter()
                    .map(|element| match element {
                        Element::One(node) => (true, n(node)),
                        Element::Spread(node) | Element::For(_, node) => (false, n(node)),
                    })
                    .collect();
                format!("list {elements:?}")
            }
            Op::End(end, text) => format!("{end:?} {}", n(text)),
            Op::Call { .. } | Op::List(_) => format!("own {}", self.numbers.len()),
        };
        let next = self.number_of.len() as u32;
        *self.number_of.entry(key).or_insert(next)
    }
}
