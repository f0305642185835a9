//! CSV layers of a table → rows as flow text would have them, each with the place that its messages name.
//!
//! Columns by their header: the parameters, then the result's fields (or `value`), then `from` and `until`.

use flowbook_grammar::{FileId, Span, ast};
use flowbook_stdlib::rules::{self, Misfit};
use flowbook_stdlib::types::{Kind, Type};

use super::Checker;
use super::cells::{self, of_field, of_text};
use super::csv::{self, Field, Record};
use super::declared::TableDecl;
use super::misfit::a;
use super::{literal, suggest};
use crate::diagnostic::Diagnostic;

/// Rows of one layer, and where each stands, for messages: `tables/payment.csv, line 3: `, or nothing.
pub(crate) struct Layer {
    /// The rows.
    pub(crate) rows: Vec<(ast::Row, String)>,
    /// Everything in it could be read.
    pub(crate) sound: bool,
}

impl Layer {
    /// The rows in the flow text.
    pub(crate) fn of_text(rows: &ast::Rows) -> Layer {
        Layer {
            rows: rows
                .rows
                .iter()
                .map(|row| (row.clone(), String::new()))
                .collect(),
            sound: true,
        }
    }
}

/// What a column of a CSV is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Key(usize),
    Result(usize),
    From,
    Until,
}

/// The CSV layers of a table, in order; a file that is missing and may be is no layer.
pub(crate) fn of_files(checker: &Checker<'_>, decl: &TableDecl<'_>) -> Vec<Layer> {
    let mut layers = Vec::new();
    for layer in &decl.item.layers {
        let path = &layer.path;
        let broken = Layer {
            rows: Vec::new(),
            sound: false,
        };
        match checker.sources.table(path.span.file, &path.text) {
            Err(refusal) => {
                checker.report(
                    Diagnostic::error("F0215", path.span, refusal.message)
                        .label("named here")
                        .maybe_help(refusal.help),
                );
                layers.push(broken);
            }
            Ok(None) if layer.optional => {}
            Ok(None) => {
                checker.report(
                    Diagnostic::error(
                        "F0215",
                        path.span,
                        format!("There is no file “{}” beside this one.", path.text),
                    )
                    .label("not found")
                    .help(format!(
                        "Put the file there, or let it be missing: `\"{}\"?`.",
                        path.text
                    )),
                );
                layers.push(broken);
            }
            Ok(Some(file)) => layers.push(of_file(checker, decl, file)),
        }
    }
    layers
}

fn of_file(checker: &Checker<'_>, decl: &TableDecl<'_>, file: FileId) -> Layer {
    let source = checker.sources.file(file);
    let mut layer = Layer {
        rows: Vec::new(),
        sound: true,
    };
    let records = match csv::read(file, &source.text) {
        Ok(records) => records,
        Err(broken) => {
            checker.report(
                Diagnostic::error(
                    "F0216",
                    broken.span,
                    format!("{}, line {}: {}.", source.name, broken.line, broken.reason),
                )
                .label("cannot be read")
                .help("A field with a separator or a quote in it stands in quotes, and a quote inside is doubled: \"say \"\"hi\"\"\"."),
            );
            layer.sound = false;
            return layer;
        }
    };
    let Some((header, rows)) = records.split_first() else {
        checker.report(
            Diagnostic::error(
                "F0218",
                Span {
                    file,
                    start: 0,
                    end: 0,
                },
                format!(
                    "{} is empty: its first line names the columns.",
                    source.name
                ),
            )
            .label("no header")
            .help(format!("Write the header: {}", header_text(decl))),
        );
        layer.sound = false;
        return layer;
    };
    let Some(roles) = roles(checker, decl, header, &source.name) else {
        layer.sound = false;
        return layer;
    };
    for record in rows {
        let place = format!("{}, line {}: ", source.name, record.line);
        if record.fields.len() > header.fields.len() {
            checker.report(
                Diagnostic::error(
                    "F0219",
                    record.fields[header.fields.len()].span,
                    format!(
                        "{place}The row has {} fields, the header names {} columns; “{}” is one too many.",
                        record.fields.len(),
                        header.fields.len(),
                        record.fields[header.fields.len()].text
                    ),
                )
                .label("belongs to no column")
                .help("A field with a comma in it stands in quotes."),
            );
            layer.sound = false;
            continue;
        }
        match row(checker, decl, record, &roles, &place) {
            Some(row) => layer.rows.push((row, place)),
            None => layer.sound = false,
        }
    }
    layer
}

