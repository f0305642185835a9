//! Expressions.

use super::climb::{Token, climb};
use super::{At, P, Parts, Rule, escape};
use crate::ast::*;
use crate::span::Span;

impl At {
    /// `expr`, `chain` and `sum`.
    pub fn expr(self, pair: P<'_>) -> Expr {
        let whole = self.span(&pair);
        let tokens: Vec<Token> = pair
            .into_inner()
            .filter_map(|pair| self.token(pair))
            .collect();
        climb(tokens, whole)
    }

    fn token(self, pair: P<'_>) -> Option<Token> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::lnot => Token::Not(span),
            Rule::minus => Token::Minus(span),
            Rule::plus => Token::Sign(BinaryOp::Add),
            Rule::times => Token::Sign(BinaryOp::Mul),
            Rule::over => Token::Sign(BinaryOp::Div),
            Rule::k_or => Token::Sign(BinaryOp::Or),
            Rule::k_and => Token::Sign(BinaryOp::And),
            Rule::cmp => Token::Sign(match pair.as_str().trim() {
                "=" => BinaryOp::Eq,
                "!=" => BinaryOp::Ne,
                "<" => BinaryOp::Lt,
                "<=" => BinaryOp::Le,
                ">" => BinaryOp::Gt,
                ">=" => BinaryOp::Ge,
                _ => BinaryOp::In,
            }),
            Rule::k_else => Token::Else,
            Rule::k_exists => Token::Exists(span),
            Rule::k_missing => Token::Missing(span),
            Rule::pipe => {
                let stage = Parts::of(pair).next().map(|stage| self.stage(stage))?;
                Token::Pipe(stage, span)
            }
            Rule::cond => Token::Operand(self.cond(pair)),
            Rule::matching => Token::Operand(self.matching(pair)),
            Rule::ending => Token::Operand(self.ending(pair)),
            Rule::postfix => Token::Operand(self.postfix(pair)),
            _ => return None,
        })
    }

    fn stage(self, pair: P<'_>) -> Stage {
        match pair.as_rule() {
            Rule::call => Stage::Call(self.call(pair)),
            Rule::path => Stage::Item(self.path(pair)),
            _ => {
                let span = self.span(&pair);
                Stage::Call(Call {
                    name: self.word(pair),
                    args: Vec::new(),
                    brackets: false,
                    span,
                })
            }
        }
    }

    fn cond(self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let when = self.some(parts.find(Rule::expr), span);
        parts.find(Rule::arrow);
        let then = match parts.take_any(&[Rule::matching, Rule::ending, Rule::sum]) {
            Some(pair) if pair.as_rule() == Rule::matching => self.matching(pair),
            Some(pair) if pair.as_rule() == Rule::ending => self.ending(pair),
            pair => self.some(pair, span),
        };
        Expr {
            kind: ExprKind::If(Box::new(when), Box::new(then)),
            span,
        }
    }

    fn matching(self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut on = Vec::new();
        let mut rows = Rows {
            rows: Vec::new(),
            span,
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expr => on.push(self.expr(part)),
                Rule::rows => rows = self.rows(part),
                _ => {}
            }
        }
        Expr {
            kind: ExprKind::Match(on, rows),
            span,
        }
    }

    fn ending(self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let end = match parts.next().map(|word| word.as_rule()) {
            Some(Rule::k_skip) => End::Skip,
            Some(Rule::k_wait) => End::Wait,
            _ => End::Fail,
        };
        let text = parts
            .take(Rule::string)
            .map_or_else(|| bad(span), |text| self.string(text));
        Expr {
            kind: ExprKind::End(end, Box::new(text)),
            span,
        }
    }

    fn postfix(self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let mut expr = parts
            .next()
            .map_or_else(|| bad(span), |atom| self.atom(atom));
        for part in parts.rest() {
            let to = expr.span.to(self.span(&part));
            let kind = match part.as_rule() {
                Rule::word => ExprKind::Field(Box::new(expr), self.word(part)),
                _ => {
                    let key = Parts::of(part)
                        .find(Rule::key)
                        .map_or(Key::Fields(Vec::new()), |key| self.key(key));
                    ExprKind::Lookup(Box::new(expr), key)
                }
            };
            expr = Expr { kind, span: to };
        }
        expr
    }

    /// `link x` or `F = x, G = y`.
    pub fn key(self, pair: P<'_>) -> Key {
        let span = self.span(&pair);
        let mut fields = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::chain => return Key::Link(Box::new(self.expr(part))),
                Rule::keyfield => {
                    let mut parts = Parts::of(part);
                    if let Some(field) = parts.take(Rule::path) {
                        fields.push(KeyField {
                            field: self.path(field),
                            value: self.some(parts.take(Rule::chain), span),
                        });
                    }
                }
                _ => {}
            }
        }
        Key::Fields(fields)
    }

    fn atom(self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::string => return self.string(pair),
            Rule::name => ExprKind::Name(pair.as_str().to_owned()),
            Rule::item_path => match Parts::of(pair).find(Rule::path) {
                Some(path) => ExprKind::Item(self.path(path)),
                None => ExprKind::Bad,
            },
            Rule::paren => {
                ExprKind::Paren(Box::new(self.some(Parts::of(pair).find(Rule::expr), span)))
            }
            Rule::call => ExprKind::Call(self.call(pair)),
            Rule::list => ExprKind::List(self.elements(pair)),
            Rule::record => ExprKind::Record(self.record(pair)),
            // a hole that is a vendor's word: `{answer.time}`
            Rule::path => return self.vendor_path(pair),
            _ => self.literal(pair).map_or(ExprKind::Bad, ExprKind::Literal),
        };
        Expr { kind, span }
    }

    fn vendor_path(self, pair: P<'_>) -> Expr {
        let path = self.path(pair);
        let mut words = path.words.into_iter();
        let Some(first) = words.next() else {
            return bad(path.span);
        };
        let start = Expr {
            span: first.span,
            kind: ExprKind::Name(first.text),
        };
        words.fold(start, |expr, word| Expr {
            span: expr.span.to(word.span),
            kind: ExprKind::Field(Box::new(expr), word),
        })
    }

    /// Every literal but texts with holes.
    pub fn literal(self, pair: P<'_>) -> Option<Literal> {
        let text = pair.as_str().trim_end();
        Some(match pair.as_rule() {
            Rule::datetime => Literal::DateTime(text.to_owned()),
            Rule::date => Literal::Date(text.to_owned()),
            Rule::time => Literal::Time(text.to_owned()),
            Rule::span => Literal::Span(self.time_span(pair)),
            Rule::percent => Literal::Percent(text.trim_end_matches('%').to_owned()),
            Rule::number | Rule::digits => Literal::Number(text.to_owned()),
            Rule::money => {
                let mut parts = Parts::of(pair);
                let amount = parts
                    .next()
                    .map_or(String::new(), |part| part.as_str().to_owned());
                let basis = parts
                    .next()
                    .map_or(String::new(), |part| part.as_str().to_owned());
                Literal::Money(amount, basis)
            }
            Rule::string => Literal::Text(super::plain_text(pair)),
            Rule::bool => Literal::Bool(text == "true"),
            Rule::none => Literal::None,
            Rule::clear => Literal::Clear,
            Rule::country => Literal::Country(text.to_owned()),
            Rule::currency => Literal::Currency(text.to_owned()),
            _ => return None,
        })
    }

    /// `30 days`
    pub fn time_span(self, pair: P<'_>) -> TimeSpan {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let count = parts
            .next()
            .and_then(|digits| digits.as_str().parse().ok())
            .unwrap_or(u64::MAX);
        let unit = match parts.next().map_or("", |unit| unit.as_str()) {
            "second" | "seconds" => TimeUnit::Second,
            "min" | "minute" | "minutes" => TimeUnit::Minute,
            "hour" | "hours" => TimeUnit::Hour,
            _ => TimeUnit::Day,
        };
        TimeSpan { count, unit, span }
    }

    /// A text, with or without holes.
    pub fn string(self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut parts: Vec<TextPart> = Vec::new();
        let push = |parts: &mut Vec<TextPart>, more: &str| match parts.last_mut() {
            Some(TextPart::Text(text)) => text.push_str(more),
            _ => parts.push(TextPart::Text(more.to_owned())),
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::esc => push(&mut parts, &escape(part.as_str()).to_string()),
                Rule::hole => {
                    let inside = Parts::of(part).take_any(&[Rule::expr, Rule::path]);
                    parts.push(TextPart::Hole(match inside {
                        Some(pair) if pair.as_rule() == Rule::path => self.vendor_path(pair),
                        pair => self.some(pair, span),
                    }));
                }
                _ => push(&mut parts, part.as_str()),
            }
        }
        let kind = match parts.as_slice() {
            [] => ExprKind::Literal(Literal::Text(String::new())),
            [TextPart::Text(text)] => ExprKind::Literal(Literal::Text(text.clone())),
            _ => ExprKind::Text(parts),
        };
        Expr { kind, span }
    }

    /// `f(args)`
    pub fn call(self, pair: P<'_>) -> Call {
        let span = self.span(&pair);
        let mut name = Word {
            text: String::new(),
            span,
        };
        let mut args = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::callname => name = self.word(part),
                Rule::arg => {
                    let mut parts = Parts::of(part);
                    let name = parts.take(Rule::word).map(|word| self.word(word));
                    args.push(Arg {
                        name,
                        value: self.some(parts.take(Rule::expr), span),
                    });
                }
                _ => {}
            }
        }
        Call {
            name,
            args,
            brackets: true,
            span,
        }
    }

    fn elements(self, pair: P<'_>) -> Vec<Element> {
        pair.into_inner()
            .filter(|part| part.as_rule() == Rule::elem)
            .filter_map(|elem| {
                let inner = Parts::of(elem).next()?;
                let span = self.span(&inner);
                Some(match inner.as_rule() {
                    Rule::comprehension => Element::For(Box::new(self.comprehension(inner))),
                    Rule::spread => {
                        Element::Spread(self.some(Parts::of(inner).find(Rule::expr), span))
                    }
                    _ => Element::One(self.expr(inner)),
                })
            })
            .collect()
    }

    fn comprehension(self, pair: P<'_>) -> Comprehension {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let item = self.some_word(parts.find(Rule::name), span);
        let counter = parts.take(Rule::name).map(|name| self.word(name));
        let list = self.some(parts.find(Rule::chain), span);
        let when = parts.take(Rule::filter).map(|filter| self.filter(filter));
        let give = self.some(parts.find(Rule::expr), span);
        Comprehension {
            item,
            counter,
            list,
            when,
            give,
            span,
        }
    }

    /// `if c` behind a row or a comprehension.
    pub fn filter(self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        self.some(Parts::of(pair).find(Rule::expr), span)
    }

    /// `{ fields }`
    pub fn record(self, pair: P<'_>) -> Record {
        let span = self.span(&pair);
        let fields = pair
            .into_inner()
            .filter(|part| part.as_rule() == Rule::field)
            .filter_map(|field| {
                let inner = Parts::of(field).next()?;
                let span = self.span(&inner);
                let kind = match inner.as_rule() {
                    Rule::let_ => FieldKind::Let(self.let_(inner)),
                    Rule::spread => {
                        FieldKind::Spread(self.some(Parts::of(inner).find(Rule::expr), span))
                    }
                    Rule::on_create => {
                        let mut when = None;
                        let mut record = Record {
                            fields: Vec::new(),
                            span,
                        };
                        for part in inner.into_inner() {
                            match part.as_rule() {
                                Rule::expr => when = Some(self.expr(part)),
                                Rule::record => record = self.record(part),
                                _ => {}
                            }
                        }
                        FieldKind::OnCreate(when, record)
                    }
                    _ => {
                        let mut parts = Parts::of(inner);
                        let name = match parts.take_any(&[Rule::word, Rule::string]) {
                            Some(name) if name.as_rule() == Rule::string => {
                                let text = self.str(name);
                                Word {
                                    text: text.text,
                                    span: text.span,
                                }
                            }
                            name => self.some_word(name, span),
                        };
                        FieldKind::Value(name, self.some(parts.find(Rule::expr), span))
                    }
                };
                Some(Field { kind, span })
            })
            .collect();
        Record { fields, span }
    }

    /// `let x: type = expr`
    pub fn let_(self, pair: P<'_>) -> Let {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = self.some_word(parts.find(Rule::name), span);
        let ty = parts.take(Rule::type_).map(|ty| self.type_(ty));
        Let {
            name,
            ty,
            value: self.some(parts.find(Rule::expr), span),
        }
    }

    /// An expression that the grammar promises.
    pub fn some(self, pair: Option<P<'_>>, span: Span) -> Expr {
        pair.map_or_else(|| bad(span), |pair| self.expr(pair))
    }

    /// A word that the grammar promises.
    pub fn some_word(self, pair: Option<P<'_>>, span: Span) -> Word {
        pair.map_or_else(
            || Word {
                text: String::new(),
                span,
            },
            |pair| self.word(pair),
        )
    }
}

pub(super) fn bad(span: Span) -> Expr {
    Expr {
        kind: ExprKind::Bad,
        span,
    }
}
