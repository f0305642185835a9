//! A plan by hand: `till.orders` → `books.customers` and `books.drafts`.

use std::sync::Arc;

use flowbook_grammar::ast::{End, Verb};
use flowbook_grammar::{FileId, Span};
use flowbook_stdlib::types::{Field, Form, Kind, Shape, Type};
use flowbook_stdlib::value::Value;

use crate::plan::connector::{
    Action, Connector, Endpoint, Find, How, Reading, Resource, System, Template,
};
use crate::plan::{
    Act, ActKind, Ask, Comparison, First, Flow, Node, NodeIx, Op, Place, Plan, Program, Put,
    Question, Read, Round, Slot, Step, StepKey, To,
};

pub const ORDERS: u32 = 0;
pub const CUSTOMERS: u32 = 1;
pub const DRAFTS: u32 = 2;
pub const INVOICES: u32 = 3;
pub const PAYMENTS: u32 = 3;

fn span() -> Span {
    Span {
        file: FileId(0),
        start: 0,
        end: 1,
    }
}

fn text(name: &str) -> Field {
    Field::plain(name, Type::new(Kind::Text(Some(20))).optional())
}

fn endpoint() -> Endpoint {
    Endpoint {
        method: "GET".to_owned(),
        path: Template::default(),
        query: Vec::new(),
        one_page: false,
    }
}

fn resource(system: u32, name: &str, fields: Vec<Field>, find: Option<u16>) -> Resource {
    Resource {
        system,
        name: name.to_owned(),
        parent: None,
        shape: Arc::new(Shape {
            name: name.into(),
            fields,
            money_in: None,
        }),
        key: Some(0),
        one: None,
        list: Some(endpoint()),
        get: Some(endpoint()),
        creates: vec![Action {
            name: None,
            params: Vec::new(),
            endpoint: endpoint(),
            body: None,
            maybe_empty: false,
            carries: Vec::new(),
        }],
        update: Some(endpoint()),
        replaces: false,
        reading: Reading::Whole,
        order: None,
        filters: Vec::new(),
        finds: find
            .map(|field| Find {
                fields: vec![vec![field]],
                how: vec![How::Index],
            })
            .into_iter()
            .collect(),
        unique: Vec::new(),
        title: None,
        webhook: None,
        forms: Vec::new(),
        span: span(),
    }
}

fn system(name: &str) -> System {
    System {
        name: name.to_owned(),
        connector: Arc::new(Connector {
            name: name.to_owned(),
            ..Connector::default()
        }),
        options: Vec::new(),
        span: span(),
    }
}

/// A record of text fields.
pub fn record<const FIELDS: usize>(fields: [&str; FIELDS]) -> Value {
    Value::Record(fields.map(|text| Value::Text(text.into())).into())
}

/// Fields of an order: id, number, email, status, note.
pub fn order(id: &str, number: Option<&str>, email: &str, status: &str, note: &str) -> Value {
    let text = |text: &str| Value::Text(text.into());
    Value::Record(
        [
            text(id),
            number.map_or(Value::None, text),
            text(email),
            text(status),
            text(note),
        ]
        .into(),
    )
}

/// An order that is carried over.
pub fn paid_order(id: &str, number: &str, email: &str) -> Value {
    order(id, Some(number), email, "paid", "")
}

/// Builds a flow.
pub struct Build {
    program: Program,
    acts: Vec<Act>,
    rounds: Vec<Round>,
    steps: Vec<Step>,
}

impl Build {
    pub fn new() -> Build {
        Build {
            program: Program {
                slots: vec![Slot {
                    name: "order".to_owned(),
                    init: None,
                    shape: None,
                }],
                ..Program::default()
            },
            acts: Vec::new(),
            rounds: Vec::new(),
            steps: Vec::new(),
        }
    }

    pub fn node(&mut self, op: Op) -> NodeIx {
        self.program.nodes.push(Node { op, place: 0 });
        self.program.nodes.len() as u32 - 1
    }

    /// A field of the order.
    pub fn field(&mut self, field: u16) -> NodeIx {
        let order = self.node(Op::Slot(0));
        self.node(Op::Get(order, field))
    }

    pub fn constant(&mut self, text: &str) -> NodeIx {
        self.node(Op::Const(Value::Text(text.into())))
    }

