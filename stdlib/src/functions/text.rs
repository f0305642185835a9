//! Texts: trimming, case, searching, cutting into parts, padding.

use super::kit::{
    self, Given, Rule, default, fail, gives, gives_type, perhaps, text, text_or_none, value, wrong,
};
use crate::display::{in_message, in_text};
use crate::function::{Args, Failure, Function, Group, Typing};
use crate::types::{Kind, Type};
use crate::value::Value;

/// The longest text that a function makes: what a wrong record can cost at most.
const MOST_CHARACTERS: usize = 1_000_000;

/// A text of at most the length that came in.
fn same_length(t: &Typing<'_>) -> Rule {
    gives(Kind::Text(t.text(0)?))
}

/// A text whose length is anybody's guess.
fn any_length(t: &Typing<'_>) -> Rule {
    t.text(0)?;
    gives(Kind::Text(None))
}

/// A question about a text and another.
fn question(t: &Typing<'_>) -> Rule {
    t.text(0)?;
    t.text(1)?;
    gives(Kind::Bool)
}

/// A part of a text at a mark, which may not be there.
fn part(t: &Typing<'_>) -> Rule {
    t.text(1)?;
    perhaps(Kind::Text(t.text(0)?))
}

fn mark(args: &Args<'_>, arg: usize) -> Result<std::sync::Arc<str>, Failure> {
    let mark = args.text(arg)?;
    if mark.is_empty() {
        return Err(fail("an empty text cannot be looked for"));
    }
    Ok(mark)
}

/// `text`
pub(super) static TEXT: Function = Function {
    name: "text",
    group: Group::Text,
    params: &[value("value", "any value but lists and records")],
    gives: "text",
    doc: "The value as `{…}` in a text prints it: money without its currency, dates as 2026-03-01.",
    examples: &[("42 | text", "\"42\""), ("25% | text", "\"25%\"")],
    check: |t| kit::unless_reported(t, text_type),
    eval: |args| Ok(text(in_text(args.value(0)))),
};

fn text_type(t: &Typing<'_>) -> Rule {
    let kind = t.kind(0);
    let bound = match kind {
        Kind::List(_) => {
            return Err(kit::wrong_but(
                0,
                "prints single values, not a list",
                "put the items together with `| join(\", \")`",
            ));
        }
        Kind::Record(_) => return Err(wrong(0, "prints single values, not a record")),
        Kind::Int => Some(20),
        Kind::Bool => Some(5),
        Kind::Date => Some(11),
        other => kit::text_bound(other).unwrap_or(None),
    };
    gives(Kind::Text(bound))
}

/// `trim`
pub(super) static TRIM: Function = Function {
    name: "trim",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text",
    doc: "Without the blanks at both ends.",
    examples: &[("\"  A-17 \" | trim", "\"A-17\"")],
    check: |t| kit::unless_reported(t, same_length),
    eval: |args| Ok(text(args.text(0)?.trim())),
};

/// `squeeze`
pub(super) static SQUEEZE: Function = Function {
    name: "squeeze",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text",
    doc: "On one line: every run of blanks and line ends becomes one blank, and those at the ends go.",
    examples: &[("\"Main  street\\n 1 \" | squeeze", "\"Main street 1\"")],
    check: |t| kit::unless_reported(t, same_length),
    eval: |args| {
        let words: Vec<String> = args
            .text(0)?
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        Ok(text(words.join(" ")))
    },
};

/// `nonblank`
pub(super) static NONBLANK: Function = Function {
    name: "nonblank",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text?",
    doc: "The text without blanks at its ends, or none if nothing is left: what a field that was filled with a blank should read as.",
    examples: &[
        ("\"  \" | nonblank else \"no name\"", "\"no name\""),
        ("\" Ann \" | nonblank", "\"Ann\""),
    ],
    check: |t| kit::unless_reported(t, |t| perhaps(Kind::Text(t.text(0)?))),
    eval: |args| Ok(text_or_none(args.text(0)?.trim())),
};

/// `upper`
pub(super) static UPPER: Function = Function {
    name: "upper",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text",
    doc: "In capitals. It may get longer: ß becomes SS.",
    examples: &[("\"a-17\" | upper", "\"A-17\"")],
    check: |t| kit::unless_reported(t, any_length),
    eval: |args| Ok(text(args.text(0)?.to_uppercase())),
};

