//! Record types: fields, what stands behind their types, and where flags and currencies are.

use flowbook_grammar::ast::{self, FlagKind, TypeArg, TypeKind};
use flowbook_stdlib::types::{Field, Form, Kind, Place, Shape, Type};

use super::{Reader, doc, dotted, of, walk, words};
use crate::check::{constant, suggest};
use crate::diagnostic::Diagnostic;

impl Reader<'_> {
    /// `{ field: type flags, money in … }`
    pub fn shape(&mut self, name: &str, record: &ast::RecordType) -> Shape {
        let mut shape = Shape {
            name: name.into(),
            fields: Vec::new(),
            money_in: None,
        };
        for directive in &record.directives {
            self.directive(directive, &mut shape);
        }
        self.fields(&mut shape, &record.fields);
        self.own_currency(&shape, record);
        self.own_flags(&shape, &record.fields);
        shape
    }

    /// Reads fields onto the end of a shape.
    pub fn fields<'f>(
        &mut self,
        shape: &mut Shape,
        fields: impl IntoIterator<Item = &'f ast::FieldType>,
    ) {
        for field in fields {
            if shape.field(&field.name.text).is_some() {
                let name = &field.name.text;
                let whose = match &*shape.name {
                    "" => "This record".to_owned(),
                    shape => format!("`{shape}`"),
                };
                self.out.push(
                    Diagnostic::error(
                        "F0110",
                        field.name.span,
                        format!("{whose} has a field `{name}` already."),
                    )
                    .label("again"),
                );
                continue;
            }
            let read = self.record_field(field);
            shape.fields.push(read);
        }
    }

    fn directive(&mut self, directive: &ast::Directive, shape: &mut Shape) {
        let args = directive.args.as_slice();
        if directive.word.text == "money"
            && directive.options.is_none()
            && directive.field.is_none()
            && let [ast::DirectiveArg::Path(word), ast::DirectiveArg::Path(path)] = args
            && dotted(word) == "in"
        {
            if shape.money_in.is_some() {
                self.out.push(
                    Diagnostic::error(
                        "F0153",
                        directive.span,
                        "`money in` stands twice in this record.",
                    )
                    .label("again"),
                );
            }
            shape.money_in = Some(self.place(path).0);
            return;
        }
        self.out.push(
            Diagnostic::error("F0150", directive.span, "This is neither a field nor `money in FIELD`.")
                .label("not understood")
                .help("A field has a colon: `name: text`. The currency of a record's money is said by `money in currency`."),
        );
    }

    /// A currency in the record itself must be there.
    fn own_currency(&mut self, shape: &Shape, record: &ast::RecordType) {
        for directive in &record.directives {
            if let [_, ast::DirectiveArg::Path(path)] = directive.args.as_slice()
                && matches!(shape.money_in, Some(Place::Own(_)))
            {
                self.own_place(shape, path, &Kind::Currency);
            }
        }
    }

    /// Flags in the record itself must be there and be flags.
    pub fn own_flags<'f>(
        &mut self,
        shape: &Shape,
        fields: impl IntoIterator<Item = &'f ast::FieldType>,
    ) {
        for field in fields {
            if let Some((_, read)) = shape.field(&field.name.text)
                && let (Some(Place::Own(_)), Some(path)) = (&read.flag, flag_path(&field.ty))
            {
                self.own_place(shape, path, &Kind::Bool);
            }
        }
    }

    fn own_place(&mut self, shape: &Shape, path: &ast::Path, wanted: &Kind) {
        let what = if *wanted == Kind::Bool {
            "a flag"
        } else {
            "a currency"
        };
        match walk(shape, &words(path)) {
            Ok(ty) if ty.kind == *wanted || ty.kind == Kind::Unknown => {}
            Ok(ty) => self.out.push(
                Diagnostic::error(
                    "F0111",
                    path.span,
                    format!("`{}` is `{ty}`, not {what}.", dotted(path)),
                )
                .label(format!("not `{wanted}`")),
            ),
            Err((word, fields)) => self.out.push(
                Diagnostic::error(
                    "F0111",
                    path.span,
                    format!(
                        "There is no field `{word}`{} that could be {what}.",
                        of(&shape.name)
                    ),
                )
                .label("no such field")
                .maybe_help(suggest::help(
                    &word,
                    fields.iter().map(|name| &**name),
                    "Fields",
                )),
            ),
        }
    }

    fn record_field(&mut self, field: &ast::FieldType) -> Field {
        let mut flag = None;
        let ty = self.field(&field.ty, Some(&mut flag));
        let mut read = Field::plain(&field.name.text, ty);
        read.flag = flag;
        read.doc = doc(&field.docs).into();
        let mut wrote = false;
        for flag in &field.flags {
            match &flag.kind {
                FlagKind::Word(word) => {
                    let known = match word.as_str() {
                        "required" => &mut read.required,
                        "readonly" => &mut read.readonly,
                        "writeonly" => &mut read.writeonly,
                        "personal" => &mut read.personal,
                        "secret" => &mut read.secret,
                        other => {
                            self.out.push(
                                Diagnostic::error(
                                    "F0107",
                                    flag.span,
                                    format!("`{other}` says nothing about a field."),
                                )
                                .label("not understood")
                                .maybe_help(suggest::help(
                                    other,
                                    ["required", "readonly", "writeonly", "personal", "secret"],
                                    "Words behind a field's type",
                                )),
                            );
                            continue;
                        }
                    };
                    if std::mem::replace(known, true) {
                        self.out.push(
                            Diagnostic::error(
                                "F0107",
                                flag.span,
                                format!("`{word}` stands twice."),
                            )
                            .label("again"),
                        );
                    }
                }
                FlagKind::Default(literal) => {
                    match constant::of_literal(literal, flag.span, &read.ty) {
                        Ok(value) => read.default = Some(value),
                        Err(unfit) => self.out.push(
                            Diagnostic::error("F0109", unfit.span, unfit.message)
                                .label(format!("not {}", constant::a(&read.ty)))
                                .maybe_help(unfit.help),
                        ),
                    }
                }
                FlagKind::From(path) => {
                    read.reads = path.text.split('.').map(Into::into).collect();
                    if path.text.split('.').any(str::is_empty) {
                        self.out.push(
                            Diagnostic::error(
                                "F0107",
                                path.span,
                                format!("“{}” is no path in a record.", path.text),
                            )
                            .label("words with dots between them")
                            .help("Write it as in `from \"customer.clubcomment\"`."),
                        );
                    }
                }
                FlagKind::Reads(path) => {
                    read.reads = words(path);
                    if read.writes.is_none() {
                        read.writes = Some(vec![field.name.text.as_str().into()]);
                    }
                }
                FlagKind::Writes(path) => {
                    read.writes = Some(words(path));
                    wrote = true;
                }
                FlagKind::As(word) => read.form = self.form(word, &read.ty),
            }
        }
        self.contradictions(field, &read, wrote);
        read
    }

    fn form(&mut self, word: &ast::Word, ty: &Type) -> Form {
        let allowed: &[&str] = match &ty.kind {
            Kind::Percent => &["points", "fraction", "text"],
            Kind::Account => &["number", "text"],
            Kind::Int | Kind::Decimal(_) | Kind::Money(..) => &["text"],
            Kind::Unknown => return Form::Plain,
            _ => &[],
        };
        if allowed.contains(&&*word.text) {
            return match word.text.as_str() {
                "points" => Form::Points,
                "fraction" => Form::Fraction,
                "number" => Form::Number,
                _ => Form::Text,
            };
        }
        self.out.push(
            Diagnostic::error(
                "F0107",
                word.span,
                format!(
                    "`as {}` is no way in which {} stands on the wire.",
                    word.text,
                    constant::a(ty)
                ),
            )
            .label("not understood")
            .maybe_help(if allowed.is_empty() {
                Some("Only percentages, accounts and numbers have a choice.".to_owned())
            } else {
                suggest::help(&word.text, allowed.iter().copied(), "Ways")
            }),
        );
        Form::Plain
    }

    fn contradictions(&mut self, field: &ast::FieldType, read: &Field, wrote: bool) {
        let name = &field.name.text;
        let clash = if read.readonly && read.writeonly {
            Some("`readonly` and `writeonly` together leave nothing to do with it")
        } else if read.readonly && read.required {
            Some("`readonly` forbids what `required` asks for")
        } else if read.readonly && wrote {
            Some("`readonly` forbids what `writes` describes")
        } else if read.writeonly && !read.reads.is_empty() {
            Some("`writeonly` says that it never comes back, and it says where it is read")
        } else if read.required && read.default.is_some() {
            Some("`required` demands a value and `= …` gives one when it is left out")
        } else {
            None
        };
        if let Some(clash) = clash {
            self.out.push(
                Diagnostic::error(
                    "F0108",
                    field.span,
                    format!("The field `{name}` contradicts itself: {clash}."),
                )
                .label("take one of the two away"),
            );
        }
    }
}

/// The path behind `by` of a field's type.
fn flag_path(ty: &ast::Type) -> Option<&ast::Path> {
    match &ty.kind {
        TypeKind::Named(_, args) => args.iter().find_map(|arg| match arg {
            TypeArg::By(path) => Some(path),
            _ => None,
        }),
        TypeKind::Paren(inner) => flag_path(inner),
        _ => None,
    }
}
