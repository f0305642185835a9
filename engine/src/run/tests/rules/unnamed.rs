//! A write whose outcome nobody knows, to a resource that the flowbook names no more: a person looks, and nothing is sent meanwhile.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use super::one_order;
use crate::run::Options;
use crate::run::tests::shop::DRAFTS;
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{Trial, counts, key_of};
use crate::store::journal::Phase;
use crate::store::memory::MemoryStore;
use crate::store::{End, Records};

/// A run dies after a draft has left; then the books' drafts go by another name in the flowbook.
fn renamed_after_a_draft_left() -> Trial {
    let mut shop = one_order().with_faults([Fault::None, Fault::Hangs]);
    shop.dies(Duration::from_secs(20));
    "letters".clone_into(&mut shop.plan.resources[DRAFTS as usize].name);
    shop.log();
    shop
}

#[test]
fn what_nobody_can_look_up_fails_until_a_person_has_looked() {
    let shop = renamed_after_a_draft_left();
    for only in [vec![], vec!["1".to_owned()], vec![]] {
        let (report, _) = shop.go_as(&Options {
            only,
            ..Options::default()
        });
        assert!(
            counts(&report).ends_with("waiting 0 failed 1"),
            "{report:?}"
        );
        let failure = &report.flows[0].failures[0];
        let help = failure.help.as_deref().unwrap_or_default();
        insta::allow_duplicates! {
            insta::assert_snapshot!(format!("{} {}\n{help}", failure.code, failure.message), @r"
            F0809 Nobody knows whether draft of books.drafts was written: its answer was lost, and the flowbook names books.drafts no more, so it cannot be looked up.
            Look in books; what is missing, make it by hand, then `flowbook dismiss 1 --reason “…”`. Or name books.drafts again: the next run looks it up.
            ");
        }
    }
    let state = shop.state("1").unwrap();
    assert_eq!(state.end, End::Failed, "{:?}", state.reason);

    let dismiss = |store: &Mutex<MemoryStore>| {
        let mut store = store.lock().unwrap();
        store
            .dismiss(&key_of("1"), "it is there", Timestamp::now())
            .unwrap();
    };
    dismiss(&shop.store);
    for _ in 0..2 {
        let report = shop.go();
        assert!(
            counts(&report).ends_with("unchanged 1 skipped 0 waiting 0 failed 0"),
            "{report:?}"
        );
    }
    assert!(!shop.made_something());
    assert_eq!(shop.phases("1")[1].1, Phase::Settled);
}

#[test]
fn what_nobody_could_look_up_is_found_once_its_resource_is_named_again() {
    let mut shop = renamed_after_a_draft_left();
    assert_eq!(shop.go().flows[0].failed, 1);
    "drafts".clone_into(&mut shop.plan.resources[DRAFTS as usize].name);
    assert_eq!(shop.go().flows[0].done, 1);
    assert_eq!(shop.texts(DRAFTS), ["id1 A1 id1 "]);
}

#[test]
fn what_nobody_can_look_at_once_more_is_told_as_that() {
    let mut shop = one_order().with_faults([Fault::None, Fault::Lost]);
    assert_eq!(shop.go().flows[0].done, 1);
    "letters".clone_into(&mut shop.plan.resources[DRAFTS as usize].name);
    let findings = shop.go_in(11).findings;
    let told: Vec<&str> = findings.iter().map(|finding| &*finding.message).collect();
    assert_eq!(
        told,
        [
            "draft was to be looked at once more, and cannot be: the flowbook names books.drafts no more."
        ]
    );
}