/// `lower`
pub(super) static LOWER: Function = Function {
    name: "lower",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text",
    doc: "In small letters.",
    examples: &[("\"ÅSA\" | lower", "\"åsa\"")],
    check: |t| kit::unless_reported(t, any_length),
    eval: |args| Ok(text(args.text(0)?.to_lowercase())),
};

/// `capitalize`
pub(super) static CAPITALIZE: Function = Function {
    name: "capitalize",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text",
    doc: "With a capital first letter; the rest stays as it is.",
    examples: &[("\"vase, blue\" | capitalize", "\"Vase, blue\"")],
    check: |t| kit::unless_reported(t, any_length),
    eval: |args| {
        let whole = args.text(0)?;
        let mut rest = whole.chars();
        Ok(match rest.next() {
            Some(first) => text(format!("{}{}", first.to_uppercase(), rest.as_str())),
            None => text(""),
        })
    },
};

/// `length`
pub(super) static LENGTH: Function = Function {
    name: "length",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "int",
    doc: "How many characters it has. For the items of a list say `count`.",
    examples: &[("\"Åsa\" | length", "3")],
    check: |t| {
        kit::unless_reported(t, |t| {
            if matches!(t.kind(0), Kind::List(_)) {
                return Err(kit::wrong_but(
                    0,
                    "counts the characters of a text",
                    "say `count` for the items of a list",
                ));
            }
            t.text(0)?;
            gives(Kind::Int)
        })
    },
    eval: |args| Ok(Value::Int(args.text(0)?.chars().count() as i64)),
};

/// `starts_with`
pub(super) static STARTS_WITH: Function = Function {
    name: "starts_with",
    group: Group::Text,
    params: &[value("text", "text"), value("start", "text")],
    gives: "bool",
    doc: "Whether it begins so, letter by letter.",
    examples: &[
        ("\"1-1042\" | starts_with(\"1-\")", "true"),
        ("\"A\" | starts_with(\"a\")", "false"),
    ],
    check: |t| kit::unless_reported(t, question),
    eval: |args| Ok(Value::Bool(args.text(0)?.starts_with(&*args.text(1)?))),
};

/// `ends_with`
pub(super) static ENDS_WITH: Function = Function {
    name: "ends_with",
    group: Group::Text,
    params: &[value("text", "text"), value("end", "text")],
    gives: "bool",
    doc: "Whether it ends so, letter by letter.",
    examples: &[("\"photo.jpg\" | ends_with(\".jpg\")", "true")],
    check: |t| kit::unless_reported(t, question),
    eval: |args| Ok(Value::Bool(args.text(0)?.ends_with(&*args.text(1)?))),
};

/// `contains`
pub(super) static CONTAINS: Function = Function {
    name: "contains",
    group: Group::Text,
    params: &[value("text", "text"), value("part", "text")],
    gives: "bool",
    doc: "Whether the part stands anywhere in it, letter by letter. For items of a list say `x in list`.",
    examples: &[
        ("\"Gift card 50\" | contains(\"card\")", "true"),
        ("\"Gift\" | contains(\"gift\")", "false"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            if matches!(t.kind(0), Kind::List(_)) {
                return Err(kit::wrong_but(
                    0,
                    "looks into a text, not a list",
                    "say `x in list` for an item of a list",
                ));
            }
            question(t)
        })
    },
    eval: |args| Ok(Value::Bool(args.text(0)?.contains(&*args.text(1)?))),
};

/// `replace`
pub(super) static REPLACE: Function = Function {
    name: "replace",
    group: Group::Text,
    params: &[
        value("text", "text"),
        value("part", "text"),
        value("with", "text"),
    ],
    gives: "text",
    doc: "With every such part replaced; with `\"\"` it goes.",
    examples: &[("\"A 17 B\" | replace(\" \", \"-\")", "\"A-17-B\"")],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(0)?;
            t.text(1)?;
            t.text(2)?;
            if matches!(t.constant(1), Some(Value::Text(part)) if part.is_empty()) {
                return Err(wrong(1, "cannot look for an empty text"));
            }
            let shrinks = matches!((t.constant(1), t.constant(2)), (Some(Value::Text(part)), Some(Value::Text(with))) if with.chars().count() <= part.chars().count());
            gives(Kind::Text(if shrinks { t.text(0)? } else { None }))
        })
    },
    eval: |args| {
        let (whole, part, with) = (args.text(0)?, mark(args, 1)?, args.text(2)?);
        let longer = whole.matches(&*part).count().saturating_mul(with.len());
        if whole.len().saturating_add(longer) > MOST_CHARACTERS {
            return Err(fail(
                "the text that comes out is longer than a million characters",
            ));
        }
        Ok(text(whole.replace(&*part, &with)))
    },
};

