//! `extend type`, `extend map`, `extend flow`: what a layer adds.

use std::collections::HashMap;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, ExprKind, Extend, FieldKind, StatementKind};

use super::Collector;
use crate::check::suggest;
use crate::check::types::{dotted, unknown};
use crate::diagnostic::Diagnostic;

impl<'a> Collector<'a, '_> {
    pub(super) fn extend_types(&mut self) {
        let mut added: HashMap<(String, String), Span> = HashMap::new();
        for extend in self.extends() {
            let Extend::Type { path, fields } = extend else {
                continue;
            };
            let name = dotted(path);
            for directive in &fields.directives {
                self.out.push(
                    Diagnostic::error(
                        "F0137",
                        directive.span,
                        "An `extend type` adds fields, and nothing else.",
                    )
                    .label("no field"),
                );
            }
            let fields: Vec<&ast::FieldType> = fields
                .fields
                .iter()
                .filter(|field| self.once(&mut added, &name, &field.name))
                .collect();
            let systems: Vec<&str> = self.types.systems.iter().map(String::as_str).collect();
            let dark =
                self.types.dark.contains(&name) || self.types.dark.contains(&path.words[0].text);
            match self.types.defs.get_mut(&name) {
                Some(def) => def.extensions.extend(fields),
                None if dark => {}
                None => {
                    let mut finding =
                        unknown(path, self.types.defs.keys().map(String::as_str), &systems);
                    finding.code = "F0132";
                    self.out.push(finding);
                }
            }
        }
    }

    /// Whether a field is added for the first time. If two layers change it, nobody can say which counts.
    fn once(
        &mut self,
        added: &mut HashMap<(String, String), Span>,
        of: &str,
        name: &ast::Word,
    ) -> bool {
        match added.get(&(of.to_owned(), name.text.clone())) {
            None => {
                added.insert((of.to_owned(), name.text.clone()), name.span);
                true
            }
            Some(first) => {
                self.out.push(
                    Diagnostic::error(
                        "F0133",
                        name.span,
                        format!("Two `extend` give `{of}` the field `{}`.", name.text),
                    )
                    .label("again")
                    .related(*first, "here first")
                    .help("Keep one of the two."),
                );
                false
            }
        }
    }

    pub(super) fn extend_maps_and_flows(&mut self) {
        let mut added: HashMap<(String, String), Span> = HashMap::new();
        for extend in self.extends() {
            match extend {
                Extend::Type { .. } => {}
                Extend::Map {
                    name,
                    params,
                    record,
                } => {
                    for field in &record.fields {
                        if let FieldKind::Value(field, _) = &field.kind {
                            self.once(&mut added, &name.text, field);
                        }
                    }
                    self.extend_map(name, params, record);
                }
                Extend::Flow { name, block } => {
                    for statement in &block.statements {
                        if !matches!(statement.kind, StatementKind::Where(_) | StatementKind::Bad) {
                            self.out.push(
                                Diagnostic::error("F0136", statement.span, "A layer adds `where` to a flow, and nothing else.")
                                    .label("not a `where`")
                                    .help("What a flow writes is changed by `extend map` of the map that fills it."),
                            );
                        }
                    }
                    let known: Vec<String> = self.declared.flows.keys().cloned().collect();
                    match self.declared.flows.get_mut(&name.text) {
                        Some(flow) => flow.extensions.push(block),
                        None => self.no_target("flow", name, &known),
                    }
                }
            }
        }
    }

    fn no_target(&mut self, what: &str, name: &ast::Word, known: &[String]) {
        if !self.is_bad(&name.text) {
            let list = if what == "map" { "Maps" } else { "Flows" };
            self.out.push(
                Diagnostic::error(
                    "F0132",
                    name.span,
                    format!("There is no {what} `{}` to extend.", name.text),
                )
                .label("not declared")
                .maybe_help(suggest::help(
                    &name.text,
                    known.iter().map(String::as_str),
                    list,
                )),
            );
        }
    }

    fn extend_map(&mut self, name: &ast::Word, params: &'a [ast::Word], record: &'a ast::Record) {
        let Some(map) = self.declared.maps.get_mut(&name.text) else {
            let known: Vec<String> = self.declared.maps.keys().cloned().collect();
            self.no_target("map", name, &known);
            return;
        };
        let item = map.item;
        map.extensions.push((params, record));
        let ExprKind::Record(base) = &item.body.kind else {
            self.out.push(
                Diagnostic::error(
                    "F0135",
                    name.span,
                    format!(
                        "The map `{}` is no record of fields, so no field can be added to it.",
                        name.text
                    ),
                )
                .label("its body is an expression")
                .related(item.name.span, "the map"),
            );
            return;
        };
        if params.len() != item.params.len() {
            let names: Vec<&str> = item.params.iter().map(|param| &*param.name.text).collect();
            self.out.push(
                Diagnostic::error(
                    "F0135",
                    name.span,
                    format!(
                        "The map `{}` takes {}, and {} named here.",
                        name.text,
                        count(names.len(), "parameter"),
                        is_are(params.len())
                    ),
                )
                .label("another number of parameters")
                .related(item.name.span, "the map")
                .help(format!(
                    "Write `extend map {}({}) {{ … }}`.",
                    name.text,
                    names.join(", ")
                )),
            );
        }
        for field in &record.fields {
            match &field.kind {
                FieldKind::Value(word, _) => {
                    let replaced = base.fields.iter().find_map(|old| match &old.kind {
                        FieldKind::Value(old, _) if old.text == word.text => Some(old.span),
                        _ => None,
                    });
                    if let Some(old) = replaced {
                        self.out.push(
                            Diagnostic::note(
                                "F0134",
                                word.span,
                                format!("`{}` of the map `{}` is replaced.", word.text, name.text),
                            )
                            .label("counts")
                            .related(old, "does not count any more"),
                        );
                    }
                }
                FieldKind::Bad => {}
                _ => self.out.push(
                    Diagnostic::error(
                        "F0135",
                        field.span,
                        "An `extend map` adds fields by name, and nothing else.",
                    )
                    .label("no field"),
                ),
            }
        }
    }
}

fn count(count: usize, what: &str) -> String {
    match count {
        1 => format!("one {what}"),
        more => format!("{more} {what}s"),
    }
}

fn is_are(count: usize) -> String {
    match count {
        0 => "none is".to_owned(),
        1 => "one is".to_owned(),
        more => format!("{more} are"),
    }
}
