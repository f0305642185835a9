//! Connector files → data. Everything that a connector says is understood or told; nothing is passed by.
//!
//! In: the tree of a `connector` item. Out: the [`Connector`] and, for each system that names it, its [`Resource`]s with the system's own shapes.

mod answers;
mod args;
mod auth;
#[cfg(test)]
mod documented;
mod endpoint;
mod options;
mod places;
mod reading;
mod resource;
mod template;
mod tree;

use flowbook_grammar::ast::{self, ConnectorPart, Directive, ExprKind, FieldKind, Literal};
use flowbook_stdlib::types::{Kind, Type};

use crate::check::suggest;
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{
    Connector, ErrorShape, Limit, LimitOf, LimitPer, Odata, PageStyle, Pages, Param, Resource,
    Template, TemplatePart,
};
use args::{Args, OF_CONNECTOR};
use options::Options;
pub(super) use options::seconds;
pub(super) use resource::{Site, resources};
use template::template_of;
pub(super) use tree::register;

/// Not found is believed after so many seconds, if the connector says nothing.
const SETTLE_S: u64 = 300;

/// Reads what a connector says besides its types and resources.
pub(super) fn connector(item: &ast::Connector, out: &mut Vec<Diagnostic>) -> Connector {
    let mut made = Connector {
        name: item.name.text.clone(),
        settle_s: SETTLE_S,
        ..Connector::default()
    };
    let directives: Vec<&Directive> = item
        .parts
        .iter()
        .filter_map(|part| match part {
            ConnectorPart::Directive(directive) => Some(directive),
            _ => None,
        })
        .collect();
    // Params first: texts name them.
    for directive in &directives {
        if matches!(directive.word.text.as_str(), "param" | "secret") {
            param(directive, &mut made, out);
        }
    }
    for (at, directive) in directives.iter().enumerate() {
        let word = directive.word.text.as_str();
        let repeats = matches!(word, "param" | "secret" | "limit");
        let first = directives[..at].iter().find(|one| one.word.text == word);
        if let (false, Some(first), true) = (
            repeats,
            first,
            OF_CONNECTOR.iter().any(|(known, _)| *known == word),
        ) {
            out.push(
                Diagnostic::error(
                    "F0153",
                    directive.word.span,
                    format!("`{word}` is said twice."),
                )
                .label("again")
                .related(first.word.span, "here first"),
            );
            continue;
        }
        said(directive, &mut made, out);
    }
    if !directives.iter().any(|one| one.word.text == "base") {
        out.push(
            Diagnostic::error("F0152", item.name.span, format!("The connector `{}` does not say where its systems are.", made.name))
                .label("no `base`")
                .help("Add the address that all paths stand behind: `base \"https://api.example.com/v1\"`."),
        );
    }
    if !directives.iter().any(|one| one.word.text == "auth") {
        out.push(
            Diagnostic::error("F0152", item.name.span, format!("The connector `{}` does not say how a request proves who it comes from.", made.name))
                .label("no `auth`")
                .help("Add `auth oauth2 { … }`, `auth hmac_sha512 { … }` or, for a system that asks nobody, `auth none`."),
        );
    }
    answers::read(item, &mut made, out);
    made
}

fn param(directive: &Directive, made: &mut Connector, out: &mut Vec<Diagnostic>) {
    let word = &directive.word.text;
    let Some(field) = &directive.field else {
        Args::new(directive, OF_CONNECTOR, out).misread(
            directive.span,
            &format!("`{word}` lacks a name and a type."),
        );
        return;
    };
    if !directive.args.is_empty() || directive.options.is_some() || !field.flags.is_empty() {
        let span = field.flags.first().map_or(directive.span, |flag| flag.span);
        Args::new(directive, OF_CONNECTOR, out).misread(
            span,
            &format!("`{word}` is a name and a type, and nothing more."),
        );
    }
    let ty = NoNames::read(&field.ty, out);
    let simple = matches!(
        ty.kind,
        Kind::Text(_) | Kind::Int | Kind::Bool | Kind::Uuid | Kind::OneOf(_) | Kind::Unknown
    );
    if !simple {
        out.push(
            Diagnostic::error(
                "F0162",
                field.ty.span,
                format!("A `{word}` of a connector is one simple value."),
            )
            .label("not `text`, `int`, `bool`, `uuid` or a closed set"),
        );
    }
    if made
        .params
        .iter()
        .any(|known| known.name == field.name.text)
    {
        out.push(
            Diagnostic::error(
                "F0153",
                field.name.span,
                format!("`{}` is declared twice.", field.name.text),
            )
            .label("again"),
        );
        return;
    }
    made.params.push(Param {
        name: field.name.text.clone(),
        ty,
        secret: word == "secret",
    });
}

/// Types of params: the built-in ones.
struct NoNames;

