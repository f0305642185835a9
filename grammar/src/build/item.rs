//! Items.

use super::{At, P, Parts, Rule};
use crate::ast::*;
use crate::span::Span;

/// The item of a `one_item`, with the docs above it.
pub(crate) fn item(at: At, pair: P<'_>) -> Option<Item> {
    let mut parts = Parts::of(pair);
    let docs = parts
        .take(Rule::fdocs)
        .map_or(Vec::new(), |docs| at.docs(docs));
    let pair = parts.next()?;
    let span = at.span(&pair);
    let kind = at.item_kind(pair, span)?;
    Some(Item { docs, kind, span })
}

impl At {
    fn item_kind(self, pair: P<'_>, span: Span) -> Option<ItemKind> {
        Some(match pair.as_rule() {
            Rule::use_ => ItemKind::Use(self.str(Parts::of(pair).find(Rule::string)?)),
            Rule::zone => ItemKind::Zone(self.str(Parts::of(pair).find(Rule::string)?)),
            Rule::retention => {
                ItemKind::Retention(self.time_span(Parts::of(pair).find(Rule::span)?))
            }
            Rule::set => ItemKind::Set(self.set(pair)),
            Rule::system => {
                let mut parts = Parts::of(pair);
                let name = self.word(parts.find(Rule::name)?);
                let connector = self.word(parts.find(Rule::name)?);
                ItemKind::System(System {
                    name,
                    connector,
                    options: parts.take(Rule::record).map(|r| self.record(r)),
                })
            }
            Rule::setting => {
                let mut parts = Parts::of(pair);
                let name = self.word(parts.find(Rule::name)?);
                let ty = self.type_(parts.find(Rule::type_)?);
                ItemKind::Setting(Setting {
                    name,
                    ty,
                    default: parts.find(Rule::expr).map(|expr| self.expr(expr)),
                })
            }
            Rule::typedef => ItemKind::Type(self.typedef(pair)?),
            Rule::extend => ItemKind::Extend(self.extend(Parts::of(pair).rest().last()?)?),
            Rule::table => ItemKind::Table(self.table(pair, span)?),
            Rule::map => {
                let mut parts = Parts::of(pair);
                let name = self.word(parts.find(Rule::name)?);
                let params = self.params(parts.find(Rule::params)?);
                let result = parts.take(Rule::type_).map(|ty| self.type_(ty));
                let body = parts.next()?;
                let braces = body.as_rule() == Rule::record;
                let body = if braces {
                    let record = self.record(body);
                    Expr {
                        span: record.span,
                        kind: ExprKind::Record(record),
                    }
                } else {
                    self.expr(body)
                };
                ItemKind::Map(Map {
                    name,
                    params,
                    result,
                    body,
                    braces,
                })
            }
            Rule::flow => {
                let mut parts = Parts::of(pair);
                let name = self.word(parts.find(Rule::name)?);
                ItemKind::Flow(Flow {
                    name,
                    block: self.block(parts.find(Rule::block)?),
                })
            }
            Rule::test => ItemKind::Test(self.test(pair, span)?),
            Rule::connector => {
                let mut parts = Parts::of(pair);
                let name = self.word(parts.find(Rule::name)?);
                let block = parts.find(Rule::dblock)?;
                let span = self.span(&block);
                ItemKind::Connector(Connector {
                    name,
                    parts: self.connector_parts(block),
                    span,
                })
            }
            _ => return None,
        })
    }

    /// `set NAME = value`
    pub fn set(self, pair: P<'_>) -> Set {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = self.some_word(parts.find(Rule::name), span);
        Set {
            name,
            value: self.some(parts.find(Rule::expr), span),
        }
    }

    /// `type NAME …`
    pub fn typedef(self, pair: P<'_>) -> Option<TypeDef> {
        let mut parts = Parts::of(pair);
        let name = self.word(parts.find(Rule::tname)?);
        let body = parts.next()?;
        let ty = match body.as_rule() {
            Rule::recordtype => {
                let record = self.record_type(body);
                Type {
                    span: record.span,
                    kind: TypeKind::Record(record),
                    optional: false,
                }
            }
            _ => self.type_(body),
        };
        Some(TypeDef { name, ty })
    }

