//! What the flowbook's own folder declares and nothing uses.

use flowbook_grammar::{Span, ast};
use rustc_hash::FxHashSet;

use super::{Checker, Name};
use crate::diagnostic::Diagnostic;

impl Checker<'_> {
    /// Tells unused settings, maps, tables and types of the flowbook's own folder.
    pub(super) fn unused(&self, files: &[ast::File]) {
        let used = self.used.borrow();
        let own = |span: Span| self.sources.file(span.file).own;
        let mut found = Vec::new();
        let mut tell = |code, name: &str, what: &str, span: Span, label: &str| {
            if own(span) {
                found.push(
                    Diagnostic::warning(code, span, format!("Nothing uses the {what} `{name}`."))
                        .label(label)
                        .help(format!("Use the {what}, or take it away.")),
                );
            }
        };
        for (name, setting) in &self.declared.settings {
            if !used.contains(&Name::Setting(name.clone())) {
                tell(
                    "F0380",
                    name,
                    "setting",
                    setting.item.name.span,
                    "changes nothing",
                );
            }
        }
        for (name, map) in &self.declared.maps {
            if !used.contains(&Name::Map(name.clone())) {
                tell("F0381", name, "map", map.item.name.span, "never called");
            }
        }
        for (name, table) in &self.declared.tables {
            if !used.contains(&Name::Table(name.clone())) {
                tell("F0382", name, "table", table.item.name.span, "never asked");
            }
        }
        let mut named = FxHashSet::default();
        for file in files {
            for item in &file.items {
                in_item(&item.kind, &mut named);
            }
        }
        for name in used.iter() {
            if let Name::Type(name) = name {
                named.insert(name.as_str());
            }
        }
        for file in files {
            for item in &file.items {
                if let ast::ItemKind::Type(ty) = &item.kind
                    && !named.contains(ty.name.text.as_str())
                {
                    tell(
                        "F0383",
                        &ty.name.text,
                        "type",
                        ty.name.span,
                        "no value has it",
                    );
                }
            }
        }
        drop(used);
        for one in found {
            self.report(one);
        }
    }
}

/// Types that an item names outside of its expressions.
fn in_item<'t>(item: &'t ast::ItemKind, named: &mut FxHashSet<&'t str>) {
    match item {
        ast::ItemKind::Setting(setting) => in_type(&setting.ty, named),
        ast::ItemKind::Type(ty) => in_type(&ty.ty, named),
        ast::ItemKind::Table(table) => {
            in_type(&table.result, named);
            for param in &table.params {
                in_type(&param.ty, named);
            }
        }
        ast::ItemKind::Map(map) => {
            for ty in map.params.iter().map(|param| &param.ty).chain(&map.result) {
                in_type(ty, named);
            }
        }
        ast::ItemKind::Extend(ast::Extend::Type { fields, .. }) => {
            for field in &fields.fields {
                in_type(&field.ty, named);
            }
        }
        _ => {}
    }
}

/// Types that a written type names.
pub(super) fn in_type<'t>(ty: &'t ast::Type, named: &mut FxHashSet<&'t str>) {
    match &ty.kind {
        ast::TypeKind::Named(path, _) => {
            if let [word] = path.words.as_slice() {
                named.insert(&word.text);
            }
        }
        ast::TypeKind::Union(types) => {
            for ty in types {
                in_type(ty, named);
            }
        }
        ast::TypeKind::List(inner) | ast::TypeKind::Paren(inner) => in_type(inner, named),
        ast::TypeKind::Record(record) => {
            for field in &record.fields {
                in_type(&field.ty, named);
            }
        }
        ast::TypeKind::Text(..) => {}
    }
}
