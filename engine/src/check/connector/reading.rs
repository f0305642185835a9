//! Lines of a resource that say how records are found: `changed`, `growing`, `filter`, `find`, `webhook`.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, Directive};
use flowbook_stdlib::types::Kind;

use super::args::{Args, OF_RESOURCE, options_of};
use super::options::{Options, seconds};
use super::resource::Maker;
use crate::check::types::dotted;
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Find, How, Reading, Webhook};

impl Maker<'_, '_> {
    pub(super) fn changed(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let word = args.word("a field");
        let by_order = args.keyword("by_order");
        args.done();
        let Some(word) = word else { return };
        if !by_order && self.connector.odata.is_none() {
            self.out.push(
                Diagnostic::error("F0160", directive.span, "What has changed is asked by an OData filter, which the connector does not have.")
                    .label("no way to ask")
                    .help("Declare `filter odata { … }` in the connector, or read newest first: `changed F by_order`."),
            );
        }
        let pages = self.connector.pages.as_ref();
        let down = pages.is_some_and(|pages| pages.order.is_some() && pages.descending.is_some());
        if by_order && !down && !self.odata_orders() {
            self.out.push(
                Diagnostic::error("F0160", directive.span, "`by_order` reads newest first, and the connector does not say how a list is asked for in that order.")
                    .label("no way to ask")
                    .help("Add `order: \"…\"` and `descending: \"…\"` to `pages`, or `order: \"…\"` to `filter odata`. A list that has no order is read with `whole`."),
            );
        }
        if let Some(field) = self.time(word) {
            self.made.reading = Reading::Changed { field, by_order };
        }
    }

    pub(super) fn growing(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let word = args.word("a field");
        let mut param = None;
        let mut odata = false;
        if args.keyword("with")
            && let Some(with) = args.word("`odata` or a query parameter")
        {
            odata = with.text == "odata";
            param = (!odata).then(|| with.text.clone());
        }
        let mut window_s = 0;
        if args.keyword("window")
            && let Some(span) = args.span("a span of time")
        {
            window_s = seconds(span);
        }
        args.done();
        if odata && self.connector.odata.is_none() {
            self.no_odata(directive.span);
        }
        let Some(word) = word else { return };
        if let Some(field) = self.time(word) {
            self.made.reading = Reading::Growing {
                field,
                param,
                odata,
                window_s,
            };
        }
    }

    fn odata_orders(&self) -> bool {
        let odata = self.connector.odata.as_ref();
        odata.is_some_and(|odata| odata.order.is_some())
    }

    /// `order F`: the connector must say by which parameter.
    pub(super) fn ordered(&mut self, span: Span) {
        let pages = self.connector.pages.as_ref();
        if !self.odata_orders() && pages.is_none_or(|pages| pages.order.is_none()) {
            self.out.push(
                Diagnostic::error("F0160", span, "`order` names a field, and the connector does not say by which parameter a list is ordered.")
                    .label("no way to ask")
                    .help("Add `order: \"…\"` to `pages` or to `filter odata`; where the system takes no order, take `order` away here."),
            );
        }
    }

    fn no_odata(&mut self, span: Span) {
        self.out.push(
            Diagnostic::error(
                "F0159",
                span,
                "`odata` needs `filter odata { … }` in the connector.",
            )
            .label("the connector has no OData filter"),
        );
    }

    pub(super) fn filter(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let word = args.word("a field");
        if !args.keyword("with") {
            args.misread(
                directive.span,
                "`filter` names a field and the query parameter that asks for it.",
            );
            return;
        }
        let param = args.word("a query parameter");
        args.done();
        if let (Some(field), Some(param)) = (word.and_then(|word| self.field(word)), param) {
            self.made.filters.push((field, param.text.clone()));
        }
    }

