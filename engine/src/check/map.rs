//! Maps: parameters in, an expression or a record of fields out; `extend map` lays fields over them.

use std::cmp::Ordering;
use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, ExprKind as Tree};
use flowbook_stdlib::types::{Kind, Shape, Type};

use super::body::{Body, Given};
use super::declared::MapDecl;
use super::{Checker, MapState, unknown};
use crate::checked::{self, Expr, LocalIx};
use crate::diagnostic::Diagnostic;

impl<'a> Checker<'a> {
    /// What a map gives; checked on demand.
    pub(super) fn result(&self, ix: u32) -> Type {
        if let Some(MapState::Done(map)) = self.maps.borrow().get(&ix) {
            return map.body.ty.clone();
        }
        if matches!(self.maps.borrow().get(&ix), Some(MapState::Open)) {
            self.circle(ix);
            return unknown();
        }
        let Some((_, decl)) = self.declared.maps.get_index(ix as usize) else {
            return unknown();
        };
        self.maps.borrow_mut().insert(ix, MapState::Open);
        self.calls.borrow_mut().push(ix);
        let map = self.check_map(decl);
        self.calls.borrow_mut().pop();
        let ty = map.body.ty.clone();
        self.maps
            .borrow_mut()
            .insert(ix, MapState::Done(Box::new(map)));
        ty
    }

    /// A map that calls itself, by way of others or not.
    fn circle(&self, ix: u32) {
        let calls = self.calls.borrow();
        let from = calls.iter().position(|call| *call == ix).unwrap_or(0);
        let decls: Vec<&MapDecl<'_>> = calls[from..]
            .iter()
            .filter_map(|call| self.declared.maps.get_index(*call as usize))
            .map(|(_, decl)| decl)
            .collect();
        let Some(first) = decls.first() else { return };
        let names: Vec<String> = decls
            .iter()
            .chain(decls.first())
            .map(|decl| format!("`{}`", decl.item.name.text))
            .collect();
        let message = match decls.len() {
            1 => format!("The map {} calls itself.", names[0]),
            _ => format!("Maps call each other in a circle: {}.", names.join(" → ")),
        };
        let mut found = Diagnostic::error("F0363", first.item.name.span, message)
            .label("never ends")
            .help("Every mapping ends: go through a list with `[for x in xs => …]` instead, and break the circle.");
        for decl in &decls[1..] {
            found = found.related(decl.item.name.span, "part of the circle");
        }
        self.report(found);
    }

    fn check_map(&self, decl: &MapDecl<'a>) -> checked::Map {
        let mut body = Body::new(self);
        let params: Vec<LocalIx> = decl
            .item
            .params
            .iter()
            .zip(&decl.params)
            .map(|(param, (_, ty))| body.parameter(&param.name, ty.clone()))
            .collect();
        let value = match (&decl.item.body.kind, decl.extensions.is_empty()) {
            (Tree::Record(record), false) => layered(&mut body, decl, record, &params),
            _ => whole(&mut body, decl),
        };
        let value = match &decl.result {
            Some(result) => given_back(&mut body, decl, value, result),
            None => value,
        };
        body.unused();
        checked::Map {
            name: decl.item.name.text.clone(),
            doc: decl.doc.clone(),
            params,
            body: value,
            locals: body.locals,
            span: decl.span,
        }
    }
}

fn whole(body: &mut Body<'_, '_>, decl: &MapDecl<'_>) -> Expr {
    body.expr(&decl.item.body, decl.result.as_ref())
}

/// The value against the written result. Of a vendor's record it has the fields that it writes down, no others.
fn given_back(body: &mut Body<'_, '_>, decl: &MapDecl<'_>, value: Expr, result: &Type) -> Expr {
    let place = format!("the result of `{}`", decl.item.name.text);
    if !body.fits(&value, result, &place) {
        // Those who call it are told nothing: the result is as promised.
        return Expr {
            ty: result.clone(),
            ..Body::nothing(value.span)
        };
    }
    if value.ty.kind == Kind::Never {
        return Expr {
            ty: result.clone(),
            ..value
        };
    }
    let mut value = body.settled(value, result);
    value.ty.optional |= result.optional;
    value
}

/// The fields of a map and of everything that extends it.
fn layered(
    body: &mut Body<'_, '_>,
    decl: &MapDecl<'_>,
    record: &ast::Record,
    params: &[LocalIx],
) -> Expr {
    let of = match decl.result.as_ref().map(|ty| &ty.kind) {
        Some(Kind::Record(shape)) => Some(shape.clone()),
        _ => None,
    };
    let mut base = body.gathered(record, of.as_ref(), false);
    let outer = body.enter();
    // The map's own names are not known in a layer; it names the parameters itself.
    let mut replaced: Vec<(String, Span)> = Vec::new();
    for (names, layer) in &decl.extensions {
        if names.len() != params.len() {
            // Told where the layer is declared.
            continue;
        }
        let hidden = body.hide();
        let mark = body.enter();
        for (word, local) in names.iter().zip(params) {
            body.alias(word, *local);
        }
        let over = body.gathered(layer, of.as_ref(), false);
        body.leave(mark);
        body.unhide(hidden);
        lay_over(body, decl, &mut base, over, &mut replaced);
    }
    body.leave(outer);
    body.built(base, of.is_some(), record.span)
}

/// Lays fields over fields; each replacement is told.
fn lay_over(
    body: &mut Body<'_, '_>,
    decl: &MapDecl<'_>,
    base: &mut Given,
    over: Given,
    replaced: &mut Vec<(String, Span)>,
) {
    base.lets.extend(over.lets);
    for mut field in over.fields {
        let decl_field = &over.shape.fields[usize::from(field.field)];
        let name = decl_field.name.to_string();
        let layer = |span: Span| body.checker.sources.file(span.file).layer;
        if let Some((_, first)) = replaced.iter_mut().find(|(known, _)| *known == name) {
            match layer(field.span).cmp(&layer(*first)) {
                Ordering::Less => continue,
                Ordering::Greater => *first = field.span,
                Ordering::Equal => continue, // told where the layer is declared
            }
        } else {
            replaced.push((name.clone(), field.span));
        }
        // Where the map has no declared type, the shape is the fields themselves.
        let position = match base.shape.field(&name) {
            Some((position, _)) => position,
            None => {
                let mut shape: Shape = (*base.shape).clone();
                shape.fields.push(decl_field.clone());
                base.shape = Arc::new(shape);
                base.shape.fields.len() - 1
            }
        };
        field.field = position as u16;
        match base
            .fields
            .iter_mut()
            .find(|known| known.field == field.field)
        {
            None => base.fields.push(field),
            Some(known) => {
                if !by_name(&decl.item.body, &name) {
                    body.checker.report(
                        Diagnostic::note(
                            "F0134",
                            field.span,
                            format!("`{name}` of the map `{}` is replaced.", decl.item.name.text),
                        )
                        .label("counts")
                        .related(known.span, "what is spread here does not count any more"),
                    );
                }
                *known = field;
            }
        }
    }
}

/// Whether a record gives a field by its name, rather than by a spread.
fn by_name(record: &ast::Expr, name: &str) -> bool {
    match &record.kind {
        Tree::Record(record) => record.fields.iter().any(
            |field| matches!(&field.kind, ast::FieldKind::Value(word, _) if word.text == name),
        ),
        _ => false,
    }
}
