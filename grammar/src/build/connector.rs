//! Connectors: `word args { options }` all the way down.

use super::{At, P, Parts, Rule};
use crate::ast::*;

impl At {
    /// The parts between the braces of a connector or a resource.
    pub fn connector_parts(self, pair: P<'_>) -> Vec<ConnectorPart> {
        let mut out = Vec::new();
        for part in pair
            .into_inner()
            .filter(|part| part.as_rule() == Rule::ditem)
        {
            let mut docs = Vec::new();
            for inner in part.into_inner() {
                match inner.as_rule() {
                    Rule::fdocs => docs = self.docs(inner),
                    Rule::typedef => {
                        out.push(self.typedef(inner).map_or(ConnectorPart::Bad, |def| {
                            ConnectorPart::Type(def, std::mem::take(&mut docs))
                        }))
                    }
                    Rule::answers => {
                        let span = self.span(&inner);
                        out.push(
                            Parts::of(inner)
                                .find(Rule::arows)
                                .map_or(ConnectorPart::Bad, |rows| {
                                    ConnectorPart::Answers(self.rows(rows), span)
                                }),
                        );
                    }
                    Rule::resource => out.push(
                        self.resource(inner, std::mem::take(&mut docs))
                            .map_or(ConnectorPart::Bad, ConnectorPart::Resource),
                    ),
                    _ => out.push(ConnectorPart::Directive(self.directive(inner))),
                }
            }
        }
        out
    }

    fn resource(self, pair: P<'_>, docs: Vec<Doc>) -> Option<Resource> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let sub = parts.next()?.as_rule() == Rule::k_sub;
        let name = self.word(parts.find(Rule::name)?);
        let ty = self.word(parts.find(Rule::tname)?);
        let parts = self.connector_parts(parts.find(Rule::dblock)?);
        Some(Resource {
            docs,
            sub,
            name,
            ty,
            parts,
            span,
        })
    }

    /// `word args { options }`
    pub fn directive(self, pair: P<'_>) -> Directive {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let word = self.some_word(parts.take(Rule::word), span);
        let mut directive = Directive {
            word,
            args: Vec::new(),
            field: None,
            options: None,
            span,
        };
        for part in parts.rest() {
            match part.as_rule() {
                Rule::darg => directive.args.extend(
                    Parts::of(part)
                        .next()
                        .and_then(|arg| self.directive_arg(arg)),
                ),
                Rule::fieldtype => directive.field = Some(Box::new(self.field_type(part))),
                Rule::record => directive.options = Some(self.record(part)),
                _ => {}
            }
        }
        directive
    }

    fn directive_arg(self, pair: P<'_>) -> Option<DirectiveArg> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::params => DirectiveArg::Params(self.params(pair), span),
            Rule::string => DirectiveArg::Text(self.string(pair)),
            Rule::span => DirectiveArg::Span(self.time_span(pair)),
            Rule::number => DirectiveArg::Number(pair.as_str().to_owned(), span),
            Rule::list => DirectiveArg::List(
                pair.into_inner()
                    .filter_map(|elem| Parts::of(elem).next())
                    .filter(|inner| inner.as_rule() == Rule::expr)
                    .map(|inner| self.expr(inner))
                    .collect(),
                span,
            ),
            Rule::path => DirectiveArg::Path(self.path(pair)),
            _ => return None,
        })
    }
}