/// `split`
pub(super) static SPLIT: Function = Function {
    name: "split",
    group: Group::Text,
    params: &[value("text", "text"), value("by", "text")],
    gives: "[text]",
    doc: "Its parts between the marks, without blanks at their ends; empty parts go. `| first`, `| last` and `| nth(2)` pick one.",
    examples: &[
        (
            "\"Home / Garden/\" | split(\"/\")",
            "[\"Home\", \"Garden\"]",
        ),
        ("\"a,b\" | split(\",\") | nth(2)", "\"b\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(1)?;
            gives(Kind::List(Box::new(Type::new(Kind::Text(t.text(0)?)))))
        })
    },
    eval: |args| {
        let (whole, by) = (args.text(0)?, mark(args, 1)?);
        let parts = whole
            .split(&*by)
            .map(str::trim)
            .filter(|part| !part.is_empty());
        Ok(Value::List(parts.map(text).collect()))
    },
};

/// `text_before`
pub(super) static TEXT_BEFORE: Function = Function {
    name: "text_before",
    group: Group::Text,
    params: &[value("text", "text"), value("mark", "text")],
    gives: "text?",
    doc: "What stands before the first such mark; none where the mark is not there.",
    examples: &[
        ("\"A17-XL\" | text_before(\"-\")", "\"A17\""),
        ("\"A17\" | text_before(\"-\") else \"none\"", "\"none\""),
    ],
    check: |t| kit::unless_reported(t, part),
    eval: |args| {
        let (whole, mark) = (args.text(0)?, mark(args, 1)?);
        Ok(whole
            .split_once(&*mark)
            .map_or(Value::None, |(before, _)| text(before)))
    },
};

/// `text_after`
pub(super) static TEXT_AFTER: Function = Function {
    name: "text_after",
    group: Group::Text,
    params: &[value("text", "text"), value("mark", "text")],
    gives: "text?",
    doc: "What stands after the first such mark; none where the mark is not there.",
    examples: &[("\"A17-XL-2\" | text_after(\"-\")", "\"XL-2\"")],
    check: |t| kit::unless_reported(t, part),
    eval: |args| {
        let (whole, mark) = (args.text(0)?, mark(args, 1)?);
        Ok(whole
            .split_once(&*mark)
            .map_or(Value::None, |(_, after)| text(after)))
    },
};

/// `pad_left`
pub(super) static PAD_LEFT: Function = Function {
    name: "pad_left",
    group: Group::Text,
    params: &[
        value("text", "text"),
        value("length", "int"),
        default("with", "text of one character; a blank"),
    ],
    gives: "text",
    doc: "Filled up at its beginning to so many characters. A longer text stays as it is.",
    examples: &[("\"42\" | pad_left(6, \"0\")", "\"000042\"")],
    check: |t| kit::unless_reported(t, pad_type),
    eval: |args| pad(args, true),
};

/// `pad_right`
pub(super) static PAD_RIGHT: Function = Function {
    name: "pad_right",
    group: Group::Text,
    params: &[
        value("text", "text"),
        value("length", "int"),
        default("with", "text of one character; a blank"),
    ],
    gives: "text",
    doc: "Filled up at its end to so many characters. A longer text stays as it is.",
    examples: &[("\"A\" | pad_right(3, \".\")", "\"A..\"")],
    check: |t| kit::unless_reported(t, pad_type),
    eval: |args| pad(args, false),
};

