//! Personal fields stay out of what is told and stored of a record that was not carried over.

use std::sync::{Arc, Mutex};

use flowbook_stdlib::value::Value;

use super::flows::carry;
use super::shop::{CUSTOMERS, ORDERS, order, orders};
use super::systems::Tables;
use crate::run::Options;
use crate::store::Store;
use crate::store::memory::MemoryStore;

#[test]
fn an_address_that_a_failure_names_is_hidden_where_its_field_is_personal() {
    for personal in [false, true] {
        let mut plan = orders();
        let shape = Arc::make_mut(&mut plan.resources[ORDERS as usize].shape);
        shape.fields[2].personal = personal;
        let tables = Tables::new(&plan);
        let customer = |id: &str| {
            let fields = [id, "a@b.se", "zero"].map(|text| Value::Text(text.into()));
            Value::Record(fields.into())
        };
        tables.give(CUSTOMERS, vec![customer("id8"), customer("id9")]);
        tables.give(ORDERS, vec![order("1", Some("A1"), "a@b.se", "paid", "")]);
        let store = Mutex::new(MemoryStore::default());
        let (report, _) = carry(&tables, &plan, &store, &Options::default());
        let states = store.lock().unwrap().states("orders", &["1".to_owned()]);
        let kept = states.unwrap()[0].clone().unwrap().reason.unwrap();
        let told = &report.flows[0].failures[0];
        assert_eq!(told.message, kept.message);
        assert_eq!(told.key, "1");
        assert_eq!(told.message.contains("a@b.se"), !personal);
        if personal {
            insta::assert_snapshot!(told.message, @"books.customers has 2 records with Email = “(personal)”: id8, id9.");
        }
    }
}
