//! Writing steps: what is written, by which key its effect is found again, and through which endpoint.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, ClauseKind, ExprKind as Tree, Key, Target, Verb};
use flowbook_stdlib::types::{Kind, Type};

use super::flow::Scope;
use super::lookup::Keyed;
use super::suggest;
use crate::checked::{Expr, StepKey, To, Write};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Action, ResourceIx};

/// What a step writes, found.
struct Aim {
    to: To,
    resource: ResourceIx,
    /// The target as written.
    span: Span,
}

/// A step's clauses.
#[derive(Default)]
pub(super) struct Clauses {
    pub(super) keys: Vec<StepKey>,
    /// Where each key stands.
    pub(super) key_spans: Vec<Span>,
    pub(super) link: Option<(Expr, ResourceIx)>,
    done_if: Option<Expr>,
    /// A clause was complained about.
    broken: bool,
}

impl Scope<'_, '_> {
    /// A step; none where its target is not known.
    pub(super) fn write(&mut self, write: &ast::Write, span: Span) -> Option<Write> {
        let aim = self.aim(write);
        let Some(aim) = aim else {
            // The rest is still looked at, and the name is known.
            self.looked_at(write);
            return None;
        };
        let shape = self.resource(aim.resource).shape.clone();
        let action = self.action(write, &aim);
        let args = self.arguments(write, &aim, action);
        let clauses = self.clauses(write, &aim);
        self.provable(write, &aim, &clauses, action);
        let name = match &write.target {
            Target::In {
                name: Some(name), ..
            } => name.text.clone(),
            Target::In { path, .. } => path
                .words
                .last()
                .map_or_else(String::new, |word| word.text.clone()),
            Target::Bound(word) => word.text.clone(),
        };
        let payload = self.payload(write, aim.resource, action, &clauses, span);
        let ty = Type::new(Kind::Record(shape));
        let bound = match &write.target {
            Target::In {
                name: Some(name), ..
            } => self.body.bind(name, ty),
            _ => self.body.hidden(ty, span),
        };
        self.body.comes_from(bound, aim.resource);
        self.bound.push(bound);
        Some(Write {
            verb: write.verb,
            bound,
            name,
            resource: aim.resource,
            to: aim.to,
            action: action.unwrap_or(0) as u16,
            args,
            keys: clauses.keys,
            link: clauses.link,
            done_if: clauses.done_if,
            lets: payload.lets,
            body: payload.body,
            flags: payload.flags,
        })
    }

    /// Checks what can be checked of a step whose target is not known.
    fn looked_at(&mut self, write: &ast::Write) {
        for clause in &write.clauses {
            match &clause.kind {
                ClauseKind::By(Key::Fields(fields)) => {
                    for field in fields {
                        self.body.expr(&field.value, None);
                    }
                }
                ClauseKind::By(Key::Link(of)) => {
                    self.body.expr(of, None);
                }
                ClauseKind::Via(call) => {
                    for arg in &call.args {
                        self.body.expr(&arg.value, None);
                    }
                }
                ClauseKind::DoneIf(condition) => {
                    self.body.condition(condition);
                }
            }
        }
        if let Some(record) = &write.record {
            self.body.fields(record, None, true);
        }
        if let Target::In {
            name: Some(name), ..
        } = &write.target
        {
            self.body.bind(name, super::unknown());
        }
    }

