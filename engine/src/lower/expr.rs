//! Expressions → nodes. Maps are inlined, settings are constants, what a constant condition rules out is not lowered at all.

use flowbook_stdlib::value::Value;

use super::builder::Builder;
use crate::checked::{self, Expr, ExprKind, LocalIx};
use crate::plan::{Arg, Element, NodeIx, Op, PlaceIx, Question};

impl<'b> Builder<'b, '_> {
    /// The node of an expression.
    pub(super) fn expr(&mut self, expr: &'b Expr) -> NodeIx {
        let place = self.place(expr.span);
        if self.shared.full() {
            return self.constant(Value::None, place);
        }
        match &expr.kind {
            ExprKind::Const(value) => self.constant(value.clone(), place),
            ExprKind::Setting(setting) => {
                let value = self.shared.settings.get(*setting as usize).cloned();
                self.constant(value.unwrap_or(Value::None), place)
            }
            ExprKind::Local(local) => self.local(*local, place),
            ExprKind::Field(of, field) => {
                let of = self.expr(of);
                self.get(of, *field, place)
            }
            ExprKind::Money {
                amount,
                currency,
                flag,
            } => {
                let amount = self.expr(amount);
                if self.is_none(amount) {
                    return amount;
                }
                let currency = currency.as_deref().map(|expr| self.expr(expr));
                let flag = flag.as_deref().map(|expr| self.expr(expr));
                let op = Op::Money {
                    amount,
                    currency,
                    flag,
                };
                self.push(op, place)
            }
            ExprKind::Find {
                resource,
                find,
                fields,
                key,
            } => {
                let key: Vec<NodeIx> = key.iter().map(|expr| self.expr(expr)).collect();
                if key.iter().any(|node| self.is_none(*node)) {
                    return self.constant(Value::None, place); // an absent key is not asked
                }
                let what = Question::Find {
                    find: *find,
                    fields: fields.clone(),
                    key,
                };
                self.hit(what, *resource, place)
            }
            ExprKind::Link {
                resource,
                of,
                of_resource,
            } => {
                let of = self.expr(of);
                if self.is_none(of) {
                    return of;
                }
                let what = Question::Link {
                    of,
                    of_resource: *of_resource,
                };
                self.hit(what, *resource, place)
            }
            ExprKind::One(resource) => self.hit(Question::One, *resource, place),
            ExprKind::Sub { resource, parent } => {
                let parent = self.expr(parent);
                if self.is_none(parent) {
                    return parent;
                }
                self.hit(Question::Sub { parent }, *resource, place)
            }
            ExprKind::Call {
                function,
                args,
                hands_on,
            } => self.call(function, args, *hands_on, place),
            ExprKind::Map {
                map,
                args,
                hands_on,
            } => self.map(*map, args, *hands_on, place),
            ExprKind::Table { table, on, at } => {
                let on = on.iter().map(|expr| self.expr(expr)).collect();
                let at = at.as_deref().map(|expr| self.expr(expr));
                self.named_table(*table, on, at, place)
            }
            ExprKind::Match(table, on) => {
                let on = on.iter().map(|expr| self.expr(expr)).collect();
                self.match_table(table, on, place)
            }
            ExprKind::If(condition, then) => {
                let condition = self.expr(condition);
                if let Some(value) = self.value(condition)
                    && *value != Value::Bool(true)
                {
                    return self.constant(Value::None, place);
                }
                let then = self.expr(then);
                self.if_(condition, then, place)
            }
            ExprKind::Else(first, second) => {
                let first = self.expr(first);
                if self.value(first).is_some_and(|value| *value != Value::None) {
                    return first;
                }
                let second = self.expr(second);
                self.else_(first, second, place)
            }
            ExprKind::And(a, b) => {
                let a = self.expr(a);
                if self
                    .value(a)
                    .is_some_and(|value| *value != Value::Bool(true))
                {
                    return self.constant(Value::Bool(false), place);
                }
                let b = self.expr(b);
                self.and(a, b, place)
            }
            ExprKind::Or(a, b) => {
                let a = self.expr(a);
                if self.value(a) == Some(&Value::Bool(true)) {
                    return a;
                }
                let b = self.expr(b);
                self.or(a, b, place)
            }
            ExprKind::Not(a) => {
                let a = self.expr(a);
                self.not(a, place)
            }
            ExprKind::Neg(a) => {
                let a = self.expr(a);
                self.neg(a, place)
            }
            ExprKind::Math(math, a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                self.math(*math, a, b, place)
            }
            ExprKind::Compare(comparison, a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                self.compare(*comparison, a, b, place)
            }
            ExprKind::InSet(a, set) => {
                let a = self.expr(a);
                self.in_set(a, set.clone(), place)
            }
            ExprKind::Exists(a) => {
                let a = self.expr(a);
                self.exists(a, place)
            }
            ExprKind::Text(parts) => {
                let parts = parts.iter().map(|expr| self.expr(expr)).collect();
                self.text(parts, place)
            }
            ExprKind::Record {
                shape,
                lets,
                fields,
            } => {
                self.lets(lets);
                let fields = fields
                    .iter()
                    .map(|(field, expr)| (*field, self.expr(expr)))
                    .collect();
                self.push(Op::Record(shape.clone(), fields), place)
            }
            ExprKind::List(elements) => {
                let elements = elements
                    .iter()
                    .filter_map(|element| self.element(element))
                    .collect();
                self.list(elements, place)
            }
            ExprKind::End(end, text) => {
                let text = self.expr(text);
                self.push(Op::End(*end, text), place)
            }
        }
    }

    fn hit(&mut self, what: Question, resource: u32, place: PlaceIx) -> NodeIx {
        let ask = self.ask(what, resource, place);
        self.push(Op::Hit(ask), place)
    }

    /// Lets and spread records, each in a slot of its own.
    pub(super) fn lets(&mut self, lets: &'b [(LocalIx, Expr)]) {
        for (local, expr) in lets {
            let node = self.expr(expr);
            let node = self.kept_as(self.name(*local), self.type_of(*local), node);
            self.bind(*local, node);
        }
    }

    fn call(
        &mut self,
        function: &'static str,
        args: &'b [checked::Arg],
        hands_on: bool,
        place: PlaceIx,
    ) -> NodeIx {
        let mut values: Vec<Arg> = Vec::with_capacity(args.len());
        for (number, arg) in args.iter().enumerate() {
            let value = match arg {
                checked::Arg::Left | checked::Arg::Each { .. } => Arg::Left,
                checked::Arg::Value(expr) => {
                    let node = self.expr(expr);
                    if number == 0 && hands_on && self.is_none(node) {
                        return node;
                    }
                    Arg::Value(node)
                }
            };
            values.push(value);
        }
        for (number, arg) in args.iter().enumerate() {
            let checked::Arg::Each { list, item, give } = arg else {
                continue;
            };
            let Some(Arg::Value(over)) = values.get(*list).cloned() else {
                continue;
            };
            let lp = self.open_loop(over, *item, None);
            let body = self.expr(give);
            self.close_loop(lp);
            values[number] = Arg::Each(lp, body);
        }
        let op = Op::Call {
            function: function.to_owned(),
            args: values,
            hands_on,
        };
        self.push(op, place)
    }

    /// The body of a map, with its parameters in slots.
    fn map(&mut self, number: u32, args: &'b [Expr], hands_on: bool, place: PlaceIx) -> NodeIx {
        let book = self.shared.book;
        let Some(map) = book.maps.get(number as usize) else {
            return self.constant(Value::None, place);
        };
        let mut values = Vec::with_capacity(args.len());
        for (arg, param) in args.iter().zip(&map.params) {
            let node = self.expr(arg);
            let declared = map.locals.get(*param as usize);
            let name = declared.map_or("", |local| &*local.name);
            values.push(self.kept_as(name, declared.map(|local| &local.ty), node));
        }
        let first = values.first().copied();
        if let (true, Some(first)) = (hands_on, first)
            && self.is_none(first)
        {
            return first;
        }
        if let Some(known) = self.called(number, &values) {
            let op = self.op(known).clone();
            return self.push(op, place);
        }
        let outer = self.via.replace(place);
        self.enter_frame(&map.locals);
        for (param, node) in map.params.iter().zip(&values) {
            self.bind(*param, *node);
        }
        let body = self.expr(&map.body);
        self.leave_frame();
        self.via = outer;
        let body = match first {
            Some(first) if hands_on && args[0].ty.optional => {
                let there = self.exists(first, place);
                self.if_(there, body, place)
            }
            _ => body,
        };
        let body = self.kept_as(&map.name, Some(&map.body.ty), body);
        self.calls(number, &values, body);
        body
    }

    fn element(&mut self, element: &'b checked::Element) -> Option<Element> {
        match element {
            checked::Element::One(expr) => {
                let node = self.expr(expr);
                (!self.is_none(node)).then_some(Element::One(node))
            }
            checked::Element::Spread(expr) => {
                let node = self.expr(expr);
                (!self.is_none(node)).then_some(Element::Spread(node))
            }
            checked::Element::For {
                item,
                counter,
                list,
                when,
                give,
            } => {
                let over = self.expr(list);
                if self.is_none(over) {
                    return None;
                }
                let lp = self.open_loop(over, *item, *counter);
                let when = when.as_ref().map(|when| self.expr(when));
                let never = when.and_then(|when| self.value(when));
                let give = match never {
                    Some(value) if *value != Value::Bool(true) => None,
                    value => {
                        self.program.loops[lp as usize].when =
                            if value.is_none() { when } else { None };
                        Some(self.expr(give))
                    }
                };
                self.close_loop(lp);
                give.map(|give| Element::For(lp, give))
            }
        }
    }
}
