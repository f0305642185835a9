//! Flows: blocks, statements, steps.

use super::{At, P, Parts, Rule};
use crate::ast::*;

impl At {
    /// `{ statements }`
    pub fn block(self, pair: P<'_>) -> Block {
        let span = self.span(&pair);
        let statements = pair
            .into_inner()
            .filter(|part| part.as_rule() == Rule::stmt)
            .map(|statement| {
                let span = self.span(&statement);
                let kind = Parts::of(statement)
                    .next()
                    .and_then(|inner| self.statement(inner))
                    .unwrap_or(StatementKind::Bad);
                Statement { kind, span }
            })
            .collect();
        Block { statements, span }
    }

    fn statement(self, pair: P<'_>) -> Option<StatementKind> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        if rule == Rule::let_ {
            return Some(StatementKind::Let(self.let_(pair)));
        }
        if rule == Rule::write {
            return Some(StatementKind::Write(self.write(pair)?));
        }
        let mut parts = Parts::of(pair);
        Some(match rule {
            Rule::every => {
                parts.skip(Rule::k_every);
                if let Some(period) = parts.take(Rule::span) {
                    StatementKind::Every(self.time_span(period))
                } else {
                    StatementKind::EveryDay(
                        parts.find(Rule::time).and_then(|time| self.literal(time)),
                    )
                }
            }
            Rule::onevent => {
                StatementKind::OnEvent(parts.find(Rule::string).map(|text| self.str(text)))
            }
            Rule::after => StatementKind::After(
                parts
                    .rest()
                    .filter(|part| part.as_rule() == Rule::name)
                    .map(|name| self.word(name))
                    .collect(),
            ),
            Rule::prefer => StatementKind::Prefer(self.word(parts.find(Rule::name)?)),
            Rule::read => {
                let name = self.word(parts.find(Rule::name)?);
                let from = self.path(parts.find(Rule::path)?);
                let mode = match parts.next() {
                    Some(mode) if mode.as_rule() == Rule::all => ReadMode::All,
                    Some(mode) if mode.as_rule() == Rule::gone => ReadMode::Gone,
                    Some(mode) => ReadMode::New(
                        Parts::of(mode)
                            .find(Rule::chain)
                            .map(|chain| self.expr(chain)),
                    ),
                    None => ReadMode::New(None),
                };
                StatementKind::Read { name, from, mode }
            }
            Rule::where_ => StatementKind::Where(self.expr(parts.find(Rule::expr)?)),
            Rule::waitfor => StatementKind::Wait(self.time_span(parts.find(Rule::span)?)),
            Rule::ifs => {
                let when = self.expr(parts.find(Rule::expr)?);
                StatementKind::If(when, self.block(parts.find(Rule::block)?))
            }
            Rule::fors => {
                let item = self.word(parts.find(Rule::name)?);
                let counter = parts.take(Rule::name).map(|name| self.word(name));
                let list = self.expr(parts.find(Rule::chain)?);
                StatementKind::For {
                    item,
                    counter,
                    list,
                    block: self.block(parts.find(Rule::block)?),
                }
            }
            Rule::stop => {
                let end = match parts.next()?.as_rule() {
                    Rule::k_skip => End::Skip,
                    Rule::k_wait => End::Wait,
                    _ => End::Fail,
                };
                let text = self.string(parts.find(Rule::string)?);
                StatementKind::End {
                    end,
                    text,
                    when: self.expr(parts.find(Rule::expr)?),
                }
            }
            Rule::confirm => {
                let left = self.expr(parts.find(Rule::sum)?);
                let right = self.some(parts.find(Rule::chain), span);
                let within = parts
                    .take(Rule::within)
                    .and_then(|within| Parts::of(within).find(Rule::chain))
                    .map(|c| self.expr(c));
                StatementKind::Confirm {
                    left,
                    right,
                    within,
                }
            }
            _ => return None,
        })
    }

    fn write(self, pair: P<'_>) -> Option<Write> {
        let mut parts = Parts::of(pair);
        let verb = parts.take(Rule::verb)?;
        let verb_span = self.span(&verb);
        let verb = match verb.as_str() {
            "create" => Verb::Create,
            "ensure" => Verb::Ensure,
            _ => Verb::Update,
        };
        let target = parts.next()?;
        let target = match target.as_rule() {
            Rule::target => {
                let mut parts = Parts::of(target);
                let name = parts.take(Rule::name).map(|name| self.word(name));
                Target::In {
                    name,
                    path: self.path(parts.find(Rule::path)?),
                }
            }
            _ => Target::Bound(self.word(Parts::of(target).find(Rule::name)?)),
        };
        let mut clauses = Vec::new();
        let mut record = None;
        for part in parts.rest() {
            match part.as_rule() {
                Rule::clause => {
                    let span = self.span(&part);
                    let kind = Parts::of(part)
                        .rest()
                        .find_map(|inner| match inner.as_rule() {
                            Rule::key => Some(ClauseKind::By(self.key(inner))),
                            Rule::call => Some(ClauseKind::Via(self.call(inner))),
                            Rule::done_if => Some(ClauseKind::DoneIf(
                                self.expr(Parts::of(inner).find(Rule::expr)?),
                            )),
                            _ => None,
                        });
                    if let Some(kind) = kind {
                        clauses.push(Clause { kind, span });
                    }
                }
                Rule::record => record = Some(self.record(part)),
                _ => {}
            }
        }
        Some(Write {
            verb,
            verb_span,
            target,
            clauses,
            record,
        })
    }
}
