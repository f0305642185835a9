//! The books' `$filter`, `$orderby` and `$select`: a small part of OData over records.

use super::fields::{kind, property};
use crate::json::{Json, decimal};
use crate::server::Twist;
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Compare(Operand, String, Operand),
    /// A property is one of these texts, in lower case: many keys in one look-up are looked through once.
    OneOf(String, HashSet<String>),
    Contains(String, String),
}

enum Operand {
    Property(String),
    Minus(String),
    // whether the literal stood in quotes
    Value((Json, bool)),
}

/// A filter ready to be applied.
pub(super) struct Filter(Node);

impl Filter {
    /// Reads a filter over the properties of a resource.
    pub(super) fn read(
        text: &str,
        schema: &str,
        known: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Filter, String> {
        let tokens = tokens(text)?;
        let mut reader = Reader {
            tokens,
            at: 0,
            known,
            schema,
        };
        let node = reader.or(0)?;
        match reader.peek() {
            None => Ok(Filter(node)),
            Some(token) => Err(format!("Syntax error at '{token}' in '{text}'.")),
        }
    }

    pub(super) fn keeps(&self, record: &Json) -> bool {
        keeps(&self.0, record)
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => {}
            '(' | ')' | ',' => tokens.push(c.to_string()),
            '\'' => {
                let mut literal = String::from("'");
                loop {
                    match chars.next() {
                        Some('\'') if chars.peek() == Some(&'\'') => {
                            chars.next();
                            literal.push('\'');
                        }
                        Some('\'') => break,
                        Some(c) => literal.push(c),
                        None => {
                            return Err(format!(
                                "There is an unterminated string literal in '{text}'."
                            ));
                        }
                    }
                }
                tokens.push(literal);
            }
            c => {
                let mut word = String::from(c);
                while let Some(next) = chars.peek().filter(|n| !" (),'".contains(**n)) {
                    word.push(*next);
                    chars.next();
                }
                tokens.push(word);
            }
        }
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: Vec<String>,
    at: usize,
    known: &'a dyn Fn(&str) -> Option<String>,
    schema: &'a str,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Result<String, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token.ok_or_else(|| "The filter ends too early.".to_owned())
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        let token = self.next()?;
        if token == wanted {
            Ok(())
        } else {
            Err(format!("'{wanted}' expected, found '{token}'."))
        }
    }

    fn or(&mut self, depth: usize) -> Result<Node, String> {
        let mut left = self.and(depth)?;
        while self.peek() == Some("or") {
            self.at += 1;
            left = either(left, self.and(depth)?);
        }
        Ok(left)
    }

    fn and(&mut self, depth: usize) -> Result<Node, String> {
        let mut left = self.term(depth)?;
        while self.peek() == Some("and") {
            self.at += 1;
            left = Node::And(Box::new(left), Box::new(self.term(depth)?));
        }
        Ok(left)
    }

    fn term(&mut self, depth: usize) -> Result<Node, String> {
        if depth > 100 {
            return Err("The filter is nested too deep.".to_owned());
        }
        match self.peek() {
            Some("(") => {
                self.at += 1;
                let inner = self.or(depth + 1)?;
                self.expect(")")?;
                Ok(inner)
            }
            Some("not") => {
                self.at += 1;
                Ok(Node::Not(Box::new(self.term(depth + 1)?)))
            }
            Some("contains") => {
                self.at += 1;
                self.expect("(")?;
                let name = self.next()?;
                let name = (self.known)(&name)
                    .ok_or_else(|| format!("Could not find a property named '{name}'."))?;
                self.expect(",")?;
                let text = self.next()?;
                let text = text
                    .strip_prefix('\'')
                    .ok_or("contains needs a string literal.")?
                    .to_owned();
                self.expect(")")?;
                Ok(Node::Contains(name, text))
            }
            _ => {
                let left = self.operand()?;
                let operator = self.next()?;
                if !["eq", "ne", "gt", "ge", "lt", "le"].contains(&operator.as_str()) {
                    return Err(format!("'{operator}' is no operator."));
                }
                let right = self.operand()?;
                self.fits(&left, &right)?;
                self.fits(&right, &left)?;
                Ok(match (left, &*operator, right) {
                    (Operand::Property(name), "eq", Operand::Value((Json::Text(text), true)))
                        if instant(&text).is_none() =>
                    {
                        Node::OneOf(name, HashSet::from([text.to_lowercase()]))
                    }
                    (left, _, right) => Node::Compare(left, operator, right),
                })
            }
        }
    }

