//! Text → tokens: every word, sign and comment with the rule that read it, and how many line ends stood in front.

use pest::Parser;

use super::space;
use crate::build::{Grammar, P, Rule};
use crate::parse::pieces;
use crate::scan::scan;
use crate::span::FileId;

/// A word, a sign, a text or a comment.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub text: String,
    pub kind: Kind,
    /// The rule that read it, or for a sign the rule it stands in.
    pub rule: Rule,
    /// The rule that `rule` stands in; for a sign the same as `rule`.
    pub parent: Rule,
    /// Line ends in front: 0 the same line, 1 the next, 2 a blank line between.
    pub breaks: usize,
    /// It is the first of an element of the brackets around it, or of an item.
    pub starts: bool,
    /// The rule of the innermost piece that begins here and is aligned.
    pub piece: Option<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, a number, a text, an operator.
    Plain,
    Comment,
    Doc,
    Open,
    Close,
    Comma,
    Colon,
    /// Between the words of a path.
    Dot,
    /// Before what it belongs to: `-x`, `..x`, `.x`.
    Prefix,
    /// Behind what it belongs to: `?`.
    Suffix,
}

impl Token {
    /// A comment or a doc.
    pub fn is_note(&self) -> bool {
        matches!(self.kind, Kind::Comment | Kind::Doc)
    }
}

/// All tokens of a file that has no syntax error.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut walk = Walk::default();
    let scan = scan(FileId(0), text);
    for piece in pieces(text, &scan) {
        let text = &text[piece.start..piece.end];
        walk.at = 0;
        if let Ok(pairs) = Grammar::parse(Rule::one_item, text) {
            for pair in pairs {
                walk.pair(text, &pair, Rule::one_item);
            }
        }
        // a piece without an item is notes and blanks
        walk.gap(text, text.len(), Rule::one_item);
    }
    walk.out
}

#[derive(Default)]
struct Walk {
    out: Vec<Token>,
    at: usize,
    breaks: usize,
    starts: bool,
    piece: Option<Rule>,
}

impl Walk {
    fn pair(&mut self, text: &str, pair: &P<'_>, parent: Rule) {
        let rule = pair.as_rule();
        let span = pair.as_span();
        if rule == Rule::EOI {
            return;
        }
        self.begin(rule);
        if is_whole(pair) {
            let raw = span.as_str();
            let (word, end) = match rule {
                Rule::string => (string(pair), span.end()),
                Rule::doc => (raw.trim_end().to_owned(), span.end()),
                Rule::span | Rule::money => (
                    raw.split_whitespace().collect::<Vec<_>>().join(" "),
                    span.end(),
                ),
                // a sign that looks ahead takes blanks and comments along
                Rule::over => ("/".to_owned(), span.start() + 1),
                Rule::cmp => {
                    let sign = raw.trim_start_matches(['=', '!', '<', '>']);
                    let length = raw.len() - sign.len();
                    (raw[..length].to_owned(), span.start() + length)
                }
                _ => (
                    raw.trim_end().to_owned(),
                    span.start() + raw.trim_end().len(),
                ),
            };
            let kind = match rule {
                Rule::doc => Kind::Doc,
                Rule::optional => Kind::Suffix,
                Rule::minus if self.starts || !self.after_operand() => Kind::Prefix,
                _ => Kind::Plain,
            };
            self.push(word, kind, rule, parent);
            self.at = end;
            return;
        }
        for child in pair.clone().into_inner() {
            self.gap(text, child.as_span().start(), rule);
            self.pair(text, &child, rule);
        }
        self.gap(text, span.end(), rule);
    }

    /// Whether a minus here stands between two operands.
    fn after_operand(&self) -> bool {
        self.out
            .iter()
            .rev()
            .find(|token| !token.is_note())
            .is_some_and(|token| {
                let sign = matches!(
                    token.rule,
                    Rule::plus | Rule::minus | Rule::times | Rule::over | Rule::cmp | Rule::arrow
                ) && token.kind != Kind::Close;
                match token.kind {
                    Kind::Open | Kind::Comma | Kind::Colon | Kind::Prefix | Kind::Dot => false,
                    Kind::Close | Kind::Suffix => true,
                    _ => !sign && token.text != "=" && token.text != "->" && !leads(token.rule),
                }
            })
    }

    fn begin(&mut self, rule: Rule) {
        if STARTS.contains(&rule) {
            self.starts = true;
        }
        if PIECES.contains(&rule) {
            self.piece = Some(rule);
        }
    }

    fn push(&mut self, text: String, kind: Kind, rule: Rule, parent: Rule) {
        let note = matches!(kind, Kind::Comment | Kind::Doc);
        let (starts, piece) = if note {
            (false, None)
        } else {
            (std::mem::take(&mut self.starts), self.piece.take())
        };
        self.out.push(Token {
            text,
            kind,
            rule,
            parent,
            breaks: std::mem::take(&mut self.breaks),
            starts,
            piece,
        });
    }

