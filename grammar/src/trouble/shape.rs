//! Mistakes of shape: quotes, braces, `=` for `:` and the like, told by what stands around the token.

use super::Said;
use super::here::{Here, uncommented, waiting};
use crate::parse::ITEM_WORDS;

/// Words that are no names.
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

pub(super) fn say(here: &Here<'_>) -> Option<Said> {
    text(here)
        .or_else(|| item(here))
        .or_else(|| missing(here))
        .or_else(|| arrows(here))
        .or_else(|| blocks(here))
        .or_else(|| values(here))
        .or_else(|| names(here))
}

/// Texts that do not end, holes, escapes.
fn text(here: &Here<'_>) -> Option<Said> {
    let code = uncommented(here.line);
    let quotes = code
        .replace("\\\\", "")
        .replace("\\\"", "")
        .matches('"')
        .count();
    if here.rest().starts_with('\\') {
        return Some(Said::new(
            "F0033",
            "Behind `\\` in a text stands one of \" \\ n t { }.",
            "no such sign",
            "Write \\\\ for a backslash.",
        ));
    }
    if quotes % 2 == 1 {
        return Some(Said::new(
            "F0009",
            "A text has no closing quote on its line.",
            "the text on this line does not end",
            "Close it with \", or write \\\" for a quote inside it.",
        ));
    }
    let inside = here.before().replace("\\\"", "").matches('"').count() % 2 == 1;
    if inside {
        return Some(Said::new(
            "F0032",
            "What stands in braces in a text cannot be read.",
            "in the braces of a text",
            "In \"{…}\" stands one value; write \\{ for a brace.",
        ));
    }
    None
}

/// The first column.
fn item(here: &Here<'_>) -> Option<Said> {
    let first = here.first();
    if here.at_end || !here.before().is_empty() || first.is_empty() {
        return None;
    }
    let column = here.start - here.line_start;
    if here.inside().is_none() && column > 0 && ITEM_WORDS.contains(&first) {
        return Some(Said::new(
            "F0034",
            format!("`{first}` begins an item, and an item begins in the first column."),
            "not in the first column",
            "Take the blanks in front of it away.",
        ));
    }
    if here.inside().is_some() && column == 0 && ITEM_WORDS.contains(&first) {
        return None;
    }
    if column > 0 || here.inside().is_some() || ITEM_WORDS.contains(&first) {
        return None;
    }
    let help = ITEM_WORDS
        .iter()
        .find(|word| near(word, first))
        .map_or_else(
            || format!("A file is made of: {}.", ITEM_WORDS.join(", ")),
            |word| format!("Did you mean `{word}`?"),
        );
    // a line in the first column that goes on with the item above is none of these
    let goes_on = matches!(first, "else" | "and" | "or" | "by" | "via" | "within");
    (!goes_on).then(|| {
        Said::new(
            "F0014",
            format!("No item begins with `{first}`."),
            "expected an item",
            help,
        )
    })
}

/// A value that is not there, a bracket that is not closed.
fn missing(here: &Here<'_>) -> Option<Said> {
    let token = here.token();
    let ends = here.at_end || matches!(token, "}" | ")" | "]" | ",");
    if ends && let Some(word) = waiting(here.before()) {
        return Some(Said::new(
            "F0012",
            format!("Nothing follows `{word}`."),
            "a value is missing here",
            format!("Write what belongs behind `{word}`."),
        ));
    }
    if here
        .body
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with("//"))
    {
        return Some(Said::new(
            "F0035",
            "A text behind `///` tells about the item below it, and there is none.",
            "nothing follows",
            "Write `//` for a plain comment, or `//!` at the top of a file about the whole file.",
        ));
    }
    let opened = here.opened();
    if matches!(token, "}" | ")" | "]") {
        let (is, partner) = match (token, opened.last()) {
            (_, None) => {
                return Some(Said::new(
                    "F0019",
                    format!("This `{token}` closes nothing."),
                    "no bracket is open here",
                    "Take it away, or look for the bracket that was closed too early.",
                ));
            }
            ("}", Some((_, open))) => (*open, '{'),
            (")", Some((_, open))) => (*open, '('),
            (_, Some((_, open))) => (*open, '['),
        };
        if is != partner {
            return Some(Said::new(
                "F0020",
                format!("`{token}` does not close `{is}`."),
                "the wrong bracket",
                format!("Close `{is}` first."),
            ));
        }
    }
    let last = here.end >= here.body.trim_end().len() && !matches!(token, "}" | ")" | "]");
    if (here.at_end || last) && !opened.is_empty() && here.body[here.end..].trim().is_empty() {
        return Some(Said::new(
            "F0017",
            "A bracket is never closed.",
            "the item ends here",
            "Close it, or look for a quote that is missing.",
        ));
    }
    None
}

