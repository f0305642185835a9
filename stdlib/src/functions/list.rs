//! Lists: picking, asking, ordering, grouping. A list holds no absent items.

use std::cmp::Ordering;

use super::kit::{
    self, Given, Rule, default, each, gives, gives_type, perhaps, value, wrong, wrong_but,
};
use crate::function::{Args, Failure, Function, Group, Mismatch, Typing};
use crate::operations;
use crate::types::{Kind, Shape, Type};
use crate::value::Value;

fn list_of(items: Vec<Value>) -> Given {
    Ok(Value::List(
        items
            .into_iter()
            .filter(|item| *item != Value::None)
            .collect(),
    ))
}

fn same_list(t: &Typing<'_>) -> Rule {
    gives(Kind::List(Box::new(t.list(0)?)))
}

/// An item, which is certainly there if the list certainly has one.
fn an_item(t: &Typing<'_>) -> Rule {
    let item = t.list(0)?;
    gives_type(if t.is_filled(0) {
        item
    } else {
        item.optional()
    })
}

fn condition_over_items(t: &Typing<'_>) -> Result<Type, Mismatch> {
    let item = t.list(0)?;
    t.condition(1)?;
    Ok(item)
}

/// `any`
pub(super) static ANY: Function = Function {
    name: "any",
    group: Group::List,
    params: &[value("items", "[T]"), each("condition", "bool, of an item")],
    gives: "bool",
    doc: "Whether the condition holds for at least one item; false for an empty list.",
    examples: &[
        ("[{ n: 1 }, { n: 2 }] | any(.n = 2)", "true"),
        ("[{ n: 1 }] | any(.n > 5)", "false"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            condition_over_items(t).and_then(|_| gives(Kind::Bool))
        })
    },
    eval: |args| {
        for item in args.list(0)?.iter() {
            if args.holds(1, item)? {
                return Ok(Value::Bool(true));
            }
        }
        Ok(Value::Bool(false))
    },
};

/// `all`
pub(super) static ALL: Function = Function {
    name: "all",
    group: Group::List,
    params: &[value("items", "[T]"), each("condition", "bool, of an item")],
    gives: "bool",
    doc: "Whether the condition holds for every item; true for an empty list.",
    examples: &[
        ("[{ n: 1 }, { n: 2 }] | all(.n > 0)", "true"),
        ("[{ n: 0 }, { n: 2 }] | all(.n > 0)", "false"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            condition_over_items(t).and_then(|_| gives(Kind::Bool))
        })
    },
    eval: |args| {
        for item in args.list(0)?.iter() {
            if !args.holds(1, item)? {
                return Ok(Value::Bool(false));
            }
        }
        Ok(Value::Bool(true))
    },
};

/// `find`
pub(super) static FIND: Function = Function {
    name: "find",
    group: Group::List,
    params: &[value("items", "[T]"), each("condition", "bool, of an item")],
    gives: "T?",
    doc: "The first item for which the condition holds; none if there is none.",
    examples: &[
        (
            "[{ n: 1, t: \"a\" }, { n: 2, t: \"b\" }] | find(.n = 2) | .t",
            "\"b\"",
        ),
        (
            "[{ n: 1, t: \"a\" }] | find(.n = 2) | .t else \"nobody\"",
            "\"nobody\"",
        ),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            condition_over_items(t).and_then(|item| perhaps(item.kind))
        })
    },
    eval: |args| {
        for item in args.list(0)?.iter() {
            if args.holds(1, item)? {
                return Ok(item.clone());
            }
        }
        Ok(Value::None)
    },
};

/// `count`
pub(super) static COUNT: Function = Function {
    name: "count",
    group: Group::List,
    params: &[
        value("items", "[T]"),
        each("condition", "bool, of an item; may be left out"),
    ],
    gives: "int",
    doc: "How many items there are, or for how many the condition holds.",
    examples: &[
        ("[3, 4, 5] | count", "3"),
        ("[{ n: 1 }, { n: 2 }] | count(.n > 1)", "1"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            if kit::text_bound(t.kind(0)).is_some() && *t.kind(0) != Kind::Never {
                return Err(wrong_but(
                    0,
                    "counts the items of a list",
                    "say `length` for the characters of a text",
                ));
            }
            condition_over_items(t)?;
            kit::supplied(Kind::Int, t.left_out(1))
        })
    },
    eval: |args| {
        let items = args.list(0)?;
        let mut count = 0;
        for item in items.iter() {
            if args.has(1) || args.holds(1, item)? {
                count += 1;
            }
        }
        Ok(Value::Int(count))
    },
};

/// `first`
pub(super) static FIRST: Function = Function {
    name: "first",
    group: Group::List,
    params: &[value("items", "[T]")],
    gives: "T?",
    doc: "The first item; none of an empty list.",
    examples: &[
        ("[3, 4] | first", "3"),
        ("\"\" | split(\"/\") | first else \"home\"", "\"home\""),
    ],
    check: |t| kit::unless_reported(t, an_item),
    eval: |args| Ok(args.list(0)?.first().cloned().unwrap_or(Value::None)),
};