    /// `find by F with odata else scan CREATED`
    pub(super) fn find(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        if !args.keyword("by") {
            args.misread(directive.span, "`find` says by which field.");
            return;
        }
        let paths = args.paths("a field");
        let mut ways: Vec<Way<'_>> = Vec::new();
        loop {
            if args.keyword("with") {
                ways.extend(
                    args.word("a way: `odata`, `index`, `list` or a query parameter")
                        .map(Way::With),
                );
            } else if args.keyword("scan") {
                ways.extend(args.word("the field of the creation time").map(Way::Scan));
            } else {
                args.misread(directive.span, "`find` says how the record is found.");
                return;
            }
            if !args.keyword("else") {
                break;
            }
        }
        args.done();
        let mut how = Vec::new();
        for way in ways {
            match way {
                Way::With(word) => match word.text.as_str() {
                    "odata" => {
                        if self.connector.odata.is_none() {
                            self.no_odata(word.span);
                        }
                        how.push(How::Odata);
                    }
                    "index" => how.push(How::Index),
                    "list" => {
                        if self.parent.is_none() {
                            self.out.push(
                                Diagnostic::error("F0159", word.span, "`with list` means the parent's own list; this resource has no parent.")
                                    .label("not a `sub`")
                                    .help("Write `with index`: the whole list is read once a run."),
                            );
                        }
                        how.push(How::ParentList);
                    }
                    param => how.push(How::Param(param.to_owned())),
                },
                Way::Scan(word) => how.extend(self.time(word).map(How::Scan)),
            }
        }
        if how.iter().any(|way| matches!(way, How::Param(_))) && paths.len() > 1 {
            self.out.push(
                Diagnostic::error(
                    "F0159",
                    directive.span,
                    "One query parameter cannot ask for several fields.",
                )
                .label("several fields")
                .help("Write `with index`, or name one field."),
            );
        }
        let mut fields = Vec::new();
        for path in &paths {
            let Some((field, ty)) = self.deep_field(path) else {
                return;
            };
            if matches!(ty.kind, Kind::Record(_) | Kind::List(_) | Kind::Money(..)) {
                self.out.push(
                    Diagnostic::error(
                        "F0159",
                        path.span,
                        format!("`{}` is `{ty}`, which is no key.", dotted(path)),
                    )
                    .label("no key")
                    .help("A key is a text, a number, a date, a code or a UUID."),
                );
            }
            fields.push(field);
        }
        if self.made.finds.iter().any(|known| known.fields == fields) {
            self.out.push(
                Diagnostic::error(
                    "F0153",
                    directive.span,
                    "How a record is found by this field is said twice.",
                )
                .label("again"),
            );
            return;
        }
        self.made.finds.push(Find { fields, how });
    }

    pub(super) fn webhook(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let events = args.texts("names of events in brackets");
        args.finished();
        let mut options = Options::of(directive, self.out);
        options.need("id", self.out);
        let id = options.wire("id", self.out);
        let secret = options.wire("secret", self.out);
        options.done(options_of("webhook"), self.out);
        self.made.webhook = Some(Webhook {
            events,
            id: id.unwrap_or_default(),
            secret,
        });
    }

    /// A `unique` field that nothing finds by is a key for a create all the same: that it is taken is the answer.
    pub(super) fn answered(&mut self) {
        for at in self.made.unique.clone() {
            let fields = vec![vec![at]];
            if self.made.key != Some(at)
                && self.made.finds.iter().all(|known| known.fields != fields)
            {
                self.made.finds.push(Find {
                    fields,
                    how: Vec::new(),
                });
            }
        }
    }

    /// What is read whole is found by every simple field, out of the list that is read anyway.
    pub(super) fn whole(&mut self) {
        if self.made.reading != Reading::Whole || self.made.list.is_none() {
            return;
        }
        for (at, field) in self.made.shape.fields.iter().enumerate() {
            let Ok(at) = u16::try_from(at) else { break };
            let simple = !matches!(
                field.ty.kind,
                Kind::Record(_) | Kind::List(_) | Kind::Money(..) | Kind::Unknown
            );
            let fields = vec![vec![at]];
            if simple
                && !field.writeonly
                && self.made.key != Some(at)
                && self.made.finds.iter().all(|known| known.fields != fields)
            {
                self.made.finds.push(Find {
                    fields,
                    how: vec![How::Index],
                });
            }
        }
    }
}

/// A way of finding, as written.
enum Way<'a> {
    With(&'a ast::Word),
    Scan(&'a ast::Word),
}
