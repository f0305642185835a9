//! Checked tree → plan: settings become constants, maps are inlined, lookups become asks, acts are cut into rounds.
//!
//! In: a [`Book`] without errors, and values of settings that a run gives. Out: a [`Plan`], or what is missing to make one. What a setting
//! turned off is gone from the plan: its steps, its questions, its fields.

use std::fmt;
use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_stdlib::value::{Bad, Value};
use rustc_hash::FxHashMap;

use crate::checked::{self, Book, Expr, ExprKind};
use crate::plan::{File, Flow, MapEntry, Place, PlaceIx, Plan, Table};
use crate::sources::Sources;

mod builder;
mod compact;
mod context;
mod depend;
mod expr;
mod flow;
mod fold;
mod needs;
mod rounds;
mod step;
mod table;
#[cfg(test)]
mod tests;

use builder::Builder;

/// Nodes of all programs together: a flowbook whose maps call each other too often is refused rather than eating the memory.
const MOST_NODES: usize = 200_000;

/// What is missing to make a plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Missing {
    /// A setting without a value.
    Setting {
        /// Its name.
        name: String,
        /// Its doc lines.
        doc: String,
        /// Where it is declared.
        span: Span,
    },
    /// Room: its maps call each other so often that the plan would be too large.
    Room {
        /// The flow or map.
        item: String,
        /// Where it stands.
        span: Span,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Setting { name, doc, .. } => {
                write!(f, "The setting {name} has no value")?;
                if let Some(line) = doc.lines().next().filter(|line| !line.is_empty()) {
                    write!(f, " ({})", line.trim_end_matches('.'))?;
                }
                write!(
                    f,
                    ": add `set {name} = …` to the flowbook, or give --set {name}=… ."
                )
            }
            Missing::Room { item, .. } => write!(
                f,
                "“{item}” is too large to be planned: with all the maps that it calls it has more than {MOST_NODES} parts. Call large maps \
                 less often: name what they give with `let`, and use that name."
            ),
        }
    }
}

/// Makes the plan of a flowbook, with these values of settings before its own.
pub fn lower(
    book: &Book,
    sources: &Sources,
    settings: &[(String, Value)],
) -> Result<Plan, Vec<Missing>> {
    let mut values = Vec::with_capacity(book.settings.len());
    let mut missing = Vec::new();
    for setting in &book.settings {
        let given = settings
            .iter()
            .rev()
            .find(|(name, _)| *name == setting.name);
        match given.map(|(_, value)| value).or(setting.value.as_ref()) {
            Some(value) if *value != Value::None || setting.ty.optional => {
                values.push(value.clone());
            }
            None if setting.ty.optional => values.push(Value::None),
            _ => missing.push(Missing::Setting {
                name: setting.name.clone(),
                doc: setting.doc.clone(),
                span: setting.span,
            }),
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    plan_with(book, sources, values)
}

/// As [`lower`], for readers rather than runners: whoever uses a setting without a value fails, and nobody else.
///
/// # Errors
/// Room.
pub fn sketch(
    book: &Book,
    sources: &Sources,
    settings: &[(String, Value)],
) -> Result<Plan, Vec<Missing>> {
    let mut settings = settings.to_vec();
    for setting in &book.settings {
        let given = settings.iter().any(|(name, _)| *name == setting.name);
        if !given && setting.value.is_none() && !setting.ty.optional {
            let bad = Bad {
                field: format!("`{}` (a setting)", setting.name),
                value: String::new(),
                reason: format!("was never set; give --set {}=…", setting.name),
            };
            settings.push((setting.name.clone(), Value::Bad(Arc::new(bad))));
        }
    }
    lower(book, sources, &settings)
}

fn plan_with(book: &Book, sources: &Sources, values: Vec<Value>) -> Result<Plan, Vec<Missing>> {
    let mut shared = Shared::new(book, values);
    let mut flows = Vec::with_capacity(book.flows.len());
    for flow in &book.flows {
        flows.push(flow::lower(&mut shared, flow));
        shared.check_room(&flow.name, flow.span)?;
    }
    let mut maps = Vec::new();
    for map in book.maps.iter().filter(|map| map.params.len() == 1) {
        maps.extend(map_entry(&mut shared, map));
        shared.check_room(&map.name, map.span)?;
    }
    Ok(plan(book, sources, shared, flows, maps))
}

fn plan(
    book: &Book,
    sources: &Sources,
    shared: Shared<'_>,
    flows: Vec<Flow>,
    maps: Vec<MapEntry>,
) -> Plan {
    let names = book.settings.iter().map(|setting| setting.name.clone());
    Plan {
        flowbook: book.name.clone(),
        zone: book.zone.clone(),
        retention_s: book.retention_s,
        settings: names.zip(shared.settings).collect(),
        systems: book.systems.clone(),
        resources: book.resources.clone(),
        tables: shared.tables,
        flows,
        maps,
        places: shared.places,
        files: sources
            .files
            .iter()
            .map(|file| File::new(&file.name, &file.text))
            .collect(),
    }
}

/// A map of one parameter as a program of its own.
fn map_entry<'b>(shared: &mut Shared<'b>, map: &'b checked::Map) -> Option<MapEntry> {
    let param = *map.params.first()?;
    let takes = map.locals.get(param as usize)?;
    let mut builder = Builder::new(shared);
    let place = builder.place(takes.span);
    builder.enter_frame(&map.locals);
    let record = builder.slot(&takes.name, None, None);
    let node = builder.slot_node(record, place);
    builder.bind(param, node);
    let body = builder.expr(&map.body);
    context::of_map(&mut builder, body);
    let mut program = std::mem::take(&mut builder.program);
    rounds::waves_of_map(&mut program);
    needs::mark_map(&mut program, body, &shared.book.resources);
    let body = compact::map(&mut program, body);
    Some(MapEntry {
        name: map.name.clone(),
        takes: takes.ty.clone(),
        gives: map.body.ty.clone(),
        program,
        body,
    })
}

/// What all programs of a plan share.
struct Shared<'b> {
    book: &'b Book,
    settings: Vec<Value>,
    tables: Vec<Table>,
    /// Tables and `match`es of the book as they were lowered, told apart by where they lie.
    lowered: FxHashMap<*const checked::Table, u32>,
    /// Tables that tell which rows of another give a result.
    row_tests: FxHashMap<(u32, u16), u32>,
    places: Vec<Place>,
    place_of: FxHashMap<(Span, Option<PlaceIx>), PlaceIx>,
    nodes: usize,
}

