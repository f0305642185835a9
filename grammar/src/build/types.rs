//! Types.

use super::{At, P, Parts, Rule};
use crate::ast::*;

impl At {
    /// `a | b`
    pub fn type_(self, pair: P<'_>) -> Type {
        let span = self.span(&pair);
        let mut atoms: Vec<Type> = pair
            .into_inner()
            .filter(|part| part.as_rule() == Rule::tatom)
            .map(|atom| self.type_atom(atom))
            .collect();
        match atoms.pop() {
            Some(only) if atoms.is_empty() => only,
            Some(last) => {
                atoms.push(last);
                Type {
                    kind: TypeKind::Union(atoms),
                    optional: false,
                    span,
                }
            }
            None => Type {
                kind: TypeKind::Union(Vec::new()),
                optional: false,
                span,
            },
        }
    }

    fn type_atom(self, pair: P<'_>) -> Type {
        let span = self.span(&pair);
        let mut kind = TypeKind::Union(Vec::new());
        let mut optional = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::optional => optional = true,
                Rule::tlist | Rule::tparen => {
                    let list = part.as_rule() == Rule::tlist;
                    if let Some(inner) = Parts::of(part).find(Rule::type_) {
                        let inner = Box::new(self.type_(inner));
                        kind = if list {
                            TypeKind::List(inner)
                        } else {
                            TypeKind::Paren(inner)
                        };
                    }
                }
                Rule::ttext => {
                    let mut parts = Parts::of(part);
                    if let Some(text) = parts.take(Rule::string) {
                        let text = self.str(text);
                        parts.skip(Rule::k_as);
                        let wire = parts.next().map(|wire| match wire.as_rule() {
                            Rule::number => Wire::Number(wire.as_str().to_owned()),
                            _ => Wire::Text(self.str(wire).text),
                        });
                        kind = TypeKind::Text(text, wire);
                    }
                }
                Rule::recordtype => kind = TypeKind::Record(self.record_type(part)),
                Rule::tref => {
                    let mut parts = Parts::of(part);
                    if let Some(path) = parts.take(Rule::path) {
                        let path = self.path(path);
                        kind = TypeKind::Named(
                            path,
                            parts.rest().filter_map(|arg| self.type_arg(arg)).collect(),
                        );
                    }
                }
                _ => {}
            }
        }
        Type {
            kind,
            optional,
            span,
        }
    }

    fn type_arg(self, pair: P<'_>) -> Option<TypeArg> {
        let inner = Parts::of(pair).next()?;
        let span = self.span(&inner);
        Some(match inner.as_rule() {
            Rule::by_path => TypeArg::By(self.path(Parts::of(inner).find(Rule::path)?)),
            Rule::number => TypeArg::Number(inner.as_str().to_owned(), span),
            _ => TypeArg::Word(self.word(inner)),
        })
    }

    /// `{ field: type }`
    pub fn record_type(self, pair: P<'_>) -> RecordType {
        let span = self.span(&pair);
        let mut record = RecordType {
            fields: Vec::new(),
            directives: Vec::new(),
            span,
        };
        for part in pair
            .into_inner()
            .filter(|part| part.as_rule() == Rule::fielddef)
        {
            let mut docs = Vec::new();
            for inner in part.into_inner() {
                match inner.as_rule() {
                    Rule::fdocs => docs = self.docs(inner),
                    Rule::fieldtype => {
                        record.fields.push(FieldType {
                            docs: std::mem::take(&mut docs),
                            ..self.field_type(inner)
                        });
                    }
                    _ => record.directives.push(self.directive(inner)),
                }
            }
        }
        record
    }

    /// `name: type flags`
    pub fn field_type(self, pair: P<'_>) -> FieldType {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = self.some_word(parts.take(Rule::word), span);
        let ty = parts.take(Rule::type_).map_or(
            Type {
                kind: TypeKind::Union(Vec::new()),
                optional: false,
                span,
            },
            |ty| self.type_(ty),
        );
        let flags = parts.rest().filter_map(|flag| self.flag(flag)).collect();
        FieldType {
            docs: Vec::new(),
            name,
            ty,
            flags,
            span,
        }
    }

    fn flag(self, pair: P<'_>) -> Option<Flag> {
        let span = self.span(&pair);
        let inner = Parts::of(pair).next()?;
        let kind = match inner.as_rule() {
            Rule::word => FlagKind::Word(inner.as_str().to_owned()),
            Rule::f_default => FlagKind::Default(self.literal(Parts::of(inner).next()?)?),
            Rule::f_from => FlagKind::From(self.str(Parts::of(inner).find(Rule::string)?)),
            Rule::f_as => FlagKind::As(self.word(Parts::of(inner).find(Rule::word)?)),
            Rule::f_reads => FlagKind::Reads(self.path(Parts::of(inner).find(Rule::path)?)),
            _ => FlagKind::Writes(self.path(Parts::of(inner).find(Rule::path)?)),
        };
        Some(Flag { kind, span })
    }

    /// `(a: type, b: type)`
    pub fn params(self, pair: P<'_>) -> Vec<Param> {
        let span = self.span(&pair);
        pair.into_inner()
            .filter(|part| part.as_rule() == Rule::param)
            .map(|param| {
                let mut parts = Parts::of(param);
                let name = self.some_word(parts.take(Rule::word), span);
                let ty = parts.take(Rule::type_).map_or(
                    Type {
                        kind: TypeKind::Union(Vec::new()),
                        optional: false,
                        span,
                    },
                    |ty| self.type_(ty),
                );
                Param { name, ty }
            })
            .collect()
    }
}
