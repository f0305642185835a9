//! Flows: statements → acts in text order, each with the loops and the condition it stands under.

use flowbook_stdlib::value::Value;

use super::builder::Builder;
use super::{Shared, compact, context, needs, rounds};
use crate::checked::{self, LocalIx, Statement, StatementKind};
use crate::plan::{Act, ActKind, Flow, LoopIx, NodeIx, Op, PlaceIx, Question, Read};

/// The statements around the one at hand.
#[derive(Clone, Default)]
pub(super) struct Around {
    /// `for`s, the outermost first.
    pub(super) loops: Vec<LoopIx>,
    /// Conditions of `if`s, the outermost first.
    pub(super) whens: Vec<NodeIx>,
    /// All of them in one.
    pub(super) when: Option<NodeIx>,
}

/// A flow while it is lowered.
pub(super) struct Acts<'b, 's> {
    pub(super) builder: Builder<'b, 's>,
    pub(super) acts: Vec<Act>,
    /// Of each act: the conditions around it.
    pub(super) whens: Vec<Vec<NodeIx>>,
    /// Which local each step binds.
    pub(super) bound: Vec<LocalIx>,
}

/// Makes the plan of a flow.
pub(super) fn lower<'b>(shared: &mut Shared<'b>, flow: &'b checked::Flow) -> Flow {
    let mut builder = Builder::new(shared);
    let place = builder.place(flow.span);
    builder.enter_frame(&flow.locals);
    let record = builder.slot(builder.name(flow.record), None, None);
    let node = builder.slot_node(record, place);
    builder.bind(flow.record, node);
    let mut acts = Acts {
        builder,
        acts: Vec::new(),
        whens: Vec::new(),
        bound: Vec::new(),
    };
    acts.statements(&flow.body, &Around::default());
    let Acts {
        mut builder,
        acts,
        whens,
        ..
    } = acts;
    let from = flow.from.as_ref().map(|expr| builder.expr(expr));
    let from = from.and_then(|node| builder.value(node).cloned());
    let first_act = context::of_flow(&mut builder, &acts, &whens);
    let mut flow = Flow {
        name: flow.name.clone(),
        doc: flow.doc.clone(),
        starts: flow.starts.clone(),
        read: Read {
            resource: flow.resource,
            all: flow.all,
            from: from.filter(|value| *value != Value::None),
            needs: Vec::new(),
            relook: Vec::new(),
        },
        steps: std::mem::take(&mut builder.steps),
        program: std::mem::take(&mut builder.program),
        acts,
        rounds: Vec::new(),
        ripe_within_s: flow.ripe_within_s,
        after: flow.after.clone(),
        place,
    };
    let resources = &builder.shared.book.resources;
    needs::mark(&mut flow, resources);
    rounds::waves(&mut flow);
    rounds::cut(&mut flow, first_act);
    rounds::late(&mut flow, resources);
    flow.read.relook = needs::relook(&flow, resources);
    compact::flow(&mut flow);
    flow
}

