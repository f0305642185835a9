//! What must be true in the end, seen from the systems: every order is booked once or told of, with what was sold, and nothing old came over
//! something new.

use std::collections::BTreeMap;

use super::book::SECRETS;
use super::disk::{Disk, is_done};
use super::flows::{Flows, Orders};
use super::world::{Member, Order, State, World};
use crate::run::report::Finding;
use crate::store::End;

/// What is wrong, in words.
pub(super) fn check(
    world: &World,
    disk: &Disk,
    findings: &[Finding],
    stale: &BTreeMap<String, u64>,
) -> Vec<String> {
    let mut state = world.state();
    let mut wrong = state.wrong.clone();
    let checker = Checker {
        flows: world.flows,
        disk,
        findings,
    };
    wrong.extend(checker.orders(&mut state));
    wrong.extend(checker.customers(&state));
    wrong.extend(checker.members(&state));
    if !state.weather.beyond {
        wrong.extend(checker.changes(&state, stale));
    }
    wrong
}

/// What the systems' last state is judged by.
struct Checker<'c> {
    flows: Flows,
    disk: &'c Disk,
    findings: &'c [Finding],
}

impl Checker<'_> {
    /// Each order is booked, paid and noted once, with what was sold, or told of.
    fn orders(&self, state: &mut State) -> Vec<String> {
        let mut wrong = Vec::new();
        let beyond = state.weather.beyond;
        let documents = ["drafts", "invoices"].map(|table| state.texts(table, "Reference"));
        let documents = documents.concat();
        let is_other = |order: &Order| {
            let tables = ["drafts", "invoices"].map(|table| state.tables.get(table));
            let mut own = tables
                .into_iter()
                .flatten()
                .flatten()
                .filter(|row| row.json["Reference"] == *order.number)
                .peekable();
            own.peek().is_some() && own.all(|row| row.json["Total"] != order.total)
        };
        for order in &state.orders {
            let number = order.number.clone();
            let there = documents.iter().filter(|one| **one == number).count();
            let made = state.documents.iter().filter(|one| **one == number).count();
            // One of two orders of one number is booked, and the other one fails.
            let theirs = state.orders.iter().filter(|one| one.number == number);
            let keys: Vec<String> = theirs.clone().map(|one| one.id.to_string()).collect();
            let is_shared = keys.len() > 1;
            let is_done = |one: &&Order| is_done(self.disk.state(one.id).as_ref());
            let done = theirs.filter(is_done).count();
            let told_of = |resources: &[&str]| {
                let of =
                    |finding: &&Finding| finding.flow == "orders" && keys.contains(&finding.key);
                let told = |finding: &Finding| is_double(finding, resources);
                beyond && self.findings.iter().filter(of).any(told)
            };
            let is_told = told_of(&["books.drafts", "books.invoices"]);
            let by_hand = state.by_hand.contains(&number);
            // An older copy of the store knows nothing of an earlier attempt: what of it comes later than promised, nobody looks for.
            let is_forgotten = state.forgotten.contains(&number) && (by_hand || beyond);
            // What a person deleted is not there to be told of.
            let is_over = beyond && by_hand && there <= 1;
            let is_excused = is_told || is_forgotten || is_over;
            // Each time that a person deletes or renames one of them, the next order of its number makes its own.
            let is_next = is_shared && by_hand;
            if made > 1 && !is_next {
                let figures = &mut state.figures;
                match (is_excused, is_told) {
                    (false, _) => figures.doubles += 1,
                    (true, true) => figures.told += 1,
                    (true, false) => figures.forgotten += 1,
                }
            }
            if made > 1 && !is_excused && !is_next {
                wrong.push(format!("{number} was made {made} times"));
            }
            let notes = state.notes.get(&order.id).map_or(0, Vec::len);
            if notes > 1 && !told_of(&["till.orders.notes"]) && !is_forgotten {
                wrong.push(format!("{number} was noted {notes} times"));
            }
            // A person can have given the invoice another reference before.
            let renamed = format!("{number}-E");
            let payments: Vec<i64> = state
                .payments
                .iter()
                .filter(|(mark, _)| *mark == number || *mark == renamed)
                .map(|(_, amount)| *amount)
                .collect();
            // What a person deleted is made and paid again by a copy that does not know of it.
            let is_again = is_forgotten || is_next || (by_hand && state.restored);
            if payments.len() > 1 && !is_again {
                wrong.push(format!("{number} was paid {} times", payments.len()));
            }
            if done > 1 && !by_hand {
                wrong.push(format!(
                    "{number} of {done} orders is taken for each of them"
                ));
            }
            if !is_shared && payments.iter().any(|amount| *amount != order.total) {
                wrong.push(format!(
                    "{number} was paid with {payments:?}, not {}",
                    order.total
                ));
            }
            for (mark, total) in &state.booked {
                if self.flows.confirms && !is_shared && *mark == number && *total != order.total {
                    wrong.push(format!(
                        "{number} was booked with {total}, not {}",
                        order.total
                    ));
                }
            }
            if order.away || !order.paid {
                continue;
            }
            let stored = self.disk.state(order.id);
            let told = wrong.len();
            match stored.as_ref().map(|state| state.end) {
                None => wrong.push(format!("{number} was never seen")),
                Some(End::Done) if there == 0 && !by_hand => {
                    wrong.push(format!("{number} is done and not in the books"))
                }
                Some(End::Done) if self.flows.notes && notes == 0 => {
                    wrong.push(format!("{number} is done and not noted"))
                }
                Some(End::Done) if self.flows.pays && payments.is_empty() && !by_hand => {
                    wrong.push(format!("{number} is done and not paid"))
                }
                // A person can have made it for the other order of its number.
                Some(End::Done)
                    if self.flows.confirms && is_other(order) && !is_shared && !state.restored =>
                {
                    wrong.push(format!(
                        "{number} is done, and its document has another total"
                    ))
                }
                Some(End::Failed) => state.figures.failed += 1,
                Some(End::Waiting) => wrong.push(format!(
                    "{number} waits for ever: {:?}",
                    stored.and_then(|state| state.reason)
                )),
                Some(End::Skipped) if !by_hand => wrong.push(format!(
                    "{number} was left out: {:?}",
                    stored.and_then(|state| state.reason)
                )),
                _ => {}
            }
            state.figures.lost += u64::from(wrong.len() > told);
        }
        wrong
    }

    /// There is one customer of a key.
    fn customers(&self, state: &State) -> Vec<String> {
        let mut wrong = Vec::new();
        let keys = state.texts("customers", self.flows.key());
        for (at, key) in keys.iter().enumerate() {
            let theirs = |order: &&Order| {
                let mut keys = order.customers();
                keys.any(|(email, customer)| *key == self.flows.key_of(email, customer))
            };
            let orders = state
                .orders
                .iter()
                .filter(theirs)
                .map(|order| ("orders", order.id));
            let theirs =
                |member: &&Member| *key == self.flows.key_of(&member.email, &member.customer);
            let members = state
                .members
                .iter()
                .filter(theirs)
                .map(|member| ("members", member.id));
            let is_told = orders.chain(members).any(|(flow, id)| {
                let of = |finding: &&Finding| finding.flow == flow && finding.key == id.to_string();
                let reason = self.disk.state_of(flow, id).and_then(|state| state.reason);
                let told = |finding: &Finding| is_double(finding, &["books.customers"]);
                self.findings.iter().filter(of).any(told)
                    || reason.is_some_and(|reason| reason.message.contains(" records with "))
            });
            let is_forgotten = state.customers_forgotten.contains(key);
            let is_excused = state.weather.beyond && (is_told || is_forgotten);
            if !is_excused && !key.is_empty() && keys[..at].contains(key) {
                wrong.push(format!("customer {key} is there twice"));
            }
        }
        wrong
    }

    /// What changed of a member in the shop stands in the books.
    fn members(&self, state: &State) -> Vec<String> {
        let mut wrong = Vec::new();
        let keys = state.texts("customers", self.flows.key());
        for member in &state.members {
            let key = self.flows.key_of(&member.email, &member.customer);
            let stored = self.disk.state_of("members", member.id);
            let level = keys.iter().zip(state.texts("customers", "Level"));
            let level = level.into_iter().find(|(one, _)| **one == key);
            match stored.map(|state| (state.end, state.reason)) {
                Some((End::Done, _))
                    if !state.weather.beyond
                        && level.as_ref().map(|(_, level)| level) != Some(&member.level) =>
                {
                    wrong.push(format!(
                        "{key} is at {} in the shop, and {level:?} in the books",
                        member.level
                    ));
                }
                Some((End::Done | End::Failed, _)) => {}
                other => wrong.push(format!(
                    "member {} was not carried over: {other:?}",
                    member.id
                )),
            }
        }
        wrong
    }

    /// Nothing old came over something new.
    fn changes(&self, state: &State, stale: &BTreeMap<String, u64>) -> Vec<String> {
        let mut wrong = Vec::new();
        for id in &state.overtaken {
            wrong.push(format!("an older change of {id} came over a newer one"));
        }
        // A change of an order that was done already and is deleted in the shop may never have been seen.
        let is_unseen = |id: u64| {
            let away = |order: &Order| order.id == id && order.away;
            self.flows.orders == Orders::Whole && state.orders.iter().any(away)
        };
        for name in state.texts("customers", "Name") {
            if let Some(order) = stale.get(&name)
                && is_done(self.disk.state(*order).as_ref())
                && !is_unseen(*order)
            {
                wrong.push(format!(
                    "{name} was changed in the shop, and is still in the books"
                ));
            }
        }
        wrong
    }
}

