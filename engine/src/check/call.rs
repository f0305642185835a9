//! Calls: functions of the standard library, maps and tables; pipes, which fill the first argument and hand none on.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, Stage};
use flowbook_stdlib::function::{Function, Mismatch, ParamKind, Typing};
use flowbook_stdlib::functions;
use flowbook_stdlib::types::{Kind, Type};
use flowbook_stdlib::value::Value;

use super::body::Body;
use super::list::filled;
use super::misfit::short;
use super::{Name, suggest};
use crate::checked::{Arg, Expr, ExprKind};
use crate::diagnostic::Diagnostic;

/// A function of the standard library.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    functions::find(name)
}

/// What a parameter is filled with: the left side of the pipe, or an argument.
#[derive(Clone, Copy)]
enum Given<'t> {
    Piped(&'t ast::Expr),
    Written(&'t ast::Expr),
}

impl<'t> Given<'t> {
    fn tree(self) -> &'t ast::Expr {
        match self {
            Given::Piped(tree) | Given::Written(tree) => tree,
        }
    }
}

impl Body<'_, '_> {
    /// `x | f(…)`, `x | .field`
    pub(super) fn pipe(
        &mut self,
        left: &ast::Expr,
        stage: &Stage,
        span: Span,
        expected: Option<&Type>,
    ) -> Expr {
        match stage {
            Stage::Call(call) => self.call(call, Some(left), span, expected),
            Stage::Item(path) => {
                let mut value = self.expr(left, None);
                for word in &path.words {
                    value = self.field_of(value, word, span);
                }
                value
            }
        }
    }

    /// A call; `left` is what a pipe fills the first parameter with.
    pub(super) fn call(
        &mut self,
        call: &ast::Call,
        left: Option<&ast::Expr>,
        span: Span,
        expected: Option<&Type>,
    ) -> Expr {
        let name = call.name.text.as_str();
        let declared = self.checker.declared;
        if declared.maps.contains_key(name) {
            return self.call_map(call, left, span);
        }
        if declared.tables.contains_key(name) {
            return self.call_table(call, left, span);
        }
        if let Some(function) = function(name) {
            return self.call_function(function, call, left, span, expected);
        }
        if !self.is_bad(name) {
            let known: Vec<&str> = declared
                .maps
                .keys()
                .chain(declared.tables.keys())
                .map(String::as_str)
                .chain(functions::ALL.iter().map(|one| one.name))
                .collect();
            let help = suggest::nearest(name, known)
                .map(|near| format!("Did you mean `{near}`?"))
                .or_else(|| {
                    self.named(name)
                        .is_some()
                        .then(|| format!("`{name}` is a value: it stands without brackets."))
                });
            self.checker.report(
                Diagnostic::error(
                    "F0301",
                    call.name.span,
                    format!("There is no function, map or table named `{name}`."),
                )
                .label("not known")
                .maybe_help(help),
            );
        }
        // What stands in the brackets is looked at all the same.
        for tree in left
            .into_iter()
            .chain(call.args.iter().map(|arg| &arg.value))
        {
            if !mentions_item(tree) {
                self.expr(tree, None);
            }
        }
        Body::nothing(span)
    }