    pub fn equals(&mut self, field: u16, text: &str) -> NodeIx {
        let field = self.field(field);
        let text = self.constant(text);
        self.node(Op::Compare(Comparison::Eq, field, text))
    }

    /// `R[F = x]`, asked in the round at hand.
    pub fn ask(&mut self, resource: u32, key: NodeIx) -> u32 {
        self.program.asks.push(Ask {
            what: Question::Find {
                find: Some(0),
                fields: vec![vec![1]],
                key: vec![key],
            },
            resource,
            loops: Vec::new(),
            when: None,
            after: Vec::new(),
            wave: 0,
            needs: vec![0],
            place: 0,
        });
        self.program.asks.len() as u32 - 1
    }

    /// Ends a round: what was added since the one before belongs to it.
    pub fn round(&mut self, asks: Vec<u32>) {
        let first = self.rounds.last().map_or(0, |round| round.last);
        self.rounds.push(Round {
            asks,
            first,
            last: self.acts.len() as u32,
        });
    }

    pub fn act(&mut self, kind: ActKind) {
        self.acts.push(Act {
            loops: Vec::new(),
            when: None,
            kind,
            place: 0,
        });
    }

    pub fn end(&mut self, end: End, condition: NodeIx, text: &str) {
        let text = self.constant(text);
        self.act(ActKind::End(end, text, condition));
    }

    pub fn step(
        &mut self,
        verb: Verb,
        name: &str,
        resource: u32,
        ask: u32,
        body: &[(u16, &str, NodeIx)],
    ) -> u32 {
        let key = body[0].2;
        self.steps.push(Step {
            name: name.to_owned(),
            verb,
            resource,
            to: To::Resource,
            action: 0,
            args: Vec::new(),
            keys: vec![StepKey {
                asks: vec![ask],
                fields: vec![vec![1]],
                values: vec![Some(key)],
            }],
            done_if: None,
            body: body
                .iter()
                .enumerate()
                .map(|(number, (field, wire, value))| Put {
                    at: vec![*field],
                    wire: vec![(*wire).into()],
                    value: *value,
                    ty: Type::new(Kind::Text(Some(20))).optional(),
                    form: Form::Plain,
                    first: First::Always,
                    key: number == 0,
                    compared: true,
                })
                .collect(),
            flags: Vec::new(),
            late: Vec::new(),
            needs: vec![0],
            place: 0,
        });
        let ix = self.steps.len() as u32 - 1;
        self.act(ActKind::Step(ix));
        ix
    }

    pub fn plan(self) -> Plan {
        let line = |text: &str| crate::plan::File::new("orders.flow", text);
        Plan {
            flowbook: "shop".to_owned(),
            zone: "UTC".to_owned(),
            retention_s: 30 * 86_400,
            settings: Vec::new(),
            systems: vec![system("till"), system("books")],
            resources: vec![
                resource(
                    0,
                    "orders",
                    vec![
                        text("id"),
                        text("number"),
                        text("email"),
                        text("status"),
                        text("note"),
                    ],
                    None,
                ),
                resource(
                    1,
                    "customers",
                    vec![text("Id"), text("Email"), text("Name")],
                    Some(1),
                ),
                resource(
                    1,
                    "drafts",
                    vec![text("Id"), text("Ref"), text("CustomerId"), text("Note")],
                    Some(1),
                ),
            ],
            tables: Vec::new(),
            flows: vec![Flow {
                name: "orders".to_owned(),
                doc: String::new(),
                starts: Vec::new(),
                read: Read {
                    resource: ORDERS,
                    all: false,
                    from: None,
                    needs: vec![0, 1, 2, 3, 4],
                    relook: Vec::new(),
                },
                program: self.program,
                acts: self.acts,
                rounds: self.rounds,
                steps: self.steps,
                ripe_within_s: 86_400,
                after: Vec::new(),
                place: 0,
            }],
            maps: Vec::new(),
            places: vec![Place {
                span: span(),
                via: None,
            }],
            files: vec![line("flow orders {\n")],
        }
    }
}

/// Paid orders with a number become a draft of their customer, who is made where missing.
pub fn orders() -> Plan {
    orders_and(|_, _, _| Vec::new())
}

/// As [`orders`], for orders of every status, which becomes their customer's name.
pub fn of_any_status() -> Plan {
    let mut plan = orders();
    let flow = &mut plan.flows[0];
    flow.acts.remove(0);
    flow.rounds[0].last -= 1;
    flow.rounds[1].first -= 1;
    flow.rounds[1].last -= 1;
    plan
}