fn pad_type(t: &Typing<'_>) -> Rule {
    let bound = t.text(0)?;
    let length = t.count(1, 0)?;
    t.text(2)?;
    if matches!(t.constant(2), Some(Value::Text(with)) if with.chars().count() != 1) {
        return Err(wrong(2, "fills up with one character"));
    }
    let length = length.and_then(|length| u32::try_from(length).ok());
    gives(Kind::Text(match (bound, length) {
        (Some(bound), Some(length)) => Some(bound.max(length)),
        _ => None,
    }))
}

fn pad(args: &mut Args<'_>, left: bool) -> Given {
    let (whole, length, with) = (args.text(0)?, args.count(1, 0)?, args.text_or(2, " ")?);
    if length > MOST_CHARACTERS {
        return Err(fail(format!("a text of {length} characters is too long")));
    }
    if with.chars().count() != 1 {
        return Err(fail(format!(
            "{} is not one character",
            in_message(&Value::Text(with))
        )));
    }
    let fill = with.repeat(length.saturating_sub(whole.chars().count()));
    Ok(text(if left {
        format!("{fill}{whole}")
    } else {
        format!("{whole}{fill}")
    }))
}

/// `digits`
pub(super) static DIGITS: Function = Function {
    name: "digits",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text?",
    doc: "Its digits 0 to 9 and nothing else; none where there are none.",
    examples: &[("\"556677-8899\" | digits", "\"5566778899\"")],
    check: |t| kit::unless_reported(t, |t| perhaps(Kind::Text(t.text(0)?))),
    eval: |args| {
        let digits: String = args.text(0)?.chars().filter(char::is_ascii_digit).collect();
        Ok(text_or_none(&digits))
    },
};

/// `ascii`
pub(super) static ASCII: Function = Function {
    name: "ascii",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text",
    doc: "In the letters, digits and signs of ASCII: Å becomes A, ß becomes ss. For systems that take nothing else; it may get longer.",
    examples: &[("\"Åsa Strauß\" | ascii", "\"Asa Strauss\"")],
    check: |t| kit::unless_reported(t, any_length),
    eval: |args| Ok(text(deunicode::deunicode(&args.text(0)?))),
};

/// `slug`
pub(super) static SLUG: Function = Function {
    name: "slug",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text?",
    doc: "As the end of a web address: small ASCII letters and digits, with a hyphen between words; none where nothing is left.",
    examples: &[("\"Blå vas (stor)\" | slug", "\"bla-vas-stor\"")],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(0)?;
            perhaps(Kind::Text(None))
        })
    },
    eval: |args| {
        let plain = deunicode::deunicode(&args.text(0)?).to_ascii_lowercase();
        let words: Vec<&str> = plain
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        Ok(text_or_none(&words.join("-")))
    },
};

/// `join`
pub(super) static JOIN: Function = Function {
    name: "join",
    group: Group::Text,
    params: &[
        value("texts", "[text]"),
        default("by", "text; nothing between them"),
    ],
    gives: "text if an item is certainly there, else text?",
    doc: "The texts put together, with a mark between them. Absent items are no items, and empty ones count as absent; of no items it is none.",
    examples: &[
        ("[\"a\", \"b\"] | join(\", \")", "\"a, b\""),
        ("[\"Ann\", none] | join(\" \")", "\"Ann\""),
    ],
    check: |t| kit::unless_reported(t, join_type),
    eval: |args| {
        let by = args.text_or(1, "")?;
        let mut parts = Vec::new();
        for item in args.list(0)?.iter() {
            if !matches!(item, Value::None) {
                parts.push(in_text(item));
            }
        }
        if parts.is_empty() {
            return Ok(Value::None);
        }
        let shown: Vec<String> = parts
            .into_iter()
            .filter(|part| !part.trim().is_empty())
            .collect();
        Ok(text(shown.join(&by)))
    },
};

fn join_type(t: &Typing<'_>) -> Rule {
    let item = t.list(0)?;
    t.text(1)?;
    if !matches!(item.kind, Kind::Nothing | Kind::Int) && kit::text_bound(&item.kind).is_none() {
        return Err(kit::wrong_but(
            0,
            format!("puts texts together, not {}", item.kind),
            "turn each item into a text: `[for x in xs => x.name]`",
        ));
    }
    // How many items there are is known of constants alone.
    let ty = Type::new(Kind::Text(None));
    gives_type(if t.is_filled(0) { ty } else { ty.optional() })
}
