//! Why a piece could not be read, in the user's words: what stands there decides first, then what the grammar would have taken.

use pest::error::ErrorVariant;

use crate::build::{At, Rule};
use crate::error::SyntaxError;
use crate::parse::{ITEM_WORDS, LARGEST};
use crate::scan::DEEPEST;
use crate::span::{FileId, Span};

pub(crate) fn too_large(file: FileId, bytes: usize) -> SyntaxError {
    SyntaxError {
        code: "F0001",
        message: format!("The file has {bytes} bytes; a .flow file has at most {LARGEST}."),
        span: Span {
            file,
            start: 0,
            end: 1,
        },
        label: "too large to be a flow file".to_owned(),
        help: Some(
            "Is it the right file? Long tables belong in a CSV (`from \"tables/…csv\"`)."
                .to_owned(),
        ),
        related: Vec::new(),
    }
}

pub(crate) fn too_deep(file: FileId, at: u32) -> SyntaxError {
    SyntaxError {
        code: "F0002",
        message: format!("Brackets are nested deeper than {DEEPEST} levels."),
        span: Span {
            file,
            start: at,
            end: at + 1,
        },
        label: "one level too many opens here".to_owned(),
        help: Some("Give inner parts a name with `let`, or move them to a map.".to_owned()),
        related: Vec::new(),
    }
}

pub(crate) fn open_text(span: Span) -> SyntaxError {
    SyntaxError {
        code: "F0009",
        message: "A text has no closing quote on its line.".to_owned(),
        span,
        label: "the text that begins here does not end on this line".to_owned(),
        help: Some("Close it with \", or name the long part with `let` first.".to_owned()),
        related: Vec::new(),
    }
}

/// What is wrong at `position` of `body`.
pub(crate) fn explain(
    at: At,
    body: &str,
    position: usize,
    variant: &ErrorVariant<Rule>,
) -> SyntaxError {
    let here = Here::new(body, position);
    let (code, message, label, help) = here.special().unwrap_or_else(|| here.general(variant));
    let span = Span {
        file: at.file,
        start: at.offset + here.start as u32,
        end: at.offset + here.end.max(here.start + 1).min(body.len().max(here.start)) as u32,
    };
    SyntaxError {
        code,
        message,
        span,
        label,
        help,
        related: here.open_bracket(at),
    }
}

struct Here<'a> {
    body: &'a str,
    /// Of the token at fault.
    start: usize,
    end: usize,
    /// The line that holds it.
    line: &'a str,
    line_start: usize,
}

