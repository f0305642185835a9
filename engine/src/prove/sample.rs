//! Orders of a seed: copies of the sample's sound orders, with numbers of their own, some of them by new customers who order several times.

use serde_json::{Value, json};

use crate::dice::Dice;

/// So many orders, made from those that the till has.
pub fn orders(models: &[Value], seed: u64, count: u32) -> Vec<Value> {
    let sound: Vec<&Value> = models.iter().filter(|order| is_sound(order)).collect();
    let mut dice = Dice::new(seed, "sample");
    let numbers = 0..u64::from(count);
    numbers
        .filter_map(|number| {
            let model = dice.one(&sound)?;
            let customer = dice.percent(50).then(|| dice.between(1, 2));
            Some(copy(model, number, customer))
        })
        .collect()
}

/// Paid, numbered, nothing written on it yet.
fn is_sound(order: &Value) -> bool {
    let notes = order["_ordernotes"].as_array();
    order["paid"] == true
        && order["ordernumber"].is_number()
        && order["status"].as_i64().is_some_and(|status| status < 8)
        && notes.is_none_or(Vec::is_empty)
}

fn copy(model: &Value, number: u64, customer: Option<u64>) -> Value {
    let mut order = model.clone();
    let id = 500_000_000 + number;
    let shown = 100_000 + number;
    order["id"] = json!(id);
    order["ordernumber"] = json!(shown);
    order["ordernumber_prefix"] = Value::Null;
    order["ordernumber_full"] = json!(shown.to_string());
    if let Some(rows) = order["_orderrows"].as_array_mut() {
        for (row, place) in rows.iter_mut().zip(0_u64..) {
            row["id"] = json!(600_000_000 + number * 10 + place);
            row["order_id"] = json!(id);
        }
    }
    // the address goes with the model, so that customers of one e-mail address agree on where they live
    let ordered = order["customer"]["email"].as_str().unwrap_or_default();
    if let (Some(customer), false) = (customer, ordered.is_empty()) {
        order["customer"]["email"] = json!(format!("kund{customer}.{}@example.com", model["id"]));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_orders_with_numbers_of_their_own() {
        let models = [
            json!({"id": 1, "ordernumber": 7, "paid": true, "status": 2, "customer": {"email": "a@example.com"}, "_orderrows": [{"id": 3, "order_id": 1}]}),
            json!({"id": 2, "ordernumber": 8, "paid": false, "status": 4, "customer": {"email": ""}, "_orderrows": []}),
        ];
        let made = orders(&models, 4, 6);
        assert_eq!(made, orders(&models, 4, 6));
        assert_ne!(made, orders(&models, 5, 6));
        let numbers: Vec<&str> = made
            .iter()
            .filter_map(|order| order["ordernumber_full"].as_str())
            .collect();
        assert_eq!(
            numbers,
            ["100000", "100001", "100002", "100003", "100004", "100005"]
        );
        assert!(made.iter().all(|order| order["paid"] == true));
        assert_eq!(made[5]["_orderrows"][0]["order_id"], made[5]["id"]);
        assert_eq!(orders(&[], 4, 6), Vec::<Value>::new());
    }
}
