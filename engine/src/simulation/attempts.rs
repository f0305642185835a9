//! What each write carried, time by time (I5): attempts to make one thing for one order carry one payload, unless the order changed in between. A change
//! (PUT) holds all of the customer as it stood in the books when it was read, so its payload may differ; that an old one comes over a newer one is
//! checked by the world.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::world::{Asked, Order};

/// The payloads of each write: by method, path and order, each once, in the order of sending.
#[derive(Debug, Default)]
pub(super) struct Attempts(BTreeMap<String, Vec<Json>>);

impl Attempts {
    /// A write left. What it makes differs from those before it at most as often as the order changed until now.
    pub fn sent(&mut self, asked: &Asked, orders: &[Order], wrong: &mut Vec<String>) {
        let body = asked.body.as_deref().unwrap_or_default();
        let body: Json = serde_json::from_str(body).unwrap_or_default();
        let Some((order, changes)) = order_of(asked, &body, orders) else {
            return;
        };
        // Of two orders of one number each sends its own.
        let is_shared = orders.iter().filter(|one| one.number == order).count() > 1;
        let write = format!("{} {} for {order}", asked.method, asked.path);
        let payloads = self.0.entry(write.clone()).or_default();
        if payloads.contains(&body) {
            return;
        }
        if payloads.len() > changes && !is_shared {
            wrong.push(format!(
                "{write} was tried again with another payload: {body}, not {}",
                payloads.last().unwrap_or(&Json::Null)
            ));
        }
        payloads.push(body);
    }

    /// Whether something was sent for an order.
    pub fn any(&self, number: &str) -> bool {
        let of = format!(" for {number}");
        self.0.keys().any(|write| write.ends_with(&of))
    }
}

/// The order that is behind a write, and how many of its changes the write may show: a document shows whose it is, a note nothing that changes.
fn order_of(asked: &Asked, body: &Json, orders: &[Order]) -> Option<(String, usize)> {
    let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
    let named = || {
        // The name of a changed order is longer by an x.
        let id = body["Name"].as_str()?.trim_end_matches('x');
        let id: u64 = id.strip_prefix('o')?.parse().ok()?;
        let order = orders.iter().find(|order| order.id == id)?;
        Some((order.number.clone(), order.changes))
    };
    match parts.as_slice() {
        [_, "drafts" | "invoices"] => {
            // Any order that moves can give the customer of others another key.
            let moves = orders.iter().map(|order| order.before.len()).sum();
            Some((body["Reference"].as_str()?.to_owned(), moves))
        }
        [_, "orders", id, "notes"] => Some((format!("N{id}"), 0)),
        [_, "customers"] => named(),
        _ => None,
    }
}