impl<'b> Acts<'b, '_> {
    fn statements(&mut self, body: &'b [Statement], around: &Around) {
        for statement in body {
            self.statement(statement, around);
        }
    }

    pub(super) fn act(&mut self, kind: ActKind, place: PlaceIx, around: &Around) {
        self.acts.push(Act {
            loops: around.loops.clone(),
            when: around.when,
            kind,
            place,
        });
        self.whens.push(around.whens.clone());
    }

    fn statement(&mut self, statement: &'b Statement, around: &Around) {
        let place = self.builder.place(statement.span);
        match &statement.kind {
            StatementKind::Where(condition) => {
                let node = self.builder.expr(condition);
                if self.builder.value(node) != Some(&Value::Bool(true)) {
                    self.act(ActKind::Where(node), place, around);
                }
            }
            StatementKind::Let(local, expr) => self.let_(*local, expr, place, around),
            StatementKind::End(end, text, condition) => {
                let condition = self.builder.expr(condition);
                match self.builder.value(condition) {
                    Some(value) if *value != Value::Bool(true) => {}
                    _ => {
                        let text = self.builder.expr(text);
                        self.act(ActKind::End(*end, text, condition), place, around);
                    }
                }
            }
            StatementKind::If(condition, body) => {
                let node = self.builder.expr(condition);
                match self.builder.value(node) {
                    Some(Value::Bool(true)) => self.statements(body, around),
                    Some(_) => self.nothing(body),
                    None => {
                        let place = self.builder.place_of(node);
                        let node = self.builder.kept("", node);
                        let mut inner = around.clone();
                        inner.whens.push(node);
                        inner.when = Some(match around.when {
                            Some(outer) => self.builder.and(outer, node, place),
                            None => node,
                        });
                        self.statements(body, &inner);
                    }
                }
            }
            StatementKind::For {
                item,
                counter,
                list,
                body,
            } => {
                let over = self.builder.expr(list);
                if self.builder.is_none(over)
                    || matches!(self.builder.value(over), Some(Value::List(items)) if items.is_empty())
                {
                    return self.nothing(body);
                }
                let over = self.builder.kept("", over);
                self.for_(over, *item, *counter, body, around);
            }
            StatementKind::Confirm {
                left,
                right,
                within,
                of,
            } => {
                let left = self.builder.expr(left);
                let right = self.builder.expr(right);
                let within = within.as_ref().map(|expr| self.builder.expr(expr));
                let step = of.and_then(|local| {
                    let step = self.bound.iter().rposition(|bound| *bound == local)?;
                    Some(step as u32)
                });
                let kind = ActKind::Confirm {
                    left,
                    right,
                    within,
                    step,
                };
                self.act(kind, place, around);
            }
            StatementKind::Write(write) => self.write(write, place, around),
        }
    }

    /// A name of the flow: computed in text order, so that what is wrong with it shows there.
    fn let_(&mut self, local: LocalIx, expr: &'b checked::Expr, place: PlaceIx, around: &Around) {
        let mut node = self.builder.expr(expr);
        if let Some(when) = around.when {
            let place = self.builder.place_of(node);
            node = self.builder.if_(when, node, place);
        }
        let at_once = match self.builder.op(node) {
            Op::Const(_) | Op::Bound(_) => true,
            Op::Slot(slot) => {
                self.builder.program.slots[*slot as usize].init.is_none()
                    || self
                        .acts
                        .iter()
                        .any(|act| matches!(act.kind, ActKind::Let(other) if other == *slot))
            }
            // The records below this one are read where they are used: they cost a request.
            Op::Hit(ask) => matches!(
                self.builder.program.asks[*ask as usize].what,
                Question::Sub { .. }
            ),
            _ => false,
        };
        if at_once {
            return self.builder.bind(local, node);
        }
        let name = self.builder.name(local);
        let ty = self.builder.type_of(local);
        // What is cheap to compute again still has its turn here; what a map gave is kept under this name.
        let (slot, kept) = match (
            self.builder.cheap(node),
            self.builder.kept_as(name, ty, node),
        ) {
            (false, kept) if let Op::Slot(slot) = *self.builder.op(kept) => (slot, kept),
            (_, kept) => {
                let slot = self.builder.slot(name, Some(kept), ty);
                (slot, self.builder.slot_node(slot, place))
            }
        };
        self.act(ActKind::Let(slot), place, around);
        self.builder.bind(local, kept);
    }

    fn for_(
        &mut self,
        over: NodeIx,
        item: LocalIx,
        counter: Option<LocalIx>,
        body: &'b [Statement],
        around: &Around,
    ) {
        let lp = self.builder.open_loop(over, item, counter);
        let mut inner = around.clone();
        inner.loops.push(lp);
        self.statements(body, &inner);
        self.builder.close_loop(lp);
    }

    /// Statements that a setting turned off: their names are absent.
    fn nothing(&mut self, body: &'b [Statement]) {
        for statement in body {
            let place = self.builder.place(statement.span);
            match &statement.kind {
                StatementKind::Let(local, _) => {
                    let node = self.builder.constant(Value::None, place);
                    self.builder.bind(*local, node);
                }
                StatementKind::Write(write) => {
                    let node = self.builder.constant(Value::None, place);
                    self.builder.bind(write.bound, node);
                }
                StatementKind::If(_, body) | StatementKind::For { body, .. } => self.nothing(body),
                _ => {}
            }
        }
    }
}