/// `=`, `:`, `=>`, `->` in each other's place.
fn arrows(here: &Here<'_>) -> Option<Said> {
    let sign = here.sign();
    let first = here.first();
    let before = here.before();
    let opener = here.opener();
    let rows = opener.starts_with("table ")
        || opener.ends_with("answers")
        || opener.split(' ').any(|word| word == "match")
        || here.inside() == Some('{') && opener.is_empty();
    let record = here.inside() == Some('{')
        && !rows
        && !["connector", "resource", "sub"]
            .contains(&opener.split(' ').next().unwrap_or_default());
    match sign {
        "=>" if here.inside() == Some('(') => Some(Said::new(
            "F0027",
            "There are no lambdas.",
            "not a function",
            "In the argument of a list function `.field` is a field of the item: `sum(.total)`.",
        )),
        "->" if rows => Some(Said::new(
            "F0011",
            "A row is given its result with `=>`.",
            "expected `=>`",
            "Write `CELL => RESULT`.",
        )),
        "->" if first != "table" => Some(Said::new(
            "F0011",
            "`->` stands before a result's type.",
            "expected `=>`",
            "Write `=>`.",
        )),
        "=>" if first == "map" => Some(Said::new(
            "F0011",
            "A map is given its value with `=`.",
            "expected `=`",
            "Write `map NAME(x: type) = VALUE`, or `{ … }` for a record.",
        )),
        "=>" if first == "table" => Some(Said::new(
            "F0011",
            "The type of a table's result stands behind `->`.",
            "expected `->`",
            "Write `table NAME(x: type) -> type { … }`.",
        )),
        "=>" if matches!(first, "let" | "set" | "setting") => Some(Said::new(
            "F0011",
            format!("A `{first}` is given its value with `=`."),
            "expected `=`",
            format!("Write `{first} NAME = VALUE`."),
        )),
        "=>" if record => Some(Said::new(
            "F0013",
            "A field is given its value with `:`.",
            "expected `:`",
            "Write `NAME: VALUE`.",
        )),
        "=" | ":" if rows && !before.contains("=>") => Some(Said::new(
            "F0011",
            "A row is given its result with `=>`.",
            "expected `=>`",
            "Write `CELL => RESULT`.",
        )),
        ":" if first == "let" || first == "set" => Some(Said::new(
            "F0013",
            format!("A `{first}` is given its value with `=`."),
            "expected `=`",
            format!("Write `{first} NAME = VALUE`; a colon stands before a type."),
        )),
        ":" if before.contains(" if ") || first == "if" => Some(Said::new(
            "F0011",
            "`if` is given its value with `=>`.",
            "expected `=>`",
            "Write `if CONDITION => VALUE else OTHER`.",
        )),
        "=" | "<" | ">" | "<=" | ">=" | "!=" if compared(before) => Some(Said::new(
            "F0029",
            "A comparison is not compared again.",
            "a second comparison",
            "Write `a < b and b < c`; an equality as a value stands in brackets.",
        )),
        "=" if record && !before.contains(' ') && !STEPS.contains(&first) => Some(Said::new(
            "F0013",
            "A field is given its value with `:`.",
            "expected `:`",
            "Write `NAME: VALUE`.",
        )),
        _ => None,
    }
}

const STEPS: &[&str] = &[
    "let", "set", "create", "ensure", "update", "where", "skip", "by", "confirm", "fail", "wait",
    "given", "expect",
];