    fn extend(self, pair: P<'_>) -> Option<Extend> {
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair);
        Some(match rule {
            Rule::extend_type => {
                let path = self.path(parts.find(Rule::path)?);
                Extend::Type {
                    path,
                    fields: self.record_type(parts.find(Rule::recordtype)?),
                }
            }
            Rule::extend_map => {
                let name = self.word(parts.find(Rule::name)?);
                let mut params = Vec::new();
                while let Some(param) = parts.take(Rule::name) {
                    params.push(self.word(param));
                }
                Extend::Map {
                    name,
                    params,
                    record: self.record(parts.find(Rule::record)?),
                }
            }
            _ => {
                let name = self.word(parts.find(Rule::name)?);
                Extend::Flow {
                    name,
                    block: self.block(parts.find(Rule::block)?),
                }
            }
        })
    }

    fn table(self, pair: P<'_>, span: Span) -> Option<Table> {
        let mut parts = Parts::of(pair);
        let name = self.word(parts.find(Rule::name)?);
        let params = self.params(parts.find(Rule::params)?);
        parts.skip(Rule::k_at);
        let at = parts.take(Rule::word).map(|word| self.word(word));
        let result = self.type_(parts.find(Rule::type_)?);
        let mut layers = Vec::new();
        let mut rows = None;
        for part in parts.rest() {
            match part.as_rule() {
                Rule::layer => {
                    let mut parts = Parts::of(part);
                    let path = match parts.find(Rule::string) {
                        Some(path) => self.str(path),
                        None => Str {
                            text: String::new(),
                            span,
                        },
                    };
                    layers.push(Layer {
                        path,
                        optional: parts.skip(Rule::optional),
                    });
                }
                Rule::rows => rows = Some(self.rows(part)),
                _ => {}
            }
        }
        Some(Table {
            name,
            params,
            at,
            result,
            layers,
            rows,
        })
    }

    fn test(self, pair: P<'_>, span: Span) -> Option<Test> {
        let mut parts = Parts::of(pair);
        let title = self.str(parts.find(Rule::string)?);
        let statements = parts
            .rest()
            .filter(|part| part.as_rule() == Rule::tstmt)
            .map(|statement| {
                let span = self.span(&statement);
                let kind = Parts::of(statement)
                    .next()
                    .and_then(|inner| self.test_kind(inner))
                    .unwrap_or(TestKind::Bad);
                TestStatement { kind, span }
            })
            .collect();
        Some(Test {
            title,
            statements,
            span,
        })
    }

    fn test_kind(self, pair: P<'_>) -> Option<TestKind> {
        let rule = pair.as_rule();
        if rule == Rule::set {
            return Some(TestKind::Set(self.set(pair)));
        }
        let mut parts = Parts::of(pair);
        parts.next();
        Some(match rule {
            Rule::t_now => {
                parts.skip(Rule::k_now);
                let time = parts.next()?;
                let span = self.span(&time);
                TestKind::Now(self.literal(time)?, span)
            }
            Rule::t_from => {
                let path = self.path(parts.find(Rule::path)?);
                TestKind::GivenFrom(path, self.str(parts.find(Rule::string)?))
            }
            Rule::t_answers => {
                let path = self.path(parts.find(Rule::path)?);
                TestKind::Answers(path, self.word(parts.find(Rule::word)?))
            }
            Rule::t_value => {
                let path = self.path(parts.find(Rule::path)?);
                TestKind::GivenValue(path, self.expr(parts.find(Rule::expr)?))
            }
            Rule::t_matches => {
                let path = self.path(parts.find(Rule::path)?);
                TestKind::Matches(path, self.str(parts.find(Rule::string)?))
            }
            Rule::t_count => TestKind::Count {
                flow: self.word(parts.find(Rule::name)?),
                end: self.word(parts.find(Rule::ends)?),
                count: parts.find(Rule::digits)?.as_str().parse().ok()?,
                reason: parts.take(Rule::string).map(|text| self.str(text)),
            },
            Rule::t_has => {
                let path = self.path(parts.find(Rule::path)?);
                TestKind::Has(path, parts.find(Rule::digits)?.as_str().parse().ok()?)
            }
            Rule::t_new => TestKind::NothingNew(self.path(parts.find(Rule::path)?)),
            _ => TestKind::Holds(self.expr(parts.find(Rule::expr)?)),
        })
    }
}
