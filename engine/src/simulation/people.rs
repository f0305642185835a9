//! What people do in the books meanwhile: they book drafts and delete documents, by hand and unasked.

use super::disk::is_done;
use super::scenario::Scenario;
use super::world::{Order, Row};

impl Scenario {
    /// A person books a draft that was sent more than once: a twin of it is there, or comes late.
    pub(super) fn books_twin(&self) {
        let now = self.world.now();
        let mut state = self.world.state();
        let drafts = state.tables.get("drafts").into_iter().flatten();
        let is_twin = |draft: &&Row| {
            let key = format!("/v1/drafts {}", draft.json["Reference"]);
            state.sends.get(&key).is_some_and(|sends| *sends > 1)
        };
        let Some(draft) = drafts.filter(is_twin).next() else {
            return;
        };
        let id = draft.json["Id"].as_str().unwrap_or_default().to_owned();
        state.book(&id, now);
        state.figures.by_hand += 1;
        drop(state);
        self.world.say(format!("a person books the twin {id}"));
    }

    /// A person books a draft by hand; between runs, one deletes a document that the engine knows of.
    pub(super) fn people(&self, between: bool) {
        let now = self.world.now();
        let (books, at) = {
            let mut dice = self.world.dice();
            (!between || dice.percent(50), dice.below(1_000) as usize)
        };
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
        let number = order.number();
        let mut state = self.world.state();
        for table in ["drafts", "invoices"] {
            let rows = state.tables.entry(table).or_default();
            rows.retain(|row| row.json["Reference"] != *number);
        }
        state.by_hand.push(number.clone());
        state.figures.by_hand += 1;
        drop(state);
        self.world.say(format!("a person deletes {number}"));
    }
}
