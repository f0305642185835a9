//! Words and values of a plan's text.

use flowbook_grammar::ast::{End, Verb};
use flowbook_stdlib::display;
use flowbook_stdlib::types::{Kind, Shape};
use flowbook_stdlib::value::Value;

use crate::plan::{Cell, Comparison, Give, Test};

const DAY_S: u64 = 86_400;

/// A value as flow text.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::None => "none".to_owned(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Record(fields) => {
            let fields: Vec<String> = fields.iter().map(literal).collect();
            format!("{{{}}}", fields.join(", "))
        }
        value => display::as_literal(value).unwrap_or_else(|| display::in_message(value)),
    }
}

/// `90 days`, `36 hours`
pub(super) fn span(seconds: u64) -> String {
    match (seconds / DAY_S, seconds % DAY_S) {
        (1, 0) => "1 day".to_owned(),
        (days, 0) => format!("{days} days"),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    }
}

/// What a row gives.
pub(super) fn give(give: &Give) -> String {
    match give {
        Give::Const(value) => literal(value),
        Give::Node(number) => format!("result {number}"),
    }
}

/// A test of a column.
pub(super) fn cell(cell: &Cell) -> String {
    let Cell::OneOf(tests) = cell else {
        return "_".to_owned();
    };
    let tests: Vec<String> = tests
        .iter()
        .map(|test| match test {
            Test::Is(value) => literal(value),
            Test::Compare(comparison, value) => {
                format!("{} {}", comparison_sign(*comparison), literal(value))
            }
            Test::Range(low, high) => format!("{}..{}", literal(low), literal(high)),
            Test::Within {
                set,
                less_sets,
                less,
            } => less_sets
                .iter()
                .cloned()
                .chain(less.iter().map(literal))
                .fold(set.clone(), |text, less| format!("{text} - {less}")),
        })
        .collect();
    tests.join(" | ")
}

/// `=`
pub fn comparison_sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Eq => "=",
        Comparison::Ne => "!=",
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Gt => ">",
        Comparison::Ge => ">=",
        Comparison::In => "in",
    }
}

/// `skip`
pub fn end_word(end: End) -> &'static str {
    match end {
        End::Fail => "fail",
        End::Skip => "skip",
        End::Wait => "wait",
    }
}

/// `ensure`
pub fn verb_word(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "create",
        Verb::Ensure => "ensure",
        Verb::Update => "update",
    }
}

/// A path of positions in a shape, in names.
pub fn path_name(shape: &Shape, path: &[u16]) -> String {
    let mut names = Vec::new();
    let mut shape = Some(shape);
    for field in path {
        let declared = shape.and_then(|shape| shape.fields.get(usize::from(*field)));
        names.push(declared.map_or_else(|| field.to_string(), |field| field.name.to_string()));
        shape = match declared.map(|field| &field.ty.kind) {
            Some(Kind::Record(inner)) => Some(inner),
            _ => None,
        };
    }
    names.join(".")
}
