//! `setting` and `set`: types, and the value that the highest layer gives.

use std::collections::HashMap;

use flowbook_grammar::ast::{self, ItemKind};
use flowbook_stdlib::types::{Kind, Type};

use super::Collector;
use crate::check::constant::{self, Unfit};
use crate::check::declared::SettingDecl;
use crate::check::suggest;
use crate::check::types::doc;
use crate::diagnostic::Diagnostic;

impl Collector<'_, '_> {
    pub(super) fn settings(&mut self) {
        let items = self.items.clone();
        for item in items.iter() {
            let ItemKind::Setting(setting) = &item.kind else {
                continue;
            };
            if self.declared.settings.contains_key(&setting.name.text) {
                continue; // told as declared twice
            }
            let ty = self.setting_type(&setting.ty);
            let value = match &setting.default {
                None => None,
                Some(default) => match constant::of_expr(default, &ty) {
                    Ok(value) => Some(value),
                    Err(unfit) => {
                        self.unfit(*unfit, &format!("The setting `{}`", setting.name.text));
                        None
                    }
                },
            };
            self.declared.settings.insert(
                setting.name.text.clone(),
                SettingDecl {
                    item: setting,
                    ty,
                    value,
                    doc: doc(&item.docs),
                },
            );
        }
        let mut given: HashMap<&str, (u16, &ast::Set)> = HashMap::new();
        for item in items.iter() {
            let ItemKind::Set(set) = &item.kind else {
                continue;
            };
            let layer = self.layer(set.name.span.file);
            match given.get(&*set.name.text) {
                Some((known, first)) if *known == layer => {
                    let first = first.name.span;
                    self.out.push(
                        Diagnostic::error("F0121", set.name.span, format!("The setting `{}` is set twice.", set.name.text))
                            .label("again")
                            .related(first, "here first")
                            .help("Take one of the two out; a folder that uses this one may set it again."),
                    );
                }
                Some((known, _)) if *known > layer => {}
                _ => {
                    given.insert(&set.name.text, (layer, set));
                }
            }
        }
        for item in items.iter() {
            let ItemKind::Set(set) = &item.kind else {
                continue;
            };
            self.set(
                set,
                given
                    .get(&*set.name.text)
                    .is_some_and(|(_, best)| std::ptr::eq(*best, set)),
            );
        }
    }

    fn setting_type(&mut self, written: &ast::Type) -> Type {
        let ty = self.read(written);
        let inner = match &ty.kind {
            Kind::List(item) => &item.kind,
            kind => kind,
        };
        if matches!(inner, Kind::Record(_) | Kind::List(_)) {
            self.out.push(
                Diagnostic::error("F0124", written.span, "A setting is one value or a list of simple ones, so that it can be given with `--set`.")
                    .label(format!("`{ty}` is not"))
                    .help("Make a setting of each field, or a table with a CSV."),
            );
            return super::unknown();
        }
        ty
    }

    fn set(&mut self, set: &ast::Set, counts: bool) {
        let name = &set.name.text;
        let Some(ty) = self
            .declared
            .settings
            .get(name)
            .map(|setting| setting.ty.clone())
        else {
            if !self.is_bad(name) {
                let known: Vec<String> = self.declared.settings.keys().cloned().collect();
                self.out.push(
                    Diagnostic::error(
                        "F0120",
                        set.name.span,
                        format!("There is no setting `{name}`."),
                    )
                    .label("not declared")
                    .maybe_help(suggest::help(
                        name,
                        known.iter().map(String::as_str),
                        "Settings",
                    )),
                );
            }
            return;
        };
        match constant::of_expr(&set.value, &ty) {
            Ok(value) if counts => {
                if let Some(setting) = self.declared.settings.get_mut(name) {
                    setting.value = Some(value);
                }
            }
            Ok(_) => {}
            Err(unfit) => {
                let declared = self
                    .declared
                    .settings
                    .get(name)
                    .map(|setting| setting.item.ty.span);
                self.unfit(*unfit, &format!("The setting `{name}`"));
                if let (Some(span), Some(last)) = (declared, self.out.last_mut()) {
                    last.related
                        .push((span, format!("`{name}` is declared so")));
                }
            }
        }
    }

    /// A constant that does not fit.
    pub(super) fn unfit(&mut self, unfit: Unfit, what: &str) {
        let (code, label) = if unfit.computed {
            ("F0122", "no constant".to_owned())
        } else {
            ("F0123", "does not fit".to_owned())
        };
        self.out.push(
            Diagnostic::error(
                code,
                unfit.span,
                format!("{what} cannot have this value. {}", unfit.message),
            )
            .label(label)
            .maybe_help(unfit.help),
        );
    }
}
