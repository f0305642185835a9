//! Answers that come after a write which they do not know of.

use flowbook_stdlib::value::Value;

use super::shop::{CUSTOMERS, orders, record};
use crate::plan::Plan;
use crate::run::cache::{Answer, Asked, Cache, Question};

/// An answer to the question for the customer with this address, asked then.
fn comes(cache: &Cache, plan: &Plan, asked: Asked, hits: &[Value]) {
    let answer = Answer::Hits(hits.into());
    cache.put(&plan.resources, asked, by_email(), answer);
}

fn by_email() -> Question {
    Question::Find(CUSTOMERS, Some(0), ["a@b.se".to_owned()].into())
}

fn known(cache: &Cache) -> Option<Vec<Value>> {
    cache.get(&by_email()).map(|answer| match answer {
        Answer::Hits(hits) => hits.to_vec(),
        Answer::Trouble(trouble) => panic!("{}", trouble.message),
    })
}

#[test]
fn an_answer_from_before_a_look_up_is_asked_for_again() {
    let (plan, cache) = (orders(), Cache::default());
    let before = cache.asks();
    cache.wrote(&plan.resources, CUSTOMERS, None, None);
    comes(&cache, &plan, before, &[]);
    assert_eq!(known(&cache), None);
    comes(&cache, &plan, cache.asks(), &[]);
    assert_eq!(known(&cache), Some(Vec::new()));
}

#[test]
fn an_answer_from_before_a_write_has_what_was_written() {
    let (plan, cache) = (orders(), Cache::default());
    let [old, new, other] = [
        record(["7", "a@b.se", "old"]),
        record(["7", "a@b.se", "new"]),
        record(["8", "c@d.se", "other"]),
    ];
    let before = cache.asks();
    for written in [&new, &other] {
        cache.wrote(&plan.resources, CUSTOMERS, Some(written), None);
    }
    comes(&cache, &plan, before, &[old]);
    assert_eq!(known(&cache), Some(vec![new.clone()]));
    comes(&cache, &plan, before, &[]);
    assert_eq!(known(&cache), Some(vec![new]));
}

#[test]
fn an_answer_from_before_more_writes_than_are_remembered_is_asked_for_again() {
    let (plan, cache) = (orders(), Cache::default());
    let before = cache.asks();
    for number in 0..1_000 {
        let other = record([&number.to_string(), "c@d.se", "other"]);
        cache.wrote(&plan.resources, CUSTOMERS, Some(&other), None);
    }
    comes(&cache, &plan, before, &[]);
    assert_eq!(known(&cache), None);
}

#[test]
fn an_answer_with_a_record_that_has_another_key_now_is_asked_for_again() {
    let plan = orders();
    let found: fn(&Cache, &Plan, &Value) = |cache, plan, old| {
        comes(cache, plan, cache.asks(), std::slice::from_ref(old));
    };
    let made: fn(&Cache, &Plan, &Value) = |cache, plan, old| {
        comes(cache, plan, cache.asks(), &[]);
        cache.wrote(&plan.resources, CUSTOMERS, Some(old), None);
    };
    for known_by in [found, made] {
        let cache = Cache::default();
        let old = record(["7", "a@b.se", "old"]);
        known_by(&cache, &plan, &old);
        cache.next_page();
        assert_eq!(known(&cache), Some(vec![old]));
        let moved = record(["7", "c@d.se", "old"]);
        cache.wrote(&plan.resources, CUSTOMERS, Some(&moved), None);
        assert_eq!(known(&cache), None);
    }
}