    /// What the step writes.
    fn aim(&mut self, write: &ast::Write) -> Option<Aim> {
        match &write.target {
            Target::Bound(word) => {
                let record = self.body.expr(
                    &ast::Expr {
                        kind: Tree::Name(word.text.clone()),
                        span: word.span,
                    },
                    None,
                );
                if record.ty.kind == Kind::Unknown {
                    return None;
                }
                let Some(resource) = self.body.resource_of(&record) else {
                    self.report(
                        Diagnostic::error(
                            "F0501",
                            word.span,
                            format!("`{}` is no record of a system, so there is nothing to update.", word.text),
                        )
                        .label("not read from a system")
                        .help("Name the record that was read, one that was looked up by `let`, or one that a step bound."),
                    );
                    return None;
                };
                self.present(&record, &word.text);
                Some(Aim {
                    to: To::Record(record),
                    resource,
                    span: word.span,
                })
            }
            Target::In { path, .. } => {
                let system = path.words.first().is_some_and(|first| {
                    self.body
                        .checker
                        .declared
                        .systems
                        .iter()
                        .any(|system| system.name == first.text)
                });
                let in_scope = path
                    .words
                    .first()
                    .is_some_and(|first| self.body.named(&first.text).is_some());
                if system || !in_scope {
                    let resource = self.body.resource(path)?;
                    return Some(Aim {
                        to: To::Resource,
                        resource,
                        span: path.span,
                    });
                }
                let (parent, resource) = self.body.child(path)?;
                let text = self.body.checker.text(parent.span).to_owned();
                self.present(&parent, &text);
                Some(Aim {
                    to: To::Child(parent),
                    resource,
                    span: path.span,
                })
            }
        }
    }

    fn present(&self, record: &Expr, text: &str) {
        if record.ty.optional && record.ty.kind != Kind::Unknown {
            self.report(
                Diagnostic::error("F0502", record.span, format!("`{text}` may be absent; there would be nothing to write to."))
                    .label("may be absent")
                    .help(format!("Put the step into `if {text} exists {{ … }}`, or end the record before it: `skip \"…\" if {text} missing`.")),
            );
        }
    }