/// Whether something is compared already, since the last `and`, `or` or arrow of the line.
fn compared(before: &str) -> bool {
    let last = [" and ", " or ", "=> ", " by ", "where ", "(", "["]
        .iter()
        .filter_map(|word| before.rfind(word).map(|at| at + word.len()))
        .max()
        .unwrap_or(0);
    let rest = &before[last..];
    let rest = if let Some(value) = rest.strip_prefix("let ") {
        value.split_once('=').map_or("", |(_, value)| value)
    } else {
        rest
    };
    [" = ", " < ", " > ", " <= ", " >= ", " != "]
        .iter()
        .any(|sign| rest.contains(sign))
}

/// Braces and what stands before them.
fn blocks(here: &Here<'_>) -> Option<Said> {
    let first = here.first();
    let before = here.before();
    if first == "else" || before.starts_with('}') && here.token() == "else" {
        let block = here.line.trim_end().ends_with('{');
        if block {
            return Some(Said::new(
                "F0021",
                "A block has no `else`.",
                "a second condition is needed",
                "Write a second `if` with the opposite condition.",
            ));
        }
    }
    if here.at_end
        && matches!(
            first,
            "flow" | "if" | "for" | "test" | "connector" | "resource"
        )
    {
        return Some(Said::new(
            "F0036",
            format!("The `{{` of a `{first}` stands on its line."),
            "expected `{`",
            format!("Write `{before} {{`."),
        ));
    }
    if here.token() == "{"
        && before.is_empty()
        && here.body[..here.start].trim_end().len() < here.line_start
    {
        return Some(Said::new(
            "F0036",
            "This `{` belongs to the line above.",
            "not on a line of its own",
            "Write it at the end of the line above; only tables, maps and writing steps may have it below.",
        ));
    }
    if matches!(first, "create" | "ensure") && !here.line.contains(" in ") {
        return Some(Said::new(
            "F0025",
            format!("`{first}` says where with `in`."),
            "expected `in`",
            format!(
                "Write `{first} NAME in SYSTEM.RESOURCE by KEY = VALUE {{ … }}`; the name may be left out."
            ),
        ));
    }
    None
}

/// Numbers, spans, lookups, comprehensions.
fn values(here: &Here<'_>) -> Option<Said> {
    let token = here.token();
    let digit = token.starts_with(|c: char| c.is_ascii_digit());
    if here.inside() == Some('[') && here.before().ends_with('[') {
        let lookup = here.before()[..here.before().len() - 1]
            .ends_with(|c: char| c.is_alphanumeric() || c == ')' || c == ']');
        if lookup {
            return Some(Said::new(
                "F0026",
                "Brackets behind a value hold a key.",
                "no key",
                "Write `R[Field = value]`; an item of a list is `list | first`, `last` or `nth(2)`.",
            ));
        }
    }
    if here.inside() == Some('[')
        && here.token() == "]"
        && here.opener().ends_with(|c: char| c.is_alphanumeric())
    {
        return Some(Said::new(
            "F0026",
            "Brackets behind a value hold a key.",
            "no key",
            "Write `R[Field = value]`; an item of a list is `list | first`, `last` or `nth(2)`.",
        ));
    }
    if digit && token.chars().any(char::is_alphabetic) {
        return Some(Said::new(
            "F0024",
            format!("`{token}` is neither a number nor a span of time."),
            "digits and letters together",
            "A span is written with a blank: 30 days, 5 min; a number has only digits and a point.",
        ));
    }
    let number = |text: &str| text.ends_with(|c: char| c.is_ascii_digit());
    if here
        .before()
        .strip_suffix('.')
        .is_some_and(|rest| digit || number(rest))
        || token.starts_with('.') && here.rest()[1..].starts_with(|c: char| c.is_ascii_digit())
        || token == "." && here.before().ends_with(|c: char| c.is_ascii_digit())
    {
        return Some(Said::new(
            "F0023",
            "A number has digits on both sides of its point.",
            "a digit is missing",
            "Write 0.5 or 5.0.",
        ));
    }
    let number = here.before().ends_with(|c: char| c.is_ascii_digit());
    if number
        && matches!(
            token,
            "week"
                | "weeks"
                | "month"
                | "months"
                | "year"
                | "years"
                | "d"
                | "h"
                | "s"
                | "m"
                | "mins"
                | "sec"
        )
    {
        return Some(Said::new(
            "F0024",
            format!("`{token}` is no unit of time here."),
            "no unit",
            "Units are seconds, min (minutes), hours and days; months differ in length.",
        ));
    }
    if matches!(token, "+" | "-" | "*" | "/") && here.before().contains(" | ") {
        return Some(Said::new(
            "F0037",
            format!("Behind a pipe nothing is calculated: `{token}` binds tighter than `|`."),
            "brackets are needed",
            format!(
                "Write `(value | function) {token} other`, or give the piped value a name with `let`."
            ),
        ));
    }
    if here.first() == "let" && here.before().ends_with(':') && (digit || token == "\"") {
        return Some(Said::new(
            "F0013",
            "A `let` is given its value with `=`.",
            "a type is expected behind `:`",
            "Write `let NAME = VALUE`; a colon stands before a type.",
        ));
    }
    if token == "for" {
        return Some(Said::new(
            "F0028",
            "A `for` that gives values stands in a list.",
            "not in a list",
            "Write `[for x in xs => value]`.",
        ));
    }
    None
}

