//! The expressions of one item (a map, a flow, a test, a table): its names, what is known to be there, and every expression's type.
//!
//! In: the tree of an expression and the type that its place expects, where known. Out: a checked expression. A misfit is reported once and
//! becomes [`Kind::Unknown`].

use std::sync::Arc;

use flowbook_grammar::{Span, ast};
use flowbook_stdlib::types::{Kind, Shape, Type};
use flowbook_stdlib::value::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use super::narrow::Fact;
use super::{Checker, Name};
use crate::checked::{Expr, ExprKind, First, Local, LocalIx};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::ResourceIx;

/// An item's scope.
pub(crate) struct Body<'c, 'a> {
    /// What the item is checked against.
    pub checker: &'c Checker<'a>,
    /// All names of the item, and those that the checker made.
    pub locals: Vec<Local>,
    /// Names in scope, innermost last.
    names: Vec<(String, LocalIx)>,
    /// Paths that are known to be there, innermost last.
    pub(super) facts: Vec<Fact>,
    /// Locals bound in an `if` block that is over.
    pub(super) optional: FxHashSet<LocalIx>,
    /// Items of the list functions whose arguments are being checked, innermost last.
    pub(super) items: Vec<LocalIx>,
    /// The next expression may be `clear`.
    pub(super) clear: bool,
    /// Holes may be absent: in the text of `fail`, `skip` and `wait`.
    pub(super) lenient: bool,
    /// Resources that locals' records belong to.
    pub(super) origins: FxHashMap<LocalIx, ResourceIx>,
    /// Locals that text names.
    used: FxHashSet<LocalIx>,
    /// Locals bound by `let`.
    lets: Vec<LocalIx>,
    /// Names that text asked for in vain, or twice: a `let` of that name is not also told to be unused.
    missed: FxHashSet<String>,
}

/// How far names and narrowing went when a block was entered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    names: usize,
    facts: usize,
}

/// A key of a resource.
#[derive(Debug, Clone)]
pub(crate) struct KeyOf {
    /// Number of the resource's find; none: the resource's key.
    pub find: Option<u16>,
    /// The key's fields.
    pub fields: Vec<Vec<u16>>,
    /// Their values; none for the literal `none`.
    pub values: Vec<Option<Expr>>,
}

/// What a record is given.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// Lets and spread records, in order.
    pub lets: Vec<(LocalIx, Expr)>,
    /// Fields, in text order.
    pub fields: Vec<GivenField>,
    /// What the fields' numbers count in: `of`, where it was given; else the fields themselves.
    pub shape: Arc<Shape>,
}

/// A field that a record is given.
#[derive(Debug, Clone)]
pub(crate) struct GivenField {
    /// Its position in the shape.
    pub field: u16,
    /// Its value, laid out as the field's type is.
    pub value: Expr,
    /// The value's type before that: a record's has the fields that were written down, no others. Requiredness goes by this.
    pub came: Type,
    /// When it is written.
    pub first: First,
    /// Where it is given: its name, or the spread.
    pub span: Span,
}

impl<'c, 'a> Body<'c, 'a> {
    /// An empty scope.
    pub fn new(checker: &'c Checker<'a>) -> Body<'c, 'a> {
        Body {
            checker,
            locals: Vec::new(),
            names: Vec::new(),
            facts: Vec::new(),
            optional: FxHashSet::default(),
            items: Vec::new(),
            clear: false,
            lenient: false,
            origins: FxHashMap::default(),
            used: FxHashSet::default(),
            lets: Vec::new(),
            missed: FxHashSet::default(),
        }
    }

    /// Something that was complained about.
    pub fn nothing(span: Span) -> Expr {
        Expr {
            kind: ExprKind::Const(Value::None),
            ty: super::unknown(),
            span,
        }
    }

    /// Names a value; a name that is taken is reported.
    pub fn bind(&mut self, word: &ast::Word, ty: Type) -> LocalIx {
        self.taken(word);
        self.parameter(word, ty)
    }

    /// Names a parameter; one that is taken was told with the declaration.
    pub fn parameter(&mut self, word: &ast::Word, ty: Type) -> LocalIx {
        let local = self.hidden(ty, word.span);
        self.locals[local as usize].name = word.text.clone();
        self.names.push((word.text.clone(), local));
        local
    }

    /// Another name for a local: a parameter as `extend map` calls it.
    pub(super) fn alias(&mut self, word: &ast::Word, local: LocalIx) {
        self.taken(word);
        self.names.push((word.text.clone(), local));
    }

    /// Takes down a name that text asked for in vain.
    pub(super) fn missed(&mut self, name: &str) {
        self.missed.insert(name.to_owned());
    }

    fn taken(&mut self, word: &ast::Word) {
        let declared = self.checker.declared;
        let (what, span) = if let Some(local) = self.named(&word.text) {
            ("value", Some(self.locals[local as usize].span))
        } else if let Some(setting) = declared.settings.get(&word.text) {
            ("setting", Some(setting.item.name.span))
        } else if let Some(system) = declared.systems.iter().find(|one| one.name == word.text) {
            ("system", Some(system.span))
        } else if super::places::is_set(&word.text) {
            ("set of places", None)
        } else {
            return;
        };
        let mut found = Diagnostic::error(
            "F0302",
            word.span,
            format!("The name `{}` is taken: there is a {what} of that name, and no name ever hides another.", word.text),
        )
        .label("the same name again")
        .help("Choose another name.");
        if let Some(span) = span.filter(|span| *span != word.span) {
            found = found.related(span, format!("the {what}"));
        }
        self.checker.report(found);
        self.missed(&word.text);
    }

