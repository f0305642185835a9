//! The tree as short lines: one item, statement or field a line, expressions in brackets that show what binds to what.

use std::fmt::Write as _;

use flowbook_grammar::ast::*;

/// The whole file.
pub fn print(file: &File) -> String {
    let mut out = Out::default();
    for doc in &file.docs {
        out.line(&format!("doc {:?}", doc.text));
    }
    for item in &file.items {
        for doc in &item.docs {
            out.line(&format!("/// {}", doc.text));
        }
        out.item(&item.kind);
    }
    out.text
}

#[derive(Default)]
struct Out {
    text: String,
    depth: usize,
}

impl Out {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{}{text}", "  ".repeat(self.depth));
    }

    fn inside(&mut self, each: impl FnOnce(&mut Out)) {
        self.depth += 1;
        each(self);
        self.depth -= 1;
    }

    fn item(&mut self, item: &ItemKind) {
        match item {
            ItemKind::Use(path) => self.line(&format!("(use {:?})", path.text)),
            ItemKind::Zone(zone) => self.line(&format!("(zone {:?})", zone.text)),
            ItemKind::Retention(span) => {
                self.line(&format!("(retention {} {:?})", span.count, span.unit))
            }
            ItemKind::Set(set) => {
                self.line(&format!("(set {} {})", set.name.text, expr(&set.value)))
            }
            ItemKind::System(system) => self.line(&format!(
                "(system {} {}{})",
                system.name.text,
                system.connector.text,
                system
                    .options
                    .as_ref()
                    .map_or(String::new(), |options| format!(" {}", record(options)))
            )),
            ItemKind::Setting(setting) => self.line(&format!(
                "(setting {} {}{})",
                setting.name.text,
                ty(&setting.ty),
                setting
                    .default
                    .as_ref()
                    .map_or(String::new(), |value| format!(" {}", expr(value)))
            )),
            ItemKind::Type(def) => self.type_def(def),
            ItemKind::Extend(Extend::Type { path, fields }) => {
                self.line(&format!("extend type {}", dotted(path)));
                self.record_type(fields);
            }
            ItemKind::Extend(Extend::Map {
                name,
                params,
                record: fields,
            }) => {
                let params: Vec<&str> = params.iter().map(|param| param.text.as_str()).collect();
                self.line(&format!("extend map {} ({})", name.text, params.join(" ")));
                self.fields(fields);
            }
            ItemKind::Extend(Extend::Flow { name, block }) => {
                self.line(&format!("extend flow {}", name.text));
                self.block(block);
            }
            ItemKind::Table(table) => {
                let at = table
                    .at
                    .as_ref()
                    .map_or(String::new(), |at| format!(" at {}", at.text));
                self.line(&format!(
                    "table {} ({}){at} -> {}",
                    table.name.text,
                    params(&table.params),
                    ty(&table.result)
                ));
                for layer in &table.layers {
                    let optional = if layer.optional { " if there" } else { "" };
                    self.inside(|out| out.line(&format!("layer {:?}{optional}", layer.path.text)));
                }
                if let Some(rows) = &table.rows {
                    self.rows(rows);
                }
            }
            ItemKind::Map(map) => {
                let result = map
                    .result
                    .as_ref()
                    .map_or(String::new(), |result| format!(" -> {}", ty(result)));
                self.line(&format!(
                    "map {} ({}){result}",
                    map.name.text,
                    params(&map.params)
                ));
                match (&map.body.kind, map.braces) {
                    (ExprKind::Record(fields), true) => self.fields(fields),
                    _ => self.inside(|out| out.line(&expr(&map.body))),
                }
            }
            ItemKind::Flow(flow) => {
                self.line(&format!("flow {}", flow.name.text));
                self.block(&flow.block);
            }
            ItemKind::Test(test) => {
                self.line(&format!("test {:?}", test.title.text));
                self.inside(|out| {
                    for statement in &test.statements {
                        out.test(&statement.kind);
                    }
                });
            }
            ItemKind::Connector(connector) => {
                self.line(&format!("connector {}", connector.name.text));
                self.parts(&connector.parts);
            }
            ItemKind::Bad { name } => {
                self.line(&format!("(bad {:?})", name.as_ref().map(|name| &name.text)))
            }
        }
    }

    fn type_def(&mut self, def: &TypeDef) {
        match &def.ty.kind {
            TypeKind::Record(fields) => {
                self.line(&format!("type {}", def.name.text));
                self.record_type(fields);
            }
            _ => self.line(&format!("(type {} {})", def.name.text, ty(&def.ty))),
        }
    }

    fn record_type(&mut self, fields: &RecordType) {
        self.inside(|out| {
            for directive in &fields.directives {
                out.line(&self::directive(directive));
            }
            for field in &fields.fields {
                for doc in &field.docs {
                    out.line(&format!("/// {}", doc.text));
                }
                out.line(&field_type(field));
            }
        });
    }

    fn fields(&mut self, fields: &Record) {
        self.inside(|out| {
            for each in &fields.fields {
                out.line(&field(each));
            }
        });
    }

    fn rows(&mut self, rows: &Rows) {
        self.inside(|out| {
            for each in &rows.rows {
                out.line(&row(each));
            }
        });
    }

    fn block(&mut self, block: &Block) {
        self.inside(|out| {
            for statement in &block.statements {
                out.statement(&statement.kind);
            }
        });
    }

    fn statement(&mut self, statement: &StatementKind) {
        match statement {
            StatementKind::Every(span) => self.line(&format!("(every {})", time(span))),
            StatementKind::EveryDay(at) => self.line(&format!(
                "(every-day {})",
                at.as_ref().map_or(String::from("_"), literal)
            )),
            StatementKind::OnEvent(name) => self.line(&format!(
                "(on-event {:?})",
                name.as_ref().map(|name| &name.text)
            )),
            StatementKind::After(names) => {
                let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
                self.line(&format!("(after {})", names.join(" ")));
            }
            StatementKind::Prefer(name) => self.line(&format!("(prefer {})", name.text)),
            StatementKind::Wait(span) => self.line(&format!("(wait {})", time(span))),
            StatementKind::Read { name, from, mode } => {
                let mode = match mode {
                    ReadMode::New(None) => String::from("new"),
                    ReadMode::New(Some(from)) => format!("new from {}", expr(from)),
                    ReadMode::All => String::from("all"),
                    ReadMode::Gone => String::from("gone"),
                };
                self.line(&format!("(read {} {} {mode})", name.text, dotted(from)));
            }
            StatementKind::Where(value) => self.line(&format!("(where {})", expr(value))),
            StatementKind::Let(value) => self.line(&let_(value)),
            StatementKind::End { end, text, when } => self.line(&format!(
                "({} {} if {})",
                end_word(*end),
                expr(text),
                expr(when)
            )),
            StatementKind::If(when, block) => {
                self.line(&format!("if {}", expr(when)));
                self.block(block);
            }
            StatementKind::For {
                item,
                counter,
                list,
                block,
            } => {
                let counter = counter
                    .as_ref()
                    .map_or(String::new(), |counter| format!(", {}", counter.text));
                self.line(&format!("for {}{counter} in {}", item.text, expr(list)));
                self.block(block);
            }
            StatementKind::Confirm {
                left,
                right,
                within,
            } => {
                let within = within
                    .as_ref()
                    .map_or(String::new(), |within| format!(" within {}", expr(within)));
                self.line(&format!(
                    "(confirm {} = {}{within})",
                    expr(left),
                    expr(right)
                ));
            }
            StatementKind::Write(write) => {
                let target = match &write.target {
                    Target::In { name, path } => format!(
                        "{} in {}",
                        name.as_ref().map_or("_", |name| name.text.as_str()),
                        dotted(path)
                    ),
                    Target::Bound(name) => name.text.clone(),
                };
                let verb = match write.verb {
                    Verb::Create => "create",
                    Verb::Ensure => "ensure",
                    Verb::Update => "update",
                };
                self.line(&format!("{verb} {target}"));
                self.inside(|out| {
                    for clause in &write.clauses {
                        out.line(&match &clause.kind {
                            ClauseKind::By(by) => format!("by {}", key(by)),
                            ClauseKind::Via(via) => format!("via {}", call(via)),
                            ClauseKind::DoneIf(when) => format!("done if {}", expr(when)),
                        });
                    }
                });
                if let Some(fields) = &write.record {
                    self.fields(fields);
                }
            }
            StatementKind::Bad => self.line("(bad)"),
        }
    }

    fn test(&mut self, statement: &TestKind) {
        let text = match statement {
            TestKind::Set(set) => format!("(set {} {})", set.name.text, expr(&set.value)),
            TestKind::Now(now, _) => format!("(now {})", literal(now)),
            TestKind::GivenFrom(path, file) => {
                format!("(given {} from {:?})", dotted(path), file.text)
            }
            TestKind::GivenValue(path, value) => {
                format!("(given {} {})", dotted(path), expr(value))
            }
            TestKind::Answers(path, word) => {
                format!("(given {} answers {})", dotted(path), word.text)
            }
            TestKind::Matches(path, file) => {
                format!("(expect {} matches {:?})", dotted(path), file.text)
            }
            TestKind::Count {
                flow,
                end,
                count,
                reason,
            } => {
                let reason = reason
                    .as_ref()
                    .map_or(String::new(), |reason| format!(" {:?}", reason.text));
                format!("(expect {} {} {count}{reason})", flow.text, end.text)
            }
            TestKind::Has(path, count) => format!("(expect {} has {count})", dotted(path)),
            TestKind::NothingNew(path) => format!("(expect {} has nothing new)", dotted(path)),
            TestKind::Holds(value) => format!("(expect {})", expr(value)),
            TestKind::Bad => String::from("(bad)"),
        };
        self.line(&text);
    }

    fn parts(&mut self, parts: &[ConnectorPart]) {
        self.inside(|out| {
            for part in parts {
                match part {
                    ConnectorPart::Type(def, docs) => {
                        for doc in docs {
                            out.line(&format!("/// {}", doc.text));
                        }
                        out.type_def(def);
                    }
                    ConnectorPart::Answers(rows, _) => {
                        out.line("answers");
                        out.rows(rows);
                    }
                    ConnectorPart::Resource(resource) => {
                        for doc in &resource.docs {
                            out.line(&format!("/// {}", doc.text));
                        }
                        let word = if resource.sub { "sub" } else { "resource" };
                        out.line(&format!(
                            "{word} {}: {}",
                            resource.name.text, resource.ty.text
                        ));
                        out.parts(&resource.parts);
                    }
                    ConnectorPart::Directive(directive) => out.line(&self::directive(directive)),
                    ConnectorPart::Bad => out.line("(bad)"),
                }
            }
        });
    }
}

