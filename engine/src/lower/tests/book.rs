//! A small checked flowbook, written down by hand.

use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::Verb;
use flowbook_stdlib::types::{Field, Form, Kind, Shape, Type};
use flowbook_stdlib::value::Value;

use crate::checked::{self, Book, Expr, ExprKind, Local, Statement, StatementKind};
use crate::plan::connector::{Connector, Endpoint, Find, How, Reading, Resource, System, Template};

pub(super) const ORDERS: u32 = 0;
pub(super) const ROWS: u32 = 1;
pub(super) const ARTICLES: u32 = 2;
pub(super) const DRAFTS: u32 = 3;

pub(super) fn text() -> Type {
    Type::new(Kind::Text(None))
}

pub(super) fn shape(name: &str, fields: &[(&str, Type)]) -> Arc<Shape> {
    Arc::new(Shape {
        name: name.into(),
        fields: fields
            .iter()
            .map(|(name, ty)| Field::plain(name, ty.clone()))
            .collect(),
        money_in: None,
    })
}

pub(super) fn resource(name: &str, shape: Arc<Shape>) -> Resource {
    let list = Endpoint {
        method: "GET".to_owned(),
        path: Template::default(),
        query: Vec::new(),
        one_page: false,
    };
    Resource {
        system: 0,
        name: name.to_owned(),
        parent: None,
        shape,
        key: Some(0),
        one: None,
        list: Some(list),
        get: None,
        creates: Vec::new(),
        update: None,
        replaces: false,
        reading: Reading::Whole,
        order: None,
        filters: Vec::new(),
        finds: vec![Find {
            fields: vec![vec![1]],
            how: vec![How::Odata],
        }],
        unique: Vec::new(),
        title: None,
        webhook: None,
        forms: Vec::new(),
        span: Span::default(),
    }
}

/// Orders (id, number, paid) with rows (id, sku), articles and drafts (Id, Number).
pub(super) fn book(
    settings: Vec<checked::Setting>,
    body: Vec<StatementKind>,
    locals: &[&str],
) -> Book {
    let connector = Connector {
        name: "shop".to_owned(),
        settle_s: 1,
        ..Connector::default()
    };
    let order = shape(
        "Order",
        &[
            ("id", text()),
            ("number", text()),
            ("paid", Type::new(Kind::Bool)),
        ],
    );
    let target = shape("Target", &[("Id", text()), ("Number", text())]);
    let mut orders = resource("orders", order);
    orders.filters = vec![(2, "is_paid".to_owned())];
    let mut rows = resource(
        "orders.rows",
        shape("Row", &[("id", text()), ("sku", text())]),
    );
    rows.parent = Some(ORDERS);
    Book {
        name: "test".to_owned(),
        zone: "UTC".to_owned(),
        retention_s: 30 * 86_400,
        settings,
        systems: vec![System {
            name: "shop".to_owned(),
            connector: Arc::new(connector),
            options: Vec::new(),
            span: Span::default(),
        }],
        resources: vec![
            orders,
            rows,
            resource("articles", target.clone()),
            resource("drafts", target),
        ],
        tables: Vec::new(),
        maps: Vec::new(),
        flows: vec![checked::Flow {
            name: "orders".to_owned(),
            doc: String::new(),
            starts: Vec::new(),
            after: Vec::new(),
            resource: ORDERS,
            record: 0,
            all: false,
            from: None,
            ripe_within_s: 60,
            body: body.into_iter().map(statement).collect(),
            locals: locals.iter().map(|name| local(name)).collect(),
            span: Span::default(),
        }],
        tests: Vec::new(),
    }
}

pub(super) fn local(name: &str) -> Local {
    Local {
        name: name.to_owned(),
        ty: text(),
        span: Span::default(),
    }
}

pub(super) fn setting(name: &str, value: Option<Value>) -> checked::Setting {
    checked::Setting {
        name: name.to_owned(),
        ty: Type::new(Kind::Bool),
        value,
        doc: String::new(),
        span: Span::default(),
    }
}

pub(super) fn statement(kind: StatementKind) -> Statement {
    Statement {
        kind,
        span: Span::default(),
    }
}

pub(super) fn e(kind: ExprKind) -> Expr {
    Expr {
        kind,
        ty: text(),
        span: Span::default(),
    }
}

pub(super) fn says(text: &str) -> Expr {
    e(ExprKind::Const(Value::Text(text.into())))
}

pub(super) fn name(local: u32) -> Expr {
    e(ExprKind::Local(local))
}

pub(super) fn field(of: Expr, field: u16) -> Expr {
    e(ExprKind::Field(Box::new(of), field))
}

pub(super) fn find(resource: u32, key: Expr) -> Expr {
    e(ExprKind::Find {
        resource,
        find: Some(0),
        fields: vec![vec![1]],
        key: vec![key],
    })
}

pub(super) fn exists(of: Expr) -> Expr {
    e(ExprKind::Exists(Box::new(of)))
}

pub(super) fn rows(of: Expr) -> Expr {
    e(ExprKind::Sub {
        resource: ROWS,
        parent: Box::new(of),
    })
}

pub(super) fn create(resource: u32, bound: u32, key: Expr) -> StatementKind {
    StatementKind::Write(Box::new(checked::Write {
        verb: Verb::Create,
        bound,
        name: "draft".to_owned(),
        resource,
        to: checked::To::Resource,
        action: 0,
        args: Vec::new(),
        keys: vec![checked::StepKey {
            find: Some(0),
            forms: Vec::new(),
            fields: vec![vec![1]],
            values: vec![Some(key.clone())],
        }],
        link: None,
        done_if: None,
        lets: Vec::new(),
        body: vec![put(1, "Number", key)],
        flags: Vec::new(),
    }))
}

pub(super) fn put(at: u16, wire: &str, value: Expr) -> checked::Put {
    checked::Put {
        at: vec![at],
        wire: vec![wire.into()],
        value,
        ty: text(),
        form: Form::Plain,
        first: checked::First::Always,
        key: at == 1,
        compared: true,
    }
}
