//! Personal: what a field marked `personal` holds is kept out of reasons, notes and reports. The record stays findable by its key and title, and
//! `flowbook records` shows what was read of it for as long as that is kept.
//!
//! In: a record that ended, with sentences that may quote it, or a target's answer that does. Out: the same sentences with `(personal)` in place of
//! each value of a personal field of the record, or of what its steps write.

use flowbook_stdlib::types::{Kind, Shape, Type};
use flowbook_stdlib::value::Value;

use super::ops;
use super::page::{Engine, Life};
use super::stop;
use crate::connect::Systems;
use crate::plan::{ActKind, Step};

/// What stands in place of a value.
pub(super) const HIDDEN: &str = "(personal)";

/// A value of fewer letters is hidden only where it is quoted: elsewhere it may be any word.
const SHORT: usize = 4;

/// Whether a field, or one that it stands in, is marked `personal`.
pub(super) fn is_personal(shape: &Shape, path: &[u16]) -> bool {
    let field = path
        .split_first()
        .and_then(|(first, rest)| Some((shape.fields.get(usize::from(*first))?, rest)));
    match field {
        None => false,
        Some((field, _)) if field.personal => true,
        Some((field, rest)) => match &field.ty.kind {
            Kind::Record(inner) => is_personal(inner, rest),
            _ => false,
        },
    }
}

/// Values of a person, as texts.
#[derive(Debug, Default)]
struct Personal(Vec<String>);

impl Personal {
    /// The values of a record's personal fields, at any depth.
    fn of(&mut self, shape: &Shape, record: &Value) {
        let Value::Record(values) = record else {
            return;
        };
        for (field, value) in shape.fields.iter().zip(values.iter()) {
            match field.personal {
                true => self.all_of(value),
                false => self.inside(&field.ty, value),
            }
        }
    }

    fn inside(&mut self, ty: &Type, value: &Value) {
        match (&ty.kind, value) {
            (Kind::Record(shape), value) => self.of(shape, value),
            (Kind::List(item), Value::List(items)) => {
                items.iter().for_each(|value| self.inside(item, value));
            }
            _ => {}
        }
    }

    fn all_of(&mut self, value: &Value) {
        match value {
            Value::None | Value::Late | Value::Clear | Value::Bool(_) => {}
            Value::List(values) | Value::Record(values) => {
                values.iter().for_each(|value| self.all_of(value));
            }
            Value::Bad(bad) => self.add(&bad.value),
            value => self.add(&ops::in_text(value)),
        }
    }

    fn add(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() && !self.0.iter().any(|known| known == text) {
            self.0.push(text.to_owned());
        }
    }

    /// The longest first, so that no part of one is left over.
    fn sorted(mut self) -> Personal {
        self.0
            .sort_by_key(|text| std::cmp::Reverse(text.chars().count()));
        self
    }

    /// A sentence without them, in whatever case they are written.
    fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.0 {
            text = without(&text, value);
        }
        text
    }
}

/// A text without a value that stands in it as a word of its own.
fn without(text: &str, value: &str) -> String {
    let short = value.chars().count() < SHORT;
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut before) = (text, None);
    while let Some(first) = rest.chars().next() {
        let stands = |end: usize| {
            let after = rest[end..].chars().next();
            let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            match short {
                true => before == Some('“') && after == Some('”'),
                false => !is_word(before) && !is_word(after),
            }
        };
        match beginning(rest, value).filter(|end| stands(*end)) {
            Some(end) => {
                out.push_str(HIDDEN);
                before = rest[..end].chars().next_back();
                rest = &rest[end..];
            }
            None => {
                out.push(first);
                before = Some(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

/// Where a value ends with which a text begins, in any case.
fn beginning(text: &str, value: &str) -> Option<usize> {
    let mut wanted = value.chars().flat_map(char::to_lowercase).peekable();
    for (at, c) in text.char_indices() {
        if wanted.peek().is_none() {
            return Some(at);
        }
        for lower in c.to_lowercase() {
            if wanted.next() != Some(lower) {
                return None;
            }
        }
    }
    wanted.peek().is_none().then_some(text.len())
}

impl<'a, S: Systems> Engine<'a, S> {
    /// Takes what is said about a person out of all that is told of a record.
    pub(super) fn hide_personal(&self, life: &mut Life<'a>) {
        let told = life
            .end
            .as_ref()
            .is_some_and(|ended| ended.kind != stop::Kind::Where);
        if !told && life.notes.is_empty() {
            return;
        }
        let personal = self.personal(life);
        if let Some(ended) = &mut life.end {
            ended.message = personal.hide(&ended.message);
            for text in [&mut ended.help, &mut ended.value] {
                *text = text.as_deref().map(|text| personal.hide(text));
            }
        }
        for note in &mut life.notes {
            *note = personal.hide(note);
        }
    }

    /// What is known to be said about a person: of the record, and of what its steps write.
    fn personal(&self, life: &mut Life<'a>) -> Personal {
        let mut personal = Personal::default();
        let shape = &self.resource(self.flow.read.resource).shape;
        personal.of(shape, &life.machine.record());
        for act in &self.flow.acts {
            let ActKind::Step(step) = act.kind else {
                continue;
            };
            // what cannot be computed was told to nobody
            for turn in self.turns(life, act).unwrap_or_default() {
                if life.machine.at(&turn).is_ok() {
                    self.written(&self.flow.steps[step as usize], life, &mut personal);
                }
                life.machine.done_at(&turn);
            }
        }
        personal.sorted()
    }

    /// What a step writes of a person, in rows too.
    fn written(&self, step: &Step, life: &mut Life<'a>, personal: &mut Personal) {
        let shape = self.written_shape(step);
        for put in &step.body {
            let whole = is_personal(shape, &put.at);
            let has_parts = matches!(put.ty.kind, Kind::Record(_) | Kind::List(_));
            if !whole && !has_parts {
                continue;
            }
            if let Ok(Some(value)) = life.machine.leaf(put, true) {
                match whole {
                    true => personal.all_of(&value),
                    false => personal.inside(&put.ty, &value),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(values: &[&str], text: &str) -> String {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Personal(values).sorted().hide(text)
    }

    #[test]
    fn a_value_is_hidden_in_any_case_and_only_as_a_word_of_its_own() {
        let all = ["Åsa Öberg", "asa@oberg.se", "Bo", "Lund"];
        for (text, told) in [
            (
                "The address “ASA@OBERG.SE” is used by ÅSA ÖBERG.",
                "The address “(personal)” is used by (personal).",
            ),
            (
                "Both of them, “Bo” and Bo.",
                "Both of them, “(personal)” and Bo.",
            ),
            ("Lundgren is no Lund.", "Lundgren is no (personal)."),
            ("xasa@oberg.se", "xasa@oberg.se"),
            ("asa@oberg.se", "(personal)"),
            ("", ""),
        ] {
            assert_eq!(hidden(&all, text), told);
        }
    }

    #[test]
    fn no_part_of_a_longer_value_is_left() {
        assert_eq!(
            hidden(&["Anna", "Anna Berg"], "“Anna Berg” is too long"),
            "“(personal)” is too long"
        );
    }
}