    /// A local without a name.
    pub fn hidden(&mut self, ty: Type, span: Span) -> LocalIx {
        let local = self.locals.len() as LocalIx;
        self.locals.push(Local {
            name: String::new(),
            ty,
            span,
        });
        local
    }

    /// The local of a name in scope.
    pub(super) fn named(&self, name: &str) -> Option<LocalIx> {
        self.names
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, local)| *local)
    }

    /// Names in scope.
    pub(super) fn in_scope(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }

    /// A local's value, as present as is known here.
    pub fn local(&self, local: LocalIx, span: Span) -> Expr {
        let mut ty = self.locals[local as usize].ty.clone();
        ty.optional |= self.optional.contains(&local);
        Expr {
            kind: ExprKind::Local(local),
            ty,
            span,
        }
    }

    /// Takes down that text names a local.
    pub(super) fn uses(&mut self, local: LocalIx) {
        self.used.insert(local);
    }

    /// Hides all names, for text that does not see them.
    pub(super) fn hide(&mut self) -> Vec<(String, LocalIx)> {
        std::mem::take(&mut self.names)
    }

    /// Ends [`Body::hide`].
    pub(super) fn unhide(&mut self, names: Vec<(String, LocalIx)>) {
        self.names = names;
    }

    /// Begins a block.
    pub fn enter(&mut self) -> Mark {
        Mark {
            names: self.names.len(),
            facts: self.facts.len(),
        }
    }

    /// Ends a block: its names and what it took for granted are forgotten. Gives the locals whose names went out of scope.
    pub fn leave(&mut self, mark: Mark) -> Vec<LocalIx> {
        self.facts.truncate(mark.facts);
        self.names
            .split_off(mark.names.min(self.names.len()))
            .into_iter()
            .map(|(_, local)| local)
            .collect()
    }

    /// A name that was bound in an `if` block is still known after it, and may be absent.
    pub fn optional_from(&mut self, local: LocalIx) {
        self.optional.insert(local);
        if !self.names.iter().any(|(_, known)| *known == local) {
            let name = self.locals[local as usize].name.clone();
            if !name.is_empty() {
                self.names.push((name, local));
            }
        }
    }

    /// `let x = e`: the local, and its value. A typed one takes what its type takes.
    pub fn data(&mut self, let_: &ast::Let) -> (LocalIx, Expr) {
        let ty = let_.ty.as_ref().map(|ty| self.checker.read_type(ty));
        let value = match &ty {
            Some(ty) => self.fitted(&let_.value, ty, &format!("`{}`", let_.name.text)),
            None => self.expr(&let_.value, None),
        };
        let local = self.bind(&let_.name, value.ty.clone());
        if let Some(resource) = self.resource_of(&value) {
            self.origins.insert(local, resource);
        }
        self.lets.push(local);
        (local, value)
    }

    /// Tells the lets that nothing uses. Called once, when the item is through.
    pub fn unused(&self) {
        for local in &self.lets {
            let Local { name, span, .. } = &self.locals[*local as usize];
            if !self.used.contains(local)
                && !self.missed.contains(name)
                && self.checker.sources.file(span.file).own
            {
                self.checker.report(
                    Diagnostic::warning("F0384", *span, format!("Nothing uses `{name}`."))
                        .label("computed for nothing")
                        .help("Take the `let` away, or use the name."),
                );
            }
        }
    }

    /// An expression that must fit; `place` completes "… does not go into {place}": "`Name` of books.Customer". Of a vendor's record the
    /// fields may be missing that nothing gives; whether one is required is for the step to say.
    pub fn fitted(&mut self, expr: &ast::Expr, to: &Type, place: &str) -> Expr {
        let value = self.expr(expr, Some(to));
        if !self.fits(&value, to, place) {
            return Expr {
                ty: super::unknown(),
                ..value
            };
        }
        self.settled(value, to)
    }

    /// A condition: a bool that is there.
    pub fn condition(&mut self, expr: &ast::Expr) -> Expr {
        let value = self.expr(expr, Some(&Type::new(Kind::Bool)));
        match &value.ty.kind {
            Kind::Unknown | Kind::Never => {}
            Kind::Bool if !value.ty.optional => {}
            Kind::Bool => {
                let text = self.checker.text(expr.span);
                self.checker.report(
                    Diagnostic::error("F0317", expr.span, format!("This condition, `{text}`, may be absent, and then it would be neither true nor false."))
                        .label("may be absent")
                        .help(format!("Say what absence means: `{text} else false`.")),
                );
            }
            _ => {
                let text = self.checker.text(expr.span);
                let ty = super::misfit::a(&value.ty);
                let help = match (&value.ty.optional, &value.ty.kind) {
                    (true, _) => Some(format!(
                        "To ask whether it is there, write `{text} exists`."
                    )),
                    (_, Kind::List(_)) => Some(format!(
                        "To ask whether it has items, write `{text} != []`."
                    )),
                    _ => None,
                };
                self.checker.report(
                    Diagnostic::error(
                        "F0318",
                        expr.span,
                        format!("A condition is true or false; `{text}` is {ty}."),
                    )
                    .label("no condition")
                    .maybe_help(help),
                );
            }
        }
        value
    }

    /// Takes down that a setting, a map, a table is used.
    pub(super) fn used_name(&self, name: Name) {
        self.checker.uses(name);
    }
}