fn dotted(path: &Path) -> String {
    let words: Vec<&str> = path.words.iter().map(|word| word.text.as_str()).collect();
    words.join(".")
}

fn end_word(end: End) -> &'static str {
    match end {
        End::Fail => "fail",
        End::Skip => "skip",
        End::Wait => "wait",
    }
}

fn time(span: &TimeSpan) -> String {
    format!("{} {:?}", span.count, span.unit).to_lowercase()
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Date(text)
        | Literal::DateTime(text)
        | Literal::Time(text)
        | Literal::Number(text)
        | Literal::Country(text)
        | Literal::Currency(text) => text.clone(),
        Literal::Span(span) => time(span),
        Literal::Percent(points) => format!("{points}%"),
        Literal::Money(amount, basis) => format!("{amount}:{basis}"),
        Literal::Text(text) => format!("{text:?}"),
        Literal::Bool(value) => value.to_string(),
        Literal::None => String::from("none"),
        Literal::Clear => String::from("clear"),
    }
}

fn expr(value: &Expr) -> String {
    match &value.kind {
        ExprKind::Literal(value) => literal(value),
        ExprKind::Text(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| match part {
                    TextPart::Text(text) => format!("{text:?}"),
                    TextPart::Hole(hole) => expr(hole),
                })
                .collect();
            format!("(text {})", parts.join(" "))
        }
        ExprKind::Name(name) => name.clone(),
        ExprKind::Item(path) => format!(".{}", dotted(path)),
        ExprKind::Field(of, field) => format!("{}.{}", expr(of), field.text),
        ExprKind::Lookup(of, by) => format!("(lookup {} {})", expr(of), key(by)),
        ExprKind::Call(value) => call(value),
        ExprKind::Pipe(of, Stage::Call(value)) => format!("(pipe {} {})", expr(of), call(value)),
        ExprKind::Pipe(of, Stage::Item(path)) => format!("(pipe {} .{})", expr(of), dotted(path)),
        ExprKind::Else(left, right) => format!("(else {} {})", expr(left), expr(right)),
        ExprKind::If(when, then) => format!("(if {} {})", expr(when), expr(then)),
        ExprKind::End(end, text) => format!("({} {})", end_word(*end), expr(text)),
        ExprKind::Match(on, rows) => {
            let on: Vec<String> = on.iter().map(expr).collect();
            let rows: Vec<String> = rows.rows.iter().map(row).collect();
            format!("(match {} {})", on.join(" "), rows.join(" "))
        }
        ExprKind::Neg(of) => format!("(- {})", expr(of)),
        ExprKind::Not(of) => format!("(not {})", expr(of)),
        ExprKind::Binary(op, left, right) => {
            format!("({} {} {})", sign(*op), expr(left), expr(right))
        }
        ExprKind::Exists(of) => format!("(exists {})", expr(of)),
        ExprKind::Missing(of) => format!("(missing {})", expr(of)),
        ExprKind::List(elements) => {
            let elements: Vec<String> = elements.iter().map(element).collect();
            format!("[{}]", elements.join(" "))
        }
        ExprKind::Record(value) => record(value),
        ExprKind::Paren(of) => format!("(paren {})", expr(of)),
        ExprKind::Bad => String::from("(bad)"),
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::Eq => "=",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::In => "in",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
    }
}

