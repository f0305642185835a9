//! Items of all files → [`Declared`]: names, types, settings, systems, and what layers add to each other.
//!
//! Everything is told at once: a name that is declared twice counts with its first declaration, one that could not be read counts as known.

mod extend;
mod settings;
mod systems;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use flowbook_grammar::ast::{self, Extend, Item, ItemKind};
use flowbook_grammar::{FileId, Span};
use flowbook_stdlib::types::{Kind, Type};
use indexmap::IndexMap;

use super::declared::{Declared, FlowDecl, MapDecl, TableDecl};
use super::named::{Def, Types};
use super::types::{self, doc};
use crate::diagnostic::Diagnostic;
use crate::sources::Sources;

/// The bounds of `retention`, in seconds: a day, and ten years of 365 days.
const DAY_S: u64 = 86_400;
const LONGEST_KEPT_S: u64 = 3_650 * DAY_S;

/// Collects what a flowbook declares. `files` are the trees of `sources`, by file number.
pub fn declare<'a>(sources: &Sources, files: &'a [ast::File]) -> (Declared<'a>, Vec<Diagnostic>) {
    let mut collector = Collector {
        sources,
        items: by_layer(sources, files),
        types: Types::default(),
        declared: Declared::default(),
        out: Vec::new(),
    };
    collector.run();
    let mut out = collector.out;
    // Two systems of one connector: what is wrong in its file is told once.
    let mut told = HashSet::new();
    out.retain(|finding| told.insert((finding.code, finding.span)));
    (collector.declared, out)
}

/// All items, lower layers first: what is declared again in a layer is told there.
fn by_layer<'a>(sources: &Sources, files: &'a [ast::File]) -> Rc<[&'a Item]> {
    let mut items: Vec<&Item> = files.iter().flat_map(|file| &file.items).collect();
    items.sort_by_key(|item| sources.file(item.span.file).layer);
    items.into()
}

struct Collector<'a, 's> {
    sources: &'s Sources,
    items: Rc<[&'a Item]>,
    types: Types<'a>,
    declared: Declared<'a>,
    out: Vec<Diagnostic>,
}

impl<'a> Collector<'a, '_> {
    fn run(&mut self) {
        self.bad();
        self.names();
        self.zone();
        self.retention();
        let systems = self.systems();
        self.own_types();
        self.extend_types();
        let mut types = std::mem::take(&mut self.types);
        types.read_all(&mut self.out);
        self.resources(systems, &mut types);
        self.declared.types = types.finish();
        self.functions();
        self.flows();
        self.extend_maps_and_flows();
        self.settings();
    }

    fn layer(&self, file: FileId) -> u16 {
        self.sources.file(file).layer
    }

    fn bad(&mut self) {
        for item in self.items.iter() {
            if let ItemKind::Bad { name: Some(name) } = &item.kind {
                self.declared.bad.push(name.text.clone());
                self.types.dark.insert(name.text.clone());
            }
        }
    }

    /// Names that are declared twice. Values (settings, systems) are one namespace, functions (maps, tables) another, types and flows their own.
    fn names(&mut self) {
        let mut values: HashMap<&str, (&str, Span)> = HashMap::new();
        let mut functions: HashMap<&str, (&str, Span)> = HashMap::new();
        let mut types: HashMap<&str, (&str, Span)> = HashMap::new();
        let mut flows: HashMap<&str, (&str, Span)> = HashMap::new();
        let mut connectors: HashMap<&str, (&str, Span)> = HashMap::new();
        let mut tests: HashMap<&str, (&str, Span)> = HashMap::new();
        for item in self.items.iter() {
            let (known, what, text, span) = match &item.kind {
                ItemKind::System(one) => (&mut values, "system", &*one.name.text, one.name.span),
                ItemKind::Setting(one) => (&mut values, "setting", &*one.name.text, one.name.span),
                ItemKind::Map(one) => (&mut functions, "map", &*one.name.text, one.name.span),
                ItemKind::Table(one) => (&mut functions, "table", &*one.name.text, one.name.span),
                ItemKind::Type(one) => (&mut types, "type", &*one.name.text, one.name.span),
                ItemKind::Flow(one) => (&mut flows, "flow", &*one.name.text, one.name.span),
                ItemKind::Connector(one) => {
                    (&mut connectors, "connector", &*one.name.text, one.name.span)
                }
                ItemKind::Test(one) => (&mut tests, "test", &*one.title.text, one.title.span),
                _ => continue,
            };
            match known.get(text) {
                None => {
                    known.insert(text, (what, span));
                }
                Some((first, at)) => {
                    let (code, message, help) = if *first == what {
                        (
                            "F0100",
                            format!("The {what} `{text}` is declared twice."),
                            match what {
                                "map" => {
                                    "Give one of them another name; a layer changes fields of a map with `extend map`."
                                }
                                "setting" => "Keep one; a layer gives it another value with `set`.",
                                _ => "Give one of them another name, or take it out.",
                            },
                        )
                    } else {
                        (
                            "F0101",
                            format!("`{text}` is a {first} already, so it cannot be a {what} too."),
                            "Give one of them another name: a name is never shadowed.",
                        )
                    };
                    self.out.push(
                        Diagnostic::error(code, span, message)
                            .label("again")
                            .related(*at, "here first")
                            .help(help),
                    );
                }
            }
        }
    }

