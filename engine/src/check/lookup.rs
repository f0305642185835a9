//! Resources: paths to them, lookups by key and by link.

use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, ExprKind as Tree, Literal};
use flowbook_stdlib::rules::{self, Misfit};
use flowbook_stdlib::types::{Kind, Shape, Type};

use super::body::{Body, KeyOf};
use super::misfit::{a, short};
use super::suggest;
use crate::checked::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Find, Resource, ResourceIx};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyed {
    /// `R[F = x]`
    Lookup,
    /// `create … by`
    Create,
    /// `ensure … by`, `update … by`
    Keep,
}

impl Body<'_, '_> {
    /// The system that an expression names, if it is a system's name.
    pub(super) fn system(&self, expr: &ast::Expr) -> Option<u32> {
        let Tree::Name(name) = &expr.kind else {
            return None;
        };
        if self.named(name).is_some() {
            return None;
        }
        self.checker
            .declared
            .systems
            .iter()
            .position(|system| system.name == *name)
            .map(|system| system as u32)
    }

    /// The resource of one record that `base.word` is.
    pub(super) fn one(&self, base: &ast::Expr, word: &ast::Word) -> Option<ResourceIx> {
        let system = self.system(base)?;
        self.checker
            .declared
            .resources
            .iter()
            .position(|one| one.system == system && one.name == word.text && one.one.is_some())
            .map(|number| number as ResourceIx)
    }

    /// A system's resource by name, reported if there is none.
    pub(super) fn resource_named(&self, system: u32, words: &[ast::Word]) -> Option<ResourceIx> {
        let declared = self.checker.declared;
        let name = words
            .iter()
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join(".");
        let found = declared
            .resources
            .iter()
            .position(|one| one.system == system && one.name == name);
        let system_name = &declared.systems.get(system as usize)?.name;
        if found.is_none()
            && let (Some(first), Some(last)) = (words.first(), words.last())
            && !self.is_bad(&declared.systems[system as usize].connector.name)
        {
            let known = declared
                .resources
                .iter()
                .filter(|one| one.system == system)
                .map(|one| one.name.as_str());
            self.checker.report(
                Diagnostic::error(
                    "F0306",
                    first.span.to(last.span),
                    format!("`{system_name}` has no resource `{name}`."),
                )
                .label("no such resource")
                .maybe_help(suggest::help(&name, known, "Its resources")),
            );
        }
        found.map(|number| number as ResourceIx)
    }

    /// `books.customers`
    pub fn resource(&mut self, path: &ast::Path) -> Option<ResourceIx> {
        let declared = self.checker.declared;
        let (first, rest) = path.words.split_first()?;
        let Some(system) = declared
            .systems
            .iter()
            .position(|system| system.name == first.text)
        else {
            if !self.is_bad(&first.text) {
                let known = declared.systems.iter().map(|one| one.name.as_str());
                self.checker.report(
                    Diagnostic::error(
                        "F0306",
                        first.span,
                        format!("There is no system `{}`.", first.text),
                    )
                    .label("not a system")
                    .maybe_help(suggest::help(&first.text, known, "Systems")),
                );
            }
            return None;
        };
        if rest.is_empty() {
            self.checker.report(
                Diagnostic::error(
                    "F0307",
                    path.span,
                    format!(
                        "`{}` is a system; one of its resources belongs here.",
                        first.text
                    ),
                )
                .label("which resource?")
                .help(format!("Name it: `{}.…`.", first.text)),
            );
            return None;
        }
        self.resource_named(system as u32, rest)
    }

    /// `invoice.payments`: the parent record and the sub-resource.
    pub fn child(&mut self, path: &ast::Path) -> Option<(Expr, ResourceIx)> {
        let (last, words) = path.words.split_last()?;
        let first = words.first()?;
        let mut span = first.span;
        let mut tree = ast::Expr {
            kind: Tree::Name(first.text.clone()),
            span,
        };
        for word in &words[1..] {
            span = span.to(word.span);
            tree = ast::Expr {
                kind: Tree::Field(Box::new(tree), word.clone()),
                span,
            };
        }
        let parent = self.expr(&tree, None);
        if parent.ty.kind == Kind::Unknown {
            return None;
        }
        let sub = self.sub_of(&parent, &last.text);
        if sub.is_none() {
            let text = short(self.checker.text(span));
            let known: Vec<&str> = match self.resource_of(&parent) {
                None => Vec::new(),
                Some(resource) => self
                    .checker
                    .declared
                    .resources
                    .iter()
                    .filter(|one| one.parent == Some(resource))
                    .filter_map(|one| one.name.rsplit('.').next())
                    .collect(),
            };
            self.checker.report(
                Diagnostic::error(
                    "F0306",
                    last.span,
                    format!("`{text}` has no sub-resource `{}`.", last.text),
                )
                .label("no such sub-resource")
                .maybe_help(suggest::help(&last.text, known, "Its sub-resources")),
            );
        }
        Some((parent, sub?))
    }