    /// Arguments by parameter, or nothing after telling what is wrong with them.
    fn arguments<'t>(
        &mut self,
        call: &'t ast::Call,
        left: Option<&'t ast::Expr>,
        names: &[&str],
        least: usize,
        signature: &str,
    ) -> Option<Vec<Option<Given<'t>>>> {
        let mut given: Vec<Option<Given<'t>>> = vec![None; names.len()];
        let mut next = 0;
        let mut sound = true;
        if let Some(left) = left {
            match given.first_mut() {
                Some(first) => *first = Some(Given::Piped(left)),
                None => sound = false,
            }
            next = 1;
        }
        let mut too_many = !sound;
        for arg in &call.args {
            let at = match &arg.name {
                None => {
                    next += 1;
                    next - 1
                }
                Some(word) => match names.iter().position(|name| *name == word.text) {
                    Some(at) => at,
                    None => {
                        self.checker.report(
                            Diagnostic::error(
                                "F0361",
                                word.span,
                                format!("`{}` has no parameter `{}`.", call.name.text, word.text),
                            )
                            .label("no such parameter")
                            .maybe_help(suggest::help(
                                &word.text,
                                names.iter().copied(),
                                "Its parameters",
                            )),
                        );
                        sound = false;
                        continue;
                    }
                },
            };
            match given.get_mut(at) {
                None => too_many = true,
                Some(Some(_)) => {
                    let name = names.get(at).copied().unwrap_or_default();
                    self.checker.report(
                        Diagnostic::error(
                            "F0361",
                            arg.value.span,
                            format!("`{name}` of `{}` is given twice.", call.name.text),
                        )
                        .label("again"),
                    );
                    sound = false;
                }
                Some(place) => *place = Some(Given::Written(&arg.value)),
            }
        }
        let missing: Vec<String> = given
            .iter()
            .zip(names)
            .take(least)
            .filter(|(given, _)| given.is_none())
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        if too_many || sound && !missing.is_empty() {
            let count = call.args.len() + usize::from(left.is_some());
            let message = if too_many {
                format!(
                    "`{}` takes {} and gets {count}.",
                    call.name.text,
                    plural(names.len(), "argument")
                )
            } else {
                format!("`{}` also needs {}.", call.name.text, missing.join(" and "))
            };
            let piped = if left.is_some() && too_many {
                " What stands before `|` is the first."
            } else {
                ""
            };
            self.checker.report(
                Diagnostic::error("F0360", call.span, message)
                    .label(if too_many { "too many" } else { "not enough" })
                    .help(format!("It is called `{signature}`.{piped}")),
            );
            sound = false;
        }
        sound.then_some(given)
    }

    fn looked_at(&mut self, call: &ast::Call, left: Option<&ast::Expr>) {
        for tree in left
            .into_iter()
            .chain(call.args.iter().map(|arg| &arg.value))
        {
            if !mentions_item(tree) {
                self.expr(tree, None);
            }
        }
    }

    fn call_map(&mut self, call: &ast::Call, left: Option<&ast::Expr>, span: Span) -> Expr {
        let name = call.name.text.as_str();
        let Some((map, params, result)) = self.checker.map(name) else {
            return Body::nothing(span);
        };
        let declared = self.checker.declared;
        let names: Vec<&str> = declared.maps[name]
            .params
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let signature = format!("{name}({})", names.join(", "));
        let Some(given) = self.arguments(call, left, &names, names.len(), &signature) else {
            self.looked_at(call, left);
            return Expr {
                ty: result,
                ..Body::nothing(span)
            };
        };
        let mut args = Vec::with_capacity(params.len());
        let mut hands_on = false;
        for (number, (given, ty)) in given.into_iter().flatten().zip(&params).enumerate() {
            let place = format!("`{}` of `{name}`", names[number]);
            let (value, hands) = self.argument(given, ty, &place);
            hands_on |= hands;
            args.push(value);
        }
        let mut ty = result;
        ty.optional |= hands_on;
        Expr {
            kind: ExprKind::Map {
                map,
                args,
                hands_on,
            },
            ty,
            span,
        }
    }

    /// An argument of a map or a table; whether an absent one passes by the call.
    fn argument(&mut self, given: Given<'_>, ty: &Type, place: &str) -> (Expr, bool) {
        let value = self.expr(given.tree(), Some(ty));
        let mut as_given = value.clone();
        let hands_on = matches!(given, Given::Piped(_))
            && value.ty.optional
            && !ty.optional
            && value.ty.kind != Kind::Nothing;
        if hands_on {
            as_given.ty.optional = false;
        }
        if !self.fits_whole(&as_given, ty, place) {
            return (
                Expr {
                    ty: super::unknown(),
                    ..value
                },
                hands_on,
            );
        }
        (self.shaped(value, ty), hands_on)
    }

    fn call_table(&mut self, call: &ast::Call, left: Option<&ast::Expr>, span: Span) -> Expr {
        let name = call.name.text.as_str();
        let declared = self.checker.declared;
        let Some((number, _, table)) = declared.tables.get_full(name) else {
            return Body::nothing(span);
        };
        self.used_name(Name::Table(name.to_owned()));
        let mut names: Vec<&str> = table.params.iter().map(|(name, _)| name.as_str()).collect();
        let mut params: Vec<Type> = table.params.iter().map(|(_, ty)| ty.clone()).collect();
        if table.dated {
            names.push(table.item.at.as_ref().map_or("date", |word| &word.text));
            params.push(Type::new(Kind::Date));
        }
        let signature = format!("{name}({})", names.join(", "));
        let Some(given) = self.arguments(call, left, &names, names.len(), &signature) else {
            self.looked_at(call, left);
            return Expr {
                ty: table.result.clone(),
                ..Body::nothing(span)
            };
        };
        let mut on = Vec::with_capacity(params.len());
        let mut passes = None;
        for (number, (given, ty)) in given.into_iter().flatten().zip(&params).enumerate() {
            let place = format!("`{}` of table `{name}`", names[number]);
            let (value, hands_on) = self.argument(given, ty, &place);
            if hands_on {
                passes = Some(value.clone());
            }
            on.push(value);
        }
        let at = if table.dated {
            on.pop().map(Box::new)
        } else {
            None
        };
        let value = Expr {
            kind: ExprKind::Table {
                table: number as u32,
                on,
                at,
            },
            ty: table.result.clone(),
            span,
        };
        match passes {
            None => value,
            Some(first) => Expr {
                ty: table.result.clone().optional(),
                kind: ExprKind::If(Box::new(super::operate::there(first)), Box::new(value)),
                span,
            },
        }
    }

    fn call_function(
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
                _ => values[number]
                    .take()
                    .map_or(Arg::Left, |value| Arg::Value(value)),
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

fn plural(count: usize, word: &str) -> String {
    match count {
        0 => format!("no {word}"),
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    }
}

/// Whether an argument speaks of a list's item, which only a known list function has.
fn mentions_item(tree: &ast::Expr) -> bool {
    use ast::ExprKind as Tree;
    match &tree.kind {
        Tree::Item(_) => true,
        Tree::Field(base, _) | Tree::Paren(base) | Tree::Neg(base) | Tree::Not(base) => {
            mentions_item(base)
        }
        Tree::Exists(base) | Tree::Missing(base) => mentions_item(base),
        Tree::Pipe(left, _) => mentions_item(left),
        Tree::Binary(_, left, right) | Tree::Else(left, right) | Tree::If(left, right) => {
            mentions_item(left) || mentions_item(right)
        }
        _ => false,
    }
}