    fn zone(&mut self) {
        let mut best: Option<(u16, &ast::Str)> = None;
        for item in self.items.iter() {
            let ItemKind::Zone(zone) = &item.kind else {
                continue;
            };
            if jiff::tz::TimeZone::get(&zone.text).is_err() {
                let known = jiff::tz::db().available();
                let names: Vec<String> = known.map(|name| name.as_str().to_owned()).collect();
                let near = super::suggest::nearest(&zone.text, names.iter().map(String::as_str));
                self.out.push(
                    Diagnostic::error(
                        "F0130",
                        zone.span,
                        format!("There is no time zone “{}”.", zone.text),
                    )
                    .label("not in the list of time zones")
                    .help(match near {
                        Some(near) => format!("Did you mean \"{near}\"?"),
                        None => "Zones are named by continent and city: \"Europe/Stockholm\"."
                            .to_owned(),
                    }),
                );
            }
            let layer = self.layer(zone.span.file);
            match best {
                Some((known, first)) if known == layer => self.out.push(
                    Diagnostic::error("F0131", zone.span, "The time zone is said twice.")
                        .label("again")
                        .related(first.span, "here first")
                        .help("One zone is for the whole flowbook: take one of them out."),
                ),
                Some((known, _)) if known > layer => {}
                _ => best = Some((layer, zone)),
            }
        }
        self.declared.zone = best.map(|(_, zone)| zone.text.clone());
    }

    fn retention(&mut self) {
        let mut best: Option<(u16, &ast::TimeSpan)> = None;
        for item in self.items.iter() {
            let ItemKind::Retention(kept) = &item.kind else {
                continue;
            };
            let seconds = super::flow::seconds(kept);
            if !(DAY_S..=LONGEST_KEPT_S).contains(&seconds) {
                self.out.push(
                    Diagnostic::error(
                        "F0164",
                        kept.span,
                        "Personal data is kept for at least a day and at most ten years.",
                    )
                    .label(if seconds < DAY_S {
                        "too short"
                    } else {
                        "too long"
                    })
                    .help("Write a span between `1 day` and `3650 days`: `retention 30 days`."),
                );
            }
            let layer = self.layer(kept.span.file);
            match best {
                Some((known, first)) if known == layer => self.out.push(
                    Diagnostic::error(
                        "F0165",
                        kept.span,
                        "How long personal data is kept is said twice.",
                    )
                    .label("again")
                    .related(first.span, "here first")
                    .help("One retention is for the whole flowbook: take one of them out."),
                ),
                Some((known, _)) if known > layer => {}
                _ => best = Some((layer, kept)),
            }
        }
        self.declared.retention_s = best.map(|(_, kept)| super::flow::seconds(kept));
    }

    fn own_types(&mut self) {
        for item in self.items.iter() {
            if let ItemKind::Type(def) = &item.kind
                && !self.types.defs.contains_key(&def.name.text)
            {
                self.types.defs.insert(
                    def.name.text.clone(),
                    Def {
                        name: &def.name,
                        ty: &def.ty,
                        scope: String::new(),
                        extensions: Vec::new(),
                        subs: Vec::new(),
                    },
                );
            }
        }
    }