/// Names of the results: the fields of a record, or `value`.
fn results(ty: &Type) -> Vec<(String, Type)> {
    match &ty.kind {
        Kind::Record(shape) => shape
            .fields
            .iter()
            .map(|field| (field.name.to_string(), field.ty.clone()))
            .collect(),
        _ => vec![("value".to_owned(), ty.clone())],
    }
}

fn header_text(decl: &TableDecl<'_>) -> String {
    let mut names: Vec<String> = decl.params.iter().map(|(name, _)| name.clone()).collect();
    names.extend(results(&decl.result).into_iter().map(|(name, _)| name));
    if decl.dated {
        names.extend(["from".to_owned(), "until".to_owned()]);
    }
    names.join(",")
}

/// What each column is, by its header; none where the header is wrong.
fn roles(
    checker: &Checker<'_>,
    decl: &TableDecl<'_>,
    header: &Record,
    name: &str,
) -> Option<Vec<Role>> {
    let results = results(&decl.result);
    let mut sound = true;
    let mut roles: Vec<Role> = Vec::with_capacity(header.fields.len());
    let named = header
        .fields
        .iter()
        .rposition(|field| !field.text.is_empty())
        .map_or(0, |last| last + 1);
    for field in &header.fields[..named] {
        let role = decl
            .params
            .iter()
            .position(|(param, _)| *param == field.text)
            .map(Role::Key)
            .or_else(|| {
                results
                    .iter()
                    .position(|(result, _)| *result == field.text)
                    .map(Role::Result)
            })
            .or(match field.text.as_str() {
                "from" if decl.dated => Some(Role::From),
                "until" if decl.dated => Some(Role::Until),
                _ => None,
            });
        match role {
            Some(role) if roles.contains(&role) => {
                checker.report(
                    Diagnostic::error(
                        "F0217",
                        field.span,
                        format!(
                            "{name}, line {}: The column “{}” comes twice.",
                            header.line, field.text
                        ),
                    )
                    .label("a second time")
                    .help("Keep one of the two columns."),
                );
                sound = false;
                roles.push(role);
            }
            Some(role) => roles.push(role),
            None => {
                let known = header_text(decl);
                let help = match field.text.as_str() {
                    "from" | "until" => Some(format!(
                        "Only a table `at date` has dates: `table {}(…) at date -> …`.",
                        decl.item.name.text
                    )),
                    text => suggest::help(text, known.split(','), "Its columns"),
                };
                checker.report(
                    Diagnostic::error(
                        "F0217",
                        field.span,
                        format!(
                            "{name}, line {}: table `{}` has no column “{}”.",
                            header.line, decl.item.name.text, field.text
                        ),
                    )
                    .label("no such column")
                    .maybe_help(help),
                );
                sound = false;
            }
        }
    }
    let mut missing: Vec<&str> = Vec::new();
    for (number, (param, _)) in decl.params.iter().enumerate() {
        if !roles.contains(&Role::Key(number)) {
            missing.push(param);
        }
    }
    for (number, (result, ty)) in results.iter().enumerate() {
        if !ty.optional && !roles.contains(&Role::Result(number)) {
            missing.push(result);
        }
    }
    if sound && !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|name| format!("“{name}”")).collect();
        checker.report(
            Diagnostic::error(
                "F0218",
                header.span,
                format!(
                    "{name}, line {}: the header does not name {} {} of table `{}`.",
                    header.line,
                    if names.len() == 1 {
                        "the column"
                    } else {
                        "the columns"
                    },
                    names.join(", "),
                    decl.item.name.text
                ),
            )
            .label("the header")
            .help(format!("The whole header: {}", header_text(decl))),
        );
        sound = false;
    }
    sound.then_some(roles)
}