    /// The way to create, by number; none where the step does not create, or the way is not known.
    fn action(&mut self, write: &ast::Write, aim: &Aim) -> Option<usize> {
        let via = write.clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::Via(call) => Some(call),
            _ => None,
        });
        let shown = self.resource_name(aim.resource);
        let resource = self.resource(aim.resource);
        let creates = &resource.creates;
        let actions: Vec<&str> = creates
            .iter()
            .filter_map(|action| action.name.as_deref())
            .collect();
        let finding = match (write.verb, via) {
            (Verb::Update, Some(via)) => Some(
                Diagnostic::error(
                    "F0522",
                    via.span,
                    "`via` is a way to create a record; `update` changes one that is there.",
                )
                .label("does not belong to `update`")
                .help("Use `create … via …`."),
            ),
            (Verb::Update | Verb::Ensure, _) if resource.update.is_none() => {
                let help = if creates.is_empty() {
                    "The connector declares no way to write it.".to_owned()
                } else {
                    format!("It can be created: `create in {shown} by …`.")
                };
                Some(
                    Diagnostic::error(
                        "F0500",
                        aim.span,
                        format!("Records of `{shown}` cannot be changed."),
                    )
                    .label("the connector declares no `update`")
                    .help(help),
                )
            }
            (Verb::Update, None) => None,
            (_, Some(via)) => {
                let found = creates
                    .iter()
                    .position(|action| action.name.as_deref() == Some(via.name.text.as_str()));
                if found.is_some() {
                    return found;
                }
                let help = if actions.is_empty() {
                    Some(format!(
                        "`{shown}` has no actions: create it without `via`."
                    ))
                } else {
                    suggest::help(&via.name.text, actions.iter().copied(), "Its actions")
                };
                Some(
                    Diagnostic::error(
                        "F0520",
                        via.name.span,
                        format!("`{shown}` has no action `{}`.", via.name.text),
                    )
                    .label("no such action")
                    .maybe_help(help),
                )
            }
            (_, None) => {
                let plain = creates.iter().position(|action| action.name.is_none());
                if plain.is_some() {
                    return plain;
                }
                let help = match actions.first() {
                    Some(action) => format!(
                        "It is made by an action: `create in {shown} via {action}(…) by …`."
                    ),
                    None => {
                        "The connector declares no `create` for it: it can be read only.".to_owned()
                    }
                };
                Some(
                    Diagnostic::error(
                        "F0500",
                        aim.span,
                        format!("Records of `{shown}` cannot be created."),
                    )
                    .label("the connector declares no `create`")
                    .help(help),
                )
            }
        };
        if let Some(finding) = finding {
            self.report(finding);
        }
        None
    }

    /// Arguments of `via`, by parameter.
    fn arguments(&mut self, write: &ast::Write, aim: &Aim, action: Option<usize>) -> Vec<Expr> {
        let Some(call) = write.clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::Via(call) => Some(call),
            _ => None,
        }) else {
            return Vec::new();
        };
        let params: Option<Vec<(String, Type)>> = action
            .and_then(|action| self.resource(aim.resource).creates.get(action))
            .map(|action| action.params.clone());
        let Some(params) = params else {
            for arg in &call.args {
                self.body.expr(&arg.value, None);
            }
            return Vec::new();
        };
        let mut given: Vec<Option<Expr>> = vec![None; params.len()];
        let mut next = 0;
        for arg in &call.args {
            let at = match &arg.name {
                Some(name) => params.iter().position(|(param, _)| *param == name.text),
                None => {
                    next += 1;
                    Some(next - 1).filter(|at| *at < params.len())
                }
            };
            match at {
                Some(at) if given[at].is_none() => {
                    let place = format!("`{}` of {}", params[at].0, call.name.text);
                    given[at] = Some(self.body.fitted(&arg.value, &params[at].1, &place));
                }
                _ => {
                    self.body.expr(&arg.value, None);
                    self.wrong_arguments(call, &params, arg.value.span);
                }
            }
        }
        if given.iter().any(Option::is_none) {
            self.wrong_arguments(call, &params, call.span);
        }
        given.into_iter().flatten().collect()
    }

    fn wrong_arguments(&self, call: &ast::Call, params: &[(String, Type)], span: Span) {
        let names: Vec<String> = params
            .iter()
            .map(|(name, ty)| format!("{name}: {ty}"))
            .collect();
        self.report(
            Diagnostic::error(
                "F0521",
                span,
                format!(
                    "The action `{}` takes ({}).",
                    call.name.text,
                    names.join(", ")
                ),
            )
            .label("does not match")
            .help(format!(
                "Give one value for each: `via {}({})`.",
                call.name.text,
                params
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        );
    }

    fn clauses(&mut self, write: &ast::Write, aim: &Aim) -> Clauses {
        let keyed = match write.verb {
            Verb::Create => Keyed::Create,
            _ => Keyed::Keep,
        };
        let mut clauses = Clauses::default();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for clause in &write.clauses {
            let word = match &clause.kind {
                ClauseKind::By(Key::Link(_)) => "by link",
                ClauseKind::By(Key::Fields(_)) => "by",
                ClauseKind::Via(_) => "via",
                ClauseKind::DoneIf(_) => "done if",
            };
            if let Some((_, first)) = seen
                .iter()
                .find(|(known, _)| *known == word && word != "by")
            {
                self.report(
                    Diagnostic::error(
                        "F0504",
                        clause.span,
                        format!("The step says `{word}` twice."),
                    )
                    .label("a second time")
                    .related(*first, "the first time")
                    .help("Keep one of the two."),
                );
                clauses.broken = true;
                continue;
            }
            seen.push((word, clause.span));
            let misplaced = match (&clause.kind, &write.target, write.verb) {
                (ClauseKind::By(_), Target::Bound(word), _) => Some(format!(
                    "`update {}` names the record itself and needs no key.",
                    word.text
                )),
                (ClauseKind::DoneIf(_), _, Verb::Update | Verb::Ensure) => Some(
                    "`done if` tells that a record was created; what is updated is compared field by field.".to_owned(),
                ),
                (ClauseKind::By(Key::Link(_)), Target::In { .. }, _) if matches!(aim.to, To::Child(_)) => {
                    Some("A link leads to a record of a resource, not to one of another record's list.".to_owned())
                }
                _ => None,
            };
            if let Some(message) = misplaced {
                self.report(
                    Diagnostic::error("F0503", clause.span, message)
                        .label("does not belong here")
                        .help("Take the clause out."),
                );
                clauses.broken = true;
                continue;
            }
            match &clause.kind {
                ClauseKind::By(Key::Link(of)) => {
                    let record = self.body.expr(of, None);
                    match self.body.linked(&record, aim.resource) {
                        Some(resource) => clauses.link = Some((record, resource)),
                        None => clauses.broken = true,
                    }
                }
                ClauseKind::By(Key::Fields(fields)) => {
                    match self.body.key(aim.resource, fields, keyed) {
                        Some(key) => {
                            let key = self.in_forms(aim.resource, key);
                            clauses.keys.push(key);
                            clauses.key_spans.push(clause.span);
                        }
                        None => clauses.broken = true,
                    }
                }
                ClauseKind::Via(_) => {}
                ClauseKind::DoneIf(condition) => {
                    clauses.done_if = Some(self.body.condition(condition));
                }
            }
        }
        clauses
    }

    /// A write that cannot be proved does not compile.
    fn provable(&self, write: &ast::Write, aim: &Aim, clauses: &Clauses, action: Option<usize>) {
        if clauses.broken || matches!(write.target, Target::Bound(_)) {
            return;
        }
        let shown = match (&write.target, &aim.to) {
            (Target::In { path, .. }, To::Child(_)) => self.body.checker.text(path.span).to_owned(),
            _ => self.resource_name(aim.resource),
        };
        let findable = self.findable(aim.resource);
        let example = findable.first().cloned();
        if clauses.keys.is_empty() && clauses.link.is_none() && clauses.done_if.is_none() {
            let parent = matches!(aim.to, To::Child(_));
            let help = match (example, parent) {
                (Some(field), _) => format!(
                    "Say by which field it is found again: `by {field} = …`. It can be found by {}.",
                    findable.join("; by ")
                ),
                (None, true) => "It cannot be found by any field; say how its parent tells that it is there: `done if parent.Status = \"…\"`.".to_owned(),
                (None, false) => "The connector declares no key by which it can be found: add `find by FIELD` to it.".to_owned(),
            };
            self.report(
                Diagnostic::error(
                    "F0510",
                    write.verb_span.to(aim.span),
                    format!("Whether this write to `{shown}` took effect could never be found out: it has no key."),
                )
                .label("after a lost answer it would be made twice, or not at all")
                .help(help),
            );
            return;
        }
        let certain = clauses.link.is_some()
            || clauses.done_if.is_some()
            || clauses.keys.iter().any(|key| {
                key.values
                    .iter()
                    .all(|value| value.as_ref().is_none_or(|value| !value.ty.optional))
            });
        if !certain && let Some(first) = clauses.keys.first() {
            let value = first
                .values
                .iter()
                .flatten()
                .find(|value| value.ty.optional);
            let span = value.map_or(aim.span, |value| value.span);
            let text = self.body.checker.text(span).to_owned();
            let base = text.split('|').next().unwrap_or(&text).trim().to_owned();
            let many = clauses.keys.len() > 1;
            self.report(
                Diagnostic::error(
                    "F0511",
                    span,
                    if many {
                        "Each of the step's keys may be absent; then there would be none.".to_owned()
                    } else {
                        format!("`{text}` may be absent, and then the step would have no key.")
                    },
                )
                .label("may be absent")
                .help(format!(
                    "End the record without it (`{text} else skip \"…\"`), put the step into `if {base} exists {{ … }}`, or add a `by` that is always there."
                )),
            );
        }
        let empty: Option<&Action> = action
            .and_then(|action| self.resource(aim.resource).creates.get(action))
            .filter(|action| action.maybe_empty);
        if empty.is_some() && clauses.keys.is_empty() && clauses.link.is_none() {
            self.report(
                Diagnostic::error(
                    "F0513",
                    write.verb_span.to(aim.span),
                    format!("A create in `{shown}` may be answered without a body, so it is found by its key, and this step has none."),
                )
                .label("needs `by`")
                .maybe_help(example.map(|field| format!("Add `by {field} = …`."))),
            );
        }
    }
}
