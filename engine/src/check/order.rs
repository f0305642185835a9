//! The order in which `run` without names runs the flows: `after` first, then who looks up what others write; ties in name order.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Checker, walk};
use crate::checked::{Expr, ExprKind, Flow, Map, StatementKind, Table};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::ResourceIx;

/// Sorts the flows; `after` that goes in a circle is reported.
pub(super) fn ordered(
    checker: &Checker<'_>,
    mut flows: Vec<Flow>,
    maps: &[Map],
    tables: &[Table],
) -> Vec<Flow> {
    flows.sort_by(|a, b| a.name.cmp(&b.name));
    circles(checker, &flows);
    let writes: Vec<FxHashSet<ResourceIx>> = flows.iter().map(written).collect();
    let mut asking = Asking {
        maps,
        tables,
        known: FxHashMap::default(),
    };
    let asks: Vec<FxHashSet<ResourceIx>> = flows.iter().map(|flow| asking.flow(flow)).collect();
    let mut left: Vec<usize> = (0..flows.len()).collect();
    let mut order: Vec<usize> = Vec::with_capacity(flows.len());
    while !left.is_empty() {
        let free = |flow: usize, soft: bool| {
            left.iter().all(|other| {
                *other == flow
                    || (!flows[flow].after.contains(&flows[*other].name)
                        && (!soft || asks[flow].is_disjoint(&writes[*other])))
            })
        };
        // A circle of lookups is no error: the name decides. One of `after` is reported, and the name decides as well.
        let next = left
            .iter()
            .position(|flow| free(*flow, true))
            .or_else(|| left.iter().position(|flow| free(*flow, false)))
            .unwrap_or(0);
        order.push(left.remove(next));
    }
    let mut slots: Vec<Option<Flow>> = flows.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|number| slots[number].take())
        .collect()
}

/// Reports each circle of `after` once.
fn circles(checker: &Checker<'_>, flows: &[Flow]) {
    let after = |name: &str| {
        flows
            .iter()
            .find(|flow| flow.name == name)
            .map_or(&[][..], |flow| &flow.after)
    };
    let mut told: FxHashSet<String> = FxHashSet::default();
    for flow in flows {
        // Goes along the first way back to the flow itself.
        let mut ways: Vec<Vec<String>> = vec![vec![flow.name.clone()]];
        let mut seen: FxHashSet<String> = FxHashSet::default();
        while let Some(way) = ways.pop() {
            let Some(last) = way.last() else { break };
            let closed = after(last).contains(&flow.name);
            if closed {
                if !way.iter().any(|name| told.contains(name)) {
                    told.extend(way.iter().cloned());
                    circle(checker, &flow.name, &way);
                }
                break;
            }
            for next in after(last) {
                if seen.insert(next.clone()) {
                    let mut longer = way.clone();
                    longer.push(next.clone());
                    ways.push(longer);
                }
            }
        }
    }
}

fn circle(checker: &Checker<'_>, flow: &str, way: &[String]) {
    use flowbook_grammar::ast::StatementKind as Tree;
    let Some(decl) = checker.declared.flows.get(flow) else {
        return;
    };
    let next = way.get(1).map_or(flow, String::as_str);
    let span = decl
        .item
        .block
        .statements
        .iter()
        .find_map(|statement| match &statement.kind {
            Tree::After(names) => names.iter().find(|name| name.text == next),
            _ => None,
        })
        .map_or(decl.item.name.span, |word| word.span);
    let names: Vec<String> = way
        .iter()
        .map(String::as_str)
        .chain([flow])
        .map(|name| format!("`{name}`"))
        .collect();
    checker.report(
        Diagnostic::error(
            "F0465",
            span,
            format!("`after` goes in a circle: {}.", names.join(" after ")),
        )
        .label("waits for itself in the end")
        .help("Take one `after` out of the circle."),
    );
}

/// Resources that a flow writes.
fn written(flow: &Flow) -> FxHashSet<ResourceIx> {
    let mut found = FxHashSet::default();
    walk::statements(&flow.body, &mut |statement| {
        if let StatementKind::Write(write) = &statement.kind {
            found.insert(write.resource);
        }
    });
    found
}

/// A map or a named table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Named {
    Map(u32),
    Table(u32),
}

/// What flows look up, in their maps and tables too.
struct Asking<'m> {
    maps: &'m [Map],
    tables: &'m [Table],
    known: FxHashMap<Named, FxHashSet<ResourceIx>>,
}

impl Asking<'_> {
    /// Resources that a flow looks up or reads.
    fn flow(&mut self, flow: &Flow) -> FxHashSet<ResourceIx> {
        let mut found = FxHashSet::default();
        found.insert(flow.resource);
        walk::statements(&flow.body, &mut |statement| {
            walk::of_statement(statement, &mut |expr| self.expr(expr, &mut found));
        });
        found
    }

    fn expr(&mut self, expr: &Expr, found: &mut FxHashSet<ResourceIx>) {
        walk::all(expr, &mut |part| match &part.kind {
            ExprKind::Find { resource, .. }
            | ExprKind::Link { resource, .. }
            | ExprKind::Sub { resource, .. }
            | ExprKind::One(resource) => {
                found.insert(*resource);
            }
            ExprKind::Map { map, .. } => self.named(Named::Map(*map), found),
            ExprKind::Table { table, .. } => self.named(Named::Table(*table), found),
            _ => {}
        });
    }

    fn named(&mut self, named: Named, found: &mut FxHashSet<ResourceIx>) {
        if !self.known.contains_key(&named) {
            self.known.insert(named, FxHashSet::default()); // one that calls itself is reported elsewhere
            let mut inner = FxHashSet::default();
            let (maps, tables) = (self.maps, self.tables);
            match named {
                Named::Map(map) => {
                    if let Some(map) = maps.get(map as usize) {
                        self.expr(&map.body, &mut inner);
                    }
                }
                Named::Table(table) => {
                    if let Some(table) = tables.get(table as usize) {
                        let rows = table.rows.iter().map(|row| &row.give);
                        for give in rows.chain(&table.otherwise) {
                            self.expr(give, &mut inner);
                        }
                    }
                }
            }
            self.known.insert(named, inner);
        }
        if let Some(inner) = self.known.get(&named) {
            found.extend(inner);
        }
    }
}