    /// Whether a literal is of its property's type: ids and times stand bare, texts in quotes.
    fn fits(&self, property: &Operand, literal: &Operand) -> Result<(), String> {
        let (Operand::Property(name) | Operand::Minus(name), Operand::Value((value, quoted))) =
            (property, literal)
        else {
            return Ok(());
        };
        let kind = kind(self.schema, name).unwrap_or_default();
        let fits = match (kind, value) {
            (kind, _) if kind.starts_with("list") || kind == "object" => {
                return Err(format!("The property '{name}' cannot be filtered."));
            }
            (_, Json::Null) | ("", _) => true,
            ("bool", Json::Bool(_)) | ("int" | "number", Json::Number(_)) => true,
            ("text", Json::Text(_)) => *quoted,
            ("id", Json::Text(text)) => !quoted && uuid::Uuid::try_parse(text).is_ok(),
            ("date", Json::Text(text)) => !quoted && super::fields::day(text).is_some(),
            _ => false,
        };
        if fits {
            return Ok(());
        }
        Err(format!(
            "A binary operator with incompatible types was detected: '{name}' and {value}."
        ))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let token = self.next()?;
        if let Some(text) = token.strip_prefix('\'') {
            return Ok(Operand::Value((Json::Text(text.to_owned()), true)));
        }
        let value = match token.as_str() {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            other => match decimal(other) {
                Some(number) => Json::Number(number),
                None if uuid::Uuid::try_parse(other).is_ok() => Json::Text(other.to_lowercase()),
                None if super::fields::day(other).is_some() => Json::Text(other.to_owned()),
                None => {
                    let (minus, name) = other
                        .strip_prefix('-')
                        .map_or((false, other), |name| (true, name));
                    let name = (self.known)(name)
                        .ok_or_else(|| format!("Could not find a property named '{name}'."))?;
                    return Ok(if minus {
                        Operand::Minus(name)
                    } else {
                        Operand::Property(name)
                    });
                }
            },
        };
        Ok(Operand::Value((value, false)))
    }
}

fn either(left: Node, right: Node) -> Node {
    match (left, right) {
        (Node::OneOf(name, mut texts), Node::OneOf(other, more)) if name == other => {
            texts.extend(more);
            Node::OneOf(name, texts)
        }
        (left, right) => Node::Or(Box::new(left), Box::new(right)),
    }
}

fn keeps(node: &Node, record: &Json) -> bool {
    match node {
        Node::And(a, b) => keeps(a, record) && keeps(b, record),
        Node::Or(a, b) => keeps(a, record) || keeps(b, record),
        Node::Not(inner) => !keeps(inner, record),
        Node::Contains(name, text) => record
            .get(name)
            .text()
            .to_lowercase()
            .contains(&text.to_lowercase()),
        Node::OneOf(name, texts) => match record.get(name) {
            Json::Text(text) => texts.contains(&text.to_lowercase()),
            _ => false,
        },
        Node::Compare(left, operator, right) => {
            let order = compare(&value(left, record), &value(right, record));
            match operator.as_str() {
                "eq" => order == Some(Ordering::Equal),
                "ne" => order != Some(Ordering::Equal),
                "gt" => order == Some(Ordering::Greater),
                "lt" => order == Some(Ordering::Less),
                "ge" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                _ => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            }
        }
    }
}

fn value<'v>(operand: &'v Operand, record: &'v Json) -> Cow<'v, Json> {
    match operand {
        Operand::Property(name) => Cow::Borrowed(record.get(name)),
        Operand::Minus(name) => Cow::Owned(Json::Number(-record.get(name).number())),
        Operand::Value((value, _)) => Cow::Borrowed(value),
    }
}