fn element(element: &Element) -> String {
    match element {
        Element::One(value) => expr(value),
        Element::Spread(value) => format!("..{}", expr(value)),
        Element::For(each) => {
            let counter = each
                .counter
                .as_ref()
                .map_or(String::new(), |counter| format!(", {}", counter.text));
            let when = each
                .when
                .as_ref()
                .map_or(String::new(), |when| format!(" if {}", expr(when)));
            format!(
                "(for {}{counter} in {}{when} => {})",
                each.item.text,
                expr(&each.list),
                expr(&each.give)
            )
        }
    }
}

fn call(call: &Call) -> String {
    let mut out = format!("({}", call.name.text);
    for arg in &call.args {
        let name = arg
            .name
            .as_ref()
            .map_or(String::new(), |name| format!("{}: ", name.text));
        let _ = write!(out, " {name}{}", expr(&arg.value));
    }
    out.push(')');
    out
}

fn key(key: &Key) -> String {
    match key {
        Key::Link(of) => format!("(link {})", expr(of)),
        Key::Fields(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("{}={}", dotted(&field.field), expr(&field.value)))
                .collect();
            format!("[{}]", fields.join(" "))
        }
    }
}

fn record(record: &Record) -> String {
    let fields: Vec<String> = record.fields.iter().map(field).collect();
    format!("{{{}}}", fields.join("; "))
}

