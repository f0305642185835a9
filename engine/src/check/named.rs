//! Declared types, read when first named: a flowbook's own, and each system's copy of its connector's with the flowbook's `extend`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use flowbook_grammar::ast;
use flowbook_stdlib::types::{Field, Kind, Type};
use indexmap::IndexMap;

use super::types::{self, Names, Reader, dotted};
use crate::diagnostic::Diagnostic;

/// Deepest types in types.
const DEEPEST: usize = 64;
/// Most fields of a type, those of records inside it counted.
const MOST_FIELDS: usize = 10_000;

/// Types under way.
#[derive(Default)]
pub(super) struct Types<'a> {
    /// By qualified name: `Line`, `till.Order`.
    pub defs: IndexMap<String, Def<'a>>,
    /// What was read of them.
    done: IndexMap<String, Type>,
    /// Fields of what was read, those of records inside counted.
    sizes: HashMap<String, usize>,
    /// Names being read, each naming the next.
    doing: Vec<String>,
    /// The system whose types are being read; empty for the flowbook's own.
    scope: String,
    /// Resources of one record, by system.
    pub ones: HashMap<String, HashSet<String>>,
    /// Names of systems.
    pub systems: Vec<String>,
    /// Names that were complained about: systems without a connector, types that could not be read.
    pub dark: HashSet<String>,
}

/// A declared type.
pub(super) struct Def<'a> {
    /// The name where it is declared.
    pub name: &'a ast::Word,
    /// What it stands for.
    pub ty: &'a ast::Type,
    /// Its system; empty for the flowbook's own.
    pub scope: String,
    /// Fields that `extend type` adds.
    pub extensions: Vec<&'a ast::FieldType>,
    /// Collections of its resource.
    pub subs: Vec<Sub>,
}

/// A sub-resource as a field.
pub(super) struct Sub {
    /// Its name.
    pub name: String,
    /// Its records' type, qualified.
    pub ty: String,
    /// Not sent along with its parent.
    pub readonly: bool,
    /// Its doc lines.
    pub doc: String,
    /// Where it is declared.
    pub span: flowbook_grammar::Span,
}

impl Types<'_> {
    /// Reads all.
    pub fn read_all(&mut self, out: &mut Vec<Diagnostic>) {
        let names: Vec<String> = self.defs.keys().cloned().collect();
        for name in names {
            self.get(&name, out);
        }
    }

    /// All types, in declared order.
    pub fn finish(mut self) -> IndexMap<String, Type> {
        self.defs
            .keys()
            .filter_map(|name| self.done.swap_remove(name).map(|ty| (name.clone(), ty)))
            .collect()
    }

    /// A type by its qualified name; it must be declared.
    pub fn get(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Type {
        if let Some(ty) = self.done.get(name) {
            return ty.clone();
        }
        let Some(def) = self.defs.get(name) else {
            return Type::new(Kind::Unknown);
        };
        let (ty, scope, span) = (def.ty, def.scope.clone(), def.name.span);
        let extensions = def.extensions.clone();
        self.doing.push(name.to_owned());
        let outer = std::mem::replace(&mut self.scope, scope);
        let mut read = match &ty.kind {
            ast::TypeKind::Record(record) => {
                let mut shape = self.reader(out).shape(name, record);
                // An extension is the flowbook's text: its types are looked up there.
                let inner = std::mem::take(&mut self.scope);
                let mut reader = self.reader(out);
                reader.fields(&mut shape, extensions.iter().copied());
                reader.own_flags(&shape, extensions.iter().copied());
                self.scope = inner;
                self.subs(name, &mut shape, out);
                Type::new(Kind::Record(Arc::new(shape)))
            }
            _ => {
                for more in extensions {
                    out.push(
                        Diagnostic::error(
                            "F0137",
                            more.span,
                            format!("`{name}` is no record, so no field can be added to it."),
                        )
                        .label("a field for what has none"),
                    );
                }
                self.reader(out).ty(ty)
            }
        };
        read.optional |= ty.optional;
        self.scope = outer;
        self.doing.pop();
        let size = self.size(&read);
        if size > MOST_FIELDS {
            // Records in records multiply: sixty short lines can ask for more fields than there are atoms.
            out.push(
                Diagnostic::error(
                    "F0105",
                    span,
                    format!("`{name}` has more than {MOST_FIELDS} fields, those of the records in it counted."),
                )
                .label("too large"),
            );
            read = Type::new(Kind::Unknown);
        } else {
            self.sizes.insert(name.to_owned(), size);
        }
        // A type that holds itself was told about and is unknown by now.
        self.done.entry(name.to_owned()).or_insert(read).clone()
    }

    fn size(&self, ty: &Type) -> usize {
        match &ty.kind {
            Kind::List(item) => self.size(item),
            Kind::Record(shape) => match self.sizes.get(&*shape.name) {
                Some(size) => *size,
                None => shape.fields.iter().fold(0, |sum, field| {
                    sum.saturating_add(1).saturating_add(self.size(&field.ty))
                }),
            },
            _ => 0,
        }
    }

    fn reader<'r>(&'r mut self, out: &'r mut Vec<Diagnostic>) -> Reader<'r> {
        let connector = !self.scope.is_empty();
        Reader {
            names: self,
            out,
            connector,
        }
    }

    /// A type that is written in a connector's directive.
    pub fn written(&mut self, system: &str, ty: &ast::Type, out: &mut Vec<Diagnostic>) -> Type {
        let outer = std::mem::replace(&mut self.scope, system.to_owned());
        let read = self.reader(out).ty(ty);
        self.scope = outer;
        read
    }

    fn subs(
        &mut self,
        name: &str,
        shape: &mut flowbook_stdlib::types::Shape,
        out: &mut Vec<Diagnostic>,
    ) {
        let Some(def) = self.defs.get_mut(name) else {
            return;
        };
        for sub in std::mem::take(&mut def.subs) {
            if shape.field(&sub.name).is_some() {
                out.push(
                    Diagnostic::error(
                        "F0110",
                        sub.span,
                        format!(
                            "`{name}` has a field `{}` besides this sub-resource.",
                            sub.name
                        ),
                    )
                    .label("a sub-resource is a field too")
                    .help("Take the field away, or give one of the two another name."),
                );
                continue;
            }
            let item = self.get(&sub.ty, out).present();
            let mut field = Field::plain(&sub.name, Type::new(Kind::List(Box::new(item))));
            field.sub = true;
            field.readonly = sub.readonly;
            field.doc = sub.doc.into();
            shape.fields.push(field);
        }
    }
}