/// As [`orders`], and the draft is compared with its order and then booked.
pub fn booked() -> Plan {
    let mut plan = orders_and(|flow, draft, number| {
        let bound = flow.node(Op::Bound(draft));
        let told = flow.node(Op::Get(bound, 1));
        flow.act(ActKind::Confirm {
            left: told,
            right: number,
            within: None,
            step: Some(draft),
        });
        let id = flow.node(Op::Get(bound, 0));
        let invoice = flow.ask(INVOICES, number);
        let form = flow.ask(INVOICES, number);
        flow.steps[draft as usize].keys[0].asks.push(form);
        let step = flow.step(
            Verb::Create,
            "invoice",
            INVOICES,
            invoice,
            &[(1, "Ref", number)],
        );
        flow.steps[step as usize].action = 1;
        flow.steps[step as usize].args = vec![id];
        vec![invoice, form]
    });
    let mut invoices = resource(1, "invoices", vec![text("Id"), text("Ref")], Some(1));
    invoices.creates.push(Action {
        name: Some("convert".to_owned()),
        params: vec![("id".to_owned(), Type::new(Kind::Text(None)))],
        ..invoices.creates[0].clone()
    });
    plan.resources.push(invoices);
    plan.resources[DRAFTS as usize].forms = vec![INVOICES];
    plan
}

/// As [`booked`], with a gate that asks for the invoice before the draft is asked for.
pub fn booked_behind_a_gate() -> Plan {
    let mut plan = booked();
    let flow = &mut plan.flows[0];
    let asks = flow.rounds[1].asks.iter();
    let of_invoices = |ask: &u32| flow.program.asks[*ask as usize].resource == INVOICES;
    (flow.rounds[0].asks, flow.rounds[1].asks) = asks.partition(|ask| of_invoices(ask));
    plan
}

/// As [`orders`], and the draft is paid; only its note tells that it is.
pub fn paid() -> Plan {
    let mut plan = orders_and(|flow, draft, number| {
        let bound = flow.node(Op::Bound(draft));
        let note = flow.node(Op::Get(bound, 3));
        let paid = flow.constant("paid");
        let done = flow.node(Op::Compare(Comparison::Eq, note, paid));
        let body = [(1, "For", number)];
        let step = flow.step(Verb::Create, "payment", PAYMENTS, 0, &body);
        let step = &mut flow.steps[step as usize];
        step.to = To::Child(bound);
        step.keys.clear();
        step.done_if = Some(done);
        step.late = vec![draft];
        step.needs.clear();
        flow.steps[draft as usize].needs.push(3);
        Vec::new()
    });
    let mut payments = resource(1, "drafts.payments", vec![text("Id"), text("For")], None);
    payments.parent = Some(DRAFTS);
    plan.resources.push(payments);
    plan
}

fn orders_and(rest: impl FnOnce(&mut Build, u32, NodeIx) -> Vec<u32>) -> Plan {
    let mut flow = Build::new();
    let paid = flow.equals(3, "paid");
    flow.act(ActKind::Where(paid));
    let number = flow.field(1);
    let has_number = flow.node(Op::Exists(number));
    let no_number = flow.node(Op::Not(has_number));
    flow.end(End::Wait, no_number, "no number yet");
    flow.round(Vec::new());
    let test = flow.equals(4, "test");
    flow.end(End::Skip, test, "a test");
    let mail = flow.field(2);
    let customer = flow.ask(CUSTOMERS, mail);
    let draft = flow.ask(DRAFTS, number);
    let status = flow.field(3);
    let buyer = flow.step(
        Verb::Ensure,
        "buyer",
        CUSTOMERS,
        customer,
        &[(1, "Email", mail), (2, "Name", status)],
    );
    let bound = flow.node(Op::Bound(buyer));
    let id = flow.node(Op::Get(bound, 0));
    let note = flow.field(4);
    let made = flow.step(
        Verb::Create,
        "draft",
        DRAFTS,
        draft,
        &[(1, "Ref", number), (2, "CustomerId", id), (3, "Note", note)],
    );
    let asks = rest(&mut flow, made, number);
    flow.round([vec![customer, draft], asks].concat());
    flow.plan()
}
