//! Calls of the standard library's functions: arguments, expressions over the items of a list, type rules.

use flowbook_grammar::Span;
use flowbook_grammar::ast;
use flowbook_stdlib::function::{Function, Mismatch, ParamKind, Typing};
use flowbook_stdlib::types::{Kind, Type};
use flowbook_stdlib::value::Value;

use super::body::Body;
use super::call::Given;
use super::list::filled;
use super::misfit::short;
use crate::checked::{Arg, Expr, ExprKind};
use crate::diagnostic::Diagnostic;

impl Body<'_, '_> {
    pub(super) fn call_function(
        &mut self,
        function: &'static Function,
        call: &ast::Call,
        left: Option<&ast::Expr>,
        span: Span,
        expected: Option<&Type>,
    ) -> Expr {
        let names: Vec<&str> = function.params.iter().map(|param| param.name).collect();
        let signature = signature(function);
        let Some(given) = self.arguments(call, left, &names, 0, &signature) else {
            self.looked_at(call, left);
            return Body::nothing(span);
        };
        let needed = function
            .params
            .iter()
            .zip(&given)
            .filter(|(param, given)| {
                given.is_none() && matches!(param.kind, ParamKind::Value | ParamKind::Optional)
            })
            .map(|(param, _)| format!("`{}`", param.name))
            .collect::<Vec<_>>();
        if !needed.is_empty() {
            self.checker.report(
                Diagnostic::error(
                    "F0360",
                    call.span,
                    format!("`{}` also needs {}.", function.name, needed.join(" and ")),
                )
                .label("not enough")
                .help(format!("It is called `{signature}`.")),
            );
            self.looked_at(call, left);
            return Body::nothing(span);
        }
        let Filled {
            args,
            hands_on,
            sound,
        } = self.filled(function, &given);
        if !sound {
            return Body::nothing(span);
        }
        self.typed(function, call, &given, args, hands_on, span, expected)
    }

    /// The arguments of a function, checked; those over the items of a list behind that list.
    fn filled(&mut self, function: &'static Function, given: &[Option<Given<'_>>]) -> Filled {
        let mut out = Filled {
            args: Vec::new(),
            hands_on: false,
            sound: true,
        };
        let mut values: Vec<Option<Expr>> = Vec::with_capacity(given.len());
        for (param, given) in function.params.iter().zip(given) {
            let value = match (&param.kind, given) {
                (ParamKind::Each(_), _) | (_, None) => None,
                (kind, Some(given)) => {
                    let mut value = self.expr(given.tree(), None);
                    if value.ty.optional && !matches!(kind, ParamKind::Optional) {
                        if matches!(given, Given::Piped(_)) && value.ty.kind != Kind::Nothing {
                            out.hands_on = true;
                        } else {
                            self.absent_argument(function, &value, param.name);
                            value.ty = super::unknown();
                        }
                    }
                    out.sound &= value.ty.kind != Kind::Unknown;
                    Some(value)
                }
            };
            values.push(value);
        }
        let mut args: Vec<Arg> = Vec::with_capacity(given.len());
        for (number, (param, given)) in function.params.iter().zip(given).enumerate() {
            let arg = match (&param.kind, given) {
                (_, None) => Arg::Left,
                (ParamKind::Each(list), Some(given)) => {
                    let item = match values.get(*list).and_then(Option::as_ref) {
                        Some(value) => match &value.ty.kind {
                            Kind::List(item) => (**item).clone(),
                            _ => super::unknown(),
                        },
                        None => super::unknown(),
                    };
                    let item = self.hidden(item, given.tree().span);
                    self.items.push(item);
                    let give = self.expr(given.tree(), None);
                    self.items.pop();
                    out.sound &= give.ty.kind != Kind::Unknown;
                    Arg::Each {
                        list: *list,
                        item,
                        give,
                    }
                }
                _ => values[number].take().map_or(Arg::Left, Arg::Value),
            };
            // Lists that later arguments go over are still needed.
            if let Arg::Value(value) = &arg {
                values[number] = Some(value.clone());
            }
            args.push(arg);
        }
        out.args = args;
        out
    }

    fn absent_argument(&self, function: &Function, value: &Expr, param: &str) {
        let text = short(self.checker.text(value.span));
        let first = function
            .params
            .first()
            .is_some_and(|first| first.name == param);
        let help = if first {
            format!(
                "A pipe hands none on: `{text} | {}`; or say what counts then: `{text} else …`.",
                function.name
            )
        } else {
            format!("Say what counts then: `{text} else …`.")
        };
        self.checker.report(
            Diagnostic::error(
                "F0311",
                value.span,
                format!(
                    "`{text}` may be absent, and `{param}` of `{}` must be there.",
                    function.name
                ),
            )
            .label("may be absent")
            .help(help),
        );
    }

    #[allow(clippy::too_many_arguments)] // what a call is made of
    fn typed(
        &mut self,
        function: &'static Function,
        call: &ast::Call,
        given: &[Option<Given<'_>>],
        mut args: Vec<Arg>,
        hands_on: bool,
        span: Span,
        expected: Option<&Type>,
    ) -> Expr {
        let mut types = Vec::with_capacity(args.len());
        let mut constants = Vec::with_capacity(args.len());
        let mut full = Vec::with_capacity(args.len());
        for (number, arg) in args.iter().enumerate() {
            let value = match arg {
                Arg::Left => None,
                Arg::Value(value) => Some(value),
                Arg::Each { give, .. } => Some(give),
            };
            let mut ty = value.map(|value| widened(&value.ty, value));
            if let Some(ty) = &mut ty
                && matches!(function.params[number].kind, ParamKind::Value)
            {
                ty.optional = false;
            }
            types.push(ty);
            constants.push(match (arg, value.map(|value| &value.kind)) {
                (Arg::Value(_), Some(ExprKind::Const(value))) => Some(value.clone()),
                _ => None,
            });
            full.push(value.is_some_and(filled));
        }
        let texts: Vec<&str> = given
            .iter()
            .map(|given| given.map_or("", |given| self.checker.text(given.tree().span)))
            .collect();
        let typing = Typing {
            args: &types,
            constants: &constants,
            filled: &full,
            texts: &texts,
            expected,
        };
        match (function.check)(&typing) {
            Ok(typed) => {
                for (number, value) in typed.supplied {
                    if let Some(arg) = args.get_mut(number) {
                        *arg = Arg::Value(Expr {
                            ty: type_of(&value),
                            kind: ExprKind::Const(value),
                            span: call.span,
                        });
                    }
                }
                if clockless(function, &args, &types) && self.checker.declared.zone.is_none() {
                    let text = texts.first().map(|text| short(text));
                    self.checker.report(
                        Diagnostic::error("F0364", call.span, format!("At one instant it is today in one place and tomorrow in another: `{}` needs a time zone.", function.name))
                            .label("on whose clock?")
                            .help(format!(
                                "Say it once in the flowbook, `zone \"Europe/Stockholm\"`; or here: `{} | {}(\"Europe/Stockholm\")`.",
                                text.unwrap_or_default(),
                                function.name
                            )),
                    );
                }
                let mut ty = typed.ty;
                ty.optional |= hands_on;
                Expr {
                    kind: ExprKind::Call {
                        function: function.name,
                        args,
                        hands_on,
                    },
                    ty,
                    span,
                }
            }
            Err(Mismatch { arg, message, help }) => {
                let at = arg
                    .and_then(|arg| given.get(arg).copied().flatten())
                    .map_or(call.span, |given| given.tree().span);
                self.checker.report(
                    Diagnostic::error("F0362", at, format!("`{}` {message}.", function.name))
                        .label(match arg {
                            Some(arg) => types
                                .get(arg)
                                .and_then(Option::as_ref)
                                .map_or_else(String::new, super::misfit::a),
                            None => format!("`{signature}`", signature = signature(function)),
                        })
                        .maybe_help(help.map(|help| sentence(&help))),
                );
                Body::nothing(span)
            }
        }
    }
}

