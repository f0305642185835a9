//! What people do in the books meanwhile: they make, book, rename and delete documents, by hand and unasked.

use serde_json::json;

use super::disk::is_done;
use super::scenario::Scenario;
use super::world::{Order, Row};

impl Scenario {
    /// A person books a draft that was sent more than once: a twin of it is there, or comes late.
    pub(super) fn books_twin(&self) {
        let now = self.world.now();
        let mut state = self.world.state();
        let mut drafts = state.tables.get("drafts").into_iter().flatten();
        let is_twin = |draft: &&Row| {
            let key = format!("/v1/drafts {}", draft.json["Reference"]);
            state.sends.get(&key).is_some_and(|sends| *sends > 1)
        };
        let Some(draft) = drafts.find(is_twin) else {
            return;
        };
        let id = draft.json["Id"].as_str().unwrap_or_default().to_owned();
        state.book(&id, now);
        state.figures.by_hand += 1;
        drop(state);
        self.world.say(format!("a person books the twin {id}"));
    }

    /// A person books a draft by hand, or makes what the engine is about to make; between runs, one deletes a document that the engine knows of, or gives
    /// it another reference.
    pub(super) fn people(&self, between: bool) {
        let now = self.world.now();
        let (books, other, at) = {
            let mut dice = self.world.dice();
            let books = !between || dice.percent(50);
            (books, dice.percent(30), dice.below(1_000) as usize)
        };
        if !between && other {
            self.makes_by_hand(at);
            return;
        }
        if books {
            let mut state = self.world.state();
            let drafts = state
                .tables
                .get("drafts")
                .map(Vec::as_slice)
                .unwrap_or_default();
            let Some(draft) = drafts.get(at % drafts.len().max(1)) else {
                return;
            };
            let id = draft.json["Id"].as_str().unwrap_or_default().to_owned();
            state.book(&id, now);
            state.figures.by_hand += 1;
            drop(state);
            self.world.say(format!("a person books {id}"));
            return;
        }
        let orders = self.world.state().orders.clone();
        let (_, step) = self.world.flows.document();
        let begun = orders.iter().filter(|order| {
            let known = self.disk.state(order.id);
            self.disk.is_confirmed(order.id, step) && !is_done(known.as_ref())
        });
        let begun: Vec<&Order> = begun.collect();
        let Some(order) = begun.get(at % begun.len().max(1)) else {
            return;
        };
        let number = order.number.clone();
        let mut state = self.world.state();
        for table in ["drafts", "invoices"] {
            let rows = state.tables.entry(table).or_default();
            let is_it = |row: &Row| row.json["Reference"] == *number;
            match other {
                true => rows.iter_mut().filter(|row| is_it(row)).for_each(|row| {
                    row.json["Reference"] = json!(format!("{number}-E"));
                }),
                false => rows.retain(|row| !is_it(row)),
            }
        }
        state.by_hand.push(number.clone());
        state.figures.by_hand += 1;
        drop(state);
        let does = if other { "renames" } else { "deletes" };
        self.world.say(format!("a person {does} {number}"));
    }

    /// A person makes the document of an order of which none is there yet: it is to be taken as it is, or told of, and none of ours.
    fn makes_by_hand(&self, at: usize) {
        let now = self.world.now();
        let mut state = self.world.state();
        let is_there = |order: &Order| {
            let documents = ["drafts", "invoices"].map(|table| state.tables.get(table));
            let mut documents = documents.into_iter().flatten().flatten();
            documents.any(|row| row.json["Reference"] == *order.number)
        };
        let open: Vec<&Order> = state.orders.iter().filter(|one| !is_there(one)).collect();
        let Some(order) = open.get(at % open.len().max(1)) else {
            return;
        };
        let number = order.number.clone();
        let json = json!({ "Reference": number, "CustomerId": "", "Total": order.total });
        state.make(self.world.flows.document().0, json, now);
        state.figures.by_hand += 1;
        drop(state);
        self.world.say(format!("a person makes {number}"));
    }
}
