//! Ways the real system answers that its documentation leaves open, switched on by hidden company settings.
//!
//! `_VatRatesInPercent`, `_CamelCase` and `_EmptyActions` change an answer; a client has to bear all of them.

use crate::json::{Json, object};
use crate::server::{Reply, Request};
use rust_decimal::Decimal;

/// The answer as the settings want it.
pub(super) fn change(settings: &Json, request: &Request, reply: Reply) -> Reply {
    let on = |name: &str| settings.get(name).truth();
    let action = ["convert", "completed", "voided", "accept"]
        .iter()
        .any(|action| request.path.ends_with(action));
    if on("_EmptyActions") && action && reply.status < 300 {
        return Reply::empty(reply.status);
    }
    if !on("_VatRatesInPercent") && !on("_CamelCase") {
        return reply;
    }
    match Json::parse(&reply.body) {
        Ok(body) => {
            let changed = shaped(&body, on("_VatRatesInPercent"), on("_CamelCase"));
            Reply::json(reply.status, &changed)
        }
        Err(_) => reply,
    }
}

fn shaped(value: &Json, percent: bool, camel: bool) -> Json {
    match value {
        Json::List(items) => Json::List(items.iter().map(|i| shaped(i, percent, camel)).collect()),
        Json::Object(_) => {
            let mut out = object! {};
            for (name, member) in value.members() {
                let rate = ["VatRate", "VatRatePercent", "VatPercent", "PercentVat"]
                    .contains(&name.as_str());
                let member = match member {
                    Json::Number(number) if rate && percent => {
                        Json::Number(*number * Decimal::ONE_HUNDRED)
                    }
                    other => shaped(other, percent, camel),
                };
                let mut chars = name.chars();
                let name = match chars.next() {
                    Some(first) if camel => format!("{}{}", first.to_lowercase(), chars.as_str()),
                    _ => name.clone(),
                };
                out.set(&name, member);
            }
            out
        }
        other => other.clone(),
    }
}
