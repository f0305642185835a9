//! Tree → checked tree: names, types, tables, keys, and what must be known before the first write. Everything at once, nothing needs a network.
//!
//! In: the trees of all files. Out: [`Book`], or everything that is wrong. Declarations come first, then every item is checked by itself: a
//! broken one is known by its name ([`Kind::Unknown`] swallows what follows from it), so one cause is told once and hides nothing else.

pub(crate) mod body;
mod branch;
mod call;
mod cells;
mod compare;
mod confirm;
mod connector;
pub mod constant;
mod csv;
pub mod declare;
pub mod declared;
mod domain;
mod expr;
mod flags;
mod flow;
mod function;
mod key;
mod late;
mod layers;
mod list;
pub(crate) mod literal;
mod lookup;
mod map;
mod mirror;
mod misfit;
mod named;
mod narrow;
mod operate;
mod order;
mod origin;
mod payload;
mod places;
mod proof;
mod record;
pub(crate) mod shape;
mod step;
pub mod suggest;
pub(crate) mod table;
mod test;
mod twice;
pub mod types;
mod unused;
mod verdict;
mod walk;

use std::cell::RefCell;

use flowbook_grammar::{Span, ast};
use flowbook_stdlib::types::{Kind, Type};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::checked::{self, Book};
use crate::diagnostic::{Diagnostic, Severity};
use crate::sources::{Loaded, Sources};
use declared::Declared;

/// How long personal data is kept where no `retention` says it, in seconds.
const KEPT_S: u64 = 30 * 86_400;

/// A checked flowbook.
#[derive(Debug)]
pub struct Checked {
    /// The flowbook, if nothing is wrong with it.
    pub book: Option<Book>,
    /// Everything found, by file and place; syntax errors among it.
    pub found: Vec<Diagnostic>,
}

/// An item that text names, for telling the unused ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    /// A setting.
    Setting(String),
    /// A map.
    Map(String),
    /// A table.
    Table(String),
    /// A type of the flowbook's own.
    Type(String),
}

/// What all items are checked against.
pub(crate) struct Checker<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// What is declared.
    pub declared: &'a Declared<'a>,
    found: RefCell<Vec<Diagnostic>>,
    used: RefCell<FxHashSet<Name>>,
    maps: RefCell<FxHashMap<u32, MapState>>,
    /// Maps that are being checked, innermost last.
    calls: RefCell<Vec<u32>>,
}

/// How far a map is.
#[derive(Debug, Clone)]
enum MapState {
    /// Being checked: who asks now closes a circle.
    Open,
    /// Checked.
    Done(Box<checked::Map>),
}

/// Checks a flowbook.
pub fn check(loaded: &Loaded) -> Checked {
    let (declared, mut found) = declare::declare(&loaded.sources, &loaded.files);
    found.extend(loaded.diagnostics.iter().cloned());
    let checker = Checker::new(&loaded.sources, &declared);
    for map in 0..declared.maps.len() as u32 {
        checker.result(map);
    }
    let tables: Vec<checked::Table> = declared
        .tables
        .values()
        .map(|table| table::table(&checker, table))
        .collect();
    let maps = checker.all_maps();
    let flows = flow::flows(&checker, &maps, &tables);
    for flow in &flows {
        late::check(&checker, flow, &maps, &tables);
    }
    mirror::check(&checker, &flows, &maps);
    let tests = declared
        .tests
        .iter()
        .map(|test| test::test(&checker, test, &flows))
        .collect();
    // A folder without flows is there to be used by others; one with an unread item, who knows.
    let library = declared.flows.is_empty();
    if !library && !loaded.files.iter().any(unread) {
        checker.unused(&loaded.files);
    }
    found.extend(checker.found.into_inner());
    found.sort_by_key(|one| (one.span.file, one.span.start, one.span.end));
    found.dedup();
    let broken = found.iter().any(|one| one.severity == Severity::Error);
    let book = (!broken).then(|| Book {
        name: name(&loaded.sources),
        retention_s: declared.retention_s.unwrap_or(KEPT_S),
        zone: declared.zone.clone().unwrap_or_else(|| "UTC".to_owned()),
        settings: declared
            .settings
            .iter()
            .map(|(name, setting)| checked::Setting {
                name: name.clone(),
                ty: setting.ty.clone(),
                value: setting.value.clone(),
                doc: setting.doc.clone(),
                span: setting.item.name.span,
            })
            .collect(),
        systems: declared.systems.clone(),
        resources: declared.resources.clone(),
        tables,
        maps,
        flows,
        tests,
    });
    Checked { book, found }
}

impl<'a> Checker<'a> {
    /// Nothing checked yet.
    pub fn new(sources: &'a Sources, declared: &'a Declared<'a>) -> Checker<'a> {
        Checker {
            sources,
            declared,
            found: RefCell::default(),
            used: RefCell::default(),
            maps: RefCell::default(),
            calls: RefCell::default(),
        }
    }

    /// Takes a finding down.
    pub fn report(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    /// Takes down that something is used.
    pub fn uses(&self, name: Name) {
        self.used.borrow_mut().insert(name);
    }

    /// The number of a map, the types of its parameters and its result; checked on demand.
    pub fn map(&self, name: &str) -> Option<(u32, Vec<Type>, Type)> {
        let (ix, _, decl) = self.declared.maps.get_full(name)?;
        let ix = ix as u32;
        self.uses(Name::Map(name.to_owned()));
        let params = decl.params.iter().map(|(_, ty)| ty.clone()).collect();
        Some((ix, params, self.result(ix)))
    }

    /// All maps, in declared order.
    fn all_maps(&self) -> Vec<checked::Map> {
        let maps = self.maps.borrow();
        (0..self.declared.maps.len() as u32)
            .filter_map(|ix| match maps.get(&ix) {
                Some(MapState::Done(map)) => Some((**map).clone()),
                _ => None,
            })
            .collect()
    }

    /// A type as written in an expression.
    pub fn read_type(&self, ty: &ast::Type) -> Type {
        let mut found = Vec::new();
        let read = types::read(self.declared, ty, &mut found);
        let mut named = FxHashSet::default();
        unused::in_type(ty, &mut named);
        for name in named {
            self.uses(Name::Type(name.to_owned()));
        }
        self.found.borrow_mut().extend(found);
        read
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.sources.text(span)
    }
}

/// The folder's name.
fn name(sources: &Sources) -> String {
    sources
        .folder
        .as_deref()
        .and_then(|folder| std::fs::canonicalize(folder).ok())
        .and_then(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_default()
}

/// Whether a file has an item that could not be read: what it uses is not known.
fn unread(file: &ast::File) -> bool {
    file.items
        .iter()
        .any(|item| matches!(item.kind, ast::ItemKind::Bad { .. }))
}

/// The type of what was complained about already.
pub(crate) fn unknown() -> Type {
    Type::new(Kind::Unknown)
}