    /// `R[F = x]`, `R[link x]`
    pub(super) fn lookup(&mut self, base: &ast::Expr, key: &ast::Key, span: Span) -> Expr {
        let resource = match &base.kind {
            Tree::Field(system, word) => match self.system(system) {
                Some(system) => self.resource_named(system, std::slice::from_ref(word)),
                None => self.no_resource(base),
            },
            _ => self.no_resource(base),
        };
        let Some(resource) = resource else {
            match key {
                ast::Key::Link(of) => {
                    self.expr(of, None);
                }
                ast::Key::Fields(fields) => {
                    for field in fields {
                        self.expr(&field.value, None);
                    }
                }
            }
            return Body::nothing(span);
        };
        let shape = self.checker.declared.resources[resource as usize]
            .shape
            .clone();
        let ty = Type::new(Kind::Record(shape)).optional();
        match key {
            ast::Key::Link(of) => {
                let of = self.expr(of, None);
                match self.linked(&of, resource) {
                    None => Body::nothing(span),
                    Some(of_resource) => Expr {
                        kind: ExprKind::Link {
                            resource,
                            of: Box::new(of),
                            of_resource,
                        },
                        ty,
                        span,
                    },
                }
            }
            ast::Key::Fields(fields) => match self.key(resource, fields, Keyed::Lookup) {
                None => Expr {
                    ty,
                    ..Body::nothing(span)
                },
                Some(key) => Expr {
                    kind: ExprKind::Find {
                        resource,
                        find: key.find,
                        fields: key.fields,
                        key: key.values.into_iter().flatten().collect(),
                    },
                    ty,
                    span,
                },
            },
        }
    }

    fn no_resource(&mut self, base: &ast::Expr) -> Option<ResourceIx> {
        let text = short(self.checker.text(base.span));
        let value = match self.system(base) {
            Some(_) => None,
            None => Some(self.expr(base, None)),
        };
        match value.map(|value| value.ty) {
            Some(ty) if ty.kind == Kind::Unknown => {}
            Some(ty) if matches!(ty.kind, Kind::List(_)) => self.checker.report(
                Diagnostic::error(
                    "F0374",
                    base.span,
                    format!(
                        "`{text}` is {}: brackets look a record of a resource up by its key.",
                        a(&ty)
                    ),
                )
                .label("a list")
                .help(format!(
                    "To find an item in a list, write `{text} | find(.field = value)`."
                )),
            ),
            _ => self.checker.report(
                Diagnostic::error(
                    "F0374",
                    base.span,
                    format!("`{text}` is no resource that a record could be looked up in."),
                )
                .label("no resource")
                .help("A lookup is written `books.customers[CustomerNumber = x]`."),
            ),
        }
        None
    }

    /// A key in brackets or after `by`; one that the resource cannot be found by is reported. In a step the values must fit, and may be `none`.
    pub(super) fn key(
        &mut self,
        resource: ResourceIx,
        key: &[ast::KeyField],
        keyed: Keyed,
    ) -> Option<KeyOf> {
        let step = keyed != Keyed::Lookup;
        let declared = self.checker.declared;
        let of: &Resource = &declared.resources[resource as usize];
        let mut fields: Vec<(Vec<u16>, Option<Expr>)> = Vec::with_capacity(key.len());
        let mut sound = true;
        for part in key {
            let Some((path, ty)) = self.key_path(&of.shape, &part.field) else {
                self.expr(&part.value, None);
                sound = false;
                continue;
            };
            if fields.iter().any(|(known, _)| *known == path) {
                self.checker.report(
                    Diagnostic::error(
                        "F0372",
                        part.field.span,
                        format!(
                            "The key names `{}` twice.",
                            self.checker.text(part.field.span)
                        ),
                    )
                    .label("again"),
                );
                sound = false;
            }
            if step && matches!(part.value.kind, Tree::Literal(Literal::None)) {
                fields.push((path, None));
                continue;
            }
            let ty = ty.optional();
            let value = self.expr(&part.value, Some(&ty));
            let place = format!(
                "`{}` of {}",
                self.checker.text(part.field.span),
                of.shape.name
            );
            // A lookup with a text that is too long finds nothing, and is not asked.
            let lax = !step
                && matches!(
                    rules::fits_into(&value.ty, &ty),
                    Err(Misfit::Long(..) | Misfit::Decimals(..))
                );
            if !lax && !self.fits_whole(&value, &ty, &place) {
                sound = false;
            }
            fields.push((path, Some(value)));
        }
        if !sound {
            return None;
        }
        self.findable(of, fields, key, keyed == Keyed::Create)
    }