fn let_(value: &Let) -> String {
    let of = value
        .ty
        .as_ref()
        .map_or(String::new(), |of| format!(": {}", ty(of)));
    format!("(let {}{of} {})", value.name.text, expr(&value.value))
}

fn field(field: &Field) -> String {
    match &field.kind {
        FieldKind::Value(name, value) => format!("{}: {}", name.text, expr(value)),
        FieldKind::Spread(value) => format!("..{}", expr(value)),
        FieldKind::Let(value) => let_(value),
        FieldKind::OnCreate(when, fields) => {
            let when = when
                .as_ref()
                .map_or(String::new(), |when| format!(" or {}", expr(when)));
            format!("on create{when} {}", record(fields))
        }
        FieldKind::Bad => String::from("(bad)"),
    }
}

fn row(row: &Row) -> String {
    let mut out = String::from("<");
    if row.otherwise {
        out.push_str("otherwise");
    }
    let cells: Vec<String> = row.cells.iter().map(cell).collect();
    out.push_str(&cells.join(", "));
    for (word, day) in [("from", &row.from), ("until", &row.until)] {
        if let Some((day, _)) = day {
            let _ = write!(out, " {word} {}", literal(day));
        }
    }
    if let Some(when) = &row.when {
        let _ = write!(out, " if {}", expr(when));
    }
    let _ = write!(out, " => {}>", expr(&row.give));
    out
}

