//! Types as written → types. Names of types are looked up through `Names`; what is wrong is told once and becomes [`Kind::Unknown`].

mod record;

use std::sync::Arc;

use flowbook_grammar::ast::{self, TypeArg, TypeKind};
use flowbook_stdlib::decimals;
use flowbook_stdlib::types::{Basis, Enumerator, Kind, Place, Shape, Type};
use flowbook_stdlib::value::Value;

use super::declared::Declared;
use super::suggest;
use crate::diagnostic::Diagnostic;

/// Types that need no declaration.
const BUILT_IN: &[&str] = &[
    "account",
    "bool",
    "country",
    "currency",
    "date",
    "datetime",
    "decimal",
    "email",
    "int",
    "money",
    "percent",
    "span",
    "territory",
    "text",
    "time",
    "uuid",
];

/// Where names in types are looked up.
pub(super) trait Names {
    /// A declared type.
    fn named(&mut self, path: &ast::Path, out: &mut Vec<Diagnostic>) -> Type;
    /// Whether a name is a resource of one record: `settings` in `money in settings.currency`.
    fn is_one(&self, name: &str) -> bool;
    /// The system whose types are read; empty for the flowbook's own.
    fn system(&self) -> &str;
}

/// Reads types.
pub(super) struct Reader<'r> {
    /// Names of types.
    pub names: &'r mut dyn Names,
    /// Findings.
    pub out: &'r mut Vec<Diagnostic>,
    /// In a connector: `money(unknown)` and `money(by …)` are allowed.
    pub connector: bool,
}

/// The type that is written in an expression or a parameter, once everything is declared.
pub fn read(declared: &Declared<'_>, ty: &ast::Type, out: &mut Vec<Diagnostic>) -> Type {
    Reader {
        names: &mut Known(declared),
        out,
        connector: false,
    }
    .ty(ty)
}

struct Known<'d>(&'d Declared<'d>);

impl Names for Known<'_> {
    fn named(&mut self, path: &ast::Path, out: &mut Vec<Diagnostic>) -> Type {
        let name = dotted(path);
        if let Some(ty) = self.0.types.get(&name) {
            return ty.clone();
        }
        let known = |name: &str| self.0.bad.iter().any(|bad| bad == name);
        if !known(&name) && !known(&path.words[0].text) {
            let systems: Vec<&str> = self.0.systems.iter().map(|one| &*one.name).collect();
            out.push(unknown(
                path,
                self.0.types.keys().map(String::as_str),
                &systems,
            ));
        }
        Type::new(Kind::Unknown)
    }

    fn is_one(&self, _: &str) -> bool {
        false
    }

    fn system(&self) -> &str {
        ""
    }
}

/// A type that nobody declares.
pub(super) fn unknown<'n>(
    path: &ast::Path,
    types: impl Iterator<Item = &'n str> + Clone,
    systems: &[&str],
) -> Diagnostic {
    let name = dotted(path);
    if let [system, _] = path.words.as_slice()
        && !systems.contains(&&*system.text)
    {
        return Diagnostic::error(
            "F0103",
            system.span,
            format!(
                "There is no system `{}` that a type could belong to.",
                system.text
            ),
        )
        .label("no system of this name")
        .maybe_help(suggest::help(
            &system.text,
            systems.iter().copied(),
            "Systems",
        ));
    }
    let all = types.clone().chain(BUILT_IN.iter().copied());
    let near = suggest::nearest(&name, all).map(str::to_owned).or_else(|| {
        // `Order` where `till.Order` is meant.
        let ends = |known: &&str| known.rsplit('.').next() == Some(&name);
        types.clone().find(ends).map(str::to_owned)
    });
    Diagnostic::error("F0103", path.span, format!("There is no type `{name}`."))
        .label("not declared")
        .maybe_help(match near {
            Some(near) => Some(format!("Did you mean `{near}`?")),
            None => suggest::help(&name, types, "Types"),
        })
}

