//! Personal fields stay out of what is told and stored of a record that was not carried over.

use std::sync::Arc;

use super::shop::{CUSTOMERS, ORDERS, orders, paid_order, record};
use super::trial::Trial;

#[test]
fn an_address_that_a_failure_names_is_hidden_where_its_field_is_personal() {
    for personal in [false, true] {
        let mut plan = orders();
        let shape = Arc::make_mut(&mut plan.resources[ORDERS as usize].shape);
        shape.fields[2].personal = personal;
        let twins = ["id8", "id9"].map(|id| record([id, "a@b.se", "zero"]));
        let shop = Trial::new(plan)
            .with_orders([paid_order("1", "A1", "a@b.se")])
            .with(CUSTOMERS, twins);
        let report = shop.go();
        let kept = shop.state("1").unwrap().reason.unwrap();
        let told = &report.flows[0].failures[0];
        assert_eq!(told.message, kept.message);
        assert_eq!(told.key, "1");
        assert_eq!(told.message.contains("a@b.se"), !personal);
        if personal {
            insta::assert_snapshot!(told.message, @"books.customers has 2 records with Email = “(personal)”: id8, id9.");
        }
    }
}
