//! Cash-ups: the money counted at the end of a day. What their balances hold is not published, so they hold nothing here.

use super::fields::{self, Kind};
use super::{Answer, Call, invalid, linked, missing, not_allowed, now, page};
use crate::json::{Json, object};
use crate::server::Reply;
use crate::state::State;

const CASHUPS: &str = "till/cashups";
/// Only OPEN is published; the other one follows from what a change is for.
const STATUSES: [&str; 2] = ["OPEN", "CLOSED"];

pub(super) fn answer(state: &mut State, call: &Call<'_>, rest: &[&str]) -> Answer {
    let view = |record: &Json| linked(call, "cashups", record);
    match (call.request.method.as_str(), rest) {
        ("GET", []) => {
            let items = state.all(CASHUPS).map(view).collect();
            page(call, items, &[], &["create_date", "id"], true)
        }
        ("GET", [id]) => Ok(Reply::json(200, &view(&found(state, id)?))),
        ("POST", []) => {
            if !call.request.body.trim().is_empty() {
                fields::check(&call.body()?, &[], &[])?;
            }
            let id = state.next(CASHUPS, 900_001);
            let before = state.all(CASHUPS).next_back();
            let start = before.map_or(Json::Null, |before| before.get("end_period").clone());
            let record = object! {
                "id" => id, "number_full" => id.to_string(), "create_date" => now(), "start_period" => start,
                "end_period" => Json::Null, "status" => "OPEN", "balances" => Vec::new(), "vat_totals" => Vec::new(),
            };
            state.put(CASHUPS, &id.to_string(), record.clone());
            Ok(call.created(&view(&record)))
        }
        ("PATCH", [id]) => {
            let mut record = found(state, id)?;
            let body = call.body()?;
            fields::check(&body, &[&[("status", Kind::Text)]], &["status"])?;
            let status = body.get("status").text();
            if !STATUSES.contains(&status) {
                return Err(invalid("status is OPEN or CLOSED."));
            }
            if record.get("status").text() == "CLOSED" {
                return Err(invalid("A closed cash-up stays as it is."));
            }
            if status == "CLOSED" {
                record.set("end_period", now());
            }
            record.set("status", status);
            state.put(CASHUPS, id, record);
            Ok(Reply::empty(204))
        }
        _ => Err(not_allowed()),
    }
}

fn found(state: &State, id: &str) -> Result<Json, Reply> {
    let record = state.get(CASHUPS, id).cloned();
    record.ok_or_else(|| missing("cashup", id))
}