/// Why a constant does not go into a result: a sentence, and the fix.
fn unfit(literal: &ast::Literal, ty: &Type) -> Option<(String, Option<String>)> {
    let present = ty.clone().present();
    if *literal == ast::Literal::None {
        return (!ty.optional).then(|| (format!("it is none, and {ty} is needed."), None));
    }
    match literal::literal(literal, Some(&present)) {
        Err(unfit) => Some((unfit.message, unfit.help)),
        Ok((_, narrow)) => match rules::fits_into(&narrow, &present) {
            Ok(()) => None,
            Err(Misfit::Long(Some(come), most)) => Some((
                format!("it has {come} characters, and at most {most} fit."),
                Some("Shorten the text.".to_owned()),
            )),
            Err(Misfit::Decimals(Some(come), most)) => Some((
                format!("it has {come} decimals, and at most {most} fit."),
                None,
            )),
            Err(_) => Some((format!("it is {}.", a(&narrow)), None)),
        },
    }
}

/// A row as flow text would have it.
fn row(
    checker: &Checker<'_>,
    decl: &TableDecl<'_>,
    record: &Record,
    roles: &[Role],
    place: &str,
) -> Option<ast::Row> {
    let end = record.span;
    let nothing = cells::nowhere(end.file, end.end);
    let field = |role: Role| -> &Field {
        roles
            .iter()
            .position(|known| *known == role)
            .and_then(|at| record.fields.get(at))
            .unwrap_or(&nothing)
    };
    let cells = decl
        .params
        .iter()
        .enumerate()
        .map(|(number, (_, ty))| of_field(field(Role::Key(number)), ty))
        .collect();
    let date = |role: Role| {
        let field = field(role);
        (!field.text.is_empty()).then(|| (ast::Literal::Date(field.text.clone()), field.span))
    };
    let mut sound = true;
    let mut values: Vec<(String, ast::Expr)> = Vec::new();
    for (number, (name, ty)) in results(&decl.result).into_iter().enumerate() {
        let field = field(Role::Result(number));
        if field.text.is_empty() {
            if !ty.optional {
                checker.report(
                    Diagnostic::error(
                        "F0220",
                        if field.span.start == field.span.end {
                            record.span
                        } else {
                            field.span
                        },
                        format!("{place}The column “{name}” is empty, and {ty} is needed."),
                    )
                    .label(format!("“{name}” is missing"))
                    .help("Write the value into the row."),
                );
                sound = false;
            }
            continue;
        }
        let literal = of_text(&field.text, &ty);
        if let Some((why, help)) = unfit(&literal, &ty) {
            checker.report(
                Diagnostic::error(
                    "F0225",
                    field.span,
                    format!(
                        "{place}“{}” does not go into the column “{name}”: {why}",
                        field.text
                    ),
                )
                .label(format!("“{name}” is {ty}"))
                .maybe_help(help),
            );
            sound = false;
            continue;
        }
        values.push((
            name,
            ast::Expr {
                kind: ast::ExprKind::Literal(literal),
                span: field.span,
            },
        ));
    }
    if !sound {
        return None;
    }
    let give = match &decl.result.kind {
        Kind::Record(_) => ast::Expr {
            kind: ast::ExprKind::Record(ast::Record {
                fields: values
                    .into_iter()
                    .map(|(name, value)| ast::Field {
                        span: value.span,
                        kind: ast::FieldKind::Value(
                            ast::Word {
                                text: name,
                                span: value.span,
                            },
                            value,
                        ),
                    })
                    .collect(),
                span: record.span,
            }),
            span: record.span,
        },
        _ => match values.pop() {
            Some((_, value)) => value,
            None => ast::Expr {
                kind: ast::ExprKind::Literal(ast::Literal::None),
                span: record.span,
            },
        },
    };
    Some(ast::Row {
        cells,
        otherwise: false,
        from: date(Role::From),
        until: date(Role::Until),
        when: None,
        give,
        span: record.span,
    })
}