    fn key_path(&self, shape: &Arc<Shape>, path: &ast::Path) -> Option<(Vec<u16>, Type)> {
        let mut at = Vec::with_capacity(path.words.len());
        let mut shape = shape.clone();
        let mut ty = None;
        for word in &path.words {
            let Some((position, field)) = shape.field(&word.text) else {
                self.no_field(&shape, word);
                return None;
            };
            at.push(position as u16);
            ty = Some(field.ty.clone());
            let inner = match &field.ty.kind {
                Kind::Record(inner) => inner.clone(),
                _ => Arc::new(Shape::default()),
            };
            shape = inner;
        }
        ty.map(|ty| (at, ty))
    }

    /// How a resource is found by fields; their values in the order of its find. `answered`: by the answer to a create, too.
    fn findable(
        &self,
        of: &Resource,
        given: Vec<(Vec<u16>, Option<Expr>)>,
        key: &[ast::KeyField],
        answered: bool,
    ) -> Option<KeyOf> {
        if let ([(path, _)], Some(own)) = (given.as_slice(), of.key)
            && *path == [own]
        {
            return Some(KeyOf {
                find: None,
                fields: vec![vec![own]],
                values: given.into_iter().map(|(_, value)| value).collect(),
            });
        }
        let same = |fields: &[Vec<u16>]| {
            fields.len() == given.len() && given.iter().all(|(path, _)| fields.contains(path))
        };
        let found = |find: &Find| same(&find.fields) && (answered || !find.how.is_empty());
        if let Some(number) = of.finds.iter().position(found) {
            let fields = of.finds[number].fields.clone();
            let mut given = given;
            let values = fields
                .iter()
                .filter_map(|field| {
                    let at = given.iter().position(|(path, _)| path == field)?;
                    Some(given.swap_remove(at).1)
                })
                .collect();
            return Some(KeyOf {
                find: Some(number as u16),
                fields,
                values,
            });
        }
        let span = match (key.first(), key.last()) {
            (Some(first), Some(last)) => first.field.span.to(last.field.span),
            _ => of.span,
        };
        let names: Vec<String> = key
            .iter()
            .map(|part| format!("`{}`", self.checker.text(part.field.span)))
            .collect();
        let resource = self.resource_name(of);
        let ways: Vec<String> = of
            .key
            .iter()
            .map(|key| field_path(&of.shape, &[*key]))
            .chain(
                of.finds
                    .iter()
                    .filter(|find| !find.how.is_empty())
                    .map(|find| {
                        find.fields
                            .iter()
                            .map(|path| field_path(&of.shape, path))
                            .collect::<Vec<_>>()
                            .join(", ")
                    }),
            )
            .map(|way| format!("`{way}`"))
            .collect();
        self.checker.report(
            Diagnostic::error(
                "F0370",
                span,
                format!("`{resource}` cannot be found by {}.", names.join(" and ")),
            )
            .label("no key")
            .help(if ways.is_empty() {
                format!("The connector says no way to find records of `{resource}`.")
            } else {
                format!("It is found by {}.", ways.join(" or "))
            }),
        );
        None
    }

    /// `books.customers`
    fn resource_name(&self, of: &Resource) -> String {
        match self.checker.declared.systems.get(of.system as usize) {
            Some(system) => format!("{}.{}", system.name, of.name),
            None => of.name.clone(),
        }
    }
}

/// `brand.id`
fn field_path(shape: &Shape, path: &[u16]) -> String {
    let mut words = Vec::new();
    let mut shape = Some(shape);
    for at in path {
        let Some(field) = shape.and_then(|shape| shape.fields.get(usize::from(*at))) else {
            break;
        };
        words.push(field.name.to_string());
        shape = match &field.ty.kind {
            Kind::Record(inner) => Some(inner),
            _ => None,
        };
    }
    words.join(".")
}