/// `till.Order`
pub(super) fn dotted(path: &ast::Path) -> String {
    let words: Vec<&str> = path.words.iter().map(|word| &*word.text).collect();
    words.join(".")
}

/// The text of doc lines.
pub(super) fn doc(docs: &[ast::Doc]) -> String {
    let lines: Vec<&str> = docs.iter().map(|doc| &*doc.text).collect();
    lines.join("\n")
}

fn words(path: &ast::Path) -> Vec<Arc<str>> {
    path.words
        .iter()
        .map(|word| word.text.as_str().into())
        .collect()
}

impl Reader<'_> {
    /// A type.
    pub fn ty(&mut self, ty: &ast::Type) -> Type {
        self.field(ty, None)
    }

    /// A type; where it is a field's, the place of its money's flag goes to `flag`.
    fn field(&mut self, ty: &ast::Type, flag: Option<&mut Option<Place>>) -> Type {
        let mut read = match &ty.kind {
            TypeKind::Named(path, args) => match path.words.as_slice() {
                [word] if BUILT_IN.contains(&&*word.text) => self.built_in(word, args, ty, flag),
                _ => {
                    if !args.is_empty() {
                        self.out.push(
                            Diagnostic::error(
                                "F0104",
                                ty.span,
                                format!("`{}` takes nothing in brackets.", dotted(path)),
                            )
                            .label("only types such as `text(50)` do"),
                        );
                    }
                    self.names.named(path, self.out)
                }
            },
            TypeKind::Text(..) => self.union(std::slice::from_ref(ty)),
            TypeKind::Union(types) => self.union(types),
            TypeKind::List(item) => {
                let read = self.ty(item);
                if read.optional {
                    self.out.push(
                        Diagnostic::error("F0106", item.span, "Items of a list are never absent.")
                            .label("this may be absent")
                            .help("Lists drop what is absent: take the `?` away."),
                    );
                }
                Type::new(Kind::List(Box::new(read.present())))
            }
            TypeKind::Paren(inner) => self.field(inner, flag),
            TypeKind::Record(record) => Type::new(Kind::Record(Arc::new(self.shape("", record)))),
        };
        read.optional |= ty.optional;
        read
    }

    fn built_in(
        &mut self,
        word: &ast::Word,
        args: &[TypeArg],
        ty: &ast::Type,
        flag: Option<&mut Option<Place>>,
    ) -> Type {
        let kind = match (word.text.as_str(), args) {
            ("text", []) => Kind::Text(None),
            ("email", []) => Kind::Email(None),
            ("decimal", []) => Kind::Decimal(None),
            ("text", [TypeArg::Number(digits, span)]) => Kind::Text(self.length(digits, *span)),
            ("email", [TypeArg::Number(digits, span)]) => Kind::Email(self.length(digits, *span)),
            ("decimal", [TypeArg::Number(digits, span)]) => {
                Kind::Decimal(self.scale(digits, *span))
            }
            ("money", args) => return self.money(args, ty, flag),
            ("account", []) => Kind::Account,
            ("bool", []) => Kind::Bool,
            ("country", []) => Kind::Country,
            ("currency", []) => Kind::Currency,
            ("date", []) => Kind::Date,
            ("datetime", []) => Kind::DateTime,
            ("int", []) => Kind::Int,
            ("percent", []) => Kind::Percent,
            ("span", []) => Kind::Span,
            ("territory", []) => Kind::Territory,
            ("time", []) => Kind::Time,
            ("uuid", []) => Kind::Uuid,
            (name, _) => {
                let help = match name {
                    "text" | "email" => {
                        format!("Write `{name}` or, with the most characters, `{name}(50)`.")
                    }
                    "decimal" => {
                        "Write `decimal` or, with the most decimals, `decimal(2)`.".to_owned()
                    }
                    _ => format!("Write `{name}` alone."),
                };
                self.out.push(
                    Diagnostic::error(
                        "F0104",
                        ty.span,
                        format!("`{name}` does not take this in its brackets."),
                    )
                    .label("not understood")
                    .help(help),
                );
                Kind::Unknown
            }
        };
        Type::new(kind)
    }

    fn length(&mut self, digits: &str, span: flowbook_grammar::Span) -> Option<u32> {
        let length = digits.parse().ok().filter(|length| *length > 0);
        if length.is_none() {
            self.out.push(
                Diagnostic::error("F0104", span, format!("{digits} is no length of a text."))
                    .label("a whole number from 1"),
            );
        }
        length
    }

    fn scale(&mut self, digits: &str, span: flowbook_grammar::Span) -> Option<u8> {
        let scale = digits
            .parse()
            .ok()
            .filter(|scale: &u8| u32::from(*scale) <= decimals::MOST_DECIMALS);
        if scale.is_none() {
            self.out.push(
                Diagnostic::error("F0104", span, format!("{digits} is no number of decimals."))
                    .label(format!(
                        "a whole number from 0 to {}",
                        decimals::MOST_DECIMALS
                    )),
            );
        }
        scale
    }

    /// `money`, `money(incl, 2)`, `money(by parent.taxes_included, 4)`
    fn money(
        &mut self,
        args: &[TypeArg],
        ty: &ast::Type,
        flag: Option<&mut Option<Place>>,
    ) -> Type {
        let (basis, scale) = match args {
            [] => (None, None),
            [TypeArg::Number(digits, span)] => (None, self.scale(digits, *span)),
            [basis] => (Some(basis), None),
            [basis, TypeArg::Number(digits, span)] => (Some(basis), self.scale(digits, *span)),
            _ => {
                self.out.push(
                    Diagnostic::error(
                        "F0104",
                        ty.span,
                        "`money` does not take this in its brackets.",
                    )
                    .label("not understood")
                    .help("Write the basis, then the most decimals: `money(incl, 2)`."),
                );
                return Type::new(Kind::Unknown);
            }
        };
        let basis = match basis {
            None => Basis::Carried,
            Some(TypeArg::By(path)) => match flag {
                Some(flag) => {
                    let (place, text) = self.place(path);
                    *flag = Some(place);
                    Basis::By(text.into())
                }
                None => {
                    self.out.push(
                        Diagnostic::error(
                            "F0113",
                            ty.span,
                            "`money(by …)` says where a record keeps its flag, so it can only be the type of a record's field.",
                        )
                        .label("no field of a record")
                        .help("Write `money`: the value itself knows whether VAT is in it."),
                    );
                    Basis::Carried
                }
            },
            Some(TypeArg::Word(word)) => match word.text.as_str() {
                "incl" => Basis::Incl,
                "excl" => Basis::Excl,
                "vat" => Basis::Vat,
                "plain" => Basis::Plain,
                "unknown" if self.connector => Basis::Unknown,
                other => {
                    let help = if other == "unknown" {
                        Some(
                            "Only a connector may say that nobody knows. Write `money`.".to_owned(),
                        )
                    } else {
                        suggest::help(other, ["incl", "excl", "vat", "plain"], "Bases")
                    };
                    self.out.push(
                        Diagnostic::error(
                            "F0104",
                            word.span,
                            format!("`{other}` is no basis of money."),
                        )
                        .label("not understood")
                        .maybe_help(help),
                    );
                    return Type::new(Kind::Unknown);
                }
            },
            Some(TypeArg::Number(_, span)) => {
                self.out.push(
                    Diagnostic::error(
                        "F0104",
                        *span,
                        "The basis of money comes first, its decimals behind.",
                    )
                    .label("not understood")
                    .help("Write `money(incl, 2)`."),
                );
                return Type::new(Kind::Unknown);
            }
        };
        Type::new(Kind::Money(basis, scale))
    }

    /// Where a flag or a currency is read, and its text.
    fn place(&mut self, path: &ast::Path) -> (Place, String) {
        let text = dotted(path);
        match path.words.as_slice() {
            [first, rest @ ..] if first.text == "parent" && !rest.is_empty() => (
                Place::Parent(rest.iter().map(|word| word.text.as_str().into()).collect()),
                text,
            ),
            [first, rest @ ..] if !rest.is_empty() && self.names.is_one(&first.text) => {
                let system = self.names.system();
                let text = if system.is_empty() {
                    text
                } else {
                    format!("{system}.{text}")
                };
                (
                    Place::One(
                        first.text.as_str().into(),
                        rest.iter().map(|word| word.text.as_str().into()).collect(),
                    ),
                    text,
                )
            }
            _ => (Place::Own(words(path)), text),
        }
    }

    /// A closed set out of texts and other closed sets.
    fn union(&mut self, types: &[ast::Type]) -> Type {
        let mut names: Vec<Enumerator> = Vec::new();
        let mut optional = false;
        let mut sound = true;
        for ty in types {
            optional |= ty.optional;
            let more: Vec<Enumerator> = match &ty.kind {
                TypeKind::Text(text, wire) => vec![Enumerator {
                    name: text.text.as_str().into(),
                    wire: wire.as_ref().map(|wire| match wire {
                        ast::Wire::Text(text) => Value::Text(text.as_str().into()),
                        ast::Wire::Number(digits) => match digits.parse() {
                            Ok(number) => Value::Int(number),
                            Err(_) => decimals::parse(digits).map_or(Value::None, Value::Decimal),
                        },
                    }),
                }],
                _ => {
                    let read = self.ty(ty);
                    optional |= read.optional;
                    match read.kind {
                        Kind::OneOf(names) => names.to_vec(),
                        Kind::Unknown => {
                            sound = false;
                            continue;
                        }
                        kind => {
                            self.out.push(
                                Diagnostic::error(
                                    "F0106",
                                    ty.span,
                                    format!("`|` joins texts to a closed set; `{kind}` is none."),
                                )
                                .label("no text in quotes")
                                .help("A value that is of one type or another has no type here: take the wider of the two."),
                            );
                            sound = false;
                            continue;
                        }
                    }
                }
            };
            for name in more {
                if names.iter().any(|known| known.name == name.name) {
                    self.out.push(
                        Diagnostic::error(
                            "F0106",
                            ty.span,
                            format!("“{}” stands twice in this closed set.", name.name),
                        )
                        .label("again"),
                    );
                    continue;
                }
                let taken = names
                    .iter()
                    .find(|known| known.wire.is_some() && known.wire == name.wire);
                if let Some(taken) = taken {
                    self.out.push(
                        Diagnostic::error(
                            "F0106",
                            ty.span,
                            format!("“{}” and “{}” have one value on the wire, so it could not be read back.", taken.name, name.name),
                        )
                        .label("the same value behind `as`"),
                    );
                }
                names.push(name);
            }
        }
        let kind = if names.is_empty() || !sound {
            Kind::Unknown
        } else {
            Kind::OneOf(names.into())
        };
        Type { kind, optional }
    }
}

/// The type at a path, or the word that is no field and the fields that there are.
pub(super) fn walk(shape: &Shape, path: &[Arc<str>]) -> Result<Type, (String, Vec<Arc<str>>)> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(Type::new(Kind::Unknown));
    };
    let fields = || {
        shape
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect()
    };
    let (_, field) = shape
        .field(first)
        .ok_or_else(|| (first.to_string(), fields()))?;
    match (&field.ty.kind, rest) {
        (_, []) => Ok(field.ty.clone()),
        (Kind::Record(inner), rest) => walk(inner, rest),
        (Kind::Unknown, _) => Ok(field.ty.clone()),
        (_, [next, ..]) => Err((next.to_string(), Vec::new())),
    }
}

/// ` of `till.Order``
pub(super) fn of(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!(" of `{name}`")
    }
}