/// `last`
pub(super) static LAST: Function = Function {
    name: "last",
    group: Group::List,
    params: &[value("items", "[T]")],
    gives: "T?",
    doc: "The last item; none of an empty list.",
    examples: &[("[3, 4] | last", "4")],
    check: |t| kit::unless_reported(t, an_item),
    eval: |args| Ok(args.list(0)?.last().cloned().unwrap_or(Value::None)),
};

/// `nth`
pub(super) static NTH: Function = Function {
    name: "nth",
    group: Group::List,
    params: &[value("items", "[T]"), value("number", "int, from 1")],
    gives: "T?",
    doc: "The item with that number, counted from 1; none if there are fewer.",
    examples: &[
        ("[\"a\", \"b\"] | nth(2)", "\"b\""),
        ("[\"a\"] | nth(2) else \"-\"", "\"-\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.count(1, 1)?;
            perhaps(t.list(0)?.kind)
        })
    },
    eval: |args| {
        let number = args.count(1, 1)?;
        let items = args.list(0)?;
        Ok(number
            .checked_sub(1)
            .and_then(|ix| items.get(ix))
            .cloned()
            .unwrap_or(Value::None))
    },
};

/// `skip_first`
pub(super) static SKIP_FIRST: Function = Function {
    name: "skip_first",
    group: Group::List,
    params: &[value("items", "[T]"), default("how_many", "int; 1")],
    gives: "[T]",
    doc: "All items but the first, or the first so many.",
    examples: &[
        ("[1, 2, 3] | skip_first", "[2, 3]"),
        ("[1, 2, 3] | skip_first(2)", "[3]"),
    ],
    check: |t| kit::unless_reported(t, some_items),
    eval: |args| {
        let many = args.count(1, 1)?;
        list_of(args.list(0)?.iter().skip(many).cloned().collect())
    },
};

/// `keep_first`
pub(super) static KEEP_FIRST: Function = Function {
    name: "keep_first",
    group: Group::List,
    params: &[value("items", "[T]"), value("how_many", "int")],
    gives: "[T]",
    doc: "The first so many items, or all if there are fewer.",
    examples: &[("[1, 2, 3] | keep_first(2)", "[1, 2]")],
    check: |t| kit::unless_reported(t, some_items),
    eval: |args| {
        let many = args.count(1, 0)?;
        list_of(args.list(0)?.iter().take(many).cloned().collect())
    },
};

fn some_items(t: &Typing<'_>) -> Rule {
    t.count(1, 0)?;
    same_list(t)
}

/// `reverse`
pub(super) static REVERSE: Function = Function {
    name: "reverse",
    group: Group::List,
    params: &[value("items", "[T]")],
    gives: "[T]",
    doc: "The items in the opposite order.",
    examples: &[("[1, 2, 3] | reverse", "[3, 2, 1]")],
    check: |t| kit::unless_reported(t, same_list),
    eval: |args| list_of(args.list(0)?.iter().rev().cloned().collect()),
};

/// `flatten`
pub(super) static FLATTEN: Function = Function {
    name: "flatten",
    group: Group::List,
    params: &[value("lists", "[[T]]")],
    gives: "[T]",
    doc: "The items of the lists in a list, as one list.",
    examples: &[("[[1, 2], [3]] | flatten", "[1, 2, 3]")],
    check: |t| {
        kit::unless_reported(t, |t| match t.list(0)?.kind {
            Kind::List(item) => gives(Kind::List(item)),
            Kind::Nothing | Kind::Never => gives(Kind::List(Box::new(Type::new(Kind::Nothing)))),
            other => Err(wrong(
                0,
                format!("takes a list of lists, and these items are {other}"),
            )),
        })
    },
    eval: |args| {
        let mut items = Vec::new();
        for inner in args.list(0)?.iter() {
            match inner {
                Value::List(inner) => items.extend(inner.iter().cloned()),
                other => items.push(other.clone()),
            }
        }
        list_of(items)
    },
};

/// `distinct`
pub(super) static DISTINCT: Function = Function {
    name: "distinct",
    group: Group::List,
    params: &[
        value("items", "[T]"),
        each("by", "a value of an item; may be left out"),
    ],
    gives: "[T]",
    doc: "Each item once, the first of equals; or the first item for each value of the expression.",
    examples: &[
        ("[\"a\", \"b\", \"a\"] | distinct", "[\"a\", \"b\"]"),
        (
            "[{ k: 1, t: \"x\" }, { k: 1, t: \"y\" }] | distinct(.k) | count",
            "1",
        ),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            kit::supplied(Kind::List(Box::new(t.list(0)?)), t.left_out(1))
        })
    },
    eval: |args| {
        let (items, keys) = (args.list(0)?, args.items_by(1)?);
        let mut seen: Vec<Value> = Vec::new();
        let mut kept = Vec::new();
        for (item, key) in items.iter().zip(keys) {
            if !holds_one(&seen, &key)? {
                seen.push(key);
                kept.push(item.clone());
            }
        }
        list_of(kept)
    },
};