impl NoNames {
    fn read(ty: &ast::Type, out: &mut Vec<Diagnostic>) -> Type {
        super::types::Reader {
            names: &mut NoNames,
            out,
            connector: false,
        }
        .ty(ty)
    }
}

impl super::types::Names for NoNames {
    fn named(&mut self, path: &ast::Path, out: &mut Vec<Diagnostic>) -> Type {
        out.push(super::types::unknown(path, std::iter::empty(), &[]));
        Type::new(Kind::Unknown)
    }

    fn is_one(&self, _: &str) -> bool {
        false
    }

    fn system(&self) -> &str {
        ""
    }
}

fn said(directive: &Directive, made: &mut Connector, out: &mut Vec<Diagnostic>) {
    let mut args = Args::new(directive, OF_CONNECTOR, out);
    match directive.word.text.as_str() {
        "param" | "secret" => {}
        "base" => {
            let text = args.text("an address in quotes");
            args.done();
            if let Some(text) = text {
                let params: Vec<&str> = made.params.iter().map(|param| &*param.name).collect();
                made.base = template_of(text, &params, out);
                let safe = match made.base.0.first() {
                    Some(TemplatePart::Text(start)) => [
                        "https://",
                        "http://127.0.0.1",
                        "http://localhost",
                        "http://[::1]",
                    ]
                    .iter()
                    .any(|scheme| start.starts_with(scheme)),
                    _ => false,
                };
                if !safe {
                    out.push(
                        Diagnostic::error(
                            "F0158",
                            text.span,
                            "A system's address begins with “https://”.",
                        )
                        .label("not encrypted")
                        .help("Plain http is for servers on this machine alone."),
                    );
                }
            }
        }
        "headers" => {
            args.finished();
            made.headers = headers(directive.options.as_ref(), directive, made, &[], out);
        }
        "auth" => {
            let kind = args.word("the way: `none`, `oauth2` or `hmac_sha512`");
            args.finished();
            if let Some(kind) = kind {
                made.auth = auth::read(kind, directive, made, out);
            }
        }
        "limit" => made.limits.extend(limit(args)),
        "pages" => {
            let style = args.word("`offset` or `number`");
            args.finished();
            if let Some(style) = style {
                made.pages = pages(style, directive, out);
            }
        }
        "filter" => {
            if !args.keyword("odata") {
                args.misread(
                    directive.span,
                    "Of filters a connector as a whole has `odata` alone.",
                );
                return;
            }
            args.finished();
            made.odata = odata(directive, out);
        }
        "empty" => {
            if args.keyword("is") && args.keyword("none") {
                made.empty_is_none = true;
                args.done();
            } else {
                args.misread(directive.span, "`empty` says one thing: `empty is none`.");
            }
        }
        "names" => {
            if args.keyword("any_case") {
                made.any_case = true;
                args.done();
            } else {
                args.misread(directive.span, "`names` says one thing: `names any_case`.");
            }
        }
        "error" => {
            args.finished();
            let mut options = Options::of(directive, out);
            made.error = ErrorShape {
                code: options.wire("code", out),
                message: options.wire("message", out),
                id: options.wire("id", out),
                fields: options.wire("fields", out),
            };
            options.done(args::options_of("error"), out);
        }
        "settle" => {
            let span = args.span("a span of time");
            args.done();
            if let Some(span) = span {
                made.settle_s = seconds(span);
            }
        }
        _ => out.push(args::unknown(directive, OF_CONNECTOR, "a connector")),
    }
}

/// `{ Accept: "…" }`; holes are params and `more`.
fn headers(
    record: Option<&ast::Record>,
    directive: &Directive,
    made: &Connector,
    more: &[&str],
    out: &mut Vec<Diagnostic>,
) -> Vec<(String, Template)> {
    let Some(record) = record else {
        Args::new(directive, OF_CONNECTOR, out).misread(directive.span, "Headers stand in braces.");
        return Vec::new();
    };
    let holes: Vec<&str> = made
        .params
        .iter()
        .map(|param| &*param.name)
        .chain(more.iter().copied())
        .collect();
    let mut headers: Vec<(String, Template)> = Vec::new();
    for field in &record.fields {
        let FieldKind::Value(name, value) = &field.kind else {
            if !matches!(field.kind, FieldKind::Bad) {
                out.push(
                    Diagnostic::error(
                        "F0151",
                        field.span,
                        "Only `Name: \"value\"` can stand here.",
                    )
                    .label("no header"),
                );
            }
            continue;
        };
        let sound = !name.text.is_empty()
            && name
                .text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !sound {
            out.push(
                Diagnostic::error(
                    "F0151",
                    name.span,
                    format!("“{}” is no name of a header.", name.text),
                )
                .label("letters, digits and “-”"),
            );
        }
        if headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(&name.text))
        {
            out.push(
                Diagnostic::error(
                    "F0153",
                    name.span,
                    format!("The header “{}” is said twice.", name.text),
                )
                .label("again"),
            );
            continue;
        }
        headers.push((name.text.clone(), template_of(value, &holes, out)));
    }
    headers
}