    /// Signs, comments and blanks up to `end`: what the grammar reads without giving it a name.
    fn gap(&mut self, text: &str, end: usize, rule: Rule) {
        while self.at < end {
            let rest = &text[self.at..];
            let Some(first) = rest.chars().next() else {
                return;
            };
            let mut length = first.len_utf8();
            match first {
                '\n' => self.breaks += 1,
                ' ' | '\t' | '\r' => {}
                _ if rest.starts_with("//") => {
                    length = rest.find('\n').unwrap_or(rest.len());
                    let doc = rest.starts_with("///") || rest.starts_with("//!");
                    let kind = if doc { Kind::Doc } else { Kind::Comment };
                    self.push(rest[..length].trim_end().to_owned(), kind, rule, rule);
                }
                _ => {
                    if rest.starts_with("..") || rest.starts_with("->") {
                        length = 2;
                    }
                    let sign = &rest[..length];
                    let kind = match sign {
                        "(" | "[" | "{" => Kind::Open,
                        ")" | "]" | "}" => Kind::Close,
                        "," => Kind::Comma,
                        ":" => Kind::Colon,
                        ".." => Kind::Prefix,
                        "." if matches!(rule, Rule::item_path | Rule::pipe) => Kind::Prefix,
                        "." => Kind::Dot,
                        "?" => Kind::Suffix,
                        _ => Kind::Plain,
                    };
                    self.push(sign.to_owned(), kind, rule, rule);
                }
            }
            self.at += length;
        }
    }
}

/// A text with the insides of its holes formatted.
fn string(pair: &P<'_>) -> String {
    let mut out = String::from("\"");
    for part in pair.clone().into_inner() {
        if part.as_rule() != Rule::hole {
            out.push_str(part.as_str());
            continue;
        }
        let raw = part.as_str();
        let from = part.as_span().start();
        let mut walk = Walk {
            at: from + 1,
            ..Walk::default()
        };
        let whole = part.get_input();
        let end = from + raw.trim_end().len() - 1;
        for child in part.into_inner() {
            walk.gap(whole, child.as_span().start(), Rule::hole);
            walk.pair(whole, &child, Rule::hole);
        }
        walk.gap(whole, end, Rule::hole);
        super::tidy::tidy(&mut walk.out);
        out.push('{');
        out.push_str(&space::joined(&walk.out));
        out.push('}');
    }
    out.push('"');
    out
}

/// Whether a pair is one token: nothing in it is looked at.
fn is_whole(pair: &P<'_>) -> bool {
    match pair.as_rule() {
        Rule::string | Rule::span | Rule::money | Rule::range => true,
        rule => !CONTAINERS.contains(&rule) && pair.clone().into_inner().next().is_none(),
    }
}

/// Words that an operand follows.
fn leads(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::k_if
            | Rule::k_else
            | Rule::k_in
            | Rule::k_and
            | Rule::k_or
            | Rule::k_not
            | Rule::k_match
            | Rule::k_link
            | Rule::k_where
            | Rule::k_confirm
            | Rule::k_within
            | Rule::k_from
            | Rule::k_expect
    )
}

/// What may be empty, and then has no name inside.
const CONTAINERS: &[Rule] = &[
    Rule::list,
    Rule::record,
    Rule::recordtype,
    Rule::block,
    Rule::dblock,
    Rule::rows,
    Rule::arows,
    Rule::fdocs,
    Rule::params,
    Rule::fielddef,
    Rule::ditem,
    Rule::one_item,
];

/// What stands on a line of its own or beside its like.
const STARTS: &[Rule] = &[
    Rule::system,
    Rule::setting,
    Rule::set,
    Rule::zone,
    Rule::retention,
    Rule::use_,
    Rule::table,
    Rule::map,
    Rule::flow,
    Rule::test,
    Rule::extend,
    Rule::typedef,
    Rule::connector,
    Rule::field,
    Rule::elem,
    Rule::row,
    Rule::arow,
    Rule::stmt,
    Rule::tstmt,
    Rule::arg,
    Rule::param,
    Rule::answers,
    Rule::resource,
    Rule::directive,
    Rule::fieldtype,
];

/// What is aligned with its neighbours, and what the layout asks for.
const PIECES: &[Rule] = &[
    Rule::value,
    Rule::fieldtype,
    Rule::let_,
    Rule::set,
    Rule::system,
    Rule::stop,
    Rule::t_from,
    Rule::row,
    Rule::arow,
    Rule::directive,
    Rule::resource,
    Rule::typedef,
    Rule::keyfield,
    Rule::clause,
    Rule::filter,
    Rule::row_from,
    Rule::row_until,
    Rule::within,
    Rule::layer,
];
