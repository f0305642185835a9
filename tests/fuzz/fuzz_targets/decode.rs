//! A record as a system writes it, by every shape of the shipped connectors: a value, or a sentence; what was read can be written or is refused.
#![no_main]

use std::sync::LazyLock;

use flowbook::plan::Plan;
use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire::{Habits, Holder, Reader, encode};
use libfuzzer_sys::fuzz_target;

static PLAN: LazyLock<Plan> = LazyLock::new(flowbook_fuzz::plan);

fuzz_target!(|input: (u8, &str)| {
    let (which, json) = input;
    let resource = &PLAN.resources[usize::from(which >> 2) % PLAN.resources.len()];
    let habits = Habits {
        empty_is_none: which & 1 == 1,
        any_case: which & 2 == 2,
    };
    let needs: Vec<u16> = resource.key.into_iter().chain([0, 1]).collect();
    let _ = Reader::only(&resource.shape, habits, &needs).read(json, None);
    let reader = Reader::new(&resource.shape, habits);
    let Ok(record) = reader.read(json, None) else {
        return;
    };
    let Value::Record(fields) = &record else {
        panic!("no record: {record:?}");
    };
    assert_eq!(fields.len(), resource.shape.fields.len());
    for (value, field) in fields.iter().zip(resource.shape.fields.iter()) {
        let _ = encode(value, &field.ty, field.form);
    }
    let holder = Holder::of(&resource.shape, &record);
    let _ = reader.read(json, holder);
});