impl<'b> Shared<'b> {
    fn new(book: &'b Book, settings: Vec<Value>) -> Shared<'b> {
        Shared {
            book,
            settings,
            tables: Vec::new(),
            lowered: FxHashMap::default(),
            row_tests: FxHashMap::default(),
            places: Vec::new(),
            place_of: FxHashMap::default(),
            nodes: 0,
        }
    }

    fn full(&self) -> bool {
        self.nodes >= MOST_NODES
    }

    fn check_room(&self, item: &str, span: Span) -> Result<(), Vec<Missing>> {
        if self.full() {
            return Err(vec![Missing::Room {
                item: item.to_owned(),
                span,
            }]);
        }
        Ok(())
    }

    fn place(&mut self, span: Span, via: Option<PlaceIx>) -> PlaceIx {
        let places = &mut self.places;
        *self.place_of.entry((span, via)).or_insert_with(|| {
            places.push(Place { span, via });
            places.len() as PlaceIx - 1
        })
    }

    /// The value of an expression that is made of constants and settings.
    fn constant(&self, expr: &Expr) -> Option<Value> {
        match &expr.kind {
            ExprKind::Const(value) => Some(value.clone()),
            ExprKind::Setting(setting) => self.settings.get(*setting as usize).cloned(),
            ExprKind::Neg(inner) => crate::run::ops::negate(&self.constant(inner)?).ok(),
            ExprKind::Record {
                shape,
                lets,
                fields,
            } if lets.is_empty() => {
                let mut values = vec![Value::None; shape.fields.len()];
                for (field, expr) in fields {
                    *values.get_mut(usize::from(*field))? = self.constant(expr)?;
                }
                Some(Value::Record(values.into()))
            }
            ExprKind::List(elements) => {
                let mut items = Vec::with_capacity(elements.len());
                for element in elements {
                    let checked::Element::One(expr) = element else {
                        return None;
                    };
                    items.push(self.constant(expr)?);
                }
                items.retain(|item| *item != Value::None);
                Some(Value::List(items.into()))
            }
            ExprKind::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(&crate::run::ops::in_text(&self.constant(part)?));
                }
                Some(Value::Text(text.into()))
            }
            _ => None,
        }
    }
}
