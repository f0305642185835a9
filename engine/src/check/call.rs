//! Calls: pipes, which fill the first argument and hand none on; arguments by parameter; maps and tables.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, Stage};
use flowbook_stdlib::function::Function;
use flowbook_stdlib::functions;
use flowbook_stdlib::types::{Kind, Type};

use super::body::Body;
use super::{Name, suggest};
use crate::checked::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;

/// A function of the standard library.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    functions::find(name)
}

/// What a parameter is filled with: the left side of the pipe, or an argument.
#[derive(Clone, Copy)]
pub(super) enum Given<'t> {
    Piped(&'t ast::Expr),
    Written(&'t ast::Expr),
}

impl<'t> Given<'t> {
    pub(super) fn tree(self) -> &'t ast::Expr {
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
    pub(super) fn arguments<'t>(
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

    pub(super) fn looked_at(&mut self, call: &ast::Call, left: Option<&ast::Expr>) {
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
        let mut passes = false;
        for (number, (given, ty)) in given.into_iter().flatten().zip(&params).enumerate() {
            let place = format!("`{}` of table `{name}`", names[number]);
            let (value, hands_on) = self.argument(given, ty, &place);
            passes |= hands_on;
            on.push(value);
        }
        let asked = |on: Vec<Expr>| {
            let mut on = on;
            let at = if table.dated { on.pop() } else { None };
            Expr {
                kind: ExprKind::Table {
                    table: number as u32,
                    on,
                    at: at.map(Box::new),
                },
                ty: table.result.clone(),
                span,
            }
        };
        if !passes {
            return asked(on);
        }
        let mut on = on.into_iter();
        let Some(first) = on.next() else {
            return Body::nothing(span);
        };
        self.passed(first, |_, there| {
            asked(std::iter::once(there).chain(on).collect())
        })
    }
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