/// Checked arguments of a function.
struct Filled {
    args: Vec<Arg>,
    hands_on: bool,
    sound: bool,
}

/// Whether a function reads the clock of the flowbook's zone: no argument names another.
fn clockless(function: &Function, args: &[Arg], types: &[Option<Type>]) -> bool {
    let zone = match function.name {
        "date" => Some(1),
        _ => function
            .params
            .iter()
            .position(|param| param.name == "zone"),
    };
    let instant = matches!(types.first(), Some(Some(ty)) if ty.kind == Kind::DateTime);
    instant && zone.is_some_and(|zone| matches!(args.get(zone), None | Some(Arg::Left)))
}

/// A text literal as a function sees it: a text, not a closed set of one.
fn widened(ty: &Type, value: &Expr) -> Type {
    match (&ty.kind, &value.kind) {
        (Kind::OneOf(names), ExprKind::Const(Value::Text(_))) if names.len() == 1 => Type {
            kind: Kind::Text(Some(names[0].name.chars().count() as u32)),
            optional: ty.optional,
        },
        _ => ty.clone(),
    }
}

/// The type of a value that a type rule supplies.
fn type_of(value: &Value) -> Type {
    Type::new(match value {
        Value::Bool(_) => Kind::Bool,
        Value::Int(_) => Kind::Int,
        Value::Decimal(_) => Kind::Decimal(None),
        Value::Text(text) => Kind::Text(Some(text.chars().count() as u32)),
        Value::Percent(_) => Kind::Percent,
        _ => Kind::Unknown,
    })
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let mut text: String = match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => return String::new(),
    };
    if !text.ends_with(['.', '?', '!']) {
        text.push('.');
    }
    text
}

/// `round(number, decimals?, mode?)`
fn signature(function: &Function) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| match param.kind {
            ParamKind::Default => format!("{}?", param.name),
            ParamKind::Each(_) => format!(".{}", param.name),
            _ => param.name.to_owned(),
        })
        .collect();
    format!("{}({})", function.name, params.join(", "))
}
