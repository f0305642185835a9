//! The sample data, laid into the state at its first start; more orders on request, made from the sound ones.

use crate::json::{Json, object};
use crate::state::State;
use crate::{Options, books};
use rust_decimal::Decimal;

const FILES: [&str; 3] = [
    include_str!("../sample/till.json"),
    include_str!("../sample/books.json"),
    include_str!("../sample/orders.json"),
];

/// Forgets everything and loads the sample, the seed file and the generated orders again.
pub(crate) fn reset(state: &mut State, options: &Options) -> Result<(), String> {
    state.clear("");
    for file in FILES {
        seed(state, &Json::parse(file)?)?;
    }
    books::issue(state);
    if let Some(path) = &options.seed {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        seed(
            state,
            &Json::parse(&text).map_err(|e| format!("{}: {e}", path.display()))?,
        )?;
    }
    if let Some(count) = options.orders {
        generate(state, count);
    }
    Ok(())
}

/// Adds or replaces records: `{"till": {"orders": [..]}, "books": {"customers": [..]}}`.
pub(crate) fn seed(state: &mut State, seed: &Json) -> Result<(), String> {
    for (side, collections) in seed.members() {
        for (name, records) in collections.members() {
            let collection = format!("{side}/{name}");
            for record in records.items() {
                let key = ["id", "Id", "Code"]
                    .into_iter()
                    .map(|field| record.get(field))
                    .find(|key| !key.is_null());
                let key = match key {
                    Some(Json::Text(text)) => text.clone(),
                    Some(other) => other.to_string(),
                    None => {
                        return Err(format!(
                            "a record of {collection} has neither id, Id nor Code"
                        ));
                    }
                };
                state.put(&collection, &key, record.clone());
            }
        }
        if let Some(next) = collections.get("series").members().next() {
            return Err(format!("series {} is kept by the sandbox", next.0));
        }
    }
    let highest = state
        .all("books/customerinvoices")
        .map(|i| i.get("InvoiceNumber").number())
        .max();
    if let Some(number) = highest {
        state.put(
            "meta/series",
            "books/customerinvoices",
            object! { "next" => number + Decimal::ONE },
        );
    }
    Ok(())
}

/// Copies the sound paid orders with new numbers until there are so many more.
fn generate(state: &mut State, count: u32) {
    let sound = |order: &&Json| {
        let note = order.get("_ordernotes").items().is_empty();
        note && order.get("paid").truth()
            && !order.get("ordernumber").is_null()
            && order.get("status").number() < Decimal::from(8)
    };
    let models: Vec<Json> = state.all("till/orders").filter(sound).cloned().collect();
    for (i, model) in models.iter().cycle().take(count as usize).enumerate() {
        let mut order = model.clone();
        let number = 100_000 + i;
        let id = 500_000_000 + i;
        order.set("id", id);
        order.set("ordernumber", number);
        order.set("ordernumber_prefix", Json::Null);
        order.set("ordernumber_full", number.to_string());
        let mut rows = order.get("_orderrows").items().to_vec();
        for (n, row) in rows.iter_mut().enumerate() {
            row.set("id", 600_000_000 + i * 10 + n);
            row.set("order_id", id);
        }
        order.set("_orderrows", rows);
        state.put("till/orders", &id.to_string(), order);
    }
}