type Said = (&'static str, String, String, Option<String>);

impl<'a> Here<'a> {
    fn new(body: &'a str, position: usize) -> Here<'a> {
        let mut start = position.min(body.len());
        // comments and blanks in front of the token say nothing
        loop {
            let rest = &body[start..];
            let skipped = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
            start += skipped;
            if body[start..].starts_with("//") && !body[start..].starts_with("///") {
                start += body[start..].find('\n').unwrap_or(body.len() - start);
            } else if skipped == 0 {
                break;
            }
        }
        if start == body.len() || body[start..].starts_with('\n') {
            let text = body[..start].trim_end();
            if !text.is_empty() && !body[..start].ends_with('\n') {
                start = text.char_indices().last().map_or(0, |(at, _)| at);
            }
        }
        let token = token(&body[start..]);
        let line_start = body[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = body[start..]
            .find('\n')
            .map_or(body.len(), |length| start + length);
        Here {
            body,
            start,
            end: start + token,
            line: &body[line_start..line_end],
            line_start,
        }
    }

    fn token(&self) -> &'a str {
        &self.body[self.start..self.end]
    }

    /// What stands on the line in front of the token.
    fn before(&self) -> &'a str {
        self.body[self.line_start..self.start].trim_end()
    }

    fn special(&self) -> Option<Said> {
        let token = self.token();
        let rest = &self.body[self.start..];
        let line = self.line.trim();
        let first = line
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default();
        let said = |code, message: &str, label: &str, help: &str| {
            Some((
                code,
                message.to_owned(),
                label.to_owned(),
                Some(help.to_owned()),
            ))
        };
        if rest.starts_with("==") || (token == "=" && self.body[..self.start].ends_with('=')) {
            return said(
                "F0003",
                "`==` is not needed: `=` compares.",
                "one sign is enough",
                "Write `=`.",
            );
        }
        if rest.starts_with("&&") || rest.starts_with('&') {
            return said(
                "F0004",
                "`&&` is written `and` here.",
                "not a sign of the language",
                "Write `and`.",
            );
        }
        if rest.starts_with("||") {
            return said(
                "F0004",
                "`||` is written `or` here.",
                "not a sign of the language",
                "Write `or`; one `|` hands a value to a function.",
            );
        }
        if rest.starts_with('!') {
            return said(
                "F0004",
                "`!` is written `not` here.",
                "not a sign of the language",
                "Write `not`; `!=` compares.",
            );
        }
        if rest.starts_with("->") && line.contains("=>") {
            return said(
                "F0011",
                "`->` stands before a result's type.",
                "expected `=>`",
                "Write `=>`.",
            );
        }
        if rest.starts_with('\'') {
            return said(
                "F0005",
                "Texts stand in double quotes.",
                "a single quote",
                "Write \"…\".",
            );
        }
        if rest.starts_with(';') {
            return said(
                "F0006",
                "A line ends by itself.",
                "no `;` is needed",
                "Take the `;` away.",
            );
        }
        if rest.starts_with('%') {
            return said(
                "F0007",
                "There is no modulo; `%` belongs to a number.",
                "not an operator",
                "Write percents as 25%.",
            );
        }
        if rest.starts_with('?') {
            return said(
                "F0008",
                "`?` belongs to types.",
                "not an operator",
                "Write `if CONDITION => VALUE else OTHER`, or `VALUE else OTHER` for an absent value.",
            );
        }
        if let Some(quote) = self.open_quote() {
            return Some((
                "F0009",
                "A text has no closing quote on its line.".to_owned(),
                "the text that begins on this line does not end".to_owned(),
                Some(format!(
                    "Close it with \", or write \\\" for a quote inside it. It began with: {quote}"
                )),
            ));
        }
        match token {
            "null" | "nil" | "undefined" => {
                return said(
                    "F0010",
                    "An absent value is written `none`.",
                    "no word of the language",
                    "Write `none`; `x exists` and `x missing` ask for it.",
                );
            }
            "elif" | "elsif" | "elseif" => {
                return said(
                    "F0010",
                    "There is no such word.",
                    "no word of the language",
                    "Write `else if`.",
                );
            }
            "return" | "const" | "var" | "function" | "def" | "fn" | "while" | "try" | "catch" => {
                return Some(("F0010", format!("There is no `{token}`."), "no word of the language".to_owned(), Some("Values are named with `let`, functions are `map NAME(x: type) = …`, and there are no loops but `for x in xs`.".to_owned())));
            }
            _ => {}
        }
        if self.before().ends_with("=>")
            || self.before().ends_with('|')
            || self.before().ends_with(" else")
            || self.before().ends_with('=')
        {
            let word = self
                .before()
                .rsplit(' ')
                .next()
                .unwrap_or_default()
                .to_owned();
            if token.is_empty() || token == "}" {
                return Some((
                    "F0012",
                    format!("Nothing follows `{word}`."),
                    "a value is missing here".to_owned(),
                    Some(format!("Write a value behind `{word}`.")),
                ));
            }
        }
        if token == ":" && first == "let" {
            return said(
                "F0013",
                "A `let` is given its value with `=`.",
                "expected `=`",
                "Write `let NAME = VALUE`; a colon stands before a type.",
            );
        }
        if token == "="
            && !self.before().contains(" = ")
            && self.inside() == Some('{')
            && !["let", "set", "create", "where", "skip", "by", "confirm"].contains(&first)
        {
            return said(
                "F0013",
                "A field is given its value with `:`.",
                "expected `:`",
                "Write `NAME: VALUE`.",
            );
        }
        if self.line_start == 0 || !self.line.starts_with(' ') {
            let items = ITEM_WORDS.join(", ");
            if !first.is_empty() && !ITEM_WORDS.contains(&first) && self.before().is_empty() {
                let close = ITEM_WORDS.iter().find(|word| near(word, first));
                return Some((
                    "F0014",
                    format!("No item begins with `{first}`."),
                    "expected an item".to_owned(),
                    Some(
                        close.map_or(format!("A file is made of: {items}."), |word| {
                            format!("Did you mean `{word}`?")
                        }),
                    ),
                ));
            }
        }
        if first == "setting"
            || first == "set"
            || first == "map"
            || first == "flow"
            || first == "table"
        {
            let name = self.before().rsplit(' ').next() == Some(first);
            if name && token.starts_with(|c: char| c.is_uppercase()) {
                return Some((
                    "F0015",
                    format!("Names begin with a small letter: `{token}` does not."),
                    "a name is expected".to_owned(),
                    Some(format!(
                        "Write `{}`.",
                        token[..1].to_lowercase() + &token[1..]
                    )),
                ));
            }
        }
        if KEYWORDS.contains(&token) && !self.before().is_empty() {
            return Some((
                "F0016",
                format!("`{token}` is a word of the language and cannot stand here."),
                "not a name".to_owned(),
                Some(
                    "Use another name; after a dot and before a colon any word may stand."
                        .to_owned(),
                ),
            ));
        }
        None
    }

    fn general(&self, variant: &ErrorVariant<Rule>) -> Said {
        let mut words: Vec<&'static str> = Vec::new();
        if let ErrorVariant::ParsingError { positives, .. } = variant {
            for rule in positives {
                if let Some(word) = spoken(*rule)
                    && !words.contains(&word)
                {
                    words.push(word);
                }
            }
        }
        let token = self.token();
        let found = match token {
            "" | "\n" => "the line ends here".to_owned(),
            token => format!("`{token}` was not expected"),
        };
        let expected = match words.as_slice() {
            [] => String::new(),
            [one] => format!("expected {one}"),
            [first, second] => format!("expected {first} or {second}"),
            [first, second, third, rest @ ..] => {
                format!(
                    "expected {first}, {second} or {third}{}",
                    if rest.is_empty() { "" } else { ", say" }
                )
            }
        };
        if self.end >= self.body.trim_end().len() && token != "}" && !self.opened().is_empty() {
            return (
                "F0017",
                "A bracket is never closed.".to_owned(),
                "the item ends here".to_owned(),
                Some("Close it, or look for a quote that is missing.".to_owned()),
            );
        }
        let message = if expected.is_empty() {
            format!("This cannot be read: {found}.")
        } else {
            format!("This cannot be read: {found}; {expected}.")
        };
        let label = if expected.is_empty() {
            "cannot be read".to_owned()
        } else {
            expected
        };
        ("F0018", message, label, None)
    }

    /// Brackets that are open in front of the token: their offsets.
    fn opened(&self) -> Vec<(usize, char)> {
        let mut stack = Vec::new();
        let mut text = false;
        for (at, c) in self.body[..self.start].char_indices() {
            match c {
                '"' => text = !text,
                '\n' => text = false,
                '(' | '[' | '{' if !text => stack.push((at, c)),
                ')' | ']' | '}' if !text => {
                    stack.pop();
                }
                _ => {}
            }
        }
        stack
    }

    fn inside(&self) -> Option<char> {
        self.opened().last().map(|(_, c)| *c)
    }

    fn open_bracket(&self, at: At) -> Vec<(Span, String)> {
        if self.end < self.body.trim_end().len() {
            return Vec::new();
        }
        self.opened()
            .last()
            .map(|(offset, c)| {
                let start = at.offset + *offset as u32;
                (
                    Span {
                        file: at.file,
                        start,
                        end: start + 1,
                    },
                    format!("this `{c}` is open"),
                )
            })
            .into_iter()
            .collect()
    }

    /// The text that is open on the token's line, if its quotes are odd.
    fn open_quote(&self) -> Option<&'a str> {
        let code = self.line.split("//").next().unwrap_or_default();
        let quotes = code.replace("\\\"", "").matches('"').count();
        (quotes % 2 == 1).then(|| code.rsplit('"').next().unwrap_or_default().trim())
    }
}

