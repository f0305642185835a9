//! The servers' clock, which a fault puts off for the request it strikes.
//!
//! Tokens live by the true time: a skewed clock must not kill what was given out before.

use std::cell::Cell;

thread_local! {
    // a request is carried out on one thread without a pause, so this is the request's own
    static OFF: Cell<i64> = const { Cell::new(0) };
}

/// Puts the clock of this thread off until it is dropped.
pub(crate) struct Off(());

/// The clock is off by so many milliseconds while the guard lives.
pub(crate) fn off_by(millis: i64) -> Off {
    OFF.set(millis);
    Off(())
}

impl Drop for Off {
    fn drop(&mut self) {
        OFF.set(0);
    }
}

/// The time as the server sees it.
pub(crate) fn now() -> jiff::Timestamp {
    shifted(OFF.get())
}

/// The header Date of an answer by a clock that is off by so much.
pub(crate) fn date(millis: i64) -> String {
    shifted(millis)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

fn shifted(millis: i64) -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    now.checked_add(jiff::SignedDuration::from_millis(millis))
        .unwrap_or(now)
}
