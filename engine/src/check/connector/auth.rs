//! `auth …`: how requests prove who they come from.

use flowbook_grammar::ast::{self, Directive, ExprKind};

use super::args::options_of;
use super::options::{self, Options};
use super::template::template_of;
use super::{headers, option_name};
use crate::check::suggest;
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Auth, Connector, Template, Verify};

/// Clocks may be apart by so many seconds, if the connector says nothing.
const SKEW_S: u64 = 300;

pub(super) fn read(
    kind: &ast::Word,
    directive: &Directive,
    made: &Connector,
    out: &mut Vec<Diagnostic>,
) -> Auth {
    let options = Options::of(directive, out);
    match kind.text.as_str() {
        "none" => {
            options.done(&[], out);
            Auth::None
        }
        "hmac_sha512" => hmac(options, directive, made, out),
        "oauth2" => oauth2(options, made, directive, out),
        other => {
            let words = other.to_ascii_lowercase();
            let fixed = ["bearer", "basic", "token", "header", "key"]
                .iter()
                .any(|word| words.contains(word));
            let help = match fixed {
                true => Some(
                    "A key that never changes goes in a header: `auth none` and `headers { Authorization: \"Bearer {key}\" }`, with `secret key: text`."
                        .to_owned(),
                ),
                false => suggest::help(other, ["none", "oauth2", "hmac_sha512"], "Ways"),
            };
            out.push(
                Diagnostic::error(
                    "F0151",
                    kind.span,
                    format!("`{other}` is no way to sign requests."),
                )
                .label("not understood")
                .maybe_help(help),
            );
            Auth::None
        }
    }
}

fn hmac(
    mut options: Options<'_>,
    directive: &Directive,
    made: &Connector,
    out: &mut Vec<Diagnostic>,
) -> Auth {
    let params: Vec<&str> = made.params.iter().map(|param| &*param.name).collect();
    let with = |more: &[&'static str]| -> Vec<&str> {
        params.iter().copied().chain(more.iter().copied()).collect()
    };
    let mut key = String::new();
    if let Some(value) = options.need("key", out) {
        match option_name(value) {
            Some(name)
                if made
                    .params
                    .iter()
                    .any(|param| param.name == name && param.secret) =>
            {
                key = name.to_owned()
            }
            _ => {
                let secrets = made
                    .params
                    .iter()
                    .filter(|param| param.secret)
                    .map(|param| &*param.name);
                let text = option_name(value).unwrap_or_default();
                out.push(
                    Diagnostic::error(
                        "F0155",
                        value.span,
                        "`key` names a `secret` of this connector.",
                    )
                    .label("no secret of this name")
                    .maybe_help(suggest::help(text, secrets, "Secrets")),
                );
            }
        }
    }
    let sign = options
        .need("sign", out)
        .map(|text| template_of(text, &with(&["method", "uri", "body", "time"]), out))
        .unwrap_or_default();
    let sent = match options.need("headers", out) {
        Some(value) => match &value.kind {
            ExprKind::Record(record) => {
                headers(Some(record), directive, made, &["time", "hash"], out)
            }
            _ => {
                out.push(
                    Diagnostic::error("F0151", value.span, "`headers` stand in braces.")
                        .label("no braces"),
                );
                Vec::new()
            }
        },
        None => Vec::new(),
    };
    let answer: Option<Template> = options.take("answer").map(|text| {
        template_of(
            text,
            &with(&["method", "uri", "answer", "answer.time"]),
            out,
        )
    });
    let verify =
        match options.take("verify") {
            None => Verify::Off,
            Some(value) => match option_name(value) {
                Some("off") => Verify::Off,
                Some("warn") => Verify::Warn,
                Some("enforce") => Verify::Enforce,
                other => {
                    out.push(
                        Diagnostic::error(
                            "F0151",
                            value.span,
                            "`verify` is \"off\", \"warn\" or \"enforce\".",
                        )
                        .label("none of them")
                        .maybe_help(other.and_then(|other| {
                            suggest::help(other, ["off", "warn", "enforce"], "Ways")
                        })),
                    );
                    Verify::Off
                }
            },
        };
    if verify != Verify::Off && answer.is_none() {
        out.push(
            Diagnostic::error("F0152", directive.word.span, "`verify` asks to compare the answer's hash, but `answer` does not say what it covers.")
                .label("`answer` is missing"),
        );
    }
    let skew_s = options.seconds("skew", out).unwrap_or(SKEW_S);
    options.done(options_of("auth hmac_sha512"), out);
    Auth::HmacSha512 {
        key,
        sign,
        headers: sent,
        answer,
        verify,
        skew_s,
    }
}

fn oauth2(
    mut options: Options<'_>,
    made: &Connector,
    directive: &Directive,
    out: &mut Vec<Diagnostic>,
) -> Auth {
    for secret in ["client_id", "client_secret"] {
        if !made.params.iter().any(|param| param.name == secret) {
            out.push(
                Diagnostic::error(
                    "F0152",
                    directive.word.span,
                    format!("`auth oauth2` needs `secret {secret}: text` in the connector."),
                )
                .label(format!("`{secret}` is missing")),
            );
        }
    }
    let address = |name: &str, value: &ast::Expr, out: &mut Vec<Diagnostic>| {
        let text = options::text_of(value, out)?;
        if !text.starts_with("https://") {
            out.push(
                Diagnostic::error(
                    "F0158",
                    value.span,
                    format!("`{name}` begins with “https://”."),
                )
                .label("not encrypted"),
            );
        }
        Some(text)
    };
    // Without a place where a user signs in the client itself is the account: client credentials.
    let signs_in = options.take("authorize");
    let authorize = signs_in
        .and_then(|value| address("authorize", value, out))
        .unwrap_or_default();
    let token = options
        .need("token", out)
        .and_then(|value| address("token", value, out))
        .unwrap_or_default();
    let basic = match options.take("client") {
        None => true,
        Some(value) => match option_name(value) {
            Some("basic") => true,
            Some("form") => false,
            _ => {
                out.push(
                    Diagnostic::error("F0151", value.span, "`client` is \"basic\" or \"form\": where id and secret go in a request for a token.")
                        .label("neither"),
                );
                true
            }
        },
    };
    if signs_in.is_none() && (options.has("pkce") || options.has("prompt")) {
        out.push(
            Diagnostic::error(
                "F0152",
                directive.word.span,
                "`pkce` and `prompt` are of a user's sign-in, but `authorize` does not say where that is.",
            )
            .label("`authorize` is missing")
            .help("Add `authorize: \"https://…\"`, or take them away where the client itself is the account."),
        );
    }
    let pkce = options.flag("pkce", out).unwrap_or(true);
    let prompt = options.text("prompt", out);
    let scopes = match options.take("scopes") {
        None => Vec::new(),
        Some(value) => match &value.kind {
            ExprKind::List(elements) => elements
                .iter()
                .filter_map(|element| match element {
                    ast::Element::One(one) => options::text_of(one, out),
                    _ => {
                        out.push(
                            Diagnostic::error("F0151", value.span, "`scopes` is a list of texts.")
                                .label("no text"),
                        );
                        None
                    }
                })
                .collect(),
            _ => {
                out.push(
                    Diagnostic::error("F0151", value.span, "`scopes` is a list of texts.")
                        .label("no list"),
                );
                Vec::new()
            }
        },
    };
    options.done(options_of("auth oauth2"), out);
    Auth::OAuth2 {
        authorize,
        token,
        basic,
        pkce,
        prompt,
        scopes,
    }
}