const KEYWORDS: &[&str] = &[
    "otherwise",
    "if",
    "else",
    "for",
    "in",
    "and",
    "or",
    "not",
    "exists",
    "missing",
    "match",
    "fail",
    "skip",
    "wait",
    "clear",
    "none",
    "true",
    "false",
    "by",
    "via",
    "within",
    "done",
    "let",
];

/// Length of the token that a text begins with: a word, or one sign.
fn token(text: &str) -> usize {
    let word = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    if word > 0 {
        word
    } else {
        text.chars().next().map_or(0, char::len_utf8)
    }
}

/// One letter away.
fn near(word: &str, other: &str) -> bool {
    let (short, long) = if word.len() <= other.len() {
        (word, other)
    } else {
        (other, word)
    };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same_start = short
        .chars()
        .zip(long.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let same_end = short
        .chars()
        .rev()
        .zip(long.chars().rev())
        .take_while(|(a, b)| a == b)
        .count();
    same_start + same_end + 1 >= long.len().min(short.len() + 1)
}

/// What a rule is called, where naming it helps.
fn spoken(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::arrow => "`=>`",
        Rule::expr
        | Rule::chain
        | Rule::sum
        | Rule::postfix
        | Rule::atom
        | Rule::operand
        | Rule::literal => "a value",
        Rule::name | Rule::fname | Rule::callname => "a name",
        Rule::tname => "a type's name",
        Rule::type_ | Rule::tatom | Rule::tref => "a type",
        Rule::word | Rule::path => "a name",
        Rule::string => "a text in quotes",
        Rule::number | Rule::digits => "a number",
        Rule::date => "a date such as 2026-03-01",
        Rule::span => "a span of time such as 30 days",
        Rule::record | Rule::recordtype | Rule::block | Rule::dblock => "`{`",
        Rule::rows | Rule::arows => "`{` with rows",
        Rule::params => "`(` with parameters",
        Rule::row | Rule::cell => "a row",
        Rule::stmt => "a statement",
        Rule::field | Rule::value => "a field",
        Rule::k_in => "`in`",
        Rule::k_if => "`if`",
        Rule::k_by | Rule::clause => "`by`",
        Rule::key | Rule::keyfield => "a key such as `Number = x`",
        _ => return None,
    })
}
