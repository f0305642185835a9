//! `system NAME: CONNECTOR { … }`: its connector, options, types and resources.

use std::sync::Arc;

use flowbook_grammar::ast::{self, ExprKind, FieldKind, ItemKind, Literal};
use flowbook_stdlib::connectors;
use flowbook_stdlib::value::Value;

use super::Collector;
use crate::check::connector::{self, Site};
use crate::check::named::Types;
use crate::check::{constant, suggest};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Connector, ResourceIx, System};

/// An option of every system.
const SETTLE: &str = "settle";

/// A connector that is wanted: by a system, or by nobody yet.
pub(super) struct Wanted<'a> {
    item: &'a ast::Connector,
    made: Arc<Connector>,
    /// The system's name; for a connector without a system, one that no system can have.
    name: String,
    /// Number of the system.
    system: Option<u32>,
}

impl<'a> Collector<'a, '_> {
    /// Reads systems and makes their connectors' types known.
    pub(super) fn systems(&mut self) -> Vec<Wanted<'a>> {
        let mut written: Vec<(&'a ast::Connector, Arc<Connector>, bool)> = Vec::new();
        for item in self.items.iter() {
            if let ItemKind::Connector(item) = &item.kind
                && written
                    .iter()
                    .all(|(known, _, _)| known.name.text != item.name.text)
            {
                let made = connector::connector(item, &mut self.out);
                written.push((item, Arc::new(made), false));
            }
        }
        let mut wanted: Vec<Wanted<'a>> = Vec::new();
        let items = self.items.clone();
        for item in items.iter() {
            let ItemKind::System(system) = &item.kind else {
                continue;
            };
            let name = &system.name.text;
            if self.types.systems.contains(name) {
                continue; // told as declared twice
            }
            self.types.systems.push(name.clone());
            let Some((item, made, used)) = written
                .iter_mut()
                .find(|(known, _, _)| known.name.text == system.connector.text)
            else {
                self.no_connector(
                    system,
                    &written
                        .iter()
                        .map(|(item, _, _)| &*item.name.text)
                        .collect::<Vec<_>>(),
                );
                self.types.dark.insert(name.clone());
                self.declared.bad.push(name.clone());
                continue;
            };
            *used = true;
            let (item, mut made) = (*item, made.clone());
            let options = self.options(system, &mut made);
            let number = self.declared.systems.len() as u32;
            self.declared.systems.push(System {
                name: name.clone(),
                connector: made.clone(),
                options,
                span: system.name.span,
            });
            connector::register(item, name, &mut self.types, &mut self.out);
            wanted.push(Wanted {
                item,
                made,
                name: name.clone(),
                system: Some(number),
            });
        }
        // A connector that no system names is checked all the same: somebody is writing it.
        for (item, made, used) in written {
            if !used {
                let name = if self.types.systems.contains(&item.name.text) {
                    format!("connector {}", item.name.text)
                } else {
                    item.name.text.clone()
                };
                connector::register(item, &name, &mut self.types, &mut self.out);
                wanted.push(Wanted {
                    item,
                    made,
                    name,
                    system: None,
                });
            }
        }
        wanted
    }

    fn no_connector(&mut self, system: &ast::System, written: &[&str]) {
        let word = &system.connector;
        if self.is_bad(&word.text) {
            return;
        }
        let known: Vec<&str> = written
            .iter()
            .copied()
            .chain(connectors::ALL.iter().map(|(name, _)| *name))
            .collect();
        self.out.push(
            Diagnostic::error(
                "F0126",
                word.span,
                format!("There is no connector `{}`.", word.text),
            )
            .label("neither built in nor in the flowbook")
            .maybe_help(suggest::help(&word.text, known, "Connectors")),
        );
    }

    /// What the flowbook itself says about an account; the rest comes from the environment.
    /// `settle` is an option of every system: this account's instead of the connector's.
    fn options(&mut self, system: &ast::System, made: &mut Arc<Connector>) -> Vec<(String, Value)> {
        let mut options: Vec<(String, Value)> = Vec::new();
        for field in system.options.iter().flat_map(|record| &record.fields) {
            let (name, value) = match &field.kind {
                FieldKind::Value(name, value) => (name, value),
                FieldKind::Bad => continue,
                _ => {
                    self.out.push(
                        Diagnostic::error(
                            "F0127",
                            field.span,
                            "A system has options alone: `name: value`.",
                        )
                        .label("no option"),
                    );
                    continue;
                }
            };
            if options.iter().any(|(known, _)| *known == name.text) {
                self.out.push(
                    Diagnostic::error(
                        "F0100",
                        name.span,
                        format!("The option `{}` is given twice.", name.text),
                    )
                    .label("again"),
                );
                continue;
            }
            let param = made.params.iter().find(|param| param.name == name.text);
            if param.is_none() && name.text == SETTLE {
                match &value.kind {
                    ExprKind::Literal(Literal::Span(span)) => {
                        Arc::make_mut(made).settle_s = connector::seconds(span);
                    }
                    _ => self.out.push(
                        Diagnostic::error(
                            "F0151",
                            value.span,
                            "`settle` is a span of time: `settle: 5 min`.",
                        )
                        .label("no span of time"),
                    ),
                }
                continue;
            }
            let Some(param) = param else {
                let known = made
                    .params
                    .iter()
                    .filter(|param| !param.secret)
                    .map(|param| &*param.name)
                    .chain([SETTLE]);
                self.out.push(
                    Diagnostic::error(
                        "F0127",
                        name.span,
                        format!("Systems of `{}` have no option `{}`.", made.name, name.text),
                    )
                    .label("not known")
                    .maybe_help(suggest::help(&name.text, known, "Options")),
                );
                continue;
            };
            if param.secret {
                self.out.push(
                    Diagnostic::error(
                        "F0128",
                        field.span,
                        format!("`{}` is a secret: it must not stand in a file that is shared.", name.text),
                    )
                    .label("a secret in the text")
                    .help(format!(
                        "Take it out, and give it in the environment as FLOWBOOK_{}_{}. If the file was shared already, have a new secret made.",
                        system.name.text.to_uppercase(),
                        name.text.to_uppercase()
                    )),
                );
                continue;
            }
            match constant::of_expr(value, &param.ty) {
                Ok(value) => options.push((name.text.clone(), value)),
                Err(unfit) => self.unfit(*unfit, &format!("`{}`", name.text)),
            }
        }
        options
    }

    /// Makes the systems' resources, once all types are read.
    pub(super) fn resources(&mut self, wanted: Vec<Wanted<'a>>, types: &mut Types<'a>) {
        for one in wanted {
            let first = self.declared.resources.len() as ResourceIx;
            let site = Site {
                system: one.system.unwrap_or(u32::MAX),
                name: &one.name,
                first,
            };
            let made = connector::resources(one.item, &one.made, &site, types, &mut self.out);
            connector::check_places(one.item, &made, first, &mut self.out);
            match one.system {
                Some(_) => self.declared.resources.extend(made),
                None => {
                    let prefix = format!("{}.", one.name);
                    types.defs.retain(|name, _| !name.starts_with(&prefix));
                }
            }
        }
    }
}
