//! Values of settings from the command line, `--set NAME=VALUE`, and from the sandbox's sample data.

use flowbook_grammar::ast::ItemKind;
use flowbook_grammar::{FileId, parse};
use flowbook_stdlib::display;
use flowbook_stdlib::types::{Kind, Type};
use flowbook_stdlib::value::Value;

use super::{Exit, output};
use crate::check::constant;
use crate::check::suggest;
use crate::checked::Book;

/// The values given with `--set`. Each wrong one is told, with the next step.
pub fn given(book: &Book, set: &[String]) -> Result<Vec<(String, Value)>, Exit> {
    let mut values = Vec::new();
    let mut broken = false;
    for text in set {
        match one(book, text) {
            Ok(pair) => values.push(pair),
            Err((message, help)) => {
                output::error(&message);
                if let Some(help) = help {
                    output::help(&help);
                }
                broken = true;
            }
        }
    }
    if broken {
        Err(Exit::Broken)
    } else {
        Ok(values)
    }
}

/// As [`given`], and behind it what the sandbox's sample data brings for settings without a value.
pub fn given_or_sample(
    book: &Book,
    set: &[String],
    sample: &[(String, String)],
) -> Result<Vec<(String, Value)>, Exit> {
    let mut values = given(book, set)?;
    for (name, text) in sample {
        let wanting = book
            .settings
            .iter()
            .any(|setting| setting.name == *name && setting.value.is_none());
        if wanting
            && !values.iter().any(|(known, _)| known == name)
            && let Ok(pair) = one(book, &format!("{name}={text}"))
        {
            values.push(pair);
        }
    }
    Ok(values)
}

type Refused = (String, Option<String>);

fn one(book: &Book, text: &str) -> Result<(String, Value), Refused> {
    let Some((name, value)) = text.split_once('=') else {
        return Err((
            format!("--set takes NAME=VALUE, not “{text}”."),
            Some("For example: --set document=invoice".to_owned()),
        ));
    };
    let (name, value) = (name.trim(), value.trim());
    let Some(setting) = book.settings.iter().find(|setting| setting.name == name) else {
        let known = book.settings.iter().map(|setting| setting.name.as_str());
        return Err((
            format!("The flowbook has no setting “{name}”."),
            suggest::help(name, known, "Its settings"),
        ));
    };
    let read = read(value, &setting.ty).map_err(|(why, help)| {
        let form = match setting.ty.kind {
            Kind::Date => Some("It takes a date: 2026-01-31.".to_owned()),
            Kind::Bool => Some("It takes true or false.".to_owned()),
            Kind::List(_) => Some("It takes a list: [\"new\", \"sent\"].".to_owned()),
            _ => help,
        };
        (why, form)
    });
    read.map(|value| (name.to_owned(), value))
        .map_err(|(why, help)| (format!("--set {name}={value}: {why}"), help))
}

/// A value as flow text has it; texts and names of closed sets may come without quotes.
fn read(text: &str, ty: &Type) -> Result<Value, Refused> {
    let bare = matches!(
        ty.kind,
        Kind::Text(_) | Kind::OneOf(_) | Kind::Email(_) | Kind::Uuid
    ) && !text.starts_with('"')
        && text != "none";
    let flow = if bare {
        display::quoted(text)
    } else {
        text.to_owned()
    };
    let parsed = parse(FileId(0), &format!("set x = {flow}"));
    let value = match (&*parsed.file.items, &*parsed.errors) {
        ([item], []) => match &item.kind {
            ItemKind::Set(set) => &set.value,
            _ => return Err(unreadable()),
        },
        _ => return Err(unreadable()),
    };
    constant::of_expr(value, ty).map_err(|unfit| (unfit.message, unfit.help))
}

fn unreadable() -> Refused {
    (
        "The value cannot be read.".to_owned(),
        Some("Write it as in a .flow file: a date as 2026-01-01, a list as [\"new\", \"sent\"], a text with or without quotes.".to_owned()),
    )
}