/// Whether it tells that one of these resources has more than one of a record, or another one than ours.
fn is_double(finding: &Finding, resources: &[&str]) -> bool {
    let says = |words: &&str| finding.message.contains(*words);
    ["records of this", "with the same key"].iter().any(&says) && resources.iter().any(says)
}

/// Secrets that lie on the disk.
pub(super) fn secrets_kept(disk: &Disk) -> Vec<String> {
    let raw = disk.raw();
    let secrets = SECRETS.into_iter().chain([super::tokens::TOKEN]);
    let kept = secrets.filter(|secret| raw.contains(*secret));
    kept.map(|secret| format!("{secret} is on the disk"))
        .collect()
}

/// E-mail addresses that lie on the disk after their time, though nothing about them is open.
pub(super) fn persons_kept(world: &World, disk: &Disk) -> Vec<String> {
    let raw = disk.raw();
    let state = world.state();
    let mut wrong = Vec::new();
    let emails = state.orders.iter().flat_map(Order::customers);
    for (email, _) in emails {
        let is_order = |order: &Order| {
            order.customers().any(|(other, _)| other.contains(email))
                && disk.is_needed("orders", order.id)
        };
        let is_member =
            |member: &Member| member.email.contains(email) && disk.is_needed("members", member.id);
        let is_needed = state.orders.iter().any(is_order) || state.members.iter().any(is_member);
        if raw.contains(email) && !is_needed {
            let line = format!("{email} is on the disk after its time");
            if !wrong.contains(&line) {
                wrong.push(line);
            }
        }
    }
    wrong
}