fn holds_one(seen: &[Value], key: &Value) -> Result<bool, Failure> {
    for known in seen {
        if operations::same_or_absent(known, key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `sort`
pub(super) static SORT: Function = Function {
    name: "sort",
    group: Group::List,
    params: &[
        value("items", "[T]"),
        each("by", "a value of an item; may be left out"),
    ],
    gives: "[T]",
    doc: "The items in rising order of themselves or of the expression; equals keep their order. Texts go letter by letter, as Unicode numbers them. `| reverse` turns it round.",
    examples: &[
        ("[3, 1, 2] | sort", "[1, 2, 3]"),
        (
            "[{ n: 2, t: \"b\" }, { n: 1, t: \"a\" }] | sort(.n) | first | .t else \"\"",
            "\"a\"",
        ),
    ],
    check: |t| kit::unless_reported(t, sort_type),
    eval: sort,
};

fn sort_type(t: &Typing<'_>) -> Rule {
    let item = t.list(0)?;
    let (arg, kind) = match t.ty(1) {
        Some(by) => (1, by.kind.clone()),
        None => (0, item.kind.clone()),
    };
    t.certain(1, "say `else` and a value in the expression")?;
    let has_order = matches!(
        kind,
        Kind::Int
            | Kind::Decimal(_)
            | Kind::Percent
            | Kind::Money(..)
            | Kind::Date
            | Kind::DateTime
            | Kind::Time
            | Kind::Text(_)
            | Kind::OneOf(_)
            | Kind::Account
            | Kind::Never
            | Kind::Nothing
    );
    if !has_order {
        return Err(wrong_but(
            arg,
            format!("needs values that have an order, not {kind}"),
            "say by what: `sort(.date)`",
        ));
    }
    kit::supplied(Kind::List(Box::new(item)), t.left_out(1))
}

fn sort(args: &mut Args<'_>) -> Given {
    let (items, keys) = (args.list(0)?, args.items_by(1)?);
    let mut order: Vec<usize> = (0..items.len()).collect();
    let mut trouble = None;
    order.sort_by(|a, b| {
        operations::compare(&keys[*a], &keys[*b]).unwrap_or_else(|why| {
            trouble.get_or_insert(why);
            Ordering::Equal
        })
    });
    match trouble {
        Some(why) => Err(why),
        None => list_of(order.into_iter().map(|ix| items[ix].clone()).collect()),
    }
}

/// `group`
pub(super) static GROUP: Function = Function {
    name: "group",
    group: Group::List,
    params: &[value("items", "[T]"), each("by", "a value of an item")],
    gives: "[{ key, items: [T] }]",
    doc: "The items put together by a value of theirs, in the order in which the values come; items without a value are a group of their own.",
    examples: &[
        (
            "[{ r: 25%, n: 1 }, { r: 6%, n: 2 }, { r: 25%, n: 3 }] | group(.r) | count",
            "2",
        ),
        (
            "[{ r: 25%, n: 1 }, { r: 6%, n: 2 }, { r: 25%, n: 3 }] | group(.r) | first | .items | sum(.n)",
            "4",
        ),
    ],
    check: |t| kit::unless_reported(t, group_type),
    eval: group,
};

fn group_type(t: &Typing<'_>) -> Rule {
    let item = t.list(0)?;
    let key = t.ty(1).cloned().unwrap_or_else(|| Type::new(Kind::Never));
    if matches!(key.kind, Kind::List(_) | Kind::Record(_)) {
        return Err(wrong(
            1,
            format!("groups by single values, not by {}", key.kind),
        ));
    }
    let shape = Shape::anonymous([
        ("key", key),
        ("items", Type::new(Kind::List(Box::new(item)))),
    ]);
    gives(Kind::List(Box::new(Type::new(Kind::Record(shape)))))
}

fn group(args: &mut Args<'_>) -> Given {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in args.list(0)?.iter() {
        let key = args.of_item(1, item)?;
        let mut at = None;
        for (ix, (known, _)) in groups.iter().enumerate() {
            if operations::same_or_absent(known, &key)? {
                at = Some(ix);
                break;
            }
        }
        match at.and_then(|ix| groups.get_mut(ix)) {
            Some((_, items)) => items.push(item.clone()),
            None => groups.push((key, vec![item.clone()])),
        }
    }
    list_of(
        groups
            .into_iter()
            .map(|(key, items)| Value::Record([key, Value::List(items.into())].into()))
            .collect(),
    )
}
