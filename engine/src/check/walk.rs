//! Ways through checked expressions and statements.

use super::declared::Declared;
use crate::checked::{
    Arg, Element, Expr, ExprKind, First, LocalIx, Statement, StatementKind, To, Write,
};
use crate::plan::connector::ResourceIx;

/// `books.customers`, `till.orders.orderrows`
pub(super) fn resource_name(declared: &Declared<'_>, ix: ResourceIx) -> String {
    let Some(resource) = declared.resources.get(ix as usize) else {
        return "the resource".to_owned();
    };
    match declared.systems.get(resource.system as usize) {
        Some(system) => format!("{}.{}", system.name, resource.name),
        None => resource.name.clone(),
    }
}

/// Calls `see` with the direct parts of an expression.
pub(super) fn parts<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::Const(_) | ExprKind::Setting(_) | ExprKind::Local(_) | ExprKind::One(_) => {}
        ExprKind::Field(of, _)
        | ExprKind::Not(of)
        | ExprKind::Neg(of)
        | ExprKind::Exists(of)
        | ExprKind::InSet(of, _)
        | ExprKind::End(_, of)
        | ExprKind::Link { of, .. }
        | ExprKind::Sub { parent: of, .. } => see(of),
        ExprKind::Money {
            amount,
            currency,
            flag,
        } => {
            see(amount);
            for part in [currency, flag].into_iter().flatten() {
                see(part);
            }
        }
        ExprKind::Find { key, .. } => key.iter().for_each(see),
        ExprKind::Call { args, .. } => {
            for arg in args {
                match arg {
                    Arg::Left => {}
                    Arg::Value(value) | Arg::Each { give: value, .. } => see(value),
                }
            }
        }
        ExprKind::Map { args, .. } => args.iter().for_each(see),
        ExprKind::Table { on, at, .. } => {
            on.iter().for_each(&mut *see);
            if let Some(at) = at {
                see(at);
            }
        }
        ExprKind::Match(table, on) => {
            on.iter().for_each(&mut *see);
            for row in &table.rows {
                see(&row.give);
            }
            if let Some(otherwise) = &table.otherwise {
                see(otherwise);
            }
        }
        ExprKind::If(a, b)
        | ExprKind::Else(a, b)
        | ExprKind::And(a, b)
        | ExprKind::Or(a, b)
        | ExprKind::Math(_, a, b)
        | ExprKind::Compare(_, a, b) => {
            see(a);
            see(b);
        }
        ExprKind::Text(parts) => parts.iter().for_each(see),
        ExprKind::Record { lets, fields, .. } => {
            for (_, value) in lets {
                see(value);
            }
            for (_, value) in fields {
                see(value);
            }
        }
        ExprKind::List(elements) => {
            for element in elements {
                match element {
                    Element::One(value) | Element::Spread(value) => see(value),
                    Element::For {
                        list, when, give, ..
                    } => {
                        see(list);
                        if let Some(when) = when {
                            see(when);
                        }
                        see(give);
                    }
                }
            }
        }
    }
}

/// Calls `see` with an expression and everything in it; maps and named tables are not entered.
pub(super) fn all<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    see(expr);
    parts(expr, &mut |part| all(part, see));
}

/// The first of some locals that an expression names.
pub(super) fn first_local(expr: &Expr, locals: &[LocalIx]) -> Option<LocalIx> {
    let mut found = None;
    all(expr, &mut |part| {
        if let ExprKind::Local(local) = part.kind
            && found.is_none()
            && locals.contains(&local)
        {
            found = Some(local);
        }
    });
    found
}

/// Calls `see` with every expression of a step.
pub(super) fn of_write<'e>(write: &'e Write, see: &mut dyn FnMut(&'e Expr)) {
    match &write.to {
        To::Resource => {}
        To::Child(of) | To::Record(of) => see(of),
    }
    write.args.iter().for_each(&mut *see);
    for key in &write.keys {
        key.values.iter().flatten().for_each(&mut *see);
    }
    if let Some((of, _)) = &write.link {
        see(of);
    }
    if let Some(done) = &write.done_if {
        see(done);
    }
    for (_, value) in &write.lets {
        see(value);
    }
    for put in &write.body {
        see(&put.value);
        if let First::OnCreateOr(condition) = &put.first {
            see(condition);
        }
    }
}

/// Calls `see` with every statement, those of blocks among them.
pub(super) fn statements<'s>(body: &'s [Statement], see: &mut dyn FnMut(&'s Statement)) {
    for statement in body {
        see(statement);
        match &statement.kind {
            StatementKind::If(_, inner) | StatementKind::For { body: inner, .. } => {
                statements(inner, see);
            }
            _ => {}
        }
    }
}

/// Calls `see` with every expression that stands directly in a statement, a block's condition or list among them.
pub(super) fn of_statement<'s>(statement: &'s Statement, see: &mut dyn FnMut(&'s Expr)) {
    match &statement.kind {
        StatementKind::Where(value)
        | StatementKind::Let(_, value)
        | StatementKind::If(value, _) => {
            see(value);
        }
        StatementKind::End(_, text, when) => {
            see(text);
            see(when);
        }
        StatementKind::For { list, .. } => see(list),
        StatementKind::Confirm {
            left,
            right,
            within,
            ..
        } => {
            see(left);
            see(right);
            if let Some(within) = within {
                see(within);
            }
        }
        StatementKind::Write(write) => of_write(write, see),
    }
}

/// Whether there is a step.
pub(super) fn any_write(body: &[Statement]) -> bool {
    let mut found = false;
    statements(body, &mut |statement| {
        found |= matches!(statement.kind, StatementKind::Write(_));
    });
    found
}