/// Orders two values of one kind; text without regard to letter case, as the books' database does, stamps by time.
fn compare(a: &Json, b: &Json) -> Option<Ordering> {
    match (a, b) {
        (Json::Null, Json::Null) => Some(Ordering::Equal),
        (Json::Number(a), Json::Number(b)) => Some(a.cmp(b)),
        (Json::Bool(a), Json::Bool(b)) => Some(a.cmp(b)),
        (Json::Text(a), Json::Number(b)) => decimal(a).map(|a| a.cmp(b)),
        (Json::Text(a), Json::Text(b)) => match (instant(a), instant(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(a.to_lowercase().cmp(&b.to_lowercase())),
        },
        _ => None,
    }
}

fn instant(text: &str) -> Option<jiff::Timestamp> {
    super::fields::day(text)?;
    let whole = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    whole.parse().ok()
}

/// The part of a list that the query asks for: filtered, ordered, cut to its page; then `$select`.
pub(super) struct List {
    pub(super) items: Vec<Json>,
    pub(super) page: usize,
    pub(super) size: usize,
    pub(super) total: usize,
}

/// Applies a query's `$` parameters; other unknown parameters are ignored, as the live system does.
pub(super) fn list<'a>(
    records: impl Iterator<Item = &'a Json>,
    schema: &str,
    query: &[(String, String)],
    twist: Twist,
) -> Result<List, String> {
    let kept: Vec<&Json> = records.collect();
    let first = kept.first().copied().cloned().unwrap_or_default();
    let known = |name: &str| {
        let written = property(schema, name).map(str::to_owned);
        let seen = || {
            first
                .members()
                .map(|(member, _)| member.clone())
                .find(|m| m.eq_ignore_ascii_case(name))
        };
        written.or_else(seen)
    };
    let mut kept = kept;
    let (mut page, mut size, mut select) = (1, 50, Vec::new());
    for (name, value) in query.iter().filter(|(name, _)| name.starts_with('$')) {
        let number = |low: usize, high: usize| match value.parse::<usize>() {
            Ok(n) if (low..=high).contains(&n) => Ok(n),
            _ => Err(format!(
                "The value '{value}' of {name} must be {low} to {high}."
            )),
        };
        match name.as_str() {
            "$page" => page = number(1, 1_000_000)?,
            "$pagesize" => size = number(1, 1000)?,
            "$filter" => {
                let filter = Filter::read(value, schema, &known)?;
                kept.retain(|record| filter.keeps(record));
            }
            "$orderby" => {
                for part in value.split(',').rev() {
                    let mut words = part.split_whitespace();
                    let name = words.next().unwrap_or_default();
                    let field = known(name)
                        .ok_or_else(|| format!("Could not find a property named '{name}'."))?;
                    let down = match words.next() {
                        None | Some("asc") => false,
                        Some("desc") => true,
                        Some(other) => return Err(format!("'{other}' is no direction.")),
                    };
                    kept.sort_by(|a, b| {
                        let order =
                            compare(a.get(&field), b.get(&field)).unwrap_or(Ordering::Equal);
                        if down { order.reverse() } else { order }
                    });
                }
            }
            "$select" => {
                for name in value.split(',').map(str::trim) {
                    select.push(
                        known(name)
                            .ok_or_else(|| format!("Could not find a property named '{name}'."))?,
                    );
                }
            }
            _ => return Err(format!("The query parameter '{name}' is not supported.")),
        }
    }
    let offset = (page - 1).saturating_mul(size);
    let (offset, total) = twist.page(offset, size, kept.len());
    let chosen = |record: &Json| {
        if select.is_empty() {
            return record.clone();
        }
        Json::Object(
            select
                .iter()
                .map(|name| (name.clone(), record.get(name).clone()))
                .collect(),
        )
    };
    let items = kept
        .into_iter()
        .skip(offset)
        .take(size)
        .map(chosen)
        .collect();
    Ok(List {
        items,
        page,
        size,
        total,
    })
}

/// Rounds half away from zero, the books' way since 2019.
pub(super) fn round(amount: Decimal, scale: u32) -> Decimal {
    amount.round_dp_with_strategy(scale, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}