impl Names for Types<'_> {
    fn named(&mut self, path: &ast::Path, out: &mut Vec<Diagnostic>) -> Type {
        let written = dotted(path);
        let name = match (self.scope.as_str(), path.words.len()) {
            ("", _) => written.clone(),
            (scope, 1) => format!("{scope}.{written}"),
            _ => written.clone(),
        };
        let first = &path.words[0].text;
        if let Some(start) = self.doing.iter().position(|doing| *doing == name) {
            let mut chain: Vec<&str> = self.doing[start..].iter().map(String::as_str).collect();
            chain.push(&name);
            out.push(
                Diagnostic::error(
                    "F0105",
                    path.span,
                    format!(
                        "A record of type `{name}` would hold another one without end: {}.",
                        chain.join(" → ")
                    ),
                )
                .label("leads back")
                .help("Break the circle: keep the other record's key instead of the record."),
            );
            self.done.insert(name, Type::new(Kind::Unknown));
            return Type::new(Kind::Unknown);
        }
        if self.defs.contains_key(&name) {
            if self.doing.len() >= DEEPEST && !self.done.contains_key(&name) {
                out.push(
                    Diagnostic::error(
                        "F0105",
                        path.span,
                        format!("More than {DEEPEST} types stand in each other here."),
                    )
                    .label("too deep"),
                );
                return Type::new(Kind::Unknown);
            }
            return self.get(&name, out);
        }
        if !self.dark.contains(&name) && !self.dark.contains(first) {
            let prefix = format!("{}.", self.scope);
            let names: Vec<String> = match self.scope.as_str() {
                "" => self.defs.keys().cloned().collect(),
                _ => self
                    .defs
                    .keys()
                    .filter_map(|name| name.strip_prefix(&prefix).map(str::to_owned))
                    .collect(),
            };
            let systems: Vec<&str> = self.systems.iter().map(String::as_str).collect();
            out.push(if self.scope.is_empty() || path.words.len() == 1 {
                types::unknown(path, names.iter().map(String::as_str), &systems)
            } else {
                Diagnostic::error(
                    "F0103",
                    path.span,
                    "A connector knows no other system's types.",
                )
                .label("not of this connector")
            });
        }
        Type::new(Kind::Unknown)
    }

    fn is_one(&self, name: &str) -> bool {
        self.ones
            .get(&self.scope)
            .is_some_and(|ones| ones.contains(name))
    }

    fn system(&self) -> &str {
        &self.scope
    }
}