/// `limit read 150 per minute per resource`
fn limit(mut args: Args<'_, '_>) -> Option<Limit> {
    let of = if args.keyword("read") {
        LimitOf::Read
    } else if args.keyword("write") {
        LimitOf::Write
    } else {
        LimitOf::All
    };
    let count = args.number("a number of requests");
    if !args.keyword("per") {
        let span = args.directive.span;
        args.misread(span, "`limit` says in which time: `per minute`.");
        return None;
    }
    let per_s = match args.maybe_span() {
        Some(span) => u32::try_from(seconds(span))
            .ok()
            .filter(|seconds| *seconds > 0),
        None => match args.word("a time: `second`, `minute`, `hour`, `day`") {
            None => None,
            Some(word) => match word.text.as_str() {
                "second" => Some(1),
                "minute" | "min" => Some(60),
                "hour" => Some(3_600),
                "day" => Some(86_400),
                other => {
                    args.misread(
                        word.span,
                        &format!("`{other}` is no time: `second`, `minute`, `hour` or `day` are."),
                    );
                    None
                }
            },
        },
    };
    let mut per = LimitPer::System;
    if args.keyword("per")
        && let Some(word) = args.word("`path`, `resource` or `system`")
    {
        per = match word.text.as_str() {
            "path" => LimitPer::Path,
            "resource" => LimitPer::Resource,
            "system" => LimitPer::System,
            other => {
                args.misread(
                    word.span,
                    &format!(
                        "`{other}` has no limit of its own: `path`, `resource` or `system` can."
                    ),
                );
                LimitPer::System
            }
        };
    }
    args.done();
    Some(Limit {
        of,
        count: count?,
        per_s: per_s?,
        per,
    })
}

fn pages(style: &ast::Word, directive: &Directive, out: &mut Vec<Diagnostic>) -> Option<Pages> {
    let (style, start) = match style.text.as_str() {
        "offset" => (PageStyle::Offset, "start"),
        "number" => (PageStyle::Number, "page"),
        other => {
            out.push(
                Diagnostic::error(
                    "F0151",
                    style.span,
                    format!("`{other}` is no way to cut a list into pages."),
                )
                .label("not understood")
                .maybe_help(suggest::help(other, ["offset", "number"], "Ways")),
            );
            return None;
        }
    };
    let mut options = Options::of(directive, out);
    let need = |options: &mut Options<'_>, name: &str, out: &mut Vec<Diagnostic>| {
        options
            .need(name, out)
            .and_then(|value| options::text_of(value, out))
    };
    let start_name = need(&mut options, start, out);
    let size = need(&mut options, "size", out);
    let items = need(&mut options, "items", out);
    options.need("max", out);
    let max = options.number("max", out).filter(|max| *max > 0);
    let first = options.number("first", out);
    let pages = Pages {
        style,
        start: start_name.unwrap_or_default(),
        size: size.unwrap_or_default(),
        first: first.unwrap_or(if style == PageStyle::Number { 1 } else { 0 }),
        max: max.unwrap_or(1),
        items: items
            .unwrap_or_default()
            .split('.')
            .map(str::to_owned)
            .collect(),
        next: options.wire("next", out),
        pages: options.wire("pages", out),
        clock: options.wire("clock", out),
        order: options.text("order", out),
        descending: options.text("descending", out),
    };
    let line = match pages.style {
        PageStyle::Offset => "pages offset",
        PageStyle::Number => "pages number",
    };
    options.done(args::options_of(line), out);
    Some(pages)
}

fn odata(directive: &Directive, out: &mut Vec<Diagnostic>) -> Option<Odata> {
    let mut options = Options::of(directive, out);
    let param = options
        .need("param", out)
        .and_then(|value| options::text_of(value, out));
    let odata = Odata {
        param: param.unwrap_or_default(),
        order: options.text("order", out),
        any_of: options.number("any_of", out).unwrap_or(1).max(1),
    };
    options.done(args::options_of("filter odata"), out);
    Some(odata)
}

/// A name or text of an option: `key: secret_key`.
fn option_name(value: &ast::Expr) -> Option<&str> {
    match &value.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Literal(Literal::Text(text)) => Some(text),
        _ => None,
    }
}

/// The shapes of resources name places in other records: they must be there.
pub(super) fn check_places(
    item: &ast::Connector,
    resources: &[Resource],
    first: u32,
    out: &mut Vec<Diagnostic>,
) {
    places::check(item, resources, first, out);
}