fn cell(cell: &Cell) -> String {
    let alternatives: Vec<String> = cell
        .alternatives
        .iter()
        .map(|alternative| match alternative {
            Alternative::Any => String::from("_"),
            Alternative::Compare(op, value, _) => format!("{}{}", sign(*op), literal(value)),
            Alternative::Range(from, to, _) => format!("{}..{}", literal(from), literal(to)),
            Alternative::Set(set, without) => {
                let without: String = without
                    .iter()
                    .map(|less| format!(" less {}", constant(less)))
                    .collect();
                format!("{}{without}", constant(set))
            }
        })
        .collect();
    alternatives.join(" | ")
}

fn constant(value: &Constant) -> String {
    match value {
        Constant::Literal(value, _) => literal(value),
        Constant::Name(name) => name.text.clone(),
    }
}

fn params(params: &[Param]) -> String {
    let params: Vec<String> = params
        .iter()
        .map(|param| format!("{}: {}", param.name.text, ty(&param.ty)))
        .collect();
    params.join(", ")
}

fn ty(of: &Type) -> String {
    let text = match &of.kind {
        TypeKind::Named(path, args) => {
            let args: Vec<String> = args
                .iter()
                .map(|arg| match arg {
                    TypeArg::By(path) => format!("by {}", dotted(path)),
                    TypeArg::Number(number, _) => number.clone(),
                    TypeArg::Word(word) => word.text.clone(),
                })
                .collect();
            if args.is_empty() {
                dotted(path)
            } else {
                format!("{}({})", dotted(path), args.join(", "))
            }
        }
        TypeKind::Text(text, wire) => {
            let wire = match wire {
                Some(Wire::Number(number)) => format!("={number}"),
                Some(Wire::Text(text)) => format!("={text:?}"),
                None => String::new(),
            };
            format!("{:?}{wire}", text.text)
        }
        TypeKind::Union(of) => {
            let of: Vec<String> = of.iter().map(ty).collect();
            format!("(or {})", of.join(" "))
        }
        TypeKind::List(of) => format!("[{}]", ty(of)),
        TypeKind::Paren(of) => format!("(paren {})", ty(of)),
        TypeKind::Record(fields) => {
            let all: Vec<String> = fields
                .directives
                .iter()
                .map(directive)
                .chain(fields.fields.iter().map(field_type))
                .collect();
            format!("{{{}}}", all.join("; "))
        }
    };
    if of.optional {
        format!("{text}?")
    } else {
        text
    }
}

fn field_type(field: &FieldType) -> String {
    let mut out = format!("{}: {}", field.name.text, ty(&field.ty));
    for flag in &field.flags {
        out.push(' ');
        out.push_str(&match &flag.kind {
            FlagKind::Word(word) => word.clone(),
            FlagKind::Default(value) => format!("={}", literal(value)),
            FlagKind::From(path) => format!("from {:?}", path.text),
            FlagKind::As(word) => format!("as {}", word.text),
            FlagKind::Reads(path) => format!("reads {}", dotted(path)),
            FlagKind::Writes(path) => format!("writes {}", dotted(path)),
        });
    }
    out
}

fn directive(directive: &Directive) -> String {
    let mut out = format!("({}", directive.word.text);
    for arg in &directive.args {
        out.push(' ');
        out.push_str(&match arg {
            DirectiveArg::Path(path) => dotted(path),
            DirectiveArg::Text(text) => expr(text),
            DirectiveArg::Number(number, _) => number.clone(),
            DirectiveArg::Span(span) => time(span),
            DirectiveArg::List(of, _) => {
                let of: Vec<String> = of.iter().map(expr).collect();
                format!("[{}]", of.join(" "))
            }
            DirectiveArg::Params(of, _) => format!("({})", params(of)),
        });
    }
    if let Some(field) = &directive.field {
        let _ = write!(out, " <{}>", field_type(field));
    }
    if let Some(options) = &directive.options {
        let _ = write!(out, " {}", record(options));
    }
    out.push(')');
    out
}