/// Names.
fn names(here: &Here<'_>) -> Option<Said> {
    let token = here.token();
    let first = here.first();
    let named = here.before() == first
        && matches!(
            first,
            "setting" | "set" | "map" | "flow" | "table" | "system" | "let" | "connector"
        );
    if named && token.starts_with(char::is_uppercase) {
        let mut letters = token.chars();
        let small: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_lowercase)
            .chain(letters)
            .collect();
        return Some(Said::new(
            "F0015",
            format!("Names begin with a small letter: `{token}` does not."),
            "a name is expected",
            format!("Write `{small}`."),
        ));
    }
    if first == "type" && here.before() == "type" && token.starts_with(char::is_lowercase) {
        return Some(Said::new(
            "F0015",
            format!("Types begin with a capital: `{token}` does not."),
            "a type's name is expected",
            "Write its first letter as a capital.",
        ));
    }
    if matches!(token, "if" | "match" | "fail" | "skip" | "wait")
        && waits_for_a_value(here.before())
    {
        let fix = match token {
            "if" => "Write `(if … => …)`; or give it a name before, by `let`.",
            "match" => "Write `(match … { … })`; or give it a name before, by `let`.",
            _ => {
                "Write `x else fail \"…\"` in brackets; or end the record in a line of its own: `fail \"…\" if …`."
            }
        };
        return Some(Said::new(
            "F0016",
            format!("`{token}` cannot stand here without brackets around it."),
            "brackets are needed",
            fix,
        ));
    }
    if token == "-" && here.before().is_empty() {
        return Some(Said::new(
            "F0018",
            "A line that begins with `-` does not go on the line before.",
            "a new line begins here",
            "Put the `-` at the end of the line before.",
        ));
    }
    if first == "confirm" && matches!(token, "else" | "|") {
        return Some(Said::new(
            "F0016",
            format!(
                "`{token}` cannot stand on the left of a `confirm` without brackets around it."
            ),
            "brackets are needed",
            "Write `confirm (a else b) = c`, `confirm (a | round(2)) = b`.",
        ));
    }
    if KEYWORDS.contains(&token) && !here.before().is_empty() {
        return Some(Said::new(
            "F0016",
            format!("`{token}` is a word of the language and cannot stand here."),
            "not a name",
            "Use another name; after a dot and before a colon any word may stand.",
        ));
    }
    if !token.is_ascii() {
        return Some(Said::new(
            "F0030",
            format!("`{token}` cannot stand outside of a text."),
            "not a letter of names",
            "Names are made of a to z, A to Z, digits and _; other letters stand in texts.",
        ));
    }
    None
}

/// Whether the text in front of a token ends where a value follows.
fn waits_for_a_value(before: &str) -> bool {
    before.ends_with("=>") || before.ends_with(['+', '-', '*', '/', '<', '>', '=', '(', ',', '|'])
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
