//! Two orders of one number: what is there of one of them is never taken for the other's.

use crate::plan::Plan;
use crate::run::Options;
use crate::run::tests::shop::{
    CUSTOMERS, DRAFTS, INVOICES, ORDERS, booked, orders, paid_order, record,
};
use crate::run::tests::trial::Trial;

/// People call an order by its number.
fn by_number(mut plan: Plan) -> Plan {
    plan.resources[ORDERS as usize].title = Some(1);
    plan
}

fn two(plan: Plan) -> Trial {
    Trial::settling(plan).with_orders([
        paid_order("1", "A1", "a@b.se"),
        paid_order("2", "A1", "c@d.se"),
    ])
}

/// How a run ends: what is done, and each failure.
fn ends(shop: &Trial) -> String {
    let one_by_one = Options {
        writes_at_once: 1,
        ..Options::default()
    };
    let (report, _) = shop.go_as(&one_by_one);
    let flow = &report.flows[0];
    let failures = flow.failures.iter().map(|failure| {
        let help = failure.help.as_deref().unwrap_or_default();
        format!(
            "\n{} {} {}\n{help}",
            failure.key, failure.code, failure.message
        )
    });
    format!("done {}{}", flow.done, failures.collect::<String>())
}

#[test]
fn of_two_orders_of_one_number_one_is_booked_and_the_other_fails() {
    let shop = two(by_number(orders()));
    insta::assert_snapshot!(ends(&shop), @r"
    done 1
    2 F0824 books.drafts has id1 under this Ref already, and it is the draft of another record of till.orders: 1.
    Only that one is there. Where they are two, give one of them another number, or have the flow's key tell them apart, and run again. Where till.orders has one twice: `flowbook dismiss 2 --reason “…”`.
    ");
    assert_eq!(shop.count(DRAFTS), 1);
    // In a later run, and where the first one's draft was booked meanwhile, too.
    shop.orders([
        paid_order("1", "A1", "a@b.se"),
        paid_order("3", "A1", "e@f.se"),
    ]);
    insta::assert_snapshot!(ends(&shop), @r"
    done 0
    3 F0824 books.drafts has id1 under this Ref already, and it is the draft of another record of till.orders: A1 (1).
    Only that one is there. Where they are two, give one of them another number, or have the flow's key tell them apart, and run again. Where till.orders has one twice: `flowbook dismiss 3 --reason “…”`.
    ");

    let shop = two(by_number(booked()));
    insta::assert_snapshot!(ends(&shop), @r"
    done 1
    2 F0824 books.drafts has id1 under this Ref already, and it is the draft of another record of till.orders: 1.
    Only that one is there. Where they are two, give one of them another number, or have the flow's key tell them apart, and run again. Where till.orders has one twice: `flowbook dismiss 2 --reason “…”`.
    ");
    shop.orders([paid_order("3", "A1", "e@f.se")]);
    insta::assert_snapshot!(ends(&shop), @r"
    done 0
    3 F0824 books.invoices has id1 under this Ref already, and it is the draft of another record of till.orders: A1 (1).
    Only that one is there. Where they are two, give one of them another number, or have the flow's key tell them apart, and run again. Where till.orders has one twice: `flowbook dismiss 3 --reason “…”`.
    ");
    assert_eq!((shop.count(DRAFTS), shop.count(INVOICES)), (0, 1));
}

#[test]
fn what_a_person_made_is_taken_for_one_of_them_alone() {
    let shop = two(by_number(orders())).with(DRAFTS, [record(["id7", "A1", "", ""])]);
    insta::assert_snapshot!(ends(&shop), @r"
    done 1
    2 F0824 books.drafts has id7 under this Ref already, and it is the draft of another record of till.orders: 1.
    Only that one is there. Where they are two, give one of them another number, or have the flow's key tell them apart, and run again. Where till.orders has one twice: `flowbook dismiss 2 --reason “…”`.
    ");
}

#[test]
fn what_does_not_say_whose_it_is_may_be_shared() {
    // The number is no order's own: nothing says that people call one by it.
    let shop = two(orders());
    assert_eq!(ends(&shop), "done 2");
    assert_eq!((shop.count(CUSTOMERS), shop.count(DRAFTS)), (2, 1));
}
