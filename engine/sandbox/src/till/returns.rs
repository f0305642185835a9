//! Returns of sold goods, which a client only reads.

use super::{Answer, Call, auth, invalid, linked, missing, not_allowed, page, plain};
use crate::json::Json;
use crate::server::Reply;
use crate::state::State;

const RETURNS: &str = "till/returns";
const FILTERS: [&str; 7] = [
    "returnnumber",
    "returnnumber_full",
    "ordernumber",
    "ordernumber_full",
    "status",
    "min_create_date",
    "max_create_date",
];
const ORDERS: [&str; 8] = [
    "create_date",
    "id",
    "ordernumber",
    "ordernumber_full",
    "returnnumber",
    "returnnumber_full",
    "status",
    "total_price",
];

pub(super) fn answer(state: &State, call: &Call<'_>, rest: &[&str]) -> Answer {
    let found = |id: &str| state.get(RETURNS, id).ok_or_else(|| missing("return", id));
    match (call.request.method.as_str(), rest) {
        ("GET", []) => {
            let mut items = Vec::new();
            for record in state.all(RETURNS) {
                if keeps(call, record)? {
                    items.push(view(call, record));
                }
            }
            page(call, items, &FILTERS, &ORDERS, true)
        }
        ("GET", [id]) => Ok(Reply::json(200, &view(call, found(id)?))),
        ("GET", [id, "returnrows"]) => page(call, rows(call, found(id)?), &[], &[], true),
        _ => Err(not_allowed()),
    }
}

/// `/returnrows/{id}/`: a row by its own id.
pub(super) fn row(state: &State, call: &Call<'_>, id: &str) -> Answer {
    let mut all = state.all(RETURNS).flat_map(|record| rows(call, record));
    let found = all.find(|row| row.get("id").to_string() == id);
    let found = found.ok_or_else(|| missing("returnrow", id))?;
    Ok(Reply::json(200, &found))
}

fn keeps(call: &Call<'_>, record: &Json) -> Result<bool, Reply> {
    for (name, value) in call.request.parameters() {
        let created = auth::timestamp(record.get("create_date").text());
        let time = || {
            let whole = match value.len() {
                10 => format!("{value}T00:00:00Z"),
                _ => value.clone(),
            };
            auth::timestamp(&whole).ok_or_else(|| invalid(&format!("{name} is no date: {value}")))
        };
        let kept = match name.as_str() {
            "min_create_date" => created >= Some(time()?),
            "max_create_date" => created <= Some(time()?),
            name if FILTERS.contains(&name) => plain(record.get(name)) == value,
            _ => true,
        };
        if !kept {
            return Ok(false);
        }
    }
    Ok(true)
}

fn view(call: &Call<'_>, record: &Json) -> Json {
    let mut view = linked(call, "returns", record);
    let order = record.get("_order_id");
    view.set("order", call.href(&format!("orders/{order}")));
    let id = record.get("id");
    view.set("returnrows", call.link(&format!("returns/{id}/returnrows")));
    view
}

fn rows(call: &Call<'_>, record: &Json) -> Vec<Json> {
    let of = record.get("id");
    let row = |row: &Json| {
        let mut view = linked(call, "returnrows", row);
        view.set("return_id", of.clone());
        let related = |resource: &str, id: &Json| call.link(&format!("{resource}/{id}"));
        view.set("product", related("products", row.get("product_id")));
        view.set("orderrow", related("orderrows", row.get("_orderrow_id")));
        view.set("parent", related("returns", of));
        view
    };
    record.get("_returnrows").items().iter().map(row).collect()
}