    /// Maps and tables: their parameters' and results' types.
    fn functions(&mut self) {
        let mut maps = IndexMap::new();
        let mut tables = IndexMap::new();
        for item in self.items.clone().iter() {
            match &item.kind {
                ItemKind::Map(map) => {
                    self.not_shadowing(&map.name, "map");
                    if maps.contains_key(&map.name.text) {
                        continue;
                    }
                    let decl = MapDecl {
                        item: map,
                        params: self.params(&map.params),
                        result: map.result.as_ref().map(|ty| self.read(ty)),
                        extensions: Vec::new(),
                        doc: doc(&item.docs),
                        span: item.span,
                    };
                    maps.insert(map.name.text.clone(), decl);
                }
                ItemKind::Table(table) => {
                    self.not_shadowing(&table.name, "table");
                    if let Some(at) = &table.at
                        && at.text != "date"
                    {
                        self.out.push(
                            Diagnostic::error(
                                "F0139",
                                at.span,
                                "A table goes by a date: `at date`.",
                            )
                            .label("not `date`"),
                        );
                    }
                    if tables.contains_key(&table.name.text) {
                        continue;
                    }
                    let decl = TableDecl {
                        item: table,
                        params: self.params(&table.params),
                        dated: table.at.is_some(),
                        result: self.read(&table.result),
                        doc: doc(&item.docs),
                        span: item.span,
                    };
                    tables.insert(table.name.text.clone(), decl);
                }
                _ => {}
            }
        }
        self.declared.maps = maps;
        self.declared.tables = tables;
    }

    fn read(&mut self, ty: &ast::Type) -> Type {
        types::read(&self.declared, ty, &mut self.out)
    }

    fn params(&mut self, params: &[ast::Param]) -> Vec<(String, Type)> {
        let mut read: Vec<(String, Type)> = Vec::with_capacity(params.len());
        for (at, param) in params.iter().enumerate() {
            if let Some(first) = params[..at]
                .iter()
                .find(|one| one.name.text == param.name.text)
            {
                self.out.push(
                    Diagnostic::error(
                        "F0138",
                        param.name.span,
                        format!("Two parameters are named `{}`.", param.name.text),
                    )
                    .label("again")
                    .related(first.name.span, "here first"),
                );
            }
            let value = self.items.iter().find_map(|item| match &item.kind {
                ItemKind::System(one) if one.name.text == param.name.text => {
                    Some(("system", one.name.span))
                }
                ItemKind::Setting(one) if one.name.text == param.name.text => {
                    Some(("setting", one.name.span))
                }
                _ => None,
            });
            if let Some((what, span)) = value {
                self.out.push(
                    Diagnostic::error(
                        "F0101",
                        param.name.span,
                        format!(
                            "`{}` is a {what} already, so it cannot be a parameter too.",
                            param.name.text
                        ),
                    )
                    .label("shadows it")
                    .related(span, format!("the {what}"))
                    .help("Give the parameter another name: a name is never shadowed."),
                );
            }
            let ty = self.read(&param.ty);
            read.push((param.name.text.clone(), ty));
        }
        read
    }

    /// A map or table is called as a function is, so it cannot be named like one.
    fn not_shadowing(&mut self, name: &ast::Word, what: &str) {
        if flowbook_stdlib::functions::find(&name.text).is_some() {
            self.out.push(
                Diagnostic::error(
                    "F0102",
                    name.span,
                    format!(
                        "`{}` is a function of the language, so no {what} can be named so.",
                        name.text
                    ),
                )
                .label("the name of a function")
                .help(format!(
                    "Give the {what} another name; `flowbook doc std` lists the functions."
                )),
            );
        }
    }

    fn flows(&mut self) {
        for item in self.items.iter() {
            match &item.kind {
                ItemKind::Flow(flow) => {
                    self.declared
                        .flows
                        .entry(flow.name.text.clone())
                        .or_insert_with(|| FlowDecl {
                            item: flow,
                            extensions: Vec::new(),
                            doc: doc(&item.docs),
                            span: item.span,
                        });
                }
                ItemKind::Test(test) => self.declared.tests.push(test),
                _ => {}
            }
        }
    }

    /// `extend` items, lower layers first.
    fn extends(&self) -> Vec<&'a Extend> {
        let extends = self.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Extend(extend) => Some(extend),
            _ => None,
        });
        extends.collect()
    }

    fn is_bad(&self, name: &str) -> bool {
        self.declared.bad.iter().any(|bad| bad == name)
    }
}

/// The kind that nothing more is said about.
fn unknown() -> Type {
    Type::new(Kind::Unknown)
}
